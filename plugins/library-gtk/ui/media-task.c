/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See media-task.h. */
#include "ui/media-task.h"

#define LISTED 8

/* -- One file */

static void read_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	GError *error = NULL;
	struct tsr_medium *medium = tsr_medium_read(data, &error);

	if (medium)
		g_task_return_pointer(task, medium, (GDestroyNotify)tsr_medium_free);
	else
		g_task_return_error(task, error);
}

void tsr_media_read(const char *path, GCancellable *cancellable, GAsyncReadyCallback callback,
		    gpointer user)
{
	g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user);

	g_task_set_task_data(task, g_strdup(path), g_free);
	g_task_run_in_thread(task, read_on_thread);
}

struct tsr_medium *tsr_media_read_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/* -- The folder for downloads */

static void list_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	GError *error = NULL;
	g_auto(GStrv) paths = tsr_medium_list(data, LISTED, &error);
	GPtrArray *media = NULL;

	if (!paths) {
		g_task_return_error(task, error);
		return;
	}
	media = g_ptr_array_new_with_free_func((GDestroyNotify)tsr_medium_free);
	for (char **path = paths; *path; path++) {
		struct tsr_medium *medium = tsr_medium_read(*path, NULL);

		if (medium && medium->is_bootable)
			g_ptr_array_add(media, medium);
		else
			tsr_medium_free(medium);
	}
	g_task_return_pointer(task, media, (GDestroyNotify)g_ptr_array_unref);
}

void tsr_media_list(GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user)
{
	g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user);
	const char *folder = g_get_user_special_dir(G_USER_DIRECTORY_DOWNLOAD);

	g_task_set_task_data(task,
			     folder ? g_strdup(folder)
				    : g_build_filename(g_get_home_dir(), "Downloads", NULL),
			     g_free);
	g_task_run_in_thread(task, list_on_thread);
}

GPtrArray *tsr_media_list_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
