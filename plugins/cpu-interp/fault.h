/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Leaving an instruction before its end: faults, and the stops of shadow runs. */
#ifndef INTERP_FAULT_H
#define INTERP_FAULT_H

#include "interp.h"

_Noreturn void fault_raise(cpu *c, int vector);
_Noreturn void fault_code(cpu *c, int vector, uint32_t error_code);
_Noreturn void fault_page(cpu *c, tsr_gla gla, uint32_t error_code);
_Noreturn void fault_wait(cpu *c); /* the instruction cannot continue until an event comes */
_Noreturn void fault_stop(cpu *c, enum tsr_x86_stop stop);

static inline _Noreturn void fault_gp0(cpu *c)
{
	fault_code(c, TSR_VECTOR_GP, 0);
}

static inline _Noreturn void fault_ud(cpu *c)
{
	fault_raise(c, TSR_VECTOR_UD);
}

#endif
