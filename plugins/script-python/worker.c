/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work of a script that blocks: work() runs on another thread, without the machine's lock but with
 * the GIL whenever it runs Python; then done(result) runs with the lock. */
#include "script.h"

#include <stdlib.h>

struct job {
	struct device *device;
	PyObject *work, *done, *result; /* result NULL: work failed */
};

static void on_work(void *data)
{
	struct job *job = data;
	struct turn turn = script_enter(job->device, false);

	job->result = script_call(job->device, job->work, NULL, 0);
	script_leave(&turn);
}

static void on_done(void *data)
{
	struct job *job = data;
	struct turn turn = script_enter(job->device, true);
	PyObject *result = job->result ? job->result : Py_NewRef(Py_None);

	Py_XDECREF(script_call(job->device, job->done, &result, 1));
	Py_DECREF(job->work);
	Py_DECREF(job->done);
	free(job);
	script_leave(&turn);
}

PyObject *script_submit(PyObject *self, PyObject *args, PyObject *names)
{
	static char *keys[] = { "work", "done", "ordered", NULL };
	struct device *d = script_object_device(self, "submit");
	PyObject *work, *done;
	int ordered = 0;
	struct job *job;

	if (!d ||
	    !PyArg_ParseTupleAndKeywords(args, names, "OO|p:submit", keys, &work, &done, &ordered))
		return NULL;
	if (!PyCallable_Check(work) || !PyCallable_Check(done)) {
		PyErr_SetString(PyExc_TypeError, "submit needs two functions: work, done");
		return NULL;
	}
	job = calloc(1, sizeof(*job));
	if (!job)
		return PyErr_NoMemory();
	*job = (struct job){ .device = d, .work = Py_NewRef(work), .done = Py_NewRef(done) };
	d->base.worker->submit(d->base.host, on_work, on_done, job, ordered);
	Py_RETURN_NONE;
}

/* Work that is waited for needs the GIL. */
PyObject *script_drain(PyObject *self, PyObject *unused)
{
	struct device *d = script_object_device(self, "drain");

	if (!d)
		return NULL;
	Py_BEGIN_ALLOW_THREADS d->base.worker->drain(d->base.host);
	Py_END_ALLOW_THREADS Py_RETURN_NONE;
}
