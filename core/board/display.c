/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Displays: the surfaces adapters draw into, frames for viewers, screenshots as PNG.
 *
 * An adapter draws when a viewer asks for the next frame, and at no other time, so a viewer that
 * does not ask costs nothing. Each frame has a serial; what was drawn for the newest of them is
 * kept as rectangles, so that a viewer that names the serial it has learns what has changed since.
 */
#include "board/display.h"

#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <unistd.h>
#include <string.h>

#include "board/hints.h"
#include "board/surface.h"
#include "instance/check.h"
#include "instance/instance.h"
#include "instance/lock.h"
#include "instance/machine-parts.h"
#include "instance/remote-form.h"
#include "instance/signals.h"

#define FRAMES_KEPT 32u /* of which the damage is known; a power of two */

struct area {
	unsigned left, top, right, bottom; /* right and bottom are outside */
};

struct tsr_display {
	TsrInstance *owner;
	const struct tsr_display_ops *ops;
	void *self;
	TsrInstance *heir; /* a newcomer that is to take the owner's place; NULL: none */
	const struct tsr_display_ops *heir_ops;
	void *heir_self;
	bool is_stale; /* all of it is to be drawn anew */
	unsigned width, height;
	struct tsr_surface *surface;     /* NULL: the machine cannot be built */
	uint32_t *pixels;                /* of surface; NULL: no mode was set yet */
	bool resized;                    /* and not yet told */
	struct area damage;              /* since the last frame */
	guint64 serial;                  /* of the last frame; 0: none yet */
	struct area frames[FRAMES_KEPT]; /* damage of the frame serial % FRAMES_KEPT */
	struct tsr_hints hints;
};

struct tsr_displays {
	GPtrArray *all;
	GPtrArray *unseen; /* of plugins' mistakes */
};

static void display_free(gpointer data)
{
	struct tsr_display *d = data;

	tsr_hints_finish(&d->hints);
	g_clear_pointer(&d->surface, tsr_surface_unref);
	g_free(d);
}

struct tsr_displays *tsr_displays_new(TsrMachine *m)
{
	struct tsr_displays *displays = g_new0(struct tsr_displays, 1);

	displays->all = g_ptr_array_new_with_free_func(display_free);
	displays->unseen = g_ptr_array_new_with_free_func(display_free);
	return displays;
}

void tsr_displays_free(struct tsr_displays *displays)
{
	if (!displays)
		return;
	g_ptr_array_unref(displays->unseen);
	g_ptr_array_unref(displays->all);
	g_free(displays);
}

gboolean tsr_displays_check(const struct tsr_displays *displays, GError **error)
{
	for (guint i = 0; i < displays->all->len; i++) {
		const struct tsr_display *d = g_ptr_array_index(displays->all, i);

		if (d->surface)
			continue;
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED,
			    "there are no addresses left for the picture of display %u; raise the "
			    "limit of the process (ulimit -v)",
			    i);
		return FALSE;
	}
	return TRUE;
}

/* The next display of its predecessor. One more than that has is a mistake, for which it gets
 * one that nobody sees. */
static struct tsr_display *inherit(struct tsr_displays *displays, TsrInstance *heir,
				   const struct tsr_display_ops *ops, void *self)
{
	struct tsr_display *d = NULL;

	for (guint i = 0; i < displays->all->len; i++) {
		d = g_ptr_array_index(displays->all, i);
		if (d->owner == heir->replaces && d->heir != heir)
			break;
		d = NULL;
	}
	if (!d) {
		tsr_mistake(&heir->mistakes, "it adds more displays than the version it replaces");
		d = g_new0(struct tsr_display, 1);
		d->surface = tsr_surface_new();
		g_ptr_array_add(displays->unseen, d);
	}
	d->heir = heir;
	d->heir_ops = ops;
	d->heir_self = self;
	return d;
}

void tsr_displays_bequeath(struct tsr_displays *displays, const TsrInstance *heir, bool takes_over)
{
	for (guint i = 0; i < displays->all->len; i++) {
		struct tsr_display *d = g_ptr_array_index(displays->all, i);

		if (d->heir != heir)
			continue;
		if (takes_over) {
			d->owner = d->heir;
			d->ops = d->heir_ops;
			d->self = d->heir_self;
		}
		tsr_hints_bequeath(&d->hints, takes_over);
		d->heir = NULL;
		d->is_stale = true;
	}
}

