/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The index of a machine's snapshots: the file `snapshots/index` in its folder. It says which
 * snapshots there are, which layer of a disk belongs to which, and what the machine's disks are
 * made of now. It is replaced as a whole, so a change of it is what makes a change of snapshots
 * happen; files that it does not name are garbage. docs/snapshots.md describes the folder.
 */
#ifndef TSR_CONFIG_SNAPSHOT_INDEX_H
#define TSR_CONFIG_SNAPSHOT_INDEX_H

#include <glib.h>

#define TSR_SNAPSHOTS_FOLDER "snapshots"
#define TSR_SNAPSHOTS_MAX 1000u
#define TSR_SNAPSHOT_DISKS_MAX 16u
#define TSR_SNAPSHOT_TEXT_MAX 4096u /* bytes of a name or note */

typedef struct {
	char *name;    /* of the instance */
	char *base;    /* its image, relative to the machine's folder */
	char *top;     /* id of the layer that is written, 32 hexadecimal digits; NULL: the image */
	char *pending; /* the same while a running machine's snapshot is being taken, else NULL */
} TsrSnapshotDisk;

typedef struct {
	guint id, parent; /* parent 0: none */
	char *name, *note;
	gint64 time;     /* seconds since 1970 */
	gboolean state;  /* there is a saved state */
	gboolean hidden; /* deleted, but others need its layers */
	gboolean undo;   /* of undoable disks, before changes that can be discarded */
	char **layers;   /* for each disk of the index: id of a layer, or "base": the image */
} TsrSnapshot;

typedef struct {
	char *folder; /* the machine's */
	guint current, next;
	guint pending;        /* the snapshot that is being taken of a running machine; 0: none */
	GPtrArray *disks;     /* TsrSnapshotDisk */
	GPtrArray *snapshots; /* TsrSnapshot; exactly one has no parent */
} TsrSnapshotIndex;

/* Without snapshots. */
TsrSnapshotIndex *tsr_snapshot_index_new(const char *folder);
void tsr_snapshot_index_free(TsrSnapshotIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsrSnapshotIndex, tsr_snapshot_index_free)

/* Any text is safe. NULL with error: it is not an index, or not of this version; `path` is for
 * messages. */
TsrSnapshotIndex *tsr_snapshot_index_parse(const char *folder, const char *path, const char *text,
					   gsize length, GError **error);
/* *index becomes NULL if the machine has no snapshots. A snapshot of a running machine that was
 * left half-way is made whole or left out, as the machine did it or not; nothing is written. */
gboolean tsr_snapshot_index_read(const char *folder, TsrSnapshotIndex **index, GError **error);
char *tsr_snapshot_index_print(const TsrSnapshotIndex *index);

TsrSnapshotDisk *tsr_snapshot_index_add_disk(TsrSnapshotIndex *index, const char *name,
					     const char *base);
TsrSnapshot *tsr_snapshot_index_add(TsrSnapshotIndex *index, guint id);
/* NULL: there is none. */
TsrSnapshot *tsr_snapshot_index_find(const TsrSnapshotIndex *index, guint id);
/* The path of a layer. (transfer full) */
char *tsr_snapshot_layer_path(const char *folder, const char *id);

#endif
