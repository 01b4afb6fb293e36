/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blocks in the window that jump back to their own start, which hot code often is. What need not be
 * done again is done before the loop: the window's address is loaded, the flags are saved, and what
 * lies around registers that the loop does not change is checked.
 *
 *	start:	pushf; pop saved_flags	   if checks clobber flags that are older than the block
 *		checks
 *		jmp body
 *	back:	mov saved_flags, 0	   those flags are now the ones that the loop's end has
 *made, if they can be made again; else pushf; pop saved_flags
 *		cmp poll, 0; jne stub	   if they are overwritten first; else by JRCXZ
 *	body:	...
 *		jcc back
 *
 * The poll may stand before the comparison instead (poll.c).
 *
 * No C runs in such a loop, so nothing that was checked can change: an operand that would need a
 * slow path makes an ordinary block of it (translate/block.c).
 */
#include "lower/exits.h"
#include "lower/flag-restore.h"
#include "lower/loop.h"
#include "lower/poll.h"
#include "lower/stride.h"
#include "lower/window.h"

bool tsr_bt_loop_possible(const struct bt_tx *tx)
{
	const struct bt_insn *last = &tx->insns[tx->count - 1];
	const struct tsr_bt *bt = tx->bt;

	return tx->windowed && !tx->calls && bt->options.chain && !bt->options.lockstep &&
	       !bt->budget.counted && last->kind == BT_JCC && last->target == tx->insns[0].eip &&
	       !tsr_bt_after_sti(tx, tx->count - 1);
}

/* Asks at the back edge. The stub leaves before the block's first instruction. */
static void poll(struct bt_tx *tx)
{
	struct stub *s;

	if (tx->poll_ahead)
		return;
	s = tx_stub(tx, STUB_LEAVE);
	s->eip = tx->insns[0].eip;
	tx_part(tx, BT_PART_POLL);
	if (tx->strided) {
		s->clobbered = true;
		s->source.kind = BT_RECOVER_SAVED;
		tsr_bt_poll_overwritten(tx, s);
	} else if (tx->start_overwritten && tsr_bt_flags_of_round(tx)) {
		s->clobbered = true;
		s->source = tx->sources[tx->count];
		tsr_bt_poll_overwritten(tx, s);
		tx->clobbered = true;
	} else {
		tsr_bt_poll_live(tx, s);
	}
}

void tsr_bt_loop_begin(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	uint32_t body;

	tx->in_body = false;
	tsr_bt_window_hoist(tx);
	if (tx->poll_ahead && !tx->flags_saved) { /* there is nothing to be done between rounds */
		tx->loop_back = emit_here(e);
		tx->in_body = true;
		return;
	}
	body = emit_jmp8(e);
	tx->loop_back = emit_here(e);
	tsr_bt_flags_save_round(tx);
	poll(tx);
	if (!tx->strided)
		tx_part(tx, BT_PART_BODY);
	emit_land8(e, body);
	if (tx->strided)
		tsr_bt_stride_begin(tx);
	tx->in_body = true;
}
