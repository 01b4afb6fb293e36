/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The jumps of fault.h. They land in run.c or shadow.c. */
#include "fault.h"

static _Noreturn void leave(cpu *c, int vector, bool has_code, uint32_t code, tsr_gla cr2)
{
	c->fault = (struct tsr_x86_fault){
		.vector = vector, .has_error_code = has_code, .error_code = code, .cr2 = cr2
	};
	longjmp(c->jump, JUMP_FAULT);
}

_Noreturn void fault_raise(cpu *c, int vector)
{
	leave(c, vector, false, 0, 0);
}

/* Bit 0 (EXT) of the error code says that #TS, #NP, #SS or #GP occurred while an external event was
 * delivered. */
_Noreturn void fault_code(cpu *c, int vector, uint32_t error_code)
{
	if (c->ext && vector >= TSR_VECTOR_TS && vector <= TSR_VECTOR_GP)
		error_code |= TSR_CODE_EXT;
	leave(c, vector, true, error_code, 0);
}

_Noreturn void fault_page(cpu *c, tsr_gla gla, uint32_t error_code)
{
	leave(c, TSR_VECTOR_PF, true, error_code, gla);
}

_Noreturn void fault_wait(cpu *c)
{
	longjmp(c->jump, JUMP_WAIT);
}

_Noreturn void fault_stop(cpu *c, enum tsr_x86_stop stop)
{
	c->stop = stop;
	longjmp(c->jump, JUMP_STOP);
}
