/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The x87 part of the FXSAVE image in state->fx, and how instructions run on it. SDM volume 1, 8.1 and 10.5.1. */
#ifndef INTERP_FPU_H
#define INTERP_FPU_H

#include "memory.h"

#define FSW_ES 0x80u
#define MXCSR_MASKS 0x1f80u
#define MXCSR_FLAGS 0x3fu
#define MXCSR_OE 0x08u
#define MXCSR_UE 0x10u
#define MXCSR_PE 0x20u
#define MXCSR_OM 0x400u
#define MXCSR_UM 0x800u
#define MXCSR_FTZ 0x8000u

struct fx_image {
	uint16_t fcw, fsw;
	uint8_t ftw, reserved;
	uint16_t fop;
	uint32_t fip;
	uint16_t fcs, reserved2;
	uint32_t fdp;
	uint16_t fds, reserved3;
	uint32_t mxcsr, mxcsr_mask;
	uint8_t st[8][16];
	uint8_t xmm[8][16];
	uint8_t rest[224];
};

static inline struct fx_image *fx_of(cpu *c)
{
	return (struct fx_image *)c->s->fx;
}

/* An unmasked exception is flagged. ES says so too, unless the image was made up by somebody. */
static inline bool fx_pending(const struct fx_image *fx)
{
	return (fx->fsw & FSW_ES) || (fx->fsw & ~fx->fcw & 0x3f);
}

/* #NM and #MF (or FERR#) as a waiting x87 or an MMX instruction raises them. */
void fpu_check_device(cpu *c);
void fpu_check_pending(cpu *c);
/* FERR# follows FSW.ES when it is cleared. */
void fpu_update_ferr(cpu *c);
/* Runs a thunk on the image: the pointers of the last instruction stay as they are, SSE exceptions are masked. */
void fpu_run(struct fx_image *fx, const void *thunk, void *memory, uint32_t regs[2]);
/* On the guest's image, MXCSR and pointers kept; for waiting instructions, and for those that do not wait. */
void fpu_run_x87(cpu *c, const void *thunk, void *memory);
void fpu_run_nowait(cpu *c, const void *thunk, void *memory);

#define FPU_OPERAND 16u /* bytes of room for a memory operand; the longest has 10 */

/* Instructions: those that load, store or do neither, and the controls. */
op_fn fpu_register, fpu_load, fpu_store, fpu_init, fpu_nowait, fpu_fldcw, fpu_fnstcw, fpu_fnstsw;

void fpu_host_fx(void *fx, const void *thunk, void *memory, uint32_t regs[2]);

#endif
