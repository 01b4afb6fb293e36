/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unpacking an OVA, by `tessera-unpack` in a process of its own: see import-private.h. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "model/child.h"
#include "model/import-private.h"
#include "model/text.h"

#define UNPACKER "tessera-unpack"
#define FILES "1024"
#define STATUS_TOO_MUCH 3 /* core/unpack/README.md */

/* Next to `tessera` in a build tree, else where it is installed. NULL: it is not there. */
static char *find_unpacker(const char *program)
{
	static const char *const places[] = { ".", TSR_LIBEXECDIR_FROM_BINDIR "/tessera" };
	g_autofree char *folder = g_path_get_dirname(program);

	for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autofree char *path = g_build_filename(folder, places[i], UNPACKER, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
			return g_steal_pointer(&path);
	}
	return NULL;
}

static char *free_bytes(const char *folder)
{
	struct statvfs space;

	if (statvfs(folder, &space) != 0)
		return g_strdup_printf("%" G_GINT64_FORMAT, G_MAXINT64);
	return g_strdup_printf("%" G_GUINT64_FORMAT, (guint64)space.f_bavail * space.f_frsize);
}

static gboolean fail(int status, const char *name, const char *said, GError **error)
{
	if (status == STATUS_TOO_MUCH || strstr(said, "No space left on device"))
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED,
			    _("There is not enough space on the disk to unpack “%s”. Free some, "
			      "and try again."),
			    name);
	else
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
			    _("“%s” cannot be unpacked: %s. Copy it again, or unpack it and choose "
			      "its .ovf file."),
			    name, *said ? said : _("it is damaged"));
	return FALSE;
}

static gboolean run(const char *unpacker, int fd, const char *name, const char *folder,
		    struct tsr_progress *progress, GCancellable *cancellable, GError **error)
{
	g_autofree char *bytes = free_bytes(folder), *said = NULL;
	const char *words[] = { unpacker, folder, FILES, bytes, NULL };
	struct stat info;
	struct tsr_child child = { .words = words, .input = fd };
	int status;

	if (fstat(fd, &info) == 0)
		child.bytes = info.st_size;
	status = tsr_child_run(&child, progress, &said, cancellable, error);
	return status == 0 || (status > 0 && fail(status, name, said, error));
}

gboolean tsr_import_unpack(const char *archive, const char *folder, const char *program,
			   struct tsr_progress *progress, GCancellable *cancellable, GError **error)
{
	g_autofree char *unpacker = find_unpacker(program),
			*name = g_filename_display_basename(archive);
	gboolean done = FALSE;
	int fd;

	if (!unpacker) {
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED,
			    _("“%s” is an archive, and this Tessera was built without libarchive. "
			      "Unpack it, and choose its .ovf file."),
			    name);
		return FALSE;
	}
	fd = open(archive, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && g_mkdir(folder, 0700) == 0)
		done = run(unpacker, fd, name, folder, progress, cancellable, error);
	else
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED,
			    _("“%s” cannot be opened: %s"), name, g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return done;
}
