/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls and returns of hot code by the host's. */
#ifndef TSR_BT_LOWER_RETURNS_H
#define TSR_BT_LOWER_RETURNS_H

#include "lower/tx.h"

bool tsr_bt_returns_possible(const struct bt_tx *tx);
bool tsr_bt_returns_poll(const struct bt_tx *tx); /* instead of the CALL itself */
void tsr_bt_returns_call(struct bt_tx *tx);
void tsr_bt_returns_call_on(struct bt_tx *tx); /* the block goes on behind it */
void tsr_bt_returns_ret(struct bt_tx *tx);
void tsr_bt_returns_stub(struct bt_tx *tx, const struct stub *s);

#endif
