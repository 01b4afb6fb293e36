/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of FP instructions whose exceptions are unmasked: lower-fp.c says when they are needed. No flag is touched. */
#include <Zydis/Zydis.h>

#include "lower/fp-checks.h"
#include "lower/fp-sites.h"
#include "lower/islands.h"

/* Bails unless rcx is zero. */
void tsr_bt_bail_unless_zero(struct bt_tx *tx, struct stub *s)
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
bool tsr_bt_sse_can_undo(const struct bt_tx *tx, const struct bt_insn *i)
{
	if (i->opcode >= 0x2c && i->opcode <= 0x2f)
		return false;
	return tx->bt->host_cpu.bmi2 && (i->opcode != 0x2a || i->mandatory == 0xf2 || i->mandatory == 0xf3);
}

void tsr_bt_sse_before(struct bt_tx *tx)
{
	if (!tsr_bt_sse_checks(tx, tx->insn))
		return;
	emit_rr(&tx->e, false, 0x0f28, KEPT, tx->insn->modrm >> 3 & 7); /* movaps */
	emit_rm(&tx->e, false, 0x0fae, 3, BT_FIELD(hot.mxcsr_before)); /* stmxcsr */
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
	emit_rm(e, false, 0x0fae, 3, BT_FIELD(hot.mxcsr_after));
	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, BT_FIELD(hot.mxcsr_after));
	emit_pext_mem(e, RCX, RCX, BT_FIELD(hot.unmasked));
	tsr_bt_bail_unless_zero(tx, s);
	emit_mov64(e, RCX, R10);
}

void tsr_bt_sse_undo(struct bt_tx *tx, unsigned xmm)
{
	emit_rr(&tx->e, false, 0x0f28, (uint8_t)xmm, KEPT);
	emit_rm(&tx->e, false, 0x0fae, 2, BT_FIELD(hot.mxcsr_before)); /* ldmxcsr */
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
	emit_rm(e, false, 0xdd, 7, BT_FIELD(hot.fp_status)); /* fnstsw */
	emit_mov64(e, R10, RCX);
	emit_load16(e, RCX, BT_FIELD(hot.fp_status));
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
