/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See control.h. Methods are rows of a table; what a method does is one call of the public control
 * plane. */
#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/control-interface.h"
#include "control/control-keys.h"
#include "control/control.h"

#define POSITION_MAX 65535u
#define QUEUED_CLIENTS_MAX 128 /* that have connected and were not yet accepted */

struct _TsrControl {
	GObject parent;
	TsrMachine *machine;
	TsrTypist *typist;
	GSocketService *service;
	char *guid; /* of the server, D-Bus specification, "UUIDs" */
	GDBusNodeInfo *info;
	GPtrArray *connections; /* GDBusConnection */
	char *path;             /* of the socket, once it is ours */
};

G_DEFINE_FINAL_TYPE(TsrControl, tsr_control, G_TYPE_OBJECT)

/* -- methods */

/* Answers the call itself, or returns NULL with error, or a value (floating) to be returned. */
typedef GVariant *(*Method)(TsrControl *self, GVariant *arguments, GError **error);

static GVariant *nothing(gboolean done)
{
	return done ? g_variant_new("()") : NULL;
}

static GVariant *on_pause(TsrControl *self, GVariant *arguments, GError **error)
{
	return nothing(tsr_machine_pause(self->machine, error));
}

static GVariant *on_resume(TsrControl *self, GVariant *arguments, GError **error)
{
	return nothing(tsr_machine_resume(self->machine, error));
}

static GVariant *on_reset(TsrControl *self, GVariant *arguments, GError **error)
{
	return nothing(tsr_machine_reset(self->machine, error));
}

static gboolean stop_later(gpointer user)
{
	TsrControl *self = user;

	tsr_machine_stop(self->machine, TSR_EXIT_POWERED_OFF,
			 "Quit was called on the control socket");
	return G_SOURCE_REMOVE;
}

/* The machine is stopped a moment later, so that the answer is sent before the process ends. */
static GVariant *on_quit(TsrControl *self, GVariant *arguments, GError **error)
{
	g_timeout_add_full(G_PRIORITY_DEFAULT, 20, stop_later, g_object_ref(self), g_object_unref);
	return g_variant_new("()");
}

static gboolean check_display(TsrControl *self, guint display, GError **error)
{
	guint n = tsr_machine_get_n_displays(self->machine);

	if (display < n)
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
		    "the machine has no display %u; it has %u displays", display, n);
	return FALSE;
}

static GVariant *on_screenshot(TsrControl *self, GVariant *arguments, GError **error)
{
	const char *path;
	guint display;

	g_variant_get(arguments, "(u&s)", &display, &path);
	return nothing(check_display(self, display, error) &&
		       tsr_machine_screenshot(self->machine, display, path, error));
}

static GVariant *on_screenshot_bytes(TsrControl *self, GVariant *arguments, GError **error)
{
	g_autofree char *folder = g_dir_make_tmp("tessera-XXXXXX", error);
	g_autofree char *path = folder ? g_build_filename(folder, "screen.png", NULL) : NULL;
	g_autofree char *png = NULL;
	gsize length = 0;
	guint display;
	gboolean done;

	g_variant_get(arguments, "(u)", &display);
	if (!path)
		return NULL;
	done = check_display(self, display, error) &&
	       tsr_machine_screenshot(self->machine, display, path, error) &&
	       g_file_get_contents(path, &png, &length, error);
	g_unlink(path);
	g_rmdir(folder);
	if (!done)
		return NULL;
	return g_variant_new("(@ay)",
			     g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, png, length, 1));
}

static GVariant *on_screen_text(TsrControl *self, GVariant *arguments, GError **error)
{
	g_autofree char *text = NULL;
	guint display;

	g_variant_get(arguments, "(u)", &display);
	if (!check_display(self, display, error))
		return NULL;
	text = tsr_machine_get_screen_text(self->machine, display);
	return g_variant_new("(s)", text ? text : "");
}

