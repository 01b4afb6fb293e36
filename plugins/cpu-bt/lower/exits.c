/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ways out of a block. Within the guest page of the block they are host jumps, linked when first
 * taken. Everything else goes through the jump cache, inline: the entry's key and EIP and the tag
 * word add up to zero on a hit. A request to leave changes the tag word, so that the next look-up
 * misses. No flag is touched anywhere.
 */
#include "code/calls.h"
#include "lower/exits.h"
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
	struct emitter *e = &tx->e;
	int32_t jumps = (int32_t)offsetof(struct tsr_bt, hot.jumps);
	_Static_assert(BT_JUMP_BITS == 16, "the index is made by MOVZX");
	uint32_t hit;

	tsr_bt_island_check(tx);
	tx_part(tx, BT_PART_JUMP_CACHE);
	emit_load(e, R9, BT_FIELD(hot.jump_offset));
	emit_lea(e, R9, HOST_SIB(R9, R8, 0, 0));
	emit_movzx16(e, R9, R9);
	emit_lea(e, R9, HOST_SIB(R9, R9, 0, 0));
	emit_mov64(e, R10, RCX);
	emit_load64(e, RCX, HOST_SIB(R15, R9, 3, jumps));
	emit_load64(e, R11, BT_FIELD(hot.tag_word));
	emit_lea64(e, RCX, HOST_SIB(RCX, R8, 0, 0));
	emit_lea64(e, RCX, HOST_SIB(RCX, R11, 0, 0));
	hit = emit_jrcxz(e);
	emit_mov64(e, RCX, R10);
	emit_jmp(e, tx->bt->rt.lookup);
	tsr_bt_island(tx);
	emit_land8(e, hit);
	emit_mov64(e, RCX, R10);
	emit_jmp_mem(e, HOST_SIB(R15, R9, 3, jumps + (int32_t)offsetof(struct bt_jump, host)));
	tsr_bt_island(tx);
}

void tsr_bt_goto_indirect(struct bt_tx *tx)
{
	if (tx->bt->options.lockstep) {
		emit_jmp(&tx->e, tx->bt->rt.done);
		tsr_bt_island(tx);
	} else {
		jump_cache(tx);
	}
}

static void new_exit(struct bt_tx *tx, uint32_t eip, uint32_t rel32)
{
	struct tsr_bt *bt = tx->bt;
	struct stub *s = tx_stub(tx, STUB_EXIT);
	bool room = bt->cache.exit_count <
		    bt->cache.exit_max - 1; /* the last takes what the table has no room for */

	tx->full |= !room;
	s->exit = room ? bt->cache.exit_count++ : bt->cache.exit_max - 1;
	bt->cache.exits[s->exit] = (struct bt_exit){
		.patch = rel32, .eip = eip, .block = tx->block, .target = BT_NONE
	};
	tx_stub_jump(tx, s, rel32);
}

void tsr_bt_goto(struct bt_tx *tx, uint32_t eip)
{
	if (tx->part != BT_PART_JUMP_STUB)
		tx_part(tx, BT_PART_EXIT);
	if (tx->bt->options.lockstep) {
		emit_mov_imm(&tx->e, R8, eip);
		emit_jmp(&tx->e, tx->bt->rt.done);
		tsr_bt_island(tx);
	} else if (tsr_bt_same_page(tx, eip)) {
		new_exit(tx, eip, emit_jmp(&tx->e, 0));
		tsr_bt_island(tx);
	} else {
		emit_mov_imm(&tx->e, R8, eip);
		jump_cache(tx);
	}
}

/* Behind an STI: a waiting interrupt comes now. */
static void window(struct bt_tx *tx, uint32_t eip)
{
	struct emitter *e = &tx->e;
	uint32_t leave, stay;

	tx_part(tx, BT_PART_POLL);
	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, BT_FIELD(hot.poll));
	leave = emit_jrcxz(e);
	stay = emit_jmp8(e);
	emit_land8(e, leave);
	emit_mov64(e, RCX, R10);
	emit_mov_imm(e, R8, eip);
	emit_jmp(e, tx->bt->rt.lookup);
	emit_land8(e, stay);
	emit_mov64(e, RCX, R10);
}

void tsr_bt_look_up(struct bt_tx *tx, uint32_t eip)
{
	emit_mov_imm(&tx->e, R8, eip);
	jump_cache(tx);
}

void tsr_bt_exit(struct bt_tx *tx, uint32_t eip)
{
	if (tsr_bt_window(tx, tx->index - 1) && !tx->bt->options.lockstep)
		window(tx, eip);
	tsr_bt_goto(tx, eip);
	tx->ended = true;
}

void tsr_bt_bail_out(struct bt_tx *tx)
{
	tsr_bt_fp_flush(tx);
	tx_part(tx, BT_PART_BAIL);
	if (tx->clobbered) {
		emit_mov_imm(&tx->e, R8, (uint32_t)BT_CALL_FLAGS << BT_CALL_SHIFT);
		emit_mov_imm(&tx->e, R9, tsr_bt_site(tx, 0, BT_READ));
		emit_call(&tx->e, tx->bt->rt.helper);
	}
	if (tsr_bt_after_sti(tx, tx->index))
		emit_store_imm(&tx->e, BT_FIELD(state.shadow), TSR_SHADOW_STI);
	emit_mov_imm(&tx->e, R8, tx->insn->eip);
	emit_mov_imm(&tx->e, R9, tx->insn->mnemonic);
	emit_jmp(&tx->e, tx->bt->rt.bail);
	tsr_bt_island(tx);
	tx->ended = true;
}

/* The rel32 at `at` belongs to a conditional jump to eip. */
void tsr_bt_goto_if(struct bt_tx *tx, uint32_t at, uint32_t eip)
{
	struct stub *s;

	if (!tx->bt->options.lockstep && tsr_bt_same_page(tx, eip)) {
		new_exit(tx, eip, at);
		return;
	}
	s = tx_stub(tx, STUB_JUMP);
	s->eip = eip;
	tx_stub_jump(tx, s, at);
}
