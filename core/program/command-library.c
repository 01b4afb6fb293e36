/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tessera without arguments, and tessera hardware FILE.machine: on a display, the library of
 * machines, if it is installed. That is a program of its own, because GTK stays out of the
 * processes of machines; it is told where this one is, and starts machines with it.
 */
#include <unistd.h>

#include "program/helper.h"
#include "program/program.h"

#define PROGRAM "tessera-library"

static gboolean has_display(void)
{
	const char *wayland = g_getenv("WAYLAND_DISPLAY"), *x11 = g_getenv("DISPLAY");

	return (wayland && *wayland) || (x11 && *x11);
}

/* An absolute path; NULL: it is none that exists. */
static char *machine_path(const char *argument)
{
	g_autofree char *path = g_canonicalize_filename(argument, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS) ? g_steal_pointer(&path) : NULL;
}

/* The editor of a machine's parts is the library's: this opens it there. */
int command_hardware(char **arguments)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *library = self && has_display() ? program_find_helper(PROGRAM) : NULL;
	g_autofree char *path = NULL;

	if (program_wants_help(arguments, "hardware"))
		return 0;
	if (g_strv_length(arguments) != 1)
		return program_fail(TSR_EXIT_USAGE,
				    "usage: `tessera hardware FILE.machine | FOLDER`");
	if (!library)
		return program_fail(TSR_EXIT_USAGE,
				    "there is no display, or no library of machines (it needs "
				    "libadwaita); `tessera parts %s` prints the parts",
				    arguments[0]);
	path = machine_path(arguments[0]);
	if (!path)
		return program_fail(TSR_EXIT_USAGE, "there is no file %s", arguments[0]);
	execv(library, (char *[]){ library, self, path, NULL });
	return program_fail(TSR_EXIT_MACHINE_FAILED, "cannot start %s", library);
}

int command_library(char **arguments)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *library = self && has_display() ? program_find_helper(PROGRAM) : NULL;
	char *words[] = { library, self, NULL };

	if (!library) {
		program_print_help(NULL);
		return TSR_EXIT_USAGE;
	}
	execv(library, words);
	return program_fail(TSR_EXIT_MACHINE_FAILED, "cannot start %s", library);
}
