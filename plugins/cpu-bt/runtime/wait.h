/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest that waits for its clock. */
#ifndef TSR_BT_WAIT_H
#define TSR_BT_WAIT_H

#include "code/bt.h"

/* An RDTSC was done, at state.eip. Is it one of a long row, so that the processor may rest? */
bool tsr_bt_waits(struct tsr_bt *bt);
/* Leaves translated code behind that RDTSC, for run to return TSR_CPU_WAITING. */
struct bt_outcome tsr_bt_wait(struct tsr_bt *bt, const struct bt_site *s);

#endif
