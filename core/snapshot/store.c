/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See store.h. */
#include "snapshot/store.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot/file.h"
#include "snapshot/layer-file.h"

#define MANIFEST_SUFFIX ".machine"
#define NAME_MAX_BYTES 200u

/* -- Which machine */

/* The manifest that has the folder's name, or the only one. */
static char *find_in_folder(const char *folder)
{
	g_autofree char *base = g_path_get_basename(folder),
			*name = g_strconcat(base, MANIFEST_SUFFIX, NULL),
			*path = g_build_filename(folder, name, NULL), *only = NULL;
	GDir *dir = g_file_test(path, G_FILE_TEST_EXISTS) ? NULL : g_dir_open(folder, 0, NULL);
	guint n = 0;

	if (!dir)
		return g_file_test(path, G_FILE_TEST_EXISTS) ? g_steal_pointer(&path) : NULL;
	for (const char *found; (found = g_dir_read_name(dir));) {
		if (!g_str_has_suffix(found, MANIFEST_SUFFIX) || *found == '.')
			continue;
		n++;
		g_free(only);
		only = g_build_filename(folder, found, NULL);
	}
	g_dir_close(dir);
	return n == 1 ? g_steal_pointer(&only) : NULL;
}

gboolean tsr_store_find_manifest(const char *machine, char **manifest, GError **error)
{
	g_autofree char *path = g_canonicalize_filename(machine, NULL);

	*manifest = g_file_test(path, G_FILE_TEST_IS_DIR)       ? find_in_folder(path)
		    : g_file_test(path, G_FILE_TEST_IS_REGULAR) ? g_strdup(path)
								: NULL;
	if (!*manifest)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
			    "%s is neither a machine's manifest nor a folder with one; presets "
			    "have no snapshots: make a manifest with extends=PRESET",
			    machine);
	return *manifest != NULL;
}

/* -- Opening */

static gboolean lock_store(TsrStore *store, GError **error)
{
	g_autofree char *path = g_build_filename(store->folder, TSR_SNAPSHOTS_FOLDER, NULL);

	if (g_mkdir(path, 0700) && errno != EEXIST)
		return tsr_file_fail(path, "make it", errno, error);
	store->lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->lock < 0)
		return tsr_file_fail(path, "open it", errno, error);
	if (!flock(store->lock, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE,
		    "%s: another program is changing the snapshots; try again later", path);
	return FALSE;
}

TsrStore *tsr_store_open(const char *machine, GError **error)
{
	g_autoptr(TsrStore) store = g_new0(TsrStore, 1);

	store->lock = -1;
	store->disk_locks = g_array_new(FALSE, FALSE, sizeof(int));
	if (!tsr_store_find_manifest(machine, &store->manifest, error))
		return NULL;
	store->folder = g_path_get_dirname(store->manifest);
	if (!lock_store(store, error) ||
	    !tsr_snapshot_index_read(store->folder, &store->index, error))
		return NULL;
	if (!store->index)
		store->index = tsr_snapshot_index_new(store->folder);
	return g_steal_pointer(&store);
}

void tsr_store_close(TsrStore *store)
{
	if (!store)
		return;
	for (guint i = 0; i < store->disk_locks->len; i++)
		close(g_array_index(store->disk_locks, int, i));
	g_array_unref(store->disk_locks);
	if (store->index)
		tsr_store_remove_garbage(store);
	if (store->lock >= 0)
		close(store->lock);
	tsr_snapshot_index_free(store->index);
	g_free(store->manifest);
	g_free(store->folder);
	g_free(store);
}

/* -- Disks */

char *tsr_store_base_path(const TsrStore *store, const TsrSnapshotDisk *disk)
{
	return g_build_filename(store->folder, disk->base, NULL);
}

gboolean tsr_store_lock_file(TsrStore *store, const char *path, GError **error)
{
	int fd = tsr_layer_file_lock(path, TRUE, error);

	if (fd >= 0)
		g_array_append_val(store->disk_locks, fd);
	return fd >= 0;
}

gboolean tsr_store_lock_disks(TsrStore *store, GError **error)
{
	for (guint i = 0; i < store->index->disks->len; i++) {
		const TsrSnapshotDisk *disk = g_ptr_array_index(store->index->disks, i);
		g_autofree char *path = disk->top
						? tsr_snapshot_layer_path(store->folder, disk->top)
						: tsr_store_base_path(store, disk);

		if (!tsr_store_lock_file(store, path, error))
			return FALSE;
	}
	return TRUE;
}

void tsr_store_freeze_images(TsrStore *store, gboolean freeze)
{
	for (guint i = 0; i < store->index->disks->len; i++) {
		g_autofree char *path =
			tsr_store_base_path(store, g_ptr_array_index(store->index->disks, i));
		struct stat st;

		if (!stat(path, &st))
			g_chmod(path, freeze ? st.st_mode & 0555 : (st.st_mode & 0777) | 0200);
	}
}

/* -- Layers of a new top */

static guint depth_of(const TsrStore *store, guint id)
{
	guint depth = 0;

	for (const TsrSnapshot *s = tsr_snapshot_index_find(store->index, id); s;
	     s = tsr_snapshot_index_find(store->index, s->parent))
		depth++;
	return depth;
}

