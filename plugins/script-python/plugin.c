/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The class of all devices that are written in Python. An instance asks its host which script it is
 * (draft/script.h), runs the file, makes an object of the class in it, and leads the core's calls
 * to that object's methods.
 */
#include "script.h"

#include <stdlib.h>
#include <string.h>

/* -- The script's object */

static bool take_tables(struct device *d, const struct tsr_host *host)
{
	d->host = host;
	d->properties = host->get(host, TSR_PROPERTIES);
	d->io = host->get(host, TSR_IO);
	d->memory = host->get(host, TSR_MEMORY);
	d->irq = host->get(host, TSR_IRQ);
	d->dma = host->get(host, TSR_DMA);
	d->clock = host->get(host, TSR_CLOCK);
	d->random = host->get(host, TSR_RANDOM);
	d->log = host->get(host, TSR_LOG);
	d->bus = host->get(host, TSR_BUS);
	d->machine = host->get(host, TSR_MACHINE);
	d->worker = host->get(host, TSR_WORKER);
	d->pci = host->get(host, TSR_PCI);
	return d->properties && d->io && d->memory && d->irq && d->dma && d->clock && d->random &&
	       d->log && d->bus && d->machine && d->worker && d->pci;
}

/* "/usr/lib/…/acme-nic/1.0.0/", of which the files are the plugin's own. */
static char *folder_of(const char *file)
{
	const char *end = strrchr(file, '/');

	return strndup(file, end ? (size_t)(end - file + 1) : 0);
}

/* tessera.make_device(file, host): runs the file and makes its object. */
static bool make_object(struct device *d, const char *file, struct tsr_error *error)
{
	struct object *handle = script_object_new(script_host_type, d);

	d->handle = (PyObject *)handle;
	d->watched = PyDict_New();
	if (d->handle && d->watched)
		d->self =
			PyObject_CallMethod(script_module(), "make_device", "sO", file, d->handle);
	return d->self || script_error_give(d, NULL, error);
}

/* A method without arguments of which the result is not looked at. */
static bool run_step(struct device *d, const char *name, struct tsr_error *error)
{
	PyObject *result = PyObject_CallMethod(d->self, name, NULL);

	if (!result)
		return script_error_give(d, NULL, error);
	Py_DECREF(result);
	return true;
}

/* Attach and realize: modules may be imported, resources claimed. */
static bool build(struct device *d, const char *file, const char *step, struct tsr_error *error)
{
	struct turn turn = script_enter(d, true);
	bool good;

	d->building = true;
	d->realizing = !file;
	script_importing++;
	if (!d->is_counted)
		script_watch_begin();
	d->is_counted = true;
	good = (!file || make_object(d, file, error)) && run_step(d, step, error);
	script_importing--;
	d->building = d->realizing = false;
	script_leave(&turn);
	return good;
}

static bool device_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	const struct tsr_script *script = host->get(host, TSR_SCRIPT);
	const char *file = script ? script->file(host) : NULL;
	struct device *d = self;

	if (!file)
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "script-python is no device; it runs those whose manifests "
				     "say language=python");
	if (!take_tables(d, host))
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
				     "this host lacks a table of the ABI 1.2");
	d->plugin = script->plugin(host);
	d->folder = folder_of(file);
	return script_start(error) && build(d, file, "attach", error);
}

static bool device_realize(void *self, struct tsr_error *error)
{
	return build(self, NULL, "realize", error);
}

static void device_detach(void *self)
{
	struct device *d = self;
	struct turn turn;

	if (d->is_counted) {
		turn = script_enter(d, true);
		Py_XDECREF(d->self ? script_call_method(d, "detach", NULL) : NULL);
		script_objects_orphan(d);
		script_hooks_free(d);
		Py_CLEAR(d->self);
		Py_CLEAR(d->watched);
		Py_CLEAR(d->handle);
		PyGC_Collect();
		script_watch_end();
		d->host = NULL;
		script_leave(&turn);
	}
	free(d->folder);
	d->folder = NULL;
}

/* -- Calls of the class */

PyObject *script_call_method(struct device *device, const char *name, PyObject *argument)
{
	PyObject *method = PyObject_GetAttrString(device->self, name), *result;

	if (!method) {
		script_report(device, NULL);
		Py_XDECREF(argument);
		return NULL;
	}
	result = script_call(device, method, &argument, argument ? 1 : 0);
	Py_DECREF(method);
	return result;
}

static void device_reset(void *self, enum tsr_reset kind)
{
	struct turn turn = script_enter(self, true);

	Py_XDECREF(script_call_method(self, "reset", PyLong_FromLong(kind)));
	script_leave(&turn);
}

/* What the script has written before it failed is not a state. */
static void device_save(void *self, struct tsr_state_writer *out)
{
	struct device *d = self;
	struct turn turn = script_enter(d, true);
	PyObject *writer = script_writer_new(d, out), *result = NULL;
	char line[400];

	if (writer)
		result = PyObject_CallMethod(d->self, "save", "O", writer);
	if (writer)
		script_state_end(writer);
	if (!result) {
		script_error_take(d, NULL, line, sizeof(line));
		tsr_state_fail(out, line);
	}
	Py_XDECREF(result);
	Py_XDECREF(writer);
	script_leave(&turn);
}

static bool device_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct device *d = self;
	struct turn turn = script_enter(d, true);
	PyObject *reader = script_reader_new(d, in), *result = NULL;
	bool good;

	if (reader)
		result = PyObject_CallMethod(d->self, "load", "O", reader);
	if (reader)
		script_state_end(reader);
	good = result || script_error_give(d, NULL, error);
	Py_XDECREF(result);
	Py_XDECREF(reader);
	script_leave(&turn);
	return good;
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct device),
	.attach = device_attach,
	.realize = device_realize,
	.detach = device_detach,
	.reset = device_reset,
	.save = device_save,
	.load = device_load,
};

TSR_DEVICE_PLUGIN(device_class);
