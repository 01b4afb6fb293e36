/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A copy of the process tries what may crash or hang, and ends: what happens to the copy does not
 * happen to the machine. The copy has one thread, memory of its own, guest RAM too, and the open
 * files of the machine.
 */
#ifndef TSR_UPGRADE_REHEARSAL_H
#define TSR_UPGRADE_REHEARSAL_H

#include <tessera-glib/machine.h>

/* Calls `what` in the copy. FALSE and error: it failed, or the copy crashed, ended, or did not end
 * in time, in *step, a string that stays, which `what` keeps up to date. The guest stands. [main,
 * locked] */
gboolean tsr_rehearse(TsrMachine *m,
		      gboolean (*what)(gpointer user, const char *volatile *step, GError **error),
		      gpointer user, GError **error);

#endif
