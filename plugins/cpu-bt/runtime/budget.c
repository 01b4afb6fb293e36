/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs with a budget of instructions, those of deterministic machines. Every block begins by taking
 * the instructions that it translates off `left`; if there are not so many left, the interpreter
 * does the last few. Code that leaves a block early gives back what was not done.
 * state.instructions is exact outside of translated code. Instructions that may read the time or
 * raise an interrupt (ports, device memory, RDTSC) are left to the interpreter, and a block ends
 * where a waiting interrupt may be taken: so interrupts come at the same instruction as in the
 * interpreter alone, and a run leaves the same state.
 */
#include "runtime/budget.h"

#define LEFT_MAX (1 << 30) /* the upper half of `left` is its sign */

/* Before translated code is entered, and when the interpreter ran in between. */
void tsr_bt_budget_in(struct tsr_bt *bt)
{
	uint64_t left = bt->budget.end - bt->state.instructions;

	if (!bt->budget.counted)
		return;
	bt->hot.left = left < LEFT_MAX ? (int64_t)left : LEFT_MAX;
	bt->budget.until = bt->state.instructions + (uint64_t)bt->hot.left;
}

/* After it was left. `ahead`: how many instructions of the block were not done. May be called
 * again. */
void tsr_bt_budget_out(struct tsr_bt *bt)
{
	if (bt->budget.counted)
		bt->state.instructions =
			bt->budget.until - (uint64_t)(bt->hot.left += bt->budget.ahead);
	bt->budget.ahead = 0;
}
