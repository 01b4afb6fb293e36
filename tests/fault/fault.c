/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Faults of the host's disk, for tests: reads and writes, renames and the syncing calls of the C
 * library, in front of the real ones. Either part of a test program or a library for LD_PRELOAD.
 *
 *	TESSERA_FAULT_FILE=PATTERN   the files that it is about, as in fnmatch(3); a file without a
 *	                             name has that of its folder, a '#' and a number
 *	TESSERA_FAULT=RULE[;RULE]    CALLS WHAT [once]
 *	TESSERA_FAULT_LOG=FILE       a line "CALLS PATH" is added for each call on those files that
 *	                             has succeeded
 *	TESSERA_FAULT_COUNT=FILE     a line "CALLS WHAT" is added for each fault
 *
 *	TESSERA_FAULT_UNDO=FILE      what writes to those files replaced, until they are synced:
 *what a host that loses power now may have on its disk instead. Records of offset, length (64 bits
 *each) and bytes; of one file only.
 *
 * CALLS is read, write, sync, rename (of which the new name counts) or xattr (setting one). WHAT is
 *the error number (EIO, ENOSPC, EFBIG, or any number), `short` (at most half of the first piece is
 *moved) or slow=SECONDS. With `once` a rule holds for the first call only. A test program may
 *change both variables between calls.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#define RULES_MAX 8

struct fault {
	int error;
	bool is_short;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char known[256]; /* the rules that `spent` is about */
static bool spent[RULES_MAX];

static bool is_meant(const char *path)
{
	const char *pattern = getenv("TESSERA_FAULT_FILE");

	return pattern && *path && !fnmatch(pattern, path, 0);
}

/* An empty path for a descriptor without one. */
static void find_path(int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, PATH_MAX - 1);
	path[length < 0 ? 0 : length] = 0;
}

static int error_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} names[] = { { "EIO", EIO }, { "ENOSPC", ENOSPC }, { "EFBIG", EFBIG } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i].name))
			return names[i].number;
	return atoi(name);
}

