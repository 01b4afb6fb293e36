/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fetch tags. The user view's tag belongs to its context: it changes when a page that was filled
 * for FETCH loses its translation. The supervisor view's tag belongs to a *set* that contexts
 * share, since kernels map themselves into every address space: the set lists the page-directory
 * entries under which supervisor pages were fetched, a context may use the set while its own
 * entries are the same, and the page tables of the list are traced for the set itself, so it
 * outlives the contexts.
 */
#include "shadow.h"

#include <stdlib.h>

uint64_t tsr_shadow_new_tag(struct shadow *s)
{
	s->count.tag_changes++;
	return ++s->last_tag; /* 64 bits: it does not wrap */
}

static unsigned set_number(struct shadow *s, struct shadow_set *set)
{
	return set - s->sets;
}

/* What of a page-directory entry decides where a supervisor's fetch goes: all but R/W, U/S,
 * caching, A, D, G and the bits left to software. */
static uint64_t deciding(uint64_t pde)
{
	return pde & ~0xf7eull;
}

static bool any_bit(const uint64_t *bits, uint32_t first, uint32_t count)
{
	for (; count && first % 64; first++, count--)
		if (shadow_bit(bits, first))
			return true;
	for (; count >= 64; first += 64, count -= 64)
		if (bits[first / 64])
			return true;
	for (; count; first++, count--)
		if (shadow_bit(bits, first))
			return true;
	return false;
}

/* Bits are set by fills only, so nothing is written where none is. */
static void clear_bits(uint64_t *bits, uint32_t first, uint32_t count)
{
	for (; count; first++, count--) {
		if (first % 64 == 0 && count > 64 && !bits[first / 64]) {
			first += 63;
			count -= 63;
		} else if (shadow_bit(bits, first)) {
			bits[first / 64] &= ~(1ull << (first % 64));
		}
	}
}

/* -- user view */

static uint64_t *user_bits(struct shadow_context *c)
{
	return (uint64_t *)(c->base[TSR_VIEW_USER] + SHADOW_FETCHED);
}

void tsr_shadow_user_changed(struct shadow *s, struct shadow_context *c, uint32_t first,
			     uint32_t count)
{
	if (!c->base[TSR_VIEW_USER] || !any_bit(user_bits(c), first, count))
		return;
	clear_bits(user_bits(c), first, count);
	if (!c->user_used)
		return;
	c->user_tag = tsr_shadow_new_tag(s);
	c->user_used = false;
}

/* -- supervisor sets */

static void change_tag(struct shadow *s, struct shadow_set *set)
{
	if (!set->used)
		return;
	set->tag = tsr_shadow_new_tag(s);
	set->used = false;
}

static void forget_slots(struct shadow *s, struct shadow_set *set)
{
	unsigned pages = set->mode & MODE_PAE ? 512 : 1024;

	for (unsigned i = 0; i < set->count; i++) {
		unsigned slot = set->slots[i].slot;

		if (set->slots[i].pt)
			tsr_shadow_use_remove(s, set->slots[i].pfn, USE_SET, set_number(s, set),
					      slot);
		memset(set->fetched + slot * pages / 64, 0, pages / 8);
	}
	if (!(set->mode & MODE_PG)) /* has no slots */
		clear_bits(set->fetched, 0, SHADOW_PAGES);
	memset(set->listed, 0, sizeof(set->listed));
	set->count = 0;
}

static void restart(struct shadow *s, struct shadow_set *set)
{
	forget_slots(s, set);
	set->used = true;
	change_tag(s, set);
}

void tsr_shadow_set_pages_changed(struct shadow *s, struct shadow_set *set, uint32_t first,
				  uint32_t count)
{
	if (!any_bit(set->fetched, first, count))
		return;
	clear_bits(set->fetched, first, count);
	change_tag(s, set);
}

/* The page table of a slot is no longer traced. */
void tsr_shadow_set_lost_table(struct shadow *s, struct shadow_set *set, unsigned slot)
{
	restart(s, set);
}

static bool fits(struct shadow *s, const struct shadow_set *set, struct shadow_context *c)
{
	if (!set->alive || set->mode != (c->mode & ~MODE_WP))
		return false;
	for (unsigned i = 0; i < set->count; i++)
		if (deciding(tsr_shadow_read_pde(s, c, set->slots[i].slot)) != set->slots[i].pde)
			return false;
	return true;
}

/* The fitting set with the longest list. */
static struct shadow_set *best_set(struct shadow *s, struct shadow_context *c)
{
	struct shadow_set *best = NULL;

	for (unsigned i = 0; i < SHADOW_SETS; i++)
		if (fits(s, &s->sets[i], c) && (!best || s->sets[i].count > best->count))
			best = &s->sets[i];
	return best;
}

