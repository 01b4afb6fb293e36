/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See files.h. */
#include "remote/files.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tessera-glib/machine.h>

#include "remote/address.h"
#include "state/new-file.h"

/* -- Calls */

static GVariant *call(GDBusConnection *connection, const char *method, GVariant *arguments,
		      guint seconds, GError **error)
{
	g_autoptr(GError) why = NULL;
	GVariant *answer = g_dbus_connection_call_sync(
		connection, NULL, TSR_CONTROL_PATH, TSR_CONTROL_INTERFACE, method, arguments, NULL,
		G_DBUS_CALL_FLAGS_NONE, (int)seconds * 1000, NULL, &why);

	if (!answer) {
		g_dbus_error_strip_remote_error(why);
		g_propagate_error(error, g_steal_pointer(&why));
	}
	return answer;
}

static gboolean call_plain(GDBusConnection *connection, const char *method, GVariant *arguments,
			   guint seconds, GError **error)
{
	g_autoptr(GVariant) answer = call(connection, method, arguments, seconds, error);

	return answer != NULL;
}

static gboolean call_with_files(GDBusConnection *connection, const char *method,
				GVariant *arguments, GUnixFDList *files, guint seconds,
				GError **error)
{
	g_autoptr(GVariant) answer = NULL;
	g_autoptr(GError) why = NULL;

	answer = g_dbus_connection_call_with_unix_fd_list_sync(
		connection, NULL, TSR_CONTROL_PATH, TSR_CONTROL_INTERFACE, method, arguments, NULL,
		G_DBUS_CALL_FLAGS_NONE, (int)seconds * 1000, files, NULL, NULL, &why);
	if (!answer) {
		g_dbus_error_strip_remote_error(why);
		g_propagate_error(error, g_steal_pointer(&why));
	}
	return answer != NULL;
}

gboolean tsr_remote_call_with_file(GDBusConnection *connection, const char *method,
				   GVariant *arguments, int fd, guint seconds, GError **error)
{
	g_autoptr(GVariant) owned = g_variant_ref_sink(arguments);
	g_autoptr(GUnixFDList) files = g_unix_fd_list_new();

	if (fd < 0) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "%d is not a file descriptor", fd);
		return FALSE;
	}
	return g_unix_fd_list_append(files, fd, error) >= 0 &&
	       call_with_files(connection, method, owned, files, seconds, error);
}

/* The state's descriptor is the first of the message. */
gboolean tsr_remote_snapshot(GDBusConnection *connection, int state, const char *name,
			     const char *const *disks, const char *const *paths,
			     GUnixFDList *layers, guint seconds, GError **error)
{
	g_autoptr(GUnixFDList) files = g_unix_fd_list_new();
	const int *fds = g_unix_fd_list_peek_fds(layers, NULL);
	GVariantBuilder handles;

	if (g_unix_fd_list_append(files, state, error) < 0)
		return FALSE;
	g_variant_builder_init(&handles, G_VARIANT_TYPE("ah"));
	for (int i = 0; i < g_unix_fd_list_get_length(layers); i++) {
		int handle = g_unix_fd_list_append(files, fds[i], error);

		g_variant_builder_add(&handles, "h", handle);
		if (handle < 0) {
			g_variant_builder_clear(&handles);
			return FALSE;
		}
	}
	return call_with_files(connection, "SnapshotFd",
			       g_variant_new("(hs^as^asah)", 0, name, disks, paths, &handles),
			       files, seconds, error);
}

/* Whether the machine's version has no such method. Otherwise the error becomes the caller's. */
static gboolean is_older(GError *why, GError **error)
{
	if (!g_error_matches(why, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD)) {
		g_propagate_error(error, why);
		return FALSE;
	}
	g_error_free(why);
	return TRUE;
}

/* -- Media */

/* "" if the instance has none of that name. */
static char *instance_property(GDBusConnection *connection, const char *instance,
			       const char *property, guint seconds)
{
	g_autoptr(GVariant) answer = call(connection, "GetInstanceProperty",
					  g_variant_new("(ss)", instance, property), seconds, NULL);
	char *value = NULL;

	if (answer && g_variant_is_of_type(answer, G_VARIANT_TYPE("(s)")))
		g_variant_get(answer, "(s)", &value);
	return value ? value : g_strdup("");
}

