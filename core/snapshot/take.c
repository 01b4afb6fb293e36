/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Taking a snapshot: what is the top of each disk becomes the snapshot's, and a new, empty layer
 * the top. Of a machine that is off that is one change of the index. A running machine changes to
 * the new layers itself, while its guest stands still: the index names both before, and which of
 * them counts is told by the layers (snapshot-index.c), so neither the end of this process nor that
 * of the machine's leaves it between them.
 */
#include <errno.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <unistd.h>

#include <tessera-glib/snapshots.h>

#include "snapshot/disks.h"
#include "snapshot/file.h"
#include "snapshot/layer-file.h"
#include "snapshot/take.h"

#define SUSPENDED "suspended.state"
#define PICTURE "picture.png"

/* Its disks have the tops of the machine; the machine is not above it yet. */
static TsrSnapshot *add_snapshot(TsrStore *store, const char *name, const char *note)
{
	TsrSnapshotIndex *index = store->index;
	TsrSnapshot *s = tsr_snapshot_index_add(index, index->next++);

	s->parent = index->current;
	s->name = g_strdup(name);
	s->note = g_strndup(note ? note : "", TSR_SNAPSHOT_TEXT_MAX);
	s->time = g_get_real_time() / G_USEC_PER_SEC;
	for (guint i = 0; i < index->disks->len; i++) {
		const TsrSnapshotDisk *disk = g_ptr_array_index(index->disks, i);

		s->layers[i] = g_strdup(disk->top ? disk->top : "base");
	}
	return s;
}

/* The machine is above the snapshot, with new tops. Takes the ids. */
static void put_above(TsrStore *store, const TsrSnapshot *s, char **ids)
{
	store->index->current = s->id;
	store->index->pending = 0;
	for (guint i = 0; i < store->index->disks->len; i++) {
		TsrSnapshotDisk *disk = g_ptr_array_index(store->index->disks, i);

		g_free(disk->top);
		disk->top = g_steal_pointer(&ids[i]);
		g_clear_pointer(&disk->pending, g_free);
	}
}

/* -- Of a machine that is off */

/* A file of the machine's folder as one of the snapshot's. FALSE with error; no file is no error.
 */
static gboolean keep(const TsrStore *store, const char *name, guint id, const char *suffix,
		     gboolean *kept, GError **error)
{
	g_autofree char *from = g_build_filename(store->folder, name, NULL),
			*to = tsr_store_path(store, id, suffix);

	*kept = g_file_test(from, G_FILE_TEST_IS_REGULAR);
	return !*kept || tsr_file_link(from, to, error);
}

static gboolean take_off(TsrStore *store, TsrSnapshot *s, char **ids, GError **error)
{
	gboolean picture;

	if (!tsr_store_lock_disks(store, error) ||
	    !keep(store, SUSPENDED, s->id, "state", &s->state, error) ||
	    !keep(store, PICTURE, s->id, "png", &picture, error) ||
	    !tsr_store_make_layers(store, s->id, ids, error))
		return FALSE;
	put_above(store, s, ids);
	return tsr_store_commit(store, error);
}

/* -- Of a running machine */

static void save_picture(const TsrStore *store, TsrMachine *machine, guint id)
{
	g_autofree char *path = tsr_store_path(store, id, "png");
	g_autoptr(GBytes) png =
		tsr_machine_get_n_displays(machine) ? tsr_machine_get_png(machine, 0, NULL) : NULL;

	if (png)
		tsr_file_replace(path, g_bytes_get_data(png, NULL), g_bytes_get_size(png), NULL);
}

static gboolean append_file(GUnixFDList *files, const char *path, GError **error)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	gboolean good;

	if (fd < 0)
		return tsr_file_fail(path, "open it", errno, error);
	good = g_unix_fd_list_append(files, fd, error) >= 0;
	close(fd);
	return good;
}

/* The machine writes its state and changes to the new layers. */
static gboolean ask_machine(TsrStore *store, TsrMachine *machine, int state, const char *name,
			    GError **error)
{
	g_autoptr(GStrvBuilder) disks = g_strv_builder_new(), paths = g_strv_builder_new();
	g_autoptr(GUnixFDList) files = g_unix_fd_list_new();

	for (guint i = 0; i < store->index->disks->len; i++) {
		const TsrSnapshotDisk *disk = g_ptr_array_index(store->index->disks, i);
		g_autofree char *path = tsr_snapshot_layer_path(store->folder, disk->pending);

		if (!append_file(files, path, error))
			return FALSE;
		g_strv_builder_add(disks, disk->name);
		g_strv_builder_add(paths, path);
	}
	g_auto(GStrv) names = g_strv_builder_end(disks), layers = g_strv_builder_end(paths);
	return tsr_machine_snapshot_fd(machine, state, name, (const char *const *)names,
				       (const char *const *)layers, files, error);
}

