/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See server.h. */
#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <tessera-glib/machine.h>
#include <unistd.h>

#include "control/client.h"
#include "control/control-interface.h"
#include "control/newcomer.h"
#include "control/server.h"
#include "remote/address.h"

#define QUEUED_CLIENTS_MAX 128 /* that have connected and were not yet accepted */
#define CATCH_UP_US 1000
#define DESCRIPTORS_LEFT 4 /* that clients do not get: GLib aborts where it has none */
#define NEWCOMER_DESCRIPTORS 4
#define REFUSALS_APART_US (60 * G_USEC_PER_SEC)
#define FLUSH_MS 1000 /* for all clients together */

struct _TsrControlServer {
	GObject parent;
	const GDBusInterfaceVTable *table;
	gpointer user; /* of the table */
	GSocketService *service;
	char *guid; /* of the server, D-Bus specification, "UUIDs" */
	GDBusNodeInfo *info;
	GPtrArray *clients; /* struct tsr_client */
	GQueue newcomers;   /* struct tsr_newcomer, oldest first */
	gint64 refused_at;  /* when a refusal was last reported; 0: never */
	char *path;         /* of the socket, once it is ours */
};

G_DEFINE_FINAL_TYPE(TsrControlServer, tsr_control_server, G_TYPE_OBJECT)

/* -- clients */

static void client_free(gpointer client)
{
	tsr_client_free(client);
}

static void on_closed(GDBusConnection *connection, gboolean remote, GError *error,
		      TsrControlServer *self)
{
	for (guint i = 0; self->clients && i < self->clients->len; i++) {
		struct tsr_client *client = g_ptr_array_index(self->clients, i);

		if (tsr_client_connection(client) != connection)
			continue;
		g_ptr_array_remove_index_fast(self->clients, i);
		return;
	}
}

static void take_client(TsrControlServer *self, GDBusConnection *connection)
{
	guint id = g_dbus_connection_register_object(connection, TSR_CONTROL_PATH,
						     self->info->interfaces[0], self->table,
						     self->user, NULL, NULL);

	if (!id) {
		g_dbus_connection_close(connection, NULL, NULL, NULL);
		return;
	}
	g_object_set_data(G_OBJECT(connection), "tsr-object", GUINT_TO_POINTER(id));
	g_ptr_array_add(self->clients, tsr_client_new(connection));
	g_signal_connect_object(connection, "closed", G_CALLBACK(on_closed), self, 0);
	g_dbus_connection_start_message_processing(connection);
}

static void dismiss_oldest_newcomer(TsrControlServer *self)
{
	struct tsr_newcomer *oldest = g_queue_pop_head(&self->newcomers);

	if (oldest)
		tsr_newcomer_dismiss(oldest);
}

/* Each newcomer's thread waits on some more. */
static gboolean descriptors_are_left(const TsrControlServer *self)
{
	guint needed = DESCRIPTORS_LEFT + NEWCOMER_DESCRIPTORS * self->newcomers.length, left = 0;
	int limit = (int)sysconf(_SC_OPEN_MAX);

	for (int fd = 0; fd < limit && left < needed; fd++)
		left += fcntl(fd, F_GETFD) < 0;
	return left >= needed;
}

/* Says so. A program that opens connections without end shall not fill the log too. */
static gboolean is_full(TsrControlServer *self)
{
	gboolean crowded = self->clients->len >= TSR_CONTROL_CLIENTS_MAX;
	gint64 now = g_get_monotonic_time();

	if (!crowded && descriptors_are_left(self))
		return FALSE;
	if (!self->refused_at || now - self->refused_at >= REFUSALS_APART_US) {
		self->refused_at = now;
		g_log("tessera", G_LOG_LEVEL_WARNING,
		      "control: a client is refused, because %s (%u are connected)",
		      crowded ? "there are too many" : "descriptors run out", self->clients->len);
	}
	return TRUE;
}

static void on_authenticated(struct tsr_newcomer *newcomer, GDBusConnection *connection,
			     gpointer user)
{
	TsrControlServer *self = user;

	g_queue_remove(&self->newcomers, newcomer);
	if (connection && is_full(self))
		g_dbus_connection_close(connection, NULL, NULL, NULL);
	else if (connection)
		take_client(self, connection);
}

/* GDBusServer would do the same, but its queue of new clients holds ten. */
static gboolean on_incoming(GSocketService *service, GSocketConnection *stream, GObject *source,
			    TsrControlServer *self)
{
	struct tsr_newcomer *newcomer;

	if (is_full(self))
		return TRUE;
	if (self->newcomers.length >= TSR_CONTROL_NEWCOMERS_MAX)
		dismiss_oldest_newcomer(self);
	newcomer = tsr_newcomer_new(stream, self->guid, on_authenticated, self);
	if (newcomer)
		g_queue_push_tail(&self->newcomers, newcomer);
	return TRUE;
}

/* -- the socket */

static gboolean is_served(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	gboolean connected;

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	connected = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	if (fd >= 0)
		close(fd);
	return connected;
}

