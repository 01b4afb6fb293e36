/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The x87's last-instruction pointers. What changes a segment register, or reads state.fx, commits
 * first. */
#ifndef TSR_BT_FP_POINTERS_H
#define TSR_BT_FP_POINTERS_H

#include "code/bt.h"

void tsr_bt_fp_commit(struct tsr_bt *bt);
void tsr_bt_fp_before(struct tsr_bt *bt, const struct bt_site *s);
void tsr_bt_fp_after(struct tsr_bt *bt, const struct bt_site *s);

#endif
