/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stack as an operand. */
#ifndef TSR_BT_STACK_H
#define TSR_BT_STACK_H

#include "lower/tx.h"

struct bt_ea tsr_bt_stack_ea(const struct bt_tx *tx, int32_t disp);

#endif
