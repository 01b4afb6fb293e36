/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a memory check may clobber the flags: in hot blocks, where checks are inline. What the
 * flags were must be known for the case that the access faults: the instruction that made them is
 * known, and its operands, or its operand and result, still are where they were; or they are those
 * of the block's start and were saved there. And one of two things must come first after the check:
 * an instruction that writes all flags; or one that needs them, before which they can be made again
 * (flag-restore.c). Instructions whose checks may be followed by a bail need them, and so does the
 * block's end.
 */
#include "lower/flag-source.h"
#include "lower/fp-checks.h"
#include "lower/liveness.h"
#include "lower/memory.h"
#include "lower/stack.h"

/* Instructions whose checks may be followed by a bail, which has no way to compute flags again,
 * keep the flags. */
static bool may_clobber(const struct bt_tx *tx, const struct bt_insn *i)
{
	struct bt_ea stack = tsr_bt_stack_ea(tx, 0);

	if (i->memory && !tsr_bt_memory_possible(tx, &i->ea, i->access))
		return false;
	if (i->kind != BT_COPY && i->kind != BT_FP && !tsr_bt_memory_possible(tx, &stack, BT_WRITE))
		return false;
	if (i->kind == BT_FP &&
	    (tx->mode & BT_MODE_X87_UNMASKED ||
	     (tx->mode & (BT_MODE_X87 | BT_MODE_SSE)) != (BT_MODE_X87 | BT_MODE_SSE) ||
	     tsr_bt_fp_checks(tx, i) || tsr_bt_sse_checks(tx, i)))
		return false;
	if (i->aligned || i->lock ||
	    (i->memory && bt_segment_kind(tx->mode, i->ea.segment) == BT_SEGMENT_LIMITED) ||
	    bt_segment_kind(tx->mode, TSR_SS) == BT_SEGMENT_LIMITED)
		return false;
	switch (i->kind) {
	case BT_COPY:
	case BT_FP:
	case BT_PUSH:
	case BT_POP:
	case BT_LEAVE:
	case BT_CALL:
	case BT_RET:
	case BT_JMP:
		return true;
	default:
		return false;
	}
}

/* Also those that write them only sometimes (shifts by CL). */
static bool may_write_flags(const struct bt_insn *i)
{
	return i->flags_touched || i->kind == BT_STRING || i->kind == BT_POPF ||
	       i->kind == BT_FALLBACK;
}

/* Where each instruction's flags come from: what made them, and which instruction that was. */
static void find_sources(struct bt_tx *tx, uint8_t makers[BT_MAX_INSNS + 1])
{
	struct flag_source now = { .kind = BT_RECOVER_SAVED };
	uint8_t maker = 0;

	for (unsigned n = 0; n < tx->count; n++) {
		const struct bt_insn *i = &tx->insns[n];
		struct flag_source made;

		if (tsr_bt_calls_on(tx, n) && tsr_bt_overwrites(i, &now))
			now.kind = BT_RECOVER_NONE; /* they would be made again behind the push */
		tx->sources[n] = now;
		makers[n] = maker;
		if (tsr_bt_flags_source(i, &made)) {
			now = made;
			maker = (uint8_t)(n + 1);
		} else if (may_write_flags(i) || tsr_bt_calls_on(tx, n) ||
			   tsr_bt_overwrites(i, &now)) {
			now.kind = BT_RECOVER_NONE;
		}
	}
	tx->sources[tx->count] = now;
	makers[tx->count] = maker;
}

static bool touches_memory(const struct bt_insn *i)
{
	return (i->memory && i->kind != BT_LEA && i->kind != BT_NOP) ||
	       (i->kind != BT_COPY && i->kind != BT_FP && i->kind != BT_LEA && i->kind != BT_NOP &&
		i->kind != BT_JMP);
}

/* Does it need the flags as they are, apart from its result? */
static bool exposes(const struct bt_tx *tx, unsigned n)
{
	const struct bt_insn *i = &tx->insns[n];

	if (!touches_memory(i)) /* it may be left to the interpreter all the same */
		return i->lock || (i->kind == BT_FP && !may_clobber(tx, i)) ||
		       (i->map == 1 && (i->opcode & 0xf8) == OP_0F_BSWAP && i->operand_size == 2);
	return !may_clobber(tx, i) || !tx->sources[n].kind;
}

#define OVERWRITTEN UINT8_MAX /* next: not an instruction that needs the flags */

/* May the check of instruction n clobber them, if `next` is the next that needs them? */
static bool clobbers(const struct bt_tx *tx, const uint8_t makers[], unsigned n, unsigned next)
{
	const struct bt_insn *i = &tx->insns[n];

	if (!touches_memory(i) || i->flags_read || exposes(tx, n))
		return false;
	if (i->flags_written == TSR_FLAGS_ARITHMETIC || next == OVERWRITTEN)
		return true;
	return !i->flags_touched && tx->sources[n].kind != BT_RECOVER_SAVED &&
	       tx->sources[next].kind && makers[next] == makers[n];
}

/* Saving them takes longer than a check that keeps them. Without checks only a loop's poll clobbers
 * them where memory may be used. */
static void decide_saving(struct bt_tx *tx)
{
	unsigned gain = 0;

	for (unsigned n = 0; n < tx->count; n++)
		gain += !tx->flags_live[n] && tx->sources[n].kind == BT_RECOVER_SAVED;
	if (tx->unchecked)
		tx->flags_saved = tx->loop && !tx->poll_ahead && gain > 0;
	else
		tx->flags_saved = gain > (tx->loop ? 0 : 1);
	for (unsigned n = 0; n < tx->count && !tx->flags_saved; n++)
		tx->flags_live[n] |= tx->sources[n].kind == BT_RECOVER_SAVED;
}

void tsr_bt_liveness(struct bt_tx *tx)
{
	uint8_t makers[BT_MAX_INSNS + 1];
	unsigned next = tx->count;

	tx->clobbered = tx->flags_saved = tx->start_overwritten = false;
	memset(tx->flags_live, 1, sizeof(tx->flags_live));
	memset(tx->flags_needed, 0, sizeof(tx->flags_needed));
	if (!tx->hot)
		return;
	find_sources(tx, makers);
	for (unsigned n = tx->count; n-- > 0;) {
		const struct bt_insn *i = &tx->insns[n];
		bool all = i->flags_written == TSR_FLAGS_ARITHMETIC;

		if (tsr_bt_calls_on(tx, n)) /* what is called may need them */
			next = n;
		tx->flags_live[n] = !clobbers(tx, makers, n, next);
		if (i->flags_read || exposes(tx, n) || tsr_bt_calls_on(tx, n) ||
		    (i->flags_touched && !all && next != OVERWRITTEN)) {
			tx->flags_needed[n] = true;
			next = n;
		} else if (all) {
			next = OVERWRITTEN;
		}
	}
	tx->start_overwritten = next == OVERWRITTEN;
	decide_saving(tx);
}
