/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of C in the middle of translated code: code/calls.h has the table. */
#include "lower/call.h"
#include "lower/count.h"
#include "lower/exits.h"
#include "lower/islands.h"
#include "lower/move-esp.h"

static const uint8_t may[BT_CALL_ROWS] = {
#define ROW(name, function, what) [BT_CALL_##name] = what,
	BT_CALLS(ROW)
#undef ROW
};

static void call(struct bt_tx *tx, enum bt_call row, uint32_t how)
{
	tx_part(tx, BT_PART_CALL);
	emit_mov_imm(&tx->e, R8, (uint32_t)row << BT_CALL_SHIFT | how);
}

/* What changes the mode has code of its own (runtime/crossing.c), which goes on to `helper` where
 * it does not know what to do. */
static uint32_t routine_of(const struct bt_tx *tx, enum bt_call row, uint32_t how)
{
	const struct bt_runtime *rt = &tx->bt->rt;

	if (row == BT_CALL_SEGMENT_LOAD && tx->mode & BT_MODE_CPL0 &&
	    !(tx->mode & BT_MODE_CS_WRITE))
		return rt->segment[2 * BT_CALL_SEGMENT(how) + !!(how & BT_SEGMENT_POP)];
	return may[row] & BT_CHANGES_MODE ? rt->ts : rt->helper;
}

void tsr_bt_call(struct bt_tx *tx, enum bt_call row, uint32_t how, uint32_t site)
{
	call(tx, row, how);
	emit_mov_imm(&tx->e, R9, site);
	emit_call(&tx->e, routine_of(tx, row, how));
	tx_part(tx, BT_PART_BODY);
	if (may[row] & BT_MAY_UNLOAD_FP)
		tx->fp_checked = false;
}

void tsr_bt_call_without_site(struct bt_tx *tx, enum bt_call row)
{
	call(tx, row, 0);
	emit_call(&tx->e, tx->bt->rt.helper);
	tx_part(tx, BT_PART_BODY);
}

/* The call returns to the first jump, as the host predicts, or behind it (code/calls.h). */
void tsr_bt_call_or_leave(struct bt_tx *tx, enum bt_call row, uint32_t how, uint32_t site,
			  unsigned pop)
{
	struct emitter *e = &tx->e;
	uint32_t usual, other, same, changed;

	tsr_bt_call(tx, row, how, site);
	usual = emit_jmp(e, 0);
	other = emit_jmp(e, 0); /* control does come here: not to the island */
	tsr_bt_island(tx);
	changed = may[row] & BT_CHANGES_MODE ? usual : other;
	same = may[row] & BT_CHANGES_MODE ? other : usual;
	emit_patch32(e, changed, emit_here(e));
	if (pop)
		tsr_bt_move_esp(tx, (int32_t)pop);
	tsr_bt_count_return(tx, tx->index + 1);
	tsr_bt_look_up(tx, tx->insn->eip + tx->insn->length);
	emit_patch32(e, same, emit_here(e));
	if (pop)
		tsr_bt_move_esp(tx, (int32_t)pop);
}
