/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a context keeps that follows from the state: the view, what segments allow, why memory
 * accesses take the slow path, and what must be checked before the next instruction. Code that
 * changes the state calls the function that updates it.
 */
#ifndef INTERP_DERIVED_H
#define INTERP_DERIVED_H

#include "interp.h"

void cpu_refresh(cpu *c); /* everything, after another plugin changed the state */
void cpu_refresh_segment(cpu *c, unsigned segment);
void cpu_refresh_attention(cpu *c); /* after a change of EFLAGS' system bits, DR7, pins, shadow */
void cpu_set_cpl(cpu *c, unsigned cpl);
void cpu_set_eflags(cpu *c, uint32_t eflags);
void cpu_set_context(cpu *c); /* tells the MMU CR0, CR3, CR4, EFER */

#endif
