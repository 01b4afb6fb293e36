/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Instructions that the host executes as they are: opcode bytes kept, ModRM and REX rewritten,
 * operand-size prefix adapted. AH, CH, DH, BH cannot be named with a REX prefix: the register is
 * rotated, its low byte used, and rotated back.
 */
#include <Zydis/Zydis.h>

#include "lower/fp-checks.h"
#include "lower/lower.h"
#include "lower/memory.h"
#include "lower/operand.h"

static bool wide_gpr(uint8_t kind)
{
	return kind == BT_OP_GPR16 || kind == BT_OP_GPR32;
}

static uint8_t field(uint8_t kind, uint8_t number)
{
	return wide_gpr(kind) ? tx_gpr(number) : number;
}

static bool size_prefix(const struct bt_insn *i)
{
	return !i->mandatory && i->operand_size == 2 && i->kind != BT_FP &&
	       (i->isa == BT_ISA_BASE || i->isa == BT_ISA_CMOV);
}

static bool opcode_has_register(const struct bt_insn *i)
{
	if (i->map == 1)
		return i->opcode >= OP_0F_BSWAP && i->opcode < OP_0F_BSWAP + 8;
	return i->map == 0 && ((i->opcode > OP_XCHG && i->opcode < OP_XCHG + 8) ||
			       (i->opcode >= OP_MOV_IB && i->opcode < OP_MOV_IV + 8));
}

static void emit_prefixes(struct emitter *e, const struct bt_insn *i)
{
	if (i->lock)
		emit_u8(e, PREFIX_LOCK);
	if (i->mandatory)
		emit_u8(e, i->mandatory);
	else if (size_prefix(i))
		emit_u8(e, PREFIX_OPERAND_SIZE);
}

static void emit_opcode(struct emitter *e, const struct bt_insn *i, uint8_t opcode)
{
	if (i->map == 1)
		emit_u8(e, 0x0f);
	emit_u8(e, opcode);
}

/* The guest's instruction with `m` in place of its memory operand, or its register form. */
void tsr_bt_emit_insn(struct bt_tx *tx, const struct bt_insn *i, const struct host_mem *m)
{
	struct emitter *e = &tx->e;
	uint8_t reg = field(i->reg_kind, bt_modrm_reg(i)), rm = field(i->rm_kind, bt_modrm_rm(i));

	emit_prefixes(e, i);
	if (opcode_has_register(i)) {
		uint8_t r = i->opcode & 7;

		r = i->map == 0 && (i->opcode & 0xf8) == OP_MOV_IB ? r : tx_gpr(r);
		emit_rex(e, false, NOREG, NOREG, r, false);
		emit_opcode(e, i, (i->opcode & 0xf8) | (r & 7));
	} else if (!i->has_modrm) {
		emit_opcode(e, i, i->opcode);
	} else if (m) {
		bool byte = i->reg_kind == BT_OP_GPR8;

		emit_rex(e, false, reg, m->index, m->base, byte && reg > 3);
		emit_opcode(e, i, i->opcode);
		emit_modrm_mem(e, reg, m);
	} else {
		emit_rex(e, false, reg, NOREG, rm, false);
		emit_opcode(e, i, i->opcode);
		emit_modrm_reg(e, reg, rm);
	}
	emit_bytes(e, i->immediate, i->immediate_length);
}

/* Brings the high byte of EAX, ECX, EDX or EBX into the low one, and back. Flags kept. */
void tsr_bt_swap_byte(struct bt_tx *tx, uint8_t guest, bool in)
{
	struct emitter *e = &tx->e;

	if (tx->bt->host_cpu.bmi2) {
		emit_rorx(e, guest, guest, in ? 8 : 24);
	} else {
		emit_u8(e, OP_XCHG_EB_GB); /* low, high */
		emit_modrm_reg(e, guest | 4, guest);
	}
}

static bool high_byte(uint8_t kind, uint8_t number)
{
	return kind == BT_OP_GPR8 && number > 3;
}

/* MOVZX ESP, AH and the like: the destination needs REX. */
static void copy_high_source(struct bt_tx *tx)
{
	struct bt_insn i = *tx->insn;
	uint8_t guest = i.modrm & 3;

	tsr_bt_swap_byte(tx, guest, true);
	i.modrm = (uint8_t)((i.modrm & 0xf8) | guest);
	tsr_bt_emit_insn(tx, &i, NULL);
	tsr_bt_swap_byte(tx, guest, false);
}

