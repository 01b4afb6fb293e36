/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/host-clock.h"

#include "instance/check.h"
#include "run/timekeeper-parts.h"
#include "run/timekeeper.h"
#include "run/timers.h"

static uint64_t clock_now(const struct tsr_host *host)
{
	return tsr_timekeeper_now(tsr_check_host(host, TSR_TAG_ANY, "clock.now")->machine->clock);
}

static struct tsr_timer *clock_timer_new(const struct tsr_host *host,
					 void (*expired)(void *, uint64_t), void *self)
{
	return tsr_timers_new(tsr_check_host(host, TSR_TAG_BUILDING, "clock.timer_new"), expired,
			      self);
}

static void clock_arm(struct tsr_timer *timer, uint64_t deadline_ns)
{
	tsr_check(timer->owner, TSR_TAG_LOCKED, "clock.arm");
	tsr_timers_arm(timer, deadline_ns);
}

static void clock_cancel(struct tsr_timer *timer)
{
	tsr_check(timer->owner, TSR_TAG_LOCKED, "clock.cancel");
	if (timer->deadline != UINT64_MAX)
		tsr_timers_arm(timer, UINT64_MAX);
}

static uint64_t clock_wall(const struct tsr_host *host)
{
	struct tsr_timekeeper *clock =
		tsr_check_host(host, TSR_TAG_ANY, "clock.wall")->machine->clock;

	if (!clock->deterministic)
		return (uint64_t)time(NULL);
	return (uint64_t)(clock->wall_offset + (int64_t)(tsr_timekeeper_now(clock) / NS));
}

static uint64_t clock_wall_ns(const struct tsr_host *host)
{
	struct tsr_timekeeper *clock =
		tsr_check_host(host, TSR_TAG_ANY, "clock.wall_ns")->machine->clock;

	if (!clock->deterministic)
		return (uint64_t)g_get_real_time() * 1000;
	return (uint64_t)clock->wall_offset * NS + tsr_timekeeper_now(clock);
}

static void clock_timer_free(struct tsr_timer *timer)
{
	if (timer && tsr_check_removal((TsrInstance *)timer->owner, "clock.timer_free"))
		tsr_timers_free(timer);
}

const struct tsr_clock tsr_clock_table = {
	.size = sizeof(struct tsr_clock),
	.now = clock_now,
	.timer_new = clock_timer_new,
	.arm = clock_arm,
	.cancel = clock_cancel,
	.wall = clock_wall,
	.wall_ns = clock_wall_ns,
	.timer_free = clock_timer_free,
};
