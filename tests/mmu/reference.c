/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page walks written straight from SDM volume 3, tables 4-4 to 4-6 and 4-9 to 4-11, and
 * section 4.7. */
#include "memory.h"

#include <string.h>

struct levels {
	uint64_t entry[2];
	tsr_gpa at[2];
	int count;
};

static bool read_entry(tsr_gpa at, bool pae, uint64_t *entry)
{
	struct tsr_phys_page page;

	memory_lookup(NULL, at, &page);
	*entry = ~0ull;
	if (page.read) {
		*entry = 0;
		memcpy(entry, page.read + (at & TSR_PAGE_MASK), pae ? 8 : 4);
	}
	return *entry & 1;
}

/* false: fault, with *error its P and RSVD bits */
static bool walk_32(const struct tsr_mmu_context *c, tsr_gla gla, struct levels *l, tsr_gpa *gpa,
		    uint32_t *error)
{
	l->at[0] = (c->cr3 & 0xfffff000) + (gla >> 22) * 4;
	l->count = 1;
	*error = 0;
	if (!read_entry(l->at[0], false, &l->entry[0]))
		return false;
	l->entry[0] &= 0xffffffff;
	if ((l->entry[0] & 0x80) && (c->cr4 & TSR_CR4_PSE)) {
		*error = 9;
		if (l->entry[0] & 0x3e0000)
			return false;
		*gpa = (l->entry[0] & 0xffc00000) + ((l->entry[0] >> 13 & 15) << 32) +
		       (gla & 0x3fffff);
		return true;
	}
	l->at[1] = (l->entry[0] & 0xfffff000) + (gla >> 12 & 0x3ff) * 4;
	l->count = 2;
	if (!read_entry(l->at[1], false, &l->entry[1]))
		return false;
	*gpa = (l->entry[1] & 0xfffff000) + (gla & 0xfff);
	return true;
}

static bool reserved_pae(const struct tsr_mmu_context *c, uint64_t entry, bool large)
{
	if (entry & 0x7ffffff000000000ull)
		return true;
	if ((entry >> 63) && !(c->efer & 0x800))
		return true;
	return large && (entry & 0x1fe000);
}

static bool walk_pae(const struct tsr_mmu_context *c, tsr_gla gla, struct levels *l, tsr_gpa *gpa,
		     uint32_t *error)
{
	uint64_t pdpte = c->pdpte[gla >> 30];

	*error = 0;
	l->count = 0;
	if (!(pdpte & 1))
		return false;
	l->at[0] = (pdpte & 0xffffff000) + (gla >> 21 & 0x1ff) * 8;
	l->count = 1;
	if (!read_entry(l->at[0], true, &l->entry[0]))
		return false;
	*error = 9;
	if (reserved_pae(c, l->entry[0], l->entry[0] & 0x80))
		return false;
	if (l->entry[0] & 0x80) {
		*gpa = (l->entry[0] & 0xfffe00000) + (gla & 0x1fffff);
		return true;
	}
	*error = 0;
	l->at[1] = (l->entry[0] & 0xffffff000) + (gla >> 12 & 0x1ff) * 8;
	l->count = 2;
	if (!read_entry(l->at[1], true, &l->entry[1]))
		return false;
	*error = 9;
	*gpa = (l->entry[1] & 0xffffff000) + (gla & 0xfff);
	return !reserved_pae(c, l->entry[1], false);
}

void reference_walk(const struct tsr_mmu_context *c, enum tsr_mmu_view view, tsr_gla gla,
		    enum tsr_mmu_access access, struct reference *r)
{
	bool pae = c->cr4 & TSR_CR4_PAE, nxe = pae && (c->efer & 0x800);
	bool user, writable, nx, ok, write = access == TSR_ACCESS_WRITE;
	struct levels l;
	uint32_t error;

	memset(r, 0, sizeof(*r));
	if (!(c->cr0 & TSR_CR0_PG)) {
		r->gpa = gla;
		r->accessed = r->dirty = true;
		return;
	}
	ok = pae ? walk_pae(c, gla, &l, &r->gpa, &error) : walk_32(c, gla, &l, &r->gpa, &error);
	if (ok) {
		uint64_t first = l.entry[0], last = l.entry[l.count - 1];

		user = first & last & 4;
		writable = first & last & 2;
		nx = nxe && ((first | last) >> 63);
		r->accessed = first & last & 0x20;
		r->dirty = last & 0x40;
		error = 1;
		ok = !(view == TSR_VIEW_USER && !user) && !(access == TSR_ACCESS_FETCH && nx);
		if (write && !writable && (view == TSR_VIEW_USER || (c->cr0 & TSR_CR0_WP)))
			ok = false;
	}
	for (int i = 0; i < l.count; i++)
		r->tables[i] = l.at[i];
	r->fault = !ok;
	r->error_code = error | (write ? 2 : 0) | (view == TSR_VIEW_USER ? 4 : 0) |
			(access == TSR_ACCESS_FETCH && nxe ? 16 : 0);
}
