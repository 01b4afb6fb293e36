/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machines in the user's folder, as a list of TsrLibraryMachine in the order in which they were
 * found. The folder is watched: what another program puts there appears, what it takes away goes.
 * A machine whose process runs stays in the list. All functions are for the main loop's thread.
 */
#ifndef TSR_LIBRARY_LIBRARY_H
#define TSR_LIBRARY_LIBRARY_H

#include "model/folder.h"
#include "model/machine.h"

#define TSR_TYPE_LIBRARY (tsr_library_get_type())
G_DECLARE_FINAL_TYPE(TsrLibrary, tsr_library, TSR, LIBRARY, GObject)

/* program: the path of `tessera`. Properties: loaded, that the folder was read once; problem, a
 * sentence that says why it cannot be read, or NULL. Signals
 * failed(sentence) and refused(machine, permission, sentence): of any machine. */
TsrLibrary *tsr_library_new(TsrLibrarySettings *settings, const char *program);
/* The machines. Not owned by the caller. */
GListModel *tsr_library_get_machines(TsrLibrary *self);
gboolean tsr_library_get_loaded(TsrLibrary *self);
const char *tsr_library_get_problem(TsrLibrary *self);
TsrLibrarySettings *tsr_library_get_settings(TsrLibrary *self);
/* The path of `tessera`. */
const char *tsr_library_get_program(TsrLibrary *self);
/* The machine in a folder; NULL: none is known. Not owned by the caller. */
TsrLibraryMachine *tsr_library_find(TsrLibrary *self, const char *folder);
/* Another folder, which the settings keep. */
void tsr_library_set_folder(TsrLibrary *self, const char *folder);
/* Reads the folder anew, soon. */
void tsr_library_scan(TsrLibrary *self);
/* Whether pictures of running machines are taken all the time. */
void tsr_library_set_live(TsrLibrary *self, gboolean live);

/* Starts the machine of another folder, where it is: it is in the list while it runs. */
void tsr_library_open_guest(TsrLibrary *self, const char *folder);

/* Makes a machine; `report` is called on the main loop with how much is done, 0 to 1. disc: what
 * lies in its drive; NULL: nothing. Copies both. */
void tsr_library_create(TsrLibrary *self, const struct tsr_new_machine *machine, const char *disc,
			void (*report)(gpointer user, double done), gpointer report_user,
			GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user);
/* The new machine, which is in the list; NULL with error. */
TsrLibraryMachine *tsr_library_create_finish(GAsyncResult *result, GError **error);

#endif
