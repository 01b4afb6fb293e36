/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams through three arrays of 4 MiB: copy, scale, add, sum. The length is not a constant, or
 * gcc -O2 would vectorise the loops for x86-64 and not for i686. */
#include "bench.h"

#define LENGTH (4u << 20 >> 2)

static uint32_t a[LENGTH], b[LENGTH], c[LENGTH];
static volatile uint32_t length_now = LENGTH;

static uint32_t pass(uint32_t length, uint32_t scale)
{
	uint32_t sum = 0;

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
		a[i] = i;
	while (count--)
		sum = mix(sum, pass(length_now, sum | 1));
	return sum;
}
