/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See link.h. */
#include "remote/link.h"

#include <gio/gunixfdlist.h>

#include "remote/address.h"

#define FLUSH_SECONDS 1
#define LOOK_UP_US (100 * 1000)

struct tsr_remote_link {
	GDBusConnection *connection;
	guint filter;
	GMainContext *context;
	const struct tsr_remote_link_events *events;
	gpointer user;

	/* Shared with GDBus' thread. */
	GMutex mutex;
	GCond changed;
	GQueue signals;       /* GDBusMessage */
	GSource *source;      /* will tell of them; NULL: none is on its way */
	guint32 asked;        /* serial of the call that was asked; 0: none */
	GDBusMessage *answer; /* of that call */

	gboolean told_closed;
	gboolean left; /* no more events */
};

static void link_clear(gpointer data)
{
	struct tsr_remote_link *link = data;

	g_queue_clear_full(&link->signals, g_object_unref);
	g_clear_object(&link->answer);
	g_main_context_unref(link->context);
	g_mutex_clear(&link->mutex);
	g_cond_clear(&link->changed);
}

static void link_unref(gpointer link)
{
	g_atomic_rc_box_release_full(link, link_clear);
}

/* -- Events, on the main thread */

static GDBusMessage *next_signal(struct tsr_remote_link *link)
{
	GDBusMessage *message;

	g_mutex_lock(&link->mutex);
	message = g_queue_pop_head(&link->signals);
	g_mutex_unlock(&link->mutex);
	return message;
}

/* GDBus reads all that came before it says that the connection is closed. */
static void tell_closed(struct tsr_remote_link *link)
{
	if (link->left || link->told_closed || !g_dbus_connection_is_closed(link->connection))
		return;
	link->told_closed = TRUE;
	link->events->closed(link->user);
}

/* An event's handler may make calls, or leave. */
static void deliver(struct tsr_remote_link *link)
{
	GDBusMessage *message;

	g_atomic_rc_box_acquire(link);
	while (!link->left && (message = next_signal(link))) {
		link->events->signal(link->user, g_dbus_message_get_member(message),
				     g_dbus_message_get_body(message));
		g_object_unref(message);
	}
	tell_closed(link);
	link_unref(link);
}

static gboolean on_deliver(gpointer data)
{
	struct tsr_remote_link *link = data;

	g_mutex_lock(&link->mutex);
	g_clear_pointer(&link->source, g_source_unref);
	g_mutex_unlock(&link->mutex);
	deliver(link);
	return G_SOURCE_REMOVE;
}

/* With the mutex. */
static void deliver_later(struct tsr_remote_link *link)
{
	if (link->source)
		return;
	link->source = g_idle_source_new();
	g_source_set_priority(link->source, G_PRIORITY_DEFAULT);
	g_source_set_callback(link->source, on_deliver, g_atomic_rc_box_acquire(link), link_unref);
	g_source_attach(link->source, link->context);
}

/* -- On GDBus' thread */

static gboolean is_ours(GDBusMessage *message)
{
	const char *interface = g_dbus_message_get_interface(message);

	return g_strcmp0(g_dbus_message_get_path(message), TSR_CONTROL_PATH) == 0 &&
	       (g_strcmp0(interface, TSR_CONTROL_INTERFACE) == 0 ||
		g_strcmp0(interface, "org.freedesktop.DBus.Properties") == 0) &&
	       g_dbus_message_get_body(message);
}

/* Takes the message, or returns FALSE. With the mutex. */
static gboolean take_message(struct tsr_remote_link *link, GDBusMessage *message)
{
	switch (g_dbus_message_get_message_type(message)) {
	case G_DBUS_MESSAGE_TYPE_SIGNAL:
		if (!is_ours(message))
			return FALSE;
		g_queue_push_tail(&link->signals, message);
		deliver_later(link);
		return TRUE;
	case G_DBUS_MESSAGE_TYPE_METHOD_RETURN:
	case G_DBUS_MESSAGE_TYPE_ERROR:
		if (!link->asked || g_dbus_message_get_reply_serial(message) != link->asked)
			return FALSE;
		link->answer = message;
		g_cond_signal(&link->changed);
		return TRUE;
	default:
		return FALSE;
	}
}

