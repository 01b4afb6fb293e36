/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See snapshot-index.h. */
#include "config/snapshot-index.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <tessera-glib/machine.h>
#include <tessera/draft/disk-layer.h>

#define GROUP "Snapshots"
#define FORMAT 1
#define INDEX_MAX (4u << 20) /* bytes */
#define BASE "base"

/* -- The struct */

static void free_disk(gpointer data)
{
	TsrSnapshotDisk *disk = data;

	g_free(disk->name);
	g_free(disk->base);
	g_free(disk->top);
	g_free(disk->pending);
	g_free(disk);
}

static void free_snapshot(gpointer data)
{
	TsrSnapshot *snapshot = data;

	g_free(snapshot->name);
	g_free(snapshot->note);
	g_strfreev(snapshot->layers);
	g_free(snapshot);
}

TsrSnapshotIndex *tsr_snapshot_index_new(const char *folder)
{
	TsrSnapshotIndex *index = g_new0(TsrSnapshotIndex, 1);

	index->folder = g_strdup(folder);
	index->next = 1;
	index->disks = g_ptr_array_new_with_free_func(free_disk);
	index->snapshots = g_ptr_array_new_with_free_func(free_snapshot);
	return index;
}

void tsr_snapshot_index_free(TsrSnapshotIndex *index)
{
	if (!index)
		return;
	g_free(index->folder);
	g_ptr_array_unref(index->disks);
	g_ptr_array_unref(index->snapshots);
	g_free(index);
}

TsrSnapshotDisk *tsr_snapshot_index_add_disk(TsrSnapshotIndex *index, const char *name,
					     const char *base)
{
	TsrSnapshotDisk *disk = g_new0(TsrSnapshotDisk, 1);

	disk->name = g_strdup(name);
	disk->base = g_strdup(base);
	g_ptr_array_add(index->disks, disk);
	return disk;
}

TsrSnapshot *tsr_snapshot_index_add(TsrSnapshotIndex *index, guint id)
{
	TsrSnapshot *snapshot = g_new0(TsrSnapshot, 1);

	snapshot->id = id;
	snapshot->layers = g_new0(char *, index->disks->len + 1);
	g_ptr_array_add(index->snapshots, snapshot);
	return snapshot;
}

TsrSnapshot *tsr_snapshot_index_find(const TsrSnapshotIndex *index, guint id)
{
	for (guint i = 0; i < index->snapshots->len; i++) {
		TsrSnapshot *snapshot = g_ptr_array_index(index->snapshots, i);

		if (snapshot->id == id)
			return snapshot;
	}
	return NULL;
}

char *tsr_snapshot_layer_path(const char *folder, const char *id)
{
	g_autofree char *name = g_strconcat(id, TSR_LAYER_SUFFIX, NULL);

	return g_build_filename(folder, TSR_SNAPSHOTS_FOLDER, name, NULL);
}

/* -- Reading: every function returns what is wrong, or NULL. */

typedef struct {
	GKeyFile *file;
	TsrSnapshotIndex *index;
} Reader;

static gboolean is_id(const char *text)
{
	return strlen(text) == 2 * (gsize)TSR_LAYER_ID &&
	       strspn(text, "0123456789abcdef") == 2 * (gsize)TSR_LAYER_ID;
}

static char *get(const Reader *r, const char *group, const char *key, const char *suffix)
{
	g_autofree char *whole = suffix ? g_strdup_printf("%s.%s", key, suffix) : g_strdup(key);
	char *value = g_key_file_get_string(r->file, group, whole, NULL);

	return value ? value : g_strdup("");
}

/* From 0 to INT_MAX; G_MAXUINT: it is not. */
static guint get_number(const Reader *r, const char *group, const char *key)
{
	g_autofree char *text = get(r, group, key, NULL);
	guint64 value;

	if (!*text)
		return 0;
	return g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT, &value, NULL) ? (guint)value
									       : G_MAXUINT;
}

