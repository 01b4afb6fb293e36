/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hidden folders that nobody finishes, because the process that made them was ended: see
 * folder-private.h. Whoever makes one holds a lock of it, which ends with the process. Young ones
 * stay: one that was just made may not be locked yet.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "model/folder-private.h"

#define YOUNG_SECONDS 3600 /* where locks do not reach, as on some networks */

G_LOCK_DEFINE_STATIC(marks);
static GHashTable *marks; /* path: descriptor of a folder, locked [marks] */

static int open_folder(const char *folder)
{
	return open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

void tsr_folder_mark(const char *folder)
{
	int fd = open_folder(folder);

	if (fd < 0)
		return;
	flock(fd, LOCK_EX | LOCK_NB);
	G_LOCK(marks);
	if (!marks)
		marks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_hash_table_insert(marks, g_strdup(folder), GINT_TO_POINTER(fd));
	G_UNLOCK(marks);
}

void tsr_folder_unmark(const char *folder)
{
	gpointer fd;

	G_LOCK(marks);
	if (marks && g_hash_table_lookup_extended(marks, folder, NULL, &fd)) {
		g_hash_table_remove(marks, folder);
		close(GPOINTER_TO_INT(fd));
	}
	G_UNLOCK(marks);
}

static gboolean is_left(int fd)
{
	struct stat info;

	return fstat(fd, &info) == 0 && time(NULL) - info.st_mtime > YOUNG_SECONDS &&
	       flock(fd, LOCK_EX | LOCK_NB) == 0;
}

void tsr_folder_sweep(const char *parent)
{
	g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(parent, name, NULL);
		int fd = strlen(name) == strlen(TSR_FOLDER_UNFINISHED) &&
					 g_str_has_prefix(name, TSR_FOLDER_UNFINISHED_PREFIX)
				 ? open_folder(path)
				 : -1;

		if (fd < 0)
			continue;
		if (is_left(fd))
			tsr_folder_remove(path);
		close(fd);
	}
}
