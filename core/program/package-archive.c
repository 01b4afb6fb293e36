/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See package-archive.h. */
#include "program/package-archive.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <unistd.h>

#include <tessera-glib/machine.h>

#include "program/helper.h"

#define UNPACKER "tessera-unpack"
#define STATUS_TOO_MUCH 3 /* core/unpack/README.md */

static gboolean refuse(GError **error, const char *archive, const char *why)
{
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID, "%s: %s", archive, why);
	return FALSE;
}

static gboolean refuse_size(GError **error, const char *archive)
{
	g_autofree char *why =
		g_strdup_printf("holds more than a plugin's package may: %u files, %u MiB",
				PACKAGE_FILES, (guint)(PACKAGE_BYTES >> 20));

	return refuse(error, archive, why);
}

/* Takes the descriptor. */
static GSubprocess *start(const char *unpacker, const char *folder, int fd, GError **error)
{
	g_autofree char *files = g_strdup_printf("%u", PACKAGE_FILES),
			*bytes = g_strdup_printf("%" G_GUINT64_FORMAT, PACKAGE_BYTES);
	g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
		G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE);

	g_subprocess_launcher_take_stdin_fd(launcher, fd);
	return g_subprocess_launcher_spawn(launcher, error, unpacker, folder, files, bytes, NULL);
}

static gboolean finish(GSubprocess *process, const char *archive, GError **error)
{
	g_autofree char *said = NULL;

	if (!g_subprocess_communicate_utf8(process, NULL, NULL, NULL, &said, error))
		return FALSE;
	if (g_subprocess_get_successful(process))
		return TRUE;
	if (g_subprocess_get_if_exited(process) &&
	    g_subprocess_get_exit_status(process) == STATUS_TOO_MUCH)
		return refuse_size(error, archive);
	g_strchomp(said);
	return refuse(error, archive,
		      *said ? said : "is damaged: the process that unpacks it has crashed");
}

gboolean program_package_unpack(const char *archive, const char *folder, GError **error)
{
	g_autofree char *unpacker = program_find_helper(UNPACKER);
	g_autoptr(GSubprocess) process = NULL;
	/* A pipe must not be waited for. */
	int fd = open(archive, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return refuse(error, archive, g_strerror(errno));
	if (!unpacker) {
		close(fd);
		return refuse(error, archive,
			      "cannot be unpacked: " UNPACKER " is not installed (it needs "
			      "libarchive); unpack it, and choose its folder");
	}
	process = start(unpacker, folder, fd, error);
	return process && finish(process, archive, error);
}
