/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Context switches: two processes that pass a byte to and fro through two pipes. Returns the sum of
 * what came back, modulo 256 a turn. */
#include "linux.h"

static void echo(const int *there, const int *back)
{
	char byte;

	call3(SYS_close, there[1], 0, 0);
	while (call3(SYS_read, there[0], (long)&byte, 1) == 1) {
		byte++;
		call3(SYS_write, back[1], (long)&byte, 1);
	}
	call3(SYS_exit, 0, 0, 0);
}

uint32_t work(uint32_t count)
{
	int there[2], back[2];
	uint32_t sum = 0;
	long child;

	call3(SYS_pipe, (long)there, 0, 0);
	call3(SYS_pipe, (long)back, 0, 0);
	child = call0(SYS_fork);
	if (!child)
		echo(there, back);
	while (count--) {
		uint8_t byte = (uint8_t)count;

		call3(SYS_write, there[1], (long)&byte, 1);
		call3(SYS_read, back[0], (long)&byte, 1);
		sum = mix(sum, byte);
	}
	call3(SYS_close, there[1], 0, 0);
	return sum + wait_for(child);
}
