/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guest time. */
#ifndef TSR_RUN_TIMEKEEPER_H
#define TSR_RUN_TIMEKEEPER_H

#include <tessera-glib/machine.h>
#include <tessera/host.h>
#include <tessera/state.h>

#include "instance/instance.h"

struct tsr_timekeeper;

/* NULL and an error: the host has no descriptor or thread left. */
struct tsr_timekeeper *tsr_timekeeper_new(TsrMachine *m, GError **error);
void tsr_timekeeper_free(struct tsr_timekeeper *clock);
uint64_t tsr_timekeeper_now(struct tsr_timekeeper *clock);
uint64_t tsr_timekeeper_tsc(struct tsr_timekeeper *clock);
/* Real time: how far guest time is behind what it would be if the host had never let the guest
 * wait, ns. [locked] */
uint64_t tsr_timekeeper_lag(const struct tsr_timekeeper *clock);
void tsr_timekeeper_set_running(struct tsr_timekeeper *clock, bool running);
/* Runs what is due; returns true if anything was. [locked] */
bool tsr_timekeeper_run(struct tsr_timekeeper *clock);
/* Guest time of the next deadline, UINT64_MAX: none. [locked] */
uint64_t tsr_timekeeper_next(struct tsr_timekeeper *clock);
/* Deterministic: instructions until the next deadline or the machine's stop-at. Real time:
 * UINT64_MAX. [locked] */
uint64_t tsr_timekeeper_budget(struct tsr_timekeeper *clock);
/* Deterministic: the machine's stop-at is reached. [locked] */
bool tsr_timekeeper_over(struct tsr_timekeeper *clock);
/* Deterministic: the guest is idle, time jumps to the next deadline; false if there is none. */
bool tsr_timekeeper_skip(struct tsr_timekeeper *clock);
/* Around the virtual CPU's sleep while the guest is halted: [vcpu, locked] */
void tsr_timekeeper_sleep(struct tsr_timekeeper *clock, bool asleep);
/* The guest waits for its clock to go on. The CLOCK_MONOTONIC time in ns until which the virtual
 * CPU may sleep; 0: it may not, as the host is busy, or a deadline is near. [vcpu, locked] */
uint64_t tsr_timekeeper_rest(struct tsr_timekeeper *clock);
/* It has slept until that time, or was woken before. [vcpu, locked] */
void tsr_timekeeper_rested(struct tsr_timekeeper *clock, uint64_t until);
/* The CLOCK_MONOTONIC time in ns at which guest time `ns` is reached. */
uint64_t tsr_timekeeper_host_time(struct tsr_timekeeper *clock, uint64_t ns);
void tsr_timekeeper_put_state(struct tsr_timekeeper *clock, struct tsr_state_writer *out);
void tsr_timekeeper_get_state(struct tsr_timekeeper *clock, struct tsr_state_reader *in);
#endif
