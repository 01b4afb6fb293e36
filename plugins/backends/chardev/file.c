/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kind=none: nothing.
 * kind=file: output only. A machine that cannot be made must neither create a file nor change one
 * that was there, so a regular file is only looked at when the machine is made, and opened at the
 * first reset, which is when the machine starts. What is in it stays, unless existing=empty.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chardev.h"

static bool open_path(struct chardev *c, int flags)
{
	c->out_fd = open(c->path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0666);
	return c->out_fd >= 0;
}

static bool folder_is_writable(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder =
		slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	struct stat st;
	bool ok = folder && !stat(folder, &st);

	if (ok && !S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		ok = false;
	}
	ok = ok && !access(folder, W_OK | X_OK);
	free(folder);
	return ok;
}

/* Whether it will open; sets errno if not. What is no regular file (a pipe, a terminal) is opened
 * now. */
static bool look_at(struct chardev *c)
{
	struct stat st;

	if (stat(c->path, &st))
		return errno == ENOENT && folder_is_writable(c->path);
	if (S_ISREG(st.st_mode))
		return !access(c->path, W_OK);
	/* The opening waits for a pipe's reader; writing must not, whatever poll(2) says: a
	 * terminal that has room for a little takes no more than that. */
	return open_path(c, 0) && !fcntl(c->out_fd, F_SETFL, O_NONBLOCK);
}

static bool file_open(struct chardev *c, struct tsr_error *error)
{
	if (!*c->path)
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "kind=file needs the property path: the file to write to");
	if (!look_at(c))
		return tsr_error_set(error, TSR_ERROR_IO, "cannot write %s: %s", c->path,
				     strerror(errno));
	c->waiting = c->out_fd < 0;
	return true;
}

static void file_begin(struct chardev *c)
{
	bool empty = !strcmp(c->properties->get_string(c->host, "existing"), "empty");

	if (!c->waiting)
		return;
	c->waiting = false;
	if (!open_path(c, O_CREAT | (empty ? O_TRUNC : O_APPEND)))
		tsr_log_at(c->log, c->host, TSR_LOG_WARNING, "cannot write %s: %s", c->path,
			   strerror(errno));
}

/* A machine that resumes from a saved state is not reset. */
static size_t file_write(struct chardev *c, const uint8_t *bytes, size_t length)
{
	file_begin(c);
	return stream_write(c, bytes, length);
}

const struct chardev_kind kind_file = {
	.name = "file",
	.open = file_open,
	.begin = file_begin,
	.write = file_write,
};

const struct chardev_kind kind_none = { .name = "none" };
