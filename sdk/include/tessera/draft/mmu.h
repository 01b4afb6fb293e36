/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. The border between CPU and MMU plugins. It consists of data rather than calls: the MMU
 * plugin owns tables that translated code indexes by itself, and is called only when an entry is
 * missing. Everything here belongs to one virtual CPU.
 *
 * A *view* is a way to see memory: as supervisor (CPL 0-2) or as user (CPL 3). Each view of the
 * current address space has a base address; at constant offsets from it (tsr_mmu_layout) lie
 *   read table   2^20 entries of 8 bytes, index = linear page: host address = linear address +
 *                entry; 0 = miss
 *   write table  the same for writes
 *   valid bytes, window   (an MMU may have none: offset 0) one byte per linear page, 0 = valid,
 *                         for reads and writes;
 *                a 4 GiB window where valid pages are mapped
 * An entry promises that an access of that kind by that view to any byte of the page reaches plain
 * memory, that nobody must be notified of it, and that it cannot fault. Everything else (MMIO,
 * writes to ROM, traced pages, pages that are not present) never gets an entry, so each access to
 * it asks the MMU.
 */
#ifndef TESSERA_DRAFT_MMU_H
#define TESSERA_DRAFT_MMU_H

#include "../host.h"
#include "../x86.h"
#include "phys.h"

enum tsr_mmu_view { TSR_VIEW_SUPERVISOR, TSR_VIEW_USER, TSR_VIEWS };
enum tsr_mmu_access { TSR_ACCESS_READ, TSR_ACCESS_WRITE, TSR_ACCESS_FETCH };

struct tsr_mmu_layout {
	uint32_t size;
	int64_t read_table, write_table;         /* bytes from a view's base */
	int64_t read_valid, write_valid, window; /* 0: none */
};

enum tsr_mmu_kind {
	TSR_MMU_RAM,    /* host is valid; the entry is in the table now */
	TSR_MMU_TRACED, /* host is valid for this access; after a write call tsr_mmu.written; no
			   entry */
	TSR_MMU_IO,     /* tsr_phys.read/write at gpa */
	TSR_MMU_FAULT,  /* #PF with error_code; CR2 is the CPU's to set */
};

struct tsr_mmu_result {
	enum tsr_mmu_kind kind;
	uint8_t *host;       /* of the byte asked for; good up to the page's end */
	tsr_gpa gpa;         /* of the byte asked for */
	uint32_t error_code; /* SDM volume 3, 4.7 */
};

/* Written by the MMU, read by the CPU; it stays in its place. It changes only inside of calls of
 * tsr_mmu and tsr_phys_listener. */
struct tsr_mmu_vcpu {
	uint8_t *base[TSR_VIEWS]; /* of the current address space */
	/* A number for the set of fetch translations of the view. While it has the value that it
	 * had when a page was filled for FETCH, that linear page leads to the same physical page
	 * and may be executed. A former value returns with its address space, unless a translation
	 * that was used for fetching has changed. Never 0. A number that was given up is never
	 * used again: 64 bits do not wrap, so that a CPU need not know. */
	uint64_t fetch_tag[TSR_VIEWS];
};

/* Notifications to a CPU. [locked]; translated code does not run, but may be the caller's caller.
 */
struct tsr_mmu_listener {
	uint32_t size;
	void *self;
	/* Bytes of a traced page changed; all within one page. [locked] */
	void (*code_written)(void *self, tsr_gpa gpa, uint32_t length);
	/* Other memory is at these addresses now. [locked] */
	void (*code_unmapped)(void *self, tsr_gpa gpa, uint64_t length);
	/* base[] or fetch_tag[] changed outside of set_context, say because a page table was
	 * written. [locked] */
	void (*tags_changed)(void *self);
};

struct tsr_mmu_context {
	uint32_t cr0, cr3, cr4;
	uint64_t efer;
	const uint64_t *pdpte; /* four, with PAE */
};

#define TSR_MMU "tessera.mmu/1"
struct tsr_mmu {
	uint32_t size;
	/* Makes and frees the MMU's part of a virtual CPU. `listener` stays valid until destroy.
	 * NULL when there is no memory for it. [main & !running] */
	struct tsr_mmu_vcpu *(*create)(void *self, const struct tsr_mmu_listener *listener);
	void (*destroy)(void *self, struct tsr_mmu_vcpu *v);
	/* Where the tables lie; constant for the instance. [any] */
	const struct tsr_mmu_layout *(*layout)(void *self);
	/* CR0, CR3, CR4 or EFER was written. Called also when CR3 is written with the value that it
	 * has. [locked] */
	void (*set_context)(void *self, struct tsr_mmu_vcpu *v,
			    const struct tsr_mmu_context *context);
	/* Translates an address, sets A and D bits in the guest's tables, and enters the page into
	 * the view's tables. `view` decides between user and supervisor; CR0.WP applies to the
	 * supervisor view. A FETCH also adds the page to the translations that the view's tag
	 * stands for. *result is filled in as its kind, which is also returned, says. [locked] */
	enum tsr_mmu_kind (*fill)(void *self, struct tsr_mmu_vcpu *v, enum tsr_mmu_view view,
				  tsr_gla gla, enum tsr_mmu_access access,
				  struct tsr_mmu_result *result);
	/* The same without any effect, for debuggers and lockstep. [locked] */
	enum tsr_mmu_kind (*probe)(void *self, struct tsr_mmu_vcpu *v, enum tsr_mmu_view view,
				   tsr_gla gla, enum tsr_mmu_access access,
				   struct tsr_mmu_result *result);
	/* INVLPG. [locked] */
	void (*invalidate)(void *self, struct tsr_mmu_vcpu *v, tsr_gla gla);
	/* Begins or ends to trace the physical page of `gpa`: its writes are reported by
	 * code_written. [locked] */
	void (*trace)(void *self, tsr_gpa gpa, bool on);
	/* The CPU wrote to a TRACED page, within that page: the MMU brings its tables up to date
	 * and calls the listeners. [locked] */
	void (*written)(void *self, tsr_gpa gpa, uint32_t length);
	/* Calls `put` for each counter of --stats. [locked] */
	void (*stats)(void *self, void (*put)(void *user, const char *name, uint64_t value),
		      void *user);
};

#endif
