/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See newcomer.h. GDBus authenticates with blocking reads. Its asynchronous form does so on the few
 * threads that all tasks of GLib share, where clients that say nothing would keep others waiting;
 * therefore each has its own thread here, for a limited time.
 */
#include "control/newcomer.h"

#define DEADLINE_MS 5000 /* to authenticate */

struct tsr_newcomer {
	GDBusConnection *connection;
	GSocket *socket;
	GCancellable *cancellable;
	GMainContext *context;
	guint timeout; /* main thread only, as the next two */
	void (*done)(struct tsr_newcomer *newcomer, GDBusConnection *connection, gpointer user);
	gpointer user;
	gboolean is_good;
};

static void newcomer_clear(gpointer data)
{
	struct tsr_newcomer *newcomer = data;

	g_object_unref(newcomer->connection);
	g_object_unref(newcomer->socket);
	g_object_unref(newcomer->cancellable);
	g_main_context_unref(newcomer->context);
}

static void newcomer_release(gpointer newcomer)
{
	g_atomic_rc_box_release_full(newcomer, newcomer_clear);
}

static void cut(struct tsr_newcomer *newcomer)
{
	g_cancellable_cancel(newcomer->cancellable);
	g_socket_shutdown(newcomer->socket, TRUE, TRUE, NULL);
}

static void finish(struct tsr_newcomer *newcomer)
{
	newcomer->done = NULL;
	g_clear_handle_id(&newcomer->timeout, g_source_remove);
	newcomer_release(newcomer);
}

static gboolean on_authenticated(gpointer data)
{
	struct tsr_newcomer *newcomer = data;

	if (newcomer->done) {
		newcomer->done(newcomer, newcomer->is_good ? newcomer->connection : NULL,
			       newcomer->user);
		finish(newcomer);
	}
	return G_SOURCE_REMOVE;
}

static gpointer authenticate(gpointer data)
{
	struct tsr_newcomer *newcomer = data;
	g_autoptr(GSource) source = g_idle_source_new();

	newcomer->is_good =
		g_initable_init(G_INITABLE(newcomer->connection), newcomer->cancellable, NULL);
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, on_authenticated, newcomer, newcomer_release);
	g_source_attach(source, newcomer->context);
	return NULL;
}

static gboolean on_deadline(gpointer data)
{
	struct tsr_newcomer *newcomer = data;

	newcomer->timeout = 0;
	cut(newcomer);
	return G_SOURCE_REMOVE;
}

static struct tsr_newcomer *newcomer_create(GSocketConnection *stream, const char *guid)
{
	struct tsr_newcomer *newcomer = g_atomic_rc_box_new0(struct tsr_newcomer);
	GDBusConnectionFlags flags = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER |
				     G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_REQUIRE_SAME_USER |
				     G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING;

	newcomer->connection = g_object_new(G_TYPE_DBUS_CONNECTION, "stream", stream, "guid", guid,
					    "flags", flags, NULL);
	newcomer->socket = g_object_ref(g_socket_connection_get_socket(stream));
	newcomer->cancellable = g_cancellable_new();
	newcomer->context = g_main_context_ref_thread_default();
	return newcomer;
}

struct tsr_newcomer *tsr_newcomer_new(GSocketConnection *stream, const char *guid,
				      void (*done)(struct tsr_newcomer *newcomer,
						   GDBusConnection *connection, gpointer user),
				      gpointer user)
{
	struct tsr_newcomer *newcomer = newcomer_create(stream, guid);
	GThread *thread;

	newcomer->done = done;
	newcomer->user = user;
	thread = g_thread_try_new("control-auth", authenticate, g_atomic_rc_box_acquire(newcomer),
				  NULL);
	if (!thread) {
		newcomer_release(newcomer);
		newcomer_release(newcomer);
		return NULL;
	}
	g_thread_unref(thread);
	newcomer->timeout = g_timeout_add(DEADLINE_MS, on_deadline, newcomer);
	return newcomer;
}

void tsr_newcomer_dismiss(struct tsr_newcomer *newcomer)
{
	cut(newcomer);
	finish(newcomer);
}
