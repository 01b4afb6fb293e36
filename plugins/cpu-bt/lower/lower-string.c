/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* String instructions: those without REP inline, upwards; a run of MOVS or STOS within a page by
 * a routine (runtime/checks.c); for the others a call of C (runtime/string-ops.c), which does as
 * many as it can. */
#include <Zydis/Zydis.h>

#include "lower/call.h"
#include "lower/lower.h"
#include "lower/memory.h"
#include "lower/operand.h"

/* clang-format off */
static const struct {
	uint16_t mnemonic;
	uint8_t op, size;
} strings[] = {
	{ ZYDIS_MNEMONIC_MOVSB, BT_MOVS, 1 }, { ZYDIS_MNEMONIC_MOVSW, BT_MOVS, 2 }, { ZYDIS_MNEMONIC_MOVSD, BT_MOVS, 4 },
	{ ZYDIS_MNEMONIC_STOSB, BT_STOS, 1 }, { ZYDIS_MNEMONIC_STOSW, BT_STOS, 2 }, { ZYDIS_MNEMONIC_STOSD, BT_STOS, 4 },
	{ ZYDIS_MNEMONIC_LODSB, BT_LODS, 1 }, { ZYDIS_MNEMONIC_LODSW, BT_LODS, 2 }, { ZYDIS_MNEMONIC_LODSD, BT_LODS, 4 },
	{ ZYDIS_MNEMONIC_SCASB, BT_SCAS, 1 }, { ZYDIS_MNEMONIC_SCASW, BT_SCAS, 2 }, { ZYDIS_MNEMONIC_SCASD, BT_SCAS, 4 },
	{ ZYDIS_MNEMONIC_CMPSB, BT_CMPS, 1 }, { ZYDIS_MNEMONIC_CMPSW, BT_CMPS, 2 }, { ZYDIS_MNEMONIC_CMPSD, BT_CMPS, 4 },
};
/* clang-format on */

/* BT_NONE: not one that the helper does. */
static uint32_t string_word(const struct bt_insn *i)
{
	for (size_t k = 0; k < sizeof(strings) / sizeof(*strings); k++) {
		if (strings[k].mnemonic != i->mnemonic)
			continue;
		return strings[k].op | (uint32_t)strings[k].size << 3 |
		       (i->rep ? BT_STRING_REP : 0) | (i->repne ? BT_STRING_REPNE : 0) |
		       (i->addr16 ? BT_STRING_ADDR16 : 0) | (uint32_t)i->ea.segment << 9 |
		       (uint32_t)i->length << 12;
	}
	return BT_NONE;
}

static struct host_mem string_operand(struct bt_tx *tx, uint8_t base, unsigned access)
{
	const struct bt_insn *i = tx->insn;
	struct bt_ea ea = { .base = base,
			    .index = NOREG,
			    .addr16 = i->addr16,
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
		emit_u8(&tx->e, PREFIX_OPERAND_SIZE);
	emit_rm(&tx->e, false, size == 1 ? OP_MOV_GB_EB : OP_MOV_GV_EV, to, m);
}

static void store_string(struct bt_tx *tx, struct host_mem m, uint8_t from)
{
	unsigned size = tx->insn->operand_size;

	if (size == 2)
		emit_u8(&tx->e, PREFIX_OPERAND_SIZE);
	emit_rm(&tx->e, false, size == 1 ? OP_MOV_EB_GB : OP_MOV_EV_GV, from, m);
	tsr_bt_memory_stored(tx, from == R11 ? BT_STORE_R11 : BT_STORE_GPR, from);
}

static void compare_string(struct bt_tx *tx, uint8_t with, struct host_mem m)
{
	unsigned size = tx->insn->operand_size, opcode = ALU_CMP << 3 | OP_ALU_GV_EV;

	if (size == 2)
		emit_u8(&tx->e, PREFIX_OPERAND_SIZE);
	emit_rm(&tx->e, false, size == 1 ? opcode - 1 : opcode, with, m);
}

/* Without REP, upwards. */
static bool string_inline(struct bt_tx *tx, unsigned op)
{
	const struct bt_insn *i = tx->insn;
	struct bt_ea from = { .segment = i->ea.segment }, to = { .segment = TSR_ES };
	bool has_from = op != BT_STOS && op != BT_SCAS, has_to = op != BT_LODS;
	unsigned access = op == BT_MOVS || op == BT_STOS ? BT_WRITE : BT_READ;

	if (i->rep || i->repne || tx->mode & BT_MODE_DOWN)
		return false;
	if ((has_from && !tsr_bt_memory_possible(tx, &from, BT_READ)) ||
	    (has_to && !tsr_bt_memory_possible(tx, &to, access)))
		return false;
	if (op == BT_LODS) {
		load_string(tx, RAX, string_operand(tx, TSR_ESI, BT_READ));
	} else if (op == BT_STOS) {
		store_string(tx, string_operand(tx, TSR_EDI, BT_WRITE), RAX);
	} else if (op == BT_SCAS) {
		compare_string(tx, RAX, string_operand(tx, TSR_EDI, BT_READ));
	} else {
		load_string(tx, R11, string_operand(tx, TSR_ESI, BT_READ));
		if (op == BT_MOVS)
			store_string(tx, string_operand(tx, TSR_EDI, BT_WRITE), R11);
		else
			compare_string(tx, R11, string_operand(tx, TSR_EDI, BT_READ));
	}
	if (has_from)
		advance(tx, RSI);
	if (has_to)
		advance(tx, RDI);
	return true;
}

/* A call of the routine for a run within a page; it leaves ECX at zero if it has done it. Returns
 * the place of a rel8 past what is done otherwise, 0: there is no such routine. */
static uint32_t string_run(struct bt_tx *tx, unsigned op)
{
	const struct bt_insn *i = tx->insn;
	const struct bt_runtime *rt = &tx->bt->rt;
	unsigned shift = i->operand_size == 4 ? 2 : i->operand_size - 1u;

	if (!(i->rep || i->repne) || i->addr16 || tx->mode & BT_MODE_DOWN ||
	    !tx->bt->host_cpu.bmi2 || (op != BT_MOVS && op != BT_STOS) ||
	    bt_segment_kind(tx->mode, TSR_ES) != BT_SEGMENT_FLAT ||
	    (op == BT_MOVS && bt_segment_kind(tx->mode, i->ea.segment) != BT_SEGMENT_FLAT))
		return 0;
	tx_part(tx, BT_PART_CALL);
	emit_call(&tx->e, op == BT_MOVS ? rt->movs[shift] : rt->stos[shift]);
	return emit_jrcxz(&tx->e);
}

bool tsr_bt_lower_string(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	uint32_t kind = string_word(i), done;

	if (kind != BT_NONE && string_inline(tx, BT_STRING_OP(kind)))
		return true;
	if (kind == BT_NONE || tx->bt->options.lockstep)
		return false;
	done = string_run(tx, BT_STRING_OP(kind));
	tsr_bt_call(tx, BT_CALL_STRING, kind, tsr_bt_site(tx, i->operand_size, BT_READ));
	if (done)
		emit_land8(&tx->e, done);
	return true;
}
