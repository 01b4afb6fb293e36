/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine's process, over its control socket: whether it is there, what its guest does, and its
 * picture. The D-Bus interface org.tessera.Machine1 describes itself (`tessera ctl SOCKET
 * introspect`).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <gio/gunixfdlist.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/folder.h"
#include "model/machine-private.h"
#include "model/text.h"

#define PATH "/org/tessera/Machine"
#define INTERFACE "org.tessera.Machine1"
#define CALL_SECONDS 600
#define STATUS_SECONDS 10
#define LIVE_SECONDS 2
#define SAVE_SECONDS 10
#define PICTURE_BYTES (64 << 20)

/* -- Calls */

void tsr_library_machine_call_with(TsrLibraryMachine *self, const char *method, GVariant *arguments,
				   GUnixFDList *files, GAsyncReadyCallback callback, gpointer user)
{
	g_dbus_connection_call_with_unix_fd_list(self->connection, NULL, PATH, INTERFACE, method,
						 arguments, NULL, G_DBUS_CALL_FLAGS_NONE,
						 CALL_SECONDS * 1000, files, NULL, callback, user);
}

void tsr_library_machine_call(TsrLibraryMachine *self, const char *method, GVariant *arguments,
			      GUnixFDList *files, GAsyncReadyCallback callback)
{
	tsr_library_machine_call_with(self, method, arguments, files, callback,
				      callback ? g_object_ref(self) : NULL);
}

gboolean tsr_library_machine_call_finish(GObject *connection, GAsyncResult *result, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GVariant) answer = g_dbus_connection_call_with_unix_fd_list_finish(
		G_DBUS_CONNECTION(connection), NULL, result, &why);

	if (!answer) {
		g_dbus_error_strip_remote_error(why);
		g_propagate_error(error, g_steal_pointer(&why));
	}
	return answer != NULL;
}

static void on_status(GObject *connection, GAsyncResult *result, gpointer data)
{
	g_autoptr(GTask) task = data;
	GError *why = NULL;
	g_autoptr(GVariant) answer =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(connection), result, &why);

	if (answer)
		g_task_return_pointer(task, g_variant_get_child_value(answer, 0),
				      (GDestroyNotify)g_variant_unref);
	else
		g_task_return_error(task, why);
}

void tsr_library_machine_get_status(TsrLibraryMachine *self, GAsyncReadyCallback callback,
				    gpointer user)
{
	g_autoptr(GTask) task = g_task_new(self, NULL, callback, user);

	if (self->connection)
		g_dbus_connection_call(self->connection, NULL, PATH, INTERFACE, "GetStatus", NULL,
				       G_VARIANT_TYPE("(a{sv})"), G_DBUS_CALL_FLAGS_NONE,
				       STATUS_SECONDS * 1000, NULL, on_status,
				       g_steal_pointer(&task));
	else
		g_task_return_new_error(task, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED,
					_("The machine does not answer."));
}

GVariant *tsr_library_machine_get_status_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/* -- Pictures */

static void on_picture_saved(GObject *file, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) why = NULL;

	/* A machine that was moved meanwhile, or a full disk: the next picture may succeed. */
	if (!g_file_replace_contents_finish(G_FILE(file), result, NULL, &why))
		g_debug("picture: %s", why->message);
}

void tsr_library_machine_save_picture(TsrLibraryMachine *self)
{
	g_autofree char *path = g_build_filename(self->record->folder, TSR_LIBRARY_PICTURE, NULL);
	g_autoptr(GFile) file = g_file_new_for_path(path);

	if (!self->picture)
		return;
	self->picture_saved = g_get_monotonic_time();
	/* Not through a link, which a stranger's folder may have there. */
	g_file_replace_contents_bytes_async(file, self->picture, NULL, FALSE,
					    G_FILE_CREATE_REPLACE_DESTINATION, NULL,
					    on_picture_saved, NULL);
}

