/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Has an exit been requested? Code asks before it jumps back within its page; a jump to another
 * page finds out by the tag word. In most blocks it calls C, which finds the instruction by the
 * return address. In blocks that use the window it goes out of line and leaves the block there, so
 * that no C runs in it, and what was checked in the window still holds behind the poll. It asks
 * before the flags are made that the jump needs, where that can be: a comparison clobbers older
 * ones. The stub does that as well, and what else stands between, if it is little and uses no
 * memory; or it makes the older flags again and leaves there:
 *
 *		test poll, r15d
 *		jne  stub
 *		cmp  eax, edx		stub:	cmp  eax, edx
 *		jcc  back			out, before the jcc
 */
#include "lower/count.h"
#include "lower/exits.h"
#include "lower/flag-restore.h"
#include "lower/fp-sites.h"
#include "lower/islands.h"
#include "lower/lower.h"
#include "lower/memory.h"
#include "lower/poll.h"

#define REPLAYS_MAX 4 /* instructions that a stub does */

/* To the stub; the flags are lost. The word is 0 or all ones, and r15d is not 0: a TEST with a
 * register and its jump are one operation for the host, a CMP with 0 is not. */
void tsr_bt_poll_overwritten(struct bt_tx *tx, struct stub *s)
{
	struct emitter *e = &tx->e;

	emit_rm(e, false, OP_TEST_EV_GV, R15, BT_FIELD(hot.poll));
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

static bool jumps_back(const struct bt_tx *tx, const struct bt_insn *i)
{
	return (i->kind == BT_JCC || (i->kind == BT_JMP && !i->memory && i->opcode != OP_GROUP5)) &&
	       i->target <= i->eip && i->target <= tx->bt->mode.cs_limit &&
	       tsr_bt_same_page(tx, i->target);
}

/* Can a stub do it? */
static bool is_simple(const struct bt_insn *i)
{
	return (i->kind == BT_COPY && !i->memory && !i->lock &&
		!(i->map == 1 && (i->opcode & 0xf8) == OP_0F_BSWAP)) ||
	       i->kind == BT_LEA || i->kind == BT_NOP;
}

static bool makes_flags(const struct bt_insn *i)
{
	return i->flags_written == TSR_FLAGS_ARITHMETIC && !i->flags_read;
}

/* The stub can do all from there on to the jump. */
static bool plan_replay(struct bt_tx *tx, unsigned last)
{
	for (unsigned n = last; n-- > 0 && last - n <= REPLAYS_MAX;) {
		if (!is_simple(&tx->insns[n]))
			return false;
		tx->poll_at = n;
		tx->poll_replays = last - n;
		if (makes_flags(&tx->insns[n]))
			return true;
	}
	return false;
}

/* The block can be left there, with older flags made again. */
static bool plan_early(struct bt_tx *tx, unsigned last)
{
	tx->poll_replays = 0;
	for (unsigned n = last; n-- > 0;) {
		const struct flag_source *before = &tx->sources[n];

		tx->poll_at = n;
		if (is_simple(&tx->insns[n]) && makes_flags(&tx->insns[n]) &&
		    before->kind != BT_RECOVER_NONE && before->kind != BT_RECOVER_SAVED)
			return true;
	}
	return false;
}

/* Is there an instruction that makes all flags, before which the poll of the jump at the block's
 * end can stand? What made older flags must be known already (liveness.c). */
void tsr_bt_poll_plan(struct bt_tx *tx)
{
	unsigned last = tx->count - 1;

	tx->poll_ahead = tx->windowed && !tx->calls && !tx->bt->options.lockstep &&
			 !tsr_bt_after_sti(tx, last) && jumps_back(tx, &tx->insns[last]) &&
			 (plan_replay(tx, last) || plan_early(tx, last));
}

/* The current instruction is the one that was planned. */
void tsr_bt_poll_planned(struct bt_tx *tx)
{
	struct stub *s = tx_stub(tx, STUB_LEAVE);

	tsr_bt_island_check(tx);
	tx_part(tx, BT_PART_POLL);
	s->replays = (uint8_t)tx->poll_replays;
	s->done = (uint8_t)(tx->index + s->replays);
	s->eip = tx->insns[s->done].eip;
	s->clobbered = !s->replays;
	s->source = tx->sources[tx->index];
	tsr_bt_poll_overwritten(tx, s);
	tx_part(tx, BT_PART_BODY);
}

/* The stub does the instructions that stand between the poll and the jump. */
static void replay(struct bt_tx *tx, const struct stub *s)
{
	const struct bt_insn *insn = tx->insn;
	unsigned index = tx->index;

	for (tx->index = s->done - s->replays; tx->index < s->done; tx->index++) {
		tx->insn = &tx->insns[tx->index];
		if (tx->insn->kind == BT_LEA)
			tsr_bt_lower_lea(tx);
		else if (tx->insn->kind == BT_COPY)
			tsr_bt_lower_copy(tx);
	}
	tx->index = index;
	tx->insn = insn;
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
	replay(tx, s);
	tsr_bt_fp_store(tx, s->fp_code, s->fp_data);
	if (tx->lowered > s->done)
		tsr_bt_count_return(tx, s->done);
	tx_load_eip(tx, R8, s->eip);
	emit_jmp(e, tx->bt->rt.lookup);
}
