/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Displays: the surfaces adapters draw into, frames for viewers, screenshots as PNG. */
#include "board/display.h"

#include <errno.h>
#include <png.h>
#include <unistd.h>
#include <string.h>

#include "instance/instance.h"
#include "instance/lock.h"
#include "instance/machine-parts.h"
#include "instance/signals.h"

struct tsr_display {
	const struct tsr_display_ops *ops;
	void *self;
	unsigned width, height;
	uint32_t *pixels;
	bool changed, resized;
	guint64 serial; /* of the picture in pixels */
};

struct tsr_displays {
	GPtrArray *all;
};

static void display_free(gpointer data)
{
	struct tsr_display *d = data;

	g_free(d->pixels);
	g_free(d);
}

struct tsr_displays *tsr_displays_new(TsrMachine *m)
{
	struct tsr_displays *displays = g_new0(struct tsr_displays, 1);

	displays->all = g_ptr_array_new_with_free_func(display_free);
	return displays;
}

void tsr_displays_free(struct tsr_displays *displays)
{
	if (!displays)
		return;
	g_ptr_array_unref(displays->all);
	g_free(displays);
}

static struct tsr_display *display_add(const struct tsr_host *host,
				       const struct tsr_display_ops *ops, void *self)
{
	TsrMachine *m = tsr_instance_of(host)->machine;
	struct tsr_display *d = g_new0(struct tsr_display, 1);

	d->ops = ops;
	d->self = self;
	g_ptr_array_add(m->displays->all, d);
	return d;
}

static uint32_t *display_resize(struct tsr_display *d, unsigned width, unsigned height,
				size_t *stride)
{
	g_assert(width && height && width <= 16384 && height <= 16384);
	if (width != d->width || height != d->height) {
		g_free(d->pixels);
		d->pixels = NULL;
		d->width = width;
		d->height = height;
		d->resized = true;
	}
	if (!d->pixels)
		d->pixels = g_new(uint32_t, (gsize)width * height);
	memset(d->pixels, 0, (size_t)width * height * 4);
	d->changed = true;
	*stride = (size_t)width * 4;
	return d->pixels;
}

static uint32_t *display_pixels(struct tsr_display *d, unsigned *width, unsigned *height,
				size_t *stride)
{
	*width = d->width;
	*height = d->height;
	*stride = (size_t)d->width * 4;
	return d->pixels;
}

static void display_damage(struct tsr_display *d, unsigned x, unsigned y, unsigned width,
			   unsigned height)
{
	d->changed |= width && height;
}

const struct tsr_display_table tsr_display_table_impl = {
	.size = sizeof(struct tsr_display_table),
	.add = display_add,
	.resize = display_resize,
	.pixels = display_pixels,
	.damage = display_damage,
};

/* -- Viewers */

static struct tsr_display *get_display(TsrMachine *m, guint index)
{
	return index < m->displays->all->len ? g_ptr_array_index(m->displays->all, index) : NULL;
}

/* Brings the surface up to date. [locked] */
static void refresh(struct tsr_display *d, bool full)
{
	d->ops->refresh(d->self, full);
	if (d->changed) {
		d->changed = false;
		d->serial++;
	}
}

guint tsr_machine_get_n_displays(TsrMachine *self)
{
	return self->displays->all->len;
}

GBytes *tsr_machine_get_frame(TsrMachine *self, guint display, guint64 *serial, guint *width,
			      guint *height)
{
	struct tsr_display *d = get_display(self, display);
	GBytes *frame = NULL;
	bool resized;

	*width = *height = 0;
	if (!d)
		return NULL;
	tsr_machine_lock(self);
	refresh(d, *serial == 0);
	resized = d->resized;
	d->resized = false;
	*width = d->width;
	*height = d->height;
	if (d->pixels && *serial != d->serial) {
		frame = g_bytes_new(d->pixels, (gsize)d->width * d->height * 4);
		*serial = d->serial;
	}
	tsr_machine_unlock(self);
	if (resized)
		tsr_signals_display_changed(self, display, *width, *height);
	return frame;
}

/* The picture as libpng takes it; NULL with error. */
static uint32_t *take_picture(TsrMachine *self, guint display, png_image *image, GError **error)
{
	guint64 serial = 0;
	guint width, height;
	g_autoptr(GBytes) frame = tsr_machine_get_frame(self, display, &serial, &width, &height);
	uint32_t *pixels;

	if (!frame) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
			    "this machine has no display %u with a picture", display);
		return NULL;
	}
	*image = (png_image){ .version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_BGRA };
	image->width = width;
	image->height = height;
	/* The unused byte of XRGB becomes an opaque alpha. */
	pixels = g_memdup2(g_bytes_get_data(frame, NULL), g_bytes_get_size(frame));
	for (gsize i = 0; i < (gsize)width * height; i++)
		pixels[i] |= 0xff000000u;
	return pixels;
}

GBytes *tsr_machine_get_png(TsrMachine *self, guint display, GError **error)
{
	png_image image;
	g_autofree uint32_t *pixels = take_picture(self, display, &image, error);
	png_alloc_size_t length;
	gpointer png;

	if (!pixels)
		return NULL;
	length = PNG_IMAGE_PNG_SIZE_MAX(image);
	png = g_malloc(length);
	if (png_image_write_to_memory(&image, png, &length, 0, pixels, 0, NULL))
		return g_bytes_new_take(png, length);
	g_free(png);
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED,
		    "cannot make the screenshot: %s", image.message);
	return NULL;
}

gboolean tsr_machine_screenshot_fd(TsrMachine *self, guint display, int fd, GError **error)
{
	g_autoptr(GBytes) png = tsr_machine_get_png(self, display, error);
	gsize left = 0;
	const char *at = png ? g_bytes_get_data(png, &left) : NULL;

	while (left) {
		ssize_t n = write(fd, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO,
				    "cannot write the screenshot: %s", g_strerror(errno));
			return FALSE;
		}
		at += n;
		left -= (gsize)n;
	}
	return png != NULL;
}

gboolean tsr_machine_screenshot(TsrMachine *self, guint display, const char *png_path,
				GError **error)
{
	png_image image;
	g_autofree uint32_t *pixels = take_picture(self, display, &image, error);

	if (!pixels)
		return FALSE;
	if (!png_image_write_to_file(&image, png_path, 0, pixels, 0, NULL)) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO,
			    "%s: cannot write the screenshot: %s", png_path, image.message);
		return FALSE;
	}
	return TRUE;
}

char *tsr_machine_get_screen_text(TsrMachine *self, guint display)
{
	struct tsr_display *d = get_display(self, display);
	char *text = NULL;

	if (!d || !d->ops->text)
		return NULL;
	tsr_machine_lock(self);
	size_t length = d->ops->text(d->self, NULL, 0);
	if (length) {
		text = g_malloc0(length + 1);
		d->ops->text(d->self, text, length + 1);
	}
	tsr_machine_unlock(self);
	return text;
}
