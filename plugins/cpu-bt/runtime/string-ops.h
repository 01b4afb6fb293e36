/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* String instructions in C. */
#ifndef TSR_BT_STRING_OPS_H
#define TSR_BT_STRING_OPS_H

#include "code/bt.h"

struct bt_outcome tsr_bt_string(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);

#endif
