/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counters for --stats. */
#ifndef TSR_BT_STATS_H
#define TSR_BT_STATS_H

#include "code/bt.h"

/* Before the first translation. */
void tsr_bt_stats_start(struct tsr_bt *bt);
void tsr_bt_stats(void *self, void (*put)(void *user, const char *name, uint64_t value),
		  void *user);

#endif
