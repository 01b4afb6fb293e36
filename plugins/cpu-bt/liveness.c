/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which flags are live before each instruction of a block. Flags are live at the block's end, and at each instruction that
 * may fault, unless they can be computed again (flags_recover).
 */
#include "tx.h"

void tsr_bt_liveness(struct bt_tx *tx)
{
	for (unsigned n = 0; n <= tx->count; n++)
		tx->flags_live[n] = TSR_FLAGS_ARITHMETIC;
}
