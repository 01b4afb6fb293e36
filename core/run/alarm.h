/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What fires the deadlines of a machine with real time. */
#ifndef TSR_RUN_ALARM_H
#define TSR_RUN_ALARM_H

#include "run/timekeeper-parts.h"

/* The descriptor and the thread; false and an error: the host has none left. */
bool tsr_alarm_start(struct tsr_timekeeper *clock, GError **error);
/* Also after it was never started. */
void tsr_alarm_stop(struct tsr_timekeeper *clock);
/* The timerfd at the next deadline, when it is earlier than what it is set to. It may expire early:
 * lag moves deadlines. [locked] */
void tsr_alarm_arm(struct tsr_timekeeper *clock);
/* For a sleep until the next deadline, which the virtual CPU's thread waits for by itself. [vcpu,
 * locked] */
void tsr_alarm_guard_sleep(struct tsr_timekeeper *clock);

#endif
