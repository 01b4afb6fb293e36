/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine of memory alone for the interpreter's tests: RAM mapped one to one, a page attribute for each linear page, ports
 * that a test answers. It stands in for the MMU plugin, the physical map and the core.
 */
#ifndef TEST_MACHINE_H
#define TEST_MACHINE_H

#include "../../plugins/cpu-interp/interp.h"

#define MACHINE_RAM (16u << 20)

enum page_kind { PAGE_RAM, PAGE_ABSENT, PAGE_READ_ONLY, PAGE_IO, PAGE_TRACED };

struct machine {
	uint8_t *ram; /* MACHINE_RAM bytes, mapped so that a run of pages stays zero behind */
	uint8_t *tables;
	uint8_t *kind; /* enum page_kind of each linear page */
	struct tsr_mmu_layout layout;
	struct tsr_mmu_vcpu vcpu;
	struct tsr_host host;
	struct tsr_mmu mmu;
	struct tsr_phys phys;
	struct tsr_cpu_host cpu_host;
	struct tsr_x86_state state;
	struct tsr_x86_context *c;
	struct tsr_mmu_context context;
	uint64_t io_value;                   /* what MMIO and ports read */
	uint64_t io_gpa, io_written;         /* the last access */
	unsigned io_count, io_width, written_count, contexts;
	uint64_t tsc;
	uint32_t (*port_read)(struct machine *m, uint16_t port, unsigned width);
	void (*port_write)(struct machine *m, uint16_t port, uint32_t value, unsigned width);
};

struct machine *machine_new(const char *model);
void machine_free(struct machine *m);
void machine_set_page(struct machine *m, tsr_gla gla, enum page_kind kind);
/* State as after reset, but flat: 32-bit protected mode, CPL 0 or 3, flat segments, paging off; GDT, IDT and stack set up by tests. */
void machine_flat(struct machine *m, unsigned cpl);
void machine_real(struct machine *m);
/* After changes of m->state. */
void machine_refresh(struct machine *m);

#endif
