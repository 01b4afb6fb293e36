/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Suspending a machine: pause; save the state to a new file; give the file its name; power off.
 * When a step fails, the new file is removed, and the guest goes on where it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <stdio.h>
#include <unistd.h>

#include "model/folder.h"
#include "model/machine-private.h"
#include "model/text.h"

#define NEW_STATE "." TSR_LIBRARY_STATE ".new"

/* The new file of a suspension that is under way. */
typedef struct {
	char *folder, *new_path, *path;
	int fd;
} Suspension;

static void suspension_free(gpointer data)
{
	Suspension *suspension = data;

	if (suspension->fd >= 0)
		close(suspension->fd);
	g_free(suspension->folder);
	g_free(suspension->new_path);
	g_free(suspension->path);
	g_free(suspension);
}

/* -- What waits for the file system, on another thread */

static void open_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Suspension *suspension = data;

	/* What lies there was left by a process that was ended; or it is a stranger's link, which
	 * is not followed. */
	unlink(suspension->new_path);
	suspension->fd = open(suspension->new_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (suspension->fd >= 0)
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_new_error(task, G_IO_ERROR, g_io_error_from_errno(errno), "%s",
					g_strerror(errno));
}

static void keep_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Suspension *suspension = data;
	int folder = open(suspension->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failure = 0;

	if (fsync(suspension->fd) != 0 || rename(suspension->new_path, suspension->path) != 0 ||
	    (folder >= 0 && fsync(folder) != 0))
		failure = errno;
	if (folder >= 0)
		close(folder);
	if (!failure)
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_new_error(task, G_IO_ERROR, g_io_error_from_errno(failure), "%s",
					g_strerror(failure));
}

static void drop_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	unlink(((Suspension *)data)->new_path);
	g_task_return_boolean(task, TRUE);
}

/* -- The steps */

/* Takes the suspension. */
static void step(TsrLibraryMachine *self, Suspension *suspension, GTaskThreadFunc work,
		 GAsyncReadyCallback callback)
{
	g_autoptr(GTask) task = g_task_new(self, NULL, callback, suspension);

	g_task_set_task_data(task, suspension, callback ? NULL : suspension_free);
	g_task_run_in_thread(task, work);
}

/* Takes the suspension. */
static void give_up(TsrLibraryMachine *self, Suspension *suspension, const char *reason)
{
	g_autofree char *sentence = g_strdup_printf(
		_("“%s” could not be suspended, and goes on: %s"), self->record->title, reason);

	if (self->connection)
		tsr_library_machine_call(self, "Resume", NULL, NULL, NULL);
	tsr_library_machine_set_operation(self, TSR_LIBRARY_OFF);
	tsr_library_machine_fail(self, sentence);
	step(self, suspension, drop_on_thread, NULL);
}

static void on_kept(GObject *source, GAsyncResult *result, gpointer data)
{
	TsrLibraryMachine *self = TSR_LIBRARY_MACHINE(source);
	g_autoptr(GError) why = NULL;

	if (!g_task_propagate_boolean(G_TASK(result), &why)) {
		give_up(self, data, why->message);
		return;
	}
	suspension_free(data);
	if (self->connection)
		tsr_library_machine_call(self, "Quit", NULL, NULL, NULL);
}

typedef struct {
	TsrLibraryMachine *machine;
	Suspension *suspension;
} SaveCall;

static void on_saved(GObject *connection, GAsyncResult *result, gpointer data)
{
	SaveCall *call = data;
	g_autoptr(TsrLibraryMachine) self = call->machine;
	Suspension *suspension = call->suspension;
	g_autoptr(GError) why = NULL;

	g_free(call);
	if (tsr_library_machine_call_finish(connection, result, &why))
		step(self, suspension, keep_on_thread, on_kept);
	else
		give_up(self, suspension, why->message);
}

/* The call is made with the connection itself, because its end needs the suspension. */
static void save(TsrLibraryMachine *self, Suspension *suspension)
{
	g_autoptr(GUnixFDList) files = g_unix_fd_list_new();
	SaveCall *call;

	if (!self->connection || g_unix_fd_list_append(files, suspension->fd, NULL) < 0) {
		give_up(self, suspension, _("its process is gone."));
		return;
	}
	call = g_new0(SaveCall, 1);
	call->machine = g_object_ref(self);
	call->suspension = suspension;
	tsr_library_machine_call_with(self, "SaveFd", g_variant_new("(hs)", 0, suspension->path),
				      files, on_saved, call);
}

static void on_opened(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) why = NULL;

	if (g_task_propagate_boolean(G_TASK(result), &why))
		save(TSR_LIBRARY_MACHINE(source), data);
	else
		give_up(TSR_LIBRARY_MACHINE(source), data, why->message);
}

static void on_paused(GObject *connection, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrLibraryMachine) self = data;
	Suspension *suspension = g_new0(Suspension, 1);
	g_autoptr(GError) why = NULL;

	suspension->fd = -1;
	suspension->folder = g_strdup(self->record->folder);
	suspension->new_path = g_build_filename(suspension->folder, NEW_STATE, NULL);
	suspension->path = g_build_filename(suspension->folder, TSR_LIBRARY_STATE, NULL);
	if (tsr_library_machine_call_finish(connection, result, &why))
		step(self, suspension, open_on_thread, on_opened);
	else
		give_up(self, suspension, why->message);
}

void tsr_library_machine_suspend(TsrLibraryMachine *self)
{
	TsrLibraryState state = tsr_library_machine_get_state(self);

	if (state != TSR_LIBRARY_RUNNING && state != TSR_LIBRARY_PAUSED)
		return;
	tsr_library_machine_set_operation(self, TSR_LIBRARY_SUSPENDING);
	tsr_library_machine_take_picture(self);
	tsr_library_machine_call(self, "Pause", NULL, NULL, on_paused);
}
