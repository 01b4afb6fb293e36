/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See overlay.h. A boot in lockstep makes hundreds of millions of shadow runs: pages are kept for
 * the next run, and the page used last is tried first. Without memory for one page or byte more the
 * run stops before the instruction (TSR_X86_IO).
 */
#include <stdlib.h>

#include "fault.h"
#include "overlay.h"

struct overlay_page {
	tsr_gpa gpa;
	uint8_t bytes[TSR_PAGE_SIZE];
};

struct overlay_byte {
	tsr_gpa gpa;
	uint8_t value;
};

struct overlay {
	struct overlay_page **pages;
	size_t count, made, room, last;
	struct overlay_byte *log;
	size_t logged, log_room;
};

static struct overlay_page *overlay_find(struct overlay *o, tsr_gpa page)
{
	if (!o->count)
		return NULL;
	if (o->pages[o->last]->gpa == page)
		return o->pages[o->last];
	for (size_t i = 0; i < o->count; i++) {
		if (o->pages[i]->gpa != page)
			continue;
		o->last = i;
		return o->pages[i];
	}
	return NULL;
}

/* One element more; false: no memory. */
static bool overlay_grow(void **array, size_t count, size_t *room, size_t size)
{
	size_t wanted = *room ? 2 * *room : 64;
	void *grown;

	if (count < *room)
		return true;
	grown = realloc(*array, wanted * size);
	if (!grown)
		return false;
	*array = grown;
	*room = wanted;
	return true;
}

static struct overlay_page *overlay_add(cpu *c, tsr_gpa page, const uint8_t *host)
{
	struct overlay *o = c->overlay;
	void *pages = o->pages;

	/* An array of pointers. */
	/* NOLINTNEXTLINE(bugprone-sizeof-expression) */
	if (!overlay_grow(&pages, o->count, &o->room, sizeof(*o->pages)))
		fault_stop(c, TSR_X86_IO);
	o->pages = pages;
	if (o->count == o->made) {
		o->pages[o->made] = malloc(sizeof(struct overlay_page));
		if (!o->pages[o->made])
			fault_stop(c, TSR_X86_IO);
		o->made++;
	}
	o->last = o->count++;
	o->pages[o->last]->gpa = page;
	memcpy(o->pages[o->last]->bytes, host, TSR_PAGE_SIZE);
	return o->pages[o->last];
}

void overlay_read(cpu *c, tsr_gpa gpa, const uint8_t *host, void *to, uint32_t length)
{
	const struct overlay_page *p = overlay_find(c->overlay, gpa & ~(tsr_gpa)TSR_PAGE_MASK);

	memcpy(to, p ? p->bytes + (gpa & TSR_PAGE_MASK) : host, length);
}

void overlay_write(cpu *c, tsr_gpa gpa, const uint8_t *host, const void *from, uint32_t length)
{
	tsr_gpa page = gpa & ~(tsr_gpa)TSR_PAGE_MASK;
	uint32_t at = gpa & TSR_PAGE_MASK;
	struct overlay *o = c->overlay;
	struct overlay_page *p = overlay_find(o, page);

	if (!p)
		p = overlay_add(c, page, host - at);
	memcpy(p->bytes + at, from, length);
	for (uint32_t i = 0; i < length; i++) {
		void *log = o->log;

		if (!overlay_grow(&log, o->logged, &o->log_room, sizeof(*o->log)))
			fault_stop(c, TSR_X86_IO);
		o->log = log;
		o->log[o->logged++] = (struct overlay_byte){ gpa + i, p->bytes[at + i] };
	}
}

bool overlay_start(cpu *c)
{
	if (!c->overlay)
		c->overlay = calloc(1, sizeof(*c->overlay));
	if (!c->overlay)
		return false;
	c->overlay->count = c->overlay->last = c->overlay->logged = 0;
	return true;
}

size_t overlay_written(const cpu *c)
{
	return c->overlay->logged;
}

void overlay_each(cpu *c, void (*each)(void *user, tsr_gpa gpa, uint8_t value), void *user)
{
	const struct overlay *o = c->overlay;

	for (size_t i = 0; o && i < o->logged; i++)
		each(user, o->log[i].gpa, o->log[i].value);
}

void overlay_finish(cpu *c)
{
	struct overlay *o = c->overlay;

	if (!o)
		return;
	for (size_t i = 0; i < o->made; i++)
		free(o->pages[i]);
	free(o->pages);
	free(o->log);
	free(o);
	c->overlay = NULL;
}
