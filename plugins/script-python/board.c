/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ranges of ports and addresses, memory, interrupt lines, timers. */
#include "script.h"

#include <string.h>

/* -- Regions */

static PyObject *region_new(struct device *d, struct tsr_region *region, uint8_t *bytes,
			    uint64_t length, const struct tsr_error *error)
{
	struct object *object;

	if (!region)
		return script_raise(error);
	object = script_object_new(script_region_type, d);
	if (object) {
		object->to = region;
		object->bytes = bytes;
		object->length = length;
	}
	return (PyObject *)object;
}

PyObject *script_claim(PyObject *self, PyObject *args, PyObject *names)
{
	static char *keys[] = { "name", "read", "write", "widths", NULL };
	struct device *d = script_object_building(self, "claim");
	struct tsr_error error = { 0 };
	PyObject *functions[2] = { NULL, NULL };
	unsigned widths = 1;
	struct script_hook *hook;
	const char *name;

	if (!d || !PyArg_ParseTupleAndKeywords(args, names, "s|OOI:claim", keys, &name,
					       &functions[0], &functions[1], &widths))
		return NULL;
	hook = script_hook_new(d, functions, 2);
	if (!hook)
		return NULL;
	return region_new(
		d,
		d->base.io->claim(d->base.host, name, script_hook_io(hook, widths), hook, &error),
		NULL, 0, &error);
}

PyObject *script_claim_ports(PyObject *self, PyObject *args, PyObject *names)
{
	static char *keys[] = { "name", "base", "length", "read", "write", "widths", NULL };
	struct device *d = script_object_building(self, "claim_ports");
	struct tsr_error error = { 0 };
	PyObject *functions[2] = { NULL, NULL };
	unsigned widths = 1, length;
	unsigned short base;
	struct script_hook *hook;
	const char *name;

	if (!d ||
	    !PyArg_ParseTupleAndKeywords(args, names, "sHI|OOI:claim_ports", keys, &name, &base,
					 &length, &functions[0], &functions[1], &widths))
		return NULL;
	hook = script_hook_new(d, functions, 2);
	if (!hook)
		return NULL;
	return region_new(d,
			  d->base.io->claim_ports(d->base.host, name, base, length,
						  script_hook_io(hook, widths), hook, &error),
			  NULL, 0, &error);
}

PyObject *script_map_io(PyObject *self, PyObject *args, PyObject *names)
{
	static char *keys[] = { "name",   "base",     "length", "read", "write",
				"widths", "priority", "flags",  NULL };
	struct device *d = script_object_building(self, "map_io");
	struct tsr_error error = { 0 };
	PyObject *functions[2] = { NULL, NULL };
	unsigned widths = 4, flags = 0;
	int priority = TSR_PRIORITY_MMIO;
	unsigned long long base, length;
	struct script_hook *hook;
	const char *name;

	if (!d || !PyArg_ParseTupleAndKeywords(args, names, "sKK|OOIiI:map_io", keys, &name, &base,
					       &length, &functions[0], &functions[1], &widths,
					       &priority, &flags))
		return NULL;
	hook = script_hook_new(d, functions, 2);
	if (!hook)
		return NULL;
	return region_new(d,
			  d->base.memory->map_io(d->base.host, name, base, length, priority, flags,
						 script_hook_io(hook, widths), hook, &error),
			  NULL, 0, &error);
}

PyObject *script_map(PyObject *self, PyObject *args, PyObject *names)
{
	static char *keys[] = { "name", "base", "length", "priority", "flags", NULL };
	struct device *d = script_object_building(self, "map");
	struct tsr_error error = { 0 };
	int priority = TSR_PRIORITY_MMIO;
	unsigned long long base, length;
	struct tsr_region *region;
	uint8_t *bytes = NULL;
	unsigned flags = 0;
	const char *name;

	if (!d || !PyArg_ParseTupleAndKeywords(args, names, "sKK|iI:map", keys, &name, &base,
					       &length, &priority, &flags))
		return NULL;
	region = d->base.memory->map(d->base.host, name, base, length, priority, flags, &bytes,
				     &error);
	return region_new(d, region, bytes, length, &error);
}

