/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Short loops without checks (loop.c) that have no other jump: their body comes four times, and
 * only the last copy asks whether an exit is requested. The rows of the block's instructions are
 * those of all copies; its guest code is that of one.
 *
 *	back:	...; jncc out		three times
 *		...; poll; jcc back
 */
#include "lower/liveness.h"
#include "lower/poll.h"
#include "lower/unroll.h"

#define BODY_MAX 8 /* instructions */
#define COPIES 2   /* logarithm */

static bool is_possible(const struct bt_tx *tx)
{
	return tx->loop && tx->unchecked && tx->poll_ahead && !tx->flags_saved && !tx->branches &&
	       tx->count <= BODY_MAX;
}

void tsr_bt_unroll(struct bt_tx *tx)
{
	unsigned body = tx->count;

	if (!is_possible(tx))
		return;
	tx->copies = COPIES;
	tx->count = body << COPIES;
	for (unsigned n = body; n < tx->count; n++)
		tx->insns[n] = tx->insns[n - body];
	tsr_bt_liveness(tx);
	tsr_bt_poll_plan(tx);
}

bool tsr_bt_copy_ends(const struct bt_tx *tx)
{
	return tx->copies && tx->index + 1 < tx->count &&
	       (tx->index + 1) % (tx->count >> tx->copies) == 0;
}
