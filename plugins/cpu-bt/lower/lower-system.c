/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Segment registers, RDTSC, IN and OUT: a call into C for their common case. */
#include "lower/call.h"
#include "lower/lower.h"
#include "lower/memory.h"
#include "lower/move-esp.h"
#include "lower/operand.h"
#include "lower/stack.h"

static struct host_mem selector_field(unsigned segment)
{
	return BT_AT(offsetof(struct tsr_bt, state.segment) +
		     segment * sizeof(struct tsr_x86_segment) +
		     offsetof(struct tsr_x86_segment, selector));
}

/* MOV r/m, Sreg and PUSH Sreg. To memory both write 16 bits, the lower half of a 32-bit PUSH's slot
 * (SDM volume 2, PUSH). */
bool tsr_bt_lower_segment_store(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct emitter *e = &tx->e;
	struct bt_ea ea = i->ea;
	struct host_mem m;

	if (i->opcode == OP_MOV_EV_SW && !i->memory) {
		emit_load16(e, R9, selector_field(i->special));
		emit_mov_sized(e, i->operand_size, tx_gpr(bt_modrm_rm(i)), R9);
		return true;
	}
	if (i->opcode != OP_MOV_EV_SW)
		ea = tsr_bt_stack_ea(tx, -(int32_t)i->operand_size);
	if (!tsr_bt_memory_possible(tx, &ea, BT_WRITE))
		return false;
	emit_load16(e, R11, selector_field(i->special));
	m = tsr_bt_memory(tx, &ea, 2, BT_WRITE, false);
	emit_store16(e, m, R11);
	tsr_bt_memory_stored(tx, BT_STORE_R11, 0);
	if (i->opcode != OP_MOV_EV_SW)
		tsr_bt_move_esp(tx, -(int32_t)i->operand_size);
	return true;
}

/* The selector is in r11. */
bool tsr_bt_lower_segment_load(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct emitter *e = &tx->e;
	bool pop = i->opcode != OP_MOV_SW_EW;
	struct bt_ea ea = pop ? tsr_bt_stack_ea(tx, 0) : i->ea;

	if (i->special == TSR_SS || i->special == TSR_CS || tx->bt->options.lockstep)
		return false;
	if (pop || i->memory) {
		if (!tsr_bt_memory_possible(tx, &ea, BT_READ))
			return false;
		emit_load16(e, R11, tsr_bt_memory(tx, &ea, 2, BT_READ, false));
	} else {
		emit_mov(e, R11, tx_gpr(bt_modrm_rm(i)));
	}
	tsr_bt_call_or_leave(tx, BT_CALL_SEGMENT_LOAD, i->special | (pop ? BT_SEGMENT_POP : 0),
			     tsr_bt_site(tx, 2, BT_READ), pop ? i->operand_size : 0);
	return true;
}

bool tsr_bt_lower_rdtsc(struct bt_tx *tx)
{
	if (tx->bt->options.lockstep || tx->bt->budget.counted)
		return false;
	tsr_bt_call(tx, BT_CALL_RDTSC, 0, tsr_bt_site(tx, 0, BT_READ));
	return true;
}

bool tsr_bt_lower_port(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	uint32_t how = (uint32_t)(i->opcode & 1 ? i->operand_size : 1) << BT_PORT_WIDTH_SHIFT;

	if (!(tx->mode & BT_MODE_IF_FREE) || tx->bt->options.lockstep || tx->bt->budget.counted)
		return false;
	how |= i->opcode & 8 ? BT_PORT_DX : i->imm & 0xff;
	tsr_bt_call(tx, i->kind == BT_IN ? BT_CALL_IN : BT_CALL_OUT, how,
		    tsr_bt_site(tx, 0, BT_READ));
	return true;
}
