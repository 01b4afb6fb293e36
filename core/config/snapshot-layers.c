/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine with snapshots: the back ends of its disks get the topmost layer above their image. The
 * index lies beside the manifest; a disk that the command line gave another image has no part in
 * it.
 */
#include "config/draft.h"
#include "config/snapshot-index.h"

static gboolean is_image(const TsrDraftInstance *instance, const char *image)
{
	const TsrSetting *file = g_hash_table_lookup(instance->settings, "file");
	g_autofree char *path =
		file ? g_canonicalize_filename(file->value, file->base_folder) : NULL;

	return g_strcmp0(path, image) == 0;
}

static void add_layer(TsrDraft *draft, const TsrSnapshotIndex *index, const TsrSnapshotDisk *disk)
{
	TsrDraftInstance *instance = tsr_draft_find(draft, disk->name);
	g_autofree char *image = g_build_filename(index->folder, disk->base, NULL),
			*layer = tsr_snapshot_layer_path(index->folder, disk->top),
			*where = g_build_filename(index->folder, TSR_SNAPSHOTS_FOLDER, "index",
						  NULL);

	if (instance && is_image(instance, image))
		tsr_draft_set(instance->settings, "layer", layer, where, index->folder);
}

gboolean tsr_draft_add_layers(TsrDraft *draft, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(g_ptr_array_index(draft->files, 0));
	g_autoptr(TsrSnapshotIndex) index = NULL;

	if (!tsr_snapshot_index_read(folder, &index, error))
		return FALSE;
	for (guint i = 0; index && i < index->disks->len; i++)
		add_layer(draft, index, g_ptr_array_index(index->disks, i));
	return TRUE;
}
