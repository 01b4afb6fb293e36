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
 *   valid bytes  one byte per linear page, for reads and for writes; 0 = valid. (An MMU may have
 *                none: both offsets are 0.)
 * An entry promises that an access of that kind by that view to any byte of the page reaches plain
 * memory, that nobody must be notified of it, and that it cannot fault. Everything else (MMIO,
 * writes to ROM, traced pages, pages that are not present) never gets an entry, so each access to
 * it asks the MMU.
 *
 * A *window* (tsr_mmu_vcpu.window_base) has 4 GiB of host addresses for the 4 GiB of linear ones.
 * While the read byte of a page is 0, the page can be read at window_base + linear address, on the
 * promise of a read entry; while its write byte is 0, it can be read and written there, on the
 * promise of a write entry. A byte speaks of its own page only, not of its neighbours. For operands
 * that may cross into the next page, and for spans of addresses, a CPU compares the bytes of
 * adjacent pages with 0 together, as a word of 2, 4 or 8 bytes: that costs what one byte costs,
 * needs no rule to be kept when a neighbour changes, and the CPU chooses the length. Eight bytes
 * on either side of a table of bytes are never 0, so a span that leaves the 4 GiB is not valid. The
 * sum of a valid page's base register and displacement need not be wrapped at 4 GiB if it lies
 * within TSR_MMU_WINDOW_SLACK of the window: page 0 is mapped behind its end once more, and the
 * last page before its start. Elsewhere the window may have holes, where an access is a SIGSEGV.
 *
 * A user view may have an *exact window* too (struct tsr_mmu_exact), which a CPU uses without
 * looking at valid bytes, so that an access that is not allowed is a SIGSEGV: there a page is
 * mapped for reads only while it has a read entry, and for writes only while it has both, and
 * nothing is mapped outside of the 4 GiB, from TSR_MMU_EXACT_BELOW bytes before their start to
 * TSR_MMU_EXACT_ABOVE behind their end: an operand with one register, shifted by up to three bits,
 * and a displacement of 32 bits with a sign may be used without its sum being cut to 32 bits first.
 * No page is mapped until the CPU asks for it (expose). To keep it so costs system calls, so while
 * entries change the window is not true, and cannot be used.
 *
 * No page is valid until the CPU asks for it (promote). A page that was promoted, lost its entry
 * and gets the same one again by fill is valid again at once.
 */
#ifndef TESSERA_DRAFT_MMU_H
#define TESSERA_DRAFT_MMU_H

#include "../host.h"
#include "x86.h"
#include "phys.h"
#include "draft.h"

#define TSR_MMU_WINDOW_SLACK 4096
#define TSR_MMU_EXACT_BELOW (2ull << 30)
#define TSR_MMU_EXACT_ABOVE (31ull << 30)

enum tsr_mmu_view { TSR_VIEW_SUPERVISOR, TSR_VIEW_USER, TSR_VIEWS };
enum tsr_mmu_access { TSR_ACCESS_READ, TSR_ACCESS_WRITE, TSR_ACCESS_FETCH };

struct tsr_mmu_layout {
	uint32_t size;
	uint32_t flags;                  /* 0: none are defined */
	int64_t read_table, write_table; /* bytes from a view's base */
	int64_t read_valid, write_valid; /* 0: none */
};

enum tsr_mmu_kind {
	TSR_MMU_RAM,    /* host is valid; the entry is in the table now */
	TSR_MMU_TRACED, /* host is valid for this access; after a write call tsr_mmu.written; no
			   entry */
	TSR_MMU_IO,     /* tsr_phys.read/write at gpa */
	TSR_MMU_FAULT,  /* #PF with error_code; CR2 is the CPU's to set */
};

/* Frozen: it is made for each access that misses. */
struct tsr_mmu_result {
	enum tsr_mmu_kind kind;
	uint8_t *host;       /* of the byte asked for; good up to the page's end */
	tsr_gpa gpa;         /* of the byte asked for */
	uint32_t error_code; /* SDM volume 3, 4.7 */
};

/* Written by the MMU, read by the CPU; it stays in its place. It changes only inside of calls of
 * tsr_mmu and tsr_phys_listener. Frozen. */
