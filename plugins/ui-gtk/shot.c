/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Screenshots: the picture that the window shows, without its scaling, as a file or in the
 * clipboard. It is copied at once; a file is encoded and written on another thread.
 */
#include "save.h"

static gboolean write_picture(gconstpointer picture, const char *path, GError **error)
{
	g_autoptr(GBytes) png = gdk_texture_save_to_png_bytes((GdkTexture *)picture);

	return g_file_set_contents(path, g_bytes_get_data(png, NULL), (gssize)g_bytes_get_size(png),
				   error);
}

void ui_shot_save(struct ui *ui)
{
	g_autofree char *name = ui_save_name(ui, ".png");
	struct ui_saving what = {
		.title = _("Save Screenshot"),
		.done = _("The screenshot is saved as “%s”."),
		.failed = _("The screenshot could not be saved"),
		.folder = G_USER_DIRECTORY_PICTURES,
		.write = write_picture,
		.content = ui_screen_get_picture(ui->screen),
		.free_content = g_object_unref,
	};

	if (what.content)
		ui_save(ui, &what, name);
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
