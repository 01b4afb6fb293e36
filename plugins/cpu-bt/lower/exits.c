/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ways out of a block. Within the guest page of the block they are host jumps, linked when first
 * taken; direct jumps of hot blocks to other pages are linked for one tag. Everything else goes
 * through the jump cache (code/jump.c): by code that all blocks share; or in a hot block through
 * the map of targets, or the jump cache by code of its own. No flag is touched anywhere.
 */
#include <Zydis/Zydis.h>

#include "code/calls.h"
#include "code/jump.h"
#include "lower/exits.h"
#include "lower/flag-restore.h"
#include "lower/fp-sites.h"
#include "lower/islands.h"
#include "lower/memory.h"

bool tsr_bt_same_page(const struct bt_tx *tx, uint32_t eip)
{
	int64_t offset =
		(int64_t)(tx->gpa & TSR_PAGE_MASK) + ((int64_t)eip - (int64_t)tx->insns[0].eip);

	return offset >= 0 && offset < (int64_t)TSR_PAGE_SIZE;
}

/* r8d = EIP */
static void jump_cache(struct bt_tx *tx)
{
	const struct tsr_bt *bt = tx->bt;
	uint32_t hit;

	tsr_bt_flags_restore_end(tx);
	tx_part(tx, BT_PART_JUMP_CACHE);
	if (tx->hot && !bt->options.lockstep && bt->targets.region) {
		tsr_bt_jump_mapped(&tx->e);
		tsr_bt_island(tx);
	} else if (tx->hot && !bt->options.lockstep) {
		hit = tsr_bt_jump_begin(bt, &tx->e);
		tsr_bt_island(tx);
		tsr_bt_jump_end(&tx->e, hit);
	} else {
		emit_jmp(&tx->e, bt->options.lockstep ? bt->rt.done : bt->rt.jump);
		tsr_bt_island(tx);
	}
}

void tsr_bt_goto_indirect(struct bt_tx *tx)
{
	jump_cache(tx);
}

/* By a CALL of the host's. Flags are made again already. */
void tsr_bt_call_indirect(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	uint32_t over, jump;

	if (tx->bt->targets.region) {
		tx_part(tx, BT_PART_JUMP_CACHE);
		tsr_bt_call_mapped(e);
		return;
	}
	over = emit_jmp8(e);
	jump = emit_here(e);
	jump_cache(tx);
	emit_land8(e, over);
	emit_call(e, jump);
}

static struct bt_exit *new_exit(struct bt_tx *tx, uint32_t eip, uint32_t rel32, uint32_t *number)
{
	struct tsr_bt *bt = tx->bt;
	bool room = bt->cache.exit_count < bt->cache.exit_max - 1 && /* the last takes what the
									table has no room for */
		    bt->cache.exit_count - tx->exits < BT_BLOCK_EXITS_MAX;

	tx->full |= !room;
	*number = room ? bt->cache.exit_count++ : bt->cache.exit_max - 1;
	bt->cache.exits[*number] = (struct bt_exit){ .patch = rel32, .eip = eip, .next = BT_NONE };
	return &bt->cache.exits[*number];
}

/* A RET comes to here. If the block becomes invalid, it goes on to the jump cache instead. */
void tsr_bt_arrival(struct bt_tx *tx, uint32_t eip)
{
	uint32_t number;

	new_exit(tx, eip, emit_here(&tx->e) - 4, &number)->arrival = true;
}

/* To another page: a link for one tag. A request to leave changes the tag word here as well. */
static void goto_guarded(struct bt_tx *tx, uint32_t eip)
{
	struct emitter *e = &tx->e;
	uint32_t number, guard, linked;
	struct bt_exit *x;

	tx_part(tx, BT_PART_JUMP_CACHE);
	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, BT_AT(offsetof(struct tsr_bt, hot.tag_word) + 4));
	emit_lea(e, RCX, HOST_MEM(RCX, INT32_MAX)); /* has a displacement of four bytes */
	guard = emit_here(e) - 4;
	linked = emit_jrcxz(e);
	emit_mov64(e, RCX, R10);
	emit_mov_imm(e, R8, eip);
	emit_call(e, tx->bt->rt.chain);
	x = new_exit(tx, eip, emit_here(e) - 4, &number);
	x->guard = (uint8_t)(x->patch - guard);
	tsr_bt_island(tx);
	emit_land8(e, linked);
	emit_mov64(e, RCX, R10);
	x->landing = (uint16_t)(emit_jmp(e, 0) - x->patch);
	emit_patch32(e, guard, guard + 4); /* 0: no tag */
}

