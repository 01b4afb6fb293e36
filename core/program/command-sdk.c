/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera sdk: the program tessera-sdk beside this one, which the monitor's own process shall not
 * hold. */
#include <errno.h>
#include <unistd.h>

#include "program/program.h"

#define PROGRAM "tessera-sdk"

int command_sdk(char **arguments)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *folder = g_path_get_dirname(self ? self : "");
	g_autofree char *path = g_build_filename(folder, PROGRAM, NULL);
	g_autoptr(GPtrArray) argv = g_ptr_array_new();

	g_ptr_array_add(argv, PROGRAM);
	for (; *arguments; arguments++)
		g_ptr_array_add(argv, *arguments);
	g_ptr_array_add(argv, NULL);
	execv(path, (char **)argv->pdata);
	return program_fail(TSR_EXIT_MACHINE_FAILED, "%s cannot be started: %s; install the SDK",
			    path, g_strerror(errno));
}
