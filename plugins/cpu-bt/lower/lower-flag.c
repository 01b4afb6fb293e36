/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CLI, STI, CLD, STD, PUSHF, POPF: the flags that are not arithmetic live in state.eflags. The
 * arithmetic ones are taken to AX (lahf, seto) for the few instructions that need RFLAGS, and put
 * back.
 */
#include <tessera/draft/x86-facts.h>

#include "lower/call.h"
#include "lower/lower.h"
#include "lower/memory.h"
#include "lower/move-esp.h"
#include "lower/operand.h"
#include "lower/stack.h"

/* r10 = guest RAX, AX = flags; RFLAGS is free until flags_back. */
static void flags_away(struct emitter *e)
{
	emit_mov64(e, R10, RAX);
	emit_flags_to_ax(e);
}

static void flags_back(struct emitter *e)
{
	emit_flags_from_ax(e);
	emit_mov64(e, RAX, R10);
}

static void eflags_imm(struct emitter *e, unsigned op, uint32_t value)
{
	emit_rm(e, false, OP_ALU_EV_IZ, (uint8_t)op, BT_FIELD(state.eflags));
	emit_u32(e, value);
}

/* IF may have become 1: if an interrupt waits, the next look-up or back edge leaves. */
static void wake(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	uint32_t none;

	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, BT_FIELD(hot.intr_waiting));
	none = emit_jrcxz(e);
	emit_mov64(e, RCX, R10);
	tsr_bt_call_without_site(tx, BT_CALL_WAKE);
	emit_mov64(e, R10, RCX);
	emit_land8(e, none);
	emit_mov64(e, RCX, R10);
}

static bool lower_if(struct bt_tx *tx, bool on)
{
	struct emitter *e = &tx->e;

	if (!(tx->mode & BT_MODE_IF_FREE))
		return false;
	/* the instruction after STI is part of its shadow: it must be in this block */
	if (on && tx->index + 1 >= tx->count)
		return false;
	flags_away(e);
	if (on)
		eflags_imm(e, ALU_OR, TSR_FLAG_IF);
	else
		eflags_imm(e, ALU_AND, ~(uint32_t)TSR_FLAG_IF);
	flags_back(e);
	if (on)
		wake(tx);
	return true;
}

/* DF is part of the mode: an instruction that changes it is left to the interpreter, one that does
 * not needs no code. */
static bool lower_df(const struct bt_tx *tx, bool on)
{
	return on == !!(tx->mode & BT_MODE_DOWN);
}

static bool virtual_8086(const struct bt_tx *tx)
{
	return tx->mode & BT_MODE_CS_WRITE && tx->mode & BT_MODE_USER;
}

static bool lower_pushf(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	unsigned size = tx->insn->operand_size;
	struct bt_ea ea = tsr_bt_stack_ea(tx, -(int32_t)size);
	struct host_mem m;

	if (virtual_8086(tx) || !tsr_bt_memory_possible(tx, &ea, BT_WRITE))
		return false;
	flags_away(e);
	emit_store16(e, BT_FIELD(hot.flags_ax), RAX);
	emit_movzx8(e, R11, RAX); /* OF */
	emit_shift_imm(e, false, SHIFT_SHL, R11, TSR_FLAG_OF_SHIFT);
	emit_rr(e, false, OP2_MOVZX_EB, RAX, AH);
	emit_alu(e, false, ALU_OR, R11, RAX);
	emit_load(e, RAX, BT_FIELD(state.eflags));
	emit_alu_imm(e, false, ALU_AND, RAX,
		     (int32_t) ~(uint32_t)(TSR_FLAGS_ARITHMETIC | TSR_FLAG_RF | TSR_FLAG_VM));
	emit_alu(e, false, ALU_OR, R11, RAX);
	emit_load16(e, RAX, BT_FIELD(hot.flags_ax));
	flags_back(e);
	m = tsr_bt_memory(tx, &ea, size, BT_WRITE, false);
	emit_store_sized(e, size, m, R11);
	tsr_bt_memory_stored(tx, BT_STORE_R11, 0);
	tsr_bt_move_esp(tx, -(int32_t)size);
	return true;
}

/* Flags whose setting changes the mode or the next instruction. */
#define POPF_SLOW \
	(TSR_FLAG_TF | TSR_FLAG_DF | TSR_FLAG_NT | TSR_FLAG_AC | TSR_FLAG_VIF | TSR_FLAG_VIP)

static bool lower_popf(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	unsigned size = tx->insn->operand_size;
	struct bt_ea ea = tsr_bt_stack_ea(tx, 0);
	uint32_t take = size == 4 ? TSR_FLAG_ID : 0;
	struct stub *slow;
	struct host_mem m;

	if (virtual_8086(tx) || !tsr_bt_memory_possible(tx, &ea, BT_READ))
		return false;
	if (tx->mode & BT_MODE_IF_FREE)
		take |= TSR_FLAG_IF;
	if (tx->mode & BT_MODE_CPL0)
		take |= TSR_FLAG_IOPL;
	m = tsr_bt_memory(tx, &ea, size, BT_READ, false);
	emit_load_sized(e, size, R11, m);
	flags_away(e);
	slow = tx_stub(tx, STUB_BAIL);
	slow->flags_in_ax = true;
	/* what is slow: such a bit set in the new flags, or now (it would be cleared) */
	emit_load(e, R9, BT_FIELD(state.eflags));
	emit_alu(e, false, ALU_OR, R9, R11);
	emit_rr(e, false, OP_UNARY_EV, UNARY_TEST, R9);
	emit_u32(e, POPF_SLOW | TSR_FLAG_RF);
	tx_stub_jump(tx, slow, emit_jcc(e, CC_NE, 0));
	emit_mov(e, R9, R11);
	emit_alu_imm(e, false, ALU_AND, R9, (int32_t)take);
	eflags_imm(e, ALU_AND, ~take);
	emit_rm(e, false, OP_OR_EV_GV, R9, BT_FIELD(state.eflags));
	tsr_bt_move_esp(tx, (int32_t)size);
	emit_mov(e, RAX, R11); /* ah = SF ZF AF PF CF, al = OF */
	emit_rr(e, false, OP_MOV_EB_GB, RAX, AH);
	emit_shift_imm(e, false, SHIFT_SHR, R11, TSR_FLAG_OF_SHIFT);
	emit_alu_imm(e, false, ALU_AND, R11, 1);
	emit_rr(e, false, OP_MOV_EB_GB, R11, RAX);
	flags_back(e);
	if (take & TSR_FLAG_IF)
		wake(tx);
	return true;
}

bool tsr_bt_lower_flag(struct bt_tx *tx)
{
	switch (tx->insn->kind) {
	case BT_CLI:
		return lower_if(tx, false);
	case BT_STI:
		return lower_if(tx, true);
	case BT_CLD:
		return lower_df(tx, false);
	case BT_STD:
		return lower_df(tx, true);
	case BT_PUSHF:
		return lower_pushf(tx);
	default:
		return lower_popf(tx);
	}
}
