/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saving a profile: the machine is asked for it at once, then the user for a file, which is written
 * on another thread. */
#include <string.h>

#include "performance.h"

struct saving {
	char *format, *text, *path;
};

static void saving_free(gpointer data)
{
	struct saving *s = data;

	g_free(s->format);
	g_free(s->text);
	g_free(s->path);
	g_free(s);
}

/* -- Writing */

static void write_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const struct saving *s = data;
	GError *error = NULL;

	if (g_file_set_contents(s->path, s->text, (gssize)strlen(s->text), &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void on_written(GObject *window, GAsyncResult *result, gpointer unused)
{
	struct ui *ui = ui_of_window(window);
	const struct saving *s = g_task_get_task_data(G_TASK(result));
	g_autofree char *name = g_filename_display_basename(s->path);
	g_autofree char *sentence = g_strdup_printf(_("The profile is saved as “%s”."), name);
	g_autoptr(GError) why = NULL;
	gboolean done = g_task_propagate_boolean(G_TASK(result), &why);

	if (!ui)
		return;
	if (done)
		ui_window_toast(ui, sentence);
	else
		ui_window_tell(ui, _("The profile could not be saved"), why);
}

static void save(struct ui *ui, struct saving *s, char *path)
{
	GTask *task = g_task_new(ui->window, NULL, on_written, NULL);

	s->path = path;
	g_task_set_task_data(task, s, saving_free);
	g_task_run_in_thread(task, write_on_thread);
	g_object_unref(task);
}

/* -- Asking for a file */

G_GNUC_BEGIN_IGNORE_DEPRECATIONS /* GtkFileDialog is of 4.10 */

	static void
	on_response(GtkNativeDialog *dialog, int response, gpointer window)
{
	struct ui *ui = ui_of_window(window);
	g_autoptr(GFile) file = NULL;

	if (response == GTK_RESPONSE_ACCEPT)
		file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
	if (ui && file && g_file_peek_path(file))
		save(ui, g_object_steal_data(G_OBJECT(dialog), "saving"), g_file_get_path(file));
	g_object_unref(dialog);
}

static void ask_for_file(struct ui *ui, struct saving *s)
{
	g_autofree char *name =
		g_strdup_printf("%s-profile.%s", tsr_machine_get_name(ui->machine), s->format);
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
		_("Save the Profile"), ui->window, GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);

	g_strdelimit(name, "/\\", '-');
	gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), name);
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	g_object_set_data_full(G_OBJECT(dialog), "saving", s, saving_free);
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_response), ui->window, 0);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

G_GNUC_END_IGNORE_DEPRECATIONS

/* -- Asking the machine */

static gboolean call_get(TsrMachine *machine, gpointer data, GError **error)
{
	struct saving *s = data;

	s->text = tsr_machine_get_profile(machine, s->format, error);
	return s->text != NULL;
}

static void on_got(struct ui *ui, gpointer data, const GError *error)
{
	struct saving *got = data, *s;

	if (error) {
		ui_window_tell(ui, _("The profile could not be saved"), error);
		return;
	}
	s = g_new0(struct saving, 1);
	s->format = g_strdup(got->format);
	s->text = g_steal_pointer(&got->text);
	ask_for_file(ui, s);
}

void ui_performance_save(struct ui *ui, const char *format)
{
	struct saving *s = g_new0(struct saving, 1);

	s->format = g_strdup(format);
	ui_calls_make(ui->calls, call_get, on_got, s, saving_free);
}
