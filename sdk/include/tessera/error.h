/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors: a mistake of the user or a failure of the host, as one line of text. What a guest does
 * wrong is never an error.
 *
 * A message says what is wrong and what to do, and names the property, file or resource it is
 * about. It never begins with the name of the instance: the core puts "NAME: " in front of it (a
 * plugin's log lines get it, too).
 */
#ifndef TESSERA_ERROR_H
#define TESSERA_ERROR_H

#include <stdarg.h>
#include <stdio.h>

#include "abi.h"

enum tsr_error_code {
	TSR_ERROR_NONE = 0,
	TSR_ERROR_FAILED,  /* none of those below */
	TSR_ERROR_INVALID, /* a value of a property that is not allowed: wrong usage, exit status 2
			    */
	TSR_ERROR_NOT_FOUND,   /* there is no such file, plugin or interface */
	TSR_ERROR_UNSUPPORTED, /* known, but not possible with this build or on this host */
	TSR_ERROR_IO,          /* a file of the host cannot be used, or is not what it should be */
	TSR_ERROR_VERSION,     /* versions that do not work together */
	TSR_ERROR_CONFLICT,    /* another instance has the resource */
};

/* Owned by the caller; the callee fills it in. Frozen. */
struct tsr_error {
	enum tsr_error_code code;
	char message[508]; /* one line, no newline at its end: what is wrong and what to do */
};

/* Fills in `error`, which may be NULL; a longer message is cut. Returns false, so that a function
 * can end with `return tsr_error_set(...)`. [any] */
static inline bool TSR_PRINTF(3, 4)
	tsr_error_set(struct tsr_error *error, enum tsr_error_code code, const char *format, ...)
{
	va_list args;

	if (!error)
		return false;
	error->code = code;
	va_start(args, format);
	vsnprintf(error->message, sizeof(error->message), format, args);
	va_end(args);
	return false;
}

#endif
