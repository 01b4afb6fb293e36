/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A TsrMachine that runs in another process: the table of remote-form.h over the machine's control
 * interface (control/control-interface.h). A function is one call; the state and the exit status
 * are those of the signals, which come before the answer of the call that caused them.
 */
#include <string.h>

#include <tessera-glib/machine.h>

#include "instance/bus.h"
#include "instance/machine-parts.h"
#include "instance/posts.h"
#include "instance/remote-form.h"
#include "instance/signals.h"
#include "remote/address.h"
#include "remote/files.h"
#include "remote/link.h"
#include "remote/remote-display.h"

#define DISPLAYS_MAX 64u

struct tsr_remote {
	struct tsr_remote_link *link;
	struct tsr_remote_displays *displays;
	char *name;
	gboolean bus_known;
};

/* -- Calls */

static gboolean call_for(TsrMachine *m, const char *method, GVariant *arguments, guint seconds,
			 GError **error)
{
	g_autoptr(GVariant) answer =
		tsr_remote_link_call(m->remote->link, method, arguments, seconds, error);

	return answer != NULL;
}

static gboolean call(TsrMachine *m, const char *method, GVariant *arguments, GError **error)
{
	return call_for(m, method, arguments, TSR_REMOTE_SECONDS, error);
}

static char *call_for_text(TsrMachine *m, const char *method, GVariant *arguments, guint seconds,
			   GError **error)
{
	g_autoptr(GVariant) answer =
		tsr_remote_link_call(m->remote->link, method, arguments, seconds, error);
	char *text = NULL;

	if (answer && g_variant_is_of_type(answer, G_VARIANT_TYPE("(s)")))
		g_variant_get(answer, "(s)", &text);
	return text;
}

static char **call_for_list(TsrMachine *m, const char *method)
{
	g_autoptr(GVariant) answer =
		tsr_remote_link_call(m->remote->link, method, NULL, TSR_REMOTE_SECONDS, NULL);
	char **list = NULL;

	if (answer && g_variant_is_of_type(answer, G_VARIANT_TYPE("(as)")))
		g_variant_get(answer, "(^as)", &list);
	return list ? list : g_new0(char *, 1);
}

/* The file is argument `h 0`. */
static gboolean call_with_file(TsrMachine *m, const char *method, GVariant *arguments, int fd,
			       guint seconds, GError **error)
{
	struct tsr_remote_link *link = m->remote->link;
	gboolean done = tsr_remote_call_with_file(tsr_remote_link_get_connection(link), method,
						  arguments, fd, seconds, error);

	tsr_remote_link_deliver(link);
	return done;
}

/* -- Life cycle */

static gboolean remote_start(TsrMachine *m, GError **error)
{
	return call(m, "Start", NULL, error);
}

static gboolean remote_pause(TsrMachine *m, GError **error)
{
	return call(m, "Pause", NULL, error);
}

static gboolean remote_resume(TsrMachine *m, GError **error)
{
	return call(m, "Resume", NULL, error);
}

static gboolean remote_reset(TsrMachine *m, GError **error)
{
	return call(m, "Reset", NULL, error);
}

static void remote_stop(TsrMachine *m, int exit_status, const char *why)
{
	if (m->state != TSR_MACHINE_STOPPED)
		call(m, "Stop", g_variant_new("(is)", exit_status, why ? why : ""), NULL);
}

/* -- Saved states */

static gboolean remote_save(TsrMachine *m, const char *path, GError **error)
{
	struct tsr_remote_link *link = m->remote->link;
	gboolean done = tsr_remote_save(tsr_remote_link_get_connection(link), path,
					TSR_REMOTE_STATE_SECONDS, error);

	tsr_remote_link_deliver(link);
	return done;
}

static gboolean remote_save_fd(TsrMachine *m, int fd, const char *name, GError **error)
{
	return call_with_file(m, "SaveFd", g_variant_new("(hs)", 0, name), fd,
			      TSR_REMOTE_STATE_SECONDS, error);
}

