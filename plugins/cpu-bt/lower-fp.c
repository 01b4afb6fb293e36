/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x87, MMX, SSE, SSE2 on the host's unit. The mode word says that the unit may be used and that every exception is masked;
 * what could unmask one is looked at first and left to the interpreter. The first FP instruction of a block makes sure that
 * the guest's registers are loaded; they stay so until a block's slow path runs foreign code, which loads them again.
 */
#include <Zydis/Zydis.h>

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

bool tsr_bt_lower_fp(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;

	if (!unit_usable(tx) || (i->memory && !tsr_bt_memory_possible(tx, &i->ea, i->access)))
		return false;
	ensure_loaded(tx);
	return tsr_bt_lower_copy(tx);
}

/* [r9 + r8] is the new x87 control word. Bails unless all six mask bits are set in it. Flags kept. */
static void bail_unless_masked(struct bt_tx *tx, struct host_mem m)
{
	struct emitter *e = &tx->e;
	struct stub *s = tx_stub(tx, STUB_BAIL);
	uint32_t over;

	s->live = true;
	emit_load16(e, R11, m);
	emit_mov64(e, R10, RCX);
	emit_not(e, false, R11);
	emit_mov_imm(e, RCX, 26);
	emit_shlx(e, false, RCX, R11, RCX); /* the six bits, inverted */
	over = emit_jrcxz(e);
	tx_stub_jump(s, emit_jmp(e, 0));
	tsr_bt_island(tx);
	emit_land8(e, over);
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
	bail_unless_masked(tx, m);
	tsr_bt_emit_insn(tx, i, &m);
	return true;
}

/* A reserved bit faults. */
bool tsr_bt_lower_ldmxcsr(struct bt_tx *tx)
{
	(void)tx;
	return false;
}