/* A plain path below the folder, with nothing hidden. */
static gboolean is_base(const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);

	for (char **part = parts; *part; part++)
		if (!**part || **part == '.')
			return FALSE;
	return *parts != NULL;
}

static const char *take_id(const Reader *r, const char *key, const char *disk, char **id)
{
	g_autofree char *text = get(r, GROUP, key, disk);

	if (*text && !is_id(text))
		return "the id of a layer is not one";
	*id = *text ? g_steal_pointer(&text) : NULL;
	return NULL;
}

static const char *take_disk(const Reader *r, const char *name)
{
	g_autofree char *base = get(r, GROUP, BASE, name);
	TsrSnapshotDisk *disk;
	const char *wrong;

	for (guint i = 0; i < r->index->disks->len; i++)
		if (g_str_equal(((TsrSnapshotDisk *)g_ptr_array_index(r->index->disks, i))->name,
				name))
			return "a disk is named twice";
	if (!*name || !is_base(base))
		return "a disk has no image in the machine's folder";
	disk = tsr_snapshot_index_add_disk(r->index, name, base);
	wrong = take_id(r, "top", name, &disk->top);
	return wrong ? wrong : take_id(r, "pending", name, &disk->pending);
}

static const char *take_disks(const Reader *r)
{
	g_autofree char *list = get(r, GROUP, "disks", NULL);
	g_auto(GStrv) names = g_strsplit(list, ";", -1);
	const char *wrong = NULL;

	if (g_strv_length(names) > TSR_SNAPSHOT_DISKS_MAX)
		return "it has too many disks";
	for (char **name = names; *name && !wrong; name++)
		wrong = take_disk(r, *name);
	return !wrong && !*names ? "it has no disks" : wrong;
}

static const char *take_layers(const Reader *r, const char *group, TsrSnapshot *snapshot)
{
	for (guint i = 0; i < r->index->disks->len; i++) {
		const TsrSnapshotDisk *disk = g_ptr_array_index(r->index->disks, i);
		char *layer = get(r, group, "layer", disk->name);

		snapshot->layers[i] = layer;
		if (!snapshot->parent != !strcmp(layer, BASE) ||
		    (snapshot->parent && !is_id(layer)))
			return "a snapshot has no layer of a disk";
	}
	return NULL;
}

static const char *take_snapshot(const Reader *r, const char *group, guint id)
{
	TsrSnapshot *snapshot;

	if (!id || id >= r->index->next || tsr_snapshot_index_find(r->index, id) ||
	    r->index->snapshots->len >= TSR_SNAPSHOTS_MAX)
		return "the number of a snapshot is wrong";
	snapshot = tsr_snapshot_index_add(r->index, id);
	snapshot->parent = get_number(r, group, "parent");
	snapshot->name = get(r, group, "name", NULL);
	snapshot->note = get(r, group, "note", NULL);
	snapshot->time = g_key_file_get_int64(r->file, group, "time", NULL);
	snapshot->state = g_key_file_get_boolean(r->file, group, "state", NULL);
	snapshot->hidden = g_key_file_get_boolean(r->file, group, "hidden", NULL);
	snapshot->undo = g_key_file_get_boolean(r->file, group, "undo", NULL);
	if (strlen(snapshot->name) > TSR_SNAPSHOT_TEXT_MAX ||
	    strlen(snapshot->note) > TSR_SNAPSHOT_TEXT_MAX)
		return "a name or note is too long";
	return take_layers(r, group, snapshot);
}

static const char *take_snapshots(const Reader *r)
{
	g_auto(GStrv) groups = g_key_file_get_groups(r->file, NULL);
	const char *wrong = NULL;

	for (char **group = groups; *group && !wrong; group++) {
		guint64 id;

		if (g_str_has_prefix(*group, "Snapshot ") &&
		    g_ascii_string_to_unsigned(*group + strlen("Snapshot "), 10, 1, G_MAXINT, &id,
					       NULL))
			wrong = take_snapshot(r, *group, (guint)id);
		else if (!g_str_equal(*group, GROUP))
			wrong = "it has an unknown group";
	}
	return wrong;
}

