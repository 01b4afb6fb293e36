/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several operands, one check. */
#ifndef TSR_BT_GROUPS_H
#define TSR_BT_GROUPS_H

#include "lower/tx.h"

bool tsr_bt_group_operand(struct bt_tx *tx, const struct bt_ea *ea, unsigned size, unsigned access,
			  struct host_mem *out);
void tsr_bt_groups_begin(struct bt_tx *tx); /* of an instruction */
void tsr_bt_groups_end(struct bt_tx *tx);

#endif
