/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The budget of instructions, before and after translated code. */
#ifndef TSR_BT_BUDGET_H
#define TSR_BT_BUDGET_H

#include "code/bt.h"

void tsr_bt_budget_in(struct tsr_bt *bt);
void tsr_bt_budget_out(struct tsr_bt *bt);
bool tsr_bt_budget_over(const struct tsr_bt *bt);

#endif
