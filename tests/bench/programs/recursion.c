/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recursion: Fibonacci, Takeuchi's function, and the queens that do not attack each other. */
#include "bench.h"

static uint32_t __attribute__((noinline, noclone)) fibonacci(uint32_t n)
{
	return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static int __attribute__((noinline, noclone)) takeuchi(int x, int y, int z)
{
	if (y >= x)
		return z;
	return takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

static uint32_t __attribute__((noinline, noclone))
queens(uint32_t all, uint32_t columns, uint32_t left, uint32_t right)
{
	uint32_t found = 0, free = all & ~(columns | left | right);

	if (columns == all)
		return 1;
	while (free) {
		uint32_t bit = free & -free;

		free &= ~bit;
		found += queens(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
	}
	return found;
}

uint32_t work(uint32_t count)
{
	uint32_t sum = 0;

	while (count--) {
		sum = mix(sum, fibonacci(20 + count % 2));
		sum = mix(sum, (uint32_t)takeuchi(12, 8, (int)(count % 4)));
		sum = mix(sum, queens(255, 0, 0, 0));
	}
	return sum;
}
