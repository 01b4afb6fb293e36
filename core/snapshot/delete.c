/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Deleting a snapshot. It is hidden first, which is all that its user sees. Then what is hidden
 * goes: one with nothing above it at once; one with one branch above it is merged into that; one
 * with more waits until one is left. While layers are merged, what is read through the upper one
 * never changes, so a merge that was cut off is simply done again.
 */
#include <sys/stat.h>

#include <tessera-glib/snapshots.h>

#include "snapshot/file.h"
#include "snapshot/layer-file.h"
#include "snapshot/store.h"

/* -- What is above a snapshot */

typedef struct {
	guint count;        /* snapshots and the machine */
	TsrSnapshot *child; /* the last of the snapshots; NULL: only the machine, or none */
} Above;

static Above find_above(const TsrSnapshotIndex *index, const TsrSnapshot *s)
{
	Above above = { .count = index->current == s->id };

	for (guint i = 0; i < index->snapshots->len; i++) {
		TsrSnapshot *other = g_ptr_array_index(index->snapshots, i);

		if (other->parent != s->id)
			continue;
		above.count++;
		above.child = other;
	}
	return above;
}

/* A hidden one that can go now; NULL: none. name: of that name only, or NULL. */
static TsrSnapshot *find_removable(const TsrSnapshotIndex *index, const char *name)
{
	for (guint i = 0; i < index->snapshots->len; i++) {
		TsrSnapshot *s = g_ptr_array_index(index->snapshots, i);

		if (s->hidden && (!name || g_str_equal(s->name, name)) &&
		    find_above(index, s).count < 2)
			return s;
	}
	return NULL;
}

/* The layer above the snapshot: the child's, or the machine's. */
static char **layer_above(TsrStore *store, const Above *above, guint disk)
{
	TsrSnapshotDisk *d = g_ptr_array_index(store->index->disks, disk);

	return above->child ? &above->child->layers[disk] : &d->top;
}

/* -- Room: counted before anything is changed */

static guint64 shared_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) || st.st_nlink < 2 ? 0 : (guint64)st.st_blocks * 512;
}

static gboolean count_disk(TsrStore *store, const TsrSnapshot *s, const Above *above, guint i,
			   guint64 *bytes, GError **error)
{
	g_autoptr(TsrLayerFile) upper =
		tsr_layer_file_open(store->folder, *layer_above(store, above, i), FALSE, error);
	g_autoptr(TsrLayerFile) lower = NULL;
	g_autofree char *base =
		tsr_store_base_path(store, g_ptr_array_index(store->index->disks, i));

	if (!upper)
		return FALSE;
	if (!s->parent) {
		*bytes += upper->written * TSR_LAYER_SECTOR + shared_bytes(base);
		return TRUE;
	}
	lower = tsr_layer_file_open(store->folder, s->layers[i], FALSE, error);
	if (!lower)
		return FALSE;
	*bytes += tsr_layer_file_count_missing(upper, lower) * TSR_LAYER_SECTOR +
		  shared_bytes(upper->path);
	return TRUE;
}

static gboolean has_room(TsrStore *store, const TsrSnapshot *s, GError **error)
{
	const Above above = find_above(store->index, s);
	guint64 bytes = 0;

	for (guint i = 0; above.count == 1 && i < store->index->disks->len; i++)
		if (!count_disk(store, s, &above, i, &bytes, error))
			return FALSE;
	return tsr_file_has_room(store->folder, bytes, error);
}

/* -- Merging */

static gboolean set_parent(TsrStore *store, const char *id, const char *parent, GError **error)
{
	g_autofree char *path = tsr_snapshot_layer_path(store->folder, id);
	g_autoptr(TsrLayerFile) layer =
		tsr_layer_file_unshare(path, error)
			? tsr_layer_file_open(store->folder, id, TRUE, error)
			: NULL;

	return layer && tsr_layer_file_set_parent(layer, parent, error);
}

