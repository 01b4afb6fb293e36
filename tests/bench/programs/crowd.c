/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PROCESSES processes in a ring of pipes: each that gets the byte does a little work in memory of
 * its own and passes it on. A unit of work is TURNS passes for each number of processes. Returns
 * the checksum that went round. */
#include "linux.h"

#define TURNS 1000
#define WORDS 4096

static uint32_t memory[WORDS];

static uint32_t step(uint32_t sum)
{
	uint32_t random = sum;

	for (unsigned i = 0; i < 256; i++) {
		uint32_t *word = &memory[next_random(&random) >> 20];

		*word = sum = mix(sum, *word + i);
	}
	return sum;
}

static void pass(int from, int to)
{
	uint32_t sum;

	while (call3(SYS_read, from, (long)&sum, sizeof(sum)) == sizeof(sum)) {
		sum = step(sum);
		call3(SYS_write, to, (long)&sum, sizeof(sum));
	}
	call3(SYS_exit, 0, 0, 0);
}

/* The process reads from the pipe of its own number and writes to the next one. */
static void start(int (*pipes)[2], unsigned number)
{
	if (call0(SYS_fork))
		return;
	for (unsigned i = 0; i <= PROCESSES; i++) {
		if (i != number)
			call3(SYS_close, pipes[i][0], 0, 0);
		if (i != number + 1)
			call3(SYS_close, pipes[i][1], 0, 0);
	}
	pass(pipes[number][0], pipes[number + 1][1]);
}

uint32_t work(uint32_t count)
{
	static int pipes[PROCESSES + 1][2];
	uint32_t sum = 1;

	for (unsigned i = 0; i <= PROCESSES; i++)
		call3(SYS_pipe, (long)pipes[i], 0, 0);
	for (unsigned i = 0; i < PROCESSES; i++)
		start(pipes, i);
	for (unsigned i = 1; i <= PROCESSES; i++)
		call3(SYS_close, pipes[i][1], 0, 0);
	for (uint32_t rounds = count * TURNS / PROCESSES; rounds; rounds--) {
		call3(SYS_write, pipes[0][1], (long)&sum, sizeof(sum));
		call3(SYS_read, pipes[PROCESSES][0], (long)&sum, sizeof(sum));
	}
	call3(SYS_close, pipes[0][1], 0, 0);
	for (unsigned i = 0; i < PROCESSES; i++)
		wait_for(-1);
	return sum;
}
