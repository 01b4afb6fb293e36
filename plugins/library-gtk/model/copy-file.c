/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See copy-file.h. */
#define _GNU_SOURCE
#include "model/copy-file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/text.h"

#define STEP (4 << 20) /* bytes between looks at the cancellable */

typedef struct {
	int from, to;
	struct tsr_progress *progress;
	GCancellable *cancellable;
} Copy;

void tsr_progress_advance(struct tsr_progress *progress, goffset bytes)
{
	if (!progress)
		return;
	progress->done += bytes;
	if (progress->report && progress->total > 0)
		progress->report(progress->user,
				 MIN(1.0, (double)progress->done / (double)progress->total));
}

/* 0, or an errno. */
static int copy_stretch(Copy *copy, off_t at, off_t end)
{
	off_t to = at;

	while (at < end) {
		ssize_t count;

		if (g_cancellable_is_cancelled(copy->cancellable))
			return ECANCELED;
		count = copy_file_range(copy->from, &at, copy->to, &to, (size_t)MIN(end - at, STEP),
					0);
		if (count < 0 && errno != EINTR)
			return errno;
		if (count == 0)
			return EIO; /* it became shorter meanwhile */
		if (count > 0)
			tsr_progress_advance(copy->progress, count);
	}
	return 0;
}

static int copy_data(Copy *copy, off_t size)
{
	off_t at = 0, data;
	int failure = 0;

	while (!failure && at < size && (data = lseek(copy->from, at, SEEK_DATA)) >= 0) {
		off_t end = lseek(copy->from, data, SEEK_HOLE);

		tsr_progress_advance(copy->progress, data - at);
		failure = copy_stretch(copy, data, end < 0 ? size : end);
		at = end < 0 ? size : end;
	}
	if (!failure)
		tsr_progress_advance(copy->progress, size - at);
	return failure;
}

static int copy_open(Copy *copy)
{
	struct stat info;
	int failure = 0;

	if (fstat(copy->from, &info) != 0)
		return errno;
	if (!S_ISREG(info.st_mode))
		return S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
	if (ioctl(copy->to, FICLONE, copy->from) == 0)
		tsr_progress_advance(copy->progress, info.st_size);
	else
		failure = copy_data(copy, info.st_size);
	if (!failure && (ftruncate(copy->to, info.st_size) != 0 || fsync(copy->to) != 0))
		failure = errno;
	return failure;
}

static gboolean fail(int failure, const char *path, GError **error)
{
	g_autofree char *name = g_filename_display_basename(path);

	if (failure == ECANCELED)
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _("Cancelled"));
	else if (failure == EISDIR)
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
			    _("“%s” is a folder, and should be a disk image."), name);
	else if (failure == ENOSPC)
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED,
			    _("There is not enough space on the disk for a copy of “%s”. Free "
			      "some, and try again."),
			    name);
	else
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED,
			    _("“%s” cannot be copied: %s"), name, g_strerror(failure));
	return FALSE;
}

gboolean tsr_library_copy_file(const char *from, const char *to, struct tsr_progress *progress,
			       GCancellable *cancellable, GError **error)
{
	Copy copy = { .progress = progress, .cancellable = cancellable };
	int failure;

	copy.from = open(from, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (copy.from < 0)
		return fail(errno, from, error);
	copy.to = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (copy.to < 0) {
		failure = errno;
		close(copy.from);
		return fail(failure, to, error);
	}
	failure = copy_open(&copy);
	close(copy.from);
	if (close(copy.to) != 0 && !failure)
		failure = errno;
	if (failure)
		unlink(to);
	return failure ? fail(failure, from, error) : TRUE;
}
