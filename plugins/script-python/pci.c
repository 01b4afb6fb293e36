/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI functions of scripts. */
#include "script.h"

static PyObject *function_new(struct device *d, struct tsr_pci_function *function,
			      const struct tsr_error *error)
{
	struct object *object;

	if (!function)
		return script_raise(error);
	object = script_object_new(script_function_type, d);
	if (object) {
		object->to = function;
		object->table = d->base.pci->dma_host(function);
	}
	return (PyObject *)object;
}

PyObject *script_pci_add(PyObject *self, PyObject *args, PyObject *names)
{
	static char *keys[] = { "vendor",         "device",           "class_code", "revision",
				"interrupt_pin",  "subsystem_vendor", "subsystem",  "header_type",
				"config_written", "config_read",      NULL };
	struct device *d = script_object_building(self, "pci_add");
	struct tsr_pci_id id = { .size = sizeof(id) };
	PyObject *functions[2] = { NULL, NULL };
	struct tsr_error error = { 0 };
	struct script_hook *hook;

	if (!d || !PyArg_ParseTupleAndKeywords(
			  args, names, "|$HHIBBHHBOO:pci_add", keys, &id.vendor, &id.device,
			  &id.class_code, &id.revision, &id.interrupt_pin, &id.subsystem_vendor,
			  &id.subsystem, &id.header_type, &functions[0], &functions[1]))
		return NULL;
	if (!id.vendor || !id.class_code) {
		PyErr_SetString(PyExc_TypeError, "pci_add needs vendor, device and class_code");
		return NULL;
	}
	hook = script_hook_new(d, functions, 2);
	if (!hook)
		return NULL;
	return function_new(
		d, d->base.pci->add(d->base.host, &id, script_hook_pci(hook), hook, &error),
		&error);
}

/* -- BARs */

static PyObject *add_bar(PyObject *self, PyObject *args, PyObject *names,
			 enum tsr_pci_bar_kind kind)
{
	static char *keys[] = { "bar", "length", "read", "write", "widths", NULL };
	struct device *d = script_object_building(self, "a BAR");
	PyObject *functions[2] = { NULL, NULL };
	struct tsr_error error = { 0 };
	unsigned bar, length, widths = 1 | 2 | 4;
	struct script_hook *hook;

	if (!d || !PyArg_ParseTupleAndKeywords(args, names, "II|OOI", keys, &bar, &length,
					       &functions[0], &functions[1], &widths))
		return NULL;
	hook = script_hook_new(d, functions, 2);
	if (!hook)
		return NULL;
	if (!d->base.pci->bar_io(((struct object *)self)->to, bar, kind, length,
				 script_hook_io(hook, widths), hook, &error))
		return script_raise(&error);
	Py_RETURN_NONE;
}

static PyObject *bar_io(PyObject *self, PyObject *args, PyObject *names)
{
	return add_bar(self, args, names, TSR_PCI_BAR_IO);
}

static PyObject *bar_mmio(PyObject *self, PyObject *args, PyObject *names)
{
	return add_bar(self, args, names, TSR_PCI_BAR_MEMORY);
}

static PyObject *bar_memory(PyObject *self, PyObject *args, PyObject *names)
{
	static char *keys[] = { "bar", "length", "prefetchable", "flags", NULL };
	struct device *d = script_object_building(self, "bar_memory");
	struct tsr_error error = { 0 };
	unsigned bar, length, flags = 0;
	struct tsr_region *region;
	int prefetchable = 0;
	uint8_t *bytes;

	if (!d || !PyArg_ParseTupleAndKeywords(args, names, "II|pI:bar_memory", keys, &bar, &length,
					       &prefetchable, &flags))
		return NULL;
	if (!d->base.pci->bar_memory(((struct object *)self)->to, bar, length, prefetchable, flags,
				     &bytes, &region, &error))
		return script_raise(&error);
	return script_memory_new(d, bytes, length);
}

static PyObject *add_rom(PyObject *self, PyObject *args)
{
	struct device *d = script_object_building(self, "rom");
	struct tsr_error error = { 0 };
	Py_buffer image;
	bool good;

	if (!d || !PyArg_ParseTuple(args, "y*:rom", &image))
		return NULL;
	good = d->base.pci->rom(((struct object *)self)->to, image.buf, (size_t)image.len, &error);
	PyBuffer_Release(&image);
	if (!good)
		return script_raise(&error);
	Py_RETURN_NONE;
}

/* -- While the machine runs */

static PyObject *set_intx(PyObject *self, PyObject *level)
{
	struct device *d = script_object_device(self, "set_intx");
	int value = d ? PyObject_IsTrue(level) : -1;

	if (value < 0)
		return NULL;
	d->base.pci->set_intx(((struct object *)self)->to, value);
	Py_RETURN_NONE;
}

