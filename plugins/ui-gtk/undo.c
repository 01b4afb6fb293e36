/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Undoable disks (mode=undoable): when the machine is off, the window asks what is to become of
 * what its guest wrote to them, and has `tessera snapshot` do it in a process of its own. The event
 * "asks-at-end" lets `tessera view` leave the window to the user until then. A machine that was
 * suspended goes on later, and one that was ended by force may be started again: their changes stay
 * as they are.
 */
#include "ui.h"

/* The program that this window is a process of. */
#define SELF "/proc/self/exe"
#define PREFIX "tessera: "

/* -- Which machines */

struct look {
	char *state;     /* the file that the machine is suspended to */
	gint64 saved_us; /* when it was written, since 1970; 0: it is not there */
	gboolean has_undoable;
};

static gint64 find_time(GFileInfo *info)
{
	g_autoptr(GDateTime) when = info ? g_file_info_get_modification_date_time(info) : NULL;

	return when ? g_date_time_to_unix(when) * G_USEC_PER_SEC + g_date_time_get_microsecond(when)
		    : 0;
}

static gboolean call_look(TsrMachine *machine, gpointer data, GError **error)
{
	struct look *look = data;
	g_autoptr(GFile) file = g_file_new_for_path(look->state);
	g_autoptr(GFileInfo) info =
		g_file_query_info(file, "time::*", G_FILE_QUERY_INFO_NONE, NULL, NULL);
	g_autoptr(GVariant) status = tsr_machine_get_status(machine);
	g_autoptr(GVariant) media =
		g_variant_lookup_value(status, "media", G_VARIANT_TYPE("aa{sv}"));

	look->saved_us = find_time(info);
	for (gsize i = 0; media && i < g_variant_n_children(media); i++) {
		g_autoptr(GVariant) medium = g_variant_get_child_value(media, i);
		const char *mode = "", *path = "";

		g_variant_lookup(medium, "mode", "&s", &mode);
		g_variant_lookup(medium, "file", "&s", &path);
		look->has_undoable |= *path && g_str_equal(mode, "undoable");
	}
	return TRUE;
}

static void on_looked(struct ui *ui, gpointer data, const GError *error)
{
	const struct look *look = data;

	ui->is_undoable = !error && look->has_undoable;
	ui->saved_us = look->saved_us;
	if (ui->is_undoable)
		ui->bus->emit(ui->host, "asks-at-end", NULL);
}

static void look_free(gpointer data)
{
	g_free(((struct look *)data)->state);
	g_free(data);
}

/* -- What is done */

static void ask(struct ui *ui);

struct doing {
	GtkWindow *window; /* owned */
	gboolean commit;
};

static void on_failure_read(AdwMessageDialog *dialog, const char *response, gpointer window)
{
	struct ui *ui = ui_of_window(window);

	if (!ui)
		return;
	ui->dialog = NULL;
	ask(ui);
}

static void tell_failure(struct ui *ui, gboolean commit, const char *why)
{
	g_autofree char *body = g_strdup_printf(_("%s\n\nNothing is lost: you can try again, or "
						  "keep the changes for now."),
						why);

	ui->dialog = adw_message_dialog_new(ui->window,
					    commit ? _("The changes could not be committed")
						   : _("The changes could not be discarded"),
					    body);
	adw_message_dialog_add_response(ADW_MESSAGE_DIALOG(ui->dialog), "close", _("_Close"));
	g_signal_connect_object(ui->dialog, "response", G_CALLBACK(on_failure_read), ui->window, 0);
	gtk_window_present(GTK_WINDOW(ui->dialog));
}

static void on_done(GObject *process, GAsyncResult *result, gpointer data)
{
	struct doing *doing = data;
	struct ui *ui = ui_of_window(doing->window);
	g_autoptr(GError) why = NULL;
	g_autofree char *said = NULL;
	const char *sentence;

	g_subprocess_communicate_utf8_finish(G_SUBPROCESS(process), result, NULL, &said, &why);
	sentence = why ? why->message : said ? g_strstrip(said) : "";
	if (g_str_has_prefix(sentence, PREFIX))
		sentence += strlen(PREFIX);
	if (ui && ui->dialog)
		gtk_window_destroy(GTK_WINDOW(g_steal_pointer(&ui->dialog)));
	if (ui && !why && g_subprocess_get_successful(G_SUBPROCESS(process)))
		ui_closing_leave(ui);
	else if (ui)
		tell_failure(ui, doing->commit, sentence);
	g_object_unref(doing->window);
	g_free(doing);
}

/* It goes on in its process without the window. */
static void on_waited_for(AdwMessageDialog *dialog, const char *response, gpointer window)
{
	struct ui *ui = ui_of_window(window);

	if (!ui)
		return;
	ui->dialog = NULL;
	ui_closing_leave(ui);
}

