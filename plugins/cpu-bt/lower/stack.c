/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stack as an operand, and ESP or SP moved. */
#include "lower/stack.h"

struct bt_ea tsr_bt_stack_ea(const struct bt_tx *tx, int32_t disp)
{
	return (struct bt_ea){ .base = TSR_ESP,
			       .index = NOREG,
			       .segment = TSR_SS,
			       .addr16 = !tx_stack32(tx),
			       .disp = disp };
}

void tsr_bt_move_esp(struct bt_tx *tx, int32_t by)
{
	if (tx_stack32(tx)) {
		emit_lea(&tx->e, R12, HOST_MEM(R12, by));
	} else {
		emit_lea(&tx->e, R9, HOST_MEM(R12, by));
		emit_mov16(&tx->e, R12, R9);
	}
}
