/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The run loop. */
#ifndef TSR_BT_RUN_H
#define TSR_BT_RUN_H

#include "code/bt.h"

enum tsr_cpu_exit tsr_bt_run(void *self, uint64_t budget);

#endif
