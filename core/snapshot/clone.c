/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Linked clones: the files that a snapshot's disks are made of get a second name in another folder,
 * which works because they are never written while something is above them; a merge that would
 * write one makes it its folder's own first (tsr_layer_file_unshare). The clone has the snapshots
 * that lead to its own, without their states, and is made under a hidden name.
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tessera-glib/snapshots.h>

#include "snapshot/file.h"
#include "snapshot/layer-file.h"
#include "snapshot/store.h"

static gboolean make_folder(const char *path, GError **error)
{
	return !g_mkdir_with_parents(path, 0700) || tsr_file_fail(path, "make it", errno, error);
}

/* -- Files */

static gboolean share(const char *from, const char *to, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(to);

	if (!make_folder(folder, error))
		return FALSE;
	if (!link(from, to))
		return TRUE;
	if (errno == EXDEV || errno == EPERM || errno == EMLINK) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "%s cannot share its disks with %s: they have to be on one file "
			    "system that has hard links; make a full clone instead",
			    folder, from);
		return FALSE;
	}
	return tsr_file_fail(to, "make it", errno, error);
}

static gboolean share_layers(const TsrStore *store, const TsrSnapshot *s, const char *folder,
			     GError **error)
{
	for (guint i = 0; i < store->index->disks->len; i++) {
		const TsrSnapshotDisk *disk = g_ptr_array_index(store->index->disks, i);
		g_autofree char *from = s->parent ? tsr_snapshot_layer_path(store->folder,
									    s->layers[i])
						  : tsr_store_base_path(store, disk),
				*to = s->parent ? tsr_snapshot_layer_path(folder, s->layers[i])
						: g_build_filename(folder, disk->base, NULL);

		if (!share(from, to, error))
			return FALSE;
	}
	return TRUE;
}

/* Under the name of the clone's folder, and called so. */
static gboolean copy_manifest(const TsrStore *store, const char *folder, const char *name,
			      GError **error)
{
	g_autofree char *text = NULL, *file = g_strconcat(name, ".machine", NULL),
			*to = g_build_filename(folder, file, NULL);
	g_autoptr(GRegex) key = g_regex_new("^name=.*$", G_REGEX_MULTILINE, 0, NULL);
	g_autofree char *line = g_strdup_printf("name=%s", name), *named = NULL;
	gsize length;

	if (!g_file_get_contents(store->manifest, &text, &length, error))
		return FALSE;
	named = g_regex_replace_literal(key, text, (gssize)length, 0, line, 0, error);
	return named && tsr_file_replace(to, named, strlen(named), error);
}

/* -- The clone's index */

static void add_ancestors(const TsrStore *store, const TsrSnapshot *s, TsrSnapshotIndex *index)
{
	const TsrSnapshot *parent = tsr_snapshot_index_find(store->index, s->parent);
	TsrSnapshot *copy;

	if (parent)
		add_ancestors(store, parent, index);
	copy = tsr_snapshot_index_add(index, s->id);
	copy->parent = s->parent;
	copy->name = g_strdup(s->name);
	copy->note = g_strdup(s->note);
	copy->time = s->time;
	copy->hidden = s->hidden;
	for (guint i = 0; i < index->disks->len; i++)
		copy->layers[i] = g_strdup(s->layers[i]);
	index->next = s->id + 1;
	index->current = s->id;
}

static TsrSnapshotIndex *make_index(const TsrStore *store, const TsrSnapshot *s, const char *folder)
{
	TsrSnapshotIndex *index = tsr_snapshot_index_new(folder);

	for (guint i = 0; i < store->index->disks->len; i++) {
		const TsrSnapshotDisk *disk = g_ptr_array_index(store->index->disks, i);

		tsr_snapshot_index_add_disk(index, disk->name, disk->base);
	}
	add_ancestors(store, s, index);
	return index;
}

static gboolean share_all(const TsrStore *store, const TsrSnapshotIndex *index, GError **error)
{
	for (guint i = 0; i < index->snapshots->len; i++)
		if (!share_layers(store, g_ptr_array_index(index->snapshots, i), index->folder,
				  error))
			return FALSE;
	return TRUE;
}

static gboolean fill(const TsrStore *store, const TsrSnapshot *s, const char *folder,
		     const char *name, GError **error)
{
	TsrStore clone = { .folder = (char *)folder, .lock = -1 };
	g_autoptr(TsrSnapshotIndex) index = make_index(store, s, folder);
	g_auto(GStrv) ids = g_new0(char *, index->disks->len + 1);
	g_autofree char *snapshots = g_build_filename(folder, TSR_SNAPSHOTS_FOLDER, NULL);

	clone.index = index;
	if (!make_folder(snapshots, error) || !copy_manifest(store, folder, name, error) ||
	    !share_all(store, index, error) || !tsr_store_make_layers(&clone, s->id, ids, error))
		return FALSE;
	for (guint i = 0; i < index->disks->len; i++)
		((TsrSnapshotDisk *)g_ptr_array_index(index->disks, i))->top =
			g_steal_pointer(&ids[i]);
	return tsr_store_commit(&clone, error);
}

/* -- The whole */

static void remove_all(const char *path)
{
	GDir *dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);

	for (const char *name; dir && (name = g_dir_read_name(dir));) {
		g_autofree char *below = g_build_filename(path, name, NULL);

		remove_all(below);
	}
	if (dir)
		g_dir_close(dir);
	g_remove(path);
}

static gboolean make(const TsrStore *store, const TsrSnapshot *s, const char *folder,
		     GError **error)
{
	g_autofree char *parent = g_path_get_dirname(folder), *name = g_path_get_basename(folder),
			*hidden = g_strdup_printf("%s/.%s.new", parent, name);

	remove_all(hidden);
	if (make_folder(hidden, error) && fill(store, s, hidden, name, error)) {
		if (!g_rename(hidden, folder) && tsr_file_sync_folder(folder))
			return TRUE;
		tsr_file_fail(folder, "make it", errno, error);
	}
	remove_all(hidden);
	return FALSE;
}

gboolean tsr_snapshots_clone(const char *machine, const char *name, const char *folder,
			     GError **error)
{
	g_autoptr(TsrStore) store = tsr_store_open(machine, error);
	TsrSnapshot *s = store ? tsr_store_find(store, name, error) : NULL;
	g_autofree char *path = g_canonicalize_filename(folder, NULL);

	if (!s)
		return FALSE;
	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return make(store, s, path, error);
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
		    "%s exists; name a folder that does not", path);
	return FALSE;
}
