/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera ctl SOCKET COMMAND: a client of control.h's interface. A command is a row: its arguments
 * and the call that it makes. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control/control-interface.h"
#include "manifest/property.h"
#include "program/program.h"
#include "program/snapshots.h"
#include "remote/address.h"
#include "remote/files.h"

#define CALL_SECONDS (10 * 60)
#define POSITION_MAX 65535
#define BUTTONS_MAX 31 /* five buttons */

typedef struct {
	GDBusConnection *connection;
	const char *socket;
	char **arguments; /* of the command, NULL-terminated */
	guint n;
	GMainLoop *loop; /* watch, wait */
	gboolean quiet;
	int status;
} Ctl;

/* -- calls */

static int fail_remote(GError *error)
{
	g_dbus_error_strip_remote_error(error);
	program_fail(TSR_EXIT_MACHINE_FAILED, "%s", error->message);
	g_error_free(error);
	return TSR_EXIT_MACHINE_FAILED;
}

/* Takes a floating reference of arguments (NULL: none). NULL: the error is printed, the status set.
 */
static GVariant *call(Ctl *ctl, const char *interface, const char *method, GVariant *arguments)
{
	GError *error = NULL;
	GVariant *answer = g_dbus_connection_call_sync(
		ctl->connection, NULL, TSR_CONTROL_PATH, interface, method, arguments, NULL,
		G_DBUS_CALL_FLAGS_NONE, CALL_SECONDS * 1000, NULL, &error);

	program_progress_end();
	if (!answer)
		ctl->status = fail_remote(error);
	return answer;
}

static int call_plain(Ctl *ctl, const char *method, GVariant *arguments)
{
	GVariant *answer = call(ctl, TSR_CONTROL_INTERFACE, method, arguments);

	g_clear_pointer(&answer, g_variant_unref);
	return ctl->status;
}

static int call_printing(Ctl *ctl, const char *method, GVariant *arguments)
{
	g_autoptr(GVariant) answer = call(ctl, TSR_CONTROL_INTERFACE, method, arguments);
	const char *text;

	if (!answer)
		return ctl->status;
	g_variant_get(answer, "(&s)", &text);
	g_print("%s%s", text, g_str_has_suffix(text, "\n") ? "" : "\n");
	return 0;
}

static GVariant *get_property(Ctl *ctl, const char *name)
{
	g_autoptr(GVariant) answer = call(ctl, "org.freedesktop.DBus.Properties", "Get",
					  g_variant_new("(ss)", TSR_CONTROL_INTERFACE, name));
	GVariant *value = NULL;

	if (answer)
		g_variant_get(answer, "(v)", &value);
	return value;
}

/* The end of a call that remote/files.h made. */
static int finish(Ctl *ctl, gboolean done, GError *error)
{
	program_progress_end();
	if (!done)
		ctl->status = fail_remote(error);
	return ctl->status;
}

static int fail_file(Ctl *ctl, const char *what, const char *path)
{
	return ctl->status = program_fail(TSR_EXIT_MACHINE_FAILED, "cannot %s %s: %s", what, path,
					  g_strerror(errno));
}

/* -- arguments */

/* The argument as a number from min to max, decimal or 0x…; 0 if it was left out. */
static int number_argument(Ctl *ctl, guint index, int min, int max)
{
	const char *text = index < ctl->n ? ctl->arguments[index] : "0";
	gint64 value = 0;

	if (ctl->status)
		return 0;
	if (!tsr_parse_int(text, &value) || value < min || value > max)
		ctl->status = program_fail(TSR_EXIT_USAGE, "\"%s\" is not a number from %d to %d",
					   text, min, max);
	return (int)value;
}

/* INSTANCE.PROPERTY; the parts are to be freed. */
static gboolean split_property(Ctl *ctl, const char *text, char **instance, char **property)
{
	const char *dot = strchr(text, '.');

	if (!dot || dot == text || !dot[1]) {
		ctl->status = program_fail(TSR_EXIT_USAGE, "\"%s\" is not INSTANCE.PROPERTY", text);
		return FALSE;
	}
	*instance = g_strndup(text, (gsize)(dot - text));
	*property = g_strdup(dot + 1);
	return TRUE;
}

/* -- commands */

