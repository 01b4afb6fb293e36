/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The link to a machine in another process: a D-Bus connection, calls that wait for their answer
 * without iterating any main context of the caller's, and the machine's signals in their order.
 *
 * Messages arrive on GDBus' own thread. A signal waits in a queue until the main context gets to
 * it, or until a call returns that was answered after it, as a machine in this process emits its
 * signals within the call that causes them.
 */
#ifndef TSR_REMOTE_LINK_H
#define TSR_REMOTE_LINK_H

#include <gio/gio.h>

#define TSR_REMOTE_SECONDS 10
#define TSR_REMOTE_STATE_SECONDS 600 /* saving, loading, hashing */

struct tsr_remote_link;

struct tsr_remote_link_events {
	/* A signal of the machine's interface, or a change of its properties ("PropertiesChanged").
	 */
	void (*signal)(gpointer user, const char *name, GVariant *arguments);
	/* The connection has ended; what was received before was told before. Once. */
	void (*closed)(gpointer user);
};

/* Events come on `context`, or within calls. NULL with error. [main] */
struct tsr_remote_link *tsr_remote_link_new(const char *where, GMainContext *context,
					    const struct tsr_remote_link_events *events,
					    gpointer user, GError **error);
/* No event comes afterwards. What was sent still arrives, if the machine reads it within a second.
 * [main] */
void tsr_remote_link_close(struct tsr_remote_link *link);

/* Calls a method of the machine's interface, and takes a floating reference of arguments (NULL:
 * none). NULL with an error of the machine's, or of GIO. [main] */
GVariant *tsr_remote_link_call(struct tsr_remote_link *link, const char *method,
			       GVariant *arguments, guint seconds, GError **error);
/* The same for a method whose answer has a descriptor: it, or -1 with error. */
int tsr_remote_link_call_for_file(struct tsr_remote_link *link, const char *method,
				  GVariant *arguments, GError **error);
/* For calls that remote/files.h makes: they are made on the connection, and then the signals that
 * came before their answers are told, which can end the link. [main] */
GDBusConnection *tsr_remote_link_get_connection(struct tsr_remote_link *link);
void tsr_remote_link_deliver(struct tsr_remote_link *link);
/* The value of a property; NULL with error. [main] */
GVariant *tsr_remote_link_get(struct tsr_remote_link *link, const char *property, GError **error);
/* Calls a method that nobody waits for. [main] */
void tsr_remote_link_send(struct tsr_remote_link *link, const char *method, GVariant *arguments);

/* One call at a time that need not be waited for until the end. `ask` returns FALSE if the
 * connection has ended; `answer` waits until the given monotonic time and returns the arguments of
 * the answer; NULL: it has not come, or it is an error, which is_asking tells apart. [main] */
gboolean tsr_remote_link_ask(struct tsr_remote_link *link, const char *method, GVariant *arguments);
GVariant *tsr_remote_link_answer(struct tsr_remote_link *link, gint64 until);
gboolean tsr_remote_link_is_asking(struct tsr_remote_link *link);

#endif
