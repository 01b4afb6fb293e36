/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which disks of a machine are part of its snapshots: what the guest can write to and that is kept.
 */
#ifndef TSR_SNAPSHOT_DISKS_H
#define TSR_SNAPSHOT_DISKS_H

#include "snapshot/store.h"

#include <tessera-glib/machine.h>

/* The disks that the manifest names become those of an index without snapshots; one that has some
 * is compared with them. FALSE: a disk cannot have snapshots, there is none, or others than the
 * index has. */
gboolean tsr_disks_find(TsrStore *store, TsrRegistry *registry, GError **error);

/* Whether the disks that the manifest names are undoable: all that the guest writes to for good, or
 * none. FALSE: some are, which snapshots cannot keep apart. A manifest that cannot be read is for
 * others to tell of: it has none. */
gboolean tsr_disks_check_undo(TsrRegistry *registry, const char *machine, gboolean *undoable,
			      GError **error);

#endif
