/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Objects that stand for something of the core's, and hooks that the core calls. An object may
 * outlive its device, because a script may keep it where it likes; then it knows nothing any more,
 * and each call of it is a Python error.
 */
#include <stddef.h>

#include "script.h"

PyTypeObject *script_host_type, *script_region_type, *script_line_type, *script_timer_type,
	*script_memory_type, *script_function_type, *script_net_type, *script_chardev_type,
	*script_writer_type, *script_reader_type;

/* -- Objects. The list of a device's objects begins at its handle, which is its Host. */

static void enter_list(struct object *object, struct object **head)
{
	object->next_of_device = *head;
	object->link = head;
	if (*head)
		(*head)->link = &object->next_of_device;
	*head = object;
}

static void leave_list(struct object *object)
{
	if (!object->link)
		return;
	*object->link = object->next_of_device;
	if (object->next_of_device)
		object->next_of_device->link = object->link;
	object->link = NULL;
}

struct object *script_object_new(PyTypeObject *type, struct device *device)
{
	struct object *object = (struct object *)PyType_GenericAlloc(type, 0);

	if (!object)
		return NULL;
	object->device = device;
	enter_list(object, &device->objects);
	return object;
}

void script_object_free(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);

	leave_list((struct object *)self);
	type->tp_free(self);
	Py_DECREF(type);
}

void script_objects_orphan(struct device *device)
{
	while (device->objects) {
		struct object *object = device->objects;

		leave_list(object);
		object->device = NULL;
	}
}

struct device *script_object_device(PyObject *self, const char *function)
{
	struct device *device = ((struct object *)self)->device;

	if (!device) {
		PyErr_Format(PyExc_RuntimeError, "%s is called after the device was detached",
			     function);
		return NULL;
	}
	return script_is_locked(function) ? device : NULL;
}

struct device *script_object_building(PyObject *self, const char *function)
{
	struct device *device = script_object_device(self, function);

	if (!device || device->base.building)
		return device;
	PyErr_Format(PyExc_RuntimeError, "%s is for attach and realize, not for a running machine",
		     function);
	return NULL;
}

static const char *const error_names[] = { NULL,          "Failed",    "Invalid",      "NotFound",
					   "Unsupported", "HostError", "VersionError", "Conflict" };

PyObject *script_raise(const struct tsr_error *error)
{
	unsigned code = error->code > TSR_ERROR_NONE && error->code <= TSR_ERROR_CONFLICT
				? error->code
				: TSR_ERROR_FAILED;
	PyObject *type = PyObject_GetAttrString(script_module(), error_names[code]);

	if (type)
		PyErr_SetString(type, error->message[0] ? error->message : "refused");
	Py_XDECREF(type);
	return NULL;
}

/* -- Hooks */

static bool are_callable(PyObject *const *functions, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (functions[i] && functions[i] != Py_None && !PyCallable_Check(functions[i])) {
			PyErr_Format(PyExc_TypeError,
				     "%.80s is given where a function, or None, is needed",
				     Py_TYPE(functions[i])->tp_name);
			return false;
		}
	return true;
}

struct script_hook *script_hook_new(struct device *device, PyObject *const *functions,
				    unsigned count)
{
	struct script_hook *hook =
		are_callable(functions, count) ? script_hook_add(&device->base) : NULL;

	if (!hook)
		return PyErr_Occurred() ? NULL : (PyErr_NoMemory(), NULL);
	for (unsigned i = 0; i < count; i++)
		if (functions[i] && functions[i] != Py_None)
			hook->functions[i] = Py_NewRef(functions[i]);
	return hook;
}

/* -- Calls */

PyObject *script_call(struct device *device, PyObject *function, PyObject **arguments,
		      unsigned count)
{
	bool complete = true;
	PyObject *result = NULL;

	for (unsigned i = 0; i < count; i++)
		complete &= arguments[i] != NULL;
	if (complete)
		result = PyObject_Vectorcall(function, arguments, count, NULL);
	for (unsigned i = 0; i < count; i++)
		Py_XDECREF(arguments[i]);
	if (!result)
		script_report(device, function);
	return result;
}