static GVariant *on_send_key(TsrControl *self, GVariant *arguments, GError **error)
{
	gboolean down;
	guint code;

	g_variant_get(arguments, "(ub)", &code, &down);
	tsr_machine_send_key(self->machine, code, down);
	return g_variant_new("()");
}

static GVariant *on_move_pointer(TsrControl *self, GVariant *arguments, GError **error)
{
	int dx, dy, wheel;
	guint buttons;

	g_variant_get(arguments, "(iiiu)", &dx, &dy, &wheel, &buttons);
	tsr_machine_send_pointer(self->machine, dx, dy, wheel, buttons);
	return g_variant_new("()");
}

static GVariant *on_place_pointer(TsrControl *self, GVariant *arguments, GError **error)
{
	guint x, y, buttons;
	int wheel;

	g_variant_get(arguments, "(uuiu)", &x, &y, &wheel, &buttons);
	if (x > POSITION_MAX || y > POSITION_MAX) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "%u, %u is not a position: both are from 0 to %u", x, y, POSITION_MAX);
		return NULL;
	}
	tsr_machine_send_pointer_absolute(self->machine, x, y, wheel, buttons);
	return g_variant_new("()");
}

static GVariant *on_insert_medium(TsrControl *self, GVariant *arguments, GError **error)
{
	const char *instance, *path;

	g_variant_get(arguments, "(&s&s)", &instance, &path);
	return nothing(
		tsr_machine_set_instance_property(self->machine, instance, "file", path, error));
}

static GVariant *on_eject_medium(TsrControl *self, GVariant *arguments, GError **error)
{
	const char *instance;

	g_variant_get(arguments, "(&s)", &instance);
	return nothing(
		tsr_machine_set_instance_property(self->machine, instance, "file", "", error));
}

static GVariant *on_list_instances(TsrControl *self, GVariant *arguments, GError **error)
{
	g_auto(GStrv) names = tsr_machine_list_instances(self->machine);

	return g_variant_new("(^as)", names);
}

static GVariant *on_get_instance_property(TsrControl *self, GVariant *arguments, GError **error)
{
	const char *instance, *property;
	g_autofree char *value = NULL;

	g_variant_get(arguments, "(&s&s)", &instance, &property);
	value = tsr_machine_get_instance_property(self->machine, instance, property, error);
	return value ? g_variant_new("(s)", value) : NULL;
}

static GVariant *on_set_instance_property(TsrControl *self, GVariant *arguments, GError **error)
{
	const char *instance, *property, *value;

	g_variant_get(arguments, "(&s&s&s)", &instance, &property, &value);
	return nothing(
		tsr_machine_set_instance_property(self->machine, instance, property, value, error));
}

static GVariant *on_save(TsrControl *self, GVariant *arguments, GError **error)
{
	const char *path;

	g_variant_get(arguments, "(&s)", &path);
	return nothing(tsr_machine_save(self->machine, path, error));
}

static GVariant *on_get_stats(TsrControl *self, GVariant *arguments, GError **error)
{
	g_autofree char *text = tsr_machine_get_stats(self->machine);

	return g_variant_new("(s)", text ? text : "");
}

static GVariant *on_tap_line(TsrControl *self, GVariant *arguments, GError **error)
{
	const char *line;
	gboolean on;

	g_variant_get(arguments, "(&sb)", &line, &on);
	return nothing(tsr_machine_tap_line(self->machine, line, on, error));
}

static const struct {
	const char *name;
	Method method;
} methods[] = {
	{ "Pause", on_pause },
	{ "Resume", on_resume },
	{ "Reset", on_reset },
	{ "Quit", on_quit },
	{ "Screenshot", on_screenshot },
	{ "ScreenshotBytes", on_screenshot_bytes },
	{ "ScreenText", on_screen_text },
	{ "SendKey", on_send_key },
	{ "MovePointer", on_move_pointer },
	{ "PlacePointer", on_place_pointer },
	{ "InsertMedium", on_insert_medium },
	{ "EjectMedium", on_eject_medium },
	{ "ListInstances", on_list_instances },
	{ "GetInstanceProperty", on_get_instance_property },
	{ "SetInstanceProperty", on_set_instance_property },
	{ "Save", on_save },
	{ "GetStats", on_get_stats },
	{ "TapLine", on_tap_line },
};

