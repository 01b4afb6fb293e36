/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking a snapshot, for what takes one by itself. */
#ifndef TSR_SNAPSHOT_TAKE_H
#define TSR_SNAPSHOT_TAKE_H

#include <tessera-glib/machine.h>

/* As tsr_snapshots_take(). undo: of undoable disks, before the changes that can be discarded. */
gboolean tsr_take(TsrRegistry *registry, const char *machine, TsrMachine *running, const char *name,
		  const char *note, gboolean undo, GError **error);

#endif
