/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saving a machine that goes on afterwards, but not as before. */
#ifndef TSR_STATE_MACHINE_STATE_H
#define TSR_STATE_MACHINE_STATE_H

#include <tessera-glib/machine.h>

typedef gboolean (*TsrThen)(TsrMachine *self, gpointer user, GError **error);

/* As tsr_machine_save(), to fd if it is not negative. `then` is called once the state is on stable
 * storage, while the guest still stands and no worker is busy; NULL: nothing. */
gboolean tsr_machine_save_then(TsrMachine *self, const char *path, int fd, TsrThen then,
			       gpointer user, GError **error);

#endif
