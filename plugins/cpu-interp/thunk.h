/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTERP_THUNK_H
#define INTERP_THUNK_H

#include "interp.h"

bool thunk_init(cpu *c);
void thunk_finish(cpu *c);
void thunk_reserve(cpu *c); /* before an instruction is decoded */
/* A function that executes the instruction and returns; length <= 15. Good until the instruction cache is flushed. */
const void *thunk_get(cpu *c, const uint8_t *instruction, unsigned length);

#endif