/* A value of C as one of Python; NULL with an error. `device`: whose save or load it is. */
static PyObject *from_value(struct device *device, const struct script_value *value)
{
	switch (value->kind) {
	case SCRIPT_NUMBER:
		return PyLong_FromUnsignedLongLong(value->number);
	case SCRIPT_TRUTH:
		return PyBool_FromLong(value->number != 0);
	case SCRIPT_TEXT:
		return PyUnicode_DecodeUTF8(value->data, (Py_ssize_t)value->length, "replace");
	case SCRIPT_BYTES:
		return PyBytes_FromStringAndSize(value->data, (Py_ssize_t)value->length);
	case SCRIPT_WRITER:
		return script_writer_new(device, value->data);
	case SCRIPT_READER:
		return script_reader_new(device, value->data);
	default:
		Py_RETURN_NONE;
	}
}

/* What a function returned, in the kind that is wanted. False with a Python error. */
static bool take_value(PyObject *object, struct script_value *result)
{
	if (result->kind == SCRIPT_TRUTH) {
		int truth = PyObject_IsTrue(object);

		result->number = truth > 0;
		return truth >= 0;
	}
	if (result->kind != SCRIPT_NUMBER)
		return true;
	if (!PyLong_Check(object)) {
		PyErr_Format(PyExc_TypeError, "it returned %.80s, not a number",
			     Py_TYPE(object)->tp_name);
		return false;
	}
	result->number = PyLong_AsUnsignedLongLongMask(object);
	return true;
}

/* What Python's error says is reported, or given. Returns false. */
static bool fail(struct device *device, PyObject *where, struct tsr_error *error)
{
	if (error)
		return script_error_give(device, where, error);
	script_report(device, where);
	return false;
}

bool script_call_hook(struct script_hook *hook, unsigned which,
		      const struct script_value *arguments, unsigned count,
		      struct script_value *result, struct tsr_error *error)
{
	struct device *device = (struct device *)hook->device;
	struct turn turn = script_enter(device, true);
	PyObject *function = hook->functions[which], *objects[SCRIPT_ARGUMENTS], *returned = NULL;
	bool complete = true, good;

	for (unsigned i = 0; i < count; i++)
		complete &= (objects[i] = from_value(device, &arguments[i])) != NULL;
	if (complete)
		returned = PyObject_Vectorcall(function, objects, count, NULL);
	good = returned && take_value(returned, result);
	if (!good)
		fail(device, function, error);
	for (unsigned i = 0; i < count; i++)
		Py_XDECREF(objects[i]);
	Py_XDECREF(returned);
	script_leave(&turn);
	return good;
}

bool script_call_method(struct script_device *base, const char *name,
			const struct script_value *argument, struct tsr_error *error)
{
	struct device *device = (struct device *)base;
	struct turn turn = script_enter(device, true);
	PyObject *method = PyObject_GetAttrString(device->self, name);
	PyObject *object = argument ? from_value(device, argument) : NULL, *result = NULL;
	bool is_state =
		argument && (argument->kind == SCRIPT_WRITER || argument->kind == SCRIPT_READER);
	bool good;

	if (method && (object || !argument))
		result = PyObject_Vectorcall(method, &object, argument ? 1 : 0, NULL);
	if (object && is_state)
		script_state_end(object);
	good = result || fail(device, method, error);
	Py_XDECREF(object);
	Py_XDECREF(result);
	Py_XDECREF(method);
	script_leave(&turn);
	return good;
}

/* -- Types */

bool script_types_init(PyObject *module)
{
	static const struct {
		PyTypeObject **type;
		PyType_Spec *spec;
	} types[] = {
		{ &script_host_type, &script_host_spec },
		{ &script_region_type, &script_region_spec },
		{ &script_line_type, &script_line_spec },
		{ &script_timer_type, &script_timer_spec },
		{ &script_memory_type, &script_memory_spec },
		{ &script_function_type, &script_function_spec },
		{ &script_net_type, &script_net_spec },
		{ &script_chardev_type, &script_chardev_spec },
		{ &script_writer_type, &script_writer_spec },
		{ &script_reader_type, &script_reader_spec },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		*types[i].type = (PyTypeObject *)PyType_FromSpec(types[i].spec);
		if (!*types[i].type || PyModule_AddType(module, *types[i].type) < 0)
			return false;
	}
	return true;
}
