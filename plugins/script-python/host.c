/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Host: what a script has of its host. Properties, time, randomness, log, events, power and DMA are
 * here; what it claims is in files of its own. */
#include "script.h"

/* -- Properties */

static const char *name_of(PyObject *name)
{
	if (PyUnicode_Check(name))
		return PyUnicode_AsUTF8(name);
	PyErr_SetString(PyExc_TypeError, "the name of a property is a text");
	return NULL;
}

static PyObject *get_string(PyObject *self, PyObject *name)
{
	struct device *d = script_object_device(self, "get_string");
	const char *text = d ? name_of(name) : NULL;

	return text ? PyUnicode_DecodeUTF8(d->base.properties->get_string(d->base.host, text),
					   (Py_ssize_t)strlen(d->base.properties->get_string(
						   d->base.host, text)),
					   "replace")
		    : NULL;
}

static PyObject *get_int(PyObject *self, PyObject *name)
{
	struct device *d = script_object_device(self, "get_int");
	const char *text = d ? name_of(name) : NULL;

	return text ? PyLong_FromLongLong(d->base.properties->get_int(d->base.host, text)) : NULL;
}

static PyObject *get_bool(PyObject *self, PyObject *name)
{
	struct device *d = script_object_device(self, "get_bool");
	const char *text = d ? name_of(name) : NULL;

	return text ? PyBool_FromLong(d->base.properties->get_bool(d->base.host, text)) : NULL;
}

static PyObject *set_value(PyObject *self, PyObject *args)
{
	struct device *d = script_object_device(self, "set");
	const char *name, *text;
	PyObject *value;

	if (!d || !PyArg_ParseTuple(args, "sO:set", &name, &value))
		return NULL;
	if (PyLong_Check(value)) {
		long long number = PyLong_AsLongLong(value);

		if (PyErr_Occurred())
			return NULL;
		d->base.properties->set_int(d->base.host, name, number);
		Py_RETURN_NONE;
	}
	text = PyUnicode_AsUTF8(value);
	if (!text)
		return NULL;
	d->base.properties->set_string(d->base.host, name, text);
	Py_RETURN_NONE;
}

static PyObject *on_change(PyObject *self, PyObject *args)
{
	struct device *d = script_object_building(self, "on_change");
	struct script_hook *hook;
	PyObject *function;
	const char *name;

	if (!d || !PyArg_ParseTuple(args, "sO:on_change", &name, &function))
		return NULL;
	hook = script_hook_new(d, &function, 1);
	if (!hook)
		return NULL;
	if (!hook->functions[0]) {
		PyErr_SetString(PyExc_TypeError, "on_change needs a function");
		return NULL;
	}
	d->base.properties->on_change(d->base.host, name, script_on_changed, hook);
	Py_RETURN_NONE;
}

/* -- Time and randomness */

static PyObject *now(PyObject *self, PyObject *unused)
{
	struct device *d = ((struct object *)self)->device;

	return d ? PyLong_FromUnsignedLongLong(d->base.clock->now(d->base.host))
		 : (script_object_device(self, "now"), NULL);
}

static PyObject *wall(PyObject *self, PyObject *unused)
{
	struct device *d = ((struct object *)self)->device;

	return d ? PyLong_FromUnsignedLongLong(d->base.clock->wall(d->base.host))
		 : (script_object_device(self, "wall"), NULL);
}

static PyObject *random_bytes(PyObject *self, PyObject *length)
{
	struct device *d = script_object_device(self, "random");
	Py_ssize_t count = d ? PyLong_AsSsize_t(length) : -1;
	PyObject *bytes;

	if (!d || (count < 0 && PyErr_Occurred()))
		return NULL;
	bytes = PyBytes_FromStringAndSize(NULL, count < 0 ? 0 : count);
	if (bytes)
		d->base.random->fill(d->base.host, PyBytes_AS_STRING(bytes),
				     (size_t)PyBytes_GET_SIZE(bytes));
	return bytes;
}

/* -- Log, events, power */

static PyObject *write_log(PyObject *self, PyObject *args)
{
	struct device *d = ((struct object *)self)->device;
	const char *text;
	int level;

	if (!d)
		return script_object_device(self, "log"), NULL;
	if (!PyArg_ParseTuple(args, "is:log", &level, &text))
		return NULL;
	if (level < TSR_LOG_ERROR || level > TSR_LOG_DEBUG) {
		PyErr_Format(PyExc_ValueError, "there is no level %d of log", level);
		return NULL;
	}
	d->base.log->write(d->base.host, script_site(), (enum tsr_log_level)level, "%s", text);
	Py_RETURN_NONE;
}

static PyObject *emit(PyObject *self, PyObject *args)
{
	struct device *d = ((struct object *)self)->device;
	const char *event, *detail = "";

	if (!d)
		return script_object_device(self, "emit"), NULL;
	if (!PyArg_ParseTuple(args, "s|s:emit", &event, &detail))
		return NULL;
	d->base.bus->emit(d->base.host, event, detail);
	Py_RETURN_NONE;
}

static PyObject *power_off(PyObject *self, PyObject *unused)
{
	struct device *d = script_object_device(self, "power_off");

	if (!d)
		return NULL;
	d->base.machine->power_off(d->base.host);
	Py_RETURN_NONE;
}

static PyObject *reset_machine(PyObject *self, PyObject *kind)
{
	struct device *d = script_object_device(self, "reset_machine");
	long number = d ? PyLong_AsLong(kind) : -1;

	if (!d || PyErr_Occurred())
		return NULL;
	d->base.machine->reset(d->base.host, (int)number);
	Py_RETURN_NONE;
}