static void on_typed(gpointer user)
{
	g_dbus_method_invocation_return_value(user, NULL);
}

/* PressKeys and TypeText: the answer comes when the last key is up. */
static void start_typing(TsrControl *self, gboolean press, GVariant *arguments,
			 GDBusMethodInvocation *invocation)
{
	g_autoptr(GError) error = NULL;
	const char *text;
	gboolean started;

	g_variant_get(arguments, "(&s)", &text);
	started = press ? tsr_typist_press(self->typist, text, on_typed, invocation, &error)
			: tsr_typist_type(self->typist, text, on_typed, invocation, &error);
	if (!started)
		g_dbus_method_invocation_return_gerror(invocation, error);
}

static void call_method(TsrControl *self, Method method, GVariant *arguments,
			GDBusMethodInvocation *invocation)
{
	g_autoptr(GError) error = NULL;
	GVariant *answer = method(self, arguments, &error);

	if (answer)
		g_dbus_method_invocation_return_value(invocation, answer);
	else
		g_dbus_method_invocation_return_gerror(invocation, error);
}

static void on_method_call(GDBusConnection *connection, const char *sender, const char *path,
			   const char *interface, const char *name, GVariant *arguments,
			   GDBusMethodInvocation *invocation, gpointer user)
{
	for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
		if (g_str_equal(methods[i].name, name)) {
			call_method(user, methods[i].method, arguments, invocation);
			return;
		}
	}
	start_typing(user, g_str_equal(name, "PressKeys"), arguments, invocation);
}

/* -- properties and signals */

static const char *state_name(TsrMachineState state)
{
	static const char *const names[] = {
		[TSR_MACHINE_LOADED] = "loaded",
		[TSR_MACHINE_RUNNING] = "running",
		[TSR_MACHINE_PAUSED] = "paused",
		[TSR_MACHINE_STOPPED] = "stopped",
	};

	return names[state];
}

static GVariant *on_get_property(GDBusConnection *connection, const char *sender, const char *path,
				 const char *interface, const char *name, GError **error,
				 gpointer user)
{
	TsrControl *self = user;

	if (g_str_equal(name, "Name"))
		return g_variant_new_string(tsr_machine_get_name(self->machine));
	if (g_str_equal(name, "State"))
		return g_variant_new_string(state_name(tsr_machine_get_state(self->machine)));
	return g_variant_new_int32(tsr_machine_get_exit_status(self->machine));
}

/* Takes a floating reference of arguments. */
static void emit(TsrControl *self, const char *interface, const char *name, GVariant *arguments)
{
	g_variant_ref_sink(arguments);
	for (guint i = 0; i < self->connections->len; i++)
		g_dbus_connection_emit_signal(g_ptr_array_index(self->connections, i), NULL,
					      TSR_CONTROL_PATH, interface, name, arguments, NULL);
	g_variant_unref(arguments);
}

static void on_state_changed(TsrMachine *machine, TsrMachineState state, TsrControl *self)
{
	GVariantBuilder changed;

	g_variant_builder_init(&changed, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&changed, "{sv}", "State", g_variant_new_string(state_name(state)));
	g_variant_builder_add(&changed, "{sv}", "ExitStatus",
			      g_variant_new_int32(tsr_machine_get_exit_status(machine)));
	emit(self, "org.freedesktop.DBus.Properties", "PropertiesChanged",
	     g_variant_new("(sa{sv}as)", TSR_CONTROL_INTERFACE, &changed, NULL));
	emit(self, TSR_CONTROL_INTERFACE, "StateChanged", g_variant_new("(s)", state_name(state)));
}

static void on_stopped(TsrMachine *machine, int exit_status, const char *why, TsrControl *self)
{
	emit(self, TSR_CONTROL_INTERFACE, "Stopped",
	     g_variant_new("(is)", exit_status, why ? why : ""));
}