static gboolean remote_load(TsrMachine *m, const char *path, TsrMachineLoadFlags flags,
			    GError **error)
{
	struct tsr_remote_link *link = m->remote->link;
	gboolean done = tsr_remote_load(tsr_remote_link_get_connection(link), path, flags,
					TSR_REMOTE_STATE_SECONDS, error);

	tsr_remote_link_deliver(link);
	return done;
}

static gboolean remote_load_fd(TsrMachine *m, int fd, const char *name, TsrMachineLoadFlags flags,
			       GError **error)
{
	return call_with_file(m, "LoadFd", g_variant_new("(hsu)", 0, name, (guint)flags), fd,
			      TSR_REMOTE_STATE_SECONDS, error);
}

static gboolean remote_snapshot_fd(TsrMachine *m, int state, const char *name,
				   const char *const *disks, const char *const *paths,
				   GUnixFDList *layers, GError **error)
{
	struct tsr_remote_link *link = m->remote->link;
	gboolean done = tsr_remote_snapshot(tsr_remote_link_get_connection(link), state, name,
					    disks, paths, layers, TSR_REMOTE_STATE_SECONDS, error);

	tsr_remote_link_deliver(link);
	return done;
}

static char *remote_hash_state(TsrMachine *m, GError **error)
{
	return call_for_text(m, "HashState", NULL, TSR_REMOTE_STATE_SECONDS, error);
}

/* -- What it is made of */

static const char *remote_get_name(TsrMachine *m)
{
	return m->remote->name;
}

static char **remote_list_instances(TsrMachine *m)
{
	return call_for_list(m, "ListInstances");
}

static char **remote_list_lines(TsrMachine *m)
{
	return call_for_list(m, "ListLines");
}

static char **remote_list_viewers(TsrMachine *m)
{
	return call_for_list(m, "ListViewers");
}

static char *remote_get_instance_property(TsrMachine *m, const char *instance, const char *property,
					  GError **error)
{
	return call_for_text(m, "GetInstanceProperty", g_variant_new("(ss)", instance, property),
			     TSR_REMOTE_SECONDS, error);
}

static gboolean remote_set_instance_property(TsrMachine *m, const char *instance,
					     const char *property, const char *value,
					     GError **error)
{
	struct tsr_remote_link *link = m->remote->link;
	gboolean done = tsr_remote_set_property(tsr_remote_link_get_connection(link), instance,
						property, value, TSR_REMOTE_SECONDS, error);

	tsr_remote_link_deliver(link);
	return done;
}

static gboolean remote_upgrade(TsrMachine *m, const char *instance, const char *version,
			       GError **error)
{
	g_autoptr(GVariant) answer = tsr_remote_link_call(m->remote->link, "Upgrade",
							  g_variant_new("(ss)", instance, version),
							  TSR_REMOTE_STATE_SECONDS, error);

	return answer != NULL;
}

static gboolean remote_insert_fd(TsrMachine *m, const char *instance, int fd, const char *name,
				 GError **error)
{
	return call_with_file(m, "InsertMediumFd", g_variant_new("(shs)", instance, 0, name), fd,
			      TSR_REMOTE_SECONDS, error);
}

/* "INSTANCE INTERFACE" */
static void add_provision(TsrBus *bus, const char *line)
{
	g_auto(GStrv) words = g_strsplit(line, " ", 2);

	if (g_strv_length(words) == 2)
		tsr_bus_provide(bus, words[0], words[1], &(struct tsr_interface){ 0 });
}

/* "USER.NEED -> PROVIDER INTERFACE" */
static void add_connection(TsrBus *bus, const char *line)
{
	g_auto(GStrv) words = g_strsplit_set(line, " ", 4);
	char *dot = words[0] ? strchr(words[0], '.') : NULL;
	struct tsr_interface unused;

	if (!dot || g_strv_length(words) != 4)
		return;
	*dot = '\0';
	tsr_bus_connect_need(bus, words[0], dot + 1, words[3], words[2], &unused, NULL);
}

