/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See methods.h. Methods are rows of a table; what a method does is one call of the public control
 * plane. */
#include <gio/gunixfdlist.h>
#include <unistd.h>

#include "control/client.h"
#include "control/display-methods.h"
#include "control/methods.h"
#include "control/snapshot-method.h"

#define POSITION_MAX 65535u
#define LOAD_FLAGS TSR_MACHINE_LOAD_FORCE_MEDIUM /* all that there are */

static GVariant *nothing(gboolean done)
{
	return done ? g_variant_new("()") : NULL;
}

static GVariant *on_start(TsrControlled *self, GVariant *arguments, GError **error)
{
	return nothing(tsr_machine_start(self->machine, error));
}

static GVariant *on_pause(TsrControlled *self, GVariant *arguments, GError **error)
{
	return nothing(tsr_machine_pause(self->machine, error));
}

static GVariant *on_resume(TsrControlled *self, GVariant *arguments, GError **error)
{
	return nothing(tsr_machine_resume(self->machine, error));
}

static GVariant *on_reset(TsrControlled *self, GVariant *arguments, GError **error)
{
	return nothing(tsr_machine_reset(self->machine, error));
}

static gboolean stop_later(gpointer user)
{
	tsr_machine_stop(user, TSR_EXIT_POWERED_OFF, "Quit was called on the control socket");
	return G_SOURCE_REMOVE;
}

/* The machine is stopped a moment later, so that the answer is sent before the process ends. */
static GVariant *on_quit(TsrControlled *self, GVariant *arguments, GError **error)
{
	g_timeout_add_full(G_PRIORITY_DEFAULT, 20, stop_later, g_object_ref(self->machine),
			   g_object_unref);
	return g_variant_new("()");
}

static GVariant *on_stop(TsrControlled *self, GVariant *arguments, GError **error)
{
	const char *why;
	int status;

	g_variant_get(arguments, "(i&s)", &status, &why);
	if (status < 0 || status > 255) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "%d is not an exit status: they are from 0 to 255", status);
		return NULL;
	}
	tsr_machine_stop(self->machine, status, why);
	return g_variant_new("()");
}

static gboolean check_display(TsrControlled *self, guint display, GError **error)
{
	guint n = tsr_machine_get_n_displays(self->machine);

	if (display < n)
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
		    "the machine has no display %u; it has %u displays", display, n);
	return FALSE;
}

/* Methods with a path are for machines without a jail. */
static gboolean check_path(TsrControlled *self, const char *method, GError **error)
{
	if (g_str_has_prefix(tsr_machine_get_jail(self->machine), "off"))
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE,
		    "the machine is in its jail and opens no path: call %sFd with an open file, or "
		    "start it with --no-jail",
		    method);
	return FALSE;
}

static GVariant *on_screenshot(TsrControlled *self, GVariant *arguments, GError **error)
{
	const char *path;
	guint display;

	g_variant_get(arguments, "(u&s)", &display, &path);
	return nothing(check_path(self, "Screenshot", error) &&
		       check_display(self, display, error) &&
		       tsr_machine_screenshot(self->machine, display, path, error));
}

static GVariant *on_screenshot_bytes(TsrControlled *self, GVariant *arguments, GError **error)
{
	g_autoptr(GBytes) png = NULL;
	guint display;

	g_variant_get(arguments, "(u)", &display);
	if (check_display(self, display, error))
		png = tsr_machine_get_png(self->machine, display, error);
	return png ? g_variant_new("(@ay)",
				   g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING, png, TRUE))
		   : NULL;
}

static GVariant *on_screen_text(TsrControlled *self, GVariant *arguments, GError **error)
{
	g_autofree char *text = NULL;
	guint display;

	g_variant_get(arguments, "(u)", &display);
	if (!check_display(self, display, error))
		return NULL;
	text = tsr_machine_get_screen_text(self->machine, display);
	return g_variant_new("(s)", text ? text : "");
}

static GVariant *on_send_key(TsrControlled *self, GVariant *arguments, GError **error)
{
	gboolean down;
	guint code;

	g_variant_get(arguments, "(ub)", &code, &down);
	tsr_machine_send_key(self->machine, code, down);
	return g_variant_new("()");
}

