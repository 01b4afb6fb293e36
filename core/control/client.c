/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See client.h. A signal is owed from the moment when it is handed to GDBus, an answer from the
 * moment when its call arrives, until GDBus' thread takes the message out of its queue to write it:
 * a filter sees it then. Calls that want no answer get one that the filter drops, so that they are
 * counted alike.
 *
 * g_dbus_connection_flush is of no use here: it takes a thread of those that all tasks of GLib
 * share, waits there for another one, and cannot be given up. A marker, which the filter drops,
 * tells that all before it was written: GDBus takes a message when the last one is written.
 */
#include "control/client.h"

#include "instance/log-rate.h"

#define KEY "tsr-client"
#define OVERHEAD 256 /* bytes that a message costs besides its body, roughly */
#define PATIENCE_US G_USEC_PER_SEC
#define LINES 20 /* at once of clients that are cut, then one in each interval */
#define LINE_INTERVAL_US (10 * G_USEC_PER_SEC)
#define TAKEN_US 2000 /* that a message earns when it is taken */

struct tsr_client {
	GDBusConnection *connection; /* main thread only */
	guint filter;
	GSocket *socket;
	/* Shared with GDBus' thread. */
	GMutex mutex;
	GCond taken;
	guint messages;
	gsize bytes;
	GHashTable *answers;  /* serial of a call -> bytes of its answer */
	GHashTable *unwanted; /* serials of calls that want no answer */
	gint64 patience;      /* us for which it is waited for without result */
	gboolean is_cut;
	GDBusMessage *marker; /* sent by begin_flush, not yet seen */
};

static gsize cost(GVariant *body)
{
	return OVERHEAD + (body ? g_variant_get_size(body) : 0);
}

static void client_clear(gpointer data)
{
	struct tsr_client *client = data;

	g_clear_object(&client->marker);
	g_hash_table_unref(client->answers);
	g_hash_table_unref(client->unwanted);
	g_cond_clear(&client->taken);
	g_mutex_clear(&client->mutex);
	g_object_unref(client->socket);
}

static void client_release(gpointer client)
{
	g_atomic_rc_box_release_full(client, client_clear);
}

/* -- Mutex held */

static gboolean is_owed_too_much(const struct tsr_client *client)
{
	return client->messages >= TSR_CLIENT_OWED_MESSAGES ||
	       client->bytes >= TSR_CLIENT_OWED_BYTES;
}

/* A program may connect again as soon as it was cut. */
static void tell_cut(const struct tsr_client *client)
{
	static GMutex mutex;
	static TsrLogRate rate;
	guint left_out = 0;
	gboolean taken;

	g_mutex_lock(&mutex);
	taken = tsr_log_rate_take(&rate, g_get_monotonic_time(), LINES, LINE_INTERVAL_US,
				  &left_out);
	g_mutex_unlock(&mutex);
	if (taken)
		g_log("tessera", G_LOG_LEVEL_WARNING,
		      "control: a client is disconnected, because it does not read what it is sent "
		      "or does not wait for answers (%u messages, %" G_GSIZE_FORMAT
		      " bytes; %u clients since the last such line)",
		      client->messages, client->bytes, left_out);
}

/* Says so once for each. */
static void cut(struct tsr_client *client)
{
	if (client->is_cut)
		return;
	client->is_cut = TRUE;
	tell_cut(client);
	g_socket_shutdown(client->socket, TRUE, TRUE, NULL);
}

static gsize answer_bytes(struct tsr_client *client, gpointer serial)
{
	gpointer bytes = NULL;

	g_hash_table_steal_extended(client->answers, serial, NULL, &bytes);
	return GPOINTER_TO_SIZE(bytes);
}

/* -- On GDBus' thread: a filter owns the message, and passes on what it returns. */

static GDBusMessage *on_call(struct tsr_client *client, GDBusMessage *call)
{
	GDBusMessageFlags flags = g_dbus_message_get_flags(call);
	GDBusMessage *copy;

	if (is_owed_too_much(client))
		cut(client);
	if (client->is_cut) {
		g_object_unref(call);
		return NULL;
	}
	client->messages++;
	if (!(flags & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED))
		return call;
	copy = g_dbus_message_copy(call, NULL);
	if (!copy)
		return call;
	g_dbus_message_set_flags(copy, flags & ~G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED);
	g_hash_table_add(client->unwanted, GUINT_TO_POINTER(g_dbus_message_get_serial(call)));
	g_object_unref(call);
	return copy;
}

/* Whether the message is to be written. */
static gboolean on_taken(struct tsr_client *client, GDBusMessage *message)
{
	gpointer serial = GUINT_TO_POINTER(g_dbus_message_get_reply_serial(message));
	gboolean is_signal = g_dbus_message_get_message_type(message) == G_DBUS_MESSAGE_TYPE_SIGNAL;
	gsize bytes;

	client->patience = MIN(client->patience + TAKEN_US, PATIENCE_US);
	g_cond_signal(&client->taken);
	if (message == client->marker) {
		g_clear_object(&client->marker);
		return FALSE;
	}
	bytes = is_signal ? cost(g_dbus_message_get_body(message)) : answer_bytes(client, serial);
	client->bytes -= MIN(bytes, client->bytes);
	client->messages -= client->messages > 0;
	return is_signal || !g_hash_table_remove(client->unwanted, serial);
}

