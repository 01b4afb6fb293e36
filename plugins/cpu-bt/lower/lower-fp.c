/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x87, MMX, SSE, SSE2 on the host's unit. The mode word says that the unit may be used and whether
 * exceptions are unmasked. If none is, an instruction that could unmask one is checked first and
 * left to the interpreter. If one of the x87's is, the hardware does what an unmasked exception
 * does to the result, and the status word is checked after each instruction: once an exception is
 * pending, the block is left, and the next x87 instruction, which raises it, is left to the
 * interpreter. An SSE instruction runs masked and is undone if it should have faulted. The first FP
 * instruction of a block makes sure that the guest's registers are loaded; they stay so until a
 * block's slow path runs foreign code, which loads them again.
 */
#include <Zydis/Zydis.h>

#include <tessera/draft/x86-facts.h>

#include "lower/call.h"
#include "lower/fp-checks.h"
#include "lower/islands.h"
#include "lower/lower.h"
#include "lower/memory.h"
#include "lower/operand.h"

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
	tx_part(tx, BT_PART_FP_LOADED);
	s = tx_stub(tx, STUB_FP);
	s->live = true;
	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, BT_FIELD(hot.fp_loaded));
	tsr_bt_island_wait(tx, emit_jrcxz(e), s);
	emit_mov64(e, RCX, R10);
	s->back = emit_here(e);
	tx_part(tx, BT_PART_BODY);
}

bool tsr_bt_lower_fp(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;

	if (!unit_usable(tx) || (i->memory && !tsr_bt_memory_possible(tx, &i->ea, i->access)))
		return false;
	if (tsr_bt_fp_checks(tx, i) && !tx->bt->host_cpu.bmi2)
		return false;
	if (i->mnemonic == ZYDIS_MNEMONIC_FNINIT && tx->mode & BT_MODE_X87_UNMASKED)
		return false; /* masks all: the mode changes */
	if (tsr_bt_fp_checks(tx, i) &&
	    i->memory) /* a store may not happen: a copy must be what is in memory */
		tx->insns[tx->index].access |= BT_READ;
	if (tsr_bt_sse_checks(tx, i) && !tsr_bt_sse_can_undo(tx, i))
		return false;
	if (i->mnemonic == ZYDIS_MNEMONIC_STMXCSR && tx->mode & BT_MODE_SSE_UNMASKED)
		return false;
	ensure_loaded(tx);
	return tsr_bt_lower_copy(tx);
}

/*
 * [r9 + r8] is the new x87 control word. Bails if it belongs to the other mode: with all masked, if
 * it unmasks one, which also may make an exception pending; with one unmasked, if it masks all,
 * since code runs faster then. Flags kept.
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
		tsr_bt_bail_unless_zero(tx, s);
	emit_mov64(e, RCX, R10);
}

bool tsr_bt_lower_fldcw(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct host_mem m;

	if (!unit_usable(tx) || !tx->bt->host_cpu.bmi2 ||
	    !tsr_bt_memory_possible(tx, &i->ea, BT_READ))
		return false;
	ensure_loaded(tx);
	m = tsr_bt_memory(tx, &i->ea, 2, BT_READ, false);
	bail_if_mode_changes(tx, m);
	tsr_bt_emit_insn(tx, i, &m);
	return true;
}

/* [r9 + r8] is the new MXCSR. Bails if a reserved bit is set, which faults, or a mask is clear.
 * Flags kept. */
static void bail_unless_plain(struct bt_tx *tx, struct host_mem m)
{
	struct emitter *e = &tx->e;
	struct stub *s = tx_stub(tx, STUB_BAIL);

	s->live = true;
	emit_load(e, R11, m);
	emit_mov64(e, R10, RCX);
	emit_mov_imm(e, RCX, 16);
	emit_shrx(e, false, RCX, R11, RCX);
	tsr_bt_bail_unless_zero(tx, s);
	emit_not(e, false, R11);
	emit_mov_imm(e, RCX, 19); /* bits 7 to 12, inverted */
	emit_shlx(e, false, R11, R11, RCX);
	emit_mov_imm(e, RCX, 26);
	emit_shrx(e, false, RCX, R11, RCX);
	tsr_bt_bail_unless_zero(tx, s);
	emit_mov64(e, RCX, R10);
}

bool tsr_bt_lower_ldmxcsr(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct host_mem m;

	/* DAZ came with SSE2: without, it is reserved too */
	if (!unit_usable(tx) || tx->mode & BT_MODE_SSE_UNMASKED || !tx->bt->host_cpu.bmi2 ||
	    !(tx->bt->model.isa & BT_ISA_SSE2) || !tsr_bt_memory_possible(tx, &i->ea, BT_READ))
		return false;
	ensure_loaded(tx);
	m = tsr_bt_memory(tx, &i->ea, 4, BT_READ, false);
	bail_unless_plain(tx, m);
	tsr_bt_emit_insn(tx, i, &m);
	return true;
}

/* FXSAVE, FXRSTOR: a call into C with the operand's address; the unit is empty after the one, full
 * after the other. */
bool tsr_bt_lower_fx(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct emitter *e = &tx->e;
	bool restore = i->kind == BT_FXRSTOR;
	unsigned access = (restore ? BT_READ : BT_WRITE) | BT_EXACT;
	uint32_t site;

	if (!(tx->mode & BT_MODE_X87) || (restore && tx->bt->options.lockstep) ||
	    !tsr_bt_memory_possible(tx, &i->ea, access))
		return false;
	emit_lea64(e, R11, tsr_bt_memory(tx, &i->ea, sizeof(struct tsr_x86_fx), access, false));
	tx->open = -1;
	site = tsr_bt_site(tx, sizeof(struct tsr_x86_fx), access);
	if (restore)
		tsr_bt_call_or_leave(tx, BT_CALL_FXRSTOR, 0, site, 0);
	else
		tsr_bt_call(tx, BT_CALL_FXSAVE, 0, site);
	return true;
}

/* FNSTENV, FLDENV in the layout of 32-bit protected mode: a call into C with the operand's address,
 * which leaves the unit loaded. */
bool tsr_bt_lower_environment(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	bool load = i->kind == BT_FLDENV;
	unsigned access = (load ? BT_READ : BT_WRITE) | BT_EXACT;

	if (!(tx->mode & BT_MODE_X87) || tx->mode & (BT_MODE_X87_UNMASKED | BT_MODE_CS_WRITE) ||
	    i->operand_size != 4 || !tsr_bt_memory_possible(tx, &i->ea, access))
		return false;
	ensure_loaded(tx);
	emit_lea64(&tx->e, R11, tsr_bt_memory(tx, &i->ea, BT_ENVIRONMENT, access, false));
	tx->open = -1;
	tsr_bt_call(tx, load ? BT_CALL_FLDENV : BT_CALL_FNSTENV, 0,
		    tsr_bt_site(tx, BT_ENVIRONMENT, access));
	return true;
}
