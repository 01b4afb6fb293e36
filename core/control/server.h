/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The D-Bus server of control.h: listens on a UNIX socket, takes clients of the same user, gives
 * each the object, and sends signals to all of them. It knows nothing of a machine.
 */
#ifndef TSR_CONTROL_SERVER_H
#define TSR_CONTROL_SERVER_H

#include <gio/gio.h>

#define TSR_CONTROL_CLIENTS_MAX 256   /* one more is refused */
#define TSR_CONTROL_NEWCOMERS_MAX 128 /* not yet authenticated; one more replaces the oldest */

#define TSR_TYPE_CONTROL_SERVER (tsr_control_server_get_type())
G_DECLARE_FINAL_TYPE(TsrControlServer, tsr_control_server, TSR, CONTROL_SERVER, GObject)

/* Listens on "unix:PATH" or PATH until it is disposed of; the socket is then removed. A socket
 * without a listener is replaced. table must live as long as the program; user is its user data.
 * [main] */
TsrControlServer *tsr_control_server_new(const char *where, const GDBusInterfaceVTable *table,
					 gpointer user, GError **error);

/* Sends a signal to every client; client.h says which of them lose their connection. Waits a
 * millisecond at most if one is behind. Takes a floating reference of arguments. [main] */
void tsr_control_server_emit(TsrControlServer *self, const char *interface, const char *name,
			     GVariant *arguments);

/* Whether anybody is connected. [main] */
gboolean tsr_control_server_has_clients(TsrControlServer *self);

/* Ends the connections and stops to listen. Signals that were sent still arrive at clients that
 * take them within a second; calls are no longer taken. May be called twice. [main] */
void tsr_control_server_close(TsrControlServer *self);

#endif
