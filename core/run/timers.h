/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The timers on guest time. [locked] */
#ifndef TSR_RUN_TIMERS_H
#define TSR_RUN_TIMERS_H

#include <tessera/host.h>

#include "instance/instance.h"

struct tsr_timekeeper;

/* A timer as tsr_clock.timer_new makes, at any time. */
struct tsr_timer *tsr_timers_new(const struct TsrInstance *owner, void (*expired)(void *, uint64_t),
				 void *self);
/* It is no more. */
void tsr_timers_free(struct tsr_timer *timer);
/* The timer is another instance's from now on. */
void tsr_timers_give(struct tsr_timer *timer, const struct TsrInstance *owner);

/* -- For recordings */

/* What a timer calls. */
struct tsr_timer_target {
	void (*expired)(void *self, uint64_t deadline_ns);
	void *self;
};
/* An instance's timers, in the order in which it made them. (transfer container) */
GPtrArray *tsr_timers_list(struct tsr_timekeeper *clock, const struct TsrInstance *owner);
const struct TsrInstance *tsr_timers_get_owner(const struct tsr_timer *timer);
/* UINT64_MAX: it is not armed. */
uint64_t tsr_timers_get_deadline(const struct tsr_timer *timer);
/* Replaces what it calls; returns what it called. */
struct tsr_timer_target tsr_timers_set_target(struct tsr_timer *timer,
					      struct tsr_timer_target target);

/* An instance's timers are no more. */
void tsr_timers_drop(struct tsr_timekeeper *clock, const TsrInstance *owner);
/* UINT64_MAX: disarms it. */
void tsr_timers_arm(struct tsr_timer *timer, uint64_t deadline_ns);

/* -- For timekeeper.c */

/* Sets the earliest deadline anew, and the alarm. */
void tsr_timers_find_next(struct tsr_timekeeper *clock);
/* The timer with the earliest deadline of those that are due; NULL: none is. */
struct tsr_timer *tsr_timers_first_due(const struct tsr_timekeeper *clock, uint64_t now);

#endif