static PyObject *region_move(PyObject *self, PyObject *base)
{
	struct device *d = script_object_device(self, "move");
	struct object *region = (struct object *)self;
	uint64_t to = d ? PyLong_AsUnsignedLongLong(base) : 0;

	if (!d || PyErr_Occurred())
		return NULL;
	if (region->bytes)
		d->base.memory->move(region->to, to);
	else
		d->base.io->move(region->to, to);
	Py_RETURN_NONE;
}

static PyObject *region_enable(PyObject *self, PyObject *enabled)
{
	struct device *d = script_object_device(self, "enable");
	struct object *region = (struct object *)self;
	int value = d ? PyObject_IsTrue(enabled) : -1;

	if (value < 0)
		return NULL;
	if (region->bytes)
		d->base.memory->enable(region->to, value);
	else
		d->base.io->enable(region->to, value);
	Py_RETURN_NONE;
}

static PyObject *region_memory(PyObject *self, void *unused)
{
	struct object *region = (struct object *)self;
	struct device *d = script_object_device(self, "memory");

	if (!d || region->bytes)
		return d ? script_memory_new(d, region->bytes, region->length) : NULL;
	Py_RETURN_NONE;
}

static PyMethodDef region_methods[] = {
	{ "move", region_move, METH_O, "Puts it at another port or address." },
	{ "enable", region_enable, METH_O, "Shows or hides it." },
	{ NULL, NULL, 0, NULL },
};

