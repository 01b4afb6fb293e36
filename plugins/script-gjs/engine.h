/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's own files: values and errors of JavaScript. All of it runs on the thread of
 * JavaScript, in the realm of the scripts. */
#ifndef SCRIPT_GJS_ENGINE_H
#define SCRIPT_GJS_ENGINE_H

#include "script.h"

#include <jsapi.h>
#include <js/Exception.h>
#include <js/SavedFrameAPI.h>

#include <map>
#include <string>
#include <vector>

/* What the engine has of a device. */
struct script {
	double number;
	JS::PersistentRootedObject self; /* the script's object */
	/* Its own files: each device runs them anew. */
	std::map<std::string, JS::PersistentRootedObject> modules;
	/* On the machine's memory, which is gone when the device is. */
	std::vector<JS::PersistentRootedObject> buffers;
};

/* -- value.cc */

/* Of C's. False with an exception. Text and bytes are copied; memory is shared. */
bool value_to_js(JSContext *cx, struct device *device, const struct script_value *value,
		 JS::MutableHandleValue out);
/* What a function returned, in the kind that is wanted. False with an exception. */
bool value_take_result(JSContext *cx, JS::HandleValue value, struct script_value *result);
/* Arguments of a call of the host, and what was allocated for them. */
struct arguments {
	struct script_value values[CALL_ARGUMENTS];
	~arguments();
};
bool value_take_arguments(JSContext *cx, const struct call *call, const JS::CallArgs &args,
			  unsigned first, struct arguments *out);

/* -- failure.cc */

/* An exception with the text, of a class of the module tessera or of JavaScript. Returns false. */
bool failure_throw(JSContext *cx, int code, const char *format, ...) MOZ_FORMAT_PRINTF(3, 4);
/* The function of tessera.js that makes such exceptions. */
extern JS::PersistentRootedObject *failure_maker;
/* The exception that is pending becomes a line: where in the script, what. It is given, or reported
 * if `error` is NULL. `where`: a function that is blamed if it comes from no line of the script;
 * may be null. Returns false. */
bool failure_give(JSContext *cx, struct device *device, JS::HandleObject where,
		  struct tsr_error *error);
/* An address for the line of the script that runs: the same each time. */
const void *failure_site(JSContext *cx, struct device *device);

/* -- modules.cc */

/* Compiles, links and runs a file. NULL with an exception. `device`: whose file it is; NULL: the
 * module tessera. */
JSObject *modules_run(JSContext *cx, struct device *device, const char *path);
/* The module of that name is this one, and files are found as modules.cc says. */
void modules_start(JSContext *cx);
/* -- engine.cc */

/* The device of a number; NULL: there is none any more. */
struct device *engine_device(double number);

#endif