/* Takes a picture out of the file in memory that the machine wrote. */
static void read_picture(TsrLibraryMachine *self, int fd)
{
	g_autoptr(GMappedFile) mapped = NULL;
	g_autoptr(GBytes) picture = NULL;
	struct stat info;

	if (fstat(fd, &info) != 0 || info.st_size == 0 || info.st_size > PICTURE_BYTES)
		return;
	mapped = g_mapped_file_new_from_fd(fd, FALSE, NULL);
	if (!mapped)
		return;
	/* A copy: the machine could change or shorten what is mapped. */
	picture = g_bytes_new(g_mapped_file_get_contents(mapped), g_mapped_file_get_length(mapped));
	tsr_library_machine_set_picture(self, picture);
	if (g_get_monotonic_time() - self->picture_saved > SAVE_SECONDS * G_TIME_SPAN_SECOND)
		tsr_library_machine_save_picture(self);
}

typedef struct {
	TsrLibraryMachine *machine;
	int fd;
} PictureCall;

static void on_picture(GObject *connection, GAsyncResult *result, gpointer data)
{
	PictureCall *call = data;

	call->machine->is_asked = FALSE;
	if (tsr_library_machine_call_finish(connection, result, NULL) &&
	    call->machine->connection == G_DBUS_CONNECTION(connection))
		read_picture(call->machine, call->fd);
	close(call->fd);
	g_object_unref(call->machine);
	g_free(call);
}

/* One at a time: a machine that hangs is not asked again. */
void tsr_library_machine_take_picture(TsrLibraryMachine *self)
{
	g_autoptr(GUnixFDList) files = g_unix_fd_list_new();
	PictureCall *call;
	int fd;

	if (!self->connection || self->is_asked)
		return;
	fd = memfd_create("picture", MFD_CLOEXEC);
	if (fd < 0 || g_unix_fd_list_append(files, fd, NULL) < 0) {
		if (fd >= 0)
			close(fd);
		return;
	}
	call = g_new0(PictureCall, 1);
	call->machine = g_object_ref(self);
	call->fd = fd;
	self->is_asked = TRUE;
	tsr_library_machine_call_with(self, "ScreenshotFd", g_variant_new("(uh)", 0, 0), files,
				      on_picture, call);
}

static gboolean on_live(gpointer data)
{
	tsr_library_machine_take_picture(data);
	return G_SOURCE_CONTINUE;
}

/* The timer runs only while there is a guest that can change its screen. */
static void update_live(TsrLibraryMachine *self)
{
	gboolean wanted = self->live && self->connection && self->guest == TSR_LIBRARY_RUNNING;

	if (!wanted)
		g_clear_handle_id(&self->live_source, g_source_remove);
	else if (!self->live_source) {
		self->live_source = g_timeout_add_seconds(LIVE_SECONDS, on_live, self);
		tsr_library_machine_take_picture(self);
	}
}

void tsr_library_machine_set_live(TsrLibraryMachine *self, gboolean live)
{
	self->live = live;
	update_live(self);
}

/* -- What the guest does */

static void set_guest(TsrLibraryMachine *self, const char *state)
{
	if (g_str_equal(state, "running"))
		self->guest = TSR_LIBRARY_RUNNING;
	else if (g_str_equal(state, "paused"))
		self->guest = TSR_LIBRARY_PAUSED;
	else if (g_str_equal(state, "loaded"))
		self->guest = TSR_LIBRARY_STARTING;
	else
		self->guest = TSR_LIBRARY_STOPPING;
	if (self->guest == TSR_LIBRARY_RUNNING && self->operation != TSR_LIBRARY_SUSPENDING)
		tsr_library_machine_drop_state(self);
	if (self->operation == TSR_LIBRARY_STARTING && self->guest != TSR_LIBRARY_STARTING)
		self->operation = TSR_LIBRARY_OFF;
	update_live(self);
	tsr_library_machine_changed(self);
}

