/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which function runs an MMX or SSE instruction, from what Zydis says about its operands, and the
 * thunk that it runs: the same opcode with fixed registers (sse.c).
 */
#include <Zydis/Zydis.h>

#include "instructions.h"
#include "sse.h"
#include "sse-pick.h"
#include "thunk.h"

static bool is_class(const ZydisDecodedOperand *o, ZydisRegisterClass class)
{
	return o->type == ZYDIS_OPERAND_TYPE_REGISTER &&
	       ZydisRegisterGetClass(o->reg.value) == class;
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
	return in->mnemonic != ZYDIS_MNEMONIC_MOVUPS && in->mnemonic != ZYDIS_MNEMONIC_MOVUPD &&
	       in->mnemonic != ZYDIS_MNEMONIC_MOVDQU;
}

static void classify(struct op *op, const ZydisDecodedInstruction *in,
		     const ZydisDecodedOperand *operands, uint8_t *modrm)
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
			op->imm2 |=
				FORM_XMM | (writes(o) ? (in_rm ? FORM_DST_RM : FORM_DST_REG) : 0);
		} else if (is_class(o, ZYDIS_REGCLASS_MMX)) {
			op->imm2 |= FORM_MMX;
		}
	}
}

/* Fixed register numbers for what runs without the FXSAVE image. */
static uint8_t fix_registers(const struct op *op, const ZydisDecodedInstruction *in,
			     const ZydisDecodedOperand *operands, uint8_t modrm)
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
	case ZYDIS_MNEMONIC_MOVNTI:
		return sse_movnti;
	case ZYDIS_MNEMONIC_MASKMOVDQU:
		return sse_maskmovdqu;
	case ZYDIS_MNEMONIC_MASKMOVQ:
		return sse_maskmovq;
	case ZYDIS_MNEMONIC_COMISS:
	case ZYDIS_MNEMONIC_COMISD:
	case ZYDIS_MNEMONIC_UCOMISS:
	case ZYDIS_MNEMONIC_UCOMISD:
		op->imm2 = FORM_FLAGS;
		break;
	case ZYDIS_MNEMONIC_EMMS:
		op->imm2 = FORM_MMX;
		break;
	default:
		op->imm2 = 0;
	}
	classify(op, in, operands, &modrm);
	if (!(op->imm2 & FORM_MMX))
		modrm = fix_registers(op, in, operands, modrm);
	make_thunk(c, op, in, modrm);
	if (!op->thunk || op->size > SSE_OPERAND)
		return op_ud;
	return op->imm2 & FORM_MMX ? sse_mmx : sse_xmm;
}
