/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Displays. The device draws into a part of the memory file; the core copies from there what was
 * damaged when the call is done. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "isolated/device-parts.h"

/* There is no display without memory for it, and `add` cannot fail. */
static _Noreturn void give_up(void)
{
	static const char what[] = "addresses for its picture (ulimit -v)";

	device_post(&(struct iso_head){ .what = ISO_LACKS, .length = sizeof(what) - 1 }, what);
	device_ask_about(ISO_FLUSH, 0, NULL);
	_exit(1);
}

/* It grows within what is mapped here. */
static struct tsr_display *add(const struct tsr_host *host, const struct tsr_display_ops *ops,
			       void *self)
{
	struct iso_message m = { .head = { .what = ISO_DISPLAY } };
	struct object *o;

	m.head.a[1] = TSR_HAS(ops, text) ? ISO_HAS_TEXT : 0;
	o = device_make(&m, NULL);
	if (!o)
		give_up();
	o->display_ops = ops;
	o->self = self;
	o->picture = mmap(NULL, ISO_PICTURE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
			  device.memory_fd, (off_t)m.head.a[2]);
	if (o->picture == MAP_FAILED)
		give_up();
	return (struct tsr_display *)o;
}

static uint32_t *resize(struct tsr_display *d, unsigned width, unsigned height, size_t *stride)
{
	struct object *o = device_object(d);
	struct iso_message m = {
		.head = { .what = ISO_RESIZE, .id = o->id, .a = { width, height } }
	};

	device_ask(&m);
	*stride = m.head.a[0] ? (size_t)width * 4 : 0;
	if (!m.head.a[0])
		return NULL;
	memset(o->picture, 0, (size_t)width * height * 4);
	return (uint32_t *)(void *)o->picture;
}

static uint32_t *pixels(struct tsr_display *d, unsigned *width, unsigned *height, size_t *stride)
{
	struct object *o = device_object(d);
	struct iso_message m = { .head = { .what = ISO_PIXELS, .id = o->id } };

	device_ask(&m);
	*width = (unsigned)m.head.a[0];
	*height = (unsigned)m.head.a[1];
	*stride = (size_t)m.head.a[0] * 4;
	return m.head.a[0] ? (uint32_t *)(void *)o->picture : NULL;
}

static void damage(struct tsr_display *d, unsigned x, unsigned y, unsigned width, unsigned height)
{
	device_post(&(struct iso_head){ .what = ISO_DAMAGE,
					.id = device_object(d)->id,
					.a = { x, y, width, height } },
		    NULL);
}

static void refresh_nothing(void *self, bool full)
{
}

static size_t write_nothing(void *self, char *buffer, size_t length)
{
	return 0;
}

/* The core keeps it, as all objects, and shows what was drawn last. */
static void remove_display(struct tsr_display *d)
{
	static const struct tsr_display_ops nothing = { .size = sizeof(nothing),
							.refresh = refresh_nothing,
							.text = write_nothing };

	if (d)
		device_object(d)->display_ops = &nothing;
}

const struct tsr_display_table device_display = { .size = sizeof(device_display),
						  .add = add,
						  .resize = resize,
						  .pixels = pixels,
						  .damage = damage,
						  .remove = remove_display };