/* What is connected does not change after the machine is built. */
static TsrBus *remote_get_bus(TsrMachine *m)
{
	g_auto(GStrv) provided = NULL, connections = NULL;

	if (m->remote->bus_known)
		return m->bus;
	m->remote->bus_known = TRUE;
	provided = call_for_list(m, "ListProvided");
	connections = call_for_list(m, "ListConnections");
	for (char **line = provided; *line; line++)
		add_provision(m->bus, *line);
	for (char **line = connections; *line; line++)
		add_connection(m->bus, *line);
	return m->bus;
}

/* -- Displays */

static guint remote_get_n_displays(TsrMachine *m)
{
	return tsr_remote_displays_count(m->remote->displays);
}

static gboolean remote_refresh_display(TsrMachine *m, guint display, TsrFrame *frame,
				       gboolean patient)
{
	return tsr_remote_display_refresh(m->remote->displays, display, frame, patient);
}

static GBytes *remote_get_pixels(TsrMachine *m, guint display, gsize bytes)
{
	return tsr_remote_display_pixels(m->remote->displays, display, bytes);
}

static int remote_open_display(TsrMachine *m, guint display, GError **error)
{
	return tsr_remote_link_call_for_file(m->remote->link, "OpenDisplay",
					     g_variant_new("(u)", display), error);
}

static char *remote_get_screen_text(TsrMachine *m, guint display)
{
	char *text = call_for_text(m, "ScreenText", g_variant_new("(u)", display),
				   TSR_REMOTE_SECONDS, NULL);

	if (text && !*text) /* a graphics mode */
		g_clear_pointer(&text, g_free);
	return text;
}

/* -- Input: nobody waits for it. Movements that a machine does not take are lost, as they are when
 * a cable is pulled; keys must not be. */

static void remote_send_key(TsrMachine *m, guint code, gboolean down)
{
	tsr_remote_link_send(m->remote->link, "SendKey", g_variant_new("(ub)", code, down));
}

static void remote_send_pointer(TsrMachine *m, int dx, int dy, int wheel, guint buttons)
{
	if (!tsr_remote_displays_are_stuck(m->remote->displays))
		tsr_remote_link_send(m->remote->link, "MovePointer",
				     g_variant_new("(iiiu)", dx, dy, wheel, buttons));
}

static void remote_send_pointer_absolute(TsrMachine *m, guint x, guint y, int wheel, guint buttons)
{
	if (!tsr_remote_displays_are_stuck(m->remote->displays))
		tsr_remote_link_send(m->remote->link, "PlacePointer",
				     g_variant_new("(uuiu)", x, y, wheel, buttons));
}

/* -- Observation */

/* Nothing when it cannot be asked. */
static GVariant *remote_get_status(TsrMachine *m)
{
	g_autoptr(GVariant) answer =
		tsr_remote_link_call(m->remote->link, "GetStatus", NULL, TSR_REMOTE_SECONDS, NULL);

	if (answer && g_variant_is_of_type(answer, G_VARIANT_TYPE("(a{sv})")))
		return g_variant_get_child_value(answer, 0);
	return g_variant_ref_sink(g_variant_new_array(G_VARIANT_TYPE("{sv}"), NULL, 0));
}

static char *remote_get_stats(TsrMachine *m)
{
	char *text = call_for_text(m, "GetStats", NULL, TSR_REMOTE_SECONDS, NULL);

	return text ? text : g_strdup("");
}

/* That process opens no files of ours. */
static gboolean remote_start_profile(TsrMachine *m, const char *const *symbols, GError **error)
{
	if (!symbols || !*symbols)
		return call(m, "StartProfile", NULL, error);
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
		    "%s: a machine in another process takes no names of functions; start it with "
		    "--profile and --symbols",
		    *symbols);
	return FALSE;
}

static gboolean remote_stop_profile(TsrMachine *m, GError **error)
{
	return call(m, "StopProfile", NULL, error);
}

