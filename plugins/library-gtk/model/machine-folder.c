/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine's folder: what changes it, each on another thread. See machine.h. */
#include <glib/gstdio.h>
#include <unistd.h>

#include "model/folder.h"
#include "model/machine-private.h"
#include "model/name.h"
#include "model/text.h"

/* -- Reading it again */

static void read_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	g_task_return_pointer(task, tsr_machine_record_read(data),
			      (GDestroyNotify)tsr_machine_record_free);
}

static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
	struct tsr_machine_record *record = g_task_propagate_pointer(G_TASK(result), NULL);

	if (record)
		tsr_library_machine_update(TSR_LIBRARY_MACHINE(source), record);
}

void tsr_library_machine_reread(TsrLibraryMachine *self)
{
	g_autoptr(GTask) task = g_task_new(self, NULL, on_read, NULL);

	g_task_set_task_data(task, g_strdup(self->record->folder), g_free);
	g_task_run_in_thread(task, read_on_thread);
}

/* -- The suspended state */

static void drop_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	unlink(data);
	g_task_return_boolean(task, TRUE);
}

static void on_dropped(GObject *source, GAsyncResult *result, gpointer data)
{
	tsr_library_machine_reread(TSR_LIBRARY_MACHINE(source));
}

void tsr_library_machine_drop_state(TsrLibraryMachine *self)
{
	g_autoptr(GTask) task = NULL;

	if (!self->record->is_suspended)
		return;
	self->record->is_suspended = FALSE;
	task = g_task_new(self, NULL, on_dropped, NULL);
	g_task_set_task_data(task, g_build_filename(self->record->folder, TSR_LIBRARY_STATE, NULL),
			     g_free);
	g_task_run_in_thread(task, drop_on_thread);
}

void tsr_library_machine_discard_state(TsrLibraryMachine *self)
{
	if (tsr_library_machine_is_alive(self))
		return;
	tsr_library_machine_set_failure(self, NULL);
	tsr_library_machine_drop_state(self);
	tsr_library_machine_changed(self);
}

/* -- Another name, a copy, the trash */

typedef struct {
	char *folder, *title;
	struct tsr_progress *progress; /* not owned; NULL: it is not wanted */
} Change;

static void change_free(gpointer data)
{
	Change *change = data;

	g_free(change->folder);
	g_free(change->title);
	g_free(change);
}

static void return_folder(GTask *task, char *folder, GError *error)
{
	if (folder)
		g_task_return_pointer(task, folder, g_free);
	else
		g_task_return_error(task, error);
}

static void rename_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Change *change = data;
	GError *error = NULL;
	char *folder = tsr_folder_rename(change->folder, change->title, &error);

	return_folder(task, folder, error);
}

static void clone_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Change *change = data;
	GError *error = NULL;
	char *folder = tsr_folder_clone(change->folder, change->title, change->progress,
					cancellable, &error);

	return_folder(task, folder, error);
}

static void trash_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Change *change = data;
	g_autoptr(GFile) file = g_file_new_for_path(change->folder);
	GError *error = NULL;

	if (g_file_trash(file, NULL, &error))
		g_task_return_pointer(task, g_strdup(change->folder), g_free);
	else
		g_task_return_error(task, error);
}

static void change(TsrLibraryMachine *self, const char *title, GTaskThreadFunc work,
		   struct tsr_progress *progress, GCancellable *cancellable,
		   GAsyncReadyCallback callback, gpointer user)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user);
	Change *data;

	if (tsr_library_machine_is_alive(self)) {
		g_task_return_new_error(task, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
					_("“%s” is running. Power it off or suspend it first."),
					self->record->title);
		return;
	}
	data = g_new0(Change, 1);
	data->folder = g_strdup(self->record->folder);
	data->title = g_strdup(title);
	data->progress = progress;
	g_task_set_task_data(task, data, change_free);
	/* The result is told, also when the cancellation came too late. */
	g_task_set_check_cancellable(task, FALSE);
	g_task_run_in_thread(task, work);
}

/* The disc in the drive and the group go with the machine. */
typedef struct {
	GAsyncReadyCallback callback;
	gpointer user;
	gboolean keeps; /* the old folder stays */
} Carried;

static void on_folder(GObject *source, GAsyncResult *result, gpointer data)
{
	TsrLibraryMachine *self = TSR_LIBRARY_MACHINE(source);
	g_autofree Carried *carried = data;
	g_autoptr(GTask) task = g_task_new(self, NULL, carried->callback, carried->user);
	GError *error = NULL;
	char *folder = g_task_propagate_pointer(G_TASK(result), &error);

	if (folder)
		tsr_library_settings_carry(self->settings, self->record->folder, folder,
					   carried->keeps);
	return_folder(task, folder, error);
}

static Carried *carried_new(GAsyncReadyCallback callback, gpointer user, gboolean keeps)
{
	Carried *carried = g_new0(Carried, 1);

	carried->callback = callback;
	carried->user = user;
	carried->keeps = keeps;
	return carried;
}

void tsr_library_machine_rename(TsrLibraryMachine *self, const char *title,
				GAsyncReadyCallback callback, gpointer user)
{
	change(self, title, rename_on_thread, NULL, NULL, on_folder,
	       carried_new(callback, user, FALSE));
}

void tsr_library_machine_clone(TsrLibraryMachine *self, const char *title,
			       struct tsr_progress *progress, GCancellable *cancellable,
			       GAsyncReadyCallback callback, gpointer user)
{
	change(self, title, clone_on_thread, progress, cancellable, on_folder,
	       carried_new(callback, user, TRUE));
}

void tsr_library_machine_trash(TsrLibraryMachine *self, GAsyncReadyCallback callback, gpointer user)
{
	change(self, NULL, trash_on_thread, NULL, NULL, callback, user);
}

char *tsr_library_machine_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