static gboolean make_layer(const TsrStore *store, const TsrSnapshotDisk *disk, const char *parent,
			   char **id, GError **error)
{
	g_autofree char *base = tsr_store_base_path(store, disk);
	struct stat st;

	if (stat(base, &st))
		return tsr_file_fail(base, "open it", errno, error);
	return tsr_layer_file_create(store->folder, parent, (guint64)st.st_size, id, error);
}

static gboolean make_all_layers(TsrStore *store, const TsrSnapshot *above, char **ids,
				GError **error)
{
	for (guint i = 0; i < store->index->disks->len; i++)
		if (!make_layer(store, g_ptr_array_index(store->index->disks, i),
				above->parent ? above->layers[i] : NULL, &ids[i], error))
			return FALSE;
	return tsr_file_has_room(store->folder, 0, error);
}

gboolean tsr_store_make_layers(TsrStore *store, guint above, char **ids, GError **error)
{
	if (depth_of(store, above) > TSR_LAYER_DEPTH_MAX) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE,
			    "there are already %u snapshots one above the other, and more would "
			    "make the disks slow; delete some of them",
			    TSR_LAYER_DEPTH_MAX);
		return FALSE;
	}
	if (make_all_layers(store, tsr_snapshot_index_find(store->index, above), ids, error))
		return TRUE;
	for (guint i = 0; i < store->index->disks->len; i++) {
		g_autofree char *path =
			ids[i] ? tsr_snapshot_layer_path(store->folder, ids[i]) : NULL;

		if (path)
			tsr_layer_file_remove(path);
		g_clear_pointer(&ids[i], g_free);
	}
	return FALSE;
}

/* -- The index */

/* Without snapshots there is no index, and the disks are their images again. */
gboolean tsr_store_commit(TsrStore *store, GError **error)
{
	g_autofree char *text = NULL, *path = g_build_filename(store->folder, TSR_SNAPSHOTS_FOLDER,
							       "index", NULL);

	if (!store->index->snapshots->len) {
		tsr_store_freeze_images(store, FALSE);
		return (!unlink(path) && tsr_file_sync_folder(path)) ||
		       tsr_file_fail(path, "remove it", errno, error);
	}
	text = tsr_snapshot_index_print(store->index);
	return tsr_file_replace(path, text, strlen(text), error);
}

static void add_name(GHashTable *names, char *path)
{
	g_hash_table_add(names, g_path_get_basename(path));
	g_free(path);
}

static GHashTable *list_used(const TsrStore *store)
{
	GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const TsrSnapshotIndex *index = store->index;

	g_hash_table_add(names, g_strdup("index"));
	for (guint i = 0; i < index->disks->len; i++) {
		const TsrSnapshotDisk *disk = g_ptr_array_index(index->disks, i);

		if (disk->top)
			add_name(names, tsr_snapshot_layer_path("", disk->top));
	}
	for (guint n = 0; n < index->snapshots->len; n++) {
		const TsrSnapshot *s = g_ptr_array_index(index->snapshots, n);

		for (guint i = 0; i < index->disks->len; i++)
			add_name(names, tsr_snapshot_layer_path("", s->layers[i]));
		if (s->state)
			add_name(names, tsr_store_path(store, s->id, "state"));
		if (!s->hidden)
			add_name(names, tsr_store_path(store, s->id, "png"));
	}
	return names;
}

void tsr_store_remove_garbage(TsrStore *store)
{
	g_autoptr(GHashTable) used = list_used(store);
	g_autofree char *folder = g_build_filename(store->folder, TSR_SNAPSHOTS_FOLDER, NULL);
	GDir *dir = g_dir_open(folder, 0, NULL);

	for (const char *name; dir && (name = g_dir_read_name(dir));) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (g_hash_table_contains(used, name))
			continue;
		if (g_str_has_suffix(name, TSR_LAYER_SUFFIX))
			tsr_layer_file_remove(path);
		else
			unlink(path);
	}
	if (dir)
		g_dir_close(dir);
	if (!store->index->snapshots->len)
		rmdir(folder);
}

/* -- Snapshots by name */

TsrSnapshot *tsr_store_find(const TsrStore *store, const char *name, GError **error)
{
	for (guint i = 0; i < store->index->snapshots->len; i++) {
		TsrSnapshot *s = g_ptr_array_index(store->index->snapshots, i);

		if (!s->hidden && g_str_equal(s->name, name))
			return s;
	}
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
		    "there is no snapshot \"%s\"; `tessera snapshot %s list` shows them", name,
		    store->folder);
	return NULL;
}

gboolean tsr_store_check_name(const TsrStore *store, const char *name, GError **error)
{
	gboolean good = *name && strlen(name) <= NAME_MAX_BYTES && g_utf8_validate(name, -1, NULL);

	for (const char *at = name; good && *at; at = g_utf8_next_char(at))
		good = !g_unichar_iscntrl(g_utf8_get_char(at));
	if (!good) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "a snapshot's name is UTF-8 text of 1 to %u bytes in one line",
			    NAME_MAX_BYTES);
		return FALSE;
	}
	if (!tsr_store_find(store, name, NULL))
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
		    "there is already a snapshot \"%s\"; choose another name", name);
	return FALSE;
}

char *tsr_store_path(const TsrStore *store, guint id, const char *suffix)
{
	g_autofree char *name = g_strdup_printf("%u.%s", id, suffix);

	return g_build_filename(store->folder, TSR_SNAPSHOTS_FOLDER, name, NULL);
}
