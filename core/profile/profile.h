/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The profile of a machine's guest: sampler, tally and symbols together. It begins with
 * tsr_machine_start_profile(). */
#ifndef TSR_PROFILE_PROFILE_H
#define TSR_PROFILE_PROFILE_H

#include <tessera-glib/machine.h>

struct tsr_profile;

/* NULL is allowed. The virtual CPU's thread has ended, instances are still there. [main] */
void tsr_profile_free(struct tsr_profile *profile);

/* The virtual CPU's thread starts; it ends. Whether there is a profile or not: it can be started
 * later. [vcpu, locked] */
void tsr_profile_enter(TsrMachine *m);
void tsr_profile_leave(TsrMachine *m);

#endif
