/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to leave translated code. */
#ifndef TSR_BT_REQUESTS_H
#define TSR_BT_REQUESTS_H

#include "code/bt.h"

void tsr_bt_request_exit(struct tsr_bt *bt);
void tsr_bt_kick(void *self);
bool tsr_bt_wanted(struct tsr_bt *bt);

#endif
