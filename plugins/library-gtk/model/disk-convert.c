/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See disk-convert.h. qemu-img is told the format, so that it does not guess one by what a guest
 * has written, and that the image is a file, so that its name is never taken for a URL.
 */
#include "model/disk-convert.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "model/child.h"
#include "model/text.h"

#define CONVERTER "qemu-img"
/* Exit status of `qemu-img check`; 3 are clusters that nobody uses, 63 a format without checks. */
#define CHECK_INCOMPLETE 1
#define CHECK_CORRUPT 2
#define SECTOR 512
#define NO_SPACE "No space left on device" /* as the converter says it */

/* -- Before */

static gboolean fail(const char *sentence, const char *name, const char *why, GError **error)
{
	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED, sentence, name, why);
	return FALSE;
}

/* What the image holds has to fit; what it would hold when its disk were full need not. Compressed
 * ones hold more than they are long: that shows later. */
static gboolean check_space(const char *name, const struct tsr_disk_file *disk, const char *to,
			    GError **error)
{
	g_autofree char *folder = g_path_get_dirname(to), *wanted = NULL, *left = NULL;
	const guint64 least = disk->bytes ? MIN(disk->bytes, disk->stored) : disk->stored;
	struct statvfs space;
	guint64 bytes;

	if (statvfs(folder, &space) != 0)
		return TRUE;
	bytes = (guint64)space.f_bavail * space.f_frsize;
	if (bytes >= least)
		return TRUE;
	wanted = g_format_size_full(least, G_FORMAT_SIZE_IEC_UNITS);
	left = g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED,
		    _("“%s” needs at least %s, and the disk has %s left. Free some space, and "
		      "try again."),
		    name, wanted, left);
	return FALSE;
}

/* -- The converter */

/* As a value in a list of options, a comma is written twice. */
static char *describe_source(const char *from, TsrDiskFormat format)
{
	g_auto(GStrv) parts = g_strsplit(from, ",", -1);
	g_autofree char *path = g_strjoinv(",,", parts);

	return g_strdup_printf("driver=%s,file.driver=file,file.filename=%s",
			       tsr_disk_format_driver(format), path);
}

static gboolean fail_converter(const char *name, const char *said, GError **error)
{
	if (strstr(said, NO_SPACE)) {
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED,
			    _("There is not enough space on the disk to convert “%s”. Free some, "
			      "and try again."),
			    name);
		return FALSE;
	}
	return fail(_("“%s” cannot be converted: %s"), name,
		    *said ? said : _("the converter ended without a word."), error);
}

/* Where a file has ended before its time QEMU reads zeros, which would be a disk with holes in its
 * files: a check knows how much there should be. Returns the exit status; -1 with error. */
static int check(const char *source, GCancellable *cancellable, GError **error)
{
	const char *words[] = { CONVERTER, "check", "-q", "--image-opts", source, NULL };
	const struct tsr_child child = { .words = words, .input = -1 };
	g_autofree char *said = NULL;

	return tsr_child_run(&child, NULL, &said, cancellable, error);
}

static gboolean is_whole(const char *source, const char *name, GCancellable *cancellable,
			 GError **error)
{
	switch (check(source, cancellable, error)) {
	case -1:
		return FALSE;
	case CHECK_INCOMPLETE:
	case CHECK_CORRUPT:
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
			    _("“%s” is damaged, or not complete. Copy it again."), name);
		return FALSE;
	default:
		return TRUE;
	}
}

static gboolean run_converter(const char *from, const char *name, const struct tsr_disk_file *disk,
			      const char *to, struct tsr_progress *progress,
			      GCancellable *cancellable, GError **error)
{
	g_autofree char *source = describe_source(from, disk->format), *said = NULL;
	const char *words[] = { CONVERTER,      "convert", "-p", "-O", "raw",
				"--image-opts", source,    to,   NULL };
	const struct tsr_child child = { .words = words,
					 .input = -1,
					 .bytes = (goffset)disk->stored };
	int status;

	if (!is_whole(source, name, cancellable, error))
		return FALSE;
	status = tsr_child_run(&child, progress, &said, cancellable, error);
	return status == 0 || (status > 0 && fail_converter(name, said, error));
}

/* A disk has whole sectors, and is there after the power has failed. */
static gboolean settle(const char *to, const char *name, GError **error)
{
	int fd = open(to, O_RDWR | O_CLOEXEC);
	off_t length = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	gboolean done = length > 0 && ftruncate(fd, (length + SECTOR - 1) / SECTOR * SECTOR) == 0 &&
			fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return done ||
	       fail(_("“%s” cannot be converted: %s"), name,
		    fd >= 0 && !length ? _("its disk is empty.") : g_strerror(errno), error);
}

gboolean tsr_disk_convert(const char *from, const struct tsr_disk_file *disk, const char *to,
			  struct tsr_progress *progress, GCancellable *cancellable, GError **error)
{
	g_autofree char *name = g_filename_display_basename(from),
			*converter = g_find_program_in_path(CONVERTER);
	gboolean done;

	if (!check_space(name, disk, to, error))
		return FALSE;
	if (disk->format == TSR_DISK_RAW)
		return tsr_library_copy_file(from, to, progress, cancellable, error);
	if (!converter)
		return fail(_("“%s” is a %s image, and the program that converts it is not "
			      "installed. Install the package qemu-utils, and try again."),
			    name, tsr_disk_format_name(disk->format), error);
	done = run_converter(from, name, disk, to, progress, cancellable, error) &&
	       settle(to, name, error);
	if (!done)
		unlink(to);
	return done;
}
