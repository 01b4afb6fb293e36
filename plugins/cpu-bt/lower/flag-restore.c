/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Flags that a check has clobbered, made again where they are needed: by the comparison that made
 * them, or from the result of the operation that did. liveness.c lets checks clobber only where
 * that is possible, or where flags are overwritten before they are needed. What made those at the
 * block's start is not known: they are saved there if several checks gain by it.
 */
#include "lower/flag-restore.h"
#include "lower/flag-source.h"

/* OP reg, rm of 1, 2 or 4 bytes; `opcode`: of the form for words */
static void sized_rr(struct emitter *e, unsigned size, uint8_t opcode, uint8_t reg, uint8_t rm)
{
	if (size == 2)
		emit_u8(e, PREFIX_OPERAND_SIZE);
	emit_rr(e, false, size == 1 ? opcode - 1u : opcode, reg, rm);
}

static void sized_imm(struct emitter *e, unsigned size, uint8_t opcode, uint8_t digit, uint8_t rm,
		      uint32_t value)
{
	if (size == 2)
		emit_u8(e, PREFIX_OPERAND_SIZE);
	emit_rr(e, false, size == 1 ? opcode - 1u : opcode, digit, rm);
	if (size == 1)
		emit_u8(e, (uint8_t)value);
	else if (size == 2)
		emit_u16(e, (uint16_t)value);
	else
		emit_u32(e, value);
}

/* The ALU operation with the source's second operand. */
static void alu(struct emitter *e, const struct flag_source *s, unsigned op, uint8_t reg)
{
	if (s->b != NOREG)
		sized_rr(e, s->size, (uint8_t)(op << 3 | OP_ALU_GV_EV), reg, tx_gpr(s->b));
	else if (s->size == 4 && (int32_t)s->imm == (int8_t)s->imm)
		emit_alu_imm(e, false, op, reg, (int32_t)s->imm);
	else
		sized_imm(e, s->size, OP_ALU_EV_IZ, (uint8_t)op, reg, s->imm);
}

/* False: not by a few instructions. */
static bool remake(struct bt_tx *tx, const struct flag_source *s)
{
	struct emitter *e = &tx->e;
	uint8_t a = tx_gpr(s->a);

	switch (s->kind) {
	case BT_RECOVER_CMP:
		alu(e, s, ALU_CMP, a);
		return true;
	case BT_RECOVER_TEST:
		if (s->b != NOREG)
			sized_rr(e, s->size, OP_TEST_EV_GV, a, tx_gpr(s->b));
		else
			sized_imm(e, s->size, OP_UNARY_EV, UNARY_TEST, a, s->imm);
		return true;
	case BT_RECOVER_LOGIC:
		sized_rr(e, s->size, OP_TEST_EV_GV, a, a);
		return true;
	case BT_RECOVER_ADD:
		emit_mov(e, R9, a);
		alu(e, s, ALU_SUB, R9);
		alu(e, s, ALU_ADD, R9);
		return true;
	case BT_RECOVER_SUB:
		emit_mov(e, R9, a);
		alu(e, s, ALU_ADD, R9);
		alu(e, s, ALU_SUB, R9);
		return true;
	default:
		return false;
	}
}

/* Is what has made the flags at a round's end still where it was, wherever the next round may need
 * them? */
static bool outlasts_round(const struct bt_tx *tx, const struct flag_source *end)
{
	for (unsigned n = 0; n < tx->count && tx->sources[n + 1].kind == BT_RECOVER_SAVED; n++)
		if (tsr_bt_overwrites(&tx->insns[n], end))
			return false;
	return true;
}

/* Can the flags that a round of the loop ends with be made again in the next one? */
bool tsr_bt_flags_of_round(const struct bt_tx *tx)
{
	const struct flag_source *end = &tx->sources[tx->count];

	return tx->loop && end->kind != BT_RECOVER_NONE && end->kind != BT_RECOVER_SAVED &&
	       outlasts_round(tx, end);
}

/* In a loop they are those of the block's start, or those that its last round has made. */
static void remake_saved(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	uint32_t of_round = 0, done;

	if (tsr_bt_flags_of_round(tx)) {
		emit_rm(e, false, OP_ALU_EV_IB, ALU_CMP, BT_FIELD(hot.saved_flags));
		emit_u8(e, 0);
		of_round = emit_jcc8(e, CC_E);
	}
	emit_rm(e, false, OP_GROUP5, GROUP5_PUSH, BT_FIELD(hot.saved_flags));
	emit_popfq(e);
	if (!of_round)
		return;
	done = emit_jmp8(e);
	emit_land8(e, of_round);
	remake(tx, &tx->sources[tx->count]);
	emit_land8(e, done);
}

void tsr_bt_flags_remake(struct bt_tx *tx, const struct flag_source *s)
{
	if (s->kind == BT_RECOVER_SAVED)
		remake_saved(tx);
	else
		remake(tx, s);
}

static void restore(struct bt_tx *tx, const struct flag_source *s)
{
	tx_part(tx, BT_PART_FLAGS);
	tx->clobbered = !remake(tx, s);
}

void tsr_bt_flags_restore_needed(struct bt_tx *tx)
{
	if (!tx->clobbered || !tx->flags_needed[tx->index] || tsr_bt_calls_on(tx, tx->index))
		return;
	restore(tx, &tx->sources[tx->index]);
	tx_part(tx, BT_PART_BODY);
}

void tsr_bt_flags_restore_end(struct bt_tx *tx)
{
	if (tx->clobbered)
		restore(tx, &tx->sources[tx->count]);
}

/* Before a CALL or RET, which neither needs nor writes them itself. */
void tsr_bt_flags_restore_here(struct bt_tx *tx)
{
	if (tx->clobbered)
		restore(tx, &tx->sources[tx->index]);
}

/* At the back edge of a loop. */
void tsr_bt_flags_save_round(struct bt_tx *tx)
{
	if (!tx->flags_saved || tx->sources[tx->count].kind == BT_RECOVER_SAVED)
		return;
	if (tsr_bt_flags_of_round(tx))
		emit_store_imm(&tx->e, BT_FIELD(hot.saved_flags), 0);
	else
		tsr_bt_flags_save(tx);
}

void tsr_bt_flags_save(struct bt_tx *tx)
{
	if (!tx->flags_saved)
		return;
	tx_part(tx, BT_PART_FLAGS);
	emit_pushfq(&tx->e);
	emit_pop_mem(&tx->e, BT_FIELD(hot.saved_flags));
}
