/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client of the D-Bus server, and what it is owed: signals that were not yet written to it, and
 * answers to its calls. GDBus queues both without bound; here a client that is owed too much,
 * because it does not read or calls without waiting, loses its connection.
 */
#ifndef TSR_CONTROL_CLIENT_H
#define TSR_CONTROL_CLIENT_H

#include <gio/gio.h>

#define TSR_CLIENT_OWED_MESSAGES 1024
/* One message may be larger than this; no further one is queued behind it then. */
#define TSR_CLIENT_OWED_BYTES (4u << 20)
#define TSR_CLIENT_BEHIND 256 /* messages */

struct tsr_client;

/* Counts the connection's messages from now on; its message processing has not begun. [main] */
struct tsr_client *tsr_client_new(GDBusConnection *connection);
/* The connection goes on to exist, uncounted. [main] */
void tsr_client_free(struct tsr_client *client);
GDBusConnection *tsr_client_connection(struct tsr_client *client);

/* Sends a signal, unless the client is owed too much: that cuts it. [main] */
void tsr_client_send(struct tsr_client *client, const char *path, const char *interface,
		     const char *name, GVariant *arguments);
/* Returns when less than TSR_CLIENT_BEHIND messages are owed, at `until` at the latest: while that
 * is being waited for, a client that reads catches up. One that takes nothing for a second in all
 * is not waited for any more. `since`: when the waiting, also for other clients, began. Both as
 * g_get_monotonic_time. [main] */
void tsr_client_wait(struct tsr_client *client, gint64 since, gint64 until);
/* What is owed to the client is written, and at `until` it is known whether all was. [main] */
void tsr_client_begin_flush(struct tsr_client *client);
gboolean tsr_client_end_flush(struct tsr_client *client, gint64 until);
/* Ends all traffic at once, also what was not yet written; GDBus then closes the connection as if
 * the client had gone. [main] */
void tsr_client_cut(struct tsr_client *client);

/* Answers a call by a client, as g_dbus_method_invocation_return_value does, and counts the
 * answer's size. [main] */
void tsr_client_answer(GDBusMethodInvocation *invocation, GVariant *value);

#endif
