/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a memory check may clobber the flags. Two things must hold before the instruction: the
 * flags are not read any more before they are written again in this block; and if the access
 * faults, so that the guest sees them after all, they can be computed again from registers, because
 * the instruction that made them is known and its operands, or its operand and result, still are
 * where they were. At a block's end all flags are live.
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
	    ((tx->mode & (BT_MODE_X87 | BT_MODE_SSE)) != (BT_MODE_X87 | BT_MODE_SSE) ||
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

static void find_sources(struct bt_tx *tx)
{
	struct flag_source now = { 0 };

	for (unsigned n = 0; n < tx->count; n++) {
		const struct bt_insn *i = &tx->insns[n];
		struct flag_source made;

		tx->sources[n] = now;
		if (tsr_bt_flags_source(i, &made))
			now = made;
		else if (may_write_flags(i) || tsr_bt_overwrites(i, &now))
			now.kind = BT_RECOVER_NONE;
	}
}

static bool touches_memory(const struct bt_insn *i)
{
	return (i->memory && i->kind != BT_LEA && i->kind != BT_NOP) ||
	       (i->kind != BT_COPY && i->kind != BT_FP && i->kind != BT_LEA && i->kind != BT_NOP &&
		i->kind != BT_JMP);
}

/* May the guest see, at this instruction, flags that were clobbered before it and that cannot be
 * recomputed? */
static bool exposes(const struct bt_tx *tx, unsigned n)
{
	const struct bt_insn *i = &tx->insns[n];

	if (!touches_memory(i))
		return tsr_bt_fp_checks(tx, i) || tsr_bt_sse_checks(tx, i);
	return !may_clobber(tx, i) || !tx->sources[n].kind;
}

void tsr_bt_liveness(struct bt_tx *tx)
{
	uint32_t live = TSR_FLAGS_ARITHMETIC;
	bool safe = false; /* from the next instruction to the next that writes all flags nothing
			      exposes them */

	find_sources(tx);
	for (unsigned n = tx->count; n-- > 0;) {
		const struct bt_insn *i = &tx->insns[n];

		live = (live & ~i->flags_written) | i->flags_read;
		safe = !exposes(tx, n) && (safe || i->flags_written == TSR_FLAGS_ARITHMETIC);
		tx->flags_live[n] = live || !safe || !tx->sources[n].kind || !may_clobber(tx, i)
					    ? TSR_FLAGS_ARITHMETIC
					    : 0;
	}
	tx->clobbered = false;
}
