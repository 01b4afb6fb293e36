/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See walk.h. */
#include "walk.h"

#include <string.h>

#include <tessera/draft/x86.h>

static void read_entry(const struct walk_tables *t, tsr_gpa gpa, unsigned size,
		       struct walk_entry *e)
{
	struct tsr_phys_page page;
	unsigned offset = (unsigned)(gpa & TSR_PAGE_MASK);

	t->phys->lookup(t->host, gpa, &page);
	e->at = page.gpa | offset;
	e->host = page.read && page.read == page.write ? page.read + offset : NULL;
	e->value = 0;
	if (page.read)
		memcpy(&e->value, page.read + offset, size);
	else
		e->value = t->phys->read(t->host, e->at, size);
}

/* Bits that must be zero in an entry that is present (tables 4-4, 4-8 to 4-11). */
static uint64_t reserved_bits(const struct tsr_mmu_context *c, bool large)
{
	uint64_t bits;

	if (!(c->cr4 & TSR_CR4_PAE))
		return large ? TSR_PSE_RESERVED : 0;
	bits = TSR_PAE_RESERVED;
	if (!(c->efer & TSR_EFER_NXE))
		bits |= TSR_PTE_NX;
	return large ? bits | TSR_PAE_LARGE_RESERVED : bits;
}

/* Takes one level's entry into account. */
static bool pass(struct walk *w, const struct tsr_mmu_context *c, uint64_t entry, bool large)
{
	if (!(entry & TSR_PTE_P)) {
		w->error = 0;
		return false;
	}
	if (entry & reserved_bits(c, large)) {
		w->error = TSR_PF_P | TSR_PF_RSVD;
		return false;
	}
	w->allow &= entry;
	w->no_execute |= (c->cr4 & TSR_CR4_PAE) && (entry & TSR_PTE_NX);
	return true;
}

static uint64_t next_level(const struct walk_tables *t, struct walk *w, tsr_gpa gpa, unsigned size)
{
	struct walk_entry *e = &w->entries[w->count++];

	read_entry(t, gpa, size, e);
	return e->value;
}

/* 4.3: two levels of 1024 entries; 4 MiB pages have address bits 35:32 in bits 16:13 (PSE-36). */
static bool walk_32(const struct walk_tables *t, tsr_gla gla, struct walk *w)
{
	const struct tsr_mmu_context *c = t->context;
	uint64_t pde = next_level(t, w, (c->cr3 & TSR_PTE_FRAME) + (gla >> 22) * 4, 4), pte;
	bool large = (pde & TSR_PTE_PS) && (c->cr4 & TSR_CR4_PSE);

	if (!pass(w, c, pde, large))
		return false;
	if (large) {
		w->page = (pde & TSR_PSE_FRAME) | (pde & TSR_PSE_HIGH) << TSR_PSE_HIGH_SHIFT |
			  (gla & ~TSR_PSE_FRAME & TSR_PTE_FRAME);
		return true;
	}
	pte = next_level(t, w, (pde & TSR_PTE_FRAME) + (gla >> 12 & 1023) * 4, 4);
	w->page = pte & TSR_PTE_FRAME;
	return pass(w, c, pte, false);
}

/* 4.4: four PDPTEs in registers, two levels of 512 entries, pages of 2 MiB. */
static bool walk_pae(const struct walk_tables *t, tsr_gla gla, struct walk *w)
{
	const uint64_t large_frame = TSR_PAE_FRAME & ~((1ull << 21) - 1);
	const struct tsr_mmu_context *c = t->context;
	uint64_t pdpte = c->pdpte[gla >> 30], pde, pte;

	w->error = 0;
	if (!(pdpte & TSR_PTE_P))
		return false;
	pde = next_level(t, w, (pdpte & TSR_PAE_FRAME) + (gla >> 21 & 511) * 8, 8);
	if (!pass(w, c, pde, pde & TSR_PTE_PS))
		return false;
	if (pde & TSR_PTE_PS) {
		w->page = (pde & large_frame) | (gla & ~large_frame & TSR_PTE_FRAME);
		return true;
	}
	pte = next_level(t, w, (pde & TSR_PAE_FRAME) + (gla >> 12 & 511) * 8, 8);
	w->page = pte & TSR_PAE_FRAME;
	return pass(w, c, pte, false);
}

bool tsr_walk(const struct walk_tables *t, tsr_gla gla, struct walk *w)
{
	memset(w, 0, sizeof(*w));
	w->allow = TSR_PTE_RW | TSR_PTE_US;
	if (!(t->context->cr0 & TSR_CR0_PG)) {
		w->page = gla & TSR_PTE_FRAME;
		return true;
	}
	return t->context->cr4 & TSR_CR4_PAE ? walk_pae(t, gla, w) : walk_32(t, gla, w);
}

/* 4.6, "Access rights" */
uint32_t tsr_walk_permission(const struct tsr_mmu_context *c, enum tsr_mmu_view view,
			     enum tsr_mmu_access access, const struct walk *w)
{
	bool user = view == TSR_VIEW_USER;

	if (user && !(w->allow & TSR_PTE_US))
		return TSR_PF_P;
	if (access == TSR_ACCESS_WRITE && !(w->allow & TSR_PTE_RW) &&
	    (user || (c->cr0 & TSR_CR0_WP)))
		return TSR_PF_P;
	return access == TSR_ACCESS_FETCH && w->no_execute ? TSR_PF_P : 0;
}
