/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See package-folder.h. Each folder is opened once, and what is in it by its name in that, so that
 * what is changed meanwhile does not lead elsewhere. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tessera-glib/machine.h>

#include "program/package-folder.h"
#include "program/package-archive.h"

#define MANIFEST_SUFFIX ".plugin"
#define MANIFEST_LEVELS 3
#define LEVELS 16 /* of folders in a package */
#define CHUNK 65536
#define OPEN_FILES 16

typedef struct {
	guint files;
	guint64 bytes;
} Copied;

static gboolean refuse(GError **error, const char *path, const char *why)
{
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID, "%s: %s", path, why);
	return FALSE;
}

static gboolean refuse_errno(GError **error, const char *path)
{
	return refuse(error, path, g_strerror(errno));
}

/* -- Copying */

static gboolean copy_bytes(int from, int to, Copied *copied)
{
	g_autofree char *chunk = g_malloc(CHUNK);
	gssize got;

	while ((got = read(from, chunk, CHUNK)) > 0) {
		copied->bytes += (guint64)got;
		if (copied->bytes > PACKAGE_BYTES) {
			errno = EFBIG;
			return FALSE;
		}
		for (gssize done, at = 0; at < got; at += done) {
			done = write(to, chunk + at, (gsize)(got - at));
			if (done < 0)
				return FALSE;
		}
	}
	return got == 0;
}

static gboolean copy_file(int from, int to_folder, const char *name, const char *path,
			  Copied *copied, GError **error)
{
	int to =
		openat(to_folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	gboolean done = to >= 0 && copy_bytes(from, to, copied);

	if (!done)
		refuse_errno(error, path);
	if (to >= 0)
		close(to);
	return done;
}

static gboolean copy_folder(int from, int to, const char *path, guint level, Copied *copied,
			    GError **error);

static gboolean copy_inner(int from, int to_folder, const char *name, const char *path, guint level,
			   Copied *copied, GError **error)
{
	gboolean done;
	int to;

	if (level == LEVELS)
		return refuse(error, path, "is too deep for a plugin's package");
	if (mkdirat(to_folder, name, 0755) != 0 ||
	    (to = openat(to_folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		return refuse_errno(error, path);
	done = copy_folder(from, to, path, level + 1, copied, error);
	close(to);
	return done;
}

static gboolean copy_entry(int from_folder, int to_folder, const char *name, const char *path,
			   guint level, Copied *copied, GError **error)
{
	/* A pipe must not be waited for. */
	int from = openat(from_folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	gboolean done = FALSE;
	struct stat info;

	if (from < 0 && errno == ELOOP)
		return refuse(error, path,
			      "is a symbolic link; a package holds nothing but files and folders");
	if (from < 0 || fstat(from, &info) != 0)
		refuse_errno(error, path);
	else if (++copied->files > PACKAGE_FILES)
		refuse(error, path, "is one file too many for a plugin's package");
	else if (S_ISREG(info.st_mode))
		done = copy_file(from, to_folder, name, path, copied, error);
	else if (S_ISDIR(info.st_mode))
		done = copy_inner(from, to_folder, name, path, level, copied, error);
	else
		refuse(error, path, "is neither a file nor a folder; a package holds nothing else");
	if (from >= 0)
		close(from);
	return done;
}

static gboolean copy_folder(int from, int to, const char *path, guint level, Copied *copied,
			    GError **error)
{
	int fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	gboolean done = dir || refuse_errno(error, path);
	struct dirent *entry;

	while (done && (entry = readdir(dir))) {
		g_autofree char *inner = g_build_filename(path, entry->d_name, NULL);

		if (!g_str_equal(entry->d_name, ".") && !g_str_equal(entry->d_name, ".."))
			done = copy_entry(from, to, entry->d_name, inner, level, copied, error);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	return done;
}

gboolean program_package_copy(const char *from, const char *to, GError **error)
{
	int in = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC), out = -1;
	Copied copied = { 0 };
	gboolean done = FALSE;

	if (in < 0)
		refuse_errno(error, from);
	else if (mkdir(to, 0755) != 0 || (out = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		refuse_errno(error, to);
	else
		done = copy_folder(in, out, from, 0, &copied, error);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return done;
}

/* -- Removing */

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	return remove(path);
}

gboolean program_package_remove(const char *folder, GError **error)
{
	if (nftw(folder, remove_one, OPEN_FILES, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
		return TRUE;
	return refuse_errno(error, folder);
}

/* -- Finding manifests */

static void find_manifests(const char *folder, guint levels, GPtrArray *found)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)) && found->len < PACKAGE_FILES) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		struct stat info;

		if (*name == '.' || lstat(path, &info) != 0)
			continue;
		if (S_ISREG(info.st_mode) && g_str_has_suffix(name, MANIFEST_SUFFIX))
			g_ptr_array_add(found, g_steal_pointer(&path));
		else if (S_ISDIR(info.st_mode) && levels > 1)
			find_manifests(path, levels - 1, found);
	}
	g_clear_pointer(&dir, g_dir_close);
}

GPtrArray *program_package_manifests(const char *folder)
{
	GPtrArray *found = g_ptr_array_new_with_free_func(g_free);

	find_manifests(folder, MANIFEST_LEVELS, found);
	return found;
}
