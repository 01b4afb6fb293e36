/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The x87 part of the FXSAVE image in state->fx, and how instructions run on it. SDM volume 1, 8.1
 * and 10.5.1. */
#ifndef INTERP_FPU_H
#define INTERP_FPU_H

#include "memory.h"

static inline struct tsr_x86_fx *fx_of(cpu *c)
{
	return (struct tsr_x86_fx *)c->s->fx;
}

/* An unmasked exception is pending. ES is set then too, unless a program made the image. */
static inline bool fx_pending(const struct tsr_x86_fx *fx)
{
	return (fx->fsw & TSR_FSW_ES) || (fx->fsw & ~fx->fcw & TSR_X87_EXCEPTIONS);
}

/* The status word's bits of a pending exception, ES and B set, which an instruction ignores if
 * IGNNE# is asserted. 0: none. */
static inline uint16_t fx_ignored(const struct tsr_x86_fx *fx)
{
	const unsigned flags = TSR_X87_EXCEPTIONS | TSR_FSW_SF;

	return fx_pending(fx) ? (uint16_t)((fx->fsw & flags) | TSR_FSW_ES | TSR_FSW_B) : 0;
}

/* #NM and #MF (or FERR#) as a waiting x87 or an MMX instruction raises them. */
void fpu_check_device(cpu *c);
void fpu_check_pending(cpu *c);
/* FERR# follows FSW.ES when it is cleared. */
void fpu_update_ferr(cpu *c);
/* Runs a thunk on the image. The pointers of the last instruction stay as they are; SSE exceptions
 * are masked. */
void fpu_run(struct tsr_x86_fx *fx, const void *thunk, void *memory, uint32_t regs[2]);
/* The same on the guest's image, with MXCSR kept: for waiting instructions, and for those that do
 * not wait. */
void fpu_run_x87(cpu *c, const void *thunk, void *memory);
void fpu_run_nowait(cpu *c, const void *thunk, void *memory);

#define FPU_OPERAND 16u /* bytes of room for a memory operand; the longest has 10 */

/* Instructions: those that load, store or do neither, and the controls. */
op_fn fpu_register, fpu_load, fpu_store, fpu_init, fpu_nowait, fpu_fldcw, fpu_fnstcw, fpu_fnstsw;

void fpu_host_fx(void *fx, const void *thunk, void *memory, uint32_t regs[2]);

#endif
