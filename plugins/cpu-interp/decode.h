/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fetching. The fast path is here: where the code bytes are, and whether a decoded instruction
 * still matches them. */
#ifndef INTERP_DECODE_H
#define INTERP_DECODE_H

#include <emmintrin.h>

#include "memory.h"

struct op *decode_fetch(cpu *c); /* the instruction at CS:EIP, or a fault */
void decode_flush(cpu *c);

static inline bool decode_bytes_match(const struct op *op, const uint8_t *p)
{
	__m128i here = _mm_loadu_si128((const __m128i *)p),
		known = _mm_load_si128((const __m128i *)op->bytes);
	uint32_t equal = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(here, known));

	return (equal & op->mask) == op->mask;
}

static inline bool decode_is_at(const cpu *c, const struct op *op, const uint8_t *p, uint32_t eip)
{
	return decode_bytes_match(op, p) && op->code32 == c->code32 &&
	       eip + (op->length - 1) <= c->s->segment[TSR_CS].limit;
}

static inline uint32_t fetch_key(const cpu *c, tsr_gla gla)
{
	return gla >> TSR_PAGE_SHIFT | c->view << 20;
}

static inline struct fetch_entry *fetch_slot(cpu *c, tsr_gla gla)
{
	return &c->fetch[(gla >> TSR_PAGE_SHIFT ^ c->view << 3) % FETCH_ENTRIES];
}

static inline bool fetch_good(const cpu *c, const struct fetch_entry *e, tsr_gla gla)
{
	return e->page == fetch_key(c, gla) && e->tag == c->vcpu->fetch_tag[c->view] &&
	       e->generation == c->fetch_generation;
}

/*
 * The host address of code; NULL where fetch_slow must be used (also near a page's end). Pages
 * filled for fetching are valid as long as their tag is. Without NX the read table serves too: what
 * is readable may then be executed.
 */
static inline const uint8_t *decode_code_at(cpu *c, tsr_gla gla)
{
	const struct fetch_entry *e = fetch_slot(c, gla);
	int64_t entry;

	if (unlikely((gla & TSR_PAGE_MASK) > TSR_PAGE_SIZE - 16 || (c->slow & SLOW_SHADOW)))
		return NULL;
	if (likely(fetch_good(c, e, gla)))
		return e->host + (gla & TSR_PAGE_MASK);
	if (c->nx)
		return NULL;
	entry = memory_entry(c, c->read_table, c->view, gla);
	return entry ? (const uint8_t *)(uintptr_t)((int64_t)(uint64_t)gla + entry) : NULL;
}

/* The instruction at CS:EIP, which was executed after `before`; `taken` is 1 if it does not follow
 * it in memory. The link in `before` saves the look-up. */
static inline struct op *decode_follow(cpu *c, struct op *before, unsigned taken)
{
	struct op *op = &c->cache[before->link[taken]];
	uint32_t eip = c->s->eip;
	const uint8_t *p = decode_code_at(c, c->s->segment[TSR_CS].base + eip);

	if (likely(p && decode_is_at(c, op, p, eip)))
		return op;
	op = decode_fetch(c);
	if (op != &c->scratch)
		before->link[taken] = (uint16_t)(op - c->cache);
	return op;
}

#endif
