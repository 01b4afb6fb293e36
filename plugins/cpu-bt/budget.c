/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs with a budget of instructions, those of deterministic machines: every block begins by taking the instructions that it
 * translates off `left`; if there are not so many, the interpreter does the last few. Whoever leaves a block early gives back what
 * was not done. state.instructions is exact outside of translated code. What may look at the time or raise an interrupt (ports,
 * device memory, RDTSC) is the interpreter's, and a block ends where a waiting interrupt may come: so interrupts come at the same
 * instruction as in the interpreter alone, and a run leaves the same state.
 */
#include <string.h>

#include "tx.h"

#define LEFT_MAX (1 << 30) /* the upper half of `left` is its sign */

/* -- emission */

/* What the four bytes before here shall be, once it is known how many instructions the block translates. */
static void fix_up(struct bt_tx *tx, unsigned done, bool take)
{
	if (tx->count_fixup_count >= tx->count_fixup_max) {
		tx->full = true;
		return;
	}
	tx->count_fixups[tx->count_fixup_count++] =
		(struct count_fixup){ .at = emit_here(&tx->e) - 4, .done = (uint8_t)done, .take = take };
}

/* left += what is filled in before the store. Flags kept; r9 is lost. */
static void change_left(struct bt_tx *tx, unsigned done, bool take)
{
	emit_load64(&tx->e, R9, BT_FIELD(left));
	emit_lea64(&tx->e, R9, HOST_MEM(R9, INT32_MIN)); /* a long displacement */
	fix_up(tx, done, take);
	emit_store64(&tx->e, BT_FIELD(left), R9);
}

/* At the block's start. */
void tsr_bt_budget_take(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	uint32_t enough;

	tx->count_fixup_count = 0;
	if (!tx->bt->counted)
		return;
	change_left(tx, 0, true);
	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, HOST_MEM(R15, offsetof(struct tsr_bt, left) + 4));
	enough = emit_jrcxz(e);
	emit_mov64(e, RCX, R10);
	emit_mov_imm(e, R8, tx->insns[0].eip);
	emit_mov_imm(e, R9, 0);
	fix_up(tx, 0, false);
	emit_jmp(e, tx->bt->rt.spent);
	emit_land8(e, enough);
	emit_mov64(e, RCX, R10);
}

/* Before a jump out of the block of which `done` instructions are done. */
void tsr_bt_budget_return(struct bt_tx *tx, unsigned done)
{
	if (tx->bt->counted)
		change_left(tx, done, false);
}

/* The block is lowered. */
void tsr_bt_budget_fix(struct bt_tx *tx)
{
	for (unsigned i = 0; i < tx->count_fixup_count; i++) {
		const struct count_fixup *f = &tx->count_fixups[i];
		int32_t value = f->take ? -tx->lowered : tx->lowered - f->done;

		memcpy(tx->e.base + f->at, &value, sizeof(value));
	}
	tx->count_fixup_count = 0;
}

/* -- between translated code and the rest */

/* Before translated code is entered, and when the interpreter ran in between. */
void tsr_bt_budget_in(struct tsr_bt *bt)
{
	uint64_t left = bt->budget_end - bt->state.instructions;

	if (!bt->counted)
		return;
	bt->left = left < LEFT_MAX ? (int64_t)left : LEFT_MAX;
	bt->left_until = bt->state.instructions + (uint64_t)bt->left;
}

/* Behind it. `ahead`: instructions of the block that it was left before. May be called again. */
void tsr_bt_budget_out(struct tsr_bt *bt)
{
	if (bt->counted)
		bt->state.instructions = bt->left_until - (uint64_t)(bt->left += bt->ahead);
	bt->ahead = 0;
}

/* Is nothing left at a block's end? */
bool tsr_bt_budget_over(const struct tsr_bt *bt)
{
	return bt->counted && bt->left <= 0;
}

/* A block at EIP of `taken` instructions that are too many. */
struct bt_outcome tsr_bt_spent(struct tsr_bt *bt, uint32_t eip, uint32_t taken)
{
	bt->left += taken;
	bt->state.eip = eip;
	bt->exit_value = (uint32_t)bt->left;
	bt->exit_reason = BT_EXIT_REST;
	return (struct bt_outcome){ 0, -1 };
}

/* A look-up within a block that is not at its end. */
struct bt_outcome tsr_bt_early(struct tsr_bt *bt, uint32_t eip, uint32_t ahead)
{
	bt->left += ahead;
	return tsr_bt_lookup(bt, eip, 0);
}
