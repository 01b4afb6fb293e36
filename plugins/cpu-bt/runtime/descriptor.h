/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors and plain guest memory, for instructions of the system. */
#ifndef TSR_BT_DESCRIPTOR_H
#define TSR_BT_DESCRIPTOR_H

#include <string.h>

#include <tessera/draft/x86-facts.h>

#include "code/bt.h"

/* NULL: not plain memory of one page that the table has. */
static inline uint8_t *bt_host_of(const struct tsr_bt *bt, enum tsr_mmu_view view, int64_t table,
				  uint32_t gla, uint32_t length)
{
	uint64_t entry;

	if ((gla & TSR_PAGE_MASK) + length > TSR_PAGE_SIZE)
		return NULL;
	memcpy(&entry, bt->board.vcpu->base[view] + table + (size_t)(gla >> TSR_PAGE_SHIFT) * 8,
	       sizeof(entry));
	return entry ? (uint8_t *)(uintptr_t)(entry + gla) : NULL;
}

static inline bool tsr_bt_peek(const struct tsr_bt *bt, enum tsr_mmu_view view, uint32_t gla,
			       void *to, uint32_t length)
{
	const uint8_t *from = bt_host_of(bt, view, bt->board.layout->read_table, gla, length);

	if (!from)
		return false;
	memcpy(to, from, length);
	return true;
}

static inline bool tsr_bt_poke(const struct tsr_bt *bt, enum tsr_mmu_view view, uint32_t gla,
			       const void *from, uint32_t length)
{
	uint8_t *to = bt_host_of(bt, view, bt->board.layout->write_table, gla, length);

	if (!to)
		return false;
	memcpy(to, from, length);
	return true;
}

bool tsr_bt_descriptor(const struct tsr_bt *bt, uint16_t selector, struct tsr_x86_segment *out,
		       uint32_t *high);
/* A present system descriptor of the GDT, of that type. */
bool tsr_bt_system_descriptor(const struct tsr_bt *bt, uint16_t selector, unsigned type,
			      struct tsr_x86_segment *out);
/* The segment for SS in ring `cpl`: 32 bits, writable, of that privilege. */
bool tsr_bt_stack_for(const struct tsr_bt *bt, uint16_t selector, unsigned cpl,
		      struct tsr_x86_segment *out);

/* DPL of a descriptor's second dword. */
static inline unsigned bt_descriptor_dpl(uint32_t high)
{
	return high >> (8 + TSR_SEG_DPL_SHIFT) & 3;
}

#endif
