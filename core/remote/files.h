/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client's side of the control interface's methods that take open files. A machine in its jail
 * opens no path, so the client opens media and states, with the rights that it has itself, and
 * passes the descriptors. A machine whose version lacks such a method has no jail, and is given the
 * path. Relative paths are the caller's. Both `tessera ctl` and the library have this file.
 *
 * All of them wait for the machine's answer for at most so many seconds, and return FALSE with an
 * error of the machine's, of GIO, or TSR_MACHINE_ERROR_IO or _NOT_FOUND for a file.
 */
#ifndef TSR_REMOTE_FILES_H
#define TSR_REMOTE_FILES_H

#include <gio/gio.h>

/* Calls a method that returns nothing with a file, which is argument `h 0` and stays the caller's.
 * Takes a floating reference of arguments. */
gboolean tsr_remote_call_with_file(GDBusConnection *connection, const char *method,
				   GVariant *arguments, int fd, guint seconds, GError **error);

/* Puts the medium at `path` into a drive. It is opened for writing only if the instance writes. */
gboolean tsr_remote_insert(GDBusConnection *connection, const char *instance, const char *path,
			   guint seconds, GError **error);
/* Sets a property of an instance; a value of `file` is inserted. */
gboolean tsr_remote_set_property(GDBusConnection *connection, const char *instance,
				 const char *property, const char *value, guint seconds,
				 GError **error);
/* Saves the machine's state to a new file, which gets the name `path` when the machine has written
 * all of it; if that fails, a file of that name stays as it was. */
gboolean tsr_remote_save(GDBusConnection *connection, const char *path, guint seconds,
			 GError **error);
/* As tsr_machine_snapshot_fd(). */
gboolean tsr_remote_snapshot(GDBusConnection *connection, int state, const char *name,
			     const char *const *disks, const char *const *paths,
			     GUnixFDList *layers, guint seconds, GError **error);
/* Loads a state. flags: TsrMachineLoadFlags. */
gboolean tsr_remote_load(GDBusConnection *connection, const char *path, guint flags, guint seconds,
			 GError **error);

#endif
