/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Code out of line, after a block: exits of conditional jumps, bails. */
#include "lower/count.h"
#include "lower/exits.h"
#include "lower/fp-checks.h"
#include "lower/fp-sites.h"
#include "lower/islands.h"
#include "lower/poll.h"
#include "lower/returns.h"
#include "lower/stubs.h"
#include "lower/window.h"

static void land(struct bt_tx *tx, const uint32_t *jumps, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		emit_patch32(&tx->e, jumps[i], emit_here(&tx->e));
}

static void restore_scratch(struct bt_tx *tx, const struct stub *s)
{
	if (s->flags_pushed)
		emit_popfq(&tx->e);
	if (s->live)
		emit_mov64(&tx->e, RCX, R10);
	if (s->flags_in_ax) {
		emit_flags_from_ax(&tx->e);
		emit_mov64(&tx->e, RAX, R10);
	}
}

static void emit_bail(struct bt_tx *tx, const struct stub *s)
{
	restore_scratch(tx, s);
	if (s->undo)
		tsr_bt_sse_undo(tx, s->undo - 1);
	tsr_bt_fp_store(tx, s->fp_code, s->fp_data);
	if (tx->lowered > s->done)
		tsr_bt_count_return(tx, s->done);
	tx_load_eip(tx, R8, s->eip);
	emit_mov_imm(&tx->e, R9, s->mnemonic);
	emit_jmp(&tx->e, tx->bt->rt.bail);
}

static void emit_exit(struct bt_tx *tx, const struct stub *s)
{
	struct bt_exit *x = &tx->bt->cache.exits[s->exit];

	x->stub = (uint16_t)(emit_here(&tx->e) - x->patch);
	emit_call(&tx->e, tx->bt->rt.chain);
}

static void emit_fp(struct bt_tx *tx, const struct stub *s)
{
	restore_scratch(tx, s);
	emit_mov_imm(&tx->e, R8, bt_fp_load_kind(tx->mode));
	if (tx->mode & BT_MODE_SSE_UNMASKED)
		emit_call(&tx->e, tx->bt->rt.fp_load_masked);
	else
		emit_call(&tx->e,
			  tx->mode & BT_MODE_SSE ? tx->bt->rt.fp_load : tx->bt->rt.fp_load_x87);
	emit_jmp(&tx->e, s->back);
}

static void emit_far_jump(struct bt_tx *tx, const struct stub *s)
{
	tsr_bt_goto(tx, s->eip);
}

/* clang-format off */
static const struct {
	void (*emit)(struct bt_tx *tx, const struct stub *s);
	enum bt_code_part part;
} kinds[] = {
	[STUB_BAIL] = { emit_bail, BT_PART_BAIL_STUB },     [STUB_EXIT] = { emit_exit, BT_PART_EXIT_STUB },
	[STUB_JUMP] = { emit_far_jump, BT_PART_JUMP_STUB }, [STUB_FP] = { emit_fp, BT_PART_FP_STUB },
	[STUB_WINDOW] = { tsr_bt_window_stub, BT_PART_WINDOW_STUB },
	[STUB_FAULT] = { tsr_bt_window_fault, BT_PART_WINDOW_STUB },
	[STUB_RETURNS] = { tsr_bt_returns_stub, BT_PART_RETURN_STUB },
	[STUB_LEAVE] = { tsr_bt_poll_stub, BT_PART_POLL_STUB },
};
/* clang-format on */

void tsr_bt_stubs_emit(struct bt_tx *tx)
{
	tsr_bt_island(tx);
	for (unsigned i = 0; i < tx->stub_count && !tx_failed(tx); i++) {
		const struct stub *s = &tx->stubs[i];

		tx_mark(tx, kinds[s->kind].part, s->done);
		land(tx, s->jumps, s->jump_count);
		kinds[s->kind].emit(tx, s);
	}
}