static PyGetSetDef region_getters[] = {
	{ "memory", region_memory, NULL, "The bytes of a region of memory, else None.", NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

/* -- Memory: bytes[i], bytes[a:b], read and written. There is no buffer, which would outlive the
 * memory. */

static Py_ssize_t memory_length(PyObject *self)
{
	return (Py_ssize_t)((struct object *)self)->length;
}

static bool memory_range(PyObject *self, PyObject *key, Py_ssize_t *start, Py_ssize_t *count)
{
	struct object *memory = (struct object *)self;
	Py_ssize_t stop, step;

	if (!script_object_device(self, "memory"))
		return false;
	if (PySlice_Check(key)) {
		if (PySlice_Unpack(key, start, &stop, &step) < 0)
			return false;
		*count = PySlice_AdjustIndices((Py_ssize_t)memory->length, start, &stop, step);
		if (step == 1)
			return true;
		PyErr_SetString(PyExc_ValueError, "a slice of memory has the step 1");
		return false;
	}
	*start = PyNumber_AsSsize_t(key, PyExc_IndexError);
	*count = 1;
	if (*start < 0)
		*start += PyErr_Occurred() ? 0 : (Py_ssize_t)memory->length;
	if (*start >= 0 && *start < (Py_ssize_t)memory->length)
		return true;
	if (!PyErr_Occurred())
		PyErr_SetString(PyExc_IndexError, "beyond the memory's end");
	return false;
}

static PyObject *memory_get(PyObject *self, PyObject *key)
{
	struct object *memory = (struct object *)self;
	Py_ssize_t start, count;

	if (!memory_range(self, key, &start, &count))
		return NULL;
	if (!PySlice_Check(key))
		return PyLong_FromLong(memory->bytes[start]);
	return PyBytes_FromStringAndSize((char *)memory->bytes + start, count);
}

static int memory_set(PyObject *self, PyObject *key, PyObject *value)
{
	struct object *memory = (struct object *)self;
	Py_ssize_t start, count;
	Py_buffer data;

	if (!value || !memory_range(self, key, &start, &count))
		return -1;
	if (!PySlice_Check(key)) {
		unsigned long byte = PyLong_AsUnsignedLongMask(value);

		if (PyErr_Occurred())
			return -1;
		memory->bytes[start] = (uint8_t)byte;
		return 0;
	}
	if (PyObject_GetBuffer(value, &data, PyBUF_SIMPLE) < 0)
		return -1;
	if (data.len == count)
		memcpy(memory->bytes + start, data.buf, (size_t)count);
	else
		PyErr_Format(PyExc_ValueError, "%zd bytes for %zd bytes of memory", data.len,
			     count);
	PyBuffer_Release(&data);
	return PyErr_Occurred() ? -1 : 0;
}

PyObject *script_memory_new(struct device *device, uint8_t *bytes, uint64_t length)
{
	struct object *memory = script_object_new(script_memory_type, device);

	if (memory) {
		memory->bytes = bytes;
		memory->length = length;
	}
	return (PyObject *)memory;
}

/* -- Lines */

PyObject *script_irq(PyObject *self, PyObject *name)
{
	struct device *d = script_object_building(self, "irq");
	const char *text = d ? PyUnicode_AsUTF8(name) : NULL;
	struct object *line = text ? script_object_new(script_line_type, d) : NULL;

	if (line)
		line->to = (void *)d->base.irq->get(d->base.host, text);
	return (PyObject *)line;
}

static PyObject *line_set(PyObject *self, PyObject *level)
{
	struct device *d = script_object_device(self, "irq.set");
	int value = d ? PyObject_IsTrue(level) : -1;

	if (value < 0)
		return NULL;
	tsr_irq_set(((struct object *)self)->to, value);
	Py_RETURN_NONE;
}

static PyMethodDef line_methods[] = {
	{ "set", line_set, METH_O, "Sets the level." },
	{ NULL, NULL, 0, NULL },
};

/* -- Timers */

PyObject *script_timer(PyObject *self, PyObject *function)
{
	struct device *d = script_object_building(self, "timer");
	struct script_hook *hook = d ? script_hook_new(d, &function, 1) : NULL;
	struct object *timer;

	if (hook && !hook->functions[0])
		PyErr_SetString(PyExc_TypeError, "timer needs a function");
	if (!hook || !hook->functions[0])
		return NULL;
	timer = script_object_new(script_timer_type, d);
	if (timer)
		timer->to = d->base.clock->timer_new(d->base.host, script_on_expired, hook);
	return (PyObject *)timer;
}

static PyObject *timer_arm(PyObject *self, PyObject *deadline)
{
	struct device *d = script_object_device(self, "timer.arm");
	uint64_t ns = d ? PyLong_AsUnsignedLongLong(deadline) : 0;

	if (!d || PyErr_Occurred())
		return NULL;
	d->base.clock->arm(((struct object *)self)->to, ns);
	Py_RETURN_NONE;
}

static PyObject *timer_cancel(PyObject *self, PyObject *unused)
{
	struct device *d = script_object_device(self, "timer.cancel");

	if (!d)
		return NULL;
	d->base.clock->cancel(((struct object *)self)->to);
	Py_RETURN_NONE;
}

static PyMethodDef timer_methods[] = {
	{ "arm", timer_arm, METH_O, "Sets the deadline, in ns of guest time." },
	{ "cancel", timer_cancel, METH_NOARGS, "Drops the deadline." },
	{ NULL, NULL, 0, NULL },
};

/* -- The types */

static PyType_Slot region_slots[] = {
	{ Py_tp_dealloc, script_object_free },
	{ Py_tp_methods, region_methods },
	{ Py_tp_getset, region_getters },
	{ 0, NULL },
};
static PyType_Slot memory_slots[] = {
	{ Py_tp_dealloc, script_object_free },
	{ Py_mp_length, memory_length },
	{ Py_mp_subscript, memory_get },
	{ Py_mp_ass_subscript, memory_set },
	{ 0, NULL },
};
static PyType_Slot line_slots[] = {
	{ Py_tp_dealloc, script_object_free },
	{ Py_tp_methods, line_methods },
	{ 0, NULL },
};
static PyType_Slot timer_slots[] = {
	{ Py_tp_dealloc, script_object_free },
	{ Py_tp_methods, timer_methods },
	{ 0, NULL },
};

PyType_Spec script_region_spec = SCRIPT_TYPE("_tessera.Region", region_slots);
PyType_Spec script_memory_spec = SCRIPT_TYPE("_tessera.Memory", memory_slots);
PyType_Spec script_line_spec = SCRIPT_TYPE("_tessera.Line", line_slots);
PyType_Spec script_timer_spec = SCRIPT_TYPE("_tessera.Timer", timer_slots);
