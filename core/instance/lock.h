/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine lock: whoever holds it may touch the machine and everything in it. The virtual CPU's
 * thread holds it while it is in the guest; another thread that wants it counts itself as a waiter
 * and kicks the virtual CPU, which leaves the guest and lets waiters have it.
 */
#ifndef TSR_INSTANCE_LOCK_H
#define TSR_INSTANCE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <tessera-glib/machine.h>
#include <tessera/draft/cpu.h>

void tsr_lock_init(TsrMachine *m);
void tsr_lock_finish(TsrMachine *m);

/* Counted: the owner may lock again. [any] */
void tsr_machine_lock(TsrMachine *m);
void tsr_machine_unlock(TsrMachine *m);
/* Whether this thread holds it. [any] */
bool tsr_machine_has_lock(TsrMachine *m);
/* Lets go of the lock however often the owner has taken it, and takes it as often again. Not on the
 * virtual CPU's thread. [locked] */
unsigned tsr_lock_pause(TsrMachine *m);
void tsr_lock_continue(TsrMachine *m, unsigned depth);

/* Makes the virtual CPU leave the guest and check what is requested of it; wakes it if it sleeps.
 * [any] */
void tsr_vcpu_kick(TsrMachine *m);
/* The processor to kick, or NULL: when this returns, no other thread is in the old one's kick.
 * While no guest runs. [main] */
void tsr_lock_set_processor(TsrMachine *m, const struct tsr_cpu *cpu, void *self);

/* -- For the virtual CPU's thread, which needs no kick. */

void tsr_lock_take(TsrMachine *m);
void tsr_lock_drop(TsrMachine *m);
/* Lets waiters have the lock. */
void tsr_lock_give_way(TsrMachine *m);
/* Sleeps without the lock until kicked, or until host time `until` in ns of CLOCK_MONOTONIC;
 * UINT64_MAX: no limit. */
void tsr_lock_sleep(TsrMachine *m, uint64_t until);

#endif
