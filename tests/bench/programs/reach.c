/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads and writes at random in a working set of MIB MiB, which is a power of two. A unit of work
 * is as many accesses for each size. */
#include "bench.h"

#define ACCESSES 50000

static uint32_t memory[MIB * 1048576u / sizeof(uint32_t)];

uint32_t work(uint32_t count)
{
	const uint32_t mask = sizeof(memory) / sizeof(*memory) - 1;
	uint32_t random = 1, sum = 0;

	while (count--)
		for (unsigned i = 0; i < ACCESSES; i++) {
			uint32_t at = next_random(&random);

			at = (at >> 16 | at << 16) & mask;
			sum = mix(sum, memory[at]);
			memory[at] = sum;
		}
	return sum;
}
