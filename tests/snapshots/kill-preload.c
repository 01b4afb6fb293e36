/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For LD_PRELOAD: the process ends at once, as if it were killed, before the call number
 * TESSERA_KILL_AT of those that change files: writes,
 * truncations, syncs, renames, links, removals, changes of modes, times and attributes. Calls of
 * the C library to itself are not seen, but those are few: every step of a snapshot is one.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

static void step(void)
{
	static unsigned count;
	const char *at = getenv("TESSERA_KILL_AT");

	if (at && ++count == (unsigned)atoi(at))
		_exit(137);
}

#define BEFORE(type, name, parameters, arguments) \
	type name parameters; \
	type name parameters \
	{ \
		static type(*real) parameters; \
\
		step(); \
		if (!real) \
			*(void **)&real = dlsym(RTLD_NEXT, #name); \
		return real arguments; \
	}

BEFORE(ssize_t, pwrite, (int fd, const void *from, size_t n, off_t at), (fd, from, n, at))
BEFORE(ssize_t, pwrite64, (int fd, const void *from, size_t n, off64_t at), (fd, from, n, at))
BEFORE(int, ftruncate, (int fd, off_t length), (fd, length))
BEFORE(int, ftruncate64, (int fd, off64_t length), (fd, length))
BEFORE(int, fsync, (int fd), (fd))
BEFORE(int, fdatasync, (int fd), (fd))
BEFORE(int, rename, (const char *from, const char *to), (from, to))
BEFORE(int, link, (const char *from, const char *to), (from, to))
BEFORE(int, unlink, (const char *path), (path))
BEFORE(int, rmdir, (const char *path), (path))
BEFORE(int, mkdir, (const char *path, mode_t mode), (path, mode))
BEFORE(int, chmod, (const char *path, mode_t mode), (path, mode))
BEFORE(int, futimens, (int fd, const struct timespec times[2]), (fd, times))
BEFORE(int, fsetxattr, (int fd, const char *name, const void *value, size_t n, int flags),
       (fd, name, value, n, flags))
