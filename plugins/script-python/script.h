/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices that are written in Python: the insides of the plugin script-python, shared by its files.
 *
 * The order of locks is: the machine's lock, then Python's (the GIL). The core calls with its lock
 * held, and script_enter takes the GIL; nothing here waits for the machine's lock while it holds
 * the GIL, because no function that a script can call takes it, and those that wait for another
 * thread (drain) let go of the GIL meanwhile.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "common.h"

/* An instance. */
struct device {
	struct script_device base;
	PyObject *self;         /* the script's object */
	PyObject *handle;       /* what it knows of its host */
	struct object *objects; /* that know this device */
};

/* -- interpreter.c */

/* Starts Python, unless it runs in this process. False and error: there is none that this library
 * can work with. [main & !running] */
bool script_start(struct tsr_error *error);
/* What script_leave puts back. */
struct turn {
	PyGILState_STATE gil;
	struct device *outer;
	bool outer_locked;
};
/* This thread runs code of the device from here on: takes the GIL. `locked`: the caller has the
 * machine's lock, or builds the machine. */
struct turn script_enter(struct device *device, bool locked);
void script_leave(const struct turn *turn);
/* Whose code this thread runs; NULL: of none. */
struct device *script_current(void);
/* Whether this thread may call what needs the machine's lock. False sets a Python error that names
 * the function. GIL held. */
bool script_is_locked(const char *function);
/* The module tessera, which stands beside this library. Borrowed; GIL held. */
PyObject *script_module(void);

/* -- watchdog.c */

/* A thread that runs scripts, as the watchdog sees it. */
struct watched {
	struct watched *next;
	unsigned long ident;         /* Python's number of the thread */
	_Atomic unsigned serial;     /* of the turn that it is in */
	_Atomic unsigned depth;      /* turns within turns; 0: it runs no script */
	unsigned seen;               /* the watchdog's: the serial at its last looks */
	unsigned looks;              /* how many of them */
	_Atomic bool is_interrupted; /* an exception is on its way to it */
};
/* One device more, or less, is there; the watchdog runs while there are some. GIL held. */
void script_watch_begin(void);
void script_watch_end(void);
void script_watch_thread(struct watched *thread);
void script_unwatch_thread(struct watched *thread);
/* Keeps the watchdog from its list of threads. */
void script_watch_lock(void);
void script_watch_unlock(void);

/* -- copy.c */

/* From here on, scripts run in copies of this process, too. Only if no program of Python's makes
 * its own. [main & !running] */
void script_be_copied(void);

/* -- error.c */

/* Takes Python's error and writes it as a line: where in the script, what. `where`: a function of
 * the script that is blamed when the error comes from no line of it, may be NULL. GIL held. */
void script_error_take(struct device *device, PyObject *where, char *line, size_t size);
/* The same into an error of the ABI. Returns false. */
bool script_error_give(struct device *device, PyObject *where, struct tsr_error *error);
/* Logs Python's error, and the first of a device is its fault. GIL held. */
void script_report(struct device *device, PyObject *where);

/* The line of the script that calls, as a site for the log: the same address each time. GIL held.
 */
const void *script_site(void);

/* -- calls */

/* Calls a function of the script. NULL: it failed, and that has been reported. `count` arguments
 * are consumed; one that is NULL is a lack of memory. GIL held. */
PyObject *script_call(struct device *device, PyObject *function, PyObject **arguments,
		      unsigned count);
/* -- objects: a Python object that stands for something of the core's. They all look alike. */
struct object {
	PyObject_HEAD struct device *device; /* NULL: detached */
	struct object *next_of_device, **link;
	const void *table;
	void *to; /* region, line, timer, function, … */
	uint64_t length;
	uint8_t *bytes;
	struct script_hook *hook;
};
/* A new object of the type, or NULL with an error. Its members are zero. GIL held. */
struct object *script_object_new(PyTypeObject *type, struct device *device);
void script_object_free(PyObject *self);
/* The objects of a device that is detached know nothing any more. */
void script_objects_orphan(struct device *device);
/* The device of an object, whose function may be called now; NULL with a Python error. */
struct device *script_object_device(PyObject *object, const char *function);
/* The same in attach and realize only. */
struct device *script_object_building(PyObject *object, const char *function);
PyObject *script_raise(const struct tsr_error *error);

/* A hook with functions of the script, each callable or None (then NULL). NULL with a Python error.
 */
struct script_hook *script_hook_new(struct device *device, PyObject *const *functions,
				    unsigned count);
/* script_language.call */
bool script_call_hook(struct script_hook *hook, unsigned which,
		      const struct script_value *arguments, unsigned count,
		      struct script_value *result, struct tsr_error *error);
/* script_language.method */
bool script_call_method(struct script_device *device, const char *name,
			const struct script_value *argument, struct tsr_error *error);

/* -- the types, each in its file */
extern PyTypeObject *script_host_type, *script_region_type, *script_line_type, *script_timer_type,
	*script_memory_type, *script_function_type, *script_net_type, *script_chardev_type,
	*script_writer_type, *script_reader_type;
bool script_types_init(PyObject *module);
#define SCRIPT_TYPE(type_name, type_slots) \
	{ \
		.name = (type_name), .basicsize = sizeof(struct object), \
		.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | \
			 Py_TPFLAGS_IMMUTABLETYPE, \
		.slots = (type_slots) \
	}
/* Entries of a table of methods: with names of arguments; without. */
#define SCRIPT_NAMED(function) (PyCFunction)(void (*)(void))(function), METH_VARARGS | METH_KEYWORDS
#define SCRIPT_FAST(function) (PyCFunction)(void (*)(void))(function), METH_FASTCALL
extern PyType_Spec script_host_spec, script_region_spec, script_line_spec, script_timer_spec,
	script_memory_spec, script_function_spec, script_net_spec, script_chardev_spec,
	script_writer_spec, script_reader_spec;

/* Methods of Host that other files have. */
PyObject *script_claim(PyObject *self, PyObject *args, PyObject *names);
PyObject *script_claim_ports(PyObject *self, PyObject *args, PyObject *names);
PyObject *script_map_io(PyObject *self, PyObject *args, PyObject *names);
PyObject *script_map(PyObject *self, PyObject *args, PyObject *names);
PyObject *script_irq(PyObject *self, PyObject *name);
PyObject *script_timer(PyObject *self, PyObject *function);
PyObject *script_pci_add(PyObject *self, PyObject *args, PyObject *names);
PyObject *script_net(PyObject *self, PyObject *args, PyObject *names);
PyObject *script_chardev(PyObject *self, PyObject *args, PyObject *names);
PyObject *script_submit(PyObject *self, PyObject *args, PyObject *names);
PyObject *script_drain(PyObject *self, PyObject *unused);
/* Bytes of guest memory through `host`, an instance's or a function's. */
PyObject *script_dma_read(struct device *device, const struct tsr_host *host, PyObject *const *args,
			  Py_ssize_t count);
PyObject *script_dma_write(struct device *device, const struct tsr_host *host,
			   PyObject *const *args, Py_ssize_t count);
/* 256 bytes of a function's configuration, or a region's memory, as an object. */
PyObject *script_memory_new(struct device *device, uint8_t *bytes, uint64_t length);

/* state.c: an object for save or load, which is emptied when that has returned. */
PyObject *script_writer_new(struct device *device, const void *out);
PyObject *script_reader_new(struct device *device, const void *in);
void script_state_end(PyObject *object);

#endif
