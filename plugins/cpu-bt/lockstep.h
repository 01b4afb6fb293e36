/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks compared with the interpreter. */
#ifndef TSR_BT_LOCKSTEP_H
#define TSR_BT_LOCKSTEP_H

#include "code/bt.h"

bool tsr_bt_lockstep_init(struct tsr_bt *bt, struct tsr_error *error);
void tsr_bt_lockstep_finish(struct tsr_bt *bt);
bool tsr_bt_lockstep_run(struct tsr_bt *bt, struct bt_block *block);

#endif
