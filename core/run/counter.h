/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CLOCK_MONOTONIC by the processor's time-stamp counter, for one thread that reads it often. The
 * host's own clock_gettime() reads the same counter, but waits until all that was begun before it
 * is done, and does more. Between two looks at the host's clock, at most WINDOW_NS apart, a reading
 * here is the time of the last look and the ticks since, at a rate that is a little too low: it is
 * never later than the host's clock, and earlier by some microseconds at most.
 */
#ifndef TSR_RUN_COUNTER_H
#define TSR_RUN_COUNTER_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#define NS 1000000000ull

/* CLOCK_MONOTONIC, asked of the host. [any] */
static inline uint64_t tsr_host_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

struct tsr_counter {
	bool usable;
	unsigned slow;      /* looks in a row that took too long */
	uint64_t ticks, ns; /* of the last look: the time was `ns` before the counter was `ticks` */
	uint64_t rate;      /* 2^32 ns a tick, less a thousandth; 0: not known yet */
	uint64_t window;    /* ticks after the last look; 0: the next reading looks */
	uint64_t first_ticks, first_ns; /* of the look that the rate is measured from; 0: none */
};

/* Does the host take this counter for its own clock? It reads a file. [any] */
void tsr_counter_init(struct tsr_counter *c);

/* A reading with a look at the host's clock, in ns. [the counter's thread] */
uint64_t tsr_counter_look(struct tsr_counter *c);

/* In ns, of CLOCK_MONOTONIC. [the counter's thread] */
static inline uint64_t tsr_counter_ns(struct tsr_counter *c)
{
#if defined(__x86_64__)
	uint64_t passed = __rdtsc() - c->ticks;

	if (passed < c->window)
		return c->ns + (passed * c->rate >> 32);
#endif
	return tsr_counter_look(c);
}

#endif
