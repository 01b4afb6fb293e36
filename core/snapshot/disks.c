/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See disks.h. */
#include "snapshot/disks.h"

#include <string.h>
#include <sys/stat.h>

#include <tessera/block.h>

#include "config/draft.h"
#include "manifest/plugin.h"

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean refuse(GError **error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *why = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID, "%s", why);
	return FALSE;
}

static const char *property(const TsrInstanceConfig *instance, const char *name)
{
	const char *value = g_hash_table_lookup(instance->properties, name);

	return value ? value : "";
}

/* A back end with a medium that the guest writes to for good. */
static gboolean is_disk(const TsrInstanceConfig *instance)
{
	return tsr_plugin_has_interface(instance->plugin, TSR_BLOCK) &&
	       *property(instance, "file") &&
	       !g_str_equal(property(instance, "read-only"), "true") &&
	       !g_str_equal(property(instance, "mode"), "nonpersistent");
}

static gboolean add(TsrSnapshotIndex *index, const TsrInstanceConfig *instance, GError **error)
{
	const char *file = property(instance, "file");
	const gsize length = strlen(index->folder);
	struct stat st;

	if (!tsr_plugin_find_property(instance->plugin, "layer"))
		return refuse(error, "the plugin %s of %s cannot keep snapshots of its disk",
			      tsr_plugin_get_id(instance->plugin), instance->name);
	if (strncmp(file, index->folder, length) != 0 || file[length] != '/' ||
	    strstr(file + length, "/.") || !tsr_reach_allows(index->folder, file))
		return refuse(error,
			      "%s: the disk %s is not in the machine's folder, where its snapshots "
			      "have to be; move it there",
			      instance->name, file);
	if (lstat(file, &st) || !S_ISREG(st.st_mode))
		return refuse(error,
			      "%s: the disk %s is no regular file: only images in files "
			      "have snapshots",
			      instance->name, file);
	tsr_snapshot_index_add_disk(index, instance->name, file + length + 1);
	return TRUE;
}

static TsrConfig *load(const char *manifest, TsrRegistry *registry, GError **error)
{
	g_autoptr(TsrDraft) draft = tsr_draft_load(registry, manifest, NULL, error);

	if (draft)
		draft->unloaded = TRUE;
	return draft ? tsr_draft_resolve(draft, error) : NULL;
}

static gboolean find(TsrSnapshotIndex *index, const TsrStore *store, TsrRegistry *registry,
		     GError **error)
{
	g_autoptr(TsrConfig) config = load(store->manifest, registry, error);

	for (guint i = 0; config && i < config->instances->len; i++) {
		const TsrInstanceConfig *instance = g_ptr_array_index(config->instances, i);

		if (is_disk(instance) && !add(index, instance, error))
			return FALSE;
	}
	if (config && (!index->disks->len || index->disks->len > TSR_SNAPSHOT_DISKS_MAX))
		return refuse(error,
			      "%s: a machine with snapshots has 1 to %u disks that its "
			      "manifest names",
			      store->manifest, TSR_SNAPSHOT_DISKS_MAX);
	return config != NULL;
}

static gboolean has_same(const TsrSnapshotIndex *a, const TsrSnapshotIndex *b)
{
	gboolean same = a->disks->len == b->disks->len;

	for (guint i = 0; same && i < a->disks->len; i++) {
		const TsrSnapshotDisk *x = g_ptr_array_index(a->disks, i);

		same = FALSE;
		for (guint n = 0; n < b->disks->len; n++) {
			const TsrSnapshotDisk *y = g_ptr_array_index(b->disks, n);

			same |= g_str_equal(x->name, y->name) && g_str_equal(x->base, y->base);
		}
	}
	return same;
}

gboolean tsr_disks_find(TsrStore *store, TsrRegistry *registry, GError **error)
{
	g_autoptr(TsrSnapshotIndex) now = tsr_snapshot_index_new(store->folder);

	if (!find(now, store, registry, error))
		return FALSE;
	if (!store->index->snapshots->len) {
		tsr_snapshot_index_free(store->index);
		store->index = g_steal_pointer(&now);
		return TRUE;
	}
	return has_same(now, store->index) ||
	       refuse(error,
		      "%s: the machine has other disks than its snapshots; give it the disks of "
		      "that time, or delete the snapshots",
		      store->manifest);
}

gboolean tsr_disks_check_undo(TsrRegistry *registry, const char *machine, gboolean *undoable,
			      GError **error)
{
	g_autofree char *manifest = NULL;
	g_autoptr(TsrConfig) config = tsr_store_find_manifest(machine, &manifest, NULL)
					      ? load(manifest, registry, NULL)
					      : NULL;
	const TsrInstanceConfig *other = NULL;

	*undoable = FALSE;
	for (guint i = 0; config && i < config->instances->len; i++) {
		const TsrInstanceConfig *instance = g_ptr_array_index(config->instances, i);

		if (!is_disk(instance))
			continue;
		if (g_str_equal(property(instance, "mode"), "undoable"))
			*undoable = TRUE;
		else
			other = instance;
	}
	return !*undoable || !other ||
	       refuse(error,
		      "%s: some of its disks are undoable, and %s is not; make all of them "
		      "undoable, nonpersistent or read-only, because they are discarded together",
		      manifest, other->name);
}
