/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams through three arrays of 4 MiB: copy, scale, add, sum. The length is not a constant, or
 * gcc -O2 would vectorise the loops for x86-64 and not for i686. */
#include "bench.h"

#define LENGTH (4u << 20 >> 2)

/* The gaps keep the arrays from a distance of exactly 4 MiB, at which pages share an entry in a
 * direct-mapped TLB, such as TCG's. */
static struct {
	uint32_t a[LENGTH], gap[17 * 1024], b[LENGTH], another_gap[23 * 1024], c[LENGTH];
} memory;

static volatile uint32_t length_now = LENGTH;

static uint32_t pass(uint32_t length, uint32_t scale)
{
	uint32_t *a = memory.a, *b = memory.b, *c = memory.c, sum = 0;

	for (uint32_t i = 0; i < length; i++)
		c[i] = a[i];
	for (uint32_t i = 0; i < length; i++)
		b[i] = c[i] * scale;
	for (uint32_t i = 0; i < length; i++)
		a[i] = b[i] + c[i];
	for (uint32_t i = 0; i < length; i++)
		sum += a[i];
	return sum;
}

uint32_t work(uint32_t count)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < LENGTH; i++)
		memory.a[i] = i;
	while (count--)
		sum = mix(sum, pass(length_now, sum | 1));
	return sum;
}
