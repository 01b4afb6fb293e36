/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a program of the benchmark has. It is built twice from the same source, for i386 and for the
 * x86-64 host, without a libc, so that any gcc with -m32 can build it and no library's choice of
 * instructions is measured.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

/* The program: does its work that many times and returns a checksum, which is the same for every
 * processor. */
uint32_t work(uint32_t count);

/* A Linux system call of the architecture; a negative value is an error. */
long linux_call(long number, long a, long b, long c, long d);

/* A linear congruential generator's next value; the high bits are the better ones. */
static inline uint32_t next_random(uint32_t *state)
{
	return *state = *state * 1664525u + 1013904223u;
}

/* One step of a checksum over 32-bit values. */
static inline uint32_t mix(uint32_t sum, uint32_t value)
{
	sum = (sum ^ value) * 0x01000193u;
	return sum ^ sum >> 15;
}

#endif
