/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Has an exit been requested? Code asks before it jumps back within its page; a jump to another
 * page finds out by the tag word. In most blocks it calls C, which finds the instruction by the
 * return address. In blocks that use the window it goes out of line and leaves the block there, so
 * that no C runs in it, and what was checked in the window still holds behind the poll.
 */
#include "lower/count.h"
#include "lower/flag-restore.h"
#include "lower/fp-sites.h"
#include "lower/islands.h"
#include "lower/memory.h"
#include "lower/poll.h"

/* To the stub; the flags are lost. */
void tsr_bt_poll_overwritten(struct bt_tx *tx, struct stub *s)
{
	struct emitter *e = &tx->e;

	emit_rm(e, false, OP_ALU_EV_IB, ALU_CMP, BT_FIELD(hot.poll));
	emit_u8(e, 0);
	tx_stub_jump(tx, s, emit_jcc(e, CC_NE, 0));
}

/* To the stub; the flags are kept. */
void tsr_bt_poll_live(struct bt_tx *tx, struct stub *s)
{
	struct emitter *e = &tx->e;
	uint32_t stay;

	s->live = true;
	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, BT_FIELD(hot.poll));
	stay = emit_jrcxz(e);
	tx_stub_jump(tx, s, emit_jmp(e, 0));
	emit_land8(e, stay);
	emit_mov64(e, RCX, R10);
}

/* To a stub that leaves before the current instruction. */
void tsr_bt_poll_before(struct bt_tx *tx)
{
	bool overwritten = tx->clobbered || !tsr_bt_flags_live(tx);
	struct stub *s = tx_stub(tx, STUB_LEAVE);

	tsr_bt_island_check(tx);
	tx_part(tx, BT_PART_POLL);
	if (overwritten) {
		tx->clobbered = true;
		s->clobbered = true;
		s->source = tx->sources[tx->index];
		tsr_bt_poll_overwritten(tx, s);
	} else {
		tsr_bt_poll_live(tx, s);
	}
	tx_part(tx, BT_PART_BODY);
}

/* The same by a call. */
void tsr_bt_poll_called(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	uint32_t site, stay;

	tsr_bt_island_check(tx);
	tx_part(tx, BT_PART_POLL);
	site = tsr_bt_site(tx, 0, BT_READ);
	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, BT_FIELD(hot.poll));
	stay = emit_jrcxz(e);
	emit_call(e, tx->bt->rt.poll);
	tx->bt->cache.sites[site].host = tx_host(tx);
	emit_land8(e, stay);
	emit_mov64(e, RCX, R10);
	tx_part(tx, BT_PART_BODY);
}

/* An exit is requested: out, before the instruction at s->eip. */
void tsr_bt_poll_stub(struct bt_tx *tx, const struct stub *s)
{
	struct emitter *e = &tx->e;

	if (s->live)
		emit_mov64(e, RCX, R10);
	if (s->clobbered)
		tsr_bt_flags_remake(tx, &s->source);
	tsr_bt_fp_store(tx, s->fp_code, s->fp_data);
	if (tx->lowered > s->done)
		tsr_bt_count_return(tx, s->done);
	emit_mov_imm(e, R8, s->eip);
	emit_jmp(e, tx->bt->rt.lookup);
}