static GVariant *on_move_pointer(TsrControlled *self, GVariant *arguments, GError **error)
{
	int dx, dy, wheel;
	guint buttons;

	g_variant_get(arguments, "(iiiu)", &dx, &dy, &wheel, &buttons);
	tsr_machine_send_pointer(self->machine, dx, dy, wheel, buttons);
	return g_variant_new("()");
}

static GVariant *on_place_pointer(TsrControlled *self, GVariant *arguments, GError **error)
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

static GVariant *on_insert_medium(TsrControlled *self, GVariant *arguments, GError **error)
{
	const char *instance, *path;

	g_variant_get(arguments, "(&s&s)", &instance, &path);
	return nothing(
		check_path(self, "InsertMedium", error) &&
		tsr_machine_set_instance_property(self->machine, instance, "file", path, error));
}

static GVariant *on_eject_medium(TsrControlled *self, GVariant *arguments, GError **error)
{
	const char *instance;

	g_variant_get(arguments, "(&s)", &instance);
	return nothing(
		tsr_machine_set_instance_property(self->machine, instance, "file", "", error));
}

static GVariant *on_list_instances(TsrControlled *self, GVariant *arguments, GError **error)
{
	g_auto(GStrv) names = tsr_machine_list_instances(self->machine);

	return g_variant_new("(^as)", names);
}

static GVariant *on_list_lines(TsrControlled *self, GVariant *arguments, GError **error)
{
	g_auto(GStrv) lines = tsr_machine_list_lines(self->machine);

	return g_variant_new("(^as)", lines);
}

static GVariant *on_list_viewers(TsrControlled *self, GVariant *arguments, GError **error)
{
	g_auto(GStrv) lines = tsr_machine_list_viewers(self->machine);

	return g_variant_new("(^as)", lines);
}

static GVariant *on_get_instance_property(TsrControlled *self, GVariant *arguments, GError **error)
{
	const char *instance, *property;
	g_autofree char *value = NULL;

	g_variant_get(arguments, "(&s&s)", &instance, &property);
	value = tsr_machine_get_instance_property(self->machine, instance, property, error);
	return value ? g_variant_new("(s)", value) : NULL;
}

static GVariant *on_set_instance_property(TsrControlled *self, GVariant *arguments, GError **error)
{
	const char *instance, *property, *value;

	g_variant_get(arguments, "(&s&s&s)", &instance, &property, &value);
	if (g_str_equal(property, "file") && *value && !check_path(self, "InsertMedium", error))
		return NULL;
	return nothing(
		tsr_machine_set_instance_property(self->machine, instance, property, value, error));
}

static GVariant *on_upgrade(TsrControlled *self, GVariant *arguments, GError **error)
{
	const char *instance, *version;

	g_variant_get(arguments, "(&s&s)", &instance, &version);
	return nothing(tsr_machine_upgrade(self->machine, instance, version, error));
}

static GVariant *on_save(TsrControlled *self, GVariant *arguments, GError **error)
{
	const char *path;

	g_variant_get(arguments, "(&s)", &path);
	return nothing(check_path(self, "Save", error) &&
		       tsr_machine_save(self->machine, path, error));
}

static GVariant *on_load(TsrControlled *self, GVariant *arguments, GError **error)
{
	const char *path;

	g_variant_get(arguments, "(&s)", &path);
	return nothing(check_path(self, "Load", error) &&
		       tsr_machine_load(self->machine, path, error));
}

static GVariant *on_hash_state(TsrControlled *self, GVariant *arguments, GError **error)
{
	g_autofree char *hash = tsr_machine_hash_state(self->machine, error);

	return hash ? g_variant_new("(s)", hash) : NULL;
}

static GVariant *on_list_provided(TsrControlled *self, GVariant *arguments, GError **error)
{
	g_auto(GStrv) lines = tsr_bus_list(tsr_machine_get_bus(self->machine));

	return g_variant_new("(^as)", lines);
}

static GVariant *on_list_connections(TsrControlled *self, GVariant *arguments, GError **error)
{
	g_auto(GStrv) lines = tsr_bus_list_connections(tsr_machine_get_bus(self->machine));

	return g_variant_new("(^as)", lines);
}

