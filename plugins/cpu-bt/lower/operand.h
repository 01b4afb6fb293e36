/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A memory operand. */
#ifndef TSR_BT_OPERAND_H
#define TSR_BT_OPERAND_H

#include "lower/tx.h"

struct host_mem tsr_bt_memory(struct bt_tx *tx, const struct bt_ea *ea, unsigned size,
			      unsigned access, bool aligned);

#endif
