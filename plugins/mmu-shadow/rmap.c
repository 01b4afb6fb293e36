/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reverse map: which table entries lead to a physical page. Rows are not removed when their
 * entry goes; a row whose entry no longer leads to the page is reused by the next addition, and
 * only the first few are examined, so adding stays cheap. When the pool is used up, all entries are
 * dropped and the map starts again.
 */
#include "shadow.h"

#define LOOK_AT 8

static uint32_t mapping_of(const struct shadow_context *c, unsigned view, uint32_t page)
{
	return (uint32_t)c->id << 21 | view << 20 | page;
}

static uint32_t *head(struct shadow *s, struct shadow_page *p)
{
	if (p->epoch != s->epoch) {
		p->epoch = s->epoch;
		p->rmap = 0;
	}
	return &p->rmap;
}

/* Does the row's write or read entry still lead to `host`? */
static bool current(struct shadow *s, uint32_t mapping, const uint8_t *host)
{
	struct shadow_context *c = s->contexts[mapping >> 21];
	unsigned view = mapping >> 20 & 1;
	uint32_t page = mapping & (SHADOW_PAGES - 1);
	uint64_t entry = (uint64_t)(uintptr_t)host - ((uint64_t)page << TSR_PAGE_SHIFT);

	if (!c)
		return false;
	if (shadow_bit(c->touched[view * 2 + 1], page / 512) &&
	    *shadow_entry(c, view, SHADOW_WRITE_TABLE, page) == entry)
		return true;
	return shadow_bit(c->touched[view * 2], page / 512) &&
	       *shadow_entry(c, view, SHADOW_READ_TABLE, page) == entry;
}

static uint32_t node_new(struct shadow *s)
{
	uint32_t n = s->rmap_free;

	if (n) {
		s->rmap_free = s->rmap[n].next;
		return n;
	}
	return s->rmap_top < SHADOW_RMAP_NODES ? s->rmap_top++ : 0;
}

/* The epochs start again: no page may seem to have rows because it had some 2^32 epochs ago. Most
 * pages were never looked at, and are only read. */
static void forget_epochs(struct shadow *s)
{
	for (uint32_t i = 0; i < SHADOW_PFNS; i++)
		if (s->pages[i].epoch)
			s->pages[i].epoch = 0;
	s->epoch = 1;
}

/* Drops all rows. Read entries of pages outside RAM lose theirs too, so all entries are dropped. */
static void start_again(struct shadow *s)
{
	s->count.rmap_overflows++;
	s->rmap_free = 0;
	s->rmap_top = 1;
	if (!++s->epoch)
		forget_epochs(s);
	for (unsigned i = 0; i < SHADOW_SPACES; i++)
		if (s->contexts[i])
			tsr_shadow_drop_pages(s, s->contexts[i], 0, SHADOW_PAGES, true);
}

void tsr_shadow_rmap_add(struct shadow *s, struct shadow_page *p, struct shadow_context *c,
			 unsigned view, uint32_t page, const uint8_t *host)
{
	uint32_t mapping = mapping_of(c, view, page), n;
	unsigned looked = 0;

	for (n = *head(s, p); n && looked < LOOK_AT; n = s->rmap[n].next, looked++)
		if (s->rmap[n].mapping == mapping)
			return;
	looked = 0;
	for (n = p->rmap; n && looked < LOOK_AT; n = s->rmap[n].next, looked++)
		if (!current(s, s->rmap[n].mapping, host)) {
			s->rmap[n].mapping = mapping;
			return;
		}
	n = node_new(s);
	if (!n) {
		start_again(s);
		n = node_new(s);
	}
	s->rmap[n].mapping = mapping;
	s->rmap[n].next = *head(s, p);
	p->rmap = n;
}

static void drop_entry(struct shadow *s, struct shadow_context *c, unsigned view, bool write,
		       uint32_t page)
{
	if (!shadow_bit(c->touched[view * 2 + write], page / 512))
		return;
	*shadow_entry(c, view, write ? SHADOW_WRITE_TABLE : SHADOW_READ_TABLE, page) = 0;
	tsr_shadow_bytes_drop(s, c, view * 2 + write, page, 1);
}

void tsr_shadow_rmap_drop(struct shadow *s, struct shadow_page *p, bool reads)
{
	uint32_t n = *head(s, p), next, kept = 0;

	for (; n; n = next) {
		uint32_t mapping = s->rmap[n].mapping, page = mapping & (SHADOW_PAGES - 1);
		struct shadow_context *c = s->contexts[mapping >> 21];
		unsigned view = mapping >> 20 & 1;

		next = s->rmap[n].next;
		if (c)
			drop_entry(s, c, view, true, page);
		if (c && reads)
			drop_entry(s, c, view, false, page);
		if (reads || !(c && shadow_bit(c->touched[view * 2], page / 512) &&
			       *shadow_entry(c, view, SHADOW_READ_TABLE, page))) {
			s->rmap[n].next = s->rmap_free;
			s->rmap_free = n;
		} else { /* only the map may know its read entry */
			s->rmap[n].next = kept;
			kept = n;
		}
	}
	p->rmap = kept;
}
