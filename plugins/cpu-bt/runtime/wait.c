/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest that waits for its clock: kernels delay for microseconds to milliseconds by a loop of
 * RDTSC and PAUSE, the instruction that says that a loop waits (Intel SDM volume 2, PAUSE). After
 * as many rounds as take longer than to sleep and to wake up, run returns, and the core may let the
 * virtual CPU sleep for a moment. An RDTSC elsewhere, or without a PAUSE before it, is the end of a
 * wait. Other clocks that guests read (8254, power management timer) are devices, which do not come
 * here.
 */
#include "runtime/fp-pointers.h"
#include "runtime/outcome.h"
#include "runtime/wait.h"

#define ROUNDS 256      /* until the first rest: some 20 us */
#define ROUNDS_AGAIN 16 /* until the next */

bool tsr_bt_waits(struct tsr_bt *bt)
{
	bool again = bt->hot.paused && bt->run.waits_at == bt->state.eip;

	bt->hot.paused = 0;
	bt->run.waits_at = bt->state.eip;
	bt->run.waits = again ? bt->run.waits + 1 : 0;
	if (bt->run.waits < ROUNDS)
		return false;
	bt->run.waits -= ROUNDS_AGAIN;
	return true;
}

struct bt_outcome tsr_bt_wait(struct tsr_bt *bt, const struct bt_site *s)
{
	const struct bt_block *b = &bt->cache.blocks[s->block];

	bt->stats.waits++;
	bt->run.waiting = true;
	tsr_bt_fp_before(bt, s);
	bt->state.eip += bt_insn_length(bt, b, s->insn);
	return bt_leave(bt, BT_EXIT_LOOKUP);
}
