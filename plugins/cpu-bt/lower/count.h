/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The count of a block with a budget. */
#ifndef TSR_BT_COUNT_H
#define TSR_BT_COUNT_H

#include "lower/tx.h"

void tsr_bt_count_take(struct bt_tx *tx);
void tsr_bt_count_return(struct bt_tx *tx, unsigned done);
void tsr_bt_count_fix(struct bt_tx *tx);

#endif