void tsr_bt_goto(struct bt_tx *tx, uint32_t eip)
{
	uint32_t number;

	tsr_bt_flags_restore_end(tx);
	if (tx->part != BT_PART_JUMP_STUB)
		tx_part(tx, BT_PART_EXIT);
	if (!tx->bt->options.lockstep && tsr_bt_same_page(tx, eip)) {
		emit_call(&tx->e, tx->bt->rt.chain);
		new_exit(tx, eip, emit_here(&tx->e) - 4, &number);
		tsr_bt_island(tx);
	} else if (tx->hot && tx->bt->options.chain && !tx->bt->options.lockstep) {
		goto_guarded(tx, eip);
	} else {
		tsr_bt_look_up(tx, eip);
	}
}

/* The call that stands before here leads to a block at eip that uses no window. */
void tsr_bt_plain_exit(struct bt_tx *tx, uint32_t eip)
{
	uint32_t number;

	new_exit(tx, eip, emit_here(&tx->e) - 4, &number)->plain = true;
}

void tsr_bt_look_up(struct bt_tx *tx, uint32_t eip)
{
	tx_load_eip(tx, R8, eip);
	jump_cache(tx);
}

/* The instruction behind an STI is done: a waiting interrupt comes now. */
static void window(struct bt_tx *tx, uint32_t eip)
{
	struct emitter *e = &tx->e;
	uint32_t stay;

	tx_part(tx, BT_PART_POLL);
	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, BT_FIELD(hot.poll));
	stay = emit_jrcxz(e);
	emit_mov64(e, RCX, R10);
	tx_load_eip(tx, R8, eip);
	emit_jmp(e, tx->bt->rt.lookup);
	emit_land8(e, stay);
	emit_mov64(e, RCX, R10);
}

void tsr_bt_exit_from(struct bt_tx *tx, unsigned index, uint32_t eip)
{
	tsr_bt_flags_restore_end(tx);
	if (tsr_bt_window(tx, index) && !tx->bt->options.lockstep)
		window(tx, eip);
	tsr_bt_goto(tx, eip);
	tx->ended = true;
}

void tsr_bt_exit(struct bt_tx *tx, uint32_t eip)
{
	tsr_bt_exit_from(tx, tx->index - 1, eip);
}

/* Two have code of their own, which goes on to `bail` where it does not know what to do. */
static uint32_t bridge_of(const struct bt_tx *tx)
{
	switch (tx->insn->mnemonic) {
	case ZYDIS_MNEMONIC_SYSENTER:
		return tx->bt->rt.sysenter;
	case ZYDIS_MNEMONIC_SYSEXIT:
		return tx->bt->rt.sysexit;
	default:
		return tx->bt->rt.bail;
	}
}

void tsr_bt_bail_out(struct bt_tx *tx)
{
	tsr_bt_fp_flush(tx);
	tx_part(tx, BT_PART_BAIL);
	if (tx->clobbered) {
		emit_mov_imm(&tx->e, R8, (uint32_t)BT_CALL_FLAGS << BT_CALL_SHIFT);
		emit_mov_imm(&tx->e, R9, tsr_bt_site(tx, 0, BT_READ));
		emit_call(&tx->e, tx->bt->rt.helper);
		tx->clobbered = false;
	}
	if (tsr_bt_after_sti(tx, tx->index))
		emit_store_imm(&tx->e, BT_FIELD(state.shadow), TSR_SHADOW_STI);
	tx_load_eip(tx, R8, tx->insn->eip);
	emit_mov_imm(&tx->e, R9, tx->insn->mnemonic);
	emit_jmp(&tx->e, bridge_of(tx));
	tsr_bt_island(tx);
	tx->ended = true;
}

/* The rel32 at `at` belongs to a conditional jump to eip. */
void tsr_bt_goto_if(struct bt_tx *tx, uint32_t at, uint32_t eip)
{
	bool link = !tx->bt->options.lockstep && tsr_bt_same_page(tx, eip);
	struct stub *s = tx_stub(tx, link ? STUB_EXIT : STUB_JUMP);

	s->eip = eip;
	tx_stub_jump(tx, s, at);
	if (link)
		new_exit(tx, eip, at, &s->exit);
}