/* What a guest prints need not be UTF-8; D-Bus strings are. */
static void on_event(TsrMachine *machine, const char *instance, const char *event,
		     const char *detail, TsrControl *self)
{
	g_autofree char *text = g_utf8_make_valid(detail ? detail : "", -1);

	emit(self, TSR_CONTROL_INTERFACE, "Event", g_variant_new("(sss)", instance, event, text));
}

static void on_display_changed(TsrMachine *machine, guint display, guint width, guint height,
			       TsrControl *self)
{
	emit(self, TSR_CONTROL_INTERFACE, "DisplayChanged",
	     g_variant_new("(uuu)", display, width, height));
}

static void on_line_changed(TsrMachine *machine, const char *line, int level, TsrControl *self)
{
	emit(self, TSR_CONTROL_INTERFACE, "LineChanged", g_variant_new("(si)", line, level));
}

static void on_device_fault(TsrMachine *machine, const char *instance, const char *what,
			    TsrControl *self)
{
	emit(self, TSR_CONTROL_INTERFACE, "DeviceFault", g_variant_new("(ss)", instance, what));
}

static void on_guest_panicked(TsrMachine *machine, const char *why, TsrControl *self)
{
	emit(self, TSR_CONTROL_INTERFACE, "GuestPanicked", g_variant_new("(s)", why));
}

static const struct {
	const char *name;
	GCallback callback;
} signals[] = {
	{ "state-changed", G_CALLBACK(on_state_changed) },
	{ "stopped", G_CALLBACK(on_stopped) },
	{ "event", G_CALLBACK(on_event) },
	{ "display-changed", G_CALLBACK(on_display_changed) },
	{ "line-changed", G_CALLBACK(on_line_changed) },
	{ "device-fault", G_CALLBACK(on_device_fault) },
	{ "guest-panicked", G_CALLBACK(on_guest_panicked) },
};

/* -- the server */

static void on_closed(GDBusConnection *connection, gboolean remote, GError *error, TsrControl *self)
{
	g_ptr_array_remove_fast(self->connections, connection);
}

static gboolean take_client(TsrControl *self, GDBusConnection *connection)
{
	static const GDBusInterfaceVTable table = { .method_call = on_method_call,
						    .get_property = on_get_property };
	guint id = g_dbus_connection_register_object(
		connection, TSR_CONTROL_PATH, self->info->interfaces[0], &table, self, NULL, NULL);

	if (!id)
		return FALSE;
	g_object_set_data(G_OBJECT(connection), "tsr-object", GUINT_TO_POINTER(id));
	g_ptr_array_add(self->connections, g_object_ref(connection));
	g_signal_connect_object(connection, "closed", G_CALLBACK(on_closed), self, 0);
	g_dbus_connection_start_message_processing(connection);
	return TRUE;
}

/* The control may have been disposed of meanwhile. */
static void on_authenticated(GObject *source, GAsyncResult *result, gpointer user)
{
	g_autoptr(TsrControl) self = g_weak_ref_get(user);
	g_autoptr(GDBusConnection) connection = g_dbus_connection_new_finish(result, NULL);

	if (connection && (!self || !self->service || !take_client(self, connection)))
		g_dbus_connection_close(connection, NULL, NULL, NULL);
	g_weak_ref_clear(user);
	g_free(user);
}

/* GDBusServer would do the same, but its queue of new clients holds ten. */
static gboolean on_incoming(GSocketService *service, GSocketConnection *stream, GObject *source,
			    TsrControl *self)
{
	GWeakRef *reference = g_new0(GWeakRef, 1);

	g_weak_ref_init(reference, self);
	g_dbus_connection_new(G_IO_STREAM(stream), self->guid,
			      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER |
				      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_REQUIRE_SAME_USER |
				      G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING,
			      NULL, NULL, on_authenticated, reference);
	return TRUE;
}

