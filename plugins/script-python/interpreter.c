/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Python in this process: its start, the way of a thread into it and out of it, and the module
 * tessera. It is never ended: code of a plugin stays mapped as long as the process lives.
 *
 * Isolated: neither the environment nor the user's own packages matter, nothing is written, signals
 * stay as they are, and hashes of texts are the same in each run, so that a deterministic machine
 * is one. What a script may import are the standard library and the files beside it.
 */
#define _GNU_SOURCE
#include "script.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define TEXT_OF(number) #number
#define VERSION_TEXT(major, minor) TEXT_OF(major) "." TEXT_OF(minor)
#define TSR_PYTHON_VERSION VERSION_TEXT(PY_MAJOR_VERSION, PY_MINOR_VERSION)

/* What this thread is to Python. */
static _Thread_local struct {
	struct watched *watched;
	struct device *device;
	bool is_locked;
} me;

static struct {
	pthread_key_t key;
	PyObject *module;
} interpreter;

/* -- Threads */

/* Python keeps something for each thread, and making it anew in each call would cost more than the
 * call. */
struct kept {
	struct watched watched;
	PyThreadState *state;
	bool is_ours;
};

static void forget_thread(void *data)
{
	struct kept *kept = data;

	script_unwatch_thread(&kept->watched);
	if (kept->is_ours) {
		/* Not PyGILState_Release: Python's own value of this thread is gone by now. */
		PyEval_RestoreThread(kept->state);
		PyThreadState_Clear(kept->state);
		PyThreadState_DeleteCurrent();
	}
	free(kept);
}

static void keep_thread(void)
{
	struct kept *kept = calloc(1, sizeof(*kept));

	if (!kept)
		abort();
	kept->is_ours = !PyGILState_GetThisThreadState();
	if (kept->is_ours) {
		PyGILState_Ensure();
		kept->state = PyEval_SaveThread();
	}
	kept->watched.ident = (unsigned long)pthread_self(); /* as PyThread_get_thread_ident */
	script_watch_thread(&kept->watched);
	me.watched = &kept->watched;
	pthread_setspecific(interpreter.key, kept);
}

/* Only this thread writes them, and the watchdog reads with the GIL what it acts upon. */
static unsigned count(_Atomic unsigned *number, int by)
{
	unsigned value = atomic_load_explicit(number, memory_order_relaxed) + (unsigned)by;

	atomic_store_explicit(number, value, memory_order_relaxed);
	return value;
}

struct turn script_enter(struct device *device, bool locked)
{
	struct turn turn = { .outer = me.device, .outer_locked = me.is_locked };

	if (!me.watched)
		keep_thread();
	turn.gil = PyGILState_Ensure();
	me.device = device;
	me.is_locked = locked;
	count(&me.watched->serial, 1);
	count(&me.watched->depth, 1);
	return turn;
}

void script_leave(const struct turn *turn)
{
	struct watched *watched = me.watched;

	/* What was meant for this turn must not end the next one. */
	if (count(&watched->depth, -1) == 0 && watched->is_interrupted) {
		PyThreadState_SetAsyncExc(watched->ident, NULL);
		watched->is_interrupted = false;
	}
	count(&watched->serial, 1);
	me.device = turn->outer;
	me.is_locked = turn->outer_locked;
	PyGILState_Release(turn->gil);
}

struct device *script_current(void)
{
	return me.device;
}

bool script_is_locked(const char *function)
{
	if (me.is_locked)
		return true;
	PyErr_Format(PyExc_RuntimeError,
		     "%s is called on a thread of the script's own, which does not hold the "
		     "machine's lock; use host.submit",
		     function);
	return false;
}

/* -- The module */

static PyObject *module_print(PyObject *module, PyObject *text)
{
	struct device *device = me.device;
	const char *line = PyUnicode_AsUTF8(text);

	if (!line)
		return NULL;
	if (device && device->base.host && device->base.log)
		device->base.log->write(device->base.host, script_site(), TSR_LOG_INFO, "%s", line);
	Py_RETURN_NONE;
}

static PyObject *module_may_import(PyObject *module, PyObject *unused)
{
	return PyBool_FromLong(script_building > 0 || !me.device);
}

static PyMethodDef module_methods[] = {
	{ "print", module_print, METH_O, "Writes a line to the log of the device that runs." },
	{ "may_import", module_may_import, METH_NOARGS, "Whether modules may be imported now." },
	{ NULL, NULL, 0, NULL },
};

