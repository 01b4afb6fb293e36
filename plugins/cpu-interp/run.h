/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The run loop, and a context's life. */
#ifndef INTERP_RUN_H
#define INTERP_RUN_H

#include "interp.h"

bool cpu_init(cpu *c, const struct tsr_x86_env *env, struct tsr_error *error);
void cpu_finish(cpu *c);
enum tsr_x86_stop cpu_step(cpu *c, uint64_t count, uint64_t *executed);
enum tsr_x86_stop cpu_deliver(cpu *c, enum tsr_x86_event kind, const struct tsr_x86_fault *fault);

#endif
