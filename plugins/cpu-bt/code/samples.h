/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Samples of blocks that several addresses share: which addresses want hot code of their own. */
#ifndef TSR_BT_SAMPLES_H
#define TSR_BT_SAMPLES_H

#include "code/bt.h"

void tsr_bt_samples_note(struct tsr_bt *bt);
void tsr_bt_samples_want(struct tsr_bt *bt, uint32_t eip);
bool tsr_bt_samples_wanted(const struct tsr_bt *bt, uint32_t eip);

#endif
