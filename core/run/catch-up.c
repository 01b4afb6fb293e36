/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See catch-up.h. Rates are in quarters of the time that passes. */
#include "run/catch-up.h"

#define SECOND 1000000000ull
#define FAST_NS (SECOND / 10)
#define QUARTERS_MAX 32
#define EXTREME_NS (320 * SECOND)
#define EXTREME_SECONDS 40 /* continuous: 320 s / 40 s is QUARTERS_MAX */

static uint64_t quarters(uint64_t lag)
{
	uint64_t rate = lag / (SECOND / 4);

	if (lag > EXTREME_NS)
		return rate / EXTREME_SECONDS;
	return rate < 1 ? 1 : rate > QUARTERS_MAX ? QUARTERS_MAX : rate;
}

/* ns * a / b; no time that matters is longer than 2^64 ns. */
static uint64_t scale(uint64_t ns, uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)ns * a / b;

	return product > UINT64_MAX ? UINT64_MAX : (uint64_t)product;
}

bool tsr_catch_up_is_fast(uint64_t lag)
{
	return lag >= FAST_NS;
}

uint64_t tsr_catch_up_running(uint64_t lag, uint64_t ns)
{
	return scale(ns, quarters(lag), 4);
}

uint64_t tsr_catch_up_sleeping(uint64_t lag, uint64_t ns)
{
	uint64_t rate = quarters(lag);

	return rate < 4 ? ns / 2 : scale(ns, rate, rate + 4);
}

uint64_t tsr_catch_up_host_time(uint64_t lag, uint64_t ns)
{
	return scale(ns, 4, quarters(lag) + 4);
}
