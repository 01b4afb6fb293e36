/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From EIP to code. */
#ifndef TSR_BT_DISPATCH_H
#define TSR_BT_DISPATCH_H

#include "code/bt.h"

struct bt_outcome tsr_bt_resume(struct tsr_bt *bt);
struct bt_outcome tsr_bt_lookup(struct tsr_bt *bt, uint32_t eip, uint32_t unused);
struct bt_outcome tsr_bt_target(struct tsr_bt *bt, uint32_t eip, uint32_t unused);
struct bt_outcome tsr_bt_chain(struct tsr_bt *bt, uint32_t unused, uint32_t address);
struct bt_outcome tsr_bt_poll(struct tsr_bt *bt, uint32_t unused, uint32_t address);
struct bt_outcome tsr_bt_diverted(struct tsr_bt *bt, uint32_t unused, uint32_t address);
struct bt_outcome tsr_bt_spent(struct tsr_bt *bt, uint32_t eip, uint32_t taken);
struct bt_block *tsr_bt_find(struct tsr_bt *bt, uint32_t eip);

#endif
