/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See picture.h. */
#include "ui/picture.h"

typedef struct {
	GBytes *png;
	int width;
} Load;

static void load_free(gpointer data)
{
	g_bytes_unref(((Load *)data)->png);
	g_free(data);
}

/* The size is known before the pixels are decoded: a picture that claims to be huge costs nothing.
 */
static void on_size(GdkPixbufLoader *loader, int width, int height, gpointer data)
{
	const Load *load = data;

	if (width > load->width)
		gdk_pixbuf_loader_set_size(loader, load->width,
					   MAX(1, (int)((gint64)height * load->width / width)));
}

static void load_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Load *load = data;
	g_autoptr(GdkPixbufLoader) loader = gdk_pixbuf_loader_new_with_type("png", NULL);
	GError *error = NULL;
	gboolean done;

	g_signal_connect(loader, "size-prepared", G_CALLBACK(on_size), load);
	done = gdk_pixbuf_loader_write_bytes(loader, load->png, &error);
	done = gdk_pixbuf_loader_close(loader, done ? &error : NULL) && done;
	if (done && gdk_pixbuf_loader_get_pixbuf(loader))
		g_task_return_pointer(
			task, gdk_texture_new_for_pixbuf(gdk_pixbuf_loader_get_pixbuf(loader)),
			g_object_unref);
	else if (error)
		g_task_return_error(task, error);
	else
		g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "no picture");
}

void tsr_picture_load(GBytes *png, int width, GCancellable *cancellable,
		      GAsyncReadyCallback callback, gpointer user)
{
	g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user);
	Load *load = g_new0(Load, 1);

	load->png = g_bytes_ref(png);
	load->width = width;
	g_task_set_task_data(task, load, load_free);
	g_task_run_in_thread(task, load_on_thread);
}

GdkTexture *tsr_picture_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
