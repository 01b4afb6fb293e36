/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ESP or SP moved. */
#ifndef TSR_BT_MOVE_ESP_H
#define TSR_BT_MOVE_ESP_H

#include "lower/tx.h"

void tsr_bt_move_esp(struct bt_tx *tx, int32_t by);

#endif
