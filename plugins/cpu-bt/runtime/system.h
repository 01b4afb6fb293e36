/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Instructions of the system that are done here, and those that the interpreter does in the middle
 * of translated code. */
#ifndef TSR_BT_SYSTEM_H
#define TSR_BT_SYSTEM_H

#include "code/bt.h"

struct bt_outcome tsr_bt_bail(struct tsr_bt *bt, uint32_t eip, uint32_t mnemonic);
struct bt_outcome tsr_bt_segment_load(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);
struct bt_outcome tsr_bt_rdtsc(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);
struct bt_outcome tsr_bt_in(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);
struct bt_outcome tsr_bt_out(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);

#endif