static PyObject *reset_function(PyObject *self, PyObject *unused)
{
	struct device *d = script_object_device(self, "pci.reset");

	if (!d)
		return NULL;
	d->base.pci->reset(((struct object *)self)->to);
	Py_RETURN_NONE;
}

static PyObject *dma_read(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	struct device *d = script_object_device(self, "dma_read");

	return d ? script_dma_read(d, ((struct object *)self)->table, args, count) : NULL;
}

static PyObject *dma_write(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	struct device *d = script_object_device(self, "dma_write");

	return d ? script_dma_write(d, ((struct object *)self)->table, args, count) : NULL;
}

static PyObject *get_address(PyObject *self, void *unused)
{
	struct device *d = script_object_device(self, "address");

	return d ? PyLong_FromLong(d->base.pci->address(((struct object *)self)->to)) : NULL;
}

/* -- The configuration space */

static PyObject *config_get(PyObject *self, PyObject *args)
{
	struct device *d = script_object_device(self, "config_get");
	unsigned offset, width = 1;

	if (!d || !PyArg_ParseTuple(args, "I|I:config_get", &offset, &width))
		return NULL;
	return PyLong_FromUnsignedLong(
		d->base.pci->config_get(((struct object *)self)->to, offset, width));
}

static PyObject *config_set(PyObject *self, PyObject *args)
{
	struct device *d = script_object_device(self, "config_set");
	unsigned offset, width, value;

	if (!d || !PyArg_ParseTuple(args, "III:config_set", &offset, &width, &value))
		return NULL;
	d->base.pci->config_set(((struct object *)self)->to, offset, width, value);
	Py_RETURN_NONE;
}

static PyObject *config_bits(PyObject *self, PyObject *args, PyObject *names)
{
	static char *keys[] = { "offset", "width", "writable", "cleared", NULL };
	struct device *d = script_object_device(self, "config_bits");
	unsigned offset, width, writable, cleared = 0;

	if (!d || !PyArg_ParseTupleAndKeywords(args, names, "III|I:config_bits", keys, &offset,
					       &width, &writable, &cleared))
		return NULL;
	d->base.pci->config_bits(((struct object *)self)->to, offset, width, writable, cleared);
	Py_RETURN_NONE;
}

static PyObject *add_capability(PyObject *self, PyObject *args)
{
	struct device *d = script_object_building(self, "add_capability");
	struct tsr_error error = { 0 };
	unsigned id, length, offset;

	if (!d || !PyArg_ParseTuple(args, "II:add_capability", &id, &length))
		return NULL;
	if (!d->base.pci->add_capability(((struct object *)self)->to, (uint8_t)id, length, &offset,
					 &error))
		return script_raise(&error);
	return PyLong_FromUnsignedLong(offset);
}

static PyMethodDef methods[] = {
	{ "bar_io", SCRIPT_NAMED(bar_io), "A BAR of ports: bar, length, read, write, widths." },
	{ "bar_mmio", SCRIPT_NAMED(bar_mmio),
	  "A BAR of addresses: bar, length, read, write, widths." },
	{ "bar_memory", SCRIPT_NAMED(bar_memory),
	  "A BAR of memory: bar, length; returns its bytes." },
	{ "rom", add_rom, METH_VARARGS, "The option ROM's image." },
	{ "set_intx", set_intx, METH_O, "The level of the interrupt pin." },
	{ "reset", reset_function, METH_NOARGS, "Resets command, BARs and interrupt line." },
	{ "config_get", config_get, METH_VARARGS, "A register: offset, width." },
	{ "config_set", config_set, METH_VARARGS, "Sets a register: offset, width, value." },
	{ "config_bits", SCRIPT_NAMED(config_bits),
	  "Which bits the guest writes, and which a written 1 clears: offset, width, writable, "
	  "cleared." },
	{ "add_capability", add_capability, METH_VARARGS,
	  "A capability: identifier, length; returns its offset." },
	{ "dma_read", SCRIPT_FAST(dma_read), "Bytes of guest memory, or None: address, length." },
	{ "dma_write", SCRIPT_FAST(dma_write), "Whether bytes were written: address, bytes." },
	{ NULL, NULL, 0, NULL },
};

static PyGetSetDef getters[] = {
	{ "address", get_address, NULL, "bus << 8 | device << 3 | function", NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static PyType_Slot slots[] = {
	{ Py_tp_dealloc, script_object_free },
	{ Py_tp_methods, methods },
	{ Py_tp_getset, getters },
	{ 0, NULL },
};

PyType_Spec script_function_spec = SCRIPT_TYPE("_tessera.PciFunction", slots);
