/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A watchdog for the machine lock: for how long, at the longest, others could not have it while the
 * guest was to run. For a thread of the host that is the time from taking the lock to dropping it;
 * for the virtual CPU's, which holds it all the time, from a kick to when it looks at requests.
 * A busy host takes the processor from the owner meanwhile: the time that the owner computed tells
 * such a hold from one that is the program's fault.
 */
#ifndef TSR_INSTANCE_HOLDS_H
#define TSR_INSTANCE_HOLDS_H

#include <tessera-glib/machine.h>

void tsr_holds_init(TsrMachine *m);
/* Adds lines to the file that the environment variable TESSERA_HOLDS names, if there is one, for
 * the hold that was the longest and for the one with the most computing: microseconds, microseconds
 * of computing, and by whom. */
void tsr_holds_finish(TsrMachine *m);

/* A thread of the host has taken the lock, or drops it. [locked] */
void tsr_holds_begin(TsrMachine *m, const void *by);
void tsr_holds_end(TsrMachine *m);

/* The virtual CPU's thread starts or wakes up (true), or sleeps. That thread with wake_mutex. */
void tsr_holds_set_awake(TsrMachine *m, gboolean awake);
/* It is to look at requests. With wake_mutex. [any] */
void tsr_holds_kick(TsrMachine *m);
/* It looks. [locked] */
void tsr_holds_look(TsrMachine *m);

/* Lines for tsr_machine_get_stats. [locked] */
void tsr_holds_print(TsrMachine *m, GString *text);

#endif
