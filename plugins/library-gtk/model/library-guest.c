/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine in another folder than the library's, which is in the list while it runs: see
 * library.h. Nothing of it is kept elsewhere, so the next library does not know it. */
#include "model/library-private.h"

static void on_state(TsrLibraryMachine *machine, GParamSpec *spec, gpointer library)
{
	if (!tsr_library_machine_is_alive(machine))
		tsr_library_scan(library);
}

static void read_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	g_task_return_pointer(task, tsr_machine_record_read(data),
			      (GDestroyNotify)tsr_machine_record_free);
}

static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
	TsrLibrary *self = TSR_LIBRARY(source);
	struct tsr_machine_record *record = g_task_propagate_pointer(G_TASK(result), NULL);
	TsrLibraryMachine *machine = tsr_library_put(self, record);

	g_signal_connect(machine, "notify::state", G_CALLBACK(on_state), self);
	tsr_library_machine_start(machine);
	if (!tsr_library_machine_is_alive(machine))
		tsr_library_scan(self);
}

void tsr_library_open_guest(TsrLibrary *self, const char *folder)
{
	g_autoptr(GTask) task = g_task_new(self, NULL, on_read, NULL);

	g_task_set_task_data(task, g_strdup(folder), g_free);
	g_task_run_in_thread(task, read_on_thread);
}
