/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page-table tracing. A physical page serves as page directory (USE_PD) or page table (USE_PT) in
 * contexts, and as page table of a slot of a supervisor fetch set (USE_SET). Each use is a row in
 * the page's list; a page with rows has no write entries, and a store to it drops exactly what its
 * changed words led to.
 *
 * A page that is often written while no translation uses it has probably become something else: it
 * is no longer traced, and what was derived from it is dropped.
 */
#include "shadow.h"

static uint32_t slot_pfn(uint32_t slot)
{
	return slot >> 2;
}

/* By owner (contexts, then fetch sets), a row for each page-directory entry and one for each
 * directory. */
static uint32_t row_of(enum shadow_use_kind kind, unsigned owner, unsigned slot)
{
	unsigned of_owner = kind == USE_SET ? SHADOW_SPACES + owner : owner;

	return 1 + of_owner * (SHADOW_SLOTS + SHADOW_DIRECTORIES) +
	       (kind == USE_PD ? SHADOW_SLOTS + slot : slot);
}

void tsr_shadow_use_add(struct shadow *s, uint32_t pfn, enum shadow_use_kind kind, unsigned owner,
			unsigned slot)
{
	struct shadow_page *p = shadow_pfn_page(s, pfn);
	uint32_t n = row_of(kind, owner, slot);

	s->use_changes++;
	if (!p->uses) {
		p->writes = 0;
		tsr_shadow_rmap_drop(s, p, false);
		s->count.tables_traced++;
	}
	s->uses[n] =
		(struct shadow_use){ .next = p->uses, .slot = slot, .owner = owner, .kind = kind };
	p->uses = n;
}

void tsr_shadow_use_remove(struct shadow *s, uint32_t pfn, enum shadow_use_kind kind,
			   unsigned owner, unsigned slot)
{
	uint32_t n = row_of(kind, owner, slot);

	for (uint32_t *at = &shadow_pfn_page(s, pfn)->uses; *at; at = &s->uses[*at].next) {
		if (*at != n)
			continue;
		s->use_changes++;
		*at = s->uses[n].next;
		return;
	}
}

void tsr_shadow_attach_slot(struct shadow *s, struct shadow_context *c, unsigned slot, tsr_gpa pt,
			    uint8_t *host)
{
	if (!host) {
		c->slot[slot] = SLOT_LARGE;
		return;
	}
	c->slot[slot] = (uint32_t)(pt >> TSR_PAGE_SHIFT) << 2 |
			(host == s->ram_base + pt ? SLOT_PT_RAM : SLOT_PT);
	tsr_shadow_use_add(s, pt >> TSR_PAGE_SHIFT, USE_PT, c->id, slot);
}

void tsr_shadow_drop_slot(struct shadow *s, struct shadow_context *c, unsigned slot, bool keep_tag)
{
	uint32_t pages = 1u << (shadow_slot_shift(c) - TSR_PAGE_SHIFT), was = c->slot[slot];

	if (was == SLOT_NONE)
		return;
	s->count.slots_dropped++;
	c->slot[slot] = SLOT_NONE;
	if (was != SLOT_LARGE)
		tsr_shadow_use_remove(s, slot_pfn(was), USE_PT, c->id, slot);
	tsr_shadow_drop_pages(s, c, slot * pages, pages, keep_tag);
}

void tsr_shadow_attach_pd(struct shadow *s, struct shadow_context *c, unsigned number, tsr_gpa gpa)
{
	struct shadow_directory *d = &c->pd[number];
	struct tsr_phys_page page;

	tsr_shadow_lookup(s, gpa, &page);
	d->ready = true;
	d->plain = page.read && page.read == page.write;
	d->host = page.read;
	d->gpa = page.gpa;
	if (d->plain)
		tsr_shadow_use_add(s, page.gpa >> TSR_PAGE_SHIFT, USE_PD, c->id, number);
}

void tsr_shadow_detach_pd(struct shadow *s, struct shadow_context *c, unsigned number)
{
	struct shadow_directory *d = &c->pd[number];
	unsigned slots = shadow_pae(c) ? 512 : 1024;

	if (!d->ready)
		return;
	c->agreed = 0;
	for (unsigned slot = number * slots; slot < (number + 1) * slots; slot++)
		tsr_shadow_drop_slot(s, c, slot, false);
	if (d->plain)
		tsr_shadow_use_remove(s, d->gpa >> TSR_PAGE_SHIFT, USE_PD, c->id, number);
	d->ready = false;
}

