/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints how many times a second the host's TSC counts, which is what the benchmark calls a cycle.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int main(void)
{
	uint64_t start = now_ns(), ticks = __builtin_ia32_rdtsc(), end;

	do
		end = now_ns();
	while (end - start < 200000000);
	ticks = __builtin_ia32_rdtsc() - ticks;
	printf("%.0f\n", (double)ticks * 1e9 / (double)(end - start));
	return 0;
}
