/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Address spaces: finding and recycling them, and the memory of their tables. A view's reservation
 * is mapped once and cleared by touched chunks, because a memset of 4 KiB is far cheaper than a
 * page fault of the host; it goes back to the host when all contexts together hold more than
 * SHADOW_RESIDENT_MAX chunks, and when a context has not been used for a long time.
 */
#include "shadow.h"

#include <stdlib.h>
#include <sys/mman.h>

#define VIEW_TABLES (TSR_VIEWS * 2)
#define AGED_AT_ONCE 8

static uint8_t *chunk_at(struct shadow_context *c, unsigned table, unsigned chunk)
{
	long offset = table & 1 ? SHADOW_WRITE_TABLE : SHADOW_READ_TABLE;

	return (uint8_t *)shadow_entry(c, table / 2, offset, chunk * 512);
}

static uint64_t *fetched_bits(struct shadow_context *c)
{
	return (uint64_t *)(c->base[TSR_VIEW_USER] + SHADOW_FETCHED);
}

static bool reserve(struct shadow *s, struct shadow_context *c)
{
	for (unsigned view = 0; view < TSR_VIEWS; view++) {
		void *at = mmap(NULL, SHADOW_VIEW_SIZE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (at == MAP_FAILED)
			return false;
		madvise(at, SHADOW_VIEW_SIZE, MADV_NOHUGEPAGE);
		c->base[view] = at;
		if (!tsr_shadow_bytes_map(s, at))
			return false;
	}
	return true;
}

void tsr_shadow_context_free(struct shadow *s, struct shadow_context *c)
{
	tsr_shadow_window_close(s, &c->own_window);
	tsr_shadow_exact_close(s, c);
	for (unsigned view = 0; view < TSR_VIEWS; view++)
		if (c->base[view])
			munmap(c->base[view], SHADOW_VIEW_SIZE);
	free(c);
}

static struct shadow_context *context_new(struct shadow *s, unsigned id)
{
	struct shadow_context *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->id = id;
	c->window[TSR_VIEW_SUPERVISOR] = &s->vcpus[id / SHADOW_CONTEXTS]->window;
	c->window[TSR_VIEW_USER] = &c->own_window;
	tsr_shadow_window_open(s, &c->own_window);
	c->own_window.owner = c;
	if (reserve(s, c))
		return c;
	tsr_shadow_context_free(s, c);
	return NULL;
}

static void clear_table(struct shadow *s, struct shadow_context *c, unsigned table)
{
	for (unsigned word = 0; word < SHADOW_CHUNKS / 64; word++) {
		uint64_t bits = c->touched[table][word];

		c->touched[table][word] = 0;
		for (; bits; bits &= bits - 1) {
			unsigned chunk = word * 64 + __builtin_ctzll(bits);

			memset(chunk_at(c, table, chunk), 0, TSR_PAGE_SIZE);
			tsr_shadow_bytes_drop(s, c, table, chunk * 512, 512);
			if (table == TSR_VIEW_USER * 2)
				memset(fetched_bits(c) + chunk * 8, 0, 64);
		}
	}
}

void tsr_shadow_context_flush(struct shadow *s, struct shadow_context *c)
{
	for (unsigned number = 0; number < SHADOW_DIRECTORIES; number++)
		tsr_shadow_detach_pd(s, c, number);
	for (unsigned table = 0; table < VIEW_TABLES; table++)
		clear_table(s, c, table);
	c->user_tag = tsr_shadow_new_tag(s);
	c->user_used = false;
}

/* Of those that have memory and do not run. */
static struct shadow_context *least_recent(const struct shadow *s,
					   const struct shadow_context *keep)
{
	struct shadow_context *oldest = NULL;

	for (unsigned i = 0; i < SHADOW_CONTEXTS_ALL; i++) {
		struct shadow_context *c = s->contexts[i];

		if (!c || c == keep || c == s->vcpus[i / SHADOW_CONTEXTS]->context ||
		    !c->resident_count)
			continue;
		if (!oldest || c->stamp < oldest->stamp)
			oldest = c;
	}
	return oldest;
}

static void give_back(struct shadow *s, struct shadow_context *c)
{
	tsr_shadow_context_flush(s, c);
	c->alive = false;
	for (unsigned view = 0; view < TSR_VIEWS; view++)
		madvise(c->base[view], SHADOW_VIEW_SIZE, MADV_DONTNEED);
	s->resident -= c->resident_count;
	c->resident_count = 0;
	memset(c->resident, 0, sizeof(c->resident));
	s->count.contexts_recycled++;
}

static void evict(struct shadow *s, const struct shadow_context *keep)
{
	struct shadow_context *oldest = least_recent(s, keep);

	if (oldest)
		give_back(s, oldest);
}

/* An address space that has not run for long may be that of a process that is gone, which nothing
 * says: its memory goes back, with that of its windows. */
void tsr_shadow_contexts_age(struct shadow *s)
{
	for (unsigned n = 0; n < AGED_AT_ONCE; n++) {
		struct shadow_context *c = least_recent(s, NULL);

		if (!c || s->stamp - c->stamp < SHADOW_IDLE)
			return;
		give_back(s, c);
		tsr_shadow_window_rest(s, &c->own_window);
		tsr_shadow_exact_rest(s, c);
		s->count.contexts_aged++;
	}
}

void tsr_shadow_context_touch(struct shadow *s, struct shadow_context *c, unsigned table,
			      unsigned chunk)
{
	shadow_bit_set(c->touched[table], chunk);
	if (shadow_bit(c->resident[table], chunk))
		return;
	shadow_bit_set(c->resident[table], chunk);
	c->resident_count++;
	if (++s->resident > SHADOW_RESIDENT_MAX)
		evict(s, c);
}

/* A context that can be used anew: a dead or missing one, else the least recently used. */
static struct shadow_context *recycle(struct shadow *s, struct shadow_vcpu *v)
{
	struct shadow_context *oldest = NULL;

	for (unsigned id = v->first; id < v->first + SHADOW_CONTEXTS; id++) {
		struct shadow_context *c = s->contexts[id];

		if (!c && (s->contexts[id] = context_new(s, id)))
			return s->contexts[id];
		if (!c || c == v->context)
			continue;
		if (!c->alive)
			return c;
		if (!oldest || c->stamp < oldest->stamp)
			oldest = c;
	}
	s->count.contexts_recycled += oldest != NULL;
	return oldest;
}

static bool is_of(const struct shadow_context *c, uint32_t cr3, uint32_t mode)
{
	return c->alive && c->cr3 == cr3 && c->mode == mode;
}

static struct shadow_context **recent_place(struct shadow_vcpu *v, uint32_t cr3)
{
	return &v->recent[(cr3 >> 5) * 0x9e3779b1u >> 22];
}

struct shadow_context *tsr_shadow_context_find(struct shadow *s, struct shadow_vcpu *v,
					       uint32_t cr3, uint32_t mode)
{
	struct shadow_context **place = recent_place(v, cr3), *c = *place;

	if (c && is_of(c, cr3, mode))
		return c;
	for (unsigned id = v->first; id < v->first + SHADOW_CONTEXTS; id++) {
		c = s->contexts[id];
		if (c && is_of(c, cr3, mode))
			return *place = c;
	}
	c = recycle(s, v);
	if (!c)
		c = v->context; /* out of memory: one context must do */
	if (!c)
		return NULL;
	tsr_shadow_context_flush(s, c);
	c->alive = true;
	c->cr3 = cr3;
	c->mode = mode;
	c->set = NULL;
	tsr_shadow_exact_start(s, c);
	tsr_shadow_common_join(s, v, c);
	s->count.contexts_made++;
	return *place = c;
}

/* Most stores to a page table and most INVLPGs are for pages that have no entry. */
static void drop_page(struct shadow *s, struct shadow_context *c, uint32_t page)
{
	for (unsigned table = 0; table < VIEW_TABLES; table++) {
		uint64_t *entry;

		if (!shadow_bit(c->touched[table], page / 512))
			continue;
		entry = (uint64_t *)chunk_at(c, table, 0) + page;
		if (!*entry)
			continue;
		*entry = 0;
		tsr_shadow_bytes_drop(s, c, table, page, 1);
	}
}

static void drop_in_chunk(struct shadow *s, struct shadow_context *c, unsigned chunk,
			  uint32_t first, uint32_t count)
{
	for (unsigned table = 0; table < VIEW_TABLES; table++) {
		if (!shadow_bit(c->touched[table], chunk))
			continue;
		memset(chunk_at(c, table, 0) + (size_t)first * 8, 0, (size_t)count * 8);
		tsr_shadow_bytes_drop(s, c, table, first, count);
	}
}

void tsr_shadow_drop_pages(struct shadow *s, struct shadow_context *c, uint32_t first,
			   uint32_t count, bool keep_tag)
{
	if (!keep_tag && (c->mode & MODE_PG))
		tsr_shadow_user_changed(s, c, first, count);
	if (count == 1) {
		drop_page(s, c, first);
		return;
	}
	while (count) {
		uint32_t here = 512 - first % 512;

		if (here > count)
			here = count;
		drop_in_chunk(s, c, first / 512, first, here);
		first += here;
		count -= here;
	}
}

void tsr_shadow_drop_writes(struct shadow *s)
{
	for (unsigned i = 0; i < SHADOW_SPACES; i++)
		for (unsigned view = 0; s->contexts[i] && view < TSR_VIEWS; view++)
			clear_table(s, s->contexts[i], view * 2 + 1);
}

void tsr_shadow_flush(struct shadow *s)
{
	s->count.flushes++;
	for (unsigned i = 0; i < SHADOW_CONTEXTS_ALL; i++)
		if (s->contexts[i])
			tsr_shadow_context_flush(s, s->contexts[i]);
	for (unsigned i = 0; i < SHADOW_VCPUS; i++)
		if (s->vcpus[i] && s->vcpus[i]->common)
			tsr_shadow_common_flush(s, s->vcpus[i]->common);
	tsr_shadow_change_all_tags(s);
}
