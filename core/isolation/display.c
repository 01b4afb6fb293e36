/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Displays of an isolated device. It draws into a picture of its own in the memory file, and what
 * it says to have damaged is copied to the surface that viewers see, which nobody else can write. A
 * process that has taken the place of another one draws all of it.
 */
#include <string.h>
#include <sys/mman.h>

#include "isolation/proxy-parts.h"

#define REPEATS 3 /* of a frame, while processes are killed in it */

/* -- What the core calls */

/* When a process was killed in it, or had ended before, another one has drawn what has changed
 * since it is there: it is to draw all of it. One that crashed leaves that to the next frame. */
static void on_refresh(void *self, bool full)
{
	struct iso_object *o = self;
	struct iso_message m;

	for (unsigned i = 0; i == 0 || (o->is_stale && i < REPEATS); i++) {
		iso_message_init(&m, ISO_REFRESH, o->id);
		m.head.a[0] = full || o->is_stale;
		o->is_stale = false;
		if (!iso_proxy_enter(o->proxy, &m)) {
			o->is_stale = true;
			return;
		}
	}
}

/* The next part of the text, which is `*whole` bytes long; returns how much there is of it. */
static size_t fetch_part(struct iso_object *o, char *to, size_t length, size_t at, size_t *whole)
{
	struct iso_message m;
	size_t part;

	iso_message_init(&m, ISO_TEXT, o->id);
	m.head.a[0] = length;
	m.head.a[1] = at;
	*whole = 0;
	if (!iso_proxy_enter(o->proxy, &m) || m.head.a[0] > ISO_TEXT_MAX)
		return 0;
	*whole = (size_t)m.head.a[0];
	part = at < length ? MIN(m.head.length, length - at) : 0;
	if (part)
		memcpy(to + at, m.data, part);
	return part;
}

/* Whoever shows the text expects UTF-8. */
static void make_valid(char *text)
{
	if (g_utf8_validate(text, -1, NULL))
		return;
	for (; *text; text++)
		if (*text & 0x80)
			*text = '?';
}

static size_t on_text(void *self, char *buffer, size_t length)
{
	size_t at = 0, part, whole;

	length = MIN(length, ISO_TEXT_MAX);
	do {
		part = fetch_part(self, buffer, length, at, &whole);
		at += part;
	} while (part && at < MIN(whole, length));
	if (length) {
		buffer[MIN(at, length - 1)] = 0;
		make_valid(buffer);
	}
	return whole;
}

/* -- What the device asks and posts */

static struct iso_object *find(struct iso_proxy *p, const struct iso_head *head)
{
	return iso_objects_find(p, head->id, ISO_DISPLAY);
}

bool iso_display_make(struct iso_object *o, struct iso_message *m, struct tsr_error *error)
{
	struct iso_proxy *p = o->proxy;

	o->at = iso_process_take_memory(p->process, ISO_PICTURE);
	o->display_ops =
		(struct tsr_display_ops){ .size = sizeof(o->display_ops),
					  .refresh = on_refresh,
					  .text = m->head.a[1] & ISO_HAS_TEXT ? on_text : NULL };
	o->display = p->t.displays->add(p->host, &o->display_ops, o);
	return true;
}

/* The picture has so many bytes from now on. */
static bool map_picture(struct iso_object *o, uint64_t size)
{
	if (o->picture)
		munmap(o->picture, o->picture_size);
	o->picture = iso_process_map_memory(o->proxy->process, NULL, o->at, size);
	o->picture_size = o->picture ? size : 0;
	return o->picture != NULL;
}

bool iso_display_resize(struct iso_proxy *p, struct iso_message *m)
{
	struct iso_object *o = find(p, &m->head);
	uint64_t width = m->head.a[0], height = m->head.a[1];
	size_t stride;

	if (!o)
		return false;
	iso_message_init(m, 0, 0);
	m->head.a[0] =
		width && height && width <= ISO_SIDE_MAX && height <= ISO_SIDE_MAX &&
		map_picture(o, width * height * 4) &&
		p->t.displays->resize(o->display, (unsigned)width, (unsigned)height, &stride);
	return true;
}

bool iso_display_pixels(struct iso_proxy *p, struct iso_message *m)
{
	const struct iso_object *o = find(p, &m->head);
	unsigned width = 0, height = 0;
	size_t stride;

	if (!o)
		return false;
	iso_message_init(m, 0, 0);
	if (o->picture && p->t.displays->pixels(o->display, &width, &height, &stride)) {
		m->head.a[0] = width;
		m->head.a[1] = height;
	}
	return true;
}

/* What begins at `at` ends with the surface. */
static unsigned cut(uint64_t at, uint64_t length, unsigned side)
{
	return at < side ? (unsigned)MIN(length, side - at) : 0;
}

bool iso_display_damage(struct iso_proxy *p, const struct iso_head *head)
{
	const struct iso_object *o = find(p, head);
	unsigned width = 0, height = 0, columns, rows;
	size_t stride = 0, at;
	uint32_t *surface;

	if (!o)
		return false;
	surface = p->t.displays->pixels(o->display, &width, &height, &stride);
	if (!surface || (uint64_t)width * height * 4 > o->picture_size)
		return true;
	columns = cut(head->a[0], head->a[2], width);
	rows = cut(head->a[1], head->a[3], height);
	if (!columns || !rows)
		return true;
	for (unsigned y = 0; y < rows; y++) {
		at = (head->a[1] + y) * width + head->a[0];
		memcpy((uint8_t *)surface + (head->a[1] + y) * stride + head->a[0] * 4,
		       o->picture + at * 4, (size_t)columns * 4);
	}
	p->t.displays->damage(o->display, (unsigned)head->a[0], (unsigned)head->a[1], columns,
			      rows);
	return true;
}
