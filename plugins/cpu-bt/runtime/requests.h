/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to leave translated code. */
#ifndef TSR_BT_REQUESTS_H
#define TSR_BT_REQUESTS_H

#include <tessera/draft/x86-facts.h>

#include "code/bt.h"

void tsr_bt_request_exit(struct tsr_bt *bt);
void tsr_bt_kick(void *self);

/* Is there something for the run loop to do? */
static inline bool tsr_bt_wanted(struct tsr_bt *bt)
{
	if (__atomic_load_n(&bt->pins.kicked, __ATOMIC_SEQ_CST) || bt->run.stopped ||
	    bt->pins.init || bt->run.due)
		return true;
	if (bt->hot.intr_waiting && bt->state.eflags & TSR_FLAG_IF)
		return true;
	return bt->state.nmi_pending && !bt->state.nmi_blocked;
}

#endif
