/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page walks in 32-bit and PAE mode (SDM volume 3, 4.3 and 4.4). The PDPTEs come from the
 * processor's registers. */
#include "shadow.h"

static uint64_t load(struct shadow *s, const uint8_t *host, tsr_gpa gpa, bool pae)
{
	uint32_t word;
	uint64_t entry;

	if (!host)
		return s->phys->read(s->host, gpa, pae ? 8 : 4);
	if (pae) {
		memcpy(&entry, host, 8);
		return entry;
	}
	memcpy(&word, host, 4);
	return word;
}

/* What is at a page. That it is main RAM or a device's is known until the core says that something
 * else is there. */
void tsr_shadow_lookup(struct shadow *s, tsr_gpa gpa, struct tsr_phys_page *page)
{
	struct tsr_phys_page *device;
	uint8_t *host;

	gpa &= ~(tsr_gpa)TSR_PAGE_MASK;
	host = s->ram_base + gpa;
	if (gpa < s->ram_low && shadow_bit(s->in_ram, gpa >> TSR_PAGE_SHIFT)) {
		*page = (struct tsr_phys_page){ .read = host, .write = host, .gpa = gpa };
		return;
	}
	device = &s->devices[gpa >> TSR_PAGE_SHIFT & (SHADOW_DEVICES - 1)];
	if (device->gpa == gpa) {
		*page = *device;
		return;
	}
	s->phys->lookup(s->host, gpa, page);
	if (page->gpa != gpa)
		return; /* the gate of address line 20 */
	if (gpa < s->ram_low && page->read == host && page->write == host && !page->dirty_log)
		shadow_bit_set(s->in_ram, gpa >> TSR_PAGE_SHIFT);
	else if (!page->read)
		*device = *page;
}

/* Other memory is at these addresses now, or everywhere. */
void tsr_shadow_forget_pages(struct shadow *s, tsr_gpa gpa, uint64_t length)
{
	for (unsigned i = 0; i < SHADOW_DEVICES; i++)
		s->devices[i].gpa = SHADOW_NO_PAGE;
	if (length >= s->ram_low || gpa + length < gpa) {
		memset(s->in_ram, 0, (s->ram_low >> TSR_PAGE_SHIFT) / 8 + 1);
		return;
	}
	for (tsr_gpa at = gpa & ~(tsr_gpa)TSR_PAGE_MASK; at < gpa + length && at < s->ram_low;
	     at += TSR_PAGE_SIZE)
		s->in_ram[at >> TSR_PAGE_SHIFT >> 6] &= ~(1ull << (at >> TSR_PAGE_SHIFT & 63));
}

/* Sets A or D in an entry. */
void tsr_shadow_set_bits(struct shadow *s, uint8_t *at, tsr_gpa gpa, uint32_t bits)
{
	struct shadow_page *p;
	struct tsr_phys_page page;

	if (!at) {
		s->phys->write(s->host, gpa, s->phys->read(s->host, gpa, 4) | bits, 4);
		return;
	}
	at[0] |= bits;
	p = shadow_page(s, gpa);
	tsr_shadow_lookup(s, gpa, &page);
	if (page.dirty_log)
		s->phys->mark_dirty(s->host, gpa & ~(tsr_gpa)TSR_PAGE_MASK);
	if (p->flags & PAGE_CODE)
		for (unsigned i = 0; i < SHADOW_VCPUS; i++)
			if (s->vcpus[i])
				s->vcpus[i]->listener->code_written(s->vcpus[i]->listener->self,
								    gpa, 1);
}

/* Where the directory that slot lies in is, without tracing it. */
static struct shadow_directory peek_pd(struct shadow *s, tsr_gpa gpa)
{
	struct tsr_phys_page page;

	tsr_shadow_lookup(s, gpa, &page);
	return (struct shadow_directory){
		.host = page.read,
		.plain = page.read && page.read == page.write,
		.gpa = page.gpa,
	};
}

/* The directory of the slot; false: not present. */
static bool directory(struct shadow *s, struct shadow_context *c, unsigned slot, bool attach,
		      struct shadow_directory *out)
{
	bool pae = shadow_pae(c);
	unsigned number = pae ? slot >> 9 : 0;
	tsr_gpa gpa = pae ? c->pdpte[number] & TSR_PAE_FRAME : c->cr3;

	if (pae && !(c->pdpte[number] & TSR_PTE_P))
		return false;
	if (attach && !c->pd[number].ready)
		tsr_shadow_attach_pd(s, c, number, gpa);
	*out = c->pd[number].ready ? c->pd[number] : peek_pd(s, gpa);
	return true;
}

static uint64_t read_pde(struct shadow *s, struct shadow_context *c, unsigned slot, bool attach,
			 struct shadow_walk *w)
{
	bool pae = shadow_pae(c);
	unsigned offset = pae ? (slot & 511) * 8 : slot * 4;
	struct shadow_directory d;

