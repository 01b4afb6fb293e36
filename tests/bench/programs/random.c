/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks of 4 KiB at random places of a disk, past the guest's cache; with WRITES they are written,
 * otherwise read. Returns a checksum of their contents. They lie behind what the other rows of the
 * disk use. */
#include "linux.h"

#define FIRST (64u << 20)
#define BLOCKS 4096u
#define BLOCK 4096u

enum { SYS_lseek = 19, O_RDONLY = 0, O_RDWR = 2, O_DIRECT = 0x4000, SEEK_SET = 0 };

static uint32_t sum_of(const uint32_t *words)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < BLOCK / sizeof(*words); i++)
		sum = mix(sum, words[i]);
	return sum;
}

static void fill(uint32_t *words, uint32_t block)
{
	for (unsigned i = 0; i < BLOCK / sizeof(*words); i += 64)
		words[i] = block ^ i;
}

uint32_t work(uint32_t count)
{
	long disk = call3(SYS_open, (long)"/dev/sda", (WRITES ? O_RDWR : O_RDONLY) | O_DIRECT, 0);
	uint32_t *words = (uint32_t *)map(BLOCK);
	uint32_t random = 1, sum = 0;

	if (disk < 0)
		return 0;
	while (count--) {
		uint32_t block = (next_random(&random) >> 16) % BLOCKS;

		if (WRITES)
			fill(words, block);
		call3(SYS_lseek, disk, (long)(FIRST + block * BLOCK), SEEK_SET);
		if (call3(WRITES ? SYS_write : SYS_read, disk, (long)words, BLOCK) != BLOCK)
			return 0;
		sum = mix(sum, sum_of(words));
	}
	return sum;
}
