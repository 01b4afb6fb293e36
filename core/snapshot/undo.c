/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Undoable disks (mode=undoable). The machine has an undo point, which is a snapshot that was taken
 * before its run: to discard what it has written since is to go back there, to commit it is to
 * delete the undo point, and while neither is done the next run goes on with it. The undo point of
 * a machine is the nearest one below it.
 */
#include <tessera-glib/snapshots.h>

#include "snapshot/disks.h"
#include "snapshot/take.h"

#define NAME_FORMAT "Undo point %Y-%m-%d %H:%M:%S"

/* NULL: there is none. */
static TsrSnapshot *find_point(const TsrSnapshotIndex *index)
{
	TsrSnapshot *s = tsr_snapshot_index_find(index, index->current);

	while (s && (!s->undo || s->hidden))
		s = tsr_snapshot_index_find(index, s->parent);
	return s;
}

/* Of a machine that is found by its manifest or folder; "": it has none, NULL with error. */
static char *find_name(const char *machine, GError **error)
{
	g_autoptr(TsrSnapshotIndex) index = NULL;
	g_autofree char *manifest = NULL, *folder = NULL;
	const TsrSnapshot *point;

	if (!tsr_store_find_manifest(machine, &manifest, error))
		return NULL;
	folder = g_path_get_dirname(manifest);
	if (!tsr_snapshot_index_read(folder, &index, error))
		return NULL;
	point = index ? find_point(index) : NULL;
	return g_strdup(point ? point->name : "");
}

gboolean tsr_snapshots_begin_undo(TsrRegistry *registry, const char *machine, GError **error)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *name = NULL, *point = NULL;
	gboolean undoable;

	if (!tsr_disks_check_undo(registry, machine, &undoable, error))
		return FALSE;
	if (!undoable)
		return TRUE;
	point = find_name(machine, error);
	if (!point || *point)
		return point != NULL;
	name = g_date_time_format(now, NAME_FORMAT);
	return tsr_take(registry, machine, NULL, name, NULL, TRUE, error);
}

gboolean tsr_snapshots_end_undo(const char *machine, gboolean commit, GError **error)
{
	g_autofree char *point = find_name(machine, error);

	if (!point)
		return FALSE;
	if (*point)
		return commit ? tsr_snapshots_delete(machine, point, error)
			      : tsr_snapshots_go(machine, point, TRUE, error);
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
		    "the machine has no changes that wait to be committed or discarded: its disks "
		    "are not undoable, or it was done already");
	return FALSE;
}
