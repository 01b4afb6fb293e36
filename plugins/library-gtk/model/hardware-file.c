/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of the hardware editor, on other threads: the manifest and its draft, new images. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "model/hardware-private.h"
#include "model/machine-file.h"
#include "model/text.h"

#define DISKS 1000 /* names that are tried for a new image */

/* -- The manifest and its draft */

typedef struct {
	char *path, *text;
} Writing;

static void writing_free(gpointer data)
{
	Writing *writing = data;

	g_free(writing->path);
	g_free(writing->text);
	g_free(writing);
}

static void write_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const Writing *w = data;
	GError *error = NULL;
	int flags = G_FILE_SET_CONTENTS_CONSISTENT;

	if (!g_str_has_suffix(w->path, TSR_HARDWARE_DRAFT))
		flags |= G_FILE_SET_CONTENTS_DURABLE;
	if (g_file_set_contents_full(w->path, w->text, -1, (GFileSetContentsFlags)flags, 0644,
				     &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

void tsr_hardware_write(TsrHardware *self, const char *path, const char *text,
			GAsyncReadyCallback callback, gpointer user)
{
	g_autoptr(GTask) task = g_task_new(self, NULL, callback, user);
	Writing *writing = g_new0(Writing, 1);

	writing->path = g_strdup(path);
	writing->text = g_strdup(text);
	g_task_set_task_data(task, writing, writing_free);
	g_task_run_in_thread(task, write_on_thread);
}

static void remove_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	GPtrArray *paths = data;

	for (guint i = 0; i < paths->len; i++)
		g_unlink(g_ptr_array_index(paths, i));
}

void tsr_hardware_remove_files(GPtrArray *paths)
{
	g_autoptr(GTask) task = g_task_new(NULL, NULL, NULL, NULL);

	g_task_set_task_data(task, paths, (GDestroyNotify)g_ptr_array_unref);
	g_task_run_in_thread(task, remove_on_thread);
}

/* -- New images */

typedef struct {
	char *folder;
	guint64 mib;
} NewDisk;

static void new_disk_free(gpointer data)
{
	g_free(((NewDisk *)data)->folder);
	g_free(data);
}

static int open_new(const char *folder, char **path)
{
	int fd = -1;

	for (guint number = 2; number < DISKS && fd < 0; number++) {
		g_autofree char *name = g_strdup_printf("disk%u.img", number);

		g_free(*path);
		*path = g_build_filename(folder, name, NULL);
		fd = g_open(*path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd;
}

static void make_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const NewDisk *new_disk = data;
	g_autofree char *path = NULL;
	int fd = open_new(new_disk->folder, &path), wrong = errno;

	if (fd >= 0 && ftruncate(fd, (off_t)(new_disk->mib << 20)) == 0 && fsync(fd) == 0) {
		close(fd);
		g_task_return_pointer(task, g_steal_pointer(&path), g_free);
		return;
	}
	if (fd >= 0) {
		wrong = errno;
		close(fd);
		g_unlink(path);
	}
	g_task_return_new_error(task, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED,
				_("No disk image could be made in the machine's folder: %s"),
				g_strerror(wrong));
}

void tsr_hardware_make_disk(TsrHardware *self, guint64 mib, GAsyncReadyCallback callback,
			    gpointer user)
{
	g_autoptr(GTask) task = g_task_new(self, NULL, callback, user);
	NewDisk *new_disk = g_new0(NewDisk, 1);

	new_disk->folder = g_path_get_dirname(self->path);
	new_disk->mib = mib;
	g_task_set_task_data(task, new_disk, new_disk_free);
	g_task_run_in_thread(task, make_on_thread);
}

char *tsr_hardware_make_disk_finish(GAsyncResult *result, GError **error)
{
	TsrHardware *self = g_task_get_source_object(G_TASK(result));
	g_autofree char *path = g_task_propagate_pointer(G_TASK(result), error);

	if (!path)
		return NULL;
	g_ptr_array_add(self->made, g_strdup(path));
	if (tsr_hardware_is_closed(self)) {
		tsr_hardware_remove_files(g_steal_pointer(&self->made));
		self->made = g_ptr_array_new_with_free_func(g_free);
	}
	return g_path_get_basename(path);
}