static GVariant *on_get_status(TsrControlled *self, GVariant *arguments, GError **error)
{
	g_autoptr(GVariant) status = tsr_machine_get_status(self->machine);

	return g_variant_new("(@a{sv})", status);
}

static GVariant *on_get_stats(TsrControlled *self, GVariant *arguments, GError **error)
{
	g_autofree char *text = tsr_machine_get_stats(self->machine);

	return g_variant_new("(s)", text ? text : "");
}

static GVariant *on_start_profile(TsrControlled *self, GVariant *arguments, GError **error)
{
	return nothing(tsr_machine_start_profile(self->machine, NULL, error));
}

static GVariant *on_stop_profile(TsrControlled *self, GVariant *arguments, GError **error)
{
	return nothing(tsr_machine_stop_profile(self->machine, error));
}

static GVariant *on_get_profile(TsrControlled *self, GVariant *arguments, GError **error)
{
	g_autofree char *text = NULL;
	const char *format;

	g_variant_get(arguments, "(&s)", &format);
	text = tsr_machine_get_profile(self->machine, format, error);
	return text ? g_variant_new("(s)", text) : NULL;
}

static GVariant *on_tap_line(TsrControlled *self, GVariant *arguments, GError **error)
{
	const char *line;
	gboolean on;

	g_variant_get(arguments, "(&sb)", &line, &on);
	return nothing(tsr_machine_tap_line(self->machine, line, on, error));
}

/* -- methods with a descriptor: the machine opens no path of the client */

typedef GVariant *(*FileMethod)(TsrControlled *self, int fd, GVariant *arguments, GError **error);

static GVariant *on_screenshot_fd(TsrControlled *self, int fd, GVariant *arguments, GError **error)
{
	guint display;

	g_variant_get(arguments, "(uh)", &display, NULL);
	return nothing(check_display(self, display, error) &&
		       tsr_machine_screenshot_fd(self->machine, display, fd, error));
}

static GVariant *on_insert_medium_fd(TsrControlled *self, int fd, GVariant *arguments,
				     GError **error)
{
	const char *instance, *name;

	g_variant_get(arguments, "(&sh&s)", &instance, NULL, &name);
	return nothing(tsr_machine_insert_fd(self->machine, instance, fd, name, error));
}

static GVariant *on_save_fd(TsrControlled *self, int fd, GVariant *arguments, GError **error)
{
	const char *name;

	g_variant_get(arguments, "(h&s)", NULL, &name);
	return nothing(tsr_machine_save_fd(self->machine, fd, name, error));
}

static GVariant *on_load_fd(TsrControlled *self, int fd, GVariant *arguments, GError **error)
{
	const char *name;
	guint flags;

	g_variant_get(arguments, "(h&su)", NULL, &name, &flags);
	if (flags & ~(guint)LOAD_FLAGS) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "this version of Tessera knows no flags 0x%x for loading",
			    flags & ~(guint)LOAD_FLAGS);
		return NULL;
	}
	return nothing(tsr_machine_load_fd(self->machine, fd, name, flags, error));
}

static GVariant *on_watch(TsrControlled *self, int fd, GVariant *arguments, GError **error)
{
	g_autofree const char **patterns = NULL;

	g_variant_get(arguments, "(h^a&s)", NULL, &patterns);
	return nothing(tsr_machine_watch(self->machine, fd, patterns, error));
}

static const struct {
	const char *name;
	FileMethod method;
	guint argument; /* which one is the descriptor */
} file_methods[] = {
	{ "ScreenshotFd", on_screenshot_fd, 1 },
	{ "InsertMediumFd", on_insert_medium_fd, 1 },
	{ "SaveFd", on_save_fd, 0 },
	{ "LoadFd", on_load_fd, 0 },
	{ "Watch", on_watch, 0 },
};

/* The caller closes it; -1 with error. */
static int take_descriptor(GDBusMethodInvocation *invocation, GVariant *arguments, guint argument,
			   GError **error)
{
	GUnixFDList *list =
		g_dbus_message_get_unix_fd_list(g_dbus_method_invocation_get_message(invocation));
	gint32 index;

	g_variant_get_child(arguments, argument, "h", &index);
	if (list && index >= 0 && index < g_unix_fd_list_get_length(list))
		return g_unix_fd_list_get(list, index, error);
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
		    "the message has no such descriptor");
	return -1;
}