static GDBusMessage *on_message(GDBusConnection *connection, GDBusMessage *message,
				gboolean incoming, gpointer data)
{
	struct tsr_remote_link *link = data;
	gboolean taken;

	g_mutex_lock(&link->mutex);
	taken = incoming && take_message(link, message);
	g_mutex_unlock(&link->mutex);
	return taken ? NULL : message;
}

/* -- Its life */

static void on_closed(GDBusConnection *connection, gboolean remote, GError *error, gpointer data)
{
	deliver(data);
}

struct tsr_remote_link *tsr_remote_link_new(const char *where, GMainContext *context,
					    const struct tsr_remote_link_events *events,
					    gpointer user, GError **error)
{
	GDBusConnection *connection =
		tsr_remote_connect(where, G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING, error);
	struct tsr_remote_link *link;

	if (!connection)
		return NULL;
	link = g_atomic_rc_box_new0(struct tsr_remote_link);
	link->connection = connection;
	link->context = g_main_context_ref(context);
	link->events = events;
	link->user = user;
	g_mutex_init(&link->mutex);
	g_cond_init(&link->changed);
	g_queue_init(&link->signals);
	link->filter = g_dbus_connection_add_filter(connection, on_message,
						    g_atomic_rc_box_acquire(link), link_unref);
	g_signal_connect(connection, "closed", G_CALLBACK(on_closed), link);
	g_dbus_connection_start_message_processing(connection);
	return link;
}

static void on_flushed(GObject *source, GAsyncResult *result, gpointer flushed)
{
	*(gboolean *)flushed = TRUE;
}

static gboolean on_late(gpointer late)
{
	*(gboolean *)late = TRUE;
	return G_SOURCE_REMOVE;
}

/* g_dbus_connection_flush_sync() has no limit. */
static void flush(GDBusConnection *connection)
{
	GMainContext *context = g_main_context_new();
	GSource *limit = g_timeout_source_new_seconds(FLUSH_SECONDS);
	GCancellable *cancellable = g_cancellable_new();
	gboolean flushed = FALSE, late = FALSE;

	g_main_context_push_thread_default(context);
	g_source_set_callback(limit, on_late, &late, NULL);
	g_source_attach(limit, context);
	g_dbus_connection_flush(connection, cancellable, on_flushed, &flushed);
	while (!flushed) {
		if (late)
			g_cancellable_cancel(cancellable);
		g_main_context_iteration(context, TRUE);
	}
	g_source_destroy(limit);
	g_source_unref(limit);
	g_object_unref(cancellable);
	g_main_context_pop_thread_default(context);
	g_main_context_unref(context);
}

void tsr_remote_link_close(struct tsr_remote_link *link)
{
	link->left = TRUE;
	g_signal_handlers_disconnect_by_data(link->connection, link);
	if (!g_dbus_connection_is_closed(link->connection))
		flush(link->connection);
	g_dbus_connection_remove_filter(link->connection, link->filter);
	g_dbus_connection_close(link->connection, NULL, NULL, NULL);
	g_clear_object(&link->connection);
	link_unref(link);
}

/* -- Calls */

GVariant *tsr_remote_link_call(struct tsr_remote_link *link, const char *method,
			       GVariant *arguments, guint seconds, GError **error)
{
	g_autoptr(GError) why = NULL;
	GVariant *answer = g_dbus_connection_call_sync(
		link->connection, NULL, TSR_CONTROL_PATH, TSR_CONTROL_INTERFACE, method, arguments,
		NULL, G_DBUS_CALL_FLAGS_NONE, (int)seconds * 1000, NULL, &why);

	if (why) {
		g_dbus_error_strip_remote_error(why);
		g_propagate_error(error, g_steal_pointer(&why));
	}
	deliver(link);
	return answer;
}

