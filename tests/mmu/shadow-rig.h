/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A shadow MMU with one virtual CPU, and two address spaces: user pages 0.. by PT (PT2), the
 * kernel's at C0000000h by KERNEL_PT in both. Whatever a test asks it is about this one. */
#ifndef SHADOW_RIG_H
#define SHADOW_RIG_H

#include "memory.h"

#define PD 0x10000u
#define PT 0x11000u
#define KERNEL_PT 0x12000u
#define PD2 0x13000u
#define PT2 0x14000u
#define DATA 0x100000u
#define P_RW_US_A_D 0x67u
#define KERNEL 0xc0000000u

/* What the MMU has told. */
struct heard {
	unsigned code, unmapped, tags;
	tsr_gpa gpa;
	uint32_t length;
};

extern void *self; /* a struct shadow */
extern const struct tsr_mmu *mmu;
extern const struct tsr_phys_listener *notices;
extern const struct tsr_mmu_listener listener;
extern struct tsr_mmu_vcpu *vcpu;
extern struct tsr_mmu_context context;
extern struct tsr_mmu_result result; /* of the last fill */
extern struct heard heard;
extern struct tsr_mmu_exact exact;

void start(void);
void finish(void);
void set_cr3(uint32_t cr3);
enum tsr_mmu_kind fill(enum tsr_mmu_view view, tsr_gla gla, enum tsr_mmu_access access);
/* 0: there is none. */
uint64_t entry(enum tsr_mmu_view view, bool write, tsr_gla gla);
/* A guest's store to a traced page. */
void poke(tsr_gpa gpa, uint32_t value);
/* Of the window: 0: the page is in it. */
uint8_t byte_of(enum tsr_mmu_view view, bool write, tsr_gla gla);
bool promote(enum tsr_mmu_view view, tsr_gla gla, enum tsr_mmu_access access);

#endif