/* Removes only a socket that a process left behind when it died, never a file. */
static gboolean make_room(const char *path, GError **error)
{
	struct stat info;

	if (lstat(path, &info) != 0)
		return TRUE;
	if (S_ISSOCK(info.st_mode) && !is_served(path))
		return g_unlink(path) == 0 || errno == ENOENT;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO,
		    "%s: %s; choose another path for the control socket", path,
		    S_ISSOCK(info.st_mode) ? "another process listens there"
					   : "exists and is not a socket");
	return FALSE;
}

static gboolean start_server(TsrControlServer *self, const char *where, GError **error)
{
	g_autofree char *bus_address = tsr_remote_address(where, error);
	g_autofree char *path = g_canonicalize_filename(tsr_remote_socket_path(where), NULL);
	g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);

	if (!bus_address || !make_room(path, error))
		return FALSE;
	self->guid = g_dbus_generate_guid();
	self->service = g_socket_service_new();
	g_socket_listener_set_backlog(G_SOCKET_LISTENER(self->service), QUEUED_CLIENTS_MAX);
	if (!g_socket_listener_add_address(G_SOCKET_LISTENER(self->service), address,
					   G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL,
					   NULL, error)) {
		g_prefix_error(error, "%s: ", path);
		return FALSE;
	}
	self->path = g_steal_pointer(&path);
	g_signal_connect_object(self->service, "incoming", G_CALLBACK(on_incoming), self, 0);
	return TRUE;
}

/* Waits for clients that are behind, but not for long: one that reads catches up meanwhile, so that
 * a guest that reports without end does not make it lose its connection. */
static void let_catch_up(TsrControlServer *self)
{
	gint64 now = g_get_monotonic_time();

	for (guint i = 0; i < self->clients->len; i++)
		tsr_client_wait(g_ptr_array_index(self->clients, i), now, now + CATCH_UP_US);
}

void tsr_control_server_emit(TsrControlServer *self, const char *interface, const char *name,
			     GVariant *arguments)
{
	g_variant_ref_sink(arguments);
	for (guint i = 0; self->clients && i < self->clients->len; i++)
		tsr_client_send(g_ptr_array_index(self->clients, i), TSR_CONTROL_PATH, interface,
				name, arguments);
	g_variant_unref(arguments);
	if (self->clients)
		let_catch_up(self);
}

/* -- the end */

/* Messages that were sent still arrive, at clients that take them in time. */
static void flush(TsrControlServer *self)
{
	gint64 until = g_get_monotonic_time() + FLUSH_MS * 1000;
	guint late = 0;

	for (guint i = 0; i < self->clients->len; i++)
		tsr_client_begin_flush(g_ptr_array_index(self->clients, i));
	for (guint i = 0; i < self->clients->len; i++)
		late += !tsr_client_end_flush(g_ptr_array_index(self->clients, i), until);
	if (late)
		g_log("tessera", G_LOG_LEVEL_WARNING,
		      "control: clients that did not take their last messages: %u", late);
}

gboolean tsr_control_server_has_clients(TsrControlServer *self)
{
	return self->clients && self->clients->len > 0;
}

static void close_connection(gpointer data, gpointer user)
{
	GDBusConnection *connection = tsr_client_connection(data);

	tsr_client_cut(data);
	g_dbus_connection_unregister_object(
		connection,
		GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(connection), "tsr-object")));
	g_signal_handlers_disconnect_by_data(connection, user);
	g_dbus_connection_close(connection, NULL, NULL, NULL);
}

static void close_clients(TsrControlServer *self)
{
	flush(self);
	g_ptr_array_foreach(self->clients, close_connection, self);
	g_clear_pointer(&self->clients, g_ptr_array_unref);
}

void tsr_control_server_close(TsrControlServer *self)
{
	if (self->service) {
		g_socket_service_stop(self->service);
		g_socket_listener_close(G_SOCKET_LISTENER(self->service));
	}
	while (!g_queue_is_empty(&self->newcomers))
		dismiss_oldest_newcomer(self);
	if (self->clients)
		close_clients(self);
	g_clear_object(&self->service);
	if (self->path)
		g_unlink(self->path);
	g_clear_pointer(&self->path, g_free);
}

static void tsr_control_server_init(TsrControlServer *self)
{
	self->clients = g_ptr_array_new_with_free_func(client_free);
	g_queue_init(&self->newcomers);
	self->info = g_dbus_node_info_new_for_xml(tsr_control_xml, NULL);
	g_assert(self->info);
}

static void tsr_control_server_dispose(GObject *object)
{
	TsrControlServer *self = TSR_CONTROL_SERVER(object);

	tsr_control_server_close(self);
	g_clear_pointer(&self->guid, g_free);
	g_clear_pointer(&self->info, g_dbus_node_info_unref);
	G_OBJECT_CLASS(tsr_control_server_parent_class)->dispose(object);
}

static void tsr_control_server_class_init(TsrControlServerClass *class)
{
	G_OBJECT_CLASS(class)->dispose = tsr_control_server_dispose;
}

TsrControlServer *tsr_control_server_new(const char *where, const GDBusInterfaceVTable *table,
					 gpointer user, GError **error)
{
	g_autoptr(TsrControlServer) self = g_object_new(TSR_TYPE_CONTROL_SERVER, NULL);

	self->table = table;
	self->user = user;
	return start_server(self, where, error) ? g_steal_pointer(&self) : NULL;
}
