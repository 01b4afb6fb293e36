/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Objects that stand for something of the core's, and hooks that the core calls. An object may
 * outlive its device, because a script may keep it where it likes; then it knows nothing any more,
 * and each call of it is a Python error.
 */
#include <stddef.h>

#include "script.h"

#include <stdlib.h>

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

	if (!device || device->building)
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

struct hook *script_hook_new(struct device *device, PyObject *const *functions, unsigned count)
{
	struct hook *hook = are_callable(functions, count) ? calloc(1, sizeof(*hook)) : NULL;

	if (!hook)
		return NULL;
	for (unsigned i = 0; i < count; i++)
		if (functions[i] && functions[i] != Py_None)
			hook->functions[i] = Py_NewRef(functions[i]);
	hook->device = device;
	hook->next = device->hooks;
	device->hooks = hook;
	return hook;
}

void script_hooks_free(struct device *device)
{
	while (device->hooks) {
		struct hook *hook = device->hooks;

		device->hooks = hook->next;
		for (unsigned i = 0; i < SCRIPT_FUNCTIONS; i++)
			Py_XDECREF(hook->functions[i]);
		free(hook);
	}
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

bool script_take_number(struct device *device, PyObject *function, PyObject *result,
			uint64_t *number)
{
	bool good = PyLong_Check(result);

	if (good) {
		*number = PyLong_AsUnsignedLongLongMask(result);
	} else {
		PyErr_Format(PyExc_TypeError, "it returned %.80s, not a number",
			     Py_TYPE(result)->tp_name);
		script_report(device, function);
	}
	Py_DECREF(result);
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
