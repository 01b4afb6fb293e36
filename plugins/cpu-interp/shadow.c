/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shadow runs: the same instructions on a copy of the state and a copy-on-write view of memory, for lockstep. Pages that are
 * written are copied; a log says what was written, in the order of execution. Nothing outside changes: translations are probed,
 * and an instruction that needs more than memory (ports, MMIO, time, the MMU's context) ends the run before it.
 * A boot in lockstep makes hundreds of millions of them: pages are kept for the next run, and the page used last is tried first.
 */
#include <stdlib.h>

#include "interp.h"

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

void shadow_read(cpu *c, tsr_gpa gpa, const uint8_t *host, void *to, uint32_t length)
{
	const struct overlay_page *p = overlay_find(c->overlay, gpa & ~(tsr_gpa)TSR_PAGE_MASK);

	memcpy(to, p ? p->bytes + (gpa & TSR_PAGE_MASK) : host, length);
}

void shadow_write(cpu *c, tsr_gpa gpa, const uint8_t *host, const void *from, uint32_t length)
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

static void overlay_clear(struct overlay *o)
{
	o->count = o->last = o->logged = 0;
}

void shadow_each(cpu *c, void (*each)(void *user, tsr_gpa gpa, uint8_t value), void *user)
{
	const struct overlay *o = c->overlay;

	for (size_t i = 0; o && i < o->logged; i++)
		each(user, o->log[i].gpa, o->log[i].value);
}

void shadow_finish(cpu *c)
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

#define HEAD offsetof(struct tsr_x86_state, fx)

/* May the instruction change the FXSAVE image? Most of the map 0F is MMX and SSE; CMOVcc to MOVZX and the like are not. */
static bool changes_fx(const struct op *op)
{
	if (op->map == 0)
		return (op->opcode & 0xf8) == 0xd8 || op->opcode == 0x9b;
	return op->opcode < 0x40 || (op->opcode >= 0x50 && op->opcode < 0x80) || op->opcode == 0xae || op->opcode >= 0xc2;
}

/* before->size says how much of it was kept. */
static void give_back(cpu *c, const struct tsr_x86_state *before)
{
	memcpy(c->s, before, HEAD);
	c->s->size = sizeof(*c->s);
	if (before->size != HEAD)
		memcpy(c->s->fx, before->fx, sizeof(before->fx));
}

/* Runs on c->s = the copy; a stop before an instruction's end gives its registers back from `before`. */
static enum tsr_x86_stop shadow_loop(cpu *c, struct tsr_x86_state *before, void (*after)(void *user, size_t written), void *user)
{
	switch (setjmp(c->jump)) {
	case JUMP_FAULT:
		give_back(c, before);
		return TSR_X86_FAULT;
	case JUMP_STOP:
		give_back(c, before);
		return c->stop;
	}
	while (c->left) {
		const struct op *op;

		memcpy(before, c->s, HEAD);
		before->size = HEAD;
		c->s->shadow = 0;
		op = decode_fetch(c);
		if (changes_fx(op)) {
			memcpy(before->fx, c->s->fx, sizeof(before->fx));
			before->size = sizeof(*before);
		}
		c->next_eip = c->s->eip + op->length;
		op->exec(c, op);
		c->s->eip = c->next_eip;
		c->s->instructions++;
		c->left--;
		c->partial = false;
		if (after)
			after(user, c->overlay->logged);
	}
	return TSR_X86_DONE;
}

enum tsr_x86_stop shadow_steps(cpu *c, struct tsr_x86_state *state, uint64_t count, void (*after)(void *user, size_t written),
			       void *user, uint64_t *executed, struct tsr_x86_fault *fault)
{
	struct tsr_x86_state *own = c->s, before;
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
	stop = shadow_loop(c, &before, after, user);
	if (executed)
		*executed = count - c->left;
	if (fault)
		*fault = stop == TSR_X86_FAULT ? c->fault : (struct tsr_x86_fault){ .vector = -1 };
	c->s = own;
	c->slow = 0;
	cpu_refresh(c);
	return stop;
}

enum tsr_x86_stop shadow_run(cpu *c, struct tsr_x86_state *state, uint64_t count, uint64_t *executed, struct tsr_x86_fault *fault)
{
	return shadow_steps(c, state, count, NULL, NULL, executed, fault);
}
