/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The window of a machine. One that is open is found by its name on the session bus, whoever opened
 * it (plugins/help-gtk/window-name.h); else `tessera view` opens one. See machine.h.
 */
#include "model/folder.h"
#include "model/machine-private.h"
#include "model/text.h"
#include "window-name.h"

typedef struct {
	TsrLibraryMachine *machine;
	char *token; /* NULL: none */
} Wish;

static void wish_free(Wish *wish)
{
	g_object_unref(wish->machine);
	g_free(wish->token);
	g_free(wish);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Wish, wish_free)

/* -- Another window */

static void on_window_ended(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrLibraryMachine) self = data;

	g_subprocess_wait_finish(G_SUBPROCESS(source), result, NULL);
	if (self->window == G_SUBPROCESS(source))
		g_clear_object(&self->window);
}

static GSubprocess *start(TsrLibraryMachine *self, const char *token, GError **error)
{
	g_autoptr(GSubprocessLauncher) launcher =
		g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
	g_autofree char *suspend =
		g_strconcat("?suspend-to=", self->record->folder, "/", TSR_LIBRARY_STATE, NULL);

	if (token) {
		g_subprocess_launcher_setenv(launcher, "DESKTOP_STARTUP_ID", token, TRUE);
		g_subprocess_launcher_setenv(launcher, "XDG_ACTIVATION_TOKEN", token, TRUE);
	}
	return g_subprocess_launcher_spawn(launcher, error, self->program, "view", self->socket,
					   "--set", suspend, NULL);
}

/* A second click while a window opens opens no second one. */
static void open_another(TsrLibraryMachine *self, const char *token)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *sentence = NULL;

	if (!self->connection || self->window)
		return;
	self->window = start(self, token, &why);
	if (self->window) {
		g_subprocess_wait_async(self->window, NULL, on_window_ended, g_object_ref(self));
		return;
	}
	sentence = g_strdup_printf(_("No window of “%s” could be opened: %s"), self->record->title,
				   why->message);
	tsr_library_machine_fail(self, sentence);
}

/* -- The one that is open */

/* Nobody has the name: it is not open, or not yet. */
static gboolean is_nobody(const GError *error)
{
	return g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
	       g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN);
}

static void on_presented(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(Wish) wish = data;
	TsrLibraryMachine *self = wish->machine;
	g_autofree char *sentence = NULL;
	g_autoptr(GError) why = NULL;
	g_autoptr(GVariant) answer =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &why);

	/* One that answers is open; one that does not any more is closing, or gone. */
	if (!is_nobody(why))
		g_clear_object(&self->window);
	if (g_error_matches(why, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)) {
		sentence = g_strdup_printf(_("The window of “%s” does not answer. End it by force, "
					     "and open another; the machine goes on."),
					   self->record->title);
		tsr_library_machine_fail(self, sentence);
	} else if (!answer) {
		open_another(self, wish->token);
	}
}

static void on_session(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(Wish) wish = data;
	g_autoptr(GDBusConnection) session = g_bus_get_finish(result, NULL);
	g_autofree char *name = tsr_window_name(wish->machine->socket);
	const char *token = wish->token ? wish->token : "";

	if (!session) {
		open_another(wish->machine, wish->token);
		return;
	}
	g_dbus_connection_call(session, name, TSR_WINDOW_PATH, TSR_WINDOW_INTERFACE,
			       TSR_WINDOW_PRESENT, g_variant_new("(s)", token), NULL,
			       G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, on_presented,
			       g_steal_pointer(&wish));
}

void tsr_library_machine_open_window(TsrLibraryMachine *self, const char *token)
{
	Wish *wish;

	if (!self->connection)
		return;
	wish = g_new0(Wish, 1);
	wish->machine = g_object_ref(self);
	wish->token = g_strdup(token);
	g_bus_get(G_BUS_TYPE_SESSION, NULL, on_session, wish);
}
