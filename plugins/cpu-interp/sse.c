/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MMX, SSE, SSE2: the guest's own instruction, rewritten to fixed registers: ModRM.reg is XMM0 (or
 * EAX), ModRM.rm is XMM1 (or EAX) or memory at (%rdi). Instructions with an MMX register run on the
 * whole FXSAVE image with their own register numbers. Exceptions are masked on the host; the flags
 * that they raise show what an unmasked one does (SDM volume 1, 11.5.3).
 */
#include "cpuid.h"
#include "flags.h"
#include "fpu.h"
#include "sse-inexact.h"
#include "sse.h"
#include "instructions.h"
#include "thunk.h"

struct sse_frame {
	uint8_t xmm0[16], xmm1[16], memory[SSE_OPERAND];
	uint32_t eax, mxcsr, flags, pad;
};
_Static_assert(offsetof(struct sse_frame, mxcsr) == 52 && offsetof(struct sse_frame, flags) == 56,
	       "fpu-host.S");

void fpu_host_sse(struct sse_frame *frame, const void *thunk);

uint32_t sse_mxcsr_mask(const cpu *c)
{
	return cpuid_has(c, TSR_CPU_SSE2) ? TSR_MXCSR_KNOWN : TSR_MXCSR_KNOWN & ~TSR_MXCSR_DAZ;
}

void sse_check(cpu *c)
{
	if ((c->s->cr0 & TSR_CR0_EM) || !(c->s->cr4 & TSR_CR4_OSFXSR))
		fault_ud(c);
	if (c->s->cr0 & TSR_CR0_TS)
		fault_raise(c, TSR_VECTOR_NM);
}

static void mmx_check(cpu *c)
{
	if (c->s->cr0 & TSR_CR0_EM)
		fault_ud(c);
	if (c->s->cr0 & TSR_CR0_TS)
		fault_raise(c, TSR_VECTOR_NM);
	fpu_check_pending(c);
}

/* Found before a result is made. */
#define PRECOMPUTATION (TSR_MXCSR_IE | TSR_MXCSR_DE | TSR_MXCSR_ZE)

void sse_exceptions(cpu *c, uint32_t raised)
{
	uint32_t *mxcsr = &fx_of(c)->mxcsr,
		 unmasked = raised & ~(*mxcsr >> TSR_MXCSR_MASK_SHIFT) & TSR_MXCSR_FLAGS;

	if (unmasked & PRECOMPUTATION)
		raised &= PRECOMPUTATION;
	*mxcsr |= raised;
	if (!unmasked)
		return;
	if (c->s->cr4 & TSR_CR4_OSXMMEXCPT)
		fault_raise(c, TSR_VECTOR_XM);
	fault_ud(c);
}

/* The memory operand's linear address, checked. */
static tsr_gla sse_memory(cpu *c, const struct op *op)
{
	tsr_gla gla = memory_operand(c, op, op->size, op->imm2 & FORM_WRITE);

	if ((op->imm2 & FORM_ALIGNED) && (gla & 15))
		fault_gp0(c);
	if (op->size <= 8)
		memory_check_alignment(c, gla, op->size, c->view);
	return gla;
}

/*
 * Runs the thunk with all exceptions masked; returns the flags raised. If underflow is unmasked,
 * FTZ has no effect and a tiny result raises UE even if it is exact (SDM volume 1, 4.9.1.5
 * and 10.2.3.3); while it is masked, the hardware shows that only with FTZ. With an unmasked
 * overflow or underflow PE is about the result with an unbounded exponent, unless the masked one of
 * another lane sets it.
 */
static uint32_t run_masked(struct sse_frame *frame, const struct op *op, uint32_t mxcsr)
{
	_Alignas(16) struct sse_frame before, tiny;
	bool underflow = !(mxcsr & TSR_MXCSR_UM);
	uint32_t raised, open = ~(mxcsr >> TSR_MXCSR_MASK_SHIFT) & (TSR_MXCSR_OE | TSR_MXCSR_UE),
			 range;

	frame->mxcsr =
		(mxcsr & ~TSR_MXCSR_FLAGS & ~(underflow ? TSR_MXCSR_FTZ : 0)) | TSR_MXCSR_MASKS;
	if (open)
		before = *frame;
	fpu_host_sse(frame, op->thunk);
	raised = frame->mxcsr & TSR_MXCSR_FLAGS;
	if (underflow) {
		tiny = before;
		tiny.mxcsr |= TSR_MXCSR_FTZ;
		fpu_host_sse(&tiny, op->thunk);
		raised |= tiny.mxcsr & TSR_MXCSR_UE;
	}
	range = raised & (TSR_MXCSR_OE | TSR_MXCSR_UE);
	if (raised & TSR_MXCSR_PE && range & open && !(range & ~open) &&
	    !sse_inexact(op, before.xmm0, op->flags & OP_MEM ? before.memory : before.xmm1, mxcsr))
		raised &= ~TSR_MXCSR_PE;
	return raised;
}

