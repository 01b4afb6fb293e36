/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The budget of instructions, before and after translated code. */
#ifndef TSR_BT_BUDGET_H
#define TSR_BT_BUDGET_H

#include "code/bt.h"

void tsr_bt_budget_in(struct tsr_bt *bt);
void tsr_bt_budget_out(struct tsr_bt *bt);

/* Is nothing left at a block's end? */
static inline bool tsr_bt_budget_over(const struct tsr_bt *bt)
{
	return bt->budget.counted && bt->hot.left <= 0;
}

#endif
