/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the window says when the machine's process is gone without having said why: it was killed,
 * or has crashed. The event "tells-end" lets `tessera view` leave the window to the user then.
 */
#include "ui.h"

/* The program that this process runs; another may have been installed since. */
#define SELF "/proc/self/exe"
#define LOG_NAME "log.txt"

static gboolean start_again(struct ui *ui, GError **error)
{
	g_auto(GStrv) words = NULL;
	g_autoptr(GPtrArray) arguments = g_ptr_array_new();

	if (!g_shell_parse_argv(ui->again, NULL, &words, error))
		return FALSE;
	g_ptr_array_add(arguments, (gpointer)SELF);
	for (char **word = words; *word; word++)
		g_ptr_array_add(arguments, *word);
	g_ptr_array_add(arguments, NULL);
	return g_spawn_async(NULL, (char **)arguments->pdata, NULL, G_SPAWN_FILE_AND_ARGV_ZERO,
			     NULL, NULL, NULL, error);
}

/* What the machine wrote, where the library keeps it: beside its state. NULL: there is no such. */
static char *find_log(struct ui *ui)
{
	g_autofree char *folder = *ui->suspend_to ? g_path_get_dirname(ui->suspend_to) : NULL;
	g_autofree char *log = folder ? g_build_filename(folder, LOG_NAME, NULL) : NULL;

	return log && g_file_test(log, G_FILE_TEST_IS_REGULAR) ? g_filename_to_uri(log, NULL, NULL)
							       : NULL;
}

static void tell(struct ui *ui);

static void show_log(struct ui *ui)
{
	g_autofree char *log = find_log(ui);

	if (log)
		gtk_show_uri(ui->window, log, GDK_CURRENT_TIME);
	tell(ui);
}

static void on_response(AdwMessageDialog *dialog, const char *response, gpointer window)
{
	struct ui *ui = ui_of_window(window);
	g_autoptr(GError) why = NULL;

	if (!ui)
		return;
	ui->dialog = NULL;
	if (g_str_equal(response, "log"))
		show_log(ui);
	else if (g_str_equal(response, "again") && !start_again(ui, &why))
		ui_window_tell(ui, _("The machine could not be started"), why);
	else
		ui_closing_leave(ui);
}

static void tell(struct ui *ui)
{
	g_autofree char *log = find_log(ui);
	AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG(adw_message_dialog_new(
		ui->window, NULL,
		_("The machine's process is gone: it was killed, or it has crashed. The guest "
		  "stopped as if it had been unplugged; what it had written to its disks is there. "
		  "Its last picture is in this window until you close it.")));

	ui->dialog = GTK_WIDGET(dialog);
	adw_message_dialog_format_heading(dialog, _("“%s” was ended by force"), ui->title);
	adw_message_dialog_add_response(dialog, "close", _("_Close"));
	adw_message_dialog_set_close_response(dialog, "close");
	if (log)
		adw_message_dialog_add_response(dialog, "log", _("Show _Log"));
	if (*ui->again) {
		adw_message_dialog_add_response(dialog, "again", _("_Start Again"));
		adw_message_dialog_set_response_appearance(dialog, "again", ADW_RESPONSE_SUGGESTED);
	}
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_response), ui->window, 0);
	gtk_window_present(GTK_WINDOW(dialog));
}

static void on_stopped(TsrMachine *machine, int status, const char *why, gpointer data)
{
	struct ui *ui = data;

	if (status != TSR_EXIT_MACHINE_FAILED || !*ui->control)
		return;
	ui_grab_release(ui);
	ui_frames_stop(ui);
	if (ui->dialog)
		gtk_window_destroy(GTK_WINDOW(ui->dialog));
	tell(ui);
}

void ui_ended_add(struct ui *ui)
{
	g_signal_connect(ui->machine, "stopped", G_CALLBACK(on_stopped), ui);
	if (*ui->control)
		ui->bus->emit(ui->host, "tells-end", NULL);
}
