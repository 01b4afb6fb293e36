/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks that jump back to their own start. */
#ifndef TSR_BT_LOOP_H
#define TSR_BT_LOOP_H

#include "lower/tx.h"

bool tsr_bt_loop_possible(const struct bt_tx *tx);
void tsr_bt_loop_begin(struct bt_tx *tx); /* at the block's start */

#endif
