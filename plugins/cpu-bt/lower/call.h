/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of C in the middle of translated code. */
#ifndef TSR_BT_CALL_H
#define TSR_BT_CALL_H

#include "code/calls.h"
#include "lower/tx.h"

void tsr_bt_call(struct bt_tx *tx, enum bt_call call, uint32_t how, uint32_t site);
void tsr_bt_call_without_site(struct bt_tx *tx, enum bt_call call);
/* Of a row that may skip or changes the mode: adds `pop` to ESP either way. What follows is run if
 * the mode is still the block's. */
void tsr_bt_call_or_leave(struct bt_tx *tx, enum bt_call call, uint32_t how, uint32_t site,
			  unsigned pop);

#endif
