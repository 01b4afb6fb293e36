/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/timers.h"

#include "instance/lock.h"
#include "run/alarm.h"

void tsr_timers_find_next(struct tsr_timekeeper *clock)
{
	clock->next = UINT64_MAX;
	for (unsigned i = 0; i < clock->timers->len; i++) {
		struct tsr_timer *timer = g_ptr_array_index(clock->timers, i);
		clock->next = MIN(clock->next, timer->deadline);
	}
	tsr_alarm_arm(clock);
}

struct tsr_timer *tsr_timers_first_due(const struct tsr_timekeeper *clock, uint64_t now)
{
	struct tsr_timer *first = NULL;

	for (unsigned i = 0; i < clock->timers->len; i++) {
		struct tsr_timer *timer = g_ptr_array_index(clock->timers, i);
		if (timer->deadline <= now && (!first || timer->deadline < first->deadline))
			first = timer;
	}
	return first;
}

void tsr_timers_drop(struct tsr_timekeeper *clock, const TsrInstance *owner)
{
	for (unsigned i = clock->timers->len; i-- > 0;)
		if (((struct tsr_timer *)g_ptr_array_index(clock->timers, i))->owner == owner)
			g_ptr_array_remove_index_fast(clock->timers, i);
	tsr_timers_find_next(clock);
}

struct tsr_timer *tsr_timers_new(const struct TsrInstance *owner, void (*expired)(void *, uint64_t),
				 void *self)
{
	struct tsr_timer *timer = g_new0(struct tsr_timer, 1);

	timer->owner = owner;
	timer->clock = timer->owner->machine->clock;
	timer->expired = expired;
	timer->self = self;
	timer->deadline = UINT64_MAX;
	timer->number = timer->clock->timers_made++;
	g_ptr_array_add(timer->clock->timers, timer);
	return timer;
}

void tsr_timers_free(struct tsr_timer *timer)
{
	struct tsr_timekeeper *clock = timer->clock;

	g_ptr_array_remove_fast(clock->timers, timer);
	tsr_timers_find_next(clock);
}

void tsr_timers_give(struct tsr_timer *timer, const struct TsrInstance *owner)
{
	timer->owner = owner;
}

static int by_number(gconstpointer a, gconstpointer b)
{
	const struct tsr_timer *first = *(struct tsr_timer *const *)a;
	const struct tsr_timer *second = *(struct tsr_timer *const *)b;

	return (first->number > second->number) - (first->number < second->number);
}

GPtrArray *tsr_timers_list(struct tsr_timekeeper *clock, const struct TsrInstance *owner)
{
	GPtrArray *list = g_ptr_array_new();

	for (unsigned i = 0; i < clock->timers->len; i++)
		if (((struct tsr_timer *)g_ptr_array_index(clock->timers, i))->owner == owner)
			g_ptr_array_add(list, g_ptr_array_index(clock->timers, i));
	g_ptr_array_sort(list, by_number);
	return list;
}

const struct TsrInstance *tsr_timers_get_owner(const struct tsr_timer *timer)
{
	return timer->owner;
}

uint64_t tsr_timers_get_deadline(const struct tsr_timer *timer)
{
	return timer->deadline;
}

struct tsr_timer_target tsr_timers_set_target(struct tsr_timer *timer,
					      struct tsr_timer_target target)
{
	struct tsr_timer_target former = { timer->expired, timer->self };

	timer->expired = target.expired;
	timer->self = target.self;
	return former;
}

void tsr_timers_arm(struct tsr_timer *timer, uint64_t deadline_ns)
{
	struct tsr_timekeeper *clock = timer->clock;
	uint64_t old = timer->deadline;

	if (deadline_ns == old)
		return;
	timer->deadline = deadline_ns;
	if (deadline_ns < clock->next) {
		clock->next = deadline_ns;
		tsr_alarm_arm(clock);
		/* The budget that the CPU runs on was computed for a later deadline. */
		if (clock->deterministic)
			tsr_vcpu_kick(clock->machine);
	} else if (old == clock->next) {
		tsr_timers_find_next(clock);
	}
}
