/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See strips.h. Where GTK draws with OpenGL a strip is a texture, which is uploaded once. Where it
 * draws with cairo it is a surface on the pixels themselves: GTK 4.8 would convert a texture by
 * floating point at each drawing, which was half of what a frame cost. That surface stays while
 * its pixels change, and cairo is not told of it: when a surface that was drawn ends, or is said
 * to have changed, cairo copies its pixels for the nodes that have it, which are not drawn again.
 */
#include "strips.h"

#include <string.h>

#define ROWS 64u /* of a strip, before they are repeated */

struct strip {
	GskRenderNode *node;      /* NULL: to be made */
	cairo_surface_t *surface; /* NULL: there was none yet */
	const guint32 *pixels;    /* what the surface is of */
};

struct ui_strips {
	struct ui_strips_form form;
	guint rows; /* of a strip */
	guint count;
	struct strip *all;
};

static const guint32 *row_of(GBytes *pixels, guint width, guint y)
{
	return (const guint32 *)g_bytes_get_data(pixels, NULL) + (gsize)y * width;
}

/* The fourth byte of XRGB is not alpha, and GDK 4.8 has no format that ignores it. */
static void multiply(guint32 *to, const guint32 *from, guint width, guint height, guint factor)
{
	gsize stride = (gsize)width * factor;

	for (guint row = 0; row < height; row++, from += width) {
		for (guint x = 0; factor == 1 && x < width; x++)
			to[x] = from[x] | 0xff000000u;
		for (guint x = 0; factor > 1 && x < width; x++)
			for (guint i = 0; i < factor; i++)
				to[x * factor + i] = from[x] | 0xff000000u;
		for (guint i = 1; i < factor; i++)
			memcpy(to + i * stride, to, stride * sizeof(*to));
		to += stride * factor;
	}
}

GdkTexture *ui_strips_make_texture(GBytes *pixels, guint width, guint y, guint height, guint factor)
{
	const gsize count = (gsize)width * factor * height * factor;
	guint32 *made = g_new(guint32, count);
	g_autoptr(GBytes) bytes = g_bytes_new_take(made, count * sizeof(*made));

	multiply(made, row_of(pixels, width, y), width, height, factor);
	return gdk_memory_texture_new((int)(width * factor), (int)(height * factor),
				      GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, bytes,
				      (gsize)width * factor * 4);
}

/* On the pixels themselves: keeps the bytes. */
static cairo_surface_t *borrow(GBytes *pixels, guint width, guint y, guint height)
{
	static const cairo_user_data_key_t key;
	cairo_surface_t *surface = cairo_image_surface_create_for_data(
		(guchar *)row_of(pixels, width, y), CAIRO_FORMAT_RGB24, (int)width, (int)height,
		(int)width * 4);

	cairo_surface_set_user_data(surface, &key, g_bytes_ref(pixels),
				    (cairo_destroy_func_t)g_bytes_unref);
	return surface;
}

/* Of the strip as it is now. */
static cairo_surface_t *update_surface(struct strip *strip, const struct ui_strips_form *form,
				       GBytes *pixels, guint y, guint height)
{
	const guint32 *from = row_of(pixels, form->width, y);

	if (form->factor == 1 && strip->pixels != from) {
		g_clear_pointer(&strip->surface, cairo_surface_destroy);
		strip->surface = borrow(pixels, form->width, y, height);
		strip->pixels = from;
	} else if (form->factor > 1 && !strip->surface) {
		strip->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24,
							    (int)(form->width * form->factor),
							    (int)(height * form->factor));
	}
	if (form->factor > 1) /* a row of this format has no bytes beside its pixels */
		multiply((guint32 *)cairo_image_surface_get_data(strip->surface), from, form->width,
			 height, form->factor);
	return strip->surface;
}

static GskRenderNode *make_cairo(const struct ui_strips_form *form, cairo_surface_t *surface,
				 const graphene_rect_t *bounds)
{
	GskRenderNode *node = gsk_cairo_node_new(bounds);
	cairo_t *cr = gsk_cairo_node_get_draw_context(node);

	gdk_cairo_rectangle(cr, &(GdkRectangle){ 0, (int)bounds->origin.y, (int)bounds->size.width,
						 (int)bounds->size.height });
	cairo_translate(cr, 0, bounds->origin.y);
	cairo_scale(cr, 1.0 / form->factor, 1.0 / form->factor);
	cairo_set_source_surface(cr, surface, 0, 0);
	cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
	cairo_fill(cr);
	cairo_destroy(cr);
	return node;
}

static GskRenderNode *make_node(struct ui_strips *strips, GBytes *pixels, guint index)
{
	const struct ui_strips_form *form = &strips->form;
	guint y = index * strips->rows, height = MIN(strips->rows, form->height - y);
	graphene_rect_t bounds = GRAPHENE_RECT_INIT(0, y, form->width, height);
	g_autoptr(GdkTexture) texture = NULL;

	if (form->is_cairo)
		return make_cairo(form,
				  update_surface(&strips->all[index], form, pixels, y, height),
				  &bounds);
	texture = ui_strips_make_texture(pixels, form->width, y, height, form->factor);
	return gsk_texture_node_new(texture, &bounds);
}

static void clear(struct ui_strips *strips)
{
	for (guint i = 0; i < strips->count; i++) {
		g_clear_pointer(&strips->all[i].node, gsk_render_node_unref);
		g_clear_pointer(&strips->all[i].surface, cairo_surface_destroy);
	}
	g_clear_pointer(&strips->all, g_free);
	strips->count = 0;
}

static gboolean is_same(const struct ui_strips_form *a, const struct ui_strips_form *b)
{
	return a->width == b->width && a->height == b->height && a->factor == b->factor &&
	       a->is_whole == b->is_whole && a->is_cairo == b->is_cairo;
}

static void set_form(struct ui_strips *strips, const struct ui_strips_form *form)
{
	if (strips->count && is_same(&strips->form, form))
		return;
	clear(strips);
	strips->form = *form;
	strips->rows = form->is_whole ? form->height : ROWS;
	strips->count = (form->height + strips->rows - 1) / strips->rows;
	strips->all = g_new0(struct strip, strips->count);
}

void ui_strips_append(struct ui_strips *strips, GtkSnapshot *snapshot, GBytes *pixels,
		      const struct ui_strips_form *form)
{
	set_form(strips, form);
	for (guint i = 0; i < strips->count; i++) {
		if (!strips->all[i].node)
			strips->all[i].node = make_node(strips, pixels, i);
		gtk_snapshot_append_node(snapshot, strips->all[i].node);
	}
}

void ui_strips_damage(struct ui_strips *strips, guint y, guint height)
{
	for (guint i = 0; i < strips->count; i++)
		if (i * strips->rows < y + height && (i + 1) * strips->rows > y)
			g_clear_pointer(&strips->all[i].node, gsk_render_node_unref);
}

struct ui_strips *ui_strips_new(void)
{
	return g_new0(struct ui_strips, 1);
}

void ui_strips_free(struct ui_strips *strips)
{
	clear(strips);
	g_free(strips);
}
