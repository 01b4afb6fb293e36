/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Branches, calls and returns. Back edges within a page read the poll word. No flag is touched
 * anywhere. */
#include <Zydis/Zydis.h>

#include "lower/exits.h"
#include "lower/islands.h"
#include "lower/lower.h"
#include "lower/memory.h"
#include "lower/move-esp.h"
#include "lower/operand.h"
#include "lower/poll.h"
#include "lower/returns.h"
#include "lower/stack.h"
#include "lower/stride.h"
#include "lower/unroll.h"

static bool in_limit(const struct bt_tx *tx, uint32_t eip)
{
	return eip <= tx->bt->mode.cs_limit;
}

/* Can the conditional branch to eip be translated? After an STI it is left to the interpreter: a
 * waiting interrupt is taken right after it, whether it is taken or not, and not before it. */
static bool possible(const struct bt_tx *tx, uint32_t eip)
{
	return in_limit(tx, eip) && !tsr_bt_after_sti(tx, tx->index);
}

/* Before a jump to there. After an STI no interrupt is taken before it: tsr_bt_exit_from asks. */
static void poll(struct bt_tx *tx, uint32_t target)
{
	if (target > tx->insn->eip || !tsr_bt_same_page(tx, target) || tx->bt->options.lockstep ||
	    tx->landed || (tx->index + 1 == tx->count && tx->poll_ahead) ||
	    tsr_bt_after_sti(tx, tx->index))
		return;
	if (tx->windowed)
		tsr_bt_poll_before(tx);
	else
		tsr_bt_poll_called(tx);
}

bool tsr_bt_lower_jmp(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct host_mem m;

	if (i->opcode == OP_JMP_JZ || i->opcode == OP_JMP_JB) {
		if (!in_limit(tx, i->target))
			return false;
		poll(tx, i->target);
		tsr_bt_exit_from(tx, tx->index, i->target);
	} else if (i->opcode == OP_GROUP5 && bt_modrm_reg(i) == GROUP5_JMP) {
		if (i->memory) {
			if (!tsr_bt_memory_possible(tx, &i->ea, BT_READ))
				return false;
			if (tx->bt->mode.cs_limit != UINT32_MAX && i->operand_size == 4)
				return false;
			m = tsr_bt_memory(tx, &i->ea, i->operand_size, BT_READ, false);
			emit_load_sized(&tx->e, i->operand_size, R8, m);
		} else if (i->operand_size == 2) {
			emit_movzx16(&tx->e, R8, tx_gpr(bt_modrm_rm(i)));
		} else if (tx->bt->mode.cs_limit != UINT32_MAX) {
			return false;
		} else {
			emit_mov(&tx->e, R8, tx_gpr(bt_modrm_rm(i)));
		}
		tsr_bt_goto_indirect(tx);
	} else {
		return false;
	}
	tx->ended = true;
	return true;
}

static bool indirect_in_limit(const struct bt_tx *tx, unsigned size)
{
	return tx->bt->mode.cs_limit == UINT32_MAX ||
	       (size == 2 && tx->bt->mode.cs_limit >= 0xffff);
}

static void push_return(struct bt_tx *tx, unsigned size, uint32_t eip)
{
	struct bt_ea ea = tsr_bt_stack_ea(tx, -(int32_t)size);
	struct host_mem m = tsr_bt_memory(tx, &ea, size, BT_WRITE, false);

	if (tx->shared)
		tx_load_eip(tx, R10, eip);
	if (tx->shared)
		emit_store_sized(&tx->e, size, m, R10);
	else
		emit_store_imm_sized(&tx->e, size, m, eip);
	tsr_bt_memory_stored(tx, tx->shared ? BT_STORE_EIP : BT_STORE_IMM, eip);
	tsr_bt_move_esp(tx, -(int32_t)size);
}

static bool call_indirect(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct host_mem m;

	if (i->opcode != OP_GROUP5 || bt_modrm_reg(i) != GROUP5_CALL ||
	    !indirect_in_limit(tx, i->operand_size))
		return false;
	if (i->memory) {
		if (!tsr_bt_memory_possible(tx, &i->ea, BT_READ))
			return false;
		m = tsr_bt_memory(tx, &i->ea, i->operand_size, BT_READ, false);
		emit_load_sized(&tx->e, i->operand_size, R11, m);
	} else if (i->operand_size == 2) {
		emit_movzx16(&tx->e, R11, tx_gpr(bt_modrm_rm(i)));
	} else {
		emit_mov(&tx->e, R11, tx_gpr(bt_modrm_rm(i)));
	}
	push_return(tx, i->operand_size, i->eip + i->length);
	if (tsr_bt_calls_on(tx, tx->index)) {
		tsr_bt_returns_call_on(tx);
		return true;
	}
	if (tsr_bt_returns_possible(tx))
		tsr_bt_returns_call(tx);
	emit_mov(&tx->e, R8, R11);
	tsr_bt_goto_indirect(tx);
	return true;
}

