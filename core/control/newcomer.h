/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client that has connected to the D-Bus server and has to authenticate itself in time. */
#ifndef TSR_CONTROL_NEWCOMER_H
#define TSR_CONTROL_NEWCOMER_H

#include <gio/gio.h>

struct tsr_newcomer;

/* Authenticates on a thread of its own. `done` is called on the main loop of the calling thread,
 * with the connection (whose message processing is delayed) or NULL, unless tsr_newcomer_dismiss
 * came before. NULL: there is no thread for it. [main] */
struct tsr_newcomer *tsr_newcomer_new(GSocketConnection *stream, const char *guid,
				      void (*done)(struct tsr_newcomer *newcomer,
						   GDBusConnection *connection, gpointer user),
				      gpointer user);
/* Ends the connection; `done` is not called any more. [main] */
void tsr_newcomer_dismiss(struct tsr_newcomer *newcomer);

#endif