static bool in_use(struct shadow *s, const struct shadow_set *set)
{
	for (unsigned i = 0; i < SHADOW_VCPUS; i++)
		if (s->vcpus[i] && s->vcpus[i]->context && s->vcpus[i]->context->set == set)
			return true;
	return false;
}

static struct shadow_set *new_set(struct shadow *s, struct shadow_context *c)
{
	struct shadow_set *set = NULL;

	for (unsigned i = 0; i < SHADOW_SETS; i++) {
		struct shadow_set *at = &s->sets[i];

		if (at->alive && in_use(s, at) && at != c->set)
			continue;
		if (!set || !at->alive || (set->alive && at->stamp < set->stamp))
			set = at;
	}
	s->count.sets_made++;
	restart(s, set);
	set->alive = true;
	set->mode = c->mode & ~MODE_WP;
	return set;
}

/* Chooses the set that the context, which is the current one of its vCPU, may use. */
void tsr_shadow_set_select(struct shadow *s, struct shadow_context *c)
{
	struct shadow_set *set = c->set;

	if (!set || c->regroup || !fits(s, set, c)) {
		set = best_set(s, c);
		if (!set)
			set = new_set(s, c);
	}
	c->regroup = false;
	c->set = set;
	set->stamp = ++s->stamp;
}

static bool listed_anywhere(struct shadow *s, unsigned slot)
{
	for (unsigned i = 0; i < SHADOW_SETS; i++)
		if (shadow_bit(s->sets[i].listed, slot))
			return true;
	return false;
}

void tsr_shadow_set_pde_changed(struct shadow *s, struct shadow_context *c, unsigned slot)
{
	if (!(c->mode & MODE_PG) || !listed_anywhere(s, slot))
		return;
	c->regroup = true;
	if (c == s->vcpus[c->id / SHADOW_CONTEXTS]->context && c->set && !fits(s, c->set, c))
		tsr_shadow_set_select(s, c);
}

static void list_slot(struct shadow *s, struct shadow_set *set, unsigned slot, uint64_t pde,
		      uint32_t pt_pfn)
{
	if (set->count == SHADOW_SET_SLOTS)
		restart(s, set);
	set->slots[set->count].slot = slot;
	set->slots[set->count].pde = deciding(pde);
	set->slots[set->count].pt = pt_pfn != SHADOW_PFN_NONE;
	set->slots[set->count].pfn = pt_pfn;
	set->count++;
	shadow_bit_set(set->listed, slot);
	if (pt_pfn != SHADOW_PFN_NONE)
		tsr_shadow_use_add(s, pt_pfn, USE_SET, set_number(s, set), slot);
}

void tsr_shadow_fetched(struct shadow *s, struct shadow_context *c, unsigned view, tsr_gla gla,
			uint64_t pde, uint32_t pt_pfn)
{
	unsigned slot = gla >> shadow_slot_shift(c);

	if (view == TSR_VIEW_USER) {
		shadow_bit_set(user_bits(c), gla >> TSR_PAGE_SHIFT);
		c->user_used = true;
		return;
	}
	if ((c->mode & MODE_PG) && !shadow_bit(c->set->listed, slot))
		list_slot(s, c->set, slot, pde, pt_pfn);
	shadow_bit_set(c->set->fetched, gla >> TSR_PAGE_SHIFT);
	c->set->used = true;
}

/* Was the page filled for FETCH, and is its translation still the same? */
bool tsr_shadow_is_fetched(struct shadow_context *c, unsigned view, uint32_t page)
{
	if (view == TSR_VIEW_USER)
		return shadow_bit(user_bits(c), page) && (c->user_used = true);
	return shadow_bit(c->set->fetched, page) && (c->set->used = true);
}

void tsr_shadow_change_all_tags(struct shadow *s)
{
	for (unsigned i = 0; i < SHADOW_SETS; i++)
		if (s->sets[i].alive)
			restart(s, &s->sets[i]);
	for (unsigned i = 0; i < SHADOW_CONTEXTS_ALL; i++)
		if (s->contexts[i])
			s->contexts[i]->user_tag = tsr_shadow_new_tag(s);
}

void tsr_shadow_publish(struct shadow *s, bool tell)
{
	for (unsigned i = 0; i < SHADOW_VCPUS; i++) {
		struct shadow_vcpu *v = s->vcpus[i];
		struct shadow_context *c = v ? v->context : NULL;
		uint64_t supervisor, user;

		if (!c)
			continue;
		supervisor = c->set->tag;
		user = c->mode & MODE_PG ? c->user_tag : supervisor;
		if (v->pub.fetch_tag[TSR_VIEW_SUPERVISOR] == supervisor &&
		    v->pub.fetch_tag[TSR_VIEW_USER] == user)
			continue;
		v->pub.fetch_tag[TSR_VIEW_SUPERVISOR] = supervisor;
		v->pub.fetch_tag[TSR_VIEW_USER] = user;
		if (tell && v->listener->tags_changed)
			v->listener->tags_changed(v->listener->self);
	}
}
