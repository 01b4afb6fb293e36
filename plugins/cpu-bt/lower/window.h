/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory operands in the MMU's window. */
#ifndef TSR_BT_WINDOW_H
#define TSR_BT_WINDOW_H

#include "lower/tx.h"

bool tsr_bt_window_operand(struct bt_tx *tx, const struct bt_ea *ea, unsigned size, unsigned access,
			   struct host_mem *out);
void tsr_bt_window_hoist(struct bt_tx *tx);
void tsr_bt_window_stub(struct bt_tx *tx, const struct stub *s);

#endif