static void show_waiting(struct ui *ui, gboolean commit)
{
	GtkWidget *spinner = gtk_spinner_new();

	gtk_spinner_start(GTK_SPINNER(spinner));
	ui->dialog = adw_message_dialog_new(ui->window,
					    commit ? _("The changes are being committed…")
						   : _("The changes are being discarded…"),
					    _("This goes on, too, when the window is closed."));
	adw_message_dialog_set_extra_child(ADW_MESSAGE_DIALOG(ui->dialog), spinner);
	adw_message_dialog_add_response(ADW_MESSAGE_DIALOG(ui->dialog), "close", _("_Close"));
	g_signal_connect_object(ui->dialog, "response", G_CALLBACK(on_waited_for), ui->window, 0);
	gtk_window_present(GTK_WINDOW(ui->dialog));
}

static void begin(struct ui *ui, gboolean commit)
{
	g_autofree char *folder = g_path_get_dirname(ui->suspend_to),
			*program = g_file_read_link(SELF, NULL);
	g_autoptr(GError) why = NULL;
	g_autoptr(GSubprocess) process = g_subprocess_new(
		G_SUBPROCESS_FLAGS_STDERR_PIPE, &why, program ? program : "tessera", "snapshot",
		folder, commit ? "commit" : "discard", NULL);
	struct doing *doing;

	if (!process) {
		tell_failure(ui, commit, why->message);
		return;
	}
	doing = g_new0(struct doing, 1);
	doing->window = g_object_ref(ui->window);
	doing->commit = commit;
	show_waiting(ui, commit);
	g_subprocess_communicate_utf8_async(process, NULL, NULL, on_done, doing);
}

/* -- The question */

static void on_response(AdwMessageDialog *dialog, const char *response, gpointer window)
{
	struct ui *ui = ui_of_window(window);

	if (!ui)
		return;
	ui->dialog = NULL;
	if (g_str_equal(response, "keep"))
		ui_closing_leave(ui);
	else
		begin(ui, g_str_equal(response, "commit"));
}

static void ask(struct ui *ui)
{
	AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG(adw_message_dialog_new(
		ui->window, NULL,
		_("Its disks are undoable. Committed changes are on them for good; discarded ones "
		  "are gone, and the disks are as they were before. If you keep them for now, the "
		  "machine goes on with them the next time, and you are asked again then.")));

	ui->dialog = GTK_WIDGET(dialog);
	adw_message_dialog_format_heading(
		dialog, _("What is to become of what “%s” wrote to its disks?"), ui->title);
	adw_message_dialog_add_responses(dialog, "keep", _("_Keep for Now"), "discard",
					 _("_Discard"), "commit", _("_Commit"), NULL);
	adw_message_dialog_set_response_appearance(dialog, "discard", ADW_RESPONSE_DESTRUCTIVE);
	adw_message_dialog_set_response_appearance(dialog, "commit", ADW_RESPONSE_SUGGESTED);
	adw_message_dialog_set_default_response(dialog, "keep");
	adw_message_dialog_set_close_response(dialog, "keep");
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_response), ui->window, 0);
	gtk_window_present(GTK_WINDOW(dialog));
}

/* A state that is newer than the window is one that the machine was suspended to. */
static void on_state_known(GObject *file, GAsyncResult *result, gpointer window)
{
	struct ui *ui = ui_of_window(window);
	g_autoptr(GFileInfo) info = g_file_query_info_finish(G_FILE(file), result, NULL);

	if (ui && info && find_time(info) != ui->saved_us)
		ui_closing_leave(ui);
	else if (ui)
		ask(ui);
	g_object_unref(window);
}

static void on_stopped(TsrMachine *machine, int status, const char *why, gpointer data)
{
	struct ui *ui = data;
	g_autoptr(GFile) state = NULL;

	if (!ui->is_undoable || status == TSR_EXIT_MACHINE_FAILED)
		return;
	ui_grab_release(ui);
	ui_frames_stop(ui);
	if (ui->dialog)
		gtk_window_destroy(GTK_WINDOW(g_steal_pointer(&ui->dialog)));
	state = g_file_new_for_path(ui->suspend_to);
	g_file_query_info_async(state, "time::*", G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT, NULL,
				on_state_known, g_object_ref(ui->window));
}

void ui_undo_add(struct ui *ui)
{
	struct look *look;

	if (!*ui->control || !*ui->suspend_to)
		return;
	look = g_new0(struct look, 1);
	look->state = g_strdup(ui->suspend_to);
	g_signal_connect(ui->machine, "stopped", G_CALLBACK(on_stopped), ui);
	ui_calls_make(ui->calls, call_look, on_looked, look, look_free);
}
