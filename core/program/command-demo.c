/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera demo: the machine `demo`, with what the command line adds. */
#include "program.h"

int command_demo(char **arguments)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	const char *display = g_getenv("WAYLAND_DISPLAY");

	if (program_wants_help(arguments, "demo"))
		return 0;
	if (!display || !*display)
		display = g_getenv("DISPLAY");
	g_ptr_array_add(all, (gpointer) "demo");
	if (!display || !*display) {
		g_ptr_array_add(all, (gpointer) "--serial");
		g_ptr_array_add(all, (gpointer) "stdio");
	}
	for (; *arguments; arguments++)
		g_ptr_array_add(all, *arguments);
	g_ptr_array_add(all, NULL);
	return command_run((char **)all->pdata);
}
