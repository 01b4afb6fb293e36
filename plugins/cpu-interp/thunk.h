/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions of one guest instruction each, for the host's floating-point unit. */
#ifndef INTERP_THUNK_H
#define INTERP_THUNK_H

#include "interp.h"

/* Those that instructions execute in the course of others. They are always there. */
enum thunk_fixed {
	THUNK_NOTHING, /* only returns */
	THUNK_FNSTENV,
	THUNK_FLDENV, /* memory at (%rdi) */
	THUNK_FNINIT,
	THUNK_STORE_MM0, /* MOVQ (%rdi), mm0; those of mm1 to mm7 follow */
	THUNK_FIXED = THUNK_STORE_MM0 + 8,
};

bool thunk_init(cpu *c);
void thunk_finish(cpu *c);
/* Room for one thunk more. False: the pool was full and has started again, so all that thunk_get
 * gave is void. */
bool thunk_reserve(cpu *c);
/* A function that executes the instruction and returns; good until thunk_reserve says false. NULL:
 * no room (never after thunk_reserve), or more than 15 bytes. */
const void *thunk_get(cpu *c, const uint8_t *instruction, unsigned length);
const void *thunk_fixed(const cpu *c, enum thunk_fixed which);

#endif