static int do_pause(Ctl *ctl)
{
	return call_plain(ctl, "Pause", NULL);
}

static int do_resume(Ctl *ctl)
{
	return call_plain(ctl, "Resume", NULL);
}

static int do_reset(Ctl *ctl)
{
	return call_plain(ctl, "Reset", NULL);
}

static int do_quit(Ctl *ctl)
{
	return call_plain(ctl, "Quit", NULL);
}

/* In two calls: a machine whose main loop is busy answers each of them late. */
static int do_status(Ctl *ctl)
{
	g_autoptr(GVariant) answer = NULL, status = NULL;
	g_autoptr(GString) text = g_string_new(NULL);

	if (ctl->n && !g_str_equal(ctl->arguments[0], "--json"))
		return program_fail(TSR_EXIT_USAGE, "\"%s\" is not --json", ctl->arguments[0]);
	answer = call(ctl, TSR_CONTROL_INTERFACE, "GetStatus", NULL);
	if (!answer)
		return ctl->status;
	status = g_variant_get_child_value(answer, 0);
	if (!ctl->n) {
		program_print_status(status);
		return 0;
	}
	program_add_json(text, status);
	g_print("%s\n", text->str);
	return 0;
}

static gboolean write_file(const char *path, GMappedFile *contents)
{
	gsize length = g_mapped_file_get_length(contents);
	FILE *file = fopen(path, "wbe");
	gboolean good =
		file && fwrite(g_mapped_file_get_contents(contents), 1, length, file) == length;

	return file && fclose(file) == 0 && good;
}

/* The picture arrives in memory, so that nothing is overwritten unless there is one. */
static int do_screenshot(Ctl *ctl)
{
	int display = number_argument(ctl, 1, 0, G_MAXINT32), fd;
	g_autoptr(GMappedFile) picture = NULL;
	GError *error = NULL;
	gboolean done;

	if (ctl->status)
		return ctl->status;
	fd = memfd_create("screenshot", MFD_CLOEXEC);
	if (fd < 0)
		return fail_file(ctl, "make", "a file in memory");
	done = tsr_remote_call_with_file(ctl->connection, "ScreenshotFd",
					 g_variant_new("(uh)", (guint)display, 0), fd, CALL_SECONDS,
					 &error);
	if (!finish(ctl, done, error)) {
		picture = g_mapped_file_new_from_fd(fd, FALSE, NULL);
		if (!picture || !write_file(ctl->arguments[0], picture))
			fail_file(ctl, "write", ctl->arguments[0]);
	}
	close(fd);
	return ctl->status;
}

static int do_text(Ctl *ctl)
{
	int display = number_argument(ctl, 0, 0, G_MAXINT32);

	return ctl->status ? ctl->status
			   : call_printing(ctl, "ScreenText", g_variant_new("(u)", (guint)display));
}

static int do_type(Ctl *ctl)
{
	g_autofree char *joined = g_strjoinv(" ", ctl->arguments);
	g_autofree char *text = g_strcompress(joined);

	return call_plain(ctl, "TypeText", g_variant_new("(s)", text));
}

static int do_key(Ctl *ctl)
{
	for (guint i = 0; i < ctl->n && !ctl->status; i++)
		call_plain(ctl, "PressKeys", g_variant_new("(s)", ctl->arguments[i]));
	return ctl->status;
}

static int do_move(Ctl *ctl)
{
	int dx = number_argument(ctl, 0, G_MININT32, G_MAXINT32),
	    dy = number_argument(ctl, 1, G_MININT32, G_MAXINT32),
	    buttons = number_argument(ctl, 2, 0, BUTTONS_MAX);

	return ctl->status ? ctl->status
			   : call_plain(ctl, "MovePointer",
					g_variant_new("(iiiu)", dx, dy, 0, (guint)buttons));
}

static int do_place(Ctl *ctl)
{
	int x = number_argument(ctl, 0, 0, POSITION_MAX),
	    y = number_argument(ctl, 1, 0, POSITION_MAX),
	    buttons = number_argument(ctl, 2, 0, BUTTONS_MAX);

	return ctl->status
		       ? ctl->status
		       : call_plain(ctl, "PlacePointer",
				    g_variant_new("(uuiu)", (guint)x, (guint)y, 0, (guint)buttons));
}