bool tsr_displays_are_inherited(const struct tsr_displays *displays, const TsrInstance *heir)
{
	for (guint i = 0; i < displays->all->len; i++) {
		const struct tsr_display *d = g_ptr_array_index(displays->all, i);

		if (d->owner == heir->replaces && d->heir != heir)
			return false;
	}
	return true;
}

static struct tsr_display *display_add(const struct tsr_host *host,
				       const struct tsr_display_ops *ops, void *self)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_BUILDING, "display.add");
	TsrMachine *m = instance->machine;
	struct tsr_display *d;

	if (!ops || !ops->refresh)
		tsr_mistake(&instance->mistakes, "it adds a display without `refresh`");
	if (instance->replaces)
		return inherit(m->displays, instance, ops, self);
	d = g_new0(struct tsr_display, 1);
	d->owner = instance;
	d->ops = ops;
	d->self = self;
	d->surface = tsr_surface_new();
	g_ptr_array_add(m->displays->all, d);
	return d;
}

static void add_damage(struct area *to, const struct area *more)
{
	if (more->left >= more->right || more->top >= more->bottom)
		return;
	if (to->left >= to->right) {
		*to = *more;
		return;
	}
	to->left = MIN(to->left, more->left);
	to->top = MIN(to->top, more->top);
	to->right = MAX(to->right, more->right);
	to->bottom = MAX(to->bottom, more->bottom);
}

static struct area whole(const struct tsr_display *d)
{
	return (struct area){ .right = d->width, .bottom = d->height };
}

static uint32_t *display_resize(struct tsr_display *d, unsigned width, unsigned height,
				size_t *stride)
{
	tsr_check(d->owner, TSR_TAG_LOCKED, "display.resize");
	if (!width || !height || width > TSR_DISPLAY_SIDE_MAX || height > TSR_DISPLAY_SIDE_MAX) {
		tsr_mistake(&d->owner->mistakes,
			    "it resizes its display to %u x %u; a side has 1 to %u pixels", width,
			    height, TSR_DISPLAY_SIDE_MAX);
		*stride = 0;
		return NULL;
	}
	d->resized |= width != d->width || height != d->height;
	d->width = width;
	d->height = height;
	d->pixels = tsr_surface_reserve(d->surface, (gsize)width * height * 4);
	memset(d->pixels, 0, (size_t)width * height * 4);
	d->damage = whole(d);
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
	struct area more = { .left = MIN(x, d->width), .top = MIN(y, d->height) };

	more.right = more.left + MIN(width, d->width - more.left);
	more.bottom = more.top + MIN(height, d->height - more.top);
	add_damage(&d->damage, &more);
}

/* One that a newcomer has inherited is its predecessor's until it takes over. */
static void display_remove(struct tsr_display *d)
{
	TsrInstance *instance = d ? d->owner : NULL;

	if (instance && tsr_check_removal(instance, "display.remove"))
		g_ptr_array_remove(instance->machine->displays->all, d);
}

const struct tsr_display_table tsr_display_table_impl = {
	.size = sizeof(struct tsr_display_table),
	.add = display_add,
	.resize = display_resize,
	.pixels = display_pixels,
	.damage = display_damage,
	.remove = display_remove,
};

/* -- Viewers */

struct tsr_display *tsr_displays_get(struct tsr_displays *displays, guint index)
{
	return index < displays->all->len ? g_ptr_array_index(displays->all, index) : NULL;
}

struct tsr_hints *tsr_display_get_hints(struct tsr_display *d)
{
	return &d->hints;
}

TsrInstance *tsr_display_get_owner(const struct tsr_display *d)
{
	return d->owner;
}

void tsr_display_spoil(struct tsr_display *d)
{
	d->is_stale = true;
}

/* Brings the surface up to date. [locked] */
static void refresh(struct tsr_display *d, bool full)
{
	full |= d->is_stale;
	d->is_stale = false;
	TSR_CALLING(&d->owner->callee, "refresh", d->ops->refresh(d->self, full));
	if (d->damage.left >= d->damage.right)
		return;
	d->serial++;
	d->frames[d->serial % FRAMES_KEPT] = d->damage;
	d->damage = (struct area){ 0 };
}

/* What has changed since that frame. A frame of another size has damaged all of it. */
static struct area damage_since(const struct tsr_display *d, guint64 serial)
{
	struct area damage = { 0 }, all = whole(d);

