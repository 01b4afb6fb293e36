/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The folder of a machine's snapshots, opened by one process for changes. A change makes new files,
 * puts them on stable storage, and then replaces the index (tsr_store_commit), which makes it
 * happen; files that the index does not name are removed when the store is opened and closed.
 */
#ifndef TSR_SNAPSHOT_STORE_H
#define TSR_SNAPSHOT_STORE_H

#include "config/snapshot-index.h"

typedef struct {
	char *manifest, *folder; /* paths; the folder is the machine's */
	TsrSnapshotIndex *index; /* without snapshots if there are none */
	int lock;                /* of the folder of snapshots */
	GArray *disk_locks;      /* int: of the disks of a machine that is off */
} TsrStore;

/* manifest: to be freed. FALSE: there is no machine. */
gboolean tsr_store_find_manifest(const char *machine, char **manifest, GError **error);
/* Makes the folder of snapshots if it lacks. NULL with error: another process is at work, or the
 * index is damaged. */
TsrStore *tsr_store_open(const char *machine, GError **error);
void tsr_store_close(TsrStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsrStore, tsr_store_close)

/* Until the store is closed no machine can use the disks. FALSE: one does. */
gboolean tsr_store_lock_disks(TsrStore *store, GError **error);
/* The same for a machine whose disks have no snapshots yet. */
gboolean tsr_store_lock_file(TsrStore *store, const char *path, GError **error);
gboolean tsr_store_commit(TsrStore *store, GError **error);
void tsr_store_remove_garbage(TsrStore *store);

/* NULL with error: there is none of that name. */
TsrSnapshot *tsr_store_find(const TsrStore *store, const char *name, GError **error);
gboolean tsr_store_check_name(const TsrStore *store, const char *name, GError **error);
char *tsr_store_base_path(const TsrStore *store, const TsrSnapshotDisk *disk);
/* What a snapshot has beside layers: "state", "png". */
char *tsr_store_path(const TsrStore *store, guint id, const char *suffix);
/* A layer above the current snapshot for each disk, with their ids in `ids`; FALSE: none is left.
 */
gboolean tsr_store_make_layers(TsrStore *store, guint above, char **ids, GError **error);
/* The image of a disk, which is not written while there are snapshots of it, cannot be written by
 * mistake, or can be again. */
void tsr_store_freeze_images(TsrStore *store, gboolean freeze);

#endif
