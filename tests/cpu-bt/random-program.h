/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random programs and random numbers, for test-random.c: one seed makes one program. */
#ifndef TSR_TEST_RANDOM_PROGRAM_H
#define TSR_TEST_RANDOM_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define CODE 0x10000u /* page-aligned; the program runs from somewhere in it */
#define DATA 0x20000u /* four pages of data; the next is absent when paging is on */
#define STACK 0x30000u
#define CODE_BYTES 3072
#define FUNCTIONS 3u
#define REFERENCES 64u
#define ROUNDS (DATA - 0x800) /* a counter */

struct program {
	bool code32, user, paging, limited, fp, loop;
	uint8_t code[CODE_BYTES];
	unsigned length;
	uint32_t start;
	unsigned level; /* function that is being made; 0: none */
	struct {
		unsigned at; /* four bytes in the code */
		unsigned
			level; /* of the function that they lead to; 0: to behind them and a byte */
		bool absolute;
	} reference[REFERENCES];
	unsigned references;
	bool strided;
	uint32_t gpr[8]; /* that it starts with, if it is strided */
};

/* Where x87 environments lie, of 28 bytes: the last two cross into the next page. */
extern const uint32_t environments[4];

/* -- Numbers */

void rnd_start(uint64_t seed);
uint32_t rnd(void);
uint32_t below(uint32_t n);

/* -- Programs; options: test-random.c */

void make_program(struct program *p, unsigned insns, const char *options);
/* Loops over arrays. */
void make_strides(struct program *p);
void print_program(const struct program *p);
/* Flags that the program leaves undefined are not compared; where one is pushed by PUSHF or tested,
 * the seed is skipped by hand. */
uint32_t defined_flags(const struct program *p);

#endif
