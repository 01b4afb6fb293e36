/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See folder.h. */
#define _GNU_SOURCE
#include "model/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "model/installation.h"
#include "model/name.h"
#include "model/text.h"

#define UNFINISHED ".new-XXXXXX"
#define MIB ((guint64)1 << 20)
#define SNAPSHOTS "snapshots"                /* docs/snapshots.md */
#define GENERATION "user.tessera.generation" /* by which states know a disk */

static gboolean fail(const char *path, GError **error)
{
	int failure = errno;
	g_autofree char *name = g_filename_display_name(path);

	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED,
		    failure == ENOSPC ? _("“%s” cannot be written: %s. Free some space, and try "
					  "again.")
				      : _("“%s” cannot be written: %s."),
		    name, g_strerror(failure));
	return FALSE;
}

/* -- Folders that are being made */

/* The folder has files, and may have that of snapshots. */
static void remove_folder(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (g_str_equal(name, SNAPSHOTS))
			remove_folder(path);
		else
			unlink(path);
	}
	g_rmdir(folder);
}

static char *begin(const char *parent, GError **error)
{
	g_autofree char *folder = g_build_filename(parent, UNFINISHED, NULL);

	if (g_mkdir_with_parents(parent, 0755) == 0 && g_mkdtemp_full(folder, 0755))
		return g_steal_pointer(&folder);
	fail(parent, error);
	return NULL;
}

static void sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

static char *manifest_path(const char *folder, const char *name)
{
	g_autofree char *file = g_strconcat(name, TSR_LIBRARY_SUFFIX, NULL);

	return g_build_filename(folder, file, NULL);
}

/* Gives the folder its name: one that is free, also if another process takes it meanwhile. */
static char *finish(const char *unfinished, const char *parent, const char *name, GError **error)
{
	g_autofree char *folder = g_build_filename(parent, name, NULL);

	sync_folder(unfinished);
	if (renameat2(AT_FDCWD, unfinished, AT_FDCWD, folder, RENAME_NOREPLACE) != 0 &&
	    (errno != EINVAL || g_rename(unfinished, folder) != 0)) {
		fail(folder, error);
		return NULL;
	}
	sync_folder(parent);
	return g_steal_pointer(&folder);
}

/* -- A new machine */

static gboolean make_empty_disk(const char *path, guint64 mib, GError **error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	gboolean done = fd >= 0 && ftruncate(fd, (off_t)(mib * MIB)) == 0 && fsync(fd) == 0;

	if (!done)
		fail(path, error);
	if (fd >= 0)
		close(fd);
	return done;
}

static gboolean make_disk(const char *path, const struct tsr_new_machine *machine,
			  struct tsr_progress *progress, GCancellable *cancellable, GError **error)
{
	struct stat info;

	if (!machine->image)
		return !machine->disk_mib || make_empty_disk(path, machine->disk_mib, error);
	if (progress && stat(machine->image, &info) == 0)
		progress->total = info.st_size;
	return tsr_library_copy_file(machine->image, path, progress, cancellable, error);
}

static gboolean make_installation(const char *folder, const struct tsr_new_machine *machine,
				  GCancellable *cancellable, GError **error)
{
	return !machine->answers || tsr_installation_prepare(folder, machine->installer,
							     machine->answers, cancellable, error);
}

char *tsr_folder_create(const char *parent, const struct tsr_new_machine *machine,
			struct tsr_progress *progress, GCancellable *cancellable, GError **error)
{
	g_autofree char *unfinished = begin(parent, error),
			*name = tsr_library_free_name(parent, machine->title), *manifest = NULL,
			*disk = NULL;
	struct tsr_machine_choices choices = {
		.title = machine->title,
		.details = machine->details,
		.memory_mib = machine->memory_mib,
		.has_disk = machine->image || machine->disk_mib,
		.has_network = machine->has_network,
	};
	char *folder = NULL;

	if (!unfinished)
		return NULL;
	manifest = manifest_path(unfinished, name);
	disk = g_build_filename(unfinished, TSR_LIBRARY_DISK, NULL);
	if (make_disk(disk, machine, progress, cancellable, error) &&
	    make_installation(unfinished, machine, cancellable, error) &&
	    tsr_machine_file_write(manifest, machine->preset, &choices, error))
		folder = finish(unfinished, parent, name, error);
	if (!folder)
		remove_folder(unfinished);
	return folder;
}

/* -- A copy */

/* What belongs to a machine's past, or is hidden, stays behind. */
static gboolean is_copied(const char *name)
{
	return *name != '.' && !g_str_equal(name, TSR_LIBRARY_STATE) &&
	       !g_str_equal(name, TSR_LIBRARY_LOG) && !g_str_has_suffix(name, TSR_LIBRARY_SUFFIX);
}

