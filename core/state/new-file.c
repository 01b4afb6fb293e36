/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See new-file.h. */
#include "state/new-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

int tsr_new_file_sync(int fd)
{
	return fsync(fd) && errno != EINVAL ? errno : 0;
}

/* A file's name is on stable storage when its folder is. */
static int sync_folder(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return errno;
	error = tsr_new_file_sync(fd);
	close(fd);
	return error;
}

static void forget(struct tsr_new_file *file)
{
	g_free(file->path);
	g_free(file->beside);
	*file = (struct tsr_new_file){ .fd = -1 };
}

int tsr_new_file_open(struct tsr_new_file *file, const char *path)
{
	int failure = 0;

	file->path = g_strdup(path);
	file->beside = g_strdup_printf("%s.XXXXXX", path);
	file->fd = g_mkstemp_full(file->beside, O_RDWR | O_CLOEXEC, 0600);
	if (file->fd < 0) {
		failure = errno;
		forget(file);
	}
	return failure;
}

int tsr_new_file_close(struct tsr_new_file *file, int failure)
{
	if (close(file->fd) && !failure)
		failure = errno;
	if (!failure && rename(file->beside, file->path))
		failure = errno;
	if (failure)
		unlink(file->beside);
	else
		failure = sync_folder(file->path);
	forget(file);
	return failure;
}
