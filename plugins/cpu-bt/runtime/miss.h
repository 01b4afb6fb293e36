/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Slow paths of memory accesses, called by emitted code. */
#ifndef TSR_BT_MISS_H
#define TSR_BT_MISS_H

#include "code/bt.h"

struct bt_outcome tsr_bt_miss(struct tsr_bt *bt, uint32_t gla, uint32_t address);

#endif
