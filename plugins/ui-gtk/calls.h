/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls that wait for the machine. The control plane's functions return when the machine's process
 * has answered, which can take seconds; so they are made on a thread of their own, which has the
 * machine over a connection of its own, one after the other. A machine in this process has no other
 * to wait for: its calls are made on the main loop.
 */
#ifndef UI_CALLS_H
#define UI_CALLS_H

#include <tessera-glib/machine.h>

struct ui;
struct ui_calls;

/* FALSE with error. On the calls' thread, with that thread's machine. */
typedef gboolean (*UiCall)(TsrMachine *machine, gpointer data, GError **error);
/* On the main loop, later; not if the window is gone by then. error: NULL, it was done. */
typedef void (*UiCallDone)(struct ui *ui, gpointer data, const GError *error);

/* socket: the control socket of the machine; "": it is in this process. [main] */
struct ui_calls *ui_calls_new(struct ui *ui, const char *socket);
/* No call is told of any more. Those that were made have a second, for which this waits at most.
 * [main] */
void ui_calls_end(struct ui_calls *calls);
/* Makes a call after those before it. free_data (may be NULL) is for data, on the main loop, also
 * when the window is gone. [main] */
void ui_calls_make(struct ui_calls *calls, UiCall call, UiCallDone done, gpointer data,
		   GDestroyNotify free_data);
/* Whether a call has waited for so long that the user should know. [main] */
gboolean ui_calls_are_late(const struct ui_calls *calls);

#endif