static GDBusMessage *on_message(GDBusConnection *connection, GDBusMessage *message,
				gboolean incoming, gpointer user)
{
	struct tsr_client *client = user;

	g_mutex_lock(&client->mutex);
	if (!incoming && !on_taken(client, message))
		g_clear_object(&message);
	else if (incoming &&
		 g_dbus_message_get_message_type(message) == G_DBUS_MESSAGE_TYPE_METHOD_CALL)
		message = on_call(client, message);
	g_mutex_unlock(&client->mutex);
	return message;
}

/* -- On the main thread */

struct tsr_client *tsr_client_new(GDBusConnection *connection)
{
	struct tsr_client *client = g_atomic_rc_box_new0(struct tsr_client);
	GIOStream *stream = g_dbus_connection_get_stream(connection);

	client->connection = g_object_ref(connection);
	client->socket = g_object_ref(g_socket_connection_get_socket(G_SOCKET_CONNECTION(stream)));
	g_mutex_init(&client->mutex);
	g_cond_init(&client->taken);
	client->patience = PATIENCE_US;
	client->answers = g_hash_table_new(NULL, NULL);
	client->unwanted = g_hash_table_new(NULL, NULL);
	client->filter = g_dbus_connection_add_filter(
		connection, on_message, g_atomic_rc_box_acquire(client), client_release);
	g_object_set_data_full(G_OBJECT(connection), KEY, g_atomic_rc_box_acquire(client),
			       client_release);
	return client;
}

void tsr_client_free(struct tsr_client *client)
{
	g_dbus_connection_remove_filter(client->connection, client->filter);
	g_clear_object(&client->connection);
	client_release(client);
}

GDBusConnection *tsr_client_connection(struct tsr_client *client)
{
	return client->connection;
}

void tsr_client_send(struct tsr_client *client, const char *path, const char *interface,
		     const char *name, GVariant *arguments)
{
	gboolean sent;

	g_mutex_lock(&client->mutex);
	if (is_owed_too_much(client))
		cut(client);
	sent = !client->is_cut;
	if (sent) {
		client->messages++;
		client->bytes += cost(arguments);
	}
	g_mutex_unlock(&client->mutex);
	if (sent)
		g_dbus_connection_emit_signal(client->connection, NULL, path, interface, name,
					      arguments, NULL);
}

/* Mutex held. */
static gboolean is_waited_for(const struct tsr_client *client)
{
	return client->messages >= TSR_CLIENT_BEHIND && client->patience > 0 && !client->is_cut;
}

void tsr_client_wait(struct tsr_client *client, gint64 since, gint64 until)
{
	g_mutex_lock(&client->mutex);
	while (is_waited_for(client) && g_cond_wait_until(&client->taken, &client->mutex, until))
		;
	if (is_waited_for(client))
		client->patience -= g_get_monotonic_time() - since;
	g_mutex_unlock(&client->mutex);
}

void tsr_client_begin_flush(struct tsr_client *client)
{
	g_autoptr(GDBusMessage) marker =
		g_dbus_message_new_signal("/org/tessera", "org.tessera.Control", "Flushed");

	g_mutex_lock(&client->mutex);
	client->marker = g_object_ref(marker);
	if (!g_dbus_connection_send_message(client->connection, marker,
					    G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL))
		g_clear_object(&client->marker);
	g_mutex_unlock(&client->mutex);
}

gboolean tsr_client_end_flush(struct tsr_client *client, gint64 until)
{
	gboolean flushed;

	g_mutex_lock(&client->mutex);
	while (client->marker && !client->is_cut &&
	       g_cond_wait_until(&client->taken, &client->mutex, until))
		;
	flushed = !client->marker;
	g_mutex_unlock(&client->mutex);
	return flushed;
}

void tsr_client_cut(struct tsr_client *client)
{
	g_mutex_lock(&client->mutex);
	client->is_cut = TRUE;
	g_socket_shutdown(client->socket, TRUE, TRUE, NULL);
	g_mutex_unlock(&client->mutex);
}

void tsr_client_answer(GDBusMethodInvocation *invocation, GVariant *value)
{
	GDBusConnection *connection = g_dbus_method_invocation_get_connection(invocation);
	GDBusMessage *call = g_dbus_method_invocation_get_message(invocation);
	gpointer serial = GUINT_TO_POINTER(g_dbus_message_get_serial(call));
	struct tsr_client *client = g_object_get_data(G_OBJECT(connection), KEY);
	gsize bytes = cost(value), before;

	g_mutex_lock(&client->mutex);
	before = GPOINTER_TO_SIZE(g_hash_table_lookup(client->answers, serial));
	g_hash_table_insert(client->answers, serial, GSIZE_TO_POINTER(before + bytes));
	client->bytes += bytes;
	g_mutex_unlock(&client->mutex);
	g_dbus_method_invocation_return_value(invocation, value);
}
