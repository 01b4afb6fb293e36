/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a memory check may clobber the flags. */
#ifndef TSR_BT_LIVENESS_H
#define TSR_BT_LIVENESS_H

#include "lower/tx.h"

void tsr_bt_liveness(struct bt_tx *tx);

#endif
