/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shadow runs: tsr_x86_interpreter.shadow_steps. */
#ifndef INTERP_SHADOW_H
#define INTERP_SHADOW_H

#include "interp.h"

enum tsr_x86_stop shadow_steps(cpu *c, struct tsr_x86_state *state, uint64_t count,
			       void (*after)(void *user, size_t written), void *user,
			       uint64_t *executed, struct tsr_x86_fault *fault);

#endif
