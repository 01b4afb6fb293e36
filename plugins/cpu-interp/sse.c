/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MMX, SSE, SSE2: the guest's own instruction, rewritten to fixed registers: ModRM.reg is XMM0 (or EAX), ModRM.rm is XMM1 (or
 * EAX) or memory at (%rdi). Instructions with an MMX register run on the whole FXSAVE image with their own register numbers.
 * Exceptions are masked on the host; what an unmasked one does follows from the flags that it raised (SDM volume 1, 11.5.3).
 */
#include <Zydis/Zydis.h>

#include "cpuid.h"
#include "flags.h"
#include "fpu.h"
#include "sse-inexact.h"
#include "table.h"
#include "thunk.h"

/* op->imm2 */
enum form {
	FORM_READ = 1,      /* the memory operand is read */
	FORM_WRITE = 2,     /* ... is written */
	FORM_ALIGNED = 4,   /* ... must be 16-aligned */
	FORM_DST_REG = 8,   /* XMM of ModRM.reg is written */
	FORM_DST_RM = 16,   /* XMM of ModRM.rm is written */
	FORM_EAX_IN = 32,   /* a general register is read: op->rm */
	FORM_EAX_OUT = 64,  /* ... is written: op->rm */
	FORM_FLAGS = 128,   /* COMISS and its kind write EFLAGS */
	FORM_MMX = 256,     /* an MMX register is used */
	FORM_XMM = 512,     /* an XMM register is used */
};

#define SSE_OPERAND 16u /* bytes of the longest operand */

struct sse_frame {
	uint8_t xmm0[16], xmm1[16], memory[SSE_OPERAND];
	uint32_t eax, mxcsr, flags, pad;
};
_Static_assert(offsetof(struct sse_frame, mxcsr) == 52 && offsetof(struct sse_frame, flags) == 56, "fpu-host.S");

void fpu_host_sse(struct sse_frame *frame, const void *thunk);

