/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MMX and SSE instructions by the form of their operands. */
#ifndef INTERP_SSE_H
#define INTERP_SSE_H

#include "fpu.h"

#define SSE_OPERAND 16u /* bytes of the longest operand */

/* op->imm2 */
enum form {
	FORM_READ = 1,     /* the memory operand is read */
	FORM_WRITE = 2,    /* ... is written */
	FORM_ALIGNED = 4,  /* ... must be 16-aligned */
	FORM_DST_REG = 8,  /* XMM of ModRM.reg is written */
	FORM_DST_RM = 16,  /* XMM of ModRM.rm is written */
	FORM_EAX_IN = 32,  /* a general register is read: op->rm */
	FORM_EAX_OUT = 64, /* ... is written: op->rm */
	FORM_FLAGS = 128,  /* COMISS and its kind write EFLAGS */
	FORM_MMX = 256,    /* an MMX register is used */
	FORM_XMM = 512,    /* an XMM register is used */
};

op_fn sse_xmm, sse_mmx, sse_movnti, sse_maskmovdqu, sse_maskmovq;

/* SSE flags newly raised, with all masked: #XM if one is unmasked in `mxcsr`; else they are added.
 */
void sse_exceptions(cpu *c, uint32_t raised);
void sse_check(cpu *c);
uint32_t sse_mxcsr_mask(const cpu *c);

#endif