static void copy_register(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;

	if (i->has_modrm && high_byte(i->rm_kind, bt_modrm_rm(i)) && wide_gpr(i->reg_kind) &&
	    bt_modrm_reg(i) == TSR_ESP)
		copy_high_source(tx);
	else
		tsr_bt_emit_insn(tx, i, NULL);
}

/* MOV to memory is a store and nothing else. XCHG is how kernels take a page-table entry away. */
static void note_store(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	uint8_t reg = bt_modrm_reg(i);

	if (i->map || i->kind != BT_COPY)
		return;
	if (i->opcode == OP_MOV_EV_GV || i->opcode == OP_MOV_EB_GB)
		tsr_bt_memory_stored(tx, high_byte(i->reg_kind, reg) ? BT_STORE_HIGH : BT_STORE_GPR,
				     i->opcode == OP_MOV_EB_GB ? reg & 3 : reg);
	else if (i->opcode == OP_MOV_EV_IZ || i->opcode == OP_MOV_EB_IB)
		tsr_bt_memory_stored(tx, BT_STORE_IMM, i->imm);
	else if (i->opcode == OP_XCHG_EV_GV && i->operand_size == 4)
		tsr_bt_memory_stored(tx, BT_STORE_EXCHANGE, reg);
}

static bool copy_memory(struct bt_tx *tx)
{
	struct bt_insn i = *tx->insn;
	bool high = high_byte(i.reg_kind, bt_modrm_reg(&i));
	uint8_t guest = bt_modrm_reg(&i) & 3;
	struct host_mem m;

	if (!i.memory_size || i.memory_size > 64 || !tsr_bt_memory_possible(tx, &i.ea, i.access))
		return false;
	if (high && i.mnemonic == ZYDIS_MNEMONIC_CMPXCHG)
		return false; /* AL is an operand too */
	m = tsr_bt_memory(tx, &i.ea, i.memory_size, i.access, i.aligned);
	if (high) {
		tsr_bt_swap_byte(tx, guest, true);
		i.modrm = (uint8_t)((i.modrm & 0xc7) | guest << 3);
	}
	tsr_bt_sse_before(tx);
	tsr_bt_emit_insn(tx, &i, &m);
	if (high)
		tsr_bt_swap_byte(tx, guest, false);
	note_store(tx);
	return true;
}

bool tsr_bt_lower_copy(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;

	if (i->mnemonic == ZYDIS_MNEMONIC_BSWAP && i->operand_size == 2)
		return false;
	if (i->lock && !(i->memory && i->access & BT_WRITE))
		return false;
	if (i->memory)
		return copy_memory(tx);
	tsr_bt_sse_before(tx);
	copy_register(tx);
	return true;
}

bool tsr_bt_lower_nop(struct bt_tx *tx)
{
	if (tx->insn->mnemonic != ZYDIS_MNEMONIC_PAUSE)
		return true;
	emit_bytes(&tx->e, (const uint8_t[]){ PREFIX_REP, OP_NOP }, 2);
	emit_store_imm(&tx->e, BT_AT(offsetof(struct tsr_bt, hot.paused)), 1);
	return true;
}

bool tsr_bt_lower_lea(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	uint8_t to = tx_gpr(bt_modrm_reg(i));
	struct host_mem m = { .base = i->ea.base == NOREG ? NOREG : tx_gpr(i->ea.base),
			      .index = i->ea.index == NOREG ? NOREG : tx_gpr(i->ea.index),
			      .scale = i->ea.scale,
			      .disp = i->ea.disp };

	if (!i->ea.addr16 && i->operand_size == 4) {
		if (m.base == NOREG && m.index == NOREG)
			emit_mov_imm(&tx->e, to, (uint32_t)m.disp);
		else
			emit_lea(&tx->e, to, m);
		return true;
	}
	if (m.base == NOREG && m.index == NOREG)
		emit_mov_imm(&tx->e, R8, (uint32_t)m.disp);
	else
		emit_lea(&tx->e, R8, m);
	if (i->operand_size == 2)
		emit_mov16(&tx->e, to, R8);
	else
		emit_movzx16(&tx->e, to, R8); /* 16-bit address, 32-bit register */
	return true;
}
