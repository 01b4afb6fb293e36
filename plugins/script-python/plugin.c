/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The language Python, as plugins/script sees it: the start and the end of a script's object. */
#include "script.h"

/* tessera.make_device(file, host): runs the file and makes its object. */
static bool make(struct script_device *base, const char *file, struct tsr_error *error)
{
	struct device *d = (struct device *)base;
	struct turn turn = script_enter(d, true);
	bool good;

	script_watch_begin();
	d->handle = (PyObject *)script_object_new(script_host_type, d);
	if (d->handle)
		d->self =
			PyObject_CallMethod(script_module(), "make_device", "sO", file, d->handle);
	good = d->self || script_error_give(d, NULL, error);
	script_leave(&turn);
	return good;
}

static void release(void *function)
{
	Py_DECREF((PyObject *)function);
}

static void end(struct script_device *base)
{
	struct device *d = (struct device *)base;
	struct turn turn;

	if (d->self)
		script_call_method(base, "detach", NULL, NULL);
	turn = script_enter(d, true);
	script_objects_orphan(d);
	script_hooks_free(base, release);
	Py_CLEAR(d->self);
	Py_CLEAR(d->handle);
	PyGC_Collect();
	script_watch_end();
	base->host = NULL;
	script_leave(&turn);
}

const struct script_language script_language = {
	.name = "python",
	.start = script_start,
	.make = make,
	.method = script_call_method,
	.call = script_call_hook,
	.end = end,
};

SCRIPT_CLASS(struct device);
TSR_DEVICE_PLUGIN(device_class);
