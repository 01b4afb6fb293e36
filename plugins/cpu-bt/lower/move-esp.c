/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ESP or SP moved. */
#include "lower/groups.h"
#include "lower/move-esp.h"
#include "lower/stack.h"
#include "lower/window.h"

static bool is_simple(const struct bt_insn *i)
{
	uint8_t reg = i->has_modrm ? bt_modrm_rm(i) : i->opcode & 7;

	return (i->kind == BT_PUSH || i->kind == BT_POP) && !i->memory && i->operand_size == 4 &&
	       reg != TSR_ESP;
}

static bool is_simple_ret(const struct bt_tx *tx, const struct bt_insn *i)
{
	return i->kind == BT_RET && i->opcode == OP_RET && i->operand_size == 4 &&
	       tx->bt->mode.cs_limit == UINT32_MAX;
}

/* Is the next instruction a PUSH, POP or RET that can move ESP for this one, too? It uses memory
 * that is checked, so nothing leaves the block in between; or a block without checks leaves by a
 * stub that moves it (window.c). `own`: how far this one moves it. */
static bool joins_next(struct bt_tx *tx, int32_t own)
{
	const struct bt_insn *next = &tx->insns[tx->index + 1];
	struct bt_ea ea;

	if (!tx->windowed || tx->index + 1 >= tx->count || !is_simple(tx->insn) ||
	    !(is_simple(next) || is_simple_ret(tx, next)))
		return false;
	ea = tsr_bt_stack_ea(tx, own - (next->kind == BT_PUSH ? 4 : 0));
	if (tx->unchecked)
		return tsr_bt_window_possible(tx, &ea, 4);
	return tsr_bt_group_covering(tx, &ea, 4, next->kind == BT_PUSH ? BT_WRITE : BT_READ);
}

/* After the instruction's access. Runs of PUSH and POP move it once. */
void tsr_bt_move_esp(struct bt_tx *tx, int32_t by)
{
	if (tx_stack32(tx)) {
		bool joins = joins_next(tx, by);

		by += tx->esp_ahead;
		tx->esp_ahead = joins ? by : 0;
		if (!joins)
			emit_lea(&tx->e, R12, HOST_MEM(R12, by));
	} else {
		emit_lea(&tx->e, R9, HOST_MEM(R12, by));
		emit_mov16(&tx->e, R12, R9);
	}
}
