/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine of memory alone for the interpreter's tests: RAM mapped one to one, a page attribute
 * for each linear page, ports that a test answers. It stands in for the MMU plugin, the physical
 * map and the core.
 */
#ifndef TEST_MACHINE_H
#define TEST_MACHINE_H

#include "../../plugins/cpu-interp/interp.h"

#define MACHINE_RAM (16u << 20)

enum page_kind { PAGE_RAM, PAGE_ABSENT, PAGE_READ_ONLY, PAGE_IO, PAGE_TRACED };

struct machine {
	uint8_t *ram; /* MACHINE_RAM bytes, mapped so that the pages after them stay zero */
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
	uint64_t io_value;           /* what MMIO and ports read */
	uint64_t io_gpa, io_written; /* the last access */
	unsigned io_count, io_width, written_count, contexts;
	uint64_t tsc;
	uint32_t (*port_read)(struct machine *m, uint16_t port, unsigned width);
	void (*port_write)(struct machine *m, uint16_t port, uint32_t value, unsigned width);
};

struct machine *machine_new(const char *model);
void machine_free(struct machine *m);
void machine_set_page(struct machine *m, tsr_gla gla, enum page_kind kind);
/* State as after reset, but flat: 32-bit protected mode, CPL 0 or 3, flat segments, paging off;
 * GDT, IDT and stack set up by tests. */
void machine_flat(struct machine *m, unsigned cpl);
void machine_real(struct machine *m);
/* A GDT at MACHINE_GDT with flat segments (selectors SEL_*), an IDT at MACHINE_IDT, a 32-bit TSS at
 * MACHINE_TSS whose ring 0 stack is at MACHINE_STACK0; GDTR, IDTR, TR loaded. */
#define MACHINE_GDT 0x10000u
#define MACHINE_IDT 0x11000u
#define MACHINE_TSS 0x12000u
#define MACHINE_LDT 0x13000u
#define MACHINE_STACK0 0x20000u
/* clang-format off */
enum machine_selector {
	SEL_CODE0 = 0x08, SEL_DATA0 = 0x10, SEL_CODE3 = 0x1b, SEL_DATA3 = 0x23, SEL_TSS = 0x28, SEL_CODE0_16 = 0x30, SEL_DATA0_16 = 0x38,
	SEL_CODE3_16 = 0x43, SEL_DATA3_16 = 0x4b, SEL_CONFORMING = 0x50, SEL_FREE = 0x60, /* and following: the test's */
};
/* clang-format on */
void machine_tables(struct machine *m);
/* access: bits 0-7 the access byte, 12-15 G, D, -, AVL. */
void machine_descriptor(struct machine *m, unsigned selector, uint32_t base, uint32_t limit,
			unsigned access);
void machine_gate(struct machine *m, tsr_gla at, unsigned selector, uint32_t offset,
		  unsigned access, unsigned count);
void machine_idt(struct machine *m, unsigned vector, unsigned selector, uint32_t offset,
		 unsigned access);
uint32_t machine_peek(const struct machine *m, tsr_gla at, unsigned size);
void machine_poke(struct machine *m, tsr_gla at, uint32_t value, unsigned size);
/* Bytes written in hexadecimal, at `at`; returns how many. */
unsigned machine_code(struct machine *m, tsr_gla at, const char *hex);
/* `count` instructions from CS:EIP. */
enum tsr_x86_stop machine_step(struct machine *m, uint64_t count);
/* After changes of m->state. */
void machine_refresh(struct machine *m);

#endif
