/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Storms at the translator: code that is always new, in always other places, and address spaces
 * without end over all 4 GiB of linear addresses. Source: Intel SDM volume 3, 4.3 and 11.6. */
#include "hostile.h"

#define PAGE 4096u
#define CODE SCRATCH
#define CODE_PAGES 1024u
#define SPACES 64u
#define TABLES (SCRATCH + 0x400000) /* a directory and a table for each space */

/* A chain of blocks: add eax, imm32; jmp to the next, which is in another page. */
static void write_code(uint32_t seed)
{
	for (unsigned page = 0; page < CODE_PAGES; page++) {
		uint8_t *at = (uint8_t *)(CODE + page * PAGE + (seed + page) % 60 * 64);

		at[0] = 0x05;
		*(uint32_t *)(at + 1) = seed * page;
		at[5] = 0xc3;
	}
}

static void run_code(uint32_t seed)
{
	for (unsigned page = 0; page < CODE_PAGES; page++)
		__asm__ volatile("call *%0" ::"r"(CODE + page * PAGE + (seed + page) % 60 * 64)
				 : "eax", "ecx", "edx", "memory");
}

void storm_code(void)
{
	for (unsigned n = 0; n < 64; n++) { /* caches fill before the rig measures */
		write_code(n);
		run_code(n);
	}
	for (unsigned n = 0;; n++) {
		write_code(n);
		run_code(n);
		round_done(10);
	}
}

/* -- Page tables: the directory's entries all lead to one table, whose pages are all one page; the
 * lowest 4 MiB are themselves, for this program. */

static void make_space(unsigned space, unsigned seed)
{
	uint32_t *directory = (uint32_t *)(TABLES + space * 2 * PAGE), *table = directory + 1024;

	directory[0] = 0x83;
	for (unsigned i = 1; i < 1024; i++)
		directory[i] = (uint32_t)table | 7;
	for (unsigned i = 0; i < 1024; i++)
		table[i] = (SCRATCH + 0x800000 + (i + seed) % 256 * PAGE) | 7;
}

static void touch_space(unsigned space, unsigned seed)
{
	uint32_t *table = (uint32_t *)(TABLES + space * 2 * PAGE + PAGE);

	WRITE_CR(3, TABLES + space * 2 * PAGE);
	for (uint32_t linear = 0x400000 + seed % 1024 * PAGE; linear >= 0x400000;
	     linear += 0x400000 - PAGE) {
		*(volatile uint32_t *)linear = linear;
		table[linear >> 12 & 1023] ^= PAGE; /* a traced table changes under its entries */
		__asm__ volatile("invlpg (%0)" ::"r"(linear) : "memory");
		if (linear > 0xffbfffff)
			break;
	}
}

void storm_pages(void)
{
	for (unsigned space = 0; space < SPACES; space++)
		make_space(space, space);
	WRITE_CR(4, 0x10);
	WRITE_CR(3, TABLES);
	WRITE_CR(0, 0x80000031);
	for (unsigned n = 0; n < 4 * SPACES; n++)
		touch_space(n % SPACES, n);
	for (unsigned n = 0;; n++) {
		make_space(n % SPACES, n);
		touch_space(n % SPACES, n);
		round_done(10);
	}
}