static PyObject *stop_machine(PyObject *self, PyObject *args)
{
	struct device *d = script_object_device(self, "stop_machine");
	const char *why;
	int status;

	if (!d || !PyArg_ParseTuple(args, "is:stop_machine", &status, &why))
		return NULL;
	d->base.machine->stop(d->base.host, status, why);
	Py_RETURN_NONE;
}

/* -- DMA */

PyObject *script_dma_read(struct device *d, const struct tsr_host *host, PyObject *const *args,
			  Py_ssize_t count)
{
	uint64_t from, length;
	PyObject *bytes;

	if (count != 2) {
		PyErr_SetString(PyExc_TypeError, "dma_read takes an address and a length");
		return NULL;
	}
	from = PyLong_AsUnsignedLongLong(args[0]);
	length = PyErr_Occurred() ? 0 : PyLong_AsUnsignedLongLong(args[1]);
	if (PyErr_Occurred())
		return NULL;
	if (length > SCRIPT_DMA_MAX) {
		PyErr_Format(PyExc_ValueError, "dma_read of %llu bytes; at most %u at once",
			     (unsigned long long)length, SCRIPT_DMA_MAX);
		return NULL;
	}
	bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)length);
	if (!bytes || d->base.dma->read(host, from, PyBytes_AS_STRING(bytes), length))
		return bytes;
	Py_DECREF(bytes);
	Py_RETURN_NONE;
}

PyObject *script_dma_write(struct device *d, const struct tsr_host *host, PyObject *const *args,
			   Py_ssize_t count)
{
	Py_buffer data;
	uint64_t to;
	bool good;

	if (count != 2) {
		PyErr_SetString(PyExc_TypeError, "dma_write takes an address and bytes");
		return NULL;
	}
	to = PyLong_AsUnsignedLongLong(args[0]);
	if (PyErr_Occurred() || PyObject_GetBuffer(args[1], &data, PyBUF_SIMPLE) < 0)
		return NULL;
	good = d->base.dma->write(host, to, data.buf, (uint64_t)data.len);
	PyBuffer_Release(&data);
	return PyBool_FromLong(good);
}

static PyObject *dma_read(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	struct device *d = script_object_device(self, "dma_read");

	return d ? script_dma_read(d, d->base.host, args, count) : NULL;
}

static PyObject *dma_write(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
	struct device *d = script_object_device(self, "dma_write");

	return d ? script_dma_write(d, d->base.host, args, count) : NULL;
}

/* -- The type */

static PyObject *get_name(PyObject *self, void *unused)
{
	struct device *d = ((struct object *)self)->device;

	return PyUnicode_FromString(d ? d->base.host->name : "");
}

static PyGetSetDef getters[] = {
	{ "name", get_name, NULL, "The instance's name in the machine manifest.", NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static PyMethodDef methods[] = {
	{ "get_string", get_string, METH_O, "The text of a property." },
	{ "get_int", get_int, METH_O, "The number of a property; of a size, bytes." },
	{ "get_bool", get_bool, METH_O, "The truth value of a property." },
	{ "set", set_value, METH_VARARGS, "Sets a property that has writable=false." },
	{ "on_change", on_change, METH_VARARGS, "Calls a function after a property changed." },
	{ "now", now, METH_NOARGS, "Guest time in ns since power-on." },
	{ "wall", wall, METH_NOARGS, "The guest's wall clock, seconds since 1970." },
	{ "timer", script_timer, METH_O, "A timer that calls function(deadline_ns)." },
	{ "random", random_bytes, METH_O, "Bytes from the machine's source." },
	{ "log", write_log, METH_VARARGS, "Writes a line: level, text." },
	{ "emit", emit, METH_VARARGS, "Emits an event of the machine: name, detail." },
	{ "power_off", power_off, METH_NOARGS, "The guest switches itself off." },
	{ "reset_machine", reset_machine, METH_O, "Asks for a reset of a kind." },
	{ "stop_machine", stop_machine, METH_VARARGS, "Ends the run: status, why." },
	{ "dma_read", SCRIPT_FAST(dma_read), "Bytes of guest memory, or None: address, length." },
	{ "dma_write", SCRIPT_FAST(dma_write), "Whether bytes were written: address, bytes." },
	{ "claim", SCRIPT_NAMED(script_claim),
	  "A range of the manifest: name, read, write, widths." },
	{ "claim_ports", SCRIPT_NAMED(script_claim_ports), "Ports that the guest places." },
	{ "map_io", SCRIPT_NAMED(script_map_io), "Addresses with functions, not in the manifest." },
	{ "map", SCRIPT_NAMED(script_map), "Memory that the guest sees." },
	{ "irq", script_irq, METH_O, "The line of a resource of type irq." },
	{ "pci_add", SCRIPT_NAMED(script_pci_add), "Adds a PCI function." },
	{ "net", SCRIPT_NAMED(script_net), "The network that a need is connected to, or None." },
	{ "chardev", SCRIPT_NAMED(script_chardev), "The byte stream of a need, or None." },
	{ "submit", SCRIPT_NAMED(script_submit),
	  "Runs work() without the lock, then done(result)." },
	{ "drain", script_drain, METH_NOARGS, "Waits for all work of this device." },
	{ NULL, NULL, 0, NULL },
};

static PyType_Slot slots[] = {
	{ Py_tp_dealloc, script_object_free },
	{ Py_tp_methods, methods },
	{ Py_tp_getset, getters },
	{ 0, NULL },
};

PyType_Spec script_host_spec = SCRIPT_TYPE("_tessera.Host", slots);