/* `below`: a folder in the machine's, or NULL. */
static void add_copied(const char *folder, const char *below, GStrvBuilder *names, goffset *total)
{
	g_autofree char *whole = g_build_filename(folder, below, NULL);
	g_autoptr(GDir) dir = g_dir_open(whole, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(whole, name, NULL),
				*relative = below ? g_build_filename(below, name, NULL)
						  : g_strdup(name);
		struct stat info;

		if (!is_copied(name) || stat(path, &info) != 0 || !S_ISREG(info.st_mode))
			continue;
		*total += info.st_size;
		g_strv_builder_add(names, relative);
	}
}

static char **list_copied(const char *folder, goffset *total)
{
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();

	add_copied(folder, NULL, names, total);
	add_copied(folder, SNAPSHOTS, names, total);
	return g_strv_builder_end(names);
}

/* A copy is what the states of its snapshots know the disk by, too. On a file system that cannot
 * keep that, they are refused when they are loaded. */
static void keep_identity(const char *old, const char *new)
{
	char generation[64];
	ssize_t length = getxattr(old, GENERATION, generation, sizeof(generation));
	struct stat info;

	if (length > 0)
		setxattr(new, GENERATION, generation, (size_t)length, 0);
	if (stat(old, &info) == 0)
		utimensat(AT_FDCWD, new,
			  (struct timespec[2]){ { .tv_nsec = UTIME_OMIT }, info.st_mtim }, 0);
}

static gboolean make_snapshots(const char *from, const char *to, GError **error)
{
	g_autofree char *old = g_build_filename(from, SNAPSHOTS, NULL),
			*new = g_build_filename(to, SNAPSHOTS, NULL);

	return !g_file_test(old, G_FILE_TEST_IS_DIR) || g_mkdir(new, 0700) == 0 || fail(new, error);
}

static gboolean copy_files(const char *from, const char *to, struct tsr_progress *progress,
			   GCancellable *cancellable, GError **error)
{
	goffset total = 0;
	g_auto(GStrv) names = list_copied(from, &total);

	if (progress)
		progress->total = total;
	if (!make_snapshots(from, to, error))
		return FALSE;
	for (char **name = names; *name; name++) {
		g_autofree char *old = g_build_filename(from, *name, NULL),
				*new = g_build_filename(to, *name, NULL);

		if (!tsr_library_copy_file(old, new, progress, cancellable, error))
			return FALSE;
		keep_identity(old, new);
	}
	return TRUE;
}

static gboolean copy_manifest(const char *from, const char *to, const char *title, GError **error)
{
	return tsr_library_copy_file(from, to, NULL, NULL, error) &&
	       tsr_machine_file_set_title(to, title, error);
}

char *tsr_folder_clone(const char *folder, const char *title, struct tsr_progress *progress,
		       GCancellable *cancellable, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(folder),
			*name = tsr_library_free_name(parent, title), *unfinished = NULL,
			*manifest = NULL;
	struct tsr_machine_file file = { 0 };
	char *copy = NULL;

	if (tsr_machine_file_read(folder, &file, error))
		unfinished = begin(parent, error);
	if (unfinished) {
		manifest = manifest_path(unfinished, name);
		if (copy_files(folder, unfinished, progress, cancellable, error) &&
		    copy_manifest(file.path, manifest, title, error))
			copy = finish(unfinished, parent, name, error);
		if (!copy)
			remove_folder(unfinished);
	}
	tsr_machine_file_clear(&file);
	return copy;
}

/* -- Another title */

/* The manifest is renamed before the folder: a folder with one manifest of another name is whole,
 * so there is no moment at which the machine is damaged. */
static char *move(const char *folder, const char *manifest, const char *name, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(folder),
			*renamed = manifest_path(folder, name),
			*target = g_build_filename(parent, name, NULL);

	if (!g_str_equal(renamed, manifest) && g_rename(manifest, renamed) != 0) {
		fail(renamed, error);
		return NULL;
	}
	if (g_str_equal(target, folder))
		return g_strdup(folder);
	return finish(folder, parent, name, error);
}

char *tsr_folder_rename(const char *folder, const char *title, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(folder), *old = g_path_get_basename(folder),
			*plain = tsr_library_name_of_title(title),
			*name = g_str_equal(plain, old) ? g_strdup(old)
							: tsr_library_free_name(parent, title);
	g_autoptr(GError) why = NULL;
	struct tsr_machine_file file = { 0 };
	char *renamed = NULL;

	/* A missing disk is no reason against another title. */
	if (!tsr_machine_file_read(folder, &file, &why) && !file.path)
		g_propagate_error(error, g_steal_pointer(&why));
	else if (tsr_machine_file_set_title(file.path, title, error))
		renamed = move(folder, file.path, name, error);
	tsr_machine_file_clear(&file);
	return renamed;
}
