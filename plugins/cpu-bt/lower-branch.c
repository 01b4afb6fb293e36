/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Branches. Within the guest page of the block they are host jumps, linked when first taken. Everything else goes through
 * the jump cache, inline: the entry's key and EIP and the tag word add up to zero on a hit. A request to leave changes the tag
 * word, so that the next look-up misses; back edges within a page read the poll word. No flag is touched anywhere.
 */
#include <Zydis/Zydis.h>

#include "helper.h"
#include "tx.h"

static bool same_page(const struct bt_tx *tx, uint32_t eip)
{
	int64_t offset = (int64_t)(tx->gpa & TSR_PAGE_MASK) + ((int64_t)eip - (int64_t)tx->insns[0].eip);

	return offset >= 0 && offset < (int64_t)TSR_PAGE_SIZE;
}

/* Can the branch to eip be made here? Behind an STI it is the interpreter's: a waiting interrupt comes at once behind it, whichever
 * way it goes, and not before it. */
static bool possible(const struct bt_tx *tx, uint32_t eip)
{
	return eip <= tx->bt->cs_limit && !tsr_bt_after_sti(tx, tx->index);
}

/* r8d = EIP */
static void jump_cache(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	int32_t jumps = (int32_t)offsetof(struct tsr_bt, jumps);
	_Static_assert(BT_JUMP_BITS == 16, "the index is made by MOVZX");
	uint32_t hit;

	tsr_bt_island_check(tx);
	emit_load(e, R9, BT_FIELD(jump_offset));
	emit_lea(e, R9, HOST_SIB(R9, R8, 0, 0));
	emit_movzx16(e, R9, R9);
	emit_lea(e, R9, HOST_SIB(R9, R9, 0, 0));
	emit_mov64(e, R10, RCX);
	emit_load64(e, RCX, HOST_SIB(R15, R9, 3, jumps));
	emit_load64(e, R11, BT_FIELD(tag_word));
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

static void goto_indirect(struct bt_tx *tx)
{
	if (tx->bt->lockstep) {
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
	bool room = bt->exit_count < bt->exit_max - 1; /* the last takes what the table has no room for */

	tx->full |= !room;
	s->exit = room ? bt->exit_count++ : bt->exit_max - 1;
	bt->exits[s->exit] = (struct bt_exit){ .patch = rel32, .eip = eip, .block = tx->block, .target = BT_NONE };
	tx_stub_jump(tx, s, rel32);
}

static void goto_eip(struct bt_tx *tx, uint32_t eip)
{
	if (tx->bt->lockstep) {
		emit_mov_imm(&tx->e, R8, eip);
		emit_jmp(&tx->e, tx->bt->rt.done);
		tsr_bt_island(tx);
	} else if (same_page(tx, eip)) {
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

	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, BT_FIELD(poll));
	leave = emit_jrcxz(e);
	stay = emit_jmp8(e);
	emit_land8(e, leave);
	emit_mov64(e, RCX, R10);
	emit_mov_imm(e, R8, eip);
	emit_jmp(e, tx->bt->rt.lookup);
	emit_land8(e, stay);
	emit_mov64(e, RCX, R10);
}

void tsr_bt_lower_look_up(struct bt_tx *tx, uint32_t eip)
{
	emit_mov_imm(&tx->e, R8, eip);
	jump_cache(tx);
}

void tsr_bt_lower_exit(struct bt_tx *tx, uint32_t eip)
{
	if (tsr_bt_window(tx, tx->index - 1) && !tx->bt->lockstep)
		window(tx, eip);
	goto_eip(tx, eip);
	tx->ended = true;
}

void tsr_bt_lower_bail(struct bt_tx *tx)
{
	tsr_bt_fp_flush(tx);
	if (tx->clobbered) {
		emit_mov_imm(&tx->e, R8, BT_HELPER_FLAGS);
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

/* Before a jump back within the page: has somebody asked us out? */
static void poll(struct bt_tx *tx, uint32_t target)
{
	struct emitter *e = &tx->e;
	struct stub *s;

	if (target > tx->insn->eip || !same_page(tx, target) || tx->bt->lockstep)
		return;
	tsr_bt_island_check(tx);
	s = tx_stub(tx, STUB_LEAVE);
	s->live = true;
	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, BT_FIELD(poll));
	tsr_bt_island_wait(tx, emit_jrcxz(e), s);
	emit_mov64(e, RCX, R10);
}

bool tsr_bt_lower_jmp(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct host_mem m;

	if (i->opcode == 0xe9 || i->opcode == 0xeb) {
		if (!possible(tx, i->target))
			return false;
		poll(tx, i->target);
		goto_eip(tx, i->target);
	} else if (i->opcode == 0xff && (i->modrm >> 3 & 7) == 4) {
		if (i->memory) {
			if (!tsr_bt_memory_possible(tx, &i->ea, BT_READ))
				return false;
			if (tx->bt->cs_limit != UINT32_MAX && i->operand_size == 4)
				return false;
			m = tsr_bt_memory(tx, &i->ea, i->operand_size, BT_READ, false);
			if (i->operand_size == 2)
				emit_load16(&tx->e, R8, m);
			else
				emit_load(&tx->e, R8, m);
		} else if (i->operand_size == 2) {
			emit_movzx16(&tx->e, R8, tx_gpr(i->modrm & 7));
		} else if (tx->bt->cs_limit != UINT32_MAX) {
			return false;
		} else {
			emit_mov(&tx->e, R8, tx_gpr(i->modrm & 7));
		}
		goto_indirect(tx);
	} else {
		return false;
	}
	tx->ended = true;
	return true;
}

static bool indirect_in_limit(const struct bt_tx *tx, unsigned size)
{
	return tx->bt->cs_limit == UINT32_MAX || (size == 2 && tx->bt->cs_limit >= 0xffff);
}

static void push_return(struct bt_tx *tx, unsigned size, uint32_t eip)
{
	struct bt_ea ea = tsr_bt_stack_ea(tx, -(int32_t)size);
	struct host_mem m = tsr_bt_memory(tx, &ea, size, BT_WRITE, false);

	if (size == 2) {
		emit_u8(&tx->e, 0x66);
		emit_rm(&tx->e, false, 0xc7, 0, m);
		emit_u16(&tx->e, (uint16_t)eip);
	} else {
		emit_store_imm(&tx->e, m, eip);
	}
	tsr_bt_memory_end(tx);
	tsr_bt_move_esp(tx, -(int32_t)size);
}

static bool call_indirect(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct host_mem m;

	if (i->opcode != 0xff || (i->modrm >> 3 & 7) != 2 || !indirect_in_limit(tx, i->operand_size))
		return false;
	if (i->memory) {
		if (!tsr_bt_memory_possible(tx, &i->ea, BT_READ))
			return false;
		m = tsr_bt_memory(tx, &i->ea, i->operand_size, BT_READ, false);
		if (i->operand_size == 2)
			emit_load16(&tx->e, R11, m);
		else
			emit_load(&tx->e, R11, m);
	} else if (i->operand_size == 2) {
		emit_movzx16(&tx->e, R11, tx_gpr(i->modrm & 7));
	} else {
		emit_mov(&tx->e, R11, tx_gpr(i->modrm & 7));
	}
	push_return(tx, i->operand_size, i->eip + i->length);
	emit_mov(&tx->e, R8, R11);
	goto_indirect(tx);
	return true;
}

bool tsr_bt_lower_call(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct bt_ea stack = tsr_bt_stack_ea(tx, 0);

	if (!tsr_bt_memory_possible(tx, &stack, BT_WRITE))
		return false;
	tx->ended = true;
	if (i->opcode == 0xe8) {
		if (!possible(tx, i->target)) {
			tx->ended = false;
			return false;
		}
		poll(tx, i->target);
		push_return(tx, i->operand_size, i->eip + i->length);
		goto_eip(tx, i->target);
		return true;
	}
	tx->ended = call_indirect(tx);
	return tx->ended;
}

bool tsr_bt_lower_ret(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct bt_ea stack = tsr_bt_stack_ea(tx, 0);
	struct host_mem m;

	if ((i->opcode != 0xc3 && i->opcode != 0xc2) || !tsr_bt_memory_possible(tx, &stack, BT_READ) ||
	    !indirect_in_limit(tx, i->operand_size))
		return false;
	m = tsr_bt_memory(tx, &stack, i->operand_size, BT_READ, false);
	if (i->operand_size == 2)
		emit_load16(&tx->e, R8, m);
	else
		emit_load(&tx->e, R8, m);
	tsr_bt_move_esp(tx, i->operand_size + (int32_t)(uint16_t)i->imm);
	goto_indirect(tx);
	tx->ended = true;
	return true;
}

/* The rel32 at `at` belongs to a conditional jump to eip. */
static void conditional(struct bt_tx *tx, uint32_t at, uint32_t eip)
{
	struct stub *s;

	if (!tx->bt->lockstep && same_page(tx, eip)) {
		new_exit(tx, eip, at);
		return;
	}
	s = tx_stub(tx, STUB_JUMP);
	s->eip = eip;
	tx_stub_jump(tx, s, at);
}

/* Out of line: a jump to another page. */
void tsr_bt_stub_jump(struct bt_tx *tx, uint32_t eip)
{
	goto_eip(tx, eip);
}

bool tsr_bt_lower_jcc(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;

	if (!possible(tx, i->target))
		return false;
	poll(tx, i->target);
	conditional(tx, emit_jcc(&tx->e, i->opcode & 15, 0), i->target);
	goto_eip(tx, i->eip + i->length);
	tx->ended = true;
	return true;
}

/* The count: ECX or CX. r10 = guest RCX, RCX = count; jrcxz tests it. */
static void count_to_rcx(struct bt_tx *tx)
{
	emit_mov64(&tx->e, R10, RCX);
	if (tx->insn->addr16)
		emit_movzx16(&tx->e, RCX, RCX);
}

bool tsr_bt_lower_jcxz(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	uint32_t zero;

	if (!possible(tx, i->target))
		return false;
	poll(tx, i->target);
	count_to_rcx(tx);
	zero = emit_jrcxz(&tx->e);
	emit_mov64(&tx->e, RCX, R10);
	conditional(tx, emit_jmp(&tx->e, 0), i->eip + i->length);
	tsr_bt_island(tx);
	emit_land8(&tx->e, zero);
	emit_mov64(&tx->e, RCX, R10);
	goto_eip(tx, i->target);
	tx->ended = true;
	return true;
}

bool tsr_bt_lower_loop(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct emitter *e = &tx->e;
	uint32_t zero;

	if (!possible(tx, i->target))
		return false;
	poll(tx, i->target);
	if (i->addr16) {
		emit_lea(e, R9, HOST_MEM(RCX, -1));
		emit_mov16(e, RCX, R9);
	} else {
		emit_lea(e, RCX, HOST_MEM(RCX, -1));
	}
	count_to_rcx(tx);
	zero = emit_jrcxz(e);
	emit_mov64(e, RCX, R10);
	if (i->mnemonic == ZYDIS_MNEMONIC_LOOP)
		conditional(tx, emit_jmp(e, 0), i->target);
	else
		conditional(tx, emit_jcc(e, i->mnemonic == ZYDIS_MNEMONIC_LOOPE ? CC_E : CC_NE, 0), i->target);
	if (i->mnemonic == ZYDIS_MNEMONIC_LOOP)
		tsr_bt_island(tx);
	emit_land8(e, zero);
	emit_mov64(e, RCX, R10);
	goto_eip(tx, i->eip + i->length);
	tx->ended = true;
	return true;
}
