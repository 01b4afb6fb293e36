/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A user's mistake or a failing host, told in one line. Guest faults are never errors. */
#ifndef TESSERA_ERROR_H
#define TESSERA_ERROR_H

#include <stdarg.h>
#include <stdio.h>

#include "abi.h"

enum tsr_error_code {
	TSR_ERROR_NONE = 0,
	TSR_ERROR_FAILED,      /* none of the below */
	TSR_ERROR_INVALID,     /* a value of a property that is not allowed: wrong usage, exit status 2 */
	TSR_ERROR_NOT_FOUND,   /* a file, plugin, interface that is not there */
	TSR_ERROR_UNSUPPORTED, /* known, but this build or host cannot */
	TSR_ERROR_IO,          /* a file of the host cannot be used, or is not what it should be */
	TSR_ERROR_VERSION,     /* versions do not fit */
	TSR_ERROR_CONFLICT,    /* a resource is taken */
};

/* Owned by the caller; the callee fills it in. */
struct tsr_error {
	enum tsr_error_code code;
	char message[508]; /* one line, no newline at its end: what is wrong and what to do */
};

/* Fill in `error` (which may be NULL). Returns false, so that `return tsr_error_set(...)` reads well. [any] */
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
