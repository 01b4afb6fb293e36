/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stack as an operand. */
#include "lower/stack.h"

struct bt_ea tsr_bt_stack_ea(const struct bt_tx *tx, int32_t disp)
{
	return (struct bt_ea){ .base = TSR_ESP,
			       .index = NOREG,
			       .segment = TSR_SS,
			       .addr16 = !tx_stack32(tx),
			       .disp = disp };
}
