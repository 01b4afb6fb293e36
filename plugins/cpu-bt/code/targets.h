/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Maps from EIP to code, for the indirect jumps of hot blocks. */
#ifndef TSR_BT_TARGETS_H
#define TSR_BT_TARGETS_H

#include "code/bt.h"

void tsr_bt_targets_init(struct tsr_bt *bt);
void tsr_bt_targets_finish(struct tsr_bt *bt);
void tsr_bt_targets_reset(struct tsr_bt *bt);

/* The map of that tag, or the empty one. */
const uint32_t *tsr_bt_targets_of(const struct tsr_bt *bt, uint32_t tag);

/* The jump cache is told of the block at EIP. */
void tsr_bt_targets_renew(struct tsr_bt *bt, uint32_t eip, const struct bt_block *b);

/* The block at EIP is the mode's tag's. The tag may have another map afterwards, which
 * tsr_bt_retag_as makes known. */
void tsr_bt_targets_put(struct tsr_bt *bt, uint32_t eip, const struct bt_block *b);

#endif
