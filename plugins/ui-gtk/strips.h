/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A picture as render nodes, one for each strip of it, so that what did not change is neither made
 * nor drawn anew: GTK leaves out nodes that it has drawn before. [main]
 */
#ifndef UI_GTK_STRIPS_H
#define UI_GTK_STRIPS_H

#include <gtk/gtk.h>

struct ui_strips;

/* What a node is made of. */
struct ui_strips_form {
	guint width, height; /* of the picture, in pixels */
	guint factor;        /* each pixel becomes that many squared */
	gboolean is_whole;   /* one strip: those of several would not meet where GTK scales them by
				fractions */
	gboolean is_cairo;   /* GTK draws with cairo */
};

struct ui_strips *ui_strips_new(void);
void ui_strips_free(struct ui_strips *strips);
/* Those rows of the picture have changed. */
void ui_strips_damage(struct ui_strips *strips, guint y, guint height);
/* Draws the picture into a rectangle of its own size in pixels, from 0, 0. `pixels`: XRGB8888 in
 * host byte order, width * 4 bytes a row; they stay what they are until they are damaged. */
void ui_strips_append(struct ui_strips *strips, GtkSnapshot *snapshot, GBytes *pixels,
		      const struct ui_strips_form *form);

/* (transfer full): rows of the picture, each pixel factor x factor opaque ones; a GdkTexture of
 * B8G8R8A8. */
GdkTexture *ui_strips_make_texture(GBytes *pixels, guint width, guint y, guint height,
				   guint factor);

#endif
