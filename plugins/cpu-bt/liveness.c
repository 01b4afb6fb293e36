/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a memory check may clobber the flags. Two things must hold before the instruction: nobody reads the flags any more
 * before they are written again in this block; and if the access faults, so that the guest sees them after all, they can be
 * computed again from registers, because the instruction that made them is known and its operands, or its operand and
 * result, still are where they were. At a block's end all flags are live.
 */
#include "flags.h"
#include "tx.h"

/* Instructions whose checks may be followed by a bail, which has no way to compute flags again, keep the flags. */
static bool may_clobber(const struct bt_tx *tx, const struct bt_insn *i)
{
	struct bt_ea stack = tsr_bt_stack_ea(tx, 0);

	if (i->memory && !tsr_bt_memory_possible(tx, &i->ea, i->access))
		return false;
	if (i->kind != BT_COPY && i->kind != BT_FP && !tsr_bt_memory_possible(tx, &stack, BT_WRITE))
		return false;
	if (i->kind == BT_FP && ((tx->mode & (BT_MODE_X87 | BT_MODE_SSE)) != (BT_MODE_X87 | BT_MODE_SSE) || tsr_bt_fp_checks(tx, i) ||
				  tsr_bt_sse_checks(tx, i)))
		return false;
	if (i->aligned || i->lock || (i->memory && bt_segment_kind(tx->mode, i->ea.segment) == BT_SEGMENT_LIMITED) ||
	    bt_segment_kind(tx->mode, TSR_SS) == BT_SEGMENT_LIMITED)
		return false;
	switch (i->kind) {
	case BT_COPY:
	case BT_FP:
	case BT_PUSH:
	case BT_POP:
	case BT_LEAVE:
	case BT_CALL:
	case BT_RET:
	case BT_JMP:
		return true;
	default:
		return false;
	}
}

/* -- what made the flags */

static bool low_register(const struct bt_insn *i, uint8_t number)
{
	return i->operand_size != 1 || number < 4;
}

/* The eight operations of the 00-3F and 80-83 encodings, on register `a` and register `b` (NOREG: the immediate). */
static bool source_alu(const struct bt_insn *i, unsigned op, uint8_t a, uint8_t b, struct flag_source *out)
{
	static const uint8_t recover[8] = { BT_RECOVER_ADD, BT_RECOVER_LOGIC, 0, 0, BT_RECOVER_LOGIC, BT_RECOVER_SUB, BT_RECOVER_LOGIC,
					    BT_RECOVER_CMP };

	if (!recover[op] || !low_register(i, a) || (b != NOREG && !low_register(i, b)))
		return false;
	*out = (struct flag_source){ .kind = recover[op], .size = i->operand_size, .a = a, .b = b, .imm = i->imm };
	if (a == b && (recover[op] == BT_RECOVER_ADD || recover[op] == BT_RECOVER_SUB))
		return false;
	return true;
}

static bool source_of(const struct bt_insn *i, struct flag_source *out)
{
	uint8_t reg = i->modrm >> 3 & 7, rm = i->modrm & 7;
	unsigned op = i->opcode >> 3 & 7;

	if (i->kind != BT_COPY || i->map || i->lock)
		return false;
	if (i->opcode < 0x40 && (i->opcode & 7) < 6) {
		if ((i->opcode & 7) >= 4)
			return source_alu(i, op, TSR_EAX, NOREG, out);
		if (i->memory) /* the result of OR, AND, XOR to a register is enough */
			return i->opcode & 2 && (op == 1 || op == 4 || op == 6) && source_alu(i, op, reg, NOREG, out);
		return i->opcode & 2 ? source_alu(i, op, reg, rm, out) : source_alu(i, op, rm, reg, out);
	}
	if (i->memory)
		return false;
	if (i->opcode >= 0x80 && i->opcode <= 0x83)
		return source_alu(i, reg, rm, NOREG, out);
	if (i->opcode == 0x84 || i->opcode == 0x85)
		*out = (struct flag_source){ .kind = BT_RECOVER_TEST, .a = rm, .b = reg };
	else if (i->opcode == 0xa8 || i->opcode == 0xa9)
		*out = (struct flag_source){ .kind = BT_RECOVER_TEST, .a = TSR_EAX, .b = NOREG };
	else if ((i->opcode == 0xf6 || i->opcode == 0xf7) && reg < 2)
		*out = (struct flag_source){ .kind = BT_RECOVER_TEST, .a = rm, .b = NOREG };
	else
		return false;
	out->size = i->operand_size;
	out->imm = i->imm;
	return low_register(i, out->a) && (out->b == NOREG || low_register(i, out->b));
}

