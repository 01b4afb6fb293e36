/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine that stands still, for a moment in which all of it can be looked at or changed. */
#ifndef TSR_STATE_HOLD_H
#define TSR_STATE_HOLD_H

#include <tessera-glib/machine.h>

/* Until tsr_machine_let_go the guest is paused, the lock is held, and no worker is busy. FALSE and
 * error, with the remedy: the host does not answer an instance. [main] */
gboolean tsr_machine_hold(TsrMachine *self, const char *remedy, gboolean *was_running,
			  GError **error);
void tsr_machine_let_go(TsrMachine *self, gboolean was_running);

#endif