static gboolean instance_writes(GDBusConnection *connection, const char *instance, guint seconds)
{
	g_autofree char *read_only = instance_property(connection, instance, "read-only", seconds);
	g_autofree char *mode = instance_property(connection, instance, "mode", seconds);

	return g_str_equal(read_only, "false") && !g_str_equal(mode, "nonpersistent");
}

/* -1 with error. */
static int open_medium(const char *path, gboolean writes, GError **error)
{
	int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (writes ? O_RDWR : O_RDONLY), fd;
	struct stat info;

	if (writes && stat(path, &info) == 0 && S_ISBLK(info.st_mode))
		flags |= O_EXCL; /* refused while the host has it mounted */
	fd = open(path, flags);
	if (fd < 0)
		g_set_error(error, TSR_MACHINE_ERROR,
			    errno == ENOENT ? TSR_MACHINE_ERROR_NOT_FOUND : TSR_MACHINE_ERROR_IO,
			    "cannot open %s%s: %s", path, writes ? " for writing" : "",
			    g_strerror(errno));
	return fd;
}

gboolean tsr_remote_insert(GDBusConnection *connection, const char *instance, const char *path,
			   guint seconds, GError **error)
{
	g_autofree char *absolute = g_canonicalize_filename(path, NULL);
	int fd = open_medium(absolute, instance_writes(connection, instance, seconds), error);
	GError *why = NULL;
	gboolean done;

	if (fd < 0)
		return FALSE;
	done = tsr_remote_call_with_file(connection, "InsertMediumFd",
					 g_variant_new("(shs)", instance, 0, absolute), fd, seconds,
					 &why);
	close(fd);
	return done || (is_older(why, error) &&
			call_plain(connection, "InsertMedium",
				   g_variant_new("(ss)", instance, absolute), seconds, error));
}

gboolean tsr_remote_set_property(GDBusConnection *connection, const char *instance,
				 const char *property, const char *value, guint seconds,
				 GError **error)
{
	if (g_str_equal(property, "file") && *value)
		return tsr_remote_insert(connection, instance, value, seconds, error);
	return call_plain(connection, "SetInstanceProperty",
			  g_variant_new("(sss)", instance, property, value), seconds, error);
}

/* -- States */

/* Worded as the machine words it. */
static gboolean fail_state(const char *path, const char *what, int number, GError **error)
{
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO, "%s: cannot %s: %s", path, what,
		    g_strerror(number));
	return FALSE;
}

gboolean tsr_remote_save(GDBusConnection *connection, const char *path, guint seconds,
			 GError **error)
{
	g_autofree char *absolute = g_canonicalize_filename(path, NULL);
	struct tsr_new_file file;
	int failure = tsr_new_file_open(&file, absolute);
	GError *why = NULL;
	gboolean done;

	if (failure)
		return fail_state(absolute, "write the state", failure, error);
	done = tsr_remote_call_with_file(connection, "SaveFd", g_variant_new("(hs)", 0, absolute),
					 file.fd, seconds, &why);
	failure = tsr_new_file_close(&file, done ? 0 : ECANCELED);
	if (!done)
		return is_older(why, error) &&
		       call_plain(connection, "Save", g_variant_new("(s)", absolute), seconds,
				  error);
	return !failure || fail_state(absolute, "write the state", failure, error);
}

/* A machine of a version without flags gets no path when there are any: they would be lost. */
gboolean tsr_remote_load(GDBusConnection *connection, const char *path, guint flags, guint seconds,
			 GError **error)
{
	g_autofree char *absolute = g_canonicalize_filename(path, NULL);
	int fd = open(absolute, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	GError *why = NULL;
	gboolean done;

	if (fd < 0)
		return fail_state(absolute, "read the saved state", errno, error);
	done = tsr_remote_call_with_file(connection, "LoadFd",
					 g_variant_new("(hsu)", 0, absolute, flags), fd, seconds,
					 flags ? error : &why);
	close(fd);
	return done ||
	       (!flags && is_older(why, error) &&
		call_plain(connection, "Load", g_variant_new("(s)", absolute), seconds, error));
}