static bool overwrites(const struct bt_insn *i, const struct flag_source *s)
{
	uint8_t written = i->gpr_written;

	if (i->kind == BT_PUSH || i->kind == BT_CALL || i->kind == BT_PUSHF || i->kind == BT_POP || i->kind == BT_LEAVE)
		written |= 1 << TSR_ESP;
	if (i->kind == BT_PUSHA || i->kind == BT_POPA || i->kind == BT_LEAVE || i->kind == BT_STRING || i->kind == BT_FALLBACK)
		return true;
	return written >> s->a & 1 || (s->b != NOREG && written >> s->b & 1);
}

uint16_t tsr_bt_flags_kept(const struct bt_insn *i, const struct flag_source *s)
{
	uint32_t kept = TSR_FLAGS_ARITHMETIC & ~i->flags_touched;

	if (s->kind == BT_RECOVER_NONE || overwrites(i, s))
		return 0;
	return (uint16_t)((kept & 0xff) << 8 | (kept & TSR_FLAG_OF ? 1 : 0));
}

/* Also those that write them only sometimes (shifts by CL). */
static bool may_write_flags(const struct bt_insn *i)
{
	return i->flags_touched || i->kind == BT_STRING || i->kind == BT_POPF || i->kind == BT_FALLBACK;
}

static void find_sources(struct bt_tx *tx)
{
	struct flag_source now = { 0 };

	for (unsigned n = 0; n < tx->count; n++) {
		const struct bt_insn *i = &tx->insns[n];
		struct flag_source made;

		tx->sources[n] = now;
		if (source_of(i, &made))
			now = made;
		else if (may_write_flags(i) || overwrites(i, &now))
			now.kind = BT_RECOVER_NONE;
	}
}

static bool touches_memory(const struct bt_insn *i)
{
	return (i->memory && i->kind != BT_LEA && i->kind != BT_NOP) || (i->kind != BT_COPY && i->kind != BT_FP && i->kind != BT_LEA &&
									 i->kind != BT_NOP && i->kind != BT_JMP);
}

/* May the guest see, at this instruction, flags that were clobbered before it, and can they not be had again? */
static bool exposes(const struct bt_tx *tx, unsigned n)
{
	const struct bt_insn *i = &tx->insns[n];

	if (!touches_memory(i))
		return tsr_bt_fp_checks(tx, i) || tsr_bt_sse_checks(tx, i);
	return !may_clobber(tx, i) || !tx->sources[n].kind;
}

void tsr_bt_liveness(struct bt_tx *tx)
{
	uint32_t live = TSR_FLAGS_ARITHMETIC;
	bool safe = false; /* from the next instruction to the next that writes all flags nothing exposes them */

	find_sources(tx);
	for (unsigned n = tx->count; n-- > 0;) {
		const struct bt_insn *i = &tx->insns[n];

		live = (live & ~i->flags_written) | i->flags_read;
		safe = !exposes(tx, n) && (safe || i->flags_written == TSR_FLAGS_ARITHMETIC);
		tx->flags_live[n] = live || !safe || !tx->sources[n].kind || !may_clobber(tx, i) ? TSR_FLAGS_ARITHMETIC : 0;
	}
	tx->clobbered = false;
}