	if (!serial || serial > d->serial || d->serial - serial >= FRAMES_KEPT)
		return all;
	for (guint64 s = serial + 1; s <= d->serial; s++)
		add_damage(&damage, &d->frames[s % FRAMES_KEPT]);
	damage.right = MIN(damage.right, all.right);
	damage.bottom = MIN(damage.bottom, all.bottom);
	return damage;
}

static bool next_frame(struct tsr_display *d, TsrFrame *frame)
{
	struct area damage = damage_since(d, frame->serial);

	frame->width = d->width;
	frame->height = d->height;
	if (!d->pixels || frame->serial == d->serial)
		return false;
	*frame = (TsrFrame){ .serial = d->serial,
			     .width = d->width,
			     .height = d->height,
			     .damage_x = damage.left,
			     .damage_y = damage.top,
			     .damage_width = damage.right - damage.left,
			     .damage_height = damage.bottom - damage.top };
	return true;
}

static gboolean refresh_display(TsrMachine *self, guint display, TsrFrame *frame)
{
	struct tsr_display *d = tsr_displays_get(self->displays, display);
	bool resized, changed;

	if (!d)
		return FALSE;
	tsr_machine_lock(self);
	refresh(d, frame->serial == 0);
	resized = d->resized;
	d->resized = false;
	changed = next_frame(d, frame);
	tsr_machine_unlock(self);
	if (resized)
		tsr_signals_display_changed(self, display, frame->width, frame->height);
	return changed;
}

gboolean tsr_machine_refresh_display(TsrMachine *self, guint display, TsrFrame *frame)
{
	if (self->form)
		return self->form->refresh_display(self, display, frame, TRUE);
	return refresh_display(self, display, frame);
}

static GBytes *borrow_frame(TsrMachine *self, guint display, TsrFrame *frame, gboolean patient)
{
	gsize size;

	if (!(self->form ? self->form->refresh_display(self, display, frame, patient)
			 : refresh_display(self, display, frame)))
		return NULL;
	size = (gsize)frame->width * frame->height * 4;
	if (self->form)
		return self->form->get_pixels(self, display, size);
	return tsr_surface_get_bytes(tsr_displays_get(self->displays, display)->surface, size);
}

GBytes *tsr_machine_borrow_frame(TsrMachine *self, guint display, TsrFrame *frame)
{
	return borrow_frame(self, display, frame, FALSE);
}

static int no_display(TsrMachine *self, guint display, GError **error)
{
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
		    "the machine has no display %u; it has %u displays", display,
		    tsr_machine_get_n_displays(self));
	return -1;
}

int tsr_machine_open_display(TsrMachine *self, guint display, GError **error)
{
	struct tsr_display *d;
	int shared, descriptor;

	if (self->form)
		return self->form->open_display(self, display, error);
	d = tsr_displays_get(self->displays, display);
	if (!d)
		return no_display(self, display, error);
	shared = tsr_surface_get_descriptor(d->surface);
	descriptor = shared >= 0 ? fcntl(shared, F_DUPFD_CLOEXEC, 0) : -1;
	if (descriptor < 0)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED,
			    "display %u cannot be shared: this host gave no memory file for it",
			    display);
	return descriptor;
}

guint tsr_machine_get_n_displays(TsrMachine *self)
{
	return self->form ? self->form->get_n_displays(self) : self->displays->all->len;
}

GBytes *tsr_machine_get_frame(TsrMachine *self, guint display, guint64 *serial, guint *width,
			      guint *height)
{
	TsrFrame frame = { .serial = *serial };
	g_autoptr(GBytes) borrowed = borrow_frame(self, display, &frame, TRUE);

	*serial = frame.serial;
	*width = frame.width;
	*height = frame.height;
	if (!borrowed)
		return NULL;
	return g_bytes_new(g_bytes_get_data(borrowed, NULL), g_bytes_get_size(borrowed));
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

/* NULL: there is none. */
static char *take_text(struct tsr_display *d)
{
	size_t length = d->ops->text(d->self, NULL, 0);
	char *text = length ? g_malloc0(length + 1) : NULL;

	if (text)
		d->ops->text(d->self, text, length + 1);
	return text;
}

char *tsr_machine_get_screen_text(TsrMachine *self, guint display)
{
	struct tsr_display *d;
	char *text = NULL;

	if (self->form)
		return self->form->get_screen_text(self, display);
	d = tsr_displays_get(self->displays, display);
	if (!d || !TSR_HAS(d->ops, text))
		return NULL;
	tsr_machine_lock(self);
	TSR_CALLING(&d->owner->callee, "text", text = take_text(d));
	tsr_machine_unlock(self);
	return text;
}