/* A parent is always older, so there are no circles. */
static const char *check_tree(const TsrSnapshotIndex *index)
{
	guint roots = 0;

	for (guint i = 0; i < index->snapshots->len; i++) {
		const TsrSnapshot *snapshot = g_ptr_array_index(index->snapshots, i);

		roots += !snapshot->parent;
		if (snapshot->parent && (snapshot->parent >= snapshot->id ||
					 !tsr_snapshot_index_find(index, snapshot->parent)))
			return "the parent of a snapshot is missing";
	}
	if (roots != 1)
		return "it is not one tree";
	if (index->current && !tsr_snapshot_index_find(index, index->current))
		return "the snapshot that the machine is above is missing";
	if (index->pending && !tsr_snapshot_index_find(index, index->pending))
		return "the snapshot that is being taken is missing";
	return NULL;
}

static const char *check_tops(const TsrSnapshotIndex *index)
{
	for (guint i = 0; i < index->disks->len; i++) {
		const TsrSnapshotDisk *disk = g_ptr_array_index(index->disks, i);

		if (!disk->top != !index->current || !disk->pending != !index->pending)
			return "a disk has no layer of its own";
	}
	if (!index->current && !(index->pending && index->snapshots->len == 1))
		return "it does not say which snapshot the machine is above";
	return NULL;
}

static const char *take_all(const Reader *r)
{
	const char *wrong;

	if (get_number(r, GROUP, "format") != FORMAT)
		return "it was made by another version of Tessera";
	r->index->current = get_number(r, GROUP, "current");
	r->index->pending = get_number(r, GROUP, "pending");
	r->index->next = get_number(r, GROUP, "next");
	wrong = take_disks(r);
	if (!wrong)
		wrong = take_snapshots(r);
	if (!wrong)
		wrong = check_tree(r->index);
	return wrong ? wrong : check_tops(r->index);
}

static TsrSnapshotIndex *refuse(const char *path, const char *why, GError **error)
{
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
		    "%s: %s; put the file back as it was: without it the disks cannot be put "
		    "together",
		    path, why);
	return NULL;
}

TsrSnapshotIndex *tsr_snapshot_index_parse(const char *folder, const char *path, const char *text,
					   gsize length, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(TsrSnapshotIndex) index = tsr_snapshot_index_new(folder);
	const Reader reader = { file, index };
	const char *wrong;

	if (!g_utf8_validate_len(text, length, NULL) ||
	    !g_key_file_load_from_data(file, text, length, G_KEY_FILE_NONE, NULL))
		return refuse(path, "it is not an index of snapshots", error);
	wrong = take_all(&reader);
	return wrong ? refuse(path, wrong, error) : g_steal_pointer(&index);
}

/* -- A snapshot of a running machine: it was taken if the machine has put all layers in use. */

static gboolean is_in_use(const TsrSnapshotIndex *index, const char *id)
{
	g_autofree char *path = tsr_snapshot_layer_path(index->folder, id);
	struct tsr_layer_use use = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	gboolean read;

	if (fd < 0)
		return FALSE;
	read = pread(fd, &use, sizeof(use), TSR_LAYER_USE) == (gssize)sizeof(use);
	close(fd);
	return read && use.in_use;
}

static gboolean was_taken(const TsrSnapshotIndex *index)
{
	for (guint i = 0; i < index->disks->len; i++)
		if (!is_in_use(index,
			       ((TsrSnapshotDisk *)g_ptr_array_index(index->disks, i))->pending))
			return FALSE;
	return TRUE;
}

