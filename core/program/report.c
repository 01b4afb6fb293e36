/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors of the program: one line on standard error, and the exit status that follows from it. */
#include "program/program.h"

int program_fail(int status, const char *format, ...)
{
	g_autofree char *message = NULL;
	va_list args;

	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);
	g_printerr("tessera: %s\n", g_strdelimit(message, "\n", ' '));
	return status;
}

int program_fail_error(GError *error)
{
	gboolean usage = g_error_matches(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID);
	int status = program_fail(usage ? TSR_EXIT_USAGE : TSR_EXIT_MACHINE_FAILED, "%s",
				  error->message);

	g_error_free(error);
	return status;
}
