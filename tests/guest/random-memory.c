/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "random.h"

#define MEMORY32(linear) (*(volatile uint32_t *)(linear))

uint32_t mix(uint32_t hash, uint32_t value)
{
	return (hash ^ value) * 16777619;
}

uint32_t memory_difference(uint32_t hash, uint32_t from, uint32_t to, bool verbose)
{
	uint32_t at = from, copy = from + COPY, count = (to - from) / 4;
	bool equal;

	while (count) {
		__asm__ volatile("repe cmpsl"
				 : "+S"(at), "+D"(copy), "+c"(count), "=@ccz"(equal)::"memory");
		if (equal)
			break;
		if (verbose)
			print("  mem %x: %x\n", at - 4, MEMORY32(at - 4));
		hash = mix(mix(hash, at), MEMORY32(at - 4));
		MEMORY32(at - 4) = MEMORY32(copy - 4);
	}
	return hash;
}

void random_modes(const struct known *known, unsigned modes, uint32_t seed,
		  uint32_t (*run)(uint32_t number, unsigned mode))
{
	for (unsigned mode = 0; mode < modes; mode++) {
		uint32_t hash = 0;

		if (parameters.mode < modes && mode != parameters.mode)
			continue;
		print("mode %u\n", mode);
		for (uint32_t i = 0; i < parameters.count; i++)
			hash = mix(hash, run(parameters.first + i, mode));
		if (parameters.mode >= modes && parameters.seed == seed)
			CHECK_EQUAL(known[mode].name, hash, known[mode].digest);
	}
}

volatile uint32_t *page_entry(uint32_t linear)
{
	return (volatile uint32_t *)(PAGE_DIRECTORY + 0x1000) + (linear >> 12);
}

void pages_build(void)
{
	for (uint32_t at = 0; at < 0x400000; at += 0x1000)
		*page_entry(at) = at | 7;
	*(volatile uint32_t *)PAGE_DIRECTORY = (PAGE_DIRECTORY + 0x1000) | 7;
	WRITE_CR(3, PAGE_DIRECTORY);
}

void page_spoil(uint32_t linear)
{
	static const uint8_t kinds[] = { 6, 6, 5, 3,
					 1 }; /* absent twice, read only, the supervisor's, both */

	*page_entry(linear) = (*page_entry(linear) & ~7u) | kinds[random_below(sizeof(kinds))];
}

uint32_t pages_cr0(uint32_t cr0)
{
	return cr0 | 0x80000000 | (random_below(4) ? 0x10000 : 0);
}
