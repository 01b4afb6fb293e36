/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pipe throughput: a child writes blocks of 32 KiB, the parent reads them. Returns their sum. */
#include "linux.h"

static uint8_t block[32768];

static void produce(int to, uint32_t count)
{
	while (count--) {
		block[0] = (uint8_t)count;
		call3(SYS_write, to, (long)block, sizeof(block));
	}
	call3(SYS_exit, 0, 0, 0);
}

uint32_t work(uint32_t count)
{
	int ends[2];
	uint32_t sum = 0;
	long child, got;

	call3(SYS_pipe, (long)ends, 0, 0);
	child = call0(SYS_fork);
	if (!child)
		produce(ends[1], count);
	call3(SYS_close, ends[1], 0, 0);
	while ((got = call3(SYS_read, ends[0], (long)block, sizeof(block))) > 0)
		sum += (uint32_t)got;
	return sum + wait_for(child);
}
