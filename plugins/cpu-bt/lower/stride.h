/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loops whose operands move by the same amount from round to round. */
#ifndef TSR_BT_STRIDE_H
#define TSR_BT_STRIDE_H

#include "lower/tx.h"

bool tsr_bt_stride_possible(struct bt_tx *tx); /* of a block with tx->loop */
void tsr_bt_stride_begin(struct bt_tx *tx);    /* before the loop's body */
void tsr_bt_stride_back(struct bt_tx *tx);     /* after it: another round */

#endif
