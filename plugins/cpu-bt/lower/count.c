/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The count of a block with a budget (budget.c): code that takes its instructions off `left`, and
 * gives back what was not done. */
#include <string.h>

#include "lower/count.h"

/* Notes that the four bytes before here will be filled in, once it is known how many instructions
 * the block translates. */
static void fix_up(struct bt_tx *tx, unsigned done, bool take)
{
	if (tx->count_fixup_count >= tx->count_fixup_max) {
		tx->full = true;
		return;
	}
	tx->count_fixups[tx->count_fixup_count++] = (struct count_fixup){
		.at = emit_here(&tx->e) - 4, .done = (uint8_t)done, .take = take
	};
}

/* left += what is filled in before the store. Flags kept; r9 is lost. */
static void change_left(struct bt_tx *tx, unsigned done, bool take)
{
	emit_load64(&tx->e, R9, BT_FIELD(hot.left));
	emit_lea64(&tx->e, R9, HOST_MEM(R9, INT32_MIN)); /* a long displacement */
	fix_up(tx, done, take);
	emit_store64(&tx->e, BT_FIELD(hot.left), R9);
}

/* At the block's start. */
void tsr_bt_count_take(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	uint32_t enough;

	tx->count_fixup_count = 0;
	if (!tx->bt->budget.counted)
		return;
	tx_part(tx, BT_PART_COUNT);
	change_left(tx, 0, true);
	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, BT_AT(offsetof(struct tsr_bt, hot.left) + 4));
	enough = emit_jrcxz(e);
	emit_mov64(e, RCX, R10);
	tx_load_eip(tx, R8, tx->insns[0].eip);
	emit_mov_imm(e, R9, 0);
	fix_up(tx, 0, false);
	emit_jmp(e, tx->bt->rt.spent);
	emit_land8(e, enough);
	emit_mov64(e, RCX, R10);
}

/* Before a jump out of the block of which `done` instructions are done. */
void tsr_bt_count_return(struct bt_tx *tx, unsigned done)
{
	if (tx->bt->budget.counted)
		change_left(tx, done, false);
}

/* The block is lowered. */
void tsr_bt_count_fix(struct bt_tx *tx)
{
	for (unsigned i = 0; i < tx->count_fixup_count; i++) {
		const struct count_fixup *f = &tx->count_fixups[i];
		int32_t value = f->take ? -tx->lowered : tx->lowered - f->done;

		memcpy(tx->e.base + f->at, &value, sizeof(value));
	}
	tx->count_fixup_count = 0;
}
