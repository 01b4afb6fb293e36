/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Walks of the guest's page tables, Intel SDM volume 3, 4.3 (32-bit paging) and 4.4 (PAE). */
#ifndef WALK_H
#define WALK_H

#include <tessera/draft/mmu.h>
#include <tessera/draft/x86-facts.h>

#define WALK_LEVELS 2 /* the PDPTEs are registers of the processor */

/* One entry that a walk went through. */
struct walk_entry {
	tsr_gpa at;    /* its address */
	uint8_t *host; /* NULL: not in plain memory */
	uint64_t value;
};

struct walk {
	struct walk_entry entries[WALK_LEVELS];
	unsigned count; /* of entries that were read */
	uint64_t allow; /* TSR_PTE_RW and TSR_PTE_US, where all levels have them */
	bool no_execute;
	tsr_gpa page;   /* physical address of the 4 KiB page */
	uint32_t error; /* of a walk that failed: 0 or TSR_PF_P | TSR_PF_RSVD */
};

struct walk_tables {
	const struct tsr_host *host;
	const struct tsr_phys *phys;
	const struct tsr_mmu_context *context;
};

/* false: a level is not present or has a reserved bit set; w->error says which. Without effects. */
bool tsr_walk(const struct walk_tables *tables, tsr_gla gla, struct walk *w);

/* The error code of a #PF that the access raises after a walk that did not fail; 0: none. The code
 * lacks W, U and I. */
uint32_t tsr_walk_permission(const struct tsr_mmu_context *context, enum tsr_mmu_view view,
			     enum tsr_mmu_access access, const struct walk *w);

#endif
