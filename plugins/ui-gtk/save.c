/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is saved to a file that the user names: a screenshot, the bus monitor's events, a profile,
 * a recording. But for a recording, which begins when its file is named, it is what it was when
 * saving began, and is written on another thread.
 */
#include "save.h"

struct saving {
	struct ui_saving what;
	char *path;
};

static void saving_free(gpointer data)
{
	struct saving *s = data;

	s->what.free_content(s->what.content);
	g_free(s->path);
	g_free(s);
}

static void write_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const struct saving *s = data;
	GError *error = NULL;

	if (s->what.write(s->what.content, s->path, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void on_written(GObject *window, GAsyncResult *result, gpointer unused)
{
	struct ui *ui = ui_of_window(window);
	const struct saving *s = g_task_get_task_data(G_TASK(result));
	g_autofree char *name = g_filename_display_basename(s->path);
	g_autofree char *sentence = g_strdup_printf(s->what.done, name);
	g_autoptr(GError) why = NULL;
	gboolean done = g_task_propagate_boolean(G_TASK(result), &why);

	if (!ui)
		return;
	if (done)
		ui_window_toast(ui, sentence);
	else
		ui_window_tell(ui, s->what.failed, why);
}

static void begin(struct ui *ui, const char *path, gpointer data)
{
	struct saving *s = data;
	g_autoptr(GTask) task = NULL;

	if (!path) {
		saving_free(s);
		return;
	}
	task = g_task_new(ui->window, NULL, on_written, NULL);
	s->path = g_strdup(path);
	g_task_set_task_data(task, s, saving_free);
	g_task_run_in_thread(task, write_on_thread);
}

struct asking {
	UiSaveChosen chosen;
	gpointer data;
};

G_GNUC_BEGIN_IGNORE_DEPRECATIONS /* GtkFileDialog is of 4.10 */

	static void
	on_response(GtkNativeDialog *dialog, int response, gpointer window)
{
	struct ui *ui = ui_of_window(window);
	const struct asking *asking = g_object_get_data(G_OBJECT(dialog), "asking");
	g_autoptr(GFile) file = NULL;

	if (ui && response == GTK_RESPONSE_ACCEPT)
		file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
	asking->chosen(ui, file ? g_file_peek_path(file) : NULL, asking->data);
	g_object_unref(dialog);
}

void ui_save_ask(struct ui *ui, const char *title, GUserDirectory folder, const char *name,
		 UiSaveChosen chosen, gpointer data)
{
	struct asking *asking = g_new0(struct asking, 1);
	const char *path = g_get_user_special_dir(folder);
	g_autoptr(GFile) place = path ? g_file_new_for_path(path) : NULL;
	g_autofree char *plain = g_strdelimit(g_strdup(name), "/\\", '-');
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
		title, ui->window, GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);

	*asking = (struct asking){ chosen, data };
	if (place)
		gtk_file_chooser_set_current_folder(GTK_FILE_CHOOSER(dialog), place, NULL);
	gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), plain);
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	g_object_set_data_full(G_OBJECT(dialog), "asking", asking, g_free);
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_response), ui->window, 0);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

G_GNUC_END_IGNORE_DEPRECATIONS

void ui_save(struct ui *ui, const struct ui_saving *what, const char *name)
{
	struct saving *s = g_new0(struct saving, 1);

	s->what = *what;
	ui_save_ask(ui, what->title, what->folder, name, begin, s);
}

char *ui_save_name(struct ui *ui, const char *suffix)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *time = g_date_time_format(now, "%Y-%m-%d-%H%M%S");
	g_autofree char *title =
		g_utf8_substring(ui->title, 0, MIN(g_utf8_strlen(ui->title, -1), 40));

	return g_strdup_printf("%s-%s%s", title, time, suffix);
}