static struct PyModuleDef module_definition = { PyModuleDef_HEAD_INIT, .m_name = "_tessera",
						.m_size = -1, .m_methods = module_methods };

static bool add_native_module(bool is_guest)
{
	PyObject *module = PyModule_Create(&module_definition);
	bool good = module && script_types_init(module) &&
		    PyModule_AddIntConstant(module, "is_guest", is_guest) == 0 &&
		    PyDict_SetItemString(PyImport_GetModuleDict(), "_tessera", module) == 0;

	Py_XDECREF(module);
	return good;
}

static PyObject *run_module(void)
{
	PyObject *machinery = PyImport_ImportModule("importlib.util"), *spec = NULL, *module = NULL,
		 *done = NULL, *loader = NULL;
	char path[4096];

	if (!machinery || !script_find_beside("tessera.py", path, sizeof(path)))
		goto out;
	spec = PyObject_CallMethod(machinery, "spec_from_file_location", "ss", "tessera", path);
	module = spec ? PyObject_CallMethod(machinery, "module_from_spec", "O", spec) : NULL;
	loader = module ? PyObject_GetAttrString(spec, "loader") : NULL;
	if (loader && PyDict_SetItemString(PyImport_GetModuleDict(), "tessera", module) == 0)
		done = PyObject_CallMethod(loader, "exec_module", "O", module);
	if (!done)
		Py_CLEAR(module);
out:
	Py_XDECREF(machinery);
	Py_XDECREF(spec);
	Py_XDECREF(loader);
	Py_XDECREF(done);
	return module;
}

PyObject *script_module(void)
{
	return interpreter.module;
}

/* -- Start */

static bool is_of_this_version(struct tsr_error *error)
{
	const char *version = Py_GetVersion();
	size_t length = strlen(TSR_PYTHON_VERSION);

	if (strncmp(version, TSR_PYTHON_VERSION, length) == 0 && version[length] == '.')
		return true;
	return tsr_error_set(error, TSR_ERROR_VERSION,
			     "this process runs Python %.12s, and script-python was built for %s; "
			     "use that one",
			     version, TSR_PYTHON_VERSION);
}

/* Modules of the standard library that are libraries of their own look for Python's symbols in all
 * that is public, where a plugin's dependencies are not. */
static void make_symbols_public(void)
{
	Dl_info python;

	if (dladdr((void *)Py_InitializeFromConfig, &python))
		dlopen(python.dli_fname, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);
}

static PyStatus initialize(void)
{
	PyPreConfig before;
	PyConfig config;
	PyStatus status;

	PyPreConfig_InitIsolatedConfig(&before);
	before.utf8_mode = 1;
	status = Py_PreInitialize(&before);
	if (PyStatus_Exception(status))
		return status;
	PyConfig_InitIsolatedConfig(&config);
	config.install_signal_handlers = 0;
	config.write_bytecode = 0;
	config.site_import = 0;
	config.pathconfig_warnings = 0;
	config.use_hash_seed = 1;
	config.hash_seed = 0;
	status = PyConfig_SetBytesString(&config, &config.home, TSR_PYTHON_PREFIX);
	if (!PyStatus_Exception(status))
		status = Py_InitializeFromConfig(&config);
	PyConfig_Clear(&config);
	return status;
}

static bool start_python(struct tsr_error *error)
{
	PyStatus status;

	make_symbols_public();
	status = initialize();
	if (!PyStatus_Exception(status)) {
		PyEval_SaveThread();
		script_be_copied();
		return true;
	}
	return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
			     "Python %s cannot be started: %s; install its standard library "
			     "(package libpython%s-stdlib)",
			     TSR_PYTHON_VERSION, status.err_msg ? status.err_msg : "it ends",
			     TSR_PYTHON_VERSION);
}

bool script_start(struct tsr_error *error)
{
	bool is_guest = Py_IsInitialized();
	PyGILState_STATE gil;

	if (interpreter.module)
		return true;
	if (!is_of_this_version(error) || (!is_guest && !start_python(error)))
		return false;
	pthread_key_create(&interpreter.key, forget_thread);
	gil = PyGILState_Ensure();
	if (add_native_module(is_guest))
		interpreter.module = run_module();
	if (!interpreter.module)
		script_error_give(NULL, NULL, error);
	PyGILState_Release(gil);
	return interpreter.module != NULL;
}
