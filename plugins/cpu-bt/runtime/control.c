/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Control registers, INVLPG, and the registers of descriptor tables, as translated code of CPL 0
 * calls them (lower/lower-control.c). Intel SDM volume 2; CR0's rules: volume 3, 2.5.
 * What is rare, and every fault, is left to the interpreter with nothing done.
 */
#include <string.h>

#include <tessera/draft/x86-facts.h>

#include "code/cache.h"
#include "code/calls.h"
#include "runtime/control.h"
#include "runtime/crossing.h"
#include "runtime/descriptor.h"
#include "runtime/fp.h"
#include "runtime/mode.h"
#include "runtime/outcome.h"

/* -- CR0: TS and EM change how floating-point code is translated */

#define CR0_KNOWN \
	(TSR_CR0_PE | TSR_CR0_MP | TSR_CR0_EM | TSR_CR0_TS | TSR_CR0_NE | TSR_CR0_WP | \
	 TSR_CR0_AM | TSR_CR0_NW | TSR_CR0_CD | TSR_CR0_PG)

/* Skips when the mode has not changed, as by few of such writes. */
static struct bt_outcome write_cr0(struct tsr_bt *bt, uint32_t value, const struct bt_site *s)
{
	uint32_t mode, operand = value, cr0 = bt->state.cr0;
	struct bt_mode from = bt->mode;

	value = (value & CR0_KNOWN) | TSR_CR0_ET;
	if ((value ^ bt->state.cr0) & (TSR_CR0_PG | TSR_CR0_PE | TSR_CR0_WP) ||
	    (value & TSR_CR0_NW && !(value & TSR_CR0_CD)))
		return bt_leave_to_interpreter(bt, s);
	bt->stats.system++;
	if (value & (TSR_CR0_TS | TSR_CR0_EM)) /* what is loaded is used again only as it was
						  loaded */
		tsr_bt_fp_unload(bt);
	bt->state.cr0 = value;
	mode = tsr_bt_mode_fp(bt);
	if (mode == bt->mode.word)
		return bt_skip_with(0);
	tsr_bt_retag_as(bt, mode);
	tsr_bt_crossing_note_ts(bt, &from, cr0, operand);
	return bt_go_on();
}

struct bt_outcome tsr_bt_cr0(struct tsr_bt *bt, uint32_t word, const struct bt_site *s)
{
	return write_cr0(bt, (uint32_t)bt->hot.saved_r11, s);
}

struct bt_outcome tsr_bt_clts(struct tsr_bt *bt, uint32_t word, const struct bt_site *s)
{
	return write_cr0(bt, bt->state.cr0 & ~TSR_CR0_TS, s);
}

/* PE can be set but not cleared. */
struct bt_outcome tsr_bt_lmsw(struct tsr_bt *bt, uint32_t word, const struct bt_site *s)
{
	const uint32_t kept = ~(TSR_CR0_MP | TSR_CR0_EM | TSR_CR0_TS);
	uint32_t set =
		(uint32_t)bt->hot.saved_r11 & (TSR_CR0_PE | TSR_CR0_MP | TSR_CR0_EM | TSR_CR0_TS);

	return write_cr0(bt, (bt->state.cr0 & kept) | set, s);
}

/* -- CR3, INVLPG */

/* The MMU was called: its tables may be others. The block ends here. */
static struct bt_outcome after_mmu(struct tsr_bt *bt)
{
	bt->stats.system++;
	tsr_bt_cache_untrace(bt);
	tsr_bt_retag_as(bt, bt->mode.word);
	return bt_go_on();
}

/* The four PDPTEs of PAE paging. False: a reserved bit is set. */
static bool load_pdptes(struct tsr_bt *bt, uint32_t cr3)
{
	uint64_t pdpte[4];

	for (unsigned i = 0; i < 4; i++) {
		pdpte[i] = bt->board.phys->read(bt->board.host, (cr3 & TSR_CR3_PAE) + 8 * i, 8);
		if (pdpte[i] & TSR_PTE_P && pdpte[i] & TSR_PDPTE_RESERVED)
			return false;
	}
	memcpy(bt->state.pdpte, pdpte, sizeof(pdpte));
	return true;
}

struct bt_outcome tsr_bt_cr3(struct tsr_bt *bt, uint32_t word, const struct bt_site *s)
{
	uint32_t cr3 = (uint32_t)bt->hot.saved_r11;
	struct tsr_mmu_context context = { bt->state.cr0, cr3, bt->state.cr4, bt->state.efer,
					   bt->state.pdpte };

	if (bt->state.cr0 & TSR_CR0_PG && bt->state.cr4 & TSR_CR4_PAE) {
		tsr_bt_fp_unload(bt); /* the table may lie in a device */
		if (!load_pdptes(bt, cr3))
			return bt_leave_to_interpreter(bt, s);
	}
	bt->state.cr3 = cr3;
	bt->board.mmu->set_context(bt->board.mmu_self, bt->board.vcpu, &context);
	return after_mmu(bt);
}

struct bt_outcome tsr_bt_invlpg(struct tsr_bt *bt, uint32_t word, const struct bt_site *s)
{
	bt->board.mmu->invalidate(bt->board.mmu_self, bt->board.vcpu, (uint32_t)bt->hot.saved_r11);
	return after_mmu(bt);
}

/* -- GDTR, IDTR, LDTR */

/* The operand's host address is in r11. */
struct bt_outcome tsr_bt_table_load(struct tsr_bt *bt, uint32_t word, const struct bt_site *s)
{
	const uint8_t *from = (const uint8_t *)(uintptr_t)bt->hot.saved_r11;
	__typeof__(bt->state.gdtr) *to = word & BT_TABLE_IDT ? &bt->state.idtr : &bt->state.gdtr;
	uint16_t limit;
	uint32_t base;

	bt->stats.system++;
	memcpy(&limit, from, sizeof(limit));
	memcpy(&base, from + sizeof(limit), sizeof(base));
	to->limit = limit;
	to->base = word & BT_TABLE_SHORT ? base & 0xffffff : base;
	return bt_go_on();
}

struct bt_outcome tsr_bt_lldt(struct tsr_bt *bt, uint32_t word, const struct bt_site *s)
{
	uint16_t selector = (uint16_t)bt->hot.saved_r11;
	struct tsr_x86_segment new = { .selector = selector };

	if (selector & TSR_SELECTOR_ENTRY &&
	    !tsr_bt_system_descriptor(bt, selector, TSR_SYS_LDT, &new))
		return bt_leave_to_interpreter(bt, s);
	bt->stats.system++;
	bt->state.ldtr = new;
	return bt_go_on();
}
