/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Thumbnails: PNG files become textures that are as small as they are shown. */
#ifndef TSR_LIBRARY_PICTURE_H
#define TSR_LIBRARY_PICTURE_H

#include <gtk/gtk.h>

/* Decodes a PNG on another thread, at most so many pixels wide. [main] */
void tsr_picture_load(GBytes *png, int width, GCancellable *cancellable,
		      GAsyncReadyCallback callback, gpointer user);
/* The texture; NULL with error: it is damaged, or was cancelled. */
GdkTexture *tsr_picture_finish(GAsyncResult *result, GError **error);

#endif
