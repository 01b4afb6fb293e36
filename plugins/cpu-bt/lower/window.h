/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory operands in the MMU's window. */
#ifndef TSR_BT_WINDOW_H
#define TSR_BT_WINDOW_H

#include "lower/tx.h"

bool tsr_bt_window_operand(struct bt_tx *tx, const struct bt_ea *ea, unsigned size, unsigned access,
			   struct host_mem *out);
bool tsr_bt_window_possible(const struct bt_tx *tx, const struct bt_ea *ea, unsigned size);
/* Flags are lost. Behind it, r8d is the address of its first byte, if that is not constant. */
void tsr_bt_window_check(struct bt_tx *tx, const struct group *g);
void tsr_bt_window_hoist(struct bt_tx *tx);
void tsr_bt_window_stub(struct bt_tx *tx, const struct stub *s);
void tsr_bt_window_fault(struct bt_tx *tx, const struct stub *s);

#endif
