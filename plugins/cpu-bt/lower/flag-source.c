/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What made the flags: enough of an instruction to compute its flags again from registers
 * (flags.c). */
#include "lower/flag-source.h"

static bool low_register(const struct bt_insn *i, uint8_t number)
{
	return i->operand_size != 1 || number < 4;
}

/* The eight operations of the 00-3F and 80-83 encodings, on register `a` and register `b` (NOREG:
 * the immediate). */
static bool source_alu(const struct bt_insn *i, unsigned op, uint8_t a, uint8_t b,
		       struct flag_source *out)
{
	static const uint8_t recover[8] = {
		[ALU_ADD] = BT_RECOVER_ADD,   [ALU_OR] = BT_RECOVER_LOGIC,
		[ALU_AND] = BT_RECOVER_LOGIC, [ALU_SUB] = BT_RECOVER_SUB,
		[ALU_XOR] = BT_RECOVER_LOGIC, [ALU_CMP] = BT_RECOVER_CMP
	};

	if (!recover[op] || !low_register(i, a) || (b != NOREG && !low_register(i, b)))
		return false;
	*out = (struct flag_source){
		.kind = recover[op], .size = i->operand_size, .a = a, .b = b, .imm = i->imm
	};
	if (a == b && (recover[op] == BT_RECOVER_ADD || recover[op] == BT_RECOVER_SUB))
		return false;
	if (recover[op] == BT_RECOVER_LOGIC) /* the result is enough */
		out->b = NOREG;
	return true;
}

bool tsr_bt_flags_source(const struct bt_insn *i, struct flag_source *out)
{
	uint8_t reg = bt_modrm_reg(i), rm = bt_modrm_rm(i);
	unsigned op = i->opcode >> 3 & 7;

	if (i->kind != BT_COPY || i->map || i->lock)
		return false;
	if (i->opcode < 0x40 && (i->opcode & 7) < 6) {
		if ((i->opcode & 7) >= 4)
			return source_alu(i, op, TSR_EAX, NOREG, out);
		if (i->memory) /* the result of OR, AND, XOR to a register is enough */
			return i->opcode & 2 && (op == ALU_OR || op == ALU_AND || op == ALU_XOR) &&
			       source_alu(i, op, reg, NOREG, out);
		return i->opcode & 2 ? source_alu(i, op, reg, rm, out)
				     : source_alu(i, op, rm, reg, out);
	}
	if (i->memory)
		return false;
	if (i->opcode >= OP_ALU_EB_IB && i->opcode <= OP_ALU_EV_IB)
		return source_alu(i, reg, rm, NOREG, out);
	if (i->opcode == OP_TEST_EB_GB || i->opcode == OP_TEST_EV_GV)
		*out = (struct flag_source){ .kind = BT_RECOVER_TEST, .a = rm, .b = reg };
	else if (i->opcode == OP_TEST_AL_IB || i->opcode == OP_TEST_EAX_IZ)
		*out = (struct flag_source){ .kind = BT_RECOVER_TEST, .a = TSR_EAX, .b = NOREG };
	else if ((i->opcode == OP_UNARY_EB || i->opcode == OP_UNARY_EV) && reg <= UNARY_TEST_2)
		*out = (struct flag_source){ .kind = BT_RECOVER_TEST, .a = rm, .b = NOREG };
	else
		return false;
	out->size = i->operand_size;
	out->imm = i->imm;
	return low_register(i, out->a) && (out->b == NOREG || low_register(i, out->b));
}

bool tsr_bt_overwrites(const struct bt_insn *i, const struct flag_source *s)
{
	uint8_t written = i->gpr_written;

	if (s->kind == BT_RECOVER_SAVED)
		return false;
	if (i->kind == BT_PUSH || i->kind == BT_CALL || i->kind == BT_PUSHF || i->kind == BT_POP ||
	    i->kind == BT_LEAVE)
		written |= 1 << TSR_ESP;
	if (i->kind == BT_PUSHA || i->kind == BT_POPA || i->kind == BT_LEAVE ||
	    i->kind == BT_STRING || i->kind == BT_FALLBACK)
		return true;
	return written >> s->a & 1 || (s->b != NOREG && written >> s->b & 1);
}

uint16_t tsr_bt_flags_kept(const struct bt_insn *i, const struct flag_source *s)
{
	uint32_t kept = TSR_FLAGS_ARITHMETIC & ~i->flags_touched;

	if (s->kind == BT_RECOVER_NONE || tsr_bt_overwrites(i, s))
		return 0;
	return (uint16_t)((kept & 0xff) << 8 | (kept & TSR_FLAG_OF ? 1 : 0));
}
