/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shadow runs: the same instructions on a copy of the state and a copy-on-write view of memory, for lockstep. Pages that are
 * written are copied; a bit for each byte says what was. Nothing outside changes: translations are probed, and an instruction
 * that needs more than memory (ports, MMIO, time, the MMU's context) ends the run before it.
 */
#include <stdlib.h>

#include "interp.h"

struct overlay_page {
	tsr_gpa gpa;
	uint8_t bytes[TSR_PAGE_SIZE];
	uint8_t written[TSR_PAGE_SIZE / 8];
};

struct overlay {
	struct overlay_page **pages;
	size_t count, room;
};

static struct overlay_page *overlay_find(const struct overlay *o, tsr_gpa page)
{
	for (size_t i = 0; o && i < o->count; i++) {
		if (o->pages[i]->gpa == page)
			return o->pages[i];
	}
	return NULL;
}

static struct overlay_page *overlay_add(cpu *c, tsr_gpa page, const uint8_t *host)
{
	struct overlay *o = c->overlay;
	struct overlay_page *p;

	if (o->count == o->room) {
		size_t room = o->room ? 2 * o->room : 8;
		struct overlay_page **pages = realloc(o->pages, room * sizeof(*pages));

		if (!pages)
			fault_stop(c, TSR_X86_IO);
		o->pages = pages;
		o->room = room;
	}
	p = malloc(sizeof(*p));
	if (!p)
		fault_stop(c, TSR_X86_IO);
	p->gpa = page;
	memcpy(p->bytes, host, TSR_PAGE_SIZE);
	memset(p->written, 0, sizeof(p->written));
	o->pages[o->count++] = p;
	return p;
}

void shadow_read(cpu *c, tsr_gpa gpa, const uint8_t *host, void *to, uint32_t length)
{
	const struct overlay_page *p = overlay_find(c->overlay, gpa & ~(tsr_gpa)TSR_PAGE_MASK);

	memcpy(to, p ? p->bytes + (gpa & TSR_PAGE_MASK) : host, length);
}

void shadow_write(cpu *c, tsr_gpa gpa, const uint8_t *host, const void *from, uint32_t length)
{
	tsr_gpa page = gpa & ~(tsr_gpa)TSR_PAGE_MASK;
	uint32_t at = gpa & TSR_PAGE_MASK;
	struct overlay_page *p = overlay_find(c->overlay, page);

	if (!p)
		p = overlay_add(c, page, host - at);
	memcpy(p->bytes + at, from, length);
	for (uint32_t i = at; i < at + length; i++)
		p->written[i / 8] |= (uint8_t)(1u << (i & 7));
}

static void overlay_clear(struct overlay *o)
{
	for (size_t i = 0; o && i < o->count; i++)
		free(o->pages[i]);
	if (o)
		o->count = 0;
}

static int page_order(const void *a, const void *b)
{
	tsr_gpa x = (*(struct overlay_page *const *)a)->gpa, y = (*(struct overlay_page *const *)b)->gpa;

	return (x > y) - (x < y);
}

void shadow_each(cpu *c, void (*each)(void *user, tsr_gpa gpa, uint8_t value), void *user)
{
	struct overlay *o = c->overlay;

	if (!o || o->count == 0)
		return;
	qsort(o->pages, o->count, sizeof(o->pages[0]), page_order);
	for (size_t i = 0; i < o->count; i++) {
		for (uint32_t k = 0; k < TSR_PAGE_SIZE; k++) {
			if (o->pages[i]->written[k / 8] >> (k & 7) & 1)
				each(user, o->pages[i]->gpa + k, o->pages[i]->bytes[k]);
		}
	}
}

void shadow_finish(cpu *c)
{
	overlay_clear(c->overlay);
	if (c->overlay)
		free(c->overlay->pages);
	free(c->overlay);
	c->overlay = NULL;
}

/* Runs on c->s = the copy; a stop before an instruction's end gives its registers back from `before`. */
static enum tsr_x86_stop shadow_loop(cpu *c, struct tsr_x86_state *before)
{
	switch (setjmp(c->jump)) {
	case JUMP_FAULT:
		*c->s = *before;
		return TSR_X86_FAULT;
	case JUMP_STOP:
		*c->s = *before;
		return c->stop;
	}
	while (c->left) {
		const struct op *op;

		*before = *c->s;
		c->s->shadow = 0;
		op = decode_fetch(c);
		c->next_eip = c->s->eip + op->length;
		op->exec(c, op);
		c->s->eip = c->next_eip;
		c->s->instructions++;
		c->left--;
		c->partial = false;
	}
	return TSR_X86_DONE;
}

enum tsr_x86_stop shadow_run(cpu *c, struct tsr_x86_state *state, uint64_t count, uint64_t *executed, struct tsr_x86_fault *fault)
{
	struct tsr_x86_state *own = c->s, before;
	uint32_t pending = c->debug_pending;
	enum tsr_x86_stop stop;

	if (!c->overlay)
		c->overlay = calloc(1, sizeof(*c->overlay));
	if (!c->overlay)
		return TSR_X86_IO;
	overlay_clear(c->overlay);
	c->s = state;
	c->slow |= SLOW_SHADOW;
	c->delivering = -1;
	c->ext = false;
	cpu_refresh(c);
	atomic_store(&c->attention, 0);
	c->left = count;
	stop = shadow_loop(c, &before);
	if (executed)
		*executed = count - c->left;
	if (fault)
		*fault = stop == TSR_X86_FAULT ? c->fault : (struct tsr_x86_fault){ .vector = -1 };
	c->s = own;
	c->slow = 0;
	c->debug_pending = pending;
	cpu_refresh(c);
	return stop;
}
