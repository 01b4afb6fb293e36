/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices that are written in JavaScript: the insides of the plugin script-gjs, shared by its
 * files.
 *
 * SpiderMonkey's context belongs to the thread that made it, and the core calls devices on several.
 * So there is one thread of JavaScript in a process (thread.c), and a caller hands it the call and
 * waits. What a script asks of its host is handed back to that waiting caller, which holds the
 * machine's lock: the core sees all calls of a device come from where it expects them.
 *
 * The engine (engine.cc) runs on the thread of JavaScript only, and calls.c on the callers' only.
 */
#ifndef SCRIPT_GJS_H
#define SCRIPT_GJS_H

#include "common.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Something of the core's that an object of the script stands for; the object knows its number. */
struct thing {
	enum {
		THING_REGION,
		THING_LINE,
		THING_TIMER,
		THING_FUNCTION,
		THING_NET,
		THING_CHARDEV
	} kind;
	void *to;
	const void *table;           /* a back end's */
	const struct tsr_host *host; /* a PCI function's, for DMA */
	uint8_t *bytes;              /* of a region of memory, else NULL */
	uint64_t length;
};

/* An instance. */
struct device {
	struct script_device base;
	struct script *script; /* what the engine has of it; NULL: nothing */
	struct thing *things;
	unsigned thing_count;
	struct tsr_state_writer *writer; /* in save */
	struct tsr_state_reader *reader; /* in load */
};

/* -- thread.c */

/* Starts the thread; `first` runs on it before all else. [main & !running] */
bool thread_start(bool (*first)(struct tsr_error *error), struct tsr_error *error);
/* Whether this process is a copy of the one that had the thread. [any] */
bool thread_is_lost(void);
/* Runs work(data) on the thread of JavaScript, and waits for it. Whoever is in a call that the
 * script has made of it may do so again. False: there is no such thread here, because this process
 * is a copy of the one that had it. [any] */
bool thread_run(void (*work)(void *data), void *data);
/* Runs work(data) on the thread that waits for the call which runs now. Called on the thread of
 * JavaScript. */
void thread_run_outside(void (*work)(void *data), void *data);

/* -- calls.c: what a script can ask of its host */

enum call_time {
	CALL_ANY,      /* until the device is detached */
	CALL_BUILDING, /* in attach and realize */
	CALL_REALIZING,
	CALL_SAVING,
	CALL_LOADING,
};
struct call {
	const char *name;
	/* A letter for each argument: n number, t truth, s text, b bytes, f function or none,
	 * v number or text; those after | may be absent, null or undefined. l is none of the
	 * script's: `data` is an address for its line, the same each time. */
	const char *arguments;
	enum call_time time;
	/* False with an error. A result's bytes and text are allocated by malloc, and the caller
	 * frees them. Functions belong to the device's hooks from here on. */
	bool (*run)(struct device *device, const struct script_value *arguments,
		    struct script_value *result, struct tsr_error *error);
};
#define CALL_ARGUMENTS 10 /* at most */
extern const struct call calls[];
extern const unsigned call_count;
/* Codes of errors that are JavaScript's own, beside those of enum tsr_error_code. */
enum { CALL_TYPE_ERROR = 100, CALL_RANGE_ERROR, CALL_OVERDUE };

/* -- engine.cc */

bool engine_start(struct tsr_error *error);
bool engine_make(struct device *device, const char *file, struct tsr_error *error);
bool engine_method(struct device *device, const char *name, const struct script_value *argument,
		   struct tsr_error *error);
bool engine_call(struct script_hook *hook, unsigned which, const struct script_value *arguments,
		 unsigned count, struct script_value *result, struct tsr_error *error);
void engine_end(struct device *device);
/* Ends the script that runs, by an exception where it is. [any] */
void engine_interrupt(void);
/* What was meant for a call that has ended must not end the next one. [any] */
void engine_calm(void);

#ifdef __cplusplus
}
#endif

#endif
