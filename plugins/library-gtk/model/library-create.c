/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making a machine: see library.h. */
#include "model/library-private.h"

typedef struct {
	char *parent, *disc;
	struct tsr_new_machine machine;
	void (*report)(gpointer user, double done);
	gpointer report_user;
	GCancellable *cancellable;
	int permille; /* reported last */
} Creation;

static void creation_free(gpointer data)
{
	Creation *creation = data;

	g_free(creation->parent);
	g_free(creation->disc);
	g_free(creation->machine.title);
	g_free(creation->machine.details);
	g_free(creation->machine.image);
	g_free(creation->machine.preset);
	g_free(creation->machine.installer);
	g_free(creation->machine.answers);
	g_clear_object(&creation->cancellable);
	g_free(creation);
}

/* -- On another thread */

/* One report, on its way to the main loop. */
typedef struct {
	GTask *task;
	double done;
} Report;

static gboolean on_report(gpointer data)
{
	Report *report = data;
	Creation *creation = g_task_get_task_data(report->task);

	if (!g_task_get_completed(report->task) &&
	    !g_cancellable_is_cancelled(creation->cancellable))
		creation->report(creation->report_user, report->done);
	g_object_unref(report->task);
	g_free(report);
	return G_SOURCE_REMOVE;
}

static void send_report(gpointer user, double done)
{
	GTask *task = user;
	Creation *creation = g_task_get_task_data(task);
	Report *report;

	if ((int)(done * 1000) == creation->permille)
		return;
	creation->permille = (int)(done * 1000);
	report = g_new0(Report, 1);
	report->task = g_object_ref(task);
	report->done = done;
	g_idle_add(on_report, report);
}

static void create_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Creation *creation = data;
	struct tsr_progress progress = { .report = creation->report ? send_report : NULL,
					 .user = task };
	GError *error = NULL;
	g_autofree char *folder = tsr_folder_create(creation->parent, &creation->machine, &progress,
						    cancellable, &error);

	if (folder)
		g_task_return_pointer(task, tsr_machine_record_read(folder),
				      (GDestroyNotify)tsr_machine_record_free);
	else
		g_task_return_error(task, error);
}

/* -- On the main loop */

static void on_created(GObject *source, GAsyncResult *result, gpointer data)
{
	TsrLibrary *self = TSR_LIBRARY(source);
	Creation *creation = g_task_get_task_data(G_TASK(result));
	g_autoptr(GTask) outer = data;
	GError *error = NULL;
	struct tsr_machine_record *record = g_task_propagate_pointer(G_TASK(result), &error);

	if (!record) {
		g_task_return_error(outer, error);
		return;
	}
	tsr_library_settings_forget(tsr_library_get_settings(self), record->folder);
	if (creation->disc)
		tsr_library_settings_set_disc(tsr_library_get_settings(self), record->folder,
					      creation->disc);
	g_task_return_pointer(outer, g_object_ref(tsr_library_put(self, record)), g_object_unref);
}

void tsr_library_create(TsrLibrary *self, const struct tsr_new_machine *machine, const char *disc,
			void (*report)(gpointer user, double done), gpointer report_user,
			GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user)
{
	GTask *outer = g_task_new(self, NULL, callback, user);
	g_autoptr(GTask) task = g_task_new(self, cancellable, on_created, outer);
	Creation *creation = g_new0(Creation, 1);

	creation->parent =
		g_strdup(tsr_library_settings_get_folder(tsr_library_get_settings(self)));
	creation->disc = g_strdup(disc);
	creation->machine = *machine;
	creation->machine.title = g_strdup(machine->title);
	creation->machine.details = g_strdup(machine->details ? machine->details : "");
	creation->machine.image = g_strdup(machine->image);
	creation->machine.preset = g_strdup(machine->preset);
	creation->machine.installer = g_strdup(machine->installer);
	creation->machine.answers = g_strdup(machine->answers);
	creation->report = report;
	creation->report_user = report_user;
	creation->cancellable = cancellable ? g_object_ref(cancellable) : NULL;
	g_task_set_task_data(task, creation, creation_free);
	/* Without this a machine that was made just before the cancellation would be told as none.
	 */
	g_task_set_check_cancellable(task, FALSE);
	g_task_run_in_thread(task, create_on_thread);
}

TsrLibraryMachine *tsr_library_create_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
