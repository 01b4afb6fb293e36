/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine of the library: its folder, and its process if it has one. The process is `tessera run`
 * with a control socket whose path follows from the folder, so that every library finds it, also
 * one that was started later. Nothing here waits: what takes time is done on other threads or by
 * calls over D-Bus, and shows in the properties. All functions are for the main loop's thread.
 * [main]
 */
#ifndef TSR_LIBRARY_MACHINE_H
#define TSR_LIBRARY_MACHINE_H

#include "model/copy-file.h"
#include "model/record.h"
#include "model/settings.h"

typedef enum {
	TSR_LIBRARY_OFF,
	TSR_LIBRARY_STARTING,
	TSR_LIBRARY_RUNNING,
	TSR_LIBRARY_PAUSED,
	TSR_LIBRARY_SUSPENDING,
	TSR_LIBRARY_SUSPENDED,
	TSR_LIBRARY_STOPPING,
	TSR_LIBRARY_DAMAGED,
} TsrLibraryState;

/* What a start may do that it does not do unasked: options of `tessera run`. */
typedef enum {
	TSR_LIBRARY_MAY_NOTHING,
	TSR_LIBRARY_MAY_TRUST = 1,        /* --trust: files outside of the machine's folder */
	TSR_LIBRARY_MAY_FORCE_MEDIUM = 2, /* --force-medium: a disk that has changed */
} TsrLibraryPermission;

/* Properties, of which changes are notified: title, state, problem, picture, installing. Signals:
 * failed(sentence), what the user asked for was not done; refused(permission, sentence), a start
 * needs one more TsrLibraryPermission than it had. */
#define TSR_TYPE_LIBRARY_MACHINE (tsr_library_machine_get_type())
G_DECLARE_FINAL_TYPE(TsrLibraryMachine, tsr_library_machine, TSR, LIBRARY_MACHINE, GObject)

/* program: the path of `tessera`. Takes the record. */
TsrLibraryMachine *tsr_library_machine_new(TsrLibrarySettings *settings, const char *program,
					   struct tsr_machine_record *record);
/* What the folder says now. Takes the record, which is of the same folder. */
void tsr_library_machine_update(TsrLibraryMachine *self, struct tsr_machine_record *record);

const char *tsr_library_machine_get_folder(TsrLibraryMachine *self);
const char *tsr_library_machine_get_title(TsrLibraryMachine *self);
/* Its description, and its memory as the manifest has it. */
const char *tsr_library_machine_get_details(TsrLibraryMachine *self);
const char *tsr_library_machine_get_memory(TsrLibraryMachine *self);
/* When it was last started, or made; seconds since 1970. */
gint64 tsr_library_machine_get_used(TsrLibraryMachine *self);
TsrLibraryState tsr_library_machine_get_state(TsrLibraryMachine *self);
/* Why it is damaged, or how its last run failed; NULL: all is well. */
const char *tsr_library_machine_get_problem(TsrLibraryMachine *self);
/* Whether it starts, or runs, an installation without questions, in place of its system. */
gboolean tsr_library_machine_is_installing(TsrLibraryMachine *self);
/* PNG; NULL: none. */
GBytes *tsr_library_machine_get_picture(TsrLibraryMachine *self);
/* Whether a process of the machine is there, so that its folder must stay as it is. */
gboolean tsr_library_machine_is_alive(TsrLibraryMachine *self);
/* The path of `tessera`. */
const char *tsr_library_machine_get_program(TsrLibraryMachine *self);
/* The path of its control socket. */
const char *tsr_library_machine_get_socket(TsrLibraryMachine *self);

/* Switches it on, or resumes it from its suspended or paused state. */
void tsr_library_machine_start(TsrLibraryMachine *self);
/* The same with permissions, which are those of this start only. */
void tsr_library_machine_start_with(TsrLibraryMachine *self, guint allowed);
/* The permissions of the last start. */
guint tsr_library_machine_get_permissions(TsrLibraryMachine *self);
/* Raises the window of a machine that runs, or opens one if it has none. token: what the desktop
 * gave for the user's click (DESKTOP_STARTUP_ID, XDG_ACTIVATION_TOKEN); NULL: nothing. */
void tsr_library_machine_open_window(TsrLibraryMachine *self, const char *token);
/* Saves its state next to its disks, and ends its process. */
void tsr_library_machine_suspend(TsrLibraryMachine *self);
/* The power switch: what the guest has not written is lost. */
void tsr_library_machine_power_off(TsrLibraryMachine *self);
/* Removes a suspended state: the next start is a cold one. */
void tsr_library_machine_discard_state(TsrLibraryMachine *self);
/* The disc in its drive, also while it runs, and from the next start on; NULL: none. What a machine
 * that runs does not take is told by the signal failed. */
void tsr_library_machine_set_disc(TsrLibraryMachine *self, const char *disc);
gboolean tsr_library_machine_has_disc(TsrLibraryMachine *self);
/* The group in which the user sees it; NULL: none. (transfer full) */
char *tsr_library_machine_get_group(TsrLibraryMachine *self);
/* group NULL or "": none. */
void tsr_library_machine_set_group(TsrLibraryMachine *self, const char *group);
/* If a process listens at the machine's socket, this is its machine. */
void tsr_library_machine_look(TsrLibraryMachine *self);
/* Whether pictures of the running machine are taken all the time, because somebody sees them. */
void tsr_library_machine_set_live(TsrLibraryMachine *self, gboolean live);

/* Changes of the folder; the machine must be off. `callback` gets the path of the folder from
 * _finish (for trash: the old one); NULL with error. The library finds the new folder by itself. */
void tsr_library_machine_rename(TsrLibraryMachine *self, const char *title,
				GAsyncReadyCallback callback, gpointer user);
/* progress is reported on another thread until `callback` is called; NULL: nobody wants to know. */
void tsr_library_machine_clone(TsrLibraryMachine *self, const char *title,
			       struct tsr_progress *progress, GCancellable *cancellable,
			       GAsyncReadyCallback callback, gpointer user);
void tsr_library_machine_trash(TsrLibraryMachine *self, GAsyncReadyCallback callback,
			       gpointer user);
char *tsr_library_machine_finish(GAsyncResult *result, GError **error);

#endif