static const struct {
	const char *name;
	TsrControlMethod method;
} methods[] = {
	{ "Start", on_start },
	{ "Pause", on_pause },
	{ "Resume", on_resume },
	{ "Reset", on_reset },
	{ "Quit", on_quit },
	{ "Stop", on_stop },
	{ "RefreshDisplay", tsr_control_refresh_display },
	{ "Screenshot", on_screenshot },
	{ "ScreenshotBytes", on_screenshot_bytes },
	{ "ScreenText", on_screen_text },
	{ "SendKey", on_send_key },
	{ "MovePointer", on_move_pointer },
	{ "PlacePointer", on_place_pointer },
	{ "InsertMedium", on_insert_medium },
	{ "EjectMedium", on_eject_medium },
	{ "ListInstances", on_list_instances },
	{ "ListLines", on_list_lines },
	{ "ListViewers", on_list_viewers },
	{ "GetInstanceProperty", on_get_instance_property },
	{ "SetInstanceProperty", on_set_instance_property },
	{ "Upgrade", on_upgrade },
	{ "Save", on_save },
	{ "Load", on_load },
	{ "HashState", on_hash_state },
	{ "ListProvided", on_list_provided },
	{ "ListConnections", on_list_connections },
	{ "GetStatus", on_get_status },
	{ "GetStats", on_get_stats },
	{ "StartProfile", on_start_profile },
	{ "StopProfile", on_stop_profile },
	{ "GetProfile", on_get_profile },
	{ "TapLine", on_tap_line },
};

static void on_typed(gpointer user)
{
	tsr_client_answer(user, NULL);
}

/* PressKeys and TypeText: the answer comes when the last key is up. */
static void start_typing(TsrControlled *self, gboolean press, GVariant *arguments,
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

static void call_method(TsrControlled *self, TsrControlMethod method, GVariant *arguments,
			GDBusMethodInvocation *invocation)
{
	g_autoptr(GError) error = NULL;
	GVariant *answer = method(self, arguments, &error);

	if (answer)
		tsr_client_answer(invocation, answer);
	else
		g_dbus_method_invocation_return_gerror(invocation, error);
}

static void call_file_method(TsrControlled *self, guint row, GVariant *arguments,
			     GDBusMethodInvocation *invocation)
{
	g_autoptr(GError) error = NULL;
	int fd = take_descriptor(invocation, arguments, file_methods[row].argument, &error);
	GVariant *answer = fd < 0 ? NULL : file_methods[row].method(self, fd, arguments, &error);

	if (fd >= 0)
		close(fd);
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
	for (guint i = 0; i < G_N_ELEMENTS(file_methods); i++) {
		if (g_str_equal(file_methods[i].name, name)) {
			call_file_method(user, i, arguments, invocation);
			return;
		}
	}
	if (g_str_equal(name, "OpenDisplay"))
		tsr_control_open_display(user, arguments, invocation);
	else if (g_str_equal(name, "SnapshotFd"))
		tsr_control_snapshot(user, arguments, invocation);
	else
		start_typing(user, g_str_equal(name, "PressKeys"), arguments, invocation);
}

/* -- properties */

const char *tsr_control_state_name(TsrMachineState state)
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
	TsrControlled *self = user;

	if (g_str_equal(name, "Name"))
		return g_variant_new_string(tsr_machine_get_name(self->machine));
	if (g_str_equal(name, "Jail"))
		return g_variant_new_string(tsr_machine_get_jail(self->machine));
	if (g_str_equal(name, "State"))
		return g_variant_new_string(
			tsr_control_state_name(tsr_machine_get_state(self->machine)));
	if (g_str_equal(name, "Displays"))
		return g_variant_new_uint32(tsr_machine_get_n_displays(self->machine));
	return g_variant_new_int32(tsr_machine_get_exit_status(self->machine));
}

const GDBusInterfaceVTable tsr_control_methods = { .method_call = on_method_call,
						   .get_property = on_get_property };
