/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See file.h. */
#define _GNU_SOURCE
#include "snapshot/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "state/new-file.h"

#define COPY_PIECE (1u << 20)
#define MARGIN (4u << 20) /* bytes that stay free: the file system's own needs */

gboolean tsr_file_fail(const char *path, const char *what, int number, GError **error)
{
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO, "%s: cannot %s: %s", path, what,
		    g_strerror(number));
	return FALSE;
}

gboolean tsr_file_read(int fd, void *to, gsize length, guint64 offset)
{
	for (gsize done = 0; done < length;) {
		ssize_t n = pread(fd, (char *)to + done, length - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return FALSE;
		done += (gsize)n;
	}
	return TRUE;
}

gboolean tsr_file_write(int fd, const void *from, gsize length, guint64 offset)
{
	for (gsize done = 0; done < length;) {
		ssize_t n = pwrite(fd, (const char *)from + done, length - done,
				   (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = ENOSPC;
		if (n <= 0)
			return FALSE;
		done += (gsize)n;
	}
	return TRUE;
}

static gboolean copy_range(int from, int to, guint64 at, guint64 end, char *buffer)
{
	for (guint64 n; at < end; at += n) {
		n = MIN(COPY_PIECE, end - at);
		if (!tsr_file_read(from, buffer, n, at) || !tsr_file_write(to, buffer, n, at))
			return FALSE;
	}
	return TRUE;
}

gboolean tsr_file_copy(int from, int to)
{
	g_autofree char *buffer = g_malloc(COPY_PIECE);
	struct stat st;
	off_t data = 0, hole;

	if (fstat(from, &st) || ftruncate(to, st.st_size))
		return FALSE;
	while (data < st.st_size && (data = lseek(from, data, SEEK_DATA)) >= 0) {
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0 || !copy_range(from, to, (guint64)data, (guint64)hole, buffer))
			return FALSE;
		data = hole;
	}
	return (data >= 0 || errno == ENXIO) && !fsync(to);
}

gboolean tsr_file_sync_folder(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), failure;

	if (fd < 0)
		return FALSE;
	failure = tsr_new_file_sync(fd);
	close(fd);
	errno = failure;
	return !failure;
}

static int copy_into(const char *from, int to)
{
	int fd = open(from, O_RDONLY | O_CLOEXEC), failure = 0;

	if (fd < 0)
		return errno;
	if (!tsr_file_copy(fd, to))
		failure = errno;
	close(fd);
	return failure;
}

gboolean tsr_file_link(const char *from, const char *to, GError **error)
{
	g_autofree char *beside = g_strconcat(to, ".new", NULL);
	struct tsr_new_file file;
	int failure;

	unlink(beside);
	if (!link(from, beside)) {
		if (rename(beside, to) || (unlink(beside), !tsr_file_sync_folder(to)))
			return tsr_file_fail(to, "make it", errno, error);
		return TRUE;
	}
	failure = tsr_new_file_open(&file, to);
	if (!failure)
		failure = tsr_new_file_close(&file, copy_into(from, file.fd));
	return !failure || tsr_file_fail(to, "make it", failure, error);
}

gboolean tsr_file_replace(const char *path, const char *text, gsize length, GError **error)
{
	struct tsr_new_file file;
	int failure = tsr_new_file_open(&file, path);

	if (!failure) {
		int written = tsr_file_write(file.fd, text, length, 0) ? tsr_new_file_sync(file.fd)
								       : errno;

		failure = tsr_new_file_close(&file, written);
	}
	return !failure || tsr_file_fail(path, "write it", failure, error);
}

gboolean tsr_file_has_room(const char *folder, guint64 bytes, GError **error)
{
	struct statvfs info;
	guint64 room;

	if (statvfs(folder, &info))
		return tsr_file_fail(folder, "look for room", errno, error);
	room = (guint64)info.f_bavail * info.f_frsize;
	if (room >= bytes + MARGIN)
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO,
		    "%s: the disk is too full: %" G_GUINT64_FORMAT
		    " MiB are needed, and %" G_GUINT64_FORMAT " are free; nothing was changed",
		    folder, (bytes + MARGIN) >> 20, room >> 20);
	return FALSE;
}
