/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random instructions: making one, and what of its result the manuals define. */
#ifndef RANDOM_H
#define RANDOM_H

#include "guest.h"

enum mode { REAL, RING3_32, RING3_16, V86, MODES };

struct instruction {
	uint8_t bytes[32];
	unsigned length, prefixes; /* prefixes: how many bytes of it */
	bool data32, address32, repeated;
	uint16_t opcode; /* 0Fxxh for the second map */
	uint8_t modrm;
};

uint32_t random_word(void);
uint32_t random_below(uint32_t n);
void random_seed(uint32_t seed);
/* A value as in hardware-captured vectors: often at one of the extremes. */
uint32_t random_value(void);
void random_instruction(struct instruction *in, enum mode mode);
/* x87, MMX and SSE with a memory operand. */
void random_float(struct instruction *in, enum mode mode);
/* The flags that the instruction defines, of the arithmetic flags; all others are defined. ecx: its
 * value before. */
uint32_t defined_flags(const struct instruction *in, uint32_t ecx);
/* Whether the result itself is undefined (double shifts beyond their width, bit scans that need not
 * be tried). */
bool undefined_result(const struct instruction *in, uint32_t ecx);
/* Whether it may branch to itself. */
bool may_loop(const struct instruction *in);
bool is_far_transfer(const struct instruction *in);

/* -- The program: `compare-random` patches them in the ROM; `mode` beyond the last one is all */
extern volatile const struct parameters {
	uint32_t magic, seed, first, count, mode, verbose;
} parameters;
#define PARAMETERS(seed, count, modes) \
	__asm__(".section .params, \"a\"\n .globl parameters\nparameters:\n .ascii \"RAND\"\n " \
		".long " #seed ", 0, " #count ", " #modes ", 0\n .text\n")
struct known {
	const char *name;
	uint32_t digest;
};
/* Runs the tests; without patches (all modes, that seed) each mode's digest is checked. `run`
 * returns a test's. */
void random_modes(const struct known *known, unsigned modes, uint32_t seed,
		  uint32_t (*run)(uint32_t number, unsigned mode));

/* -- Memory */
#define COPY 0x200000u /* a copy of what a test may write lies this far after it */
uint32_t mix(uint32_t hash, uint32_t value);
/* `hash` with what differs from the copy, which is put back. */
uint32_t memory_difference(uint32_t hash, uint32_t from, uint32_t to, bool verbose);

/* -- Pages: the first 4 MiB, mapped to themselves */
#define PAGE_DIRECTORY 0x300000u /* and its table after it */
/* All of them the user's and writable; CR3 is loaded. */
void pages_build(void);
volatile uint32_t *page_entry(uint32_t linear);
/* Makes one absent, read only or the supervisor's. */
void page_spoil(uint32_t linear);
/* That with paging on, mostly with WP. */
uint32_t pages_cr0(uint32_t cr0);

#endif
