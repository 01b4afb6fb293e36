/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host took of guest time. Real time only. [vcpu, locked] */
#ifndef TSR_RUN_LAG_H
#define TSR_RUN_LAG_H

#include "run/timekeeper-parts.h"

/* Finds what the host took since the last time. `asleep`: the guest sleeps next, and a run that was
 * not looked at counts as if the host had taken nothing; what it did take is found with the next
 * reading. */
void tsr_lag_look(struct tsr_timekeeper *clock, bool asleep);
/* Shifts guest time by what the host took, `taken` ns of the `passed` ns since the last reading,
 * and lets guest time catch up some of it. */
void tsr_lag_account(struct tsr_timekeeper *clock, uint64_t taken, uint64_t passed);
/* Guest time is `now`, and the guest would sleep until the next deadline: leaves out what makes up
 * for wake-ups that were late. */
void tsr_lag_shorten_sleep(struct tsr_timekeeper *clock, uint64_t now);
/* The virtual CPU was kicked so late that a timer is due again which has just expired: the guest
 * would get one interrupt for both. Guest time, which is `now`, goes back to before that deadline
 * if nobody has seen it pass, and catches up as if the host had taken the time. Not for short
 * periods, as of a UART's characters, for which it would be slow. */
bool tsr_lag_waits_for_guest(struct tsr_timekeeper *clock, const struct tsr_timer *timer,
			     uint64_t now);

#endif
