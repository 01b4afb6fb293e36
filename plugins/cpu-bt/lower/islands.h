/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Islands: jumps on the way from a JRCXZ to a stub. */
#ifndef TSR_BT_ISLANDS_H
#define TSR_BT_ISLANDS_H

#include "lower/tx.h"

void tsr_bt_island_wait(struct bt_tx *tx, uint32_t at, struct stub *stub);
void tsr_bt_island(struct bt_tx *tx);       /* control does not come here: put the waiting jumps */
void tsr_bt_island_check(struct bt_tx *tx); /* before a guest instruction: keep rel8 in reach */

#endif