static char *remote_get_profile(TsrMachine *m, const char *format, GError **error)
{
	return call_for_text(m, "GetProfile", g_variant_new("(s)", format), TSR_REMOTE_SECONDS,
			     error);
}

static gboolean remote_tap_line(TsrMachine *m, const char *line, gboolean on, GError **error)
{
	return call(m, "TapLine", g_variant_new("(sb)", line, on), error);
}

static gboolean remote_watch(TsrMachine *m, int fd, const char *const *patterns, GError **error)
{
	return call_with_file(m, "Watch", g_variant_new("(h^as)", 0, patterns), fd,
			      TSR_REMOTE_SECONDS, error);
}

/* -- Signals */

static gboolean find_state(const char *nick, TsrMachineState *state)
{
	g_autoptr(GEnumClass) class = g_type_class_ref(TSR_TYPE_MACHINE_STATE);
	const GEnumValue *value = g_enum_get_value_by_nick(class, nick);

	if (value)
		*state = (TsrMachineState)value->value;
	return value != NULL;
}

/* The end has a signal of its own, which has the exit status. */
static void on_state_changed(TsrMachine *m, GVariant *arguments)
{
	TsrMachineState state;
	const char *nick;

	g_variant_get(arguments, "(&s)", &nick);
	if (find_state(nick, &state) && state != TSR_MACHINE_STOPPED)
		tsr_signals_set_state(m, state);
}

static void on_stopped(TsrMachine *m, GVariant *arguments)
{
	const char *why;
	int status;

	g_variant_get(arguments, "(i&s)", &status, &why);
	tsr_signals_become_stopped(m, status, why);
}

/* A fault is an event, too; see tsr_signals_emit_post(). */
static void on_event(TsrMachine *m, GVariant *arguments)
{
	struct tsr_post post = { .kind = TSR_POST_EVENT };

	g_variant_get(arguments, "(&s&s&s)", &post.from, &post.event, &post.detail);
	tsr_signals_emit_post(m, &post);
}

static void on_display_changed(TsrMachine *m, GVariant *arguments)
{
	guint display, width, height;

	g_variant_get(arguments, "(uuu)", &display, &width, &height);
	tsr_signals_display_changed(m, display, width, height);
}

static void on_line_changed(TsrMachine *m, GVariant *arguments)
{
	struct tsr_post post = { .kind = TSR_POST_LINE };

	g_variant_get(arguments, "(&si)", &post.from, &post.number);
	tsr_signals_emit_post(m, &post);
}

static void on_guest_panicked(TsrMachine *m, GVariant *arguments)
{
	struct tsr_post post = { .kind = TSR_POST_PANIC };

	g_variant_get(arguments, "(&s)", &post.detail);
	tsr_signals_emit_post(m, &post);
}

static void on_signal(gpointer machine, const char *name, GVariant *arguments)
{
	static const struct {
		const char *name, *type;
		void (*handle)(TsrMachine *m, GVariant *arguments);
	} signals[] = {
		{ "StateChanged", "(s)", on_state_changed },
		{ "Stopped", "(is)", on_stopped },
		{ "Event", "(sss)", on_event },
		{ "DisplayChanged", "(uuu)", on_display_changed },
		{ "LineChanged", "(si)", on_line_changed },
		{ "GuestPanicked", "(s)", on_guest_panicked },
	};

	g_object_ref(machine);
	for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
		if (g_strcmp0(signals[i].name, name) == 0 &&
		    g_variant_is_of_type(arguments, G_VARIANT_TYPE(signals[i].type)))
			signals[i].handle(machine, arguments);
	g_object_unref(machine);
}

static void on_closed(gpointer machine)
{
	tsr_signals_become_stopped(machine, TSR_EXIT_MACHINE_FAILED, TSR_REMOTE_LOST);
}

static const struct tsr_remote_link_events events = { on_signal, on_closed };

/* -- Its life */

