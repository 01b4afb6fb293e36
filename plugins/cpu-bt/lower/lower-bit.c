/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BT, BTS, BTR, BTC. With a register index, memory is a bit string: the dword that holds the bit is
 * addressed. */
#include "lower/lower.h"
#include "lower/memory.h"

bool tsr_bt_lower_bit(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct emitter *e = &tx->e;
	uint8_t index = tx_gpr(bt_modrm_reg(i));
	struct host_mem m;

	if (!i->memory || i->opcode == OP_0F_BIT_IB)
		return tsr_bt_lower_copy(tx);
	if (!tx->bt->host_cpu.bmi2 || i->operand_size != 4 || i->ea.addr16 ||
	    bt_segment_kind(tx->mode, i->ea.segment) > BT_SEGMENT_BASED ||
	    !tsr_bt_memory_possible(tx, &i->ea, i->access))
		return false;
	tsr_bt_linear(tx, &i->ea, 4, i->access);
	emit_mov_imm(e, R9, 5);
	emit_sarx(e, false, R9, index, R9);
	emit_lea(e, R8, HOST_SIB(R8, R9, 2, 0));
	m = tsr_bt_memory_check(tx, 4, i->access, false);
	emit_mov_imm(e, R11, 27);
	emit_shlx(e, false, R10, index, R11);
	emit_shrx(e, false, R10, R10, R11);
	if (i->lock)
		emit_u8(e, PREFIX_LOCK);
	emit_rm(e, false, OP2(i->opcode), R10, m);
	return true;
}