uint32_t sse_mxcsr_mask(const cpu *c)
{
	return cpuid_has(c, CPU_SSE2) ? 0xffff : 0xffbf; /* DAZ came with SSE2 */
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

#define PRECOMPUTATION 0x07u /* IE DE ZE: found before a result is made */

void sse_exceptions(cpu *c, uint32_t raised)
{
	uint32_t *mxcsr = &fx_of(c)->mxcsr, unmasked = raised & ~(*mxcsr >> 7) & MXCSR_FLAGS;

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
 * Runs the thunk with all exceptions masked; returns the flags raised. With underflow unmasked FTZ has no say, and a tiny result
 * raises UE even if it is exact (SDM volume 1, 4.9.1.5 and 10.2.3.3); masked, the hardware tells that only with FTZ. Beside an
 * unmasked overflow or underflow PE is about the result with an unbounded exponent, unless another lane's masked one sets it.
 */
static uint32_t run_masked(struct sse_frame *frame, const struct op *op, uint32_t mxcsr)
{
	_Alignas(16) struct sse_frame before, tiny;
	bool underflow = !(mxcsr & MXCSR_UM);
	uint32_t raised, open = ~(mxcsr >> 7) & (MXCSR_OE | MXCSR_UE), range;

	frame->mxcsr = (mxcsr & ~MXCSR_FLAGS & ~(underflow ? MXCSR_FTZ : 0)) | MXCSR_MASKS;
	if (open)
		before = *frame;
	fpu_host_sse(frame, op->thunk);
	raised = frame->mxcsr & MXCSR_FLAGS;
	if (underflow) {
		tiny = before;
		tiny.mxcsr |= MXCSR_FTZ;
		fpu_host_sse(&tiny, op->thunk);
		raised |= tiny.mxcsr & MXCSR_UE;
	}
	range = raised & (MXCSR_OE | MXCSR_UE);
	if (raised & MXCSR_PE && range & open && !(range & ~open) &&
	    !sse_inexact(op, before.xmm0, op->flags & OP_MEM ? before.memory : before.xmm1, mxcsr))
		raised &= ~MXCSR_PE;
	return raised;
}

static void op_sse(cpu *c, const struct op *op)
{
	struct fx_image *fx = fx_of(c);
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

static void op_mmx(cpu *c, const struct op *op)
{
	_Alignas(16) struct fx_image copy;
	_Alignas(16) uint8_t buffer[SSE_OPERAND];
	struct fx_image *fx = fx_of(c);
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
	copy.fsw &= fx_pending(&copy) ? 0x7f00 : 0xffff; /* pending, but ignored by IGNNE# */
	fpu_run(&copy, op->thunk, buffer, regs);
	raised = copy.mxcsr & MXCSR_FLAGS;
	if (raised)
		sse_exceptions(c, raised);
	if (op->imm2 & FORM_WRITE)
		memory_write_bytes(c, gla, buffer, op->size, c->view);
	copy.mxcsr = fx->mxcsr;
	copy.mxcsr_mask = fx->mxcsr_mask;
	copy.fsw |= fx_pending(fx) ? (fx->fsw & 0x7f) | FSW_ES | 0x8000 : 0;
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
static void op_movnti(cpu *c, const struct op *op)
{
	operand_write(c, op, 4, reg_get(c, op->reg, 4));
}

/* MASKMOVQ, MASKMOVDQU: bytes of ModRM.reg to DS:EDI where ModRM.rm's bytes have bit 7. */
static void mask_move(cpu *c, const struct op *op, const uint8_t *data, const uint8_t *mask, unsigned n)
{
	uint32_t at = op->flags & OP_ADDR16 ? c->s->gpr[TSR_EDI] & 0xffff : c->s->gpr[TSR_EDI];
	tsr_gla gla = memory_linear(c, op->segment, at, n, true);

	memory_check_write(c, gla, n, c->view);
	for (unsigned i = 0; i < n; i++) {
		if (mask[i] & 0x80)
			memory_write8(c, gla + i, data[i], c->view);
	}
}

static void op_maskmovdqu(cpu *c, const struct op *op)
{
	const struct fx_image *fx = fx_of(c);

	sse_check(c);
	mask_move(c, op, fx->xmm[op->modrm >> 3 & 7], fx->xmm[op->modrm & 7], 16);
}

/* An MMX register's place in the image depends on TOP, which MMX instructions then clear: MOVQ on the host says both. */
static void op_maskmovq(cpu *c, const struct op *op)
{
	_Alignas(16) struct fx_image copy;
	uint32_t regs[2] = { 0, 0 };
	uint8_t data[8], mask[8];

	mmx_check(c);
	copy = *fx_of(c);
	copy.fsw &= fx_pending(&copy) ? 0x7f00 : 0xffff;
	fpu_run(&copy, thunk_fixed(c, THUNK_STORE_MM0 + (op->modrm >> 3 & 7)), data, regs);
	fpu_run(&copy, thunk_fixed(c, THUNK_STORE_MM0 + (op->modrm & 7)), mask, regs);
	mask_move(c, op, data, mask, 8);
	copy.mxcsr = fx_of(c)->mxcsr;
	copy.mxcsr_mask = fx_of(c)->mxcsr_mask;
	*fx_of(c) = copy;
}

/* -- what a decoded instruction is */
static bool is_class(const ZydisDecodedOperand *o, ZydisRegisterClass class)
{
	return o->type == ZYDIS_OPERAND_TYPE_REGISTER && ZydisRegisterGetClass(o->reg.value) == class;
}

static bool writes(const ZydisDecodedOperand *o)
{
	return o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
}

static bool reads(const ZydisDecodedOperand *o)
{
	return o->actions & ZYDIS_OPERAND_ACTION_MASK_READ;
}

/* 128-bit operands must be aligned, except those of the U instructions. */
static bool needs_alignment(const ZydisDecodedInstruction *in)
{
	return in->mnemonic != ZYDIS_MNEMONIC_MOVUPS && in->mnemonic != ZYDIS_MNEMONIC_MOVUPD && in->mnemonic != ZYDIS_MNEMONIC_MOVDQU;
}

static void classify(struct op *op, const ZydisDecodedInstruction *in, const ZydisDecodedOperand *operands, uint8_t *modrm)
{
	for (unsigned i = 0; i < in->operand_count_visible; i++) {
		const ZydisDecodedOperand *o = &operands[i];
		bool in_rm = o->encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM;

		if (o->type == ZYDIS_OPERAND_TYPE_MEMORY) {
			op->size = (uint8_t)(o->size / 8);
			op->imm2 |= (reads(o) ? FORM_READ : 0) | (writes(o) ? FORM_WRITE : 0);
			op->imm2 |= o->size == 128 && needs_alignment(in) ? FORM_ALIGNED : 0;
		} else if (is_class(o, ZYDIS_REGCLASS_GPR32)) {
			op->rm = (uint8_t)((o->reg.value - ZYDIS_REGISTER_EAX) * 4);
			op->imm2 |= (reads(o) ? FORM_EAX_IN : 0) | (writes(o) ? FORM_EAX_OUT : 0);
			*modrm &= in_rm ? 0xf8 : 0xc7; /* EAX */
		} else if (is_class(o, ZYDIS_REGCLASS_XMM)) {
			op->imm2 |= FORM_XMM | (writes(o) ? (in_rm ? FORM_DST_RM : FORM_DST_REG) : 0);
		} else if (is_class(o, ZYDIS_REGCLASS_MMX)) {
			op->imm2 |= FORM_MMX;
		}
	}
}

/* Fixed register numbers for what runs without the FXSAVE image. */
static uint8_t fix_registers(const struct op *op, const ZydisDecodedInstruction *in, const ZydisDecodedOperand *operands, uint8_t modrm)
{
	for (unsigned i = 0; i < in->operand_count_visible; i++) {
		const ZydisDecodedOperand *o = &operands[i];

		if (!is_class(o, ZYDIS_REGCLASS_XMM))
			continue;
		if (o->encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM)
			modrm = (uint8_t)((modrm & 0xf8) | 1);
		else
			modrm &= 0xc7;
	}
	return modrm;
}

static void make_thunk(cpu *c, struct op *op, const ZydisDecodedInstruction *in, uint8_t modrm)
{
	uint8_t bytes[8];
	unsigned n = 0;

	if (op->prefix)
		bytes[n++] = op->prefix;
	bytes[n++] = 0x0f;
	bytes[n++] = op->opcode;
	if (in->attributes & ZYDIS_ATTRIB_HAS_MODRM)
		bytes[n++] = modrm;
	if (in->raw.imm[0].size)
		bytes[n++] = (uint8_t)op->imm;
	op->thunk = thunk_get(c, bytes, n);
}

op_fn *sse_pick(cpu *c, struct op *op, const void *instruction, const void *operand)
{
	const ZydisDecodedInstruction *in = instruction;
	const ZydisDecodedOperand *operands = operand;
	uint8_t modrm = op->flags & OP_MEM ? (uint8_t)((op->modrm & 0x38) | 7) : op->modrm;

	switch (in->mnemonic) {
	case ZYDIS_MNEMONIC_MOVNTI: return op_movnti;
	case ZYDIS_MNEMONIC_MASKMOVDQU: return op_maskmovdqu;
	case ZYDIS_MNEMONIC_MASKMOVQ: return op_maskmovq;
	case ZYDIS_MNEMONIC_COMISS:
	case ZYDIS_MNEMONIC_COMISD:
	case ZYDIS_MNEMONIC_UCOMISS:
	case ZYDIS_MNEMONIC_UCOMISD: op->imm2 = FORM_FLAGS; break;
	case ZYDIS_MNEMONIC_EMMS: op->imm2 = FORM_MMX; break;
	default: op->imm2 = 0;
	}
	classify(op, in, operands, &modrm);
	if (!(op->imm2 & FORM_MMX))
		modrm = fix_registers(op, in, operands, modrm);
	make_thunk(c, op, in, modrm);
	if (!op->thunk || op->size > SSE_OPERAND)
		return op_ud;
	return op->imm2 & FORM_MMX ? op_mmx : op_sse;
}
