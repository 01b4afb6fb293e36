/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Around a device that runs in the middle of translated code. */
#ifndef TSR_BT_DEVICE_H
#define TSR_BT_DEVICE_H

#include "code/bt.h"

bool tsr_bt_device_begin(struct tsr_bt *bt, const struct bt_site *s);
void tsr_bt_device_end(struct tsr_bt *bt, bool loaded); /* `loaded`: what begin returned */

#endif
