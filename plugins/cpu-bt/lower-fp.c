/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x87, MMX, SSE, SSE2 on the host's unit. The mode word says that the unit may be used and whether exceptions are unmasked.
 * If none is, what could unmask one is looked at first and left to the interpreter. If one of the x87's is, the hardware does
 * what an unmasked exception does to the result, and the status word is looked at behind each instruction: once it says that
 * an exception waits, the block is left, and the next x87 instruction, which takes it, is the interpreter's. An SSE instruction
 * runs masked and is undone if it should have faulted. The first FP instruction of a block makes sure that the guest's
 * registers are loaded; they stay so until a block's slow path runs foreign code, which loads them again.
 */
#include <Zydis/Zydis.h>

#include "helper.h"
#include "tx.h"

static bool unit_usable(const struct bt_tx *tx)
{
	uint32_t need = tx->insn->isa & (BT_ISA_SSE | BT_ISA_SSE2) ? BT_MODE_SSE : BT_MODE_X87;

	return tx->mode & need;
}

static void ensure_loaded(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	struct stub *s;

	if (tx->fp_checked)
		return;
	tx->fp_checked = true;
	tsr_bt_island_check(tx);
	s = tx_stub(tx, STUB_FP);
	s->live = true;
	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, BT_FIELD(fp_loaded));
	tsr_bt_island_wait(tx, emit_jrcxz(e), s);
	emit_mov64(e, RCX, R10);
	s->back = emit_here(e);
}

/* Bails unless rcx is zero. */
static void bail_unless_zero(struct bt_tx *tx, struct stub *s)
{
	uint32_t over = emit_jrcxz(&tx->e);

	tx_stub_jump(tx, s, emit_jmp(&tx->e, 0));
	tsr_bt_island(tx);
	emit_land8(&tx->e, over);
}

/*
 * SSE with an exception unmasked: the host's MXCSR masks it and has its flag clear. The destination and MXCSR are kept; if
 * the instruction raises the flag, both are put back and the interpreter does the instruction, which faults there.
 */
#define KEPT 15 /* SSE register */

/* May that instruction raise a SIMD exception? SDM volume 1, 11.5.2: arithmetic, comparisons, conversions. */
bool tsr_bt_sse_checks(const struct bt_tx *tx, const struct bt_insn *i)
{
	if (!(tx->mode & BT_MODE_SSE_UNMASKED) || i->kind != BT_FP || i->map != 1 || !(i->isa & (BT_ISA_SSE | BT_ISA_SSE2)))
		return false;
	return i->opcode == 0x2a || (i->opcode >= 0x2c && i->opcode <= 0x2f) || i->opcode == 0x51 ||
	       (i->opcode >= 0x58 && i->opcode <= 0x5f) || i->opcode == 0xc2 || i->opcode == 0xe6;
}

/* Not those that write EFLAGS, general or MMX registers, or read MMX registers, which empties the x87's stack. */
static bool can_undo(const struct bt_tx *tx, const struct bt_insn *i)
{
	if (i->opcode >= 0x2c && i->opcode <= 0x2f)
		return false;
	return tx->bt->feature.bmi2 && (i->opcode != 0x2a || i->mandatory == 0xf2 || i->mandatory == 0xf3);
}

void tsr_bt_sse_before(struct bt_tx *tx)
{
	if (!tsr_bt_sse_checks(tx, tx->insn))
		return;
	emit_rr(&tx->e, false, 0x0f28, KEPT, tx->insn->modrm >> 3 & 7); /* movaps */
	emit_rm(&tx->e, false, 0x0fae, 3, BT_FIELD(mxcsr_before)); /* stmxcsr */
}

/* Flags kept. */
void tsr_bt_sse_check(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	struct stub *s;

	tsr_bt_island_check(tx);
	s = tx_stub(tx, STUB_BAIL);
	s->live = true;
	s->undo = (uint8_t)((tx->insn->modrm >> 3 & 7) + 1);
	emit_rm(e, false, 0x0fae, 3, BT_FIELD(mxcsr_after));
	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, BT_FIELD(mxcsr_after));
	emit_pext_mem(e, RCX, RCX, BT_FIELD(unmasked));
	bail_unless_zero(tx, s);
	emit_mov64(e, RCX, R10);
}

void tsr_bt_sse_undo(struct bt_tx *tx, unsigned xmm)
{
	emit_rr(&tx->e, false, 0x0f28, (uint8_t)xmm, KEPT);
	emit_rm(&tx->e, false, 0x0fae, 2, BT_FIELD(mxcsr_before)); /* ldmxcsr */
}

bool tsr_bt_lower_fp(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;

	if (!unit_usable(tx) || (i->memory && !tsr_bt_memory_possible(tx, &i->ea, i->access)))
		return false;
	if (tsr_bt_fp_checks(tx, i) && !tx->bt->feature.bmi2)
		return false;
	if (i->mnemonic == ZYDIS_MNEMONIC_FNINIT && tx->mode & BT_MODE_X87_UNMASKED)
		return false; /* masks all: the mode changes */
	if (tsr_bt_fp_checks(tx, i) && i->memory) /* a store may not happen: a copy must be what is in memory */
		tx->insns[tx->index].access |= BT_READ;
	if (tsr_bt_sse_checks(tx, i) && !can_undo(tx, i))
		return false;
	if (i->mnemonic == ZYDIS_MNEMONIC_STMXCSR && tx->mode & BT_MODE_SSE_UNMASKED)
		return false;
	ensure_loaded(tx);
	return tsr_bt_lower_copy(tx);
}

