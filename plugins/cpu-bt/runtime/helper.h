/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bridge to instructions that are done in C. */
#ifndef TSR_BT_HELPER_H
#define TSR_BT_HELPER_H

#include "code/bt.h"

struct bt_outcome tsr_bt_helper(struct tsr_bt *bt, uint32_t word, uint32_t site);

#endif
