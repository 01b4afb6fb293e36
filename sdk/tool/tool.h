/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program `tessera-sdk`, which `tessera sdk` runs: what vendors need, apart from the monitor.
 */
#ifndef TSR_TOOL_TOOL_H
#define TSR_TOOL_TOOL_H

#include <glib.h>

/* Exit statuses, as the monitor has them. */
enum { TOOL_OK = 0, TOOL_FAILED = 1, TOOL_USAGE = 2 };

/* arguments: NULL-terminated, without the command's name. Each prints its own errors. Returns the
 * exit status. */
int tool_new(char **arguments);
int tool_check(char **arguments);
int tool_replay(char **arguments);

/* One line on standard error: "tessera: …". Returns status. */
int tool_fail(int status, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The same with the error's message. Frees the error. */
int tool_fail_error(int status, GError *error);
/* The folder of the templates: beside the program in a build tree, or in the installation.
 * (transfer full) */
char *tool_template_folder(void);
/* The folder with the plugin that drives machines of `check --host core`. (transfer full) */
char *tool_driver_folder(void);

#endif