	if (!directory(s, c, slot, attach, &d))
		return 0;
	w->plain = d.plain;
	w->pde_at = d.plain ? d.host + offset : NULL;
	w->pde_gpa = d.gpa + offset;
	return load(s, d.host ? d.host + offset : NULL, w->pde_gpa, pae);
}

uint64_t tsr_shadow_read_pde(struct shadow *s, struct shadow_context *c, unsigned slot)
{
	struct shadow_walk w;

	return read_pde(s, c, slot, true, &w);
}

/* Bits that must be zero in a present entry. PSE-36: a 4 MiB page's address bits 35:32 are in bits
 * 16:13. */
static uint64_t reserved_bits(const struct shadow_context *c, bool large)
{
	uint64_t bits;

	if (!shadow_pae(c))
		return large ? TSR_PSE_RESERVED : 0;
	bits = TSR_PAE_RESERVED;
	if (!(c->mode & MODE_NXE))
		bits |= TSR_PTE_NX;
	return large ? bits | TSR_PAE_LARGE_RESERVED : bits;
}

static bool bad(struct shadow_walk *w, const struct shadow_context *c, uint64_t entry)
{
	if (!(entry & TSR_PTE_P)) {
		w->error = 0;
		return true;
	}
	if (entry & reserved_bits(c, w->large)) {
		w->error = TSR_PF_P | TSR_PF_RSVD;
		return true;
	}
	return false;
}

static void finish_large(struct shadow_walk *w, const struct shadow_context *c, tsr_gla gla)
{
	uint64_t mask = (1ull << shadow_slot_shift(c)) - 1, frame;

	if (shadow_pae(c))
		frame = w->pde & TSR_PAE_FRAME & ~mask;
	else
		frame = (w->pde & TSR_PSE_FRAME) | (w->pde & TSR_PSE_HIGH) << TSR_PSE_HIGH_SHIFT;
	w->gpa = frame | (gla & mask & ~(uint64_t)TSR_PAGE_MASK);
}

/* What is known of the slot's page table already. */
static uint32_t known_slot(const struct shadow_context *c, unsigned slot)
{
	uint32_t page = slot << (shadow_slot_shift(c) - TSR_PAGE_SHIFT);

	if (shadow_is_common(c, page) && c->slot[slot] == SLOT_NONE)
		return c->common->space.slot[slot];
	return c->slot[slot];
}

/* The page table of the entry; where it is is known while the slot is attached. */
static void find_table(struct shadow *s, struct shadow_context *c, struct shadow_walk *w,
		       unsigned offset)
{
	tsr_gpa gpa = w->pde & (shadow_pae(c) ? TSR_PAE_FRAME : TSR_PTE_FRAME);
	uint32_t known = known_slot(c, w->slot);
	tsr_gpa table = (tsr_gpa)(known >> 2) << TSR_PAGE_SHIFT;
	struct tsr_phys_page page;

	if ((known & SLOT_PT_RAM) == SLOT_PT_RAM) {
		w->pte_gpa = table | offset;
		w->pte_at = s->ram_base + w->pte_gpa;
		w->pte = load(s, w->pte_at, w->pte_gpa, shadow_pae(c));
		return;
	}
	tsr_shadow_lookup(s, gpa, &page);
	w->pte_gpa = page.gpa | offset;
	w->pte = load(s, page.read ? page.read + offset : NULL, w->pte_gpa, shadow_pae(c));
	w->pte_at = page.read && page.read == page.write ? page.read + offset : NULL;
	w->plain = w->plain && w->pte_at;
}

bool tsr_shadow_walk(struct shadow *s, struct shadow_context *c, tsr_gla gla, bool attach,
		     struct shadow_walk *w)
{
	bool pae = shadow_pae(c);

	w->slot = gla >> shadow_slot_shift(c);
	w->pte = 0;
	w->pte_at = NULL;
	w->pde = read_pde(s, c, w->slot, attach, w);
	w->large = (w->pde & TSR_PTE_PS) && (c->mode & (MODE_PSE | MODE_PAE));
	if (bad(w, c, w->pde))
		return false;
	w->allow = w->pde & (TSR_PTE_RW | TSR_PTE_US);
	w->nx = pae && (w->pde & TSR_PTE_NX);
	if (w->large) {
		finish_large(w, c, gla);
		return true;
	}
	find_table(s, c, w, pae ? (gla >> 12 & 511) * 8 : (gla >> 12 & 1023) * 4);
	if (bad(w, c, w->pte))
		return false;
	w->allow &= w->pte;
	w->nx = w->nx || (pae && (w->pte & TSR_PTE_NX));
	w->gpa = w->pte & (pae ? TSR_PAE_FRAME : TSR_PTE_FRAME);
	return true;
}
