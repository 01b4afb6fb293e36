/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See counter.h. The rate is measured between two looks at the host's clock, 20 ms to a second
 * apart (the host corrects its own now and then), and again whenever such a time is over. One that
 * differs from the last by more than SLACK is no rate: the counter has stood or was set, with the
 * host asleep or the virtual machine that it is moved, and all is measured anew.
 *
 * Source: Intel SDM 3B, 18.17 "Time-Stamp Counter"; clock_gettime(2).
 */
#include "run/counter.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#define WINDOW_NS 200000
#define LOOK_MAX 5000  /* ticks: a look that takes longer was interrupted, and tells nothing */
#define LOOKS_MAX 1000 /* such looks in a row: the counter itself is slow */
#define MEASURE_MIN_NS 20000000 /* a look may be a 4000th of it */
#define MEASURE_MAX_NS NS
#define SLACK 1000           /* a part of the rate */
#define TICKS_MAX (1u << 30) /* in a window: times the rate they fit into 64 bits */
#define CLOCK_SOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"

void tsr_counter_init(struct tsr_counter *c)
{
	char name[8] = "";
	int fd = open(CLOCK_SOURCE, O_RDONLY | O_CLOEXEC);

	memset(c, 0, sizeof(*c));
	if (fd < 0)
		return;
	if (read(fd, name, sizeof(name) - 1) > 0)
		c->usable = !strcmp(name, "tsc\n");
	close(fd);
}

#if defined(__x86_64__)

static void measure_from(struct tsr_counter *c, uint64_t ticks, uint64_t ns)
{
	c->first_ticks = ticks;
	c->first_ns = ns;
}

static void measure(struct tsr_counter *c, uint64_t ticks, uint64_t ns)
{
	uint64_t passed = ns - c->first_ns, rate;

	if (!c->first_ns || ticks <= c->first_ticks || passed > 4 * MEASURE_MAX_NS) {
		measure_from(c, ticks, ns);
		return;
	}
	if (passed < (c->rate ? MEASURE_MAX_NS : MEASURE_MIN_NS))
		return;
	rate = (uint64_t)(((unsigned __int128)passed << 32) / (ticks - c->first_ticks));
	rate -= rate / SLACK;
	if (c->rate && (rate > c->rate ? rate - c->rate : c->rate - rate) > c->rate / SLACK)
		rate = 0;
	c->rate = rate;
	if (passed >= MEASURE_MAX_NS || !rate)
		measure_from(c, ticks, ns);
}

uint64_t tsr_counter_look(struct tsr_counter *c)
{
	uint64_t before, after, ns;

	if (!c->usable)
		return tsr_host_ns();
	before = __rdtsc();
	ns = tsr_host_ns();
	after = __rdtsc();
	c->window = 0;
	if (after - before > LOOK_MAX) {
		c->usable = ++c->slow < LOOKS_MAX;
		return ns;
	}
	c->slow = 0;
	measure(c, after, ns);
	c->ticks = after;
	c->ns = ns;
	if (c->rate)
		c->window =
			MIN((uint64_t)(((unsigned __int128)WINDOW_NS << 32) / c->rate), TICKS_MAX);
	return ns;
}

#else

uint64_t tsr_counter_look(struct tsr_counter *c)
{
	return tsr_host_ns();
}

#endif