/* The layers above the child are above the image now. */
static gboolean move_grandchildren(TsrStore *store, const TsrSnapshot *child, guint disk,
				   GError **error)
{
	const TsrSnapshotDisk *d = g_ptr_array_index(store->index->disks, disk);

	for (guint i = 0; i < store->index->snapshots->len; i++) {
		const TsrSnapshot *s = g_ptr_array_index(store->index->snapshots, i);

		if (s->parent == child->id && !set_parent(store, s->layers[disk], NULL, error))
			return FALSE;
	}
	return store->index->current != child->id || set_parent(store, d->top, NULL, error);
}

static gboolean merge_into_image(TsrStore *store, const Above *above, guint i, GError **error)
{
	g_autofree char *base =
		tsr_store_base_path(store, g_ptr_array_index(store->index->disks, i));
	g_autoptr(TsrLayerFile) upper =
		tsr_layer_file_open(store->folder, *layer_above(store, above, i), FALSE, error);

	if (!upper || !tsr_layer_file_unshare(base, error))
		return FALSE;
	tsr_store_freeze_images(store, FALSE);
	return tsr_layer_file_push(upper, base, error) &&
	       (!above->child || move_grandchildren(store, above->child, i, error));
}

static gboolean merge_into_layer(TsrStore *store, const TsrSnapshot *s, const Above *above, guint i,
				 GError **error)
{
	const char *id = *layer_above(store, above, i);
	g_autofree char *path = tsr_snapshot_layer_path(store->folder, id);
	g_autoptr(TsrLayerFile) lower =
		tsr_layer_file_open(store->folder, s->layers[i], FALSE, error);
	g_autoptr(TsrLayerFile) upper =
		lower && tsr_layer_file_unshare(path, error)
			? tsr_layer_file_open(store->folder, id, TRUE, error)
			: NULL;

	return upper && tsr_layer_file_pull(upper, lower, error);
}

/* What is above has all of the snapshot's layers; the index follows. */
static void take_out(TsrStore *store, TsrSnapshot *s, const Above *above)
{
	TsrSnapshotIndex *index = store->index;

	for (guint i = 0; above->count && !s->parent && i < index->disks->len; i++) {
		char **layer = layer_above(store, above, i);

		g_free(*layer);
		*layer = above->child ? g_strdup("base") : NULL;
	}
	if (above->child)
		above->child->parent = s->parent;
	else if (above->count)
		index->current = s->parent;
	g_ptr_array_remove(index->snapshots, s);
}

static gboolean remove_hidden(TsrStore *store, TsrSnapshot *s, GError **error)
{
	const Above above = find_above(store->index, s);

	for (guint i = 0; above.count && i < store->index->disks->len; i++)
		if (!(s->parent ? merge_into_layer(store, s, &above, i, error)
				: merge_into_image(store, &above, i, error)))
			return FALSE;
	take_out(store, s, &above);
	if (!tsr_store_commit(store, error))
		return FALSE;
	tsr_store_remove_garbage(store);
	if (store->index->snapshots->len)
		tsr_store_freeze_images(store, TRUE);
	return TRUE;
}

/* The snapshot of that name; or one that was being deleted when its command was cut off, which goes
 * on. */
static TsrSnapshot *find_to_delete(TsrStore *store, const char *name, GError **error)
{
	g_autoptr(GError) none = NULL;
	TsrSnapshot *s = tsr_store_find(store, name, &none);

	if (!s)
		s = find_removable(store->index, name);
	if (s)
		return s;
	g_propagate_error(error, g_steal_pointer(&none));
	return NULL;
}

gboolean tsr_snapshots_delete(const char *machine, const char *name, GError **error)
{
	g_autoptr(TsrStore) store = tsr_store_open(machine, error);
	TsrSnapshot *s = store ? find_to_delete(store, name, error) : NULL;

	if (!s || !tsr_store_lock_disks(store, error) || !has_room(store, s, error))
		return FALSE;
	s->hidden = TRUE;
	s->state = FALSE;
	if (!tsr_store_commit(store, error))
		return FALSE;
	while ((s = find_removable(store->index, NULL)))
		if (!has_room(store, s, error) || !remove_hidden(store, s, error))
			return FALSE;
	return TRUE;
}
