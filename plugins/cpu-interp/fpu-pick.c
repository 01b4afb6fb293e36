/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which function runs an x87 instruction: controls by their mnemonics, all else by where the
 * operand is. */
#include <Zydis/Zydis.h>

#include "fpu.h"
#include "fpu-pick.h"
#include "instructions.h"
#include "thunk.h"

struct control {
	uint16_t mnemonic;
	op_fn *fn;
};

static const struct control controls[] = {
	{ ZYDIS_MNEMONIC_FNINIT, fpu_init },          { ZYDIS_MNEMONIC_FNCLEX, fpu_nowait },
	{ ZYDIS_MNEMONIC_FENI8087_NOP, fpu_nowait },  { ZYDIS_MNEMONIC_FDISI8087_NOP, fpu_nowait },
	{ ZYDIS_MNEMONIC_FSETPM287_NOP, fpu_nowait }, { ZYDIS_MNEMONIC_FLDCW, fpu_fldcw },
	{ ZYDIS_MNEMONIC_FNSTCW, fpu_fnstcw },        { ZYDIS_MNEMONIC_FNSTSW, fpu_fnstsw },
	{ ZYDIS_MNEMONIC_FNSTENV, op_fnstenv },       { ZYDIS_MNEMONIC_FLDENV, op_fldenv },
	{ ZYDIS_MNEMONIC_FNSAVE, op_fnsave },         { ZYDIS_MNEMONIC_FRSTOR, op_frstor },
	{ ZYDIS_MNEMONIC_FWAIT, op_fwait },
};

/* The opcode's two bytes, with the memory operand at (%rdi). */
static void make_thunk(cpu *c, struct op *op)
{
	uint8_t bytes[2] = { op->opcode, op->modrm };

	if (op->flags & OP_MEM)
		bytes[1] = (uint8_t)((op->modrm & 0x38) | 7);
	op->thunk = thunk_get(c, bytes, 2);
}

static const ZydisDecodedOperand *memory_of(const ZydisDecodedInstruction *in,
					    const ZydisDecodedOperand *operands)
{
	for (unsigned i = 0; i < in->operand_count_visible; i++) {
		if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY)
			return &operands[i];
	}
	return NULL;
}

op_fn *fpu_pick(cpu *c, struct op *op, const void *instruction, const void *operand)
{
	const ZydisDecodedInstruction *in = instruction;
	const ZydisDecodedOperand *memory = memory_of(in, operand);

	op->size = memory ? (uint8_t)(memory->size / 8) : 0;
	if (in->mnemonic != ZYDIS_MNEMONIC_FWAIT) {
		make_thunk(c, op);
		if (!op->thunk)
			return op_ud;
	}
	for (unsigned i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		if (controls[i].mnemonic == in->mnemonic)
			return controls[i].fn;
	}
	if (!memory)
		return fpu_register;
	if (op->size > FPU_OPERAND)
		return op_ud;
	return memory->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE ? fpu_store : fpu_load;
}