/* Whether the rule was not used up; `once` uses it up. */
static bool take(unsigned index, const char *rules, bool once)
{
	bool free;

	pthread_mutex_lock(&lock);
	if (strcmp(known, rules)) {
		snprintf(known, sizeof(known), "%s", rules);
		memset(spent, 0, sizeof(spent));
	}
	free = !spent[index];
	spent[index] |= once;
	pthread_mutex_unlock(&lock);
	return free;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* So that faults can be counted over many processes: one write for a line, which O_APPEND keeps
 * whole. */
static void count_fault(const char *calls, const char *what)
{
	const char *file = getenv("TESSERA_FAULT_COUNT");
	char line[64];
	int fd = file ? open(file, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	(void)!REAL(write)(fd, line, (size_t)snprintf(line, sizeof(line), "%s %s\n", calls, what));
	close(fd);
}

/* A read that must not wait finds nothing in memory of a disk that is slow. */
static void apply(struct fault *f, const char *what, bool never_waits)
{
	if (!strcmp(what, "short"))
		f->is_short = true;
	else if (!strncmp(what, "slow=", 5) && never_waits)
		f->error = EAGAIN;
	else if (!strncmp(what, "slow=", 5))
		sleep((unsigned)atoi(what + 5));
	else
		f->error = error_number(what);
}

static struct fault find_by_path(const char *path, const char *calls, bool never_waits)
{
	const char *rules = getenv("TESSERA_FAULT");
	const char *rule = rules;
	struct fault f = { 0 };

	for (unsigned i = 0; rule && i < RULES_MAX && is_meant(path); i++) {
		char for_calls[16] = "", what[32] = "", how[8] = "";

		sscanf(rule, "%15s %31[^ ;] %7[^;]", for_calls, what, how);
		if (!strcmp(for_calls, calls) && take(i, rules, !strcmp(how, "once"))) {
			count_fault(calls, what);
			apply(&f, what, never_waits);
		}
		rule = strchr(rule, ';');
		rule += rule != NULL;
	}
	errno = f.error;
	return f;
}

static struct fault find(int fd, const char *calls, bool never_waits)
{
	char path[PATH_MAX];

	if (!getenv("TESSERA_FAULT_FILE"))
		return (struct fault){ 0 };
	find_path(fd, path);
	return find_by_path(path, calls, never_waits);
}

#define EXPORT __attribute__((visibility("default")))

/* One write for a line, so that lines of several threads do not mix. Leaves errno alone. */
static void log_path(const char *path, const char *calls)
{
	const char *file = getenv("TESSERA_FAULT_LOG");
	char line[PATH_MAX + 32];
	int before = errno, fd;

	if (!file || !is_meant(path) || (fd = open(file, O_WRONLY | O_APPEND | O_CLOEXEC)) < 0)
		return;
	(void)!REAL(write)(fd, line, (size_t)snprintf(line, sizeof(line), "%s %s\n", calls, path));
	close(fd);
	errno = before;
}

static void log_call(int fd, const char *calls, bool succeeded)
{
	char path[PATH_MAX];

	if (!succeeded || !getenv("TESSERA_FAULT_LOG"))
		return;
	find_path(fd, path);
	log_path(path, calls);
}

/* -- What a loss of power would undo */

static pthread_mutex_t undo_lock = PTHREAD_MUTEX_INITIALIZER;

/* One write for a record, before its bytes are replaced: a process that is killed leaves whole
 * ones. */
static void keep_old(int undo, int fd, off_t offset, size_t length)
{
	uint64_t *record = calloc(1, 2 * sizeof(*record) + length);

	if (!record)
		abort();
	record[0] = (uint64_t)offset;
	record[1] = length;
	if (REAL(pread)(fd, record + 2, length, offset) < 0 ||
	    REAL(write)(undo, record, 2 * sizeof(*record) + length) < 0)
		abort();
	free(record);
}

/* Until undo_end(): no other write and no sync of such a file. -1: there is nothing to do. */
static int undo_begin(int fd)
{
	const char *file = getenv("TESSERA_FAULT_UNDO");
	char path[PATH_MAX];

	if (!file)
		return -1;
	find_path(fd, path);
	if (!is_meant(path))
		return -1;
	pthread_mutex_lock(&undo_lock);
	int undo = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (undo < 0)
		abort();
	return undo;
}

static void undo_end(int undo)
{
	if (undo < 0)
		return;
	close(undo);
	pthread_mutex_unlock(&undo_lock);
}

/* Before a call of that kind on `length` bytes: what undo_end() gets after it. */
static int undo_before(int fd, const char *calls, off_t offset, size_t length)
{
	int undo = strcmp(calls, "write") != 0 ? -1 : undo_begin(fd);

	if (undo >= 0)
		keep_old(undo, fd, offset, length);
	return undo;
}

static int sync_file(int fd, int (*sync)(int fd))
{
	int undo = undo_begin(fd), result = sync(fd);

	if (undo >= 0 && !result && ftruncate(undo, 0))
		abort();
	undo_end(undo);
	return result;
}

/* -- One buffer */

#define ONE(name, calls, constant, offset_declared, offset_value, place) \
	EXPORT ssize_t name(int fd, constant void *buffer, size_t length offset_declared) \
	{ \
		struct fault f = find(fd, calls, false); \
		if (f.error) \
			return -1; \
		if (f.is_short && length > 1) \
			length /= 2; \
		int undo = undo_before(fd, calls, place, length); \
		ssize_t n = REAL(name)(fd, buffer, length offset_value); \
		undo_end(undo); \
		log_call(fd, calls, n > 0); \
		return n; \
	}

#define COMMA ,

ONE(pread, "read", , COMMA off_t offset, COMMA offset, offset)
ONE(pread64, "read", , COMMA off_t offset, COMMA offset, offset)
ONE(pwrite, "write", const, COMMA off_t offset, COMMA offset, offset)
ONE(pwrite64, "write", const, COMMA off_t offset, COMMA offset, offset)
ONE(write, "write", const, , , lseek(fd, 0, SEEK_CUR))

/* -- Several pieces */

static struct iovec half(const struct iovec *pieces)
{
	struct iovec piece = pieces[0];

	if (piece.iov_len > 1)
		piece.iov_len /= 2;
	return piece;
}

static size_t total(const struct iovec *pieces, int count)
{
	size_t length = 0;

	for (int i = 0; i < count; i++)
		length += pieces[i].iov_len;
	return length;
}

#define MANY(name, calls, last, pass, never_waits) \
	EXPORT ssize_t name(int fd, const struct iovec *pieces, int count, off_t offset last) \
	{ \
		struct fault f = find(fd, calls, never_waits); \
		struct iovec piece; \
		if (f.error) \
			return -1; \
		if (f.is_short && count > 0) { \
			piece = half(pieces); \
			pieces = &piece; \
			count = 1; \
		} \
		int undo = undo_before(fd, calls, offset, total(pieces, count)); \
		ssize_t n = REAL(name)(fd, pieces, count, offset pass); \
		undo_end(undo); \
		log_call(fd, calls, n > 0); \
		return n; \
	}

MANY(preadv, "read", , , false)
MANY(preadv64, "read", , , false)
MANY(pwritev, "write", , , false)
MANY(pwritev64, "write", , , false)
MANY(preadv2, "read", COMMA int flags, COMMA flags, flags &RWF_NOWAIT)
MANY(pwritev2, "write", COMMA int flags, COMMA flags, flags &RWF_NOWAIT)

/* -- Stable storage */

#define SYNC(name) \
	EXPORT int name(int fd) \
	{ \
		int result = find(fd, "sync", false).error ? -1 : sync_file(fd, REAL(name)); \
		log_call(fd, "sync", !result); \
		return result; \
	}

SYNC(fdatasync)
SYNC(fsync)

EXPORT int rename(const char *from, const char *to)
{
	int result = find_by_path(to, "rename", false).error ? -1 : REAL(rename)(from, to);

	if (!result)
		log_path(to, "rename");
	return result;
}

EXPORT int fsetxattr(int fd, const char *name, const void *value, size_t length, int flags)
{
	int result = find(fd, "xattr", false).error
			     ? -1
			     : REAL(fsetxattr)(fd, name, value, length, flags);

	log_call(fd, "xattr", !result);
	return result;
}
