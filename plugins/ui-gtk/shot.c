/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Screenshots: the picture that the window shows, without its scaling, as a file or in the
 * clipboard. It is copied at once; a file is encoded and written on another thread.
 */
#include "ui.h"

struct shot {
	GdkTexture *picture; /* owned */
	char *path;
};

static void shot_free(gpointer data)
{
	struct shot *shot = data;

	g_object_unref(shot->picture);
	g_free(shot->path);
	g_free(shot);
}

static void write_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	struct shot *shot = data;
	g_autoptr(GBytes) png = gdk_texture_save_to_png_bytes(shot->picture);
	GError *error = NULL;

	if (g_file_set_contents(shot->path, g_bytes_get_data(png, NULL),
				(gssize)g_bytes_get_size(png), &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void on_written(GObject *window, GAsyncResult *result, gpointer data)
{
	struct shot *shot = g_task_get_task_data(G_TASK(result));
	struct ui *ui = ui_of_window(window);
	g_autofree char *name = g_filename_display_basename(shot->path);
	g_autofree char *sentence = g_strdup_printf(_("The screenshot is saved as “%s”."), name);
	g_autoptr(GError) why = NULL;
	gboolean done = g_task_propagate_boolean(G_TASK(result), &why);

	if (!ui)
		return;
	if (done)
		ui_window_toast(ui, sentence);
	else
		ui_window_tell(ui, _("The screenshot could not be saved"), why);
}

static void write_shot(struct ui *ui, GdkTexture *picture, char *path)
{
	GTask *task = g_task_new(ui->window, NULL, on_written, NULL);
	struct shot *shot = g_new0(struct shot, 1);

	shot->picture = g_object_ref(picture);
	shot->path = path;
	g_task_set_task_data(task, shot, shot_free);
	g_task_run_in_thread(task, write_on_thread);
	g_object_unref(task);
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS /* GtkFileDialog is of 4.10 */

	static void
	on_response(GtkNativeDialog *dialog, int response, gpointer data)
{
	struct ui *ui = ui_of_window(data);
	GdkTexture *picture = g_object_get_data(G_OBJECT(dialog), "picture");
	g_autoptr(GFile) file = NULL;

	if (response == GTK_RESPONSE_ACCEPT)
		file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
	if (ui && file && g_file_peek_path(file))
		write_shot(ui, picture, g_file_get_path(file));
	g_object_unref(dialog);
}

/* A title may have characters that a file's name cannot have. */
static char *name_of_file(struct ui *ui)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *time = g_date_time_format(now, "%Y-%m-%d-%H%M%S");
	g_autofree char *title =
		g_utf8_substring(ui->title, 0, MIN(g_utf8_strlen(ui->title, -1), 40));

	g_strdelimit(title, "/\\", '-');
	return g_strdup_printf("%s-%s.png", title, time);
}

static void ask_for_file(struct ui *ui, GdkTexture *picture)
{
	g_autofree char *name = name_of_file(ui);
	g_autoptr(GFile) folder = NULL;
	const char *pictures = g_get_user_special_dir(G_USER_DIRECTORY_PICTURES);
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
		_("Save Screenshot"), ui->window, GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);

	folder = pictures ? g_file_new_for_path(pictures) : NULL;
	if (folder)
		gtk_file_chooser_set_current_folder(GTK_FILE_CHOOSER(dialog), folder, NULL);
	gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), name);
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	g_object_set_data_full(G_OBJECT(dialog), "picture", picture, g_object_unref);
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_response), ui->window, 0);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

G_GNUC_END_IGNORE_DEPRECATIONS

void ui_shot_save(struct ui *ui)
{
	GdkTexture *picture = ui_screen_get_picture(ui->screen);

	if (picture)
		ask_for_file(ui, picture);
	else
		ui_window_tell(ui, _("The machine has no picture yet"), NULL);
}

void ui_shot_copy(struct ui *ui)
{
	g_autoptr(GdkTexture) picture = ui_screen_get_picture(ui->screen);

	if (!picture) {
		ui_window_tell(ui, _("The machine has no picture yet"), NULL);
		return;
	}
	gdk_clipboard_set_texture(gtk_widget_get_clipboard(GTK_WIDGET(ui->window)), picture);
	ui_window_toast(ui, _("The screenshot is in the clipboard."));
}