static int do_insert(Ctl *ctl)
{
	GError *error = NULL;
	gboolean done = tsr_remote_insert(ctl->connection, ctl->arguments[0], ctl->arguments[1],
					  CALL_SECONDS, &error);

	return finish(ctl, done, error);
}

static int do_eject(Ctl *ctl)
{
	return call_plain(ctl, "EjectMedium", g_variant_new("(s)", ctl->arguments[0]));
}

static int do_get(Ctl *ctl)
{
	g_autofree char *instance = NULL, *property = NULL;

	if (!split_property(ctl, ctl->arguments[0], &instance, &property))
		return ctl->status;
	return call_printing(ctl, "GetInstanceProperty", g_variant_new("(ss)", instance, property));
}

static int do_set(Ctl *ctl)
{
	const char *equals = strchr(ctl->arguments[0], '=');
	g_autofree char *target =
		equals ? g_strndup(ctl->arguments[0], (gsize)(equals - ctl->arguments[0])) : NULL;
	g_autofree char *instance = NULL, *property = NULL;
	GError *error = NULL;
	gboolean done;

	if (!equals)
		return program_fail(TSR_EXIT_USAGE, "\"%s\" is not INSTANCE.PROPERTY=VALUE",
				    ctl->arguments[0]);
	if (!split_property(ctl, target, &instance, &property))
		return ctl->status;
	done = tsr_remote_set_property(ctl->connection, instance, property, equals + 1,
				       CALL_SECONDS, &error);
	return finish(ctl, done, error);
}

static int do_upgrade(Ctl *ctl)
{
	return call_plain(
		ctl, "Upgrade",
		g_variant_new("(ss)", ctl->arguments[0], ctl->n > 1 ? ctl->arguments[1] : ""));
}

static int do_save(Ctl *ctl)
{
	GError *error = NULL;
	gboolean done;

	program_progress_begin("saving %s", ctl->arguments[0]);
	done = tsr_remote_save(ctl->connection, ctl->arguments[0], CALL_SECONDS, &error);
	return finish(ctl, done, error);
}

static int do_snapshot(Ctl *ctl)
{
	GError *error = NULL;
	g_autoptr(TsrMachine) machine = tsr_machine_new_remote(ctl->socket, &error);

	if (!machine)
		return program_fail_error(error);
	return program_snapshots(ctl->arguments[0], machine, ctl->arguments + 1);
}

static int do_stats(Ctl *ctl)
{
	return call_printing(ctl, "GetStats", NULL);
}

static int do_profile(Ctl *ctl)
{
	const char *what = ctl->n ? ctl->arguments[0] : "json";

	if (g_str_equal(what, "start"))
		return call_plain(ctl, "StartProfile", NULL);
	if (g_str_equal(what, "stop"))
		return call_plain(ctl, "StopProfile", NULL);
	return call_printing(ctl, "GetProfile", g_variant_new("(s)", what));
}

static int do_introspect(Ctl *ctl)
{
	g_print("%s\n", tsr_control_xml);
	return 0;
}

static void on_signal(GDBusConnection *connection, const char *sender, const char *path,
		      const char *interface, const char *name, GVariant *arguments, gpointer user)
{
	Ctl *ctl = user;
	g_autofree char *text = g_variant_print(arguments, FALSE);

	if (!ctl->quiet)
		g_print("%s %s\n", name, text);
	if (!g_str_equal(name, "Stopped"))
		return;
	g_variant_get(arguments, "(is)", &ctl->status, NULL);
	g_main_loop_quit(ctl->loop);
}

static void on_closed(GDBusConnection *connection, gboolean remote, GError *error, gpointer user)
{
	g_main_loop_quit(((Ctl *)user)->loop);
}

/* Gets the state after the signals were subscribed to, so that no change is missed. */
static gboolean print_state(Ctl *ctl)
{
	g_autoptr(GVariant) state = get_property(ctl, "State");

	if (state && !ctl->quiet)
		g_print("State ('%s',)\n", g_variant_get_string(state, NULL));
	return state != NULL;
}