/* Drops everything derived from the page; its uses are gone. (A directory in use is traced again at
 * once if its context's fetch set depends on it.) */
static void untrace(struct shadow *s, struct shadow_page *p)
{
	s->count.tables_untraced++;
	while (p->uses) {
		struct shadow_use u = s->uses[p->uses];
		struct shadow_context *c = u.kind == USE_SET ? NULL : s->contexts[u.owner];

		if (u.kind == USE_SET) {
			tsr_shadow_set_lost_table(s, &s->sets[u.owner], u.slot);
		} else if (u.kind == USE_PT) {
			tsr_shadow_drop_slot(s, c, u.slot, false);
		} else {
			tsr_shadow_detach_pd(s, c, u.slot);
			c->regroup = true;
		}
	}
	p->writes = 0;
	for (unsigned i = 0; i < SHADOW_VCPUS; i++)
		if (s->vcpus[i] && s->vcpus[i]->context && s->vcpus[i]->context->regroup) {
			tsr_shadow_set_select(s, s->vcpus[i]->context);
			tsr_shadow_common_agree(s, s->vcpus[i]->context);
		}
}

/* Entries [first, last] of a page directory changed. */
static void directory_written(struct shadow *s, struct shadow_context *c, unsigned number,
			      unsigned first, unsigned last)
{
	unsigned base = number * (shadow_pae(c) ? 512 : 1024);

	for (unsigned slot = base + first; slot <= base + last; slot++) {
		tsr_shadow_drop_slot(s, c, slot, false);
		tsr_shadow_common_pde_changed(s, c, slot);
		tsr_shadow_set_pde_changed(s, c, slot);
	}
}

/* Drops what the changed bytes of one use led to. */
static void use_written(struct shadow *s, const struct shadow_use *u, unsigned offset,
			unsigned length)
{
	struct shadow_context *c = u->kind == USE_SET ? NULL : s->contexts[u->owner];
	struct shadow_set *set = u->kind == USE_SET ? &s->sets[u->owner] : NULL;
	bool pae = (set ? set->mode : c->mode) & MODE_PAE;
	unsigned shift = pae ? 3 : 2, entries = pae ? 512 : 1024;
	unsigned first = offset >> shift, last = (offset + length - 1) >> shift;

	if (u->kind == USE_PD)
		directory_written(s, c, u->slot, first, last);
	else if (u->kind == USE_PT)
		tsr_shadow_drop_pages(s, c, u->slot * entries + first, last - first + 1, false);
	else
		tsr_shadow_set_pages_changed(s, set, u->slot * entries + first, last - first + 1);
}

/* A change of a directory may change the list (a table that is its own directory): then it starts
 * over. */
static void table_written(struct shadow *s, struct shadow_page *p, unsigned offset, unsigned length)
{
	uint64_t changes;
	uint32_t n;

again:
	for (n = p->uses; n; n = s->uses[n].next) {
		struct shadow_use u = s->uses[n];

		changes = s->use_changes;
		use_written(s, &u, offset, length);
		if (s->use_changes != changes)
			goto again;
	}
}

void tsr_shadow_page_written(struct shadow *s, tsr_gpa gpa, uint32_t length)
{
	struct shadow_page *p;
	unsigned weight = 1 + length / 64;

	if (gpa >> TSR_PAGE_SHIFT >= SHADOW_PFNS || !length)
		return;
	p = shadow_page(s, gpa);
	if (p->uses) {
		s->count.table_writes++;
		p->writes = p->writes + weight > 255 ? 255 : p->writes + weight;
		if (p->writes >= SHADOW_UNTRACE_WRITES)
			untrace(s, p);
		else
			table_written(s, p, gpa & TSR_PAGE_MASK, length);
	}
	if (!(p->flags & PAGE_CODE))
		return;
	s->count.code_writes++;
	for (unsigned i = 0; i < SHADOW_VCPUS; i++)
		if (s->vcpus[i])
			s->vcpus[i]->listener->code_written(s->vcpus[i]->listener->self, gpa,
							    length);
}

void tsr_shadow_trace_code(struct shadow *s, tsr_gpa gpa, bool on)
{
	struct shadow_page *p;

	if (gpa >> TSR_PAGE_SHIFT >= SHADOW_PFNS)
		return;
	p = shadow_page(s, gpa);
	if (on && !(p->flags & PAGE_CODE))
		tsr_shadow_rmap_drop(s, p, false);
	p->flags = on ? p->flags | PAGE_CODE : p->flags & ~PAGE_CODE;
}
