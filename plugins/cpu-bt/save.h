/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saving and loading the processor. */
#ifndef TSR_BT_SAVE_H
#define TSR_BT_SAVE_H

#include "code/bt.h"

void tsr_bt_save(void *self, struct tsr_state_writer *out);
bool tsr_bt_load(void *self, struct tsr_state_reader *in, struct tsr_error *error);

#endif
