/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PUSH, POP, PUSHA, POPA, LEAVE. ESP moves after the last access that can fault. */
#include "lower/lower.h"
#include "lower/memory.h"
#include "lower/move-esp.h"
#include "lower/operand.h"
#include "lower/stack.h"

static struct host_mem push_slot(struct bt_tx *tx, unsigned size)
{
	struct bt_ea ea = tsr_bt_stack_ea(tx, -(int32_t)size);

	return tsr_bt_memory(tx, &ea, size, BT_WRITE, false);
}

bool tsr_bt_lower_push(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct bt_ea stack = tsr_bt_stack_ea(tx, 0);
	unsigned size = i->operand_size;
	uint8_t reg = i->has_modrm ? bt_modrm_rm(i) : i->opcode & 7;
	struct host_mem m;

	if (!tsr_bt_memory_possible(tx, &stack, BT_WRITE) ||
	    (i->memory && !tsr_bt_memory_possible(tx, &i->ea, BT_READ)))
		return false;
	if (i->memory) {
		m = tsr_bt_memory(tx, &i->ea, size, BT_READ, false);
		emit_load_sized(&tx->e, size, R11, m);
		m = push_slot(tx, size);
		emit_store_sized(&tx->e, size, m, R11);
		tsr_bt_memory_stored(tx, BT_STORE_R11, 0);
	} else if (i->opcode == OP_PUSH_IZ || i->opcode == OP_PUSH_IB) {
		m = push_slot(tx, size);
		emit_store_imm_sized(&tx->e, size, m, i->imm);
		tsr_bt_memory_stored(tx, BT_STORE_IMM, i->imm);
	} else {
		m = push_slot(tx, size);
		emit_store_sized(&tx->e, size, m, tx_gpr(reg));
		tsr_bt_memory_stored(tx, BT_STORE_GPR, reg);
	}
	tsr_bt_move_esp(tx, -(int32_t)size);
	return true;
}

/* The address of POP's destination is formed after ESP has moved. */
static bool pop_memory(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct bt_ea stack = tsr_bt_stack_ea(tx, 0), to = i->ea;
	unsigned size = i->operand_size;
	struct host_mem m;

	if (!tsr_bt_memory_possible(tx, &to, BT_WRITE))
		return false;
	if (to.base == TSR_ESP)
		to.disp += (int32_t)size;
	m = tsr_bt_memory(tx, &stack, size, BT_READ, false);
	emit_load_sized(&tx->e, size, R11, m);
	m = tsr_bt_memory(tx, &to, size, BT_WRITE, false);
	emit_store_sized(&tx->e, size, m, R11);
	tsr_bt_memory_stored(tx, BT_STORE_R11, 0);
	tsr_bt_move_esp(tx, (int32_t)size);
	return true;
}

bool tsr_bt_lower_pop(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct bt_ea stack = tsr_bt_stack_ea(tx, 0);
	unsigned size = i->operand_size;
	uint8_t guest = i->has_modrm ? bt_modrm_rm(i) : i->opcode & 7;
	struct host_mem m;

	if (!tsr_bt_memory_possible(tx, &stack, BT_READ))
		return false;
	if (i->memory)
		return pop_memory(tx);
	m = tsr_bt_memory(tx, &stack, size, BT_READ, false);
	if (guest == TSR_ESP) {
		emit_load_sized(&tx->e, size, R11, m);
		tsr_bt_move_esp(tx, (int32_t)size);
		emit_mov_sized(&tx->e, size, R12, R11);
		return true;
	}
	if (size == 2)
		emit_u8(&tx->e, PREFIX_OPERAND_SIZE);
	emit_load(&tx->e, tx_gpr(guest), m);
	tsr_bt_move_esp(tx, (int32_t)size);
	return true;
}

/* One access of 8 slots; only with a flat 32-bit stack, where it cannot wrap within a segment. */
static bool block_stack(const struct bt_tx *tx)
{
	return tx_stack32(tx) && bt_segment_kind(tx->mode, TSR_SS) <= BT_SEGMENT_BASED;
}

bool tsr_bt_lower_pusha(struct bt_tx *tx)
{
	unsigned size = tx->insn->operand_size;
	struct bt_ea ea = tsr_bt_stack_ea(tx, -8 * (int32_t)size);
	struct host_mem m;

	if (!block_stack(tx))
		return false;
	m = tsr_bt_memory(tx, &ea, 8 * size, BT_WRITE | BT_EXACT,
			  false); /* the highest slot is first */
	for (unsigned k = 0; k < 8; k++) {
		m.disp = (int32_t)((7 - k) * size);
		emit_store_sized(&tx->e, size, m, tx_gpr((uint8_t)k));
	}
	tsr_bt_move_esp(tx, -8 * (int32_t)size);
	return true;
}

bool tsr_bt_lower_popa(struct bt_tx *tx)
{
	unsigned size = tx->insn->operand_size;
	struct bt_ea ea = tsr_bt_stack_ea(tx, 0);
	struct host_mem m;

	if (!block_stack(tx))
		return false;
	m = tsr_bt_memory(tx, &ea, 8 * size, BT_READ | BT_EXACT, false);
	for (unsigned k = 0; k < 8; k++) {
		m.disp = (int32_t)((7 - k) * size);
		if (k == TSR_ESP)
			continue;
		if (size == 2)
			emit_u8(&tx->e, PREFIX_OPERAND_SIZE);
		emit_load(&tx->e, tx_gpr((uint8_t)k), m);
	}
	tsr_bt_move_esp(tx, 8 * (int32_t)size);
	return true;
}

bool tsr_bt_lower_leave(struct bt_tx *tx)
{
	struct bt_ea ea = {
		.base = TSR_EBP, .index = NOREG, .segment = TSR_SS, .addr16 = !tx_stack32(tx)
	};
	unsigned size = tx->insn->operand_size;
	struct host_mem m;

	if (!tsr_bt_memory_possible(tx, &ea, BT_READ))
		return false;
	m = tsr_bt_memory(tx, &ea, size, BT_READ, false);
	emit_load_sized(&tx->e, size, R11, m);
	if (tx_stack32(tx)) {
		emit_lea(&tx->e, R12, HOST_MEM(RBP, size));
	} else {
		emit_lea(&tx->e, R9, HOST_MEM(RBP, size));
		emit_mov16(&tx->e, R12, R9);
	}
	emit_mov_sized(&tx->e, size, RBP, R11);
	return true;
}
