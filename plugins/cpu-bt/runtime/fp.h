/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest's FP state in the host's unit. */
#ifndef TSR_BT_FP_H
#define TSR_BT_FP_H

#include "code/bt.h"

void tsr_bt_fp_unload(struct tsr_bt *bt);
void tsr_bt_fp_reload(struct tsr_bt *bt);
struct bt_outcome tsr_bt_fxsave(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);
struct bt_outcome tsr_bt_fxrstor(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);
struct bt_outcome tsr_bt_fnstenv(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);
struct bt_outcome tsr_bt_fldenv(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);

#endif
