/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Division, bit strings, XLAT, string instructions. */
#include <Zydis/Zydis.h>

#include "helper.h"
#include "tx.h"

/* -- DIV, IDIV. The host must not raise #DE: what would, and some of what would not, is left to the interpreter. */

/* r11 = divisor, zero-extended. */
static bool load_divisor(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct emitter *e = &tx->e;
	uint8_t rm = i->modrm & 7;
	struct host_mem m;

	if (i->memory) {
		if (!tsr_bt_memory_possible(tx, &i->ea, BT_READ))
			return false;
		m = tsr_bt_memory(tx, &i->ea, i->operand_size, BT_READ, false);
		if (i->operand_size == 4)
			emit_load(e, R11, m);
		else
			emit_rm(e, false, i->operand_size == 2 ? 0x0fb7 : 0x0fb6, R11, m);
	} else if (i->operand_size == 4) {
		emit_mov(e, R11, tx_gpr(rm));
	} else if (i->operand_size == 2) {
		emit_movzx16(e, R11, tx_gpr(rm));
	} else {
		emit_rorx(e, R11, rm & 3, rm & 4 ? 8 : 0);
		emit_rr(e, false, 0x0fb6, R11, R11);
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
		emit_rr(e, false, 0x0fb6, R8, R8);
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

	if (!tx->bt->feature.bmi2 || (is_signed && i->operand_size != 4) || !load_divisor(tx))
		return false;
	tsr_bt_island_check(tx);
	if (is_signed)
		check_signed(tx);
	else
		check_unsigned(tx, i->operand_size);
	if (i->operand_size == 2)
		emit_u8(e, 0x66);
	emit_rex(e, false, NOREG, NOREG, R11, false);
	emit_u8(e, i->operand_size == 1 ? 0xf6 : 0xf7);
	emit_modrm_reg(e, is_signed ? 7 : 6, R11);
	return true;
}

/* -- BT, BTS, BTR, BTC. With a register index, memory is a bit string: the dword that holds the bit is addressed. */
bool tsr_bt_lower_bit(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct emitter *e = &tx->e;
	uint8_t index = tx_gpr(i->modrm >> 3 & 7);
	struct host_mem m;

	if (!i->memory || i->opcode == 0xba)
		return tsr_bt_lower_copy(tx);
	if (!tx->bt->feature.bmi2 || i->operand_size != 4 || i->ea.addr16 ||
	    bt_segment_kind(tx->mode, i->ea.segment) > BT_SEGMENT_BASED || !tsr_bt_memory_possible(tx, &i->ea, i->access))
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
		emit_u8(e, 0xf0);
	emit_rm(e, false, 0x0f00u | i->opcode, R10, m);
	tsr_bt_memory_end(tx);
	return true;
}

bool tsr_bt_lower_xlat(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	const struct bt_insn *i = tx->insn;
	struct bt_ea ea = { .base = R8, .index = NOREG, .segment = i->ea.segment, .addr16 = i->addr16 };
	struct host_mem m;

	if (!tsr_bt_memory_possible(tx, &ea, BT_READ))
		return false;
	emit_rr(e, false, 0x0fb6, R8, RAX);
	emit_lea(e, R8, HOST_SIB(R8, RBX, 0, 0));
	m = tsr_bt_memory(tx, &ea, 1, BT_READ, false);
	emit_rm(e, false, 0x8a, RAX, m);
	return true;
}

/* -- string instructions: a call into C does one or, with REP, as many as it can without leaving the guest unheard */
static struct host_mem string_operand(struct bt_tx *tx, uint8_t base, unsigned access)
{
	const struct bt_insn *i = tx->insn;
	struct bt_ea ea = { .base = base, .index = NOREG, .addr16 = i->addr16,
			    .segment = base == TSR_EDI ? TSR_ES : i->ea.segment };

	return tsr_bt_memory(tx, &ea, i->operand_size, access, false);
}

static void advance(struct bt_tx *tx, uint8_t reg)
{
	if (tx->insn->addr16) {
		emit_lea(&tx->e, R9, HOST_MEM(reg, tx->insn->operand_size));
		emit_mov16(&tx->e, reg, R9);
	} else {
		emit_lea(&tx->e, reg, HOST_MEM(reg, tx->insn->operand_size));
	}
}

static void load_string(struct bt_tx *tx, uint8_t to, struct host_mem m)
{
	unsigned size = tx->insn->operand_size;

	if (size == 2)
		emit_u8(&tx->e, 0x66);
	emit_rm(&tx->e, false, size == 1 ? 0x8a : 0x8b, to, m);
}

static void store_string(struct bt_tx *tx, struct host_mem m, uint8_t from)
{
	unsigned size = tx->insn->operand_size;

	if (size == 2)
		emit_u8(&tx->e, 0x66);
	emit_rm(&tx->e, false, size == 1 ? 0x88 : 0x89, from, m);
	tsr_bt_memory_end(tx);
}

/* MOVS, STOS, LODS without REP, upwards. */
static bool string_inline(struct bt_tx *tx, unsigned op)
{
	const struct bt_insn *i = tx->insn;
	struct bt_ea from = { .segment = i->ea.segment }, to = { .segment = TSR_ES };

	if (i->rep || i->repne || tx->mode & BT_MODE_DOWN || op > BT_LODS)
		return false;
	if ((op != BT_STOS && !tsr_bt_memory_possible(tx, &from, BT_READ)) ||
	    (op != BT_LODS && !tsr_bt_memory_possible(tx, &to, BT_WRITE)))
		return false;
	if (op == BT_LODS) {
		load_string(tx, RAX, string_operand(tx, TSR_ESI, BT_READ));
	} else if (op == BT_STOS) {
		store_string(tx, string_operand(tx, TSR_EDI, BT_WRITE), RAX);
	} else {
		load_string(tx, R11, string_operand(tx, TSR_ESI, BT_READ));
		store_string(tx, string_operand(tx, TSR_EDI, BT_WRITE), R11);
	}
	if (op != BT_STOS)
		advance(tx, RSI);
	if (op != BT_LODS)
		advance(tx, RDI);
	return true;
}

bool tsr_bt_lower_string(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct emitter *e = &tx->e;
	uint32_t kind = tsr_bt_string_kind(i);

	if (kind != BT_NONE && string_inline(tx, BT_STRING_OP(kind)))
		return true;
	if (kind == BT_NONE || tx->bt->lockstep)
		return false;
	emit_mov_imm(e, R8, kind);
	emit_mov_imm(e, R9, tsr_bt_site(tx, i->operand_size, BT_READ));
	emit_call(e, tx->bt->rt.helper);
	return true;
}
