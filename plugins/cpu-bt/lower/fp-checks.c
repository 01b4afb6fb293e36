/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of FP instructions whose exceptions are unmasked: lower-fp.c says when they are needed. No
 * flag is touched. */
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
 * SSE with an exception unmasked: the host's MXCSR masks it and has its flag clear. The destination
 * and MXCSR are kept; if the instruction raises the flag, both are put back and the interpreter
 * does the instruction, which faults there.
 */
#define KEPT 15 /* SSE register */

/* May that instruction raise a SIMD exception? SDM volume 1, 11.5.2: arithmetic, comparisons,
 * conversions. */
bool tsr_bt_sse_checks(const struct bt_tx *tx, const struct bt_insn *i)
{
	if (!(tx->mode & BT_MODE_SSE_UNMASKED) || i->kind != BT_FP || i->map != 1 ||
	    !(i->isa & (BT_ISA_SSE | BT_ISA_SSE2)))
		return false;
	return i->opcode == OP_0F_CVT_INT_TO_FP ||
	       (i->opcode >= OP_0F_CVTT_FP_TO_INT && i->opcode <= OP_0F_COMIS) ||
	       i->opcode == OP_0F_SQRT ||
	       (i->opcode >= OP_0F_FP_ADD && i->opcode <= OP_0F_FP_MAX) ||
	       i->opcode == OP_0F_FP_CMP || i->opcode == OP_0F_CVT_DQ_PD;
}

/* Not those that write EFLAGS, general or MMX registers, or read MMX registers, which empties the
 * x87's stack. */
bool tsr_bt_sse_can_undo(const struct bt_tx *tx, const struct bt_insn *i)
{
	if (i->opcode >= OP_0F_CVTT_FP_TO_INT && i->opcode <= OP_0F_COMIS)
		return false;
	return tx->bt->host_cpu.bmi2 &&
	       (i->opcode != OP_0F_CVT_INT_TO_FP || i->mandatory == PREFIX_REPNE ||
		i->mandatory == PREFIX_REP);
}

void tsr_bt_sse_before(struct bt_tx *tx)
{
	if (!tsr_bt_sse_checks(tx, tx->insn))
		return;
	emit_rr(&tx->e, false, OP2_MOVAPS_LOAD, KEPT, bt_modrm_reg(tx->insn));
	emit_rm(&tx->e, false, OP2_GROUP15, GROUP15_STMXCSR, BT_FIELD(hot.mxcsr_before));
}

/* Flags kept. */
void tsr_bt_sse_check(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	struct stub *s;

	tsr_bt_island_check(tx);
	tx_part(tx, BT_PART_FP_EXCEPTION);
	s = tx_stub(tx, STUB_BAIL);
	s->live = true;
	s->undo = (uint8_t)(bt_modrm_reg(tx->insn) + 1);
	emit_rm(e, false, OP2_GROUP15, GROUP15_STMXCSR, BT_FIELD(hot.mxcsr_after));
	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, BT_FIELD(hot.mxcsr_after));
	emit_pext_mem(e, RCX, RCX, BT_FIELD(hot.unmasked));
	tsr_bt_bail_unless_zero(tx, s);
	emit_mov64(e, RCX, R10);
}

void tsr_bt_sse_undo(struct bt_tx *tx, unsigned xmm)
{
	emit_rr(&tx->e, false, OP2_MOVAPS_LOAD, (uint8_t)xmm, KEPT);
	emit_rm(&tx->e, false, OP2_GROUP15, GROUP15_LDMXCSR, BT_FIELD(hot.mxcsr_before));
}

/* May that instruction raise an unmasked exception? */
bool tsr_bt_fp_checks(const struct bt_tx *tx, const struct bt_insn *i)
{
	if (!(tx->mode & BT_MODE_X87_UNMASKED))
		return false;
	return i->kind == BT_FLDCW ||
	       (!tsr_bt_fp_keeps_pointers(i) && i->mnemonic != ZYDIS_MNEMONIC_FNINIT);
}

/* Leaves the block after the instruction if ES is set. FNSTSW does not wait. Flags kept. */
void tsr_bt_fp_check(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	struct stub *s;
	uint32_t over;

	tsr_bt_island_check(tx);
	tx_part(tx, BT_PART_FP_EXCEPTION);
	s = tx_stub(tx, STUB_BAIL);
	s->live = true;
	s->eip = tx->insn->eip + tx->insn->length;
	s->done++;
	s->mnemonic = ZYDIS_MNEMONIC_INVALID;
	emit_rm(e, false, OP_X87_DD, X87_DD_FNSTSW, BT_FIELD(hot.fp_status));
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