void sse_xmm(cpu *c, const struct op *op)
{
	struct tsr_x86_fx *fx = fx_of(c);
	_Alignas(16) struct sse_frame frame;
	uint32_t raised;
	unsigned reg = op->modrm >> 3 & 7, rm = op->modrm & 7;
	tsr_gla gla = 0;

	sse_check(c);
	memcpy(frame.xmm0, fx->xmm[reg], 16);
	if (op->flags & OP_MEM) {
		gla = sse_memory(c, op);
		if (op->imm2 & FORM_READ)
			memory_read_bytes(c, gla, frame.memory, op->size, c->view);
	} else {
		memcpy(frame.xmm1, fx->xmm[rm], 16);
	}
	frame.eax = op->imm2 & FORM_EAX_IN ? reg_get(c, op->rm, 4) : 0;
	raised = run_masked(&frame, op, fx->mxcsr & sse_mxcsr_mask(c));
	if (raised)
		sse_exceptions(c, raised);
	if (op->imm2 & FORM_WRITE)
		memory_write_bytes(c, gla, frame.memory, op->size, c->view);
	if (op->imm2 & FORM_DST_REG)
		memcpy(fx->xmm[reg], frame.xmm0, 16);
	if (op->imm2 & FORM_DST_RM)
		memcpy(fx->xmm[rm], frame.xmm1, 16);
	if (op->imm2 & FORM_EAX_OUT)
		reg_set(c, op->rm, 4, frame.eax);
	if (op->imm2 & FORM_FLAGS)
		c->s->eflags = flags_unpack(c->s->eflags, frame.flags);
}

void sse_mmx(cpu *c, const struct op *op)
{
	_Alignas(16) struct tsr_x86_fx copy;
	_Alignas(16) uint8_t buffer[SSE_OPERAND];
	struct tsr_x86_fx *fx = fx_of(c);
	uint32_t regs[2] = { 0, 0 }, raised;
	tsr_gla gla = 0;

	if (op->imm2 & FORM_XMM)
		sse_check(c);
	mmx_check(c);
	if (op->flags & OP_MEM) {
		gla = sse_memory(c, op);
		if (op->imm2 & FORM_READ)
			memory_read_bytes(c, gla, buffer, op->size, c->view);
	}
	if (op->imm2 & FORM_EAX_IN)
		regs[0] = reg_get(c, op->rm, 4);
	copy = *fx;
	copy.fsw &= (uint16_t) ~(fx_pending(fx) ? TSR_FSW_PENDING
						: 0); /* pending, but ignored because of IGNNE# */
	fpu_run(&copy, op->thunk, buffer, regs);
	raised = copy.mxcsr & TSR_MXCSR_FLAGS;
	if (raised)
		sse_exceptions(c, raised);
	if (op->imm2 & FORM_WRITE)
		memory_write_bytes(c, gla, buffer, op->size, c->view);
	copy.mxcsr = fx->mxcsr;
	copy.mxcsr_mask = fx->mxcsr_mask;
	copy.fsw |= fx_ignored(fx);
	*fx = copy;
	if (op->imm2 & FORM_EAX_OUT)
		reg_set(c, op->rm, 4, regs[0]);
}

void op_ldmxcsr(cpu *c, const struct op *op)
{
	uint32_t value;

	sse_check(c);
	value = operand_read(c, op, 4);
	if (value & ~sse_mxcsr_mask(c))
		fault_gp0(c);
	fx_of(c)->mxcsr = value;
}

void op_stmxcsr(cpu *c, const struct op *op)
{
	sse_check(c);
	operand_write(c, op, 4, fx_of(c)->mxcsr);
}

/* MOVNTI: a plain store. */
void sse_movnti(cpu *c, const struct op *op)
{
	operand_write(c, op, 4, reg_get(c, op->reg, 4));
}

/* MASKMOVQ, MASKMOVDQU: bytes of ModRM.reg to DS:EDI where ModRM.rm's bytes have bit 7. */
static void mask_move(cpu *c, const struct op *op, const uint8_t *data, const uint8_t *mask,
		      unsigned n)
{
	uint32_t at = op->flags & OP_ADDR16 ? c->s->gpr[TSR_EDI] & 0xffff : c->s->gpr[TSR_EDI];
	tsr_gla gla = memory_linear(c, op->segment, at, n, true);

	memory_check_write(c, gla, n, c->view);
	for (unsigned i = 0; i < n; i++) {
		if (mask[i] & 0x80)
			memory_write8(c, gla + i, data[i], c->view);
	}
}

void sse_maskmovdqu(cpu *c, const struct op *op)
{
	const struct tsr_x86_fx *fx = fx_of(c);

	sse_check(c);
	mask_move(c, op, fx->xmm[op->modrm >> 3 & 7], fx->xmm[op->modrm & 7], 16);
}

/* An MMX register's place in the image depends on TOP, which MMX instructions clear: MOVQ on the
 * host does both. */
void sse_maskmovq(cpu *c, const struct op *op)
{
	_Alignas(16) struct tsr_x86_fx copy;
	uint32_t regs[2] = { 0, 0 };
	uint8_t data[8], mask[8];

	mmx_check(c);
	copy = *fx_of(c);
	copy.fsw &= (uint16_t) ~(fx_pending(&copy) ? TSR_FSW_PENDING : 0);
	fpu_run(&copy, thunk_fixed(c, THUNK_STORE_MM0 + (op->modrm >> 3 & 7)), data, regs);
	fpu_run(&copy, thunk_fixed(c, THUNK_STORE_MM0 + (op->modrm & 7)), mask, regs);
	mask_move(c, op, data, mask, 8);
	copy.mxcsr = fx_of(c)->mxcsr;
	copy.mxcsr_mask = fx_of(c)->mxcsr_mask;
	*fx_of(c) = copy;
}
