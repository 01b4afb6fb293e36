/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. The guest physical map, from the core to MMU and CPU plugins. All functions: [locked], see
 * draft/cpu.h.
 */
#ifndef TESSERA_DRAFT_PHYS_H
#define TESSERA_DRAFT_PHYS_H

#include "../host.h"
#include "draft.h"

/* One 4 KiB page of guest physical space, A20 applied. Frozen: it is made for each page that is
 * looked up. */
struct tsr_phys_page {
	uint8_t *read;  /* host address of the page for reads and fetches; NULL: reads go to
			   tsr_phys.read */
	uint8_t *write; /* for writes; NULL: writes go to tsr_phys.write (MMIO) or are dropped there
			   (ROM) */
	tsr_gpa gpa;    /* of the page after A20: the key for tracing */
	bool dirty_log; /* call mark_dirty when a write mapping is made */
};

#define TSR_PHYS "tessera.phys/1"
struct tsr_phys {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* What is at a page. Never fails: where nothing is, both pointers are NULL. In constant
	 * time. */
	void (*lookup)(const struct tsr_host *host, tsr_gpa gpa, struct tsr_phys_page *page);
	/* An access of 1, 2, 4 or 8 bytes to any kind of memory or handler; it may cross pages.
	 * Open bus reads all ones. Writes through here do not call tsr_phys_listener.written: the
	 * MMU does that for RAM. */
	uint64_t (*read)(const struct tsr_host *host, tsr_gpa gpa, unsigned width);
	void (*write)(const struct tsr_host *host, tsr_gpa gpa, uint64_t value, unsigned width);
	/* Sets the dirty bit of a page with a dirty log. */
	void (*mark_dirty)(const struct tsr_host *host, tsr_gpa gpa);
	/* Guest RAM, mapped linearly at `ram_base`; `ram_size` is in bytes. The offset is the guest
	 * physical address below the PCI hole, and goes on above 4 GiB. It belongs to the core, and
	 * is never NULL. */
	uint8_t *(*ram_base)(const struct tsr_host *host);
	uint64_t (*ram_size)(const struct tsr_host *host);
	/* A file of shared memory with guest RAM, to map parts of it elsewhere: its offset 0 is at
	 * `ram_base`. -1: there is none. It belongs to the core. */
	int (*ram_fd)(const struct tsr_host *host);
};

/* Provided by the MMU plugin; the core calls it with the lock held, while no translated code runs.
 */
#define TSR_PHYS_LISTENER "tessera.phys-listener/1"
struct tsr_phys_listener {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Other memory is at these addresses now. A length of 2^36: everywhere (the A20 gate
	 * changed). [locked] */
	void (*mapping_changed)(void *self, tsr_gpa gpa, uint64_t length);
	/* DMA or a debugger wrote `length` bytes of guest memory. [locked] */
	void (*written)(void *self, tsr_gpa gpa, uint64_t length);
	/* Dirty bits were cleared: the next write to these pages must be seen. [locked] */
	void (*protect)(void *self, tsr_gpa gpa, uint64_t length);
};

#endif