/* May that instruction raise an unmasked exception? */
bool tsr_bt_fp_checks(const struct bt_tx *tx, const struct bt_insn *i)
{
	if (!(tx->mode & BT_MODE_X87_UNMASKED))
		return false;
	return i->kind == BT_FLDCW || (!tsr_bt_fp_keeps_pointers(i) && i->mnemonic != ZYDIS_MNEMONIC_FNINIT);
}

/* Leaves the block behind the instruction if ES is set. FNSTSW does not wait. Flags kept. */
void tsr_bt_fp_check(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	struct stub *s;
	uint32_t over;

	tsr_bt_island_check(tx);
	s = tx_stub(tx, STUB_BAIL);
	s->live = true;
	s->eip = tx->insn->eip + tx->insn->length;
	s->done++;
	s->mnemonic = ZYDIS_MNEMONIC_INVALID;
	emit_rm(e, false, 0xdd, 7, BT_FIELD(fp_status)); /* fnstsw */
	emit_mov64(e, R10, RCX);
	emit_load16(e, RCX, BT_FIELD(fp_status));
	emit_mov_imm(e, R9, 24);
	emit_shlx(e, false, RCX, RCX, R9);
	emit_mov_imm(e, R9, 31);
	emit_shrx(e, false, RCX, RCX, R9); /* bit 7 */
	over = emit_jrcxz(e);
	tx_stub_jump(tx, s, emit_jmp(e, 0));
	tsr_bt_island(tx);
	emit_land8(e, over);
	emit_mov64(e, RCX, R10);
}

/*
 * [r9 + r8] is the new x87 control word. Bails if it belongs to the other mode: with all masked, if it unmasks one, which also
 * may make an exception pending; with one unmasked, if it masks all, since code runs faster then. Flags kept.
 */
static void bail_if_mode_changes(struct bt_tx *tx, struct host_mem m)
{
	struct emitter *e = &tx->e;
	struct stub *s = tx_stub(tx, STUB_BAIL);

	s->live = true;
	emit_load16(e, R11, m);
	emit_mov64(e, R10, RCX);
	emit_not(e, false, R11);
	emit_mov_imm(e, RCX, 26);
	emit_shlx(e, false, RCX, R11, RCX); /* the six bits, inverted */
	if (tx->mode & BT_MODE_X87_UNMASKED)
		tsr_bt_island_wait(tx, emit_jrcxz(e), s);
	else
		bail_unless_zero(tx, s);
	emit_mov64(e, RCX, R10);
}

bool tsr_bt_lower_fldcw(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct host_mem m;

	if (!unit_usable(tx) || !tx->bt->feature.bmi2 || !tsr_bt_memory_possible(tx, &i->ea, BT_READ))
		return false;
	ensure_loaded(tx);
	m = tsr_bt_memory(tx, &i->ea, 2, BT_READ, false);
	bail_if_mode_changes(tx, m);
	tsr_bt_emit_insn(tx, i, &m);
	return true;
}

/* [r9 + r8] is the new MXCSR. Bails if a reserved bit is set, which faults, or a mask is clear. Flags kept. */
static void bail_unless_plain(struct bt_tx *tx, struct host_mem m)
{
	struct emitter *e = &tx->e;
	struct stub *s = tx_stub(tx, STUB_BAIL);

	s->live = true;
	emit_load(e, R11, m);
	emit_mov64(e, R10, RCX);
	emit_mov_imm(e, RCX, 16);
	emit_shrx(e, false, RCX, R11, RCX);
	bail_unless_zero(tx, s);
	emit_not(e, false, R11);
	emit_mov_imm(e, RCX, 19); /* bits 7 to 12, inverted */
	emit_shlx(e, false, R11, R11, RCX);
	emit_mov_imm(e, RCX, 26);
	emit_shrx(e, false, RCX, R11, RCX);
	bail_unless_zero(tx, s);
	emit_mov64(e, RCX, R10);
}

bool tsr_bt_lower_ldmxcsr(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct host_mem m;

	/* DAZ came with SSE2: without, it is reserved too */
	if (!unit_usable(tx) || tx->mode & BT_MODE_SSE_UNMASKED || !tx->bt->feature.bmi2 || !(tx->bt->isa & BT_ISA_SSE2) || !tsr_bt_memory_possible(tx, &i->ea, BT_READ))
		return false;
	ensure_loaded(tx);
	m = tsr_bt_memory(tx, &i->ea, 4, BT_READ, false);
	bail_unless_plain(tx, m);
	tsr_bt_emit_insn(tx, i, &m);
	return true;
}

/* FXSAVE, FXRSTOR: a call into C with the operand's address; the unit is empty after the one, full after the other. */
bool tsr_bt_lower_fx(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct emitter *e = &tx->e;
	bool restore = i->kind == BT_FXRSTOR;
	unsigned access = (restore ? BT_READ : BT_WRITE) | BT_EXACT;
	uint32_t same, over;

	if (!(tx->mode & BT_MODE_X87) || (restore && tx->bt->lockstep) || !tsr_bt_memory_possible(tx, &i->ea, access))
		return false;
	emit_lea64(e, R11, tsr_bt_memory(tx, &i->ea, 512, access, false));
	tx->open = -1;
	emit_mov_imm(e, R8, BT_HELPER_FX | restore);
	emit_mov_imm(e, R9, tsr_bt_site(tx, 512, access));
	emit_call(e, tx->bt->rt.helper);
	tx->fp_checked = false;
	if (!restore)
		return true;
	same = emit_jmp(e, 0);
	over = emit_jmp8(e); /* control does come behind `same`: not to the island */
	tsr_bt_island(tx);
	emit_land8(e, over);
	tsr_bt_budget_return(tx, tx->index + 1);
	tsr_bt_look_up(tx, i->eip + i->length);
	emit_patch32(e, same, emit_here(e));
	return true;
}
