/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pages that hot code wants in the window. Called by emitted code. */
#ifndef TSR_BT_PROMOTE_H
#define TSR_BT_PROMOTE_H

#include "code/bt.h"

struct bt_outcome tsr_bt_promote(struct tsr_bt *bt, uint32_t gla, uint32_t address);

#endif
