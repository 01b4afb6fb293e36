/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loops (loop.c) with operands that move by the same amount from round to round, as those of arrays
 * do. Their pages are checked once for as many rounds as they stay within, and so is whether an
 * exit is requested. A register that moves with them tells when these rounds are over:
 *
 *	start:	pushf; pop saved_flags
 *		checks of what does not move
 *		jmp look
 *	again:	saved_flags are the round's, as in loop.c
 *		cmp poll, 0; jne stub
 *	look:	checks of the first round's operands
 *		r11d = the fewest rounds that follow until one of them reaches another page
 *		mov rounds_end, counter + (r11d + 1) * its step
 *	body:	...
 *		jncc exit
 *		cmp counter, rounds_end; jne body	if flags are dead at the start, and can be
 *		jmp again				made again; else by JRCXZ
 *
 * No C runs in such a loop, and only C changes what is valid. The number of rounds is bounded, so
 * that a request to leave is not kept waiting.
 */
#include "lower/exits.h"
#include "lower/flag-restore.h"
#include "lower/groups.h"
#include "lower/stride.h"
#include "lower/window.h"

#define ROUNDS_MAX 256 /* without a look at the poll word */
#define STEP_MAX 256   /* bytes; with longer ones the pages change too often */

static bool is_strided(const struct bt_tx *tx, const struct steady *o)
{
	return o->step && o->step >= -STEP_MAX && o->step <= STEP_MAX &&
	       tsr_bt_window_possible(tx, &o->ea, o->size);
}

static void choose_counter(struct bt_tx *tx, const struct bt_ea *ea)
{
	uint8_t reg = ea->index;

	if (reg == NOREG || !tsr_bt_register_step(tx, reg))
		reg = ea->base;
	tx->counter = reg;
	tx->counter_step = tsr_bt_register_step(tx, reg);
}

/* A check within the loop that clobbers older flags than its round's must know where those are. */
bool tsr_bt_stride_possible(struct bt_tx *tx)
{
	bool any = false, all = true;
	struct steady o;

	if (!tx->loop)
		return false;
	for (unsigned n = 0; n < tx->count; n++) {
		for (unsigned k = 0; k < tsr_bt_operands(tx, n); k++) {
			bool steady = tsr_bt_operand_steady(tx, n, k, &o);

			all &= steady && (!o.step || is_strided(tx, &o));
			if (any || !steady || !is_strided(tx, &o))
				continue;
			choose_counter(tx, &o.ea);
			any = true;
		}
	}
	tx->saved_in_body = tx->flags_saved && !all;
	return any && (!tx->saved_in_body || tsr_bt_flags_of_round(tx));
}

/* By a comparison, which the flags do not outlive. */
static bool compares(const struct bt_tx *tx)
{
	return tx->start_overwritten && tsr_bt_flags_of_round(tx);
}

/* The least power of two that is not below the step: a shift instead of a division. */
static unsigned shift_of(int32_t step)
{
	unsigned size = (unsigned)(step < 0 ? -step : step), shift = 0;

	while (1u << shift < size)
		shift++;
	return shift;
}

/* r11d = min(r11d, rounds for which the group does not reach another page). The last byte must not
 * move up out of its page, or the first one, whose address is in r8d, down. */
static void limit(struct bt_tx *tx, const struct group *g, int32_t step)
{
	struct emitter *e = &tx->e;
	unsigned shift = shift_of(step);

	if (step > 0) {
		emit_lea(e, R9, HOST_MEM(R8, g->high - g->low - 1));
		emit_not(e, false, R9);
	} else {
		emit_mov(e, R9, R8);
	}
	emit_alu_imm(e, false, ALU_AND, R9, TSR_PAGE_MASK);
	if (shift)
		emit_shift_imm(e, false, SHIFT_SHR, R9, (uint8_t)shift);
	emit_alu(e, false, ALU_CMP, R9, R11);
	emit_rr(e, false, OP2_CMOVCC | CC_B, R11, R9);
}

static void check(struct bt_tx *tx, const struct steady *o)
{
	struct group *g = tsr_bt_group_ahead(tx, &o->ea, o->size, o->access);

	tsr_bt_window_check(tx, g);
	limit(tx, g, o->step);
}

/* rounds_end = counter + (r11d + 1) * its step */
static void store_end(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	int32_t step = tx->counter_step;

	if (step != 1) {
		emit_rr(e, false, OP_IMUL_GV_EV_IZ, R11, R11);
		emit_u32(e, (uint32_t)step);
	}
	emit_lea(e, R11, HOST_SIB(R11, tx_gpr(tx->counter), 0, step));
	if (!compares(tx)) {
		emit_not(e, false, R11);
		emit_lea(e, R11, HOST_MEM(R11, 1));
	}
	emit_store(e, BT_FIELD(hot.rounds_end), R11);
}

void tsr_bt_stride_begin(struct bt_tx *tx)
{
	const struct flag_source saved = { .kind = BT_RECOVER_SAVED };
	bool eager = tx->bt->options.stress != BT_STRESS_INTERRUPTS;
	struct steady o;

	tx_part(tx, BT_PART_WINDOW);
	emit_mov_imm(&tx->e, R11, eager ? ROUNDS_MAX - 1 : 0);
	for (unsigned n = 0; n < tx->count; n++)
		for (unsigned k = 0; k < tsr_bt_operands(tx, n); k++)
			if (tsr_bt_operand_steady(tx, n, k, &o) && is_strided(tx, &o) &&
			    !tsr_bt_group_covering(tx, &o.ea, o.size, o.access) &&
			    !tsr_bt_groups_full(tx))
				check(tx, &o);
	store_end(tx);
	tx->clobbered = true;
	if (!tx->start_overwritten) {
		tsr_bt_flags_remake(tx, &saved);
		tx->clobbered = false;
	}
	tx_part(tx, BT_PART_BODY);
	tx->loop_body = emit_here(&tx->e);
}

static void back_live(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	uint32_t over;

	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, BT_FIELD(hot.rounds_end));
	emit_lea(e, RCX, HOST_SIB(RCX, tx->counter == TSR_ECX ? R10 : tx_gpr(tx->counter), 0, 0));
	over = emit_jrcxz(e);
	emit_mov64(e, RCX, R10);
	emit_jmp(e, tx->loop_body);
	emit_land8(e, over);
	emit_mov64(e, RCX, R10);
}

void tsr_bt_stride_back(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;

	tx_part(tx, BT_PART_POLL);
	if (tx->saved_in_body)
		emit_store_imm(e, BT_FIELD(hot.saved_flags), 0);
	if (compares(tx)) {
		emit_rm(e, false, ALU_CMP << 3 | OP_ALU_GV_EV, tx_gpr(tx->counter),
			BT_FIELD(hot.rounds_end));
		emit_jcc(e, CC_NE, tx->loop_body);
	} else {
		back_live(tx);
	}
	emit_jmp(e, tx->loop_back);
}
