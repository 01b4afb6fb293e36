/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Code out of line, after a block. */
#ifndef TSR_BT_STUBS_H
#define TSR_BT_STUBS_H

#include "lower/tx.h"

void tsr_bt_stubs_emit(struct bt_tx *tx);

#endif