static int make_state(const TsrStore *store, guint id, char **path, GError **error)
{
	int fd;

	*path = tsr_store_path(store, id, "state");
	/* Of a process that was ended, or a stranger's link, which is not followed. */
	unlink(*path);
	fd = open(*path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		tsr_file_fail(*path, "make it", errno, error);
	return fd;
}

/* After a failure the index is read again: if the machine answered too late, it has changed. */
static gboolean is_taken(TsrStore *store, const TsrSnapshot *s)
{
	g_autoptr(TsrSnapshotIndex) now = NULL;

	return tsr_snapshot_index_read(store->folder, &now, NULL) && now && now->current == s->id;
}

static void set_pending(TsrStore *store, const TsrSnapshot *s, char **ids)
{
	store->index->pending = s->id;
	for (guint i = 0; i < store->index->disks->len; i++)
		((TsrSnapshotDisk *)g_ptr_array_index(store->index->disks, i))->pending =
			g_strdup(ids[i]);
}

static void clear_pending(TsrStore *store, TsrSnapshot *s)
{
	store->index->pending = 0;
	for (guint i = 0; i < store->index->disks->len; i++)
		g_clear_pointer(
			&((TsrSnapshotDisk *)g_ptr_array_index(store->index->disks, i))->pending,
			g_free);
	g_ptr_array_remove(store->index->snapshots, s);
}

static gboolean take_running(TsrStore *store, TsrMachine *machine, TsrSnapshot *s, char **ids,
			     GError **error)
{
	g_autofree char *path = NULL;
	gboolean asked;
	int state;

	if (!tsr_store_make_layers(store, s->id, ids, error))
		return FALSE;
	save_picture(store, machine, s->id);
	state = make_state(store, s->id, &path, error);
	if (state < 0)
		return FALSE;
	s->state = TRUE;
	set_pending(store, s, ids);
	asked = tsr_store_commit(store, error) && ask_machine(store, machine, state, path, error);
	close(state);
	if (asked || is_taken(store, s)) {
		g_clear_error(error);
		put_above(store, s, ids);
		tsr_store_commit(store, NULL); /* else the index goes on to name both */
		return TRUE;
	}
	clear_pending(store, s);
	tsr_store_commit(store, NULL);
	return FALSE;
}

/* -- Both */

static gboolean take(TsrStore *store, TsrMachine *running, TsrSnapshot *s, GError **error)
{
	g_auto(GStrv) ids = g_new0(char *, store->index->disks->len + 1);
	const guint id = s->id;
	gboolean good = running ? take_running(store, running, s, ids, error)
				: take_off(store, s, ids, error);

	if (good)
		tsr_store_freeze_images(store, TRUE);
	else if ((s = tsr_snapshot_index_find(store->index, id)))
		g_ptr_array_remove(store->index->snapshots, s);
	return good;
}

gboolean tsr_take(TsrRegistry *registry, const char *machine, TsrMachine *running, const char *name,
		  const char *note, gboolean undo, GError **error)
{
	TsrSnapshot *s;
	g_autoptr(TsrStore) store = NULL;
	g_autoptr(GVariant) G_GNUC_UNUSED answered =
		running ? tsr_machine_get_status(running) : NULL;

	store = tsr_store_open(machine, error);
	if (!store || !tsr_store_check_name(store, name, error) ||
	    !tsr_disks_find(store, registry, error) || !tsr_file_has_room(store->folder, 0, error))
		return FALSE;
	if (store->index->snapshots->len >= TSR_SNAPSHOTS_MAX) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE,
			    "there are already %u snapshots; delete some", TSR_SNAPSHOTS_MAX);
		return FALSE;
	}
	s = add_snapshot(store, name, note);
	s->undo = undo;
	return take(store, running, s, error);
}

gboolean tsr_snapshots_take(TsrRegistry *registry, const char *machine, TsrMachine *running,
			    const char *name, const char *note, GError **error)
{
	return tsr_take(registry, machine, running, name, note, FALSE, error);
}
