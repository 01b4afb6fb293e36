/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Control registers, INVLPG, table registers: what translated code calls. The operand is in r11. */
#ifndef TSR_BT_CONTROL_H
#define TSR_BT_CONTROL_H

#include "code/bt.h"

struct bt_outcome tsr_bt_cr0(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);
struct bt_outcome tsr_bt_cr3(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);
struct bt_outcome tsr_bt_clts(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);
struct bt_outcome tsr_bt_lmsw(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);
struct bt_outcome tsr_bt_invlpg(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);
struct bt_outcome tsr_bt_table_load(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);
struct bt_outcome tsr_bt_lldt(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);

#endif
