/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See porter.h. Read can be what lies in the folders of plugins, the shared libraries that lie
 * beside those that the process has loaded already, the index by which ld.so finds them, and the
 * few files that the machine names. A path is taken apart as text, without "..", and what is opened
 * is the path that was looked at. Symbolic links are followed: nobody in the jail can make one.
 */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include "jail/porter-files.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIBRARY_INDEX "/etc/ld.so.cache"
#define NAME_SERVERS "/etc/resolv.conf"
#define FLAGS_LET_IN (O_CLOEXEC | O_NONBLOCK | O_DIRECTORY | O_NOFOLLOW | O_NOCTTY | O_LARGEFILE)

static struct {
	char *start;          /* the working directory */
	GPtrArray *folders;   /* char *: all that lies in them */
	GPtrArray *libraries; /* char *: folders of which libraries only */
	GPtrArray *files;     /* char * */
} allowed;

static void add(GPtrArray *to, const char *path)
{
	g_autofree char *plain = g_canonicalize_filename(path, allowed.start);

	if (!g_ptr_array_find_with_equal_func(to, plain, g_str_equal, NULL))
		g_ptr_array_add(to, g_steal_pointer(&plain));
}

static void add_all(GPtrArray *to, const char *const *paths)
{
	for (; paths && *paths; paths++)
		if (**paths)
			add(to, *paths);
}

/* By the name that ld.so has, and by the one behind links. */
static int add_library(struct dl_phdr_info *info, size_t size, void *data)
{
	const char *name = info->dlpi_name;
	char *real = *name == '/' ? realpath(name, NULL) : NULL;
	g_autofree char *folder = g_path_get_dirname(name);
	g_autofree char *real_folder = real ? g_path_get_dirname(real) : NULL;

	if (real) {
		add(allowed.libraries, folder);
		add(allowed.libraries, real_folder);
	}
	free(real);
	return 0;
}

void tsr_porter_files_allow(const struct tsr_jail_upgrades *upgrades, bool network)
{
	allowed.start = g_get_current_dir();
	allowed.folders = g_ptr_array_new_with_free_func(g_free);
	allowed.libraries = g_ptr_array_new_with_free_func(g_free);
	allowed.files = g_ptr_array_new_with_free_func(g_free);
	add_all(allowed.folders, upgrades->folders);
	add_all(allowed.files, upgrades->files);
	add(allowed.files, LIBRARY_INDEX);
	if (network)
		add(allowed.files, NAME_SERVERS);
	dl_iterate_phdr(add_library, NULL);
}

/* The folder itself, or something in it. */
static bool is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return length > 1 && !strncmp(path, folder, length) &&
	       (!path[length] || path[length] == '/');
}

static bool is_library(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return !strncmp(path, folder, length) && path[length] == '/' &&
	       !strchr(path + length + 1, '/') && strstr(path + length + 1, ".so");
}

static bool is_allowed(const char *path)
{
	for (guint i = 0; i < allowed.folders->len; i++)
		if (is_below(path, g_ptr_array_index(allowed.folders, i)))
			return true;
	for (guint i = 0; i < allowed.libraries->len; i++)
		if (is_library(path, g_ptr_array_index(allowed.libraries, i)))
			return true;
	return g_ptr_array_find_with_equal_func(allowed.files, path, g_str_equal, NULL);
}

/* No device, pipe or socket, whose opening may have effects. */
static int open_plain(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat info;

	if (fd < 0 || (!fstat(fd, &info) && (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode))))
		return fd;
	close(fd);
	errno = EACCES;
	return -1;
}

int tsr_porter_files_open(const char *path, int flags)
{
	g_autofree char *plain = g_canonicalize_filename(path, allowed.start);

	if (!(flags & ~FLAGS_LET_IN) && is_allowed(plain))
		return open_plain(plain, flags);
	errno = EACCES;
	return -1;
}
