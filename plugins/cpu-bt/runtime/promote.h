/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pages that hot code wants in the window. Called by emitted code. */
#ifndef TSR_BT_PROMOTE_H
#define TSR_BT_PROMOTE_H

#include "code/bt.h"

/* The block is translated again when it is entered next, with that form at least. */
void tsr_bt_window_again(struct tsr_bt *bt, struct bt_block *b, enum bt_window_form form);
struct bt_outcome tsr_bt_promote(struct tsr_bt *bt, uint32_t gla, uint32_t address);

#endif