static void on_state(GObject *connection, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrLibraryMachine) self = data;
	g_autoptr(GVariant) answer =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(connection), result, NULL);
	g_autoptr(GVariant) value = NULL;

	if (!answer || self->connection != G_DBUS_CONNECTION(connection))
		return;
	g_variant_get(answer, "(v)", &value);
	if (g_variant_is_of_type(value, G_VARIANT_TYPE_STRING))
		set_guest(self, g_variant_get_string(value, NULL));
}

static void on_signal(GDBusConnection *connection, const char *sender, const char *path,
		      const char *interface, const char *name, GVariant *arguments, gpointer data)
{
	TsrLibraryMachine *self = data;
	const char *text;
	int status;

	if (g_str_equal(name, "StateChanged") &&
	    g_variant_is_of_type(arguments, G_VARIANT_TYPE("(s)"))) {
		g_variant_get(arguments, "(&s)", &text);
		set_guest(self, text);
	} else if (g_str_equal(name, "Stopped") &&
		   g_variant_is_of_type(arguments, G_VARIANT_TYPE("(is)"))) {
		g_variant_get(arguments, "(i&s)", &status, &text);
		if (status != 0 && *text && self->operation != TSR_LIBRARY_STOPPING)
			tsr_library_machine_set_failure(self,
							g_strdup_printf(_("It stopped: %s"), text));
	}
}

/* -- The connection */

void tsr_library_machine_disconnect(TsrLibraryMachine *self)
{
	g_clear_handle_id(&self->live_source, g_source_remove);
	if (!self->connection)
		return;
	g_signal_handlers_disconnect_by_data(self->connection, self);
	g_dbus_connection_signal_unsubscribe(self->connection, self->subscription);
	g_clear_object(&self->connection);
	self->guest = TSR_LIBRARY_STARTING;
}

static void on_closed(GDBusConnection *connection, gboolean remote, GError *error, gpointer data)
{
	g_autoptr(TsrLibraryMachine) self = g_object_ref(data);

	tsr_library_machine_save_picture(self);
	tsr_library_machine_disconnect(self);
	tsr_library_machine_ended(self);
}

static void take_connection(TsrLibraryMachine *self, GDBusConnection *connection)
{
	self->connection = connection;
	g_dbus_connection_set_exit_on_close(connection, FALSE);
	g_signal_connect(connection, "closed", G_CALLBACK(on_closed), self);
	/* Before the state is asked for, so that no change is missed. */
	self->subscription =
		g_dbus_connection_signal_subscribe(connection, NULL, INTERFACE, NULL, PATH, NULL,
						   G_DBUS_SIGNAL_FLAGS_NONE, on_signal, self, NULL);
	g_dbus_connection_call(connection, NULL, PATH, "org.freedesktop.DBus.Properties", "Get",
			       g_variant_new("(ss)", INTERFACE, "State"), G_VARIANT_TYPE("(v)"),
			       G_DBUS_CALL_FLAGS_NONE, CALL_SECONDS * 1000, NULL, on_state,
			       g_object_ref(self));
	tsr_library_machine_changed(self);
}

static void on_connected(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrLibraryMachine) self = data;
	GDBusConnection *connection = g_dbus_connection_new_for_address_finish(result, NULL);

	self->is_connecting = FALSE;
	if (!connection)
		return;
	g_clear_handle_id(&self->retry, g_source_remove);
	take_connection(self, connection);
}

void tsr_library_machine_connect(TsrLibraryMachine *self)
{
	g_autofree char *escaped = g_dbus_address_escape_value(self->socket),
			*address = g_strconcat("unix:path=", escaped, NULL);

	if (self->connection || self->is_connecting)
		return;
	self->is_connecting = TRUE;
	g_dbus_connection_new_for_address(address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT,
					  NULL, NULL, on_connected, g_object_ref(self));
}

void tsr_library_machine_look(TsrLibraryMachine *self)
{
	/* A socket is a name in memory; connecting to one that is not there costs a thread. */
	if (access(self->socket, F_OK) == 0)
		tsr_library_machine_connect(self);
}
