/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of a machine that its files share: machine.c has its properties, machine-link.c its
 * process, machine-run.c what is done with it, machine-folder.c its folder. */
#ifndef TSR_LIBRARY_MACHINE_PRIVATE_H
#define TSR_LIBRARY_MACHINE_PRIVATE_H

#include "model/machine.h"

struct _TsrLibraryMachine {
	GObject parent;
	TsrLibrarySettings *settings;
	char *program;
	struct tsr_machine_record *record;

	TsrLibraryState shown;     /* as it was notified last */
	TsrLibraryState operation; /* STARTING, SUSPENDING, STOPPING; OFF: none */
	TsrLibraryState guest;     /* RUNNING, PAUSED, or STARTING; while there is a connection */
	char *failure;             /* of the last run; NULL: none */
	guint permissions;         /* of the last start */
	GBytes *picture;

	char *socket;
	GDBusConnection *connection; /* NULL: no process is known */
	guint subscription;          /* to its signals */
	gboolean is_connecting;
	GSubprocess *process;    /* that this library started; NULL: none */
	guint retry;             /* source: it has not opened its socket yet */
	GSubprocess *window;     /* that this library opened, until it is known to be open; NULL */
	gboolean live, is_asked; /* a picture is on its way */
	guint live_source;
	gint64 picture_saved; /* monotonic time */
};

/* machine.c */
void tsr_library_machine_changed(TsrLibraryMachine *self);
void tsr_library_machine_set_operation(TsrLibraryMachine *self, TsrLibraryState operation);
/* The sentence is shown with the machine until its next start; taken. */
void tsr_library_machine_set_failure(TsrLibraryMachine *self, char *sentence);
/* The sentence is told once. */
void tsr_library_machine_fail(TsrLibraryMachine *self, const char *sentence);
void tsr_library_machine_refuse(TsrLibraryMachine *self, TsrLibraryPermission permission,
				const char *sentence);
void tsr_library_machine_set_picture(TsrLibraryMachine *self, GBytes *picture);

/* machine-link.c */
void tsr_library_machine_connect(TsrLibraryMachine *self);
void tsr_library_machine_disconnect(TsrLibraryMachine *self);
void tsr_library_machine_take_picture(TsrLibraryMachine *self);
/* Writes the last picture into the folder. */
void tsr_library_machine_save_picture(TsrLibraryMachine *self);
/* Calls a method of the machine's; callback may be NULL, and owns a reference to the machine.
 * files: NULL, or descriptors; takes a floating reference of arguments. */
void tsr_library_machine_call(TsrLibraryMachine *self, const char *method, GVariant *arguments,
			      GUnixFDList *files, GAsyncReadyCallback callback);
/* The same with other user data for the callback. */
void tsr_library_machine_call_with(TsrLibraryMachine *self, const char *method, GVariant *arguments,
				   GUnixFDList *files, GAsyncReadyCallback callback, gpointer user);
/* The end of such a call, in its callback. */
gboolean tsr_library_machine_call_finish(GObject *connection, GAsyncResult *result, GError **error);

/* Asks a machine that runs for the values of tsr_machine_get_status(). One that does not answer for
 * some seconds has failed to. The source of the callback is the machine. */
void tsr_library_machine_get_status(TsrLibraryMachine *self, GAsyncReadyCallback callback,
				    gpointer user);
/* a{sv}; NULL with error. */
GVariant *tsr_library_machine_get_status_finish(GAsyncResult *result, GError **error);

/* machine-log.c */
/* Reads, on another thread, what the process said last. */
void tsr_library_machine_read_log(TsrLibraryMachine *self, GAsyncReadyCallback callback);
/* A line; NULL: nothing. To be freed. */
char *tsr_library_machine_read_log_finish(GAsyncResult *result);

/* machine-run.c, machine-suspend.c */
/* The process of the machine is gone. */
void tsr_library_machine_ended(TsrLibraryMachine *self);

/* machine-folder.c */
/* Reads the folder anew. */
void tsr_library_machine_reread(TsrLibraryMachine *self);
/* The guest runs: a state from which it was resumed is of the past. */
void tsr_library_machine_drop_state(TsrLibraryMachine *self);

#endif
