/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has an exit been requested? Asked where code jumps back. */
#ifndef TSR_BT_POLL_H
#define TSR_BT_POLL_H

#include "lower/tx.h"

void tsr_bt_poll_plan(struct bt_tx *tx);
void tsr_bt_poll_planned(struct bt_tx *tx);
void tsr_bt_poll_overwritten(struct bt_tx *tx, struct stub *s);
void tsr_bt_poll_live(struct bt_tx *tx, struct stub *s);
void tsr_bt_poll_before(struct bt_tx *tx);
void tsr_bt_poll_called(struct bt_tx *tx);
void tsr_bt_poll_stub(struct bt_tx *tx, const struct stub *s);

#endif