int tsr_remote_link_call_for_file(struct tsr_remote_link *link, const char *method,
				  GVariant *arguments, GError **error)
{
	g_autoptr(GUnixFDList) list = NULL;
	g_autoptr(GError) why = NULL;
	g_autoptr(GVariant) answer = g_dbus_connection_call_with_unix_fd_list_sync(
		link->connection, NULL, TSR_CONTROL_PATH, TSR_CONTROL_INTERFACE, method, arguments,
		G_VARIANT_TYPE("(h)"), G_DBUS_CALL_FLAGS_NONE, TSR_REMOTE_SECONDS * 1000, NULL,
		&list, NULL, &why);
	int index, file = -1;

	if (answer) {
		g_variant_get(answer, "(h)", &index);
		file = list ? g_unix_fd_list_get(list, index, error) : -1;
	} else {
		g_dbus_error_strip_remote_error(why);
		g_propagate_error(error, g_steal_pointer(&why));
	}
	deliver(link);
	return file;
}

GDBusConnection *tsr_remote_link_get_connection(struct tsr_remote_link *link)
{
	return link->connection;
}

void tsr_remote_link_deliver(struct tsr_remote_link *link)
{
	deliver(link);
}

GVariant *tsr_remote_link_get(struct tsr_remote_link *link, const char *property, GError **error)
{
	g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
		link->connection, NULL, TSR_CONTROL_PATH, "org.freedesktop.DBus.Properties", "Get",
		g_variant_new("(ss)", TSR_CONTROL_INTERFACE, property), G_VARIANT_TYPE("(v)"),
		G_DBUS_CALL_FLAGS_NONE, TSR_REMOTE_SECONDS * 1000, NULL, error);
	GVariant *value = NULL;

	if (answer)
		g_variant_get(answer, "(v)", &value);
	return value;
}

void tsr_remote_link_send(struct tsr_remote_link *link, const char *method, GVariant *arguments)
{
	g_dbus_connection_call(link->connection, NULL, TSR_CONTROL_PATH, TSR_CONTROL_INTERFACE,
			       method, arguments, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL,
			       NULL);
}

gboolean tsr_remote_link_ask(struct tsr_remote_link *link, const char *method, GVariant *arguments)
{
	g_autoptr(GDBusMessage) message = g_dbus_message_new_method_call(
		NULL, TSR_CONTROL_PATH, TSR_CONTROL_INTERFACE, method);
	gboolean sent;

	g_dbus_message_set_body(message, arguments);
	/* Under the mutex, because the answer can be faster than the serial. */
	g_mutex_lock(&link->mutex);
	g_clear_object(&link->answer);
	link->asked = 0;
	sent = g_dbus_connection_send_message(link->connection, message,
					      G_DBUS_SEND_MESSAGE_FLAGS_NONE, &link->asked, NULL);
	g_mutex_unlock(&link->mutex);
	return sent;
}

/* The answer, once it has come. The end of a connection wakes nobody. With the mutex. */
static GDBusMessage *wait_for_answer(struct tsr_remote_link *link, gint64 until)
{
	gint64 now = g_get_monotonic_time();

	while (link->asked && !link->answer && now < until &&
	       !g_dbus_connection_is_closed(link->connection)) {
		g_cond_wait_until(&link->changed, &link->mutex, MIN(until, now + LOOK_UP_US));
		now = g_get_monotonic_time();
	}
	if (!link->answer)
		return NULL;
	link->asked = 0;
	return g_steal_pointer(&link->answer);
}

GVariant *tsr_remote_link_answer(struct tsr_remote_link *link, gint64 until)
{
	g_autoptr(GDBusMessage) message = NULL;
	GVariant *body = NULL;

	g_mutex_lock(&link->mutex);
	message = wait_for_answer(link, until);
	g_mutex_unlock(&link->mutex);
	if (message &&
	    g_dbus_message_get_message_type(message) == G_DBUS_MESSAGE_TYPE_METHOD_RETURN)
		body = g_dbus_message_get_body(message);
	if (body)
		g_variant_ref(body);
	deliver(link);
	return body;
}

gboolean tsr_remote_link_is_asking(struct tsr_remote_link *link)
{
	gboolean asking;

	g_mutex_lock(&link->mutex);
	asking = link->asked != 0;
	g_mutex_unlock(&link->mutex);
	return asking;
}