struct tsr_mmu_vcpu {
	uint8_t *base[TSR_VIEWS]; /* of the current address space */
	/* A number for the set of fetch translations of the view. While it has the value that it
	 * had when a page was filled for FETCH, that linear page leads to the same physical page
	 * and may be executed. A former value returns with its address space, unless a translation
	 * that was used for fetching has changed. Never 0. A number that was given up is never
	 * used again: 64 bits do not wrap, so that a CPU need not know. */
	uint64_t fetch_tag[TSR_VIEWS];
	/* Where linear address 0 is in the view's window; NULL: no byte of the view is 0 as long as
	 * base[] is what it is. It changes only where base[] does. */
	uint8_t *window_base[TSR_VIEWS];
};

/* The exact window of the user view, as the CPU has it. The MMU writes it inside of calls of
 * tsr_mmu and tsr_phys_listener, so a CPU reads it again after any. Frozen. */
struct tsr_mmu_exact {
	/* Where linear address 0 is. While the window is not true, a place where nothing is mapped:
	 * an access is a SIGSEGV, as is one that a true window does not allow. NULL: there never is
	 * one.
	 */
	uint8_t *base;
	bool is_true;  /* else expose or settle has work to do */
	bool is_young; /* the address space has run for some milliseconds at most, up to the last
			  call of set_context or settle; many do not get older */
	bool again; /* the page of the last `expose` was mapped before, and its entries changed */
	uint64_t space; /* another number for each address space */
	uint64_t calls; /* system calls that it has taken so far, of all address spaces */
};

/* Notifications to a CPU. [locked]; translated code does not run, but may be the caller's caller.
 */
struct tsr_mmu_listener {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	void *self;
	/* Bytes of a traced page changed; all within one page. [locked] */
	void (*code_written)(void *self, tsr_gpa gpa, uint32_t length);
	/* Other memory is at these `length` bytes of addresses now. [locked] */
	void (*code_unmapped)(void *self, tsr_gpa gpa, uint64_t length);
	/* base[] or fetch_tag[] changed outside of set_context, say because a page table was
	 * written. [locked] */
	void (*tags_changed)(void *self);
	/* Where the CPU wants to be told of the exact window of the current address space; NULL:
	 * nowhere. An MMU without `expose` does not write there. */
	struct tsr_mmu_exact *exact;
};

/* Frozen. */
struct tsr_mmu_context {
	uint32_t cr0, cr3, cr4;
	uint64_t efer;
	const uint64_t *pdpte; /* four, with PAE */
};

#define TSR_MMU "tessera.mmu/1"
struct tsr_mmu {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Makes and frees the MMU's part of a virtual CPU. `listener` stays valid until destroy.
	 * NULL when there is no memory for it. [main & !running] */
	struct tsr_mmu_vcpu *(*create)(void *self, const struct tsr_mmu_listener *listener);
	void (*destroy)(void *self, struct tsr_mmu_vcpu *v);
	/* Where the tables lie: constant, and valid until detach. Never NULL. [any] */
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
	/* The page is used by hot code: maps it in the view's window, with neighbours that are
	 * contiguous in memory, and makes the bytes valid of all those that have entries. False:
	 * the page has no entry for `access` (fill makes one, for plain memory only), or there is
	 * no room or no window. It costs a system call, so a CPU counts before it asks. An MMU
	 * without it has a smaller `size`, or NULL here. [locked] */
	bool (*promote)(void *self, struct tsr_mmu_vcpu *v, enum tsr_mmu_view view, tsr_gla gla,
			enum tsr_mmu_access access);
	/* Code has had a SIGSEGV at this address of the user view's exact window: makes the window
	 * true, and maps the page, with neighbours that have entries. True: the access can be made
	 * at listener.exact->base + gla. False: the page has no entry for `access`, which fill may
	 * make, or there is no room or no window. It costs one or more system calls. An MMU without
	 * it has a smaller `size`, or NULL here. [locked] */
	bool (*expose)(void *self, struct tsr_mmu_vcpu *v, tsr_gla gla, enum tsr_mmu_access access);
	/* Makes the window true, and looks how long the address space has run. An MMU has it if it
	 * has `expose`. [locked] */
	void (*settle)(void *self, struct tsr_mmu_vcpu *v);
};

#endif