static void remote_leave(TsrMachine *m)
{
	struct tsr_remote *remote = m->remote;

	m->form = NULL;
	m->remote = NULL;
	if (remote->link)
		tsr_remote_link_close(remote->link);
	g_clear_pointer(&remote->displays, tsr_remote_displays_free);
	g_free(remote->name);
	g_free(remote);
}

static const struct tsr_remote_form form = {
	.leave = remote_leave,
	.get_name = remote_get_name,
	.get_bus = remote_get_bus,
	.start = remote_start,
	.pause = remote_pause,
	.resume = remote_resume,
	.reset = remote_reset,
	.stop = remote_stop,
	.save = remote_save,
	.save_fd = remote_save_fd,
	.load = remote_load,
	.load_fd = remote_load_fd,
	.snapshot_fd = remote_snapshot_fd,
	.hash_state = remote_hash_state,
	.list_instances = remote_list_instances,
	.list_lines = remote_list_lines,
	.list_viewers = remote_list_viewers,
	.get_instance_property = remote_get_instance_property,
	.set_instance_property = remote_set_instance_property,
	.upgrade = remote_upgrade,
	.insert_fd = remote_insert_fd,
	.get_n_displays = remote_get_n_displays,
	.refresh_display = remote_refresh_display,
	.get_pixels = remote_get_pixels,
	.open_display = remote_open_display,
	.get_screen_text = remote_get_screen_text,
	.send_key = remote_send_key,
	.send_pointer = remote_send_pointer,
	.send_pointer_absolute = remote_send_pointer_absolute,
	.get_status = remote_get_status,
	.get_stats = remote_get_stats,
	.start_profile = remote_start_profile,
	.stop_profile = remote_stop_profile,
	.get_profile = remote_get_profile,
	.tap_line = remote_tap_line,
	.watch = remote_watch,
};

/* A property of the machine of that type; NULL with error. */
static GVariant *get(struct tsr_remote *remote, const char *name, const char *type, GError **error)
{
	GVariant *value = tsr_remote_link_get(remote->link, name, error);

	if (!value || g_variant_is_of_type(value, G_VARIANT_TYPE(type)))
		return value;
	g_variant_unref(value);
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_VERSION,
		    "the machine's property %s has another type; it is another version of Tessera",
		    name);
	return NULL;
}

/* A version that has no jail has no such property either. */
static char *get_jail(struct tsr_remote *remote)
{
	g_autoptr(GVariant) jail = get(remote, "Jail", "s", NULL);

	return jail ? g_variant_dup_string(jail, NULL)
		    : g_strdup("unknown: the machine's version of Tessera does not tell");
}

/* Signals that came before the answers change the state again when they are told. */
static gboolean ask_who_it_is(TsrMachine *m, GError **error)
{
	struct tsr_remote *remote = m->remote;
	g_autoptr(GVariant) name = get(remote, "Name", "s", error);
	g_autoptr(GVariant) displays = name ? get(remote, "Displays", "u", error) : NULL;
	g_autoptr(GVariant) status = displays ? get(remote, "ExitStatus", "i", error) : NULL;
	g_autoptr(GVariant) state = status ? get(remote, "State", "s", error) : NULL;

	if (!state)
		return FALSE;
	m->jail = get_jail(remote);
	remote->name = g_variant_dup_string(name, NULL);
	remote->displays = tsr_remote_displays_new(
		remote->link, MIN(g_variant_get_uint32(displays), DISPLAYS_MAX));
	m->exit_status = g_variant_get_int32(status);
	find_state(g_variant_get_string(state, NULL), &m->state);
	return TRUE;
}

TsrMachine *tsr_machine_new_remote(const char *where, GError **error)
{
	g_autoptr(TsrMachine) m = g_object_new(TSR_TYPE_MACHINE, NULL);

	tsr_remote_register_errors();
	m->form = &form;
	m->remote = g_new0(struct tsr_remote, 1);
	m->remote->link = tsr_remote_link_new(where, m->context, &events, m, error);
	if (!m->remote->link || !ask_who_it_is(m, error))
		return NULL;
	return g_steal_pointer(&m);
}
