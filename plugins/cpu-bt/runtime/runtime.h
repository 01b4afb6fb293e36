/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The emitted entry, exit and call sequences. */
#ifndef TSR_BT_RUNTIME_H
#define TSR_BT_RUNTIME_H

#include "code/bt.h"

bool tsr_bt_runtime_emit(struct tsr_bt *bt,
			 struct tsr_error *error); /* to the start of the empty cache */
void tsr_bt_runtime_enter(struct tsr_bt *bt, const uint8_t *host);

#endif