bool tsr_bt_lower_call(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct bt_ea stack = tsr_bt_stack_ea(tx, 0);

	if (!tsr_bt_memory_possible(tx, &stack, BT_WRITE))
		return false;
	tx->ended = true;
	if (i->opcode == OP_CALL) {
		if (!in_limit(tx, i->target)) {
			tx->ended = false;
			return false;
		}
		if (!tsr_bt_returns_poll(tx))
			poll(tx, i->target);
		push_return(tx, i->operand_size, i->eip + i->length);
		if (tsr_bt_calls_on(tx, tx->index)) {
			tsr_bt_returns_call_on(tx);
			tx->ended = false;
			return true;
		}
		if (i->target != i->eip + i->length && tsr_bt_returns_possible(tx))
			tsr_bt_returns_call(tx);
		tsr_bt_exit_from(tx, tx->index, i->target);
		return true;
	}
	tx->ended = false;
	if (!call_indirect(tx))
		return false;
	tx->ended = !tsr_bt_calls_on(tx, tx->index);
	return true;
}

bool tsr_bt_lower_ret(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct bt_ea stack = tsr_bt_stack_ea(tx, 0);
	struct host_mem m;

	if ((i->opcode != OP_RET && i->opcode != OP_RET_IW) ||
	    !tsr_bt_memory_possible(tx, &stack, BT_READ) || !indirect_in_limit(tx, i->operand_size))
		return false;
	m = tsr_bt_memory(tx, &stack, i->operand_size, BT_READ, false);
	emit_load_sized(&tx->e, i->operand_size, R8, m);
	tsr_bt_move_esp(tx, i->operand_size + (int32_t)(uint16_t)i->imm);
	if (tsr_bt_returns_possible(tx))
		tsr_bt_returns_ret(tx);
	else
		tsr_bt_goto_indirect(tx);
	tx->ended = true;
	return true;
}

bool tsr_bt_lower_jcc(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;

	if (!possible(tx, i->target))
		return false;
	if (tsr_bt_copy_ends(tx)) {
		tsr_bt_goto_if(tx, emit_jcc(&tx->e, (i->opcode & 15) ^ 1, 0), i->eip + i->length);
		return true;
	}
	if (tx->strided && tx->index + 1 == tx->count) {
		tsr_bt_goto_if(tx, emit_jcc(&tx->e, (i->opcode & 15) ^ 1, 0), i->eip + i->length);
		tsr_bt_stride_back(tx);
		tx->ended = true;
		return true;
	}
	if (tx->loop && tx->index + 1 == tx->count) {
		emit_jcc(&tx->e, i->opcode & 15, tx->loop_back);
	} else {
		poll(tx, i->target);
		tsr_bt_goto_if(tx, emit_jcc(&tx->e, i->opcode & 15, 0), i->target);
	}
	if (tx->index + 1 < tx->count)
		return true;
	tsr_bt_goto(tx, i->eip + i->length);
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
	tsr_bt_goto_if(tx, emit_jmp(&tx->e, 0), i->eip + i->length);
	tsr_bt_island(tx);
	emit_land8(&tx->e, zero);
	emit_mov64(&tx->e, RCX, R10);
	tsr_bt_goto(tx, i->target);
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
		tsr_bt_goto_if(tx, emit_jmp(e, 0), i->target);
	else
		tsr_bt_goto_if(tx,
			       emit_jcc(e, i->mnemonic == ZYDIS_MNEMONIC_LOOPE ? CC_E : CC_NE, 0),
			       i->target);
	if (i->mnemonic == ZYDIS_MNEMONIC_LOOP)
		tsr_bt_island(tx);
	emit_land8(e, zero);
	emit_mov64(e, RCX, R10);
	tsr_bt_goto(tx, i->eip + i->length);
	tx->ended = true;
	return true;
}
