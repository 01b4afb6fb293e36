/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stacks that translated code runs on. */
#ifndef TSR_BT_RETURNS_H
#define TSR_BT_RETURNS_H

#include "code/bt.h"

bool tsr_bt_returns_init(struct tsr_bt *bt, struct tsr_error *error);
void tsr_bt_returns_finish(struct tsr_bt *bt);
void tsr_bt_returns_reset(struct tsr_bt *bt);
void tsr_bt_returns_select(struct tsr_bt *bt, unsigned view);
uint8_t *tsr_bt_returns_top(const struct tsr_bt *bt, unsigned view); /* constant */

/* Whether sp lies on the stack that is in use, with a word that can be read. [any] */
bool tsr_bt_returns_has(const struct tsr_bt *bt, uint64_t sp);

#endif
