/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DIV, IDIV. The host must not raise #DE: what would, and some of what would not, is left to the
 * interpreter. */
#include <Zydis/Zydis.h>

#include "lower/islands.h"
#include "lower/lower.h"
#include "lower/memory.h"
#include "lower/operand.h"

/* r11 = divisor, zero-extended. */
static bool load_divisor(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct emitter *e = &tx->e;
	uint8_t rm = bt_modrm_rm(i);
	struct host_mem m;

	if (i->memory) {
		if (!tsr_bt_memory_possible(tx, &i->ea, BT_READ))
			return false;
		m = tsr_bt_memory(tx, &i->ea, i->operand_size, BT_READ, false);
		if (i->operand_size == 4)
			emit_load(e, R11, m);
		else
			emit_rm(e, false, i->operand_size == 2 ? OP2_MOVZX_EW : OP2_MOVZX_EB, R11,
				m);
	} else if (i->operand_size == 4) {
		emit_mov(e, R11, tx_gpr(rm));
	} else if (i->operand_size == 2) {
		emit_movzx16(e, R11, tx_gpr(rm));
	} else {
		emit_rorx(e, R11, rm & 3, rm & 4 ? 8 : 0);
		emit_movzx8(e, R11, R11);
	}
	return true;
}

static struct stub *bail_stub(struct bt_tx *tx)
{
	struct stub *s = tx_stub(tx, STUB_BAIL);

	s->live = true;
	return s;
}

/* Unsigned: the high half must be below the divisor. */
static void check_unsigned(struct bt_tx *tx, unsigned size)
{
	struct emitter *e = &tx->e;

	if (size == 4) {
		emit_mov(e, R8, RDX);
	} else if (size == 2) {
		emit_movzx16(e, R8, RDX);
	} else {
		emit_rorx(e, R8, RAX, 8);
		emit_movzx8(e, R8, R8);
	}
	emit_mov64(e, R10, RCX);
	emit_mov64(e, R9, R11);
	emit_not(e, true, R9);
	emit_lea64(e, RCX, HOST_SIB(R8, R9, 0, 1)); /* high - divisor: negative if fine */
	emit_mov_imm(e, R9, 63);
	emit_shrx(e, true, RCX, RCX, R9);
	tsr_bt_island_wait(tx, emit_jrcxz(e), bail_stub(tx));
	emit_mov64(e, RCX, R10);
}

/* Signed, 32 bits: the dividend is a sign-extended EAX and the divisor neither 0 nor -1. */
static void check_signed(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	uint32_t over;

	emit_mov64(e, R10, RCX);
	emit_mov_imm(e, R9, 31);
	emit_sarx(e, false, R9, RAX, R9);
	emit_not(e, false, R9);
	emit_lea(e, RCX, HOST_SIB(R9, RDX, 0, 1));
	over = emit_jrcxz(e);
	tx_stub_jump(tx, bail_stub(tx), emit_jmp(e, 0));
	tsr_bt_island(tx);
	emit_land8(e, over);
	emit_lea(e, RCX, HOST_MEM(R11, 1));
	emit_mov_imm(e, R9, 1);
	emit_shrx(e, false, RCX, RCX, R9);
	tsr_bt_island_wait(tx, emit_jrcxz(e), bail_stub(tx));
	emit_mov64(e, RCX, R10);
}

bool tsr_bt_lower_div(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct emitter *e = &tx->e;
	bool is_signed = i->mnemonic == ZYDIS_MNEMONIC_IDIV;

	if (!tx->bt->host_cpu.bmi2 || (is_signed && i->operand_size != 4) || !load_divisor(tx))
		return false;
	tsr_bt_island_check(tx);
	if (is_signed)
		check_signed(tx);
	else
		check_unsigned(tx, i->operand_size);
	if (i->operand_size == 2)
		emit_u8(e, PREFIX_OPERAND_SIZE);
	emit_rex(e, false, NOREG, NOREG, R11, false);
	emit_u8(e, i->operand_size == 1 ? OP_UNARY_EB : OP_UNARY_EV);
	emit_modrm_reg(e, is_signed ? UNARY_IDIV : UNARY_DIV, R11);
	return true;
}
