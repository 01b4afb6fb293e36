/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Going back to a snapshot, and what does not touch disks: the list, names, notes. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tessera-glib/snapshots.h>

#include "snapshot/file.h"
#include "snapshot/layer-file.h"
#include "snapshot/store.h"

#define SUSPENDED "suspended.state"
#define PICTURE "picture.png"

/* -- Going back */

/* Whether the machine has written to a disk since its last snapshot. FALSE with error, too. */
static gboolean is_unchanged(const TsrStore *store, GError **error)
{
	for (guint i = 0; i < store->index->disks->len; i++) {
		const TsrSnapshotDisk *disk = g_ptr_array_index(store->index->disks, i);
		g_autoptr(TsrLayerFile) layer =
			tsr_layer_file_open(store->folder, disk->top, FALSE, error);

		if (!layer)
			return FALSE;
		if (!layer->written)
			continue;
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE,
			    "the disk %s was written since the last snapshot, and that would be "
			    "lost; take a snapshot first, or say --discard",
			    disk->name);
		return FALSE;
	}
	return TRUE;
}

static gboolean put_state(const TsrStore *store, const TsrSnapshot *s, GError **error)
{
	g_autofree char *to = g_build_filename(store->folder, SUSPENDED, NULL),
			*from = tsr_store_path(store, s->id, "state");

	if (s->state)
		return tsr_file_link(from, to, error);
	return !unlink(to) || errno == ENOENT || tsr_file_fail(to, "remove it", errno, error);
}

/* What the library shows of a machine that is off. */
static void put_picture(const TsrStore *store, const TsrSnapshot *s)
{
	g_autofree char *to = g_build_filename(store->folder, PICTURE, NULL),
			*from = tsr_store_path(store, s->id, "png");

	if (g_file_test(from, G_FILE_TEST_EXISTS))
		tsr_file_link(from, to, NULL);
}

gboolean tsr_snapshots_go(const char *machine, const char *name, gboolean discard, GError **error)
{
	g_autoptr(TsrStore) store = tsr_store_open(machine, error);
	TsrSnapshot *s = store ? tsr_store_find(store, name, error) : NULL;
	g_auto(GStrv) ids = s ? g_new0(char *, store->index->disks->len + 1) : NULL;

	if (!s || !tsr_store_lock_disks(store, error) ||
	    (!discard && !is_unchanged(store, error)) ||
	    !tsr_file_has_room(store->folder, 0, error) ||
	    !tsr_store_make_layers(store, s->id, ids, error))
		return FALSE;
	store->index->current = s->id;
	for (guint i = 0; i < store->index->disks->len; i++) {
		TsrSnapshotDisk *disk = g_ptr_array_index(store->index->disks, i);

		g_free(disk->top);
		disk->top = g_steal_pointer(&ids[i]);
	}
	if (!tsr_store_commit(store, error))
		return FALSE;
	put_picture(store, s);
	return put_state(store, s, error);
}

/* -- Names and notes */

gboolean tsr_snapshots_edit(const char *machine, const char *name, const char *new_name,
			    const char *note, GError **error)
{
	g_autoptr(TsrStore) store = tsr_store_open(machine, error);
	TsrSnapshot *s = store ? tsr_store_find(store, name, error) : NULL;

	if (!s)
		return FALSE;
	if (new_name && !g_str_equal(new_name, s->name)) {
		if (!tsr_store_check_name(store, new_name, error))
			return FALSE;
		g_free(s->name);
		s->name = g_strdup(new_name);
	}
	if (note) {
		g_free(s->note);
		s->note = g_utf8_make_valid(note, (gssize)MIN(strlen(note), 2048));
	}
	return tsr_store_commit(store, error);
}

/* -- The list */

static guint64 file_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (guint64)st.st_blocks * 512;
}

static guint64 count_bytes(const TsrSnapshotIndex *index, const TsrSnapshot *s, const char *state)
{
	guint64 bytes = s->state ? file_bytes(state) : 0;

	for (guint i = 0; i < index->disks->len; i++) {
		const TsrSnapshotDisk *disk = g_ptr_array_index(index->disks, i);
		g_autofree char *path =
			s->parent ? tsr_snapshot_layer_path(index->folder, s->layers[i])
				  : g_build_filename(index->folder, disk->base, NULL);

		bytes += file_bytes(path);
	}
	return bytes;
}

static char *file_of(const TsrSnapshotIndex *index, const TsrSnapshot *s, const char *suffix)
{
	g_autofree char *name = g_strdup_printf("%u.%s", s->id, suffix);

	return g_build_filename(index->folder, TSR_SNAPSHOTS_FOLDER, name, NULL);
}

static GVariant *describe(const TsrSnapshotIndex *index, const TsrSnapshot *s)
{
	g_autofree char *state = file_of(index, s, "state"), *png = file_of(index, s, "png");
	const gboolean picture = g_file_test(png, G_FILE_TEST_EXISTS);
	GVariantDict fields;

	g_variant_dict_init(&fields, NULL);
	g_variant_dict_insert(&fields, "id", "u", s->id);
	g_variant_dict_insert(&fields, "parent", "u", s->parent);
	g_variant_dict_insert(&fields, "name", "s", s->name);
	g_variant_dict_insert(&fields, "note", "s", s->note);
	g_variant_dict_insert(&fields, "time", "x", s->time);
	g_variant_dict_insert(&fields, "state", "b", s->state);
	g_variant_dict_insert(&fields, "current", "b", s->id == index->current);
	g_variant_dict_insert(&fields, "hidden", "b", s->hidden);
	g_variant_dict_insert(&fields, "bytes", "t", count_bytes(index, s, state));
	g_variant_dict_insert(&fields, "picture", "s", picture ? png : "");
	return g_variant_dict_end(&fields);
}

GVariant *tsr_snapshots_list(const char *machine, GError **error)
{
	g_autoptr(TsrSnapshotIndex) index = NULL;
	g_autofree char *manifest = NULL, *folder = NULL;
	GVariantBuilder list;

	if (!tsr_store_find_manifest(machine, &manifest, error))
		return NULL;
	folder = g_path_get_dirname(manifest);
	if (!tsr_snapshot_index_read(folder, &index, error))
		return NULL;
	g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
	for (guint i = 0; index && i < index->snapshots->len; i++)
		g_variant_builder_add_value(
			&list, describe(index, g_ptr_array_index(index->snapshots, i)));
	return g_variant_ref_sink(g_variant_builder_end(&list));
}