static void settle(TsrSnapshotIndex *index)
{
	gboolean taken = was_taken(index);

	for (guint i = 0; i < index->disks->len; i++) {
		TsrSnapshotDisk *disk = g_ptr_array_index(index->disks, i);

		if (taken) {
			g_free(disk->top);
			disk->top = g_steal_pointer(&disk->pending);
		}
		g_clear_pointer(&disk->pending, g_free);
	}
	if (taken)
		index->current = index->pending;
	else
		g_ptr_array_remove(index->snapshots,
				   tsr_snapshot_index_find(index, index->pending));
	index->pending = 0;
}

gboolean tsr_snapshot_index_read(const char *folder, TsrSnapshotIndex **index, GError **error)
{
	g_autofree char *path = g_build_filename(folder, TSR_SNAPSHOTS_FOLDER, "index", NULL),
			*text = NULL;
	g_autoptr(GError) why = NULL;
	gsize length;

	*index = NULL;
	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return TRUE;
	if (!g_file_get_contents(path, &text, &length, &why) || length > INDEX_MAX) {
		refuse(path, why ? why->message : "it is too large", error);
		return FALSE;
	}
	*index = tsr_snapshot_index_parse(folder, path, text, length, error);
	if (!*index)
		return FALSE;
	if ((*index)->pending)
		settle(*index);
	if (!(*index)->snapshots->len)
		g_clear_pointer(index, tsr_snapshot_index_free);
	return TRUE;
}

/* -- Writing */

static void put_disk(GKeyFile *file, const char *key, const char *disk, const char *group,
		     const char *value)
{
	g_autofree char *whole = g_strdup_printf("%s.%s", key, disk);

	if (value)
		g_key_file_set_string(file, group, whole, value);
}

static void put_disks(GKeyFile *file, const TsrSnapshotIndex *index)
{
	g_autoptr(GString) names = g_string_new(NULL);

	for (guint i = 0; i < index->disks->len; i++) {
		const TsrSnapshotDisk *disk = g_ptr_array_index(index->disks, i);

		g_string_append_printf(names, "%s%s", i ? ";" : "", disk->name);
		put_disk(file, BASE, disk->name, GROUP, disk->base);
		put_disk(file, "top", disk->name, GROUP, disk->top);
		put_disk(file, "pending", disk->name, GROUP, disk->pending);
	}
	g_key_file_set_string(file, GROUP, "disks", names->str);
}

static void put_snapshot(GKeyFile *file, const TsrSnapshotIndex *index, const TsrSnapshot *s)
{
	g_autofree char *group = g_strdup_printf("Snapshot %u", s->id);

	g_key_file_set_string(file, group, "name", s->name ? s->name : "");
	g_key_file_set_string(file, group, "note", s->note ? s->note : "");
	g_key_file_set_int64(file, group, "time", s->time);
	g_key_file_set_uint64(file, group, "parent", s->parent);
	g_key_file_set_boolean(file, group, "state", s->state);
	g_key_file_set_boolean(file, group, "hidden", s->hidden);
	if (s->undo)
		g_key_file_set_boolean(file, group, "undo", TRUE);
	for (guint i = 0; i < index->disks->len; i++) {
		const TsrSnapshotDisk *disk = g_ptr_array_index(index->disks, i);

		put_disk(file, "layer", disk->name, group, s->layers[i]);
	}
}

char *tsr_snapshot_index_print(const TsrSnapshotIndex *index)
{
	g_autoptr(GKeyFile) file = g_key_file_new();

	g_key_file_set_uint64(file, GROUP, "format", FORMAT);
	g_key_file_set_uint64(file, GROUP, "current", index->current);
	g_key_file_set_uint64(file, GROUP, "next", index->next);
	g_key_file_set_uint64(file, GROUP, "pending", index->pending);
	put_disks(file, index);
	for (guint i = 0; i < index->snapshots->len; i++)
		put_snapshot(file, index, g_ptr_array_index(index->snapshots, i));
	return g_key_file_to_data(file, NULL, NULL);
}