static const char *socket_path(const char *where)
{
	return g_str_has_prefix(where, "unix:") ? where + strlen("unix:") : where;
}

char *tsr_control_address(const char *where, GError **error)
{
	const char *path = socket_path(where);
	g_autofree char *absolute = g_canonicalize_filename(path, NULL);
	g_autofree char *escaped = g_dbus_address_escape_value(absolute);

	if (*path && strlen(absolute) < sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return g_strdup_printf("unix:path=%s", escaped);
	g_set_error(
		error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
		"\"%s\" is not a control socket: give unix:PATH, with a path of at most 107 bytes",
		where);
	return NULL;
}

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

static gboolean start_server(TsrControl *self, const char *where, GError **error)
{
	g_autofree char *bus_address = tsr_control_address(where, error);
	g_autofree char *path = g_canonicalize_filename(socket_path(where), NULL);
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

static void tsr_control_init(TsrControl *self)
{
	self->connections = g_ptr_array_new_with_free_func(g_object_unref);
	self->info = g_dbus_node_info_new_for_xml(tsr_control_xml, NULL);
	g_assert(self->info);
}

/* Messages that were sent still arrive; calls are no longer taken. */
static void close_connection(gpointer data, gpointer user)
{
	GDBusConnection *connection = data;

	g_dbus_connection_flush_sync(connection, NULL, NULL);
	g_dbus_connection_unregister_object(
		connection, GPOINTER_TO_UINT(g_object_get_data(data, "tsr-object")));
	g_dbus_connection_close_sync(connection, NULL, NULL);
}

static void tsr_control_dispose(GObject *object)
{
	TsrControl *self = TSR_CONTROL(object);

	if (self->connections)
		g_ptr_array_foreach(self->connections, close_connection, NULL);
	g_clear_pointer(&self->connections, g_ptr_array_unref);
	if (self->service) {
		g_socket_service_stop(self->service);
		g_socket_listener_close(G_SOCKET_LISTENER(self->service));
	}
	g_clear_object(&self->service);
	g_clear_pointer(&self->guid, g_free);
	if (self->path)
		g_unlink(self->path);
	g_clear_pointer(&self->path, g_free);
	g_clear_pointer(&self->typist, tsr_typist_free);
	g_clear_pointer(&self->info, g_dbus_node_info_unref);
	if (self->machine)
		g_signal_handlers_disconnect_by_data(self->machine, self);
	g_clear_object(&self->machine);
	G_OBJECT_CLASS(tsr_control_parent_class)->dispose(object);
}

static const GDBusErrorEntry errors[] = {
	{ TSR_MACHINE_ERROR_FAILED, "org.tessera.Error.Failed" },
	{ TSR_MACHINE_ERROR_INVALID, "org.tessera.Error.Invalid" },
	{ TSR_MACHINE_ERROR_NOT_FOUND, "org.tessera.Error.NotFound" },
	{ TSR_MACHINE_ERROR_STATE, "org.tessera.Error.State" },
	{ TSR_MACHINE_ERROR_IO, "org.tessera.Error.Io" },
	{ TSR_MACHINE_ERROR_VERSION, "org.tessera.Error.Version" },
};

static void tsr_control_class_init(TsrControlClass *class)
{
	for (guint i = 0; i < G_N_ELEMENTS(errors); i++)
		g_dbus_error_register_error(TSR_MACHINE_ERROR, errors[i].error_code,
					    errors[i].dbus_error_name);
	G_OBJECT_CLASS(class)->dispose = tsr_control_dispose;
}

TsrControl *tsr_control_new(TsrMachine *machine, const char *where, GError **error)
{
	g_autoptr(TsrControl) self = g_object_new(TSR_TYPE_CONTROL, NULL);

	self->machine = g_object_ref(machine);
	self->typist = tsr_typist_new(machine);
	for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
		g_signal_connect(machine, signals[i].name, signals[i].callback, self);
	if (!start_server(self, where, error))
		return NULL;
	return g_steal_pointer(&self);
}