static int listen_until_stopped(Ctl *ctl)
{
	ctl->loop = g_main_loop_new(NULL, FALSE);
	g_dbus_connection_signal_subscribe(ctl->connection, NULL, TSR_CONTROL_INTERFACE, NULL,
					   TSR_CONTROL_PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
					   on_signal, ctl, NULL);
	g_signal_connect(ctl->connection, "closed", G_CALLBACK(on_closed), ctl);
	if (print_state(ctl))
		g_main_loop_run(ctl->loop);
	g_main_loop_unref(ctl->loop);
	return ctl->status;
}

static int do_watch(Ctl *ctl)
{
	listen_until_stopped(ctl);
	return 0;
}

static int do_wait(Ctl *ctl)
{
	ctl->quiet = TRUE;
	return listen_until_stopped(ctl);
}

static int do_tap(Ctl *ctl)
{
	gboolean on = ctl->n < 2 || !g_str_equal(ctl->arguments[1], "off");

	return call_plain(ctl, "TapLine", g_variant_new("(sb)", ctl->arguments[0], on));
}

static const struct {
	const char *name;
	guint min, max; /* arguments */
	const char *usage;
	int (*run)(Ctl *ctl);
} commands[] = {
	{ "status", 0, 1, "[--json]", do_status },
	{ "pause", 0, 0, "", do_pause },
	{ "resume", 0, 0, "", do_resume },
	{ "reset", 0, 0, "", do_reset },
	{ "quit", 0, 0, "", do_quit },
	{ "screenshot", 1, 2, "FILE.png [DISPLAY]", do_screenshot },
	{ "text", 0, 1, "[DISPLAY]", do_text },
	{ "type", 1, G_MAXUINT, "TEXT", do_type },
	{ "key", 1, G_MAXUINT, "NAMES…", do_key },
	{ "move", 2, 3, "DX DY [BUTTONS]", do_move },
	{ "place", 2, 3, "X Y [BUTTONS]", do_place },
	{ "insert", 2, 2, "INSTANCE FILE", do_insert },
	{ "eject", 1, 1, "INSTANCE", do_eject },
	{ "get", 1, 1, "INSTANCE.PROPERTY", do_get },
	{ "set", 1, 1, "INSTANCE.PROPERTY=VALUE", do_set },
	{ "upgrade", 1, 2, "INSTANCE [VERSION]", do_upgrade },
	{ "save", 1, 1, "FILE", do_save },
	{ "snapshot", 2, G_MAXUINT, "FOLDER list|take|rename|note …", do_snapshot },
	{ "stats", 0, 0, "", do_stats },
	{ "profile", 0, 1, "[start|stop|FORMAT]", do_profile },
	{ "tap", 1, 2, "LINE [off]", do_tap },
	{ "watch", 0, 0, "", do_watch },
	{ "wait", 0, 0, "", do_wait },
	{ "introspect", 0, 0, "", do_introspect },
};

static int run_command(Ctl *ctl, const char *socket, guint index)
{
	GError *error = NULL;
	int status;

	ctl->connection = tsr_remote_connect(socket, G_DBUS_CONNECTION_FLAGS_NONE, &error);
	if (!ctl->connection)
		return program_fail_error(error);
	status = commands[index].run(ctl);
	g_object_unref(ctl->connection);
	return status;
}

int command_ctl(char **arguments)
{
	guint n = g_strv_length(arguments);
	Ctl ctl = { 0 };

	if (program_wants_help(arguments, "ctl"))
		return 0;
	if (n < 2)
		return program_fail(TSR_EXIT_USAGE, "usage: `tessera ctl SOCKET COMMAND`; "
						    "`tessera ctl --help` lists the commands");
	ctl.status = program_check_needs();
	if (ctl.status)
		return ctl.status;
	ctl.socket = arguments[0];
	ctl.arguments = arguments + 2;
	ctl.n = n - 2;
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (!g_str_equal(arguments[1], commands[i].name))
			continue;
		if (ctl.n < commands[i].min || ctl.n > commands[i].max)
			return program_fail(TSR_EXIT_USAGE, "usage: `tessera ctl SOCKET %s%s%s`",
					    commands[i].name, *commands[i].usage ? " " : "",
					    commands[i].usage);
		return run_command(&ctl, arguments[0], i);
	}
	return program_fail(TSR_EXIT_USAGE,
			    "there is no command \"%s\"; `tessera ctl --help` lists them",
			    arguments[1]);
}
