/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The `tessera` program: a thin client of the library. A command is a function from its arguments
 * to an exit status. */
#ifndef TSR_PROGRAM_PROGRAM_H
#define TSR_PROGRAM_PROGRAM_H

#include <tessera-glib/machine.h>

/* arguments: NULL-terminated, without the command's name. Each prints its own errors. */
int command_run(char **arguments);
int command_plugins(char **arguments);
int command_machines(char **arguments);
int command_ctl(char **arguments);
int command_view(char **arguments);
int command_monitor(char **arguments);
int command_demo(char **arguments);
int command_lock(char **arguments);
int command_why(char **arguments);
int command_parts(char **arguments);
int command_bundle(char **arguments);
int command_snapshot(char **arguments);
int command_import(char **arguments);
int command_sdk(char **arguments);
int command_help(char **arguments);
/* In the library of machines. */
int command_hardware(char **arguments);
/* Without a command. */
int command_library(char **arguments);

/* One line on standard error: "tessera: …". Returns status. */
int program_fail(int status, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The same with the error's message; the status follows from its code. Frees the error. */
int program_fail_error(GError *error);
/* From now on, of the messages that libraries and plugins log without end few are written. */
void program_limit_log(void);
/* Whether a machine can have the descriptors and threads that it needs. Prints what is missing, and
 * returns the exit status; else 0. Before anything that needs a thread of GLib's. */
int program_check_needs(void);
/* Between begin and end the program waits for what the text names, as in "loading FILE". On a
 * terminal the text is shown once the wait has taken a second. One at a time; nothing else is
 * printed meanwhile. */
void program_progress_begin(const char *format, ...) G_GNUC_PRINTF(1, 2);
void program_progress_end(void);
/* On standard output: the values of tsr_machine_get_status(). */
void program_print_status(GVariant *status);
/* Appends a value as JSON: dictionaries with names, arrays, strings, truth values, numbers. */
void program_add_json(GString *out, GVariant *value);
/* Whether the arguments ask for help; prints it then. */
gboolean program_wants_help(char **arguments, const char *command);
void program_print_help(const char *command);

#endif
