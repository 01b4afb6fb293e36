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
#include "model/folder-private.h"
#include "model/name.h"
#include "model/text.h"

#define MIB ((guint64)1 << 20)
#define LEVELS 8                             /* of folders in a machine's */
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

void tsr_folder_remove(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (unlink(path) != 0 && errno == EISDIR)
			tsr_folder_remove(path);
	}
	g_rmdir(folder);
	tsr_folder_unmark(folder);
}

char *tsr_folder_begin(const char *parent, GError **error)
{
	g_autofree char *folder = g_build_filename(parent, TSR_FOLDER_UNFINISHED, NULL);

	tsr_folder_sweep(parent);
	if (g_mkdir_with_parents(parent, 0755) == 0 && g_mkdtemp_full(folder, 0755)) {
		tsr_folder_mark(folder);
		return g_steal_pointer(&folder);
	}
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

char *tsr_folder_manifest(const char *folder, const char *name)
{
	g_autofree char *file = g_strconcat(name, TSR_LIBRARY_SUFFIX, NULL);

	return g_build_filename(folder, file, NULL);
}

/* Gives the folder its name: one that is free, also if another process takes it meanwhile. */
char *tsr_folder_finish(const char *unfinished, const char *parent, const char *name,
			GError **error)
{
	g_autofree char *folder = g_build_filename(parent, name, NULL);

	sync_folder(unfinished);
	if (renameat2(AT_FDCWD, unfinished, AT_FDCWD, folder, RENAME_NOREPLACE) != 0 &&
	    (errno != EINVAL || g_rename(unfinished, folder) != 0)) {
		fail(folder, error);
		return NULL;
	}
	sync_folder(parent);
	tsr_folder_unmark(unfinished);
	return g_steal_pointer(&folder);
}

/* -- A new machine */

gboolean tsr_folder_make_disk(const char *path, guint64 bytes, GError **error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	gboolean done = fd >= 0 && ftruncate(fd, (off_t)bytes) == 0 && fsync(fd) == 0;

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
		return !machine->disk_mib ||
		       tsr_folder_make_disk(path, machine->disk_mib * MIB, error);
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
	g_autofree char *unfinished = tsr_folder_begin(parent, error),
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
	manifest = tsr_folder_manifest(unfinished, name);
	disk = g_build_filename(unfinished, TSR_LIBRARY_DISK, NULL);
	if (make_disk(disk, machine, progress, cancellable, error) &&
	    make_installation(unfinished, machine, cancellable, error) &&
	    tsr_machine_file_write(manifest, machine->preset, &choices, error))
		folder = tsr_folder_finish(unfinished, parent, name, error);
	if (!folder)
		tsr_folder_remove(unfinished);
	return folder;
}

/* -- A copy */

/* What belongs to a machine's past stays behind. */
static gboolean is_copied(const char *name, const char *manifest, gboolean with_state)
{
	return !g_str_equal(name, TSR_LIBRARY_LOG) && !g_str_equal(name, manifest) &&
	       (with_state || !g_str_equal(name, TSR_LIBRARY_STATE));
}

typedef struct {
	const char *folder, *manifest;
	gboolean with_state;
	GStrvBuilder *names, *folders;
	goffset bytes;
} Listing;

/* `below`: a folder in the machine's; "": itself. Hidden files stay behind, too. */
static void list_files(Listing *l, const char *below, guint level)
{
	g_autofree char *whole = g_build_filename(l->folder, below, NULL);
	g_autoptr(GDir) dir = level < LEVELS ? g_dir_open(whole, 0, NULL) : NULL;
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(whole, name, NULL),
				*relative = *below ? g_build_filename(below, name, NULL)
						   : g_strdup(name);
		const gboolean is_link = g_file_test(path, G_FILE_TEST_IS_SYMLINK);
		struct stat info;

		if (*name == '.' || !is_copied(relative, l->manifest, l->with_state) ||
		    stat(path, &info) != 0)
			continue;
		if (S_ISREG(info.st_mode)) {
			l->bytes += info.st_size;
			g_strv_builder_add(l->names, relative);
		} else if (S_ISDIR(info.st_mode) && !is_link) {
			g_strv_builder_add(l->folders, relative);
			list_files(l, relative, level + 1);
		}
	}
}

void tsr_folder_list(const char *folder, const char *manifest, gboolean with_state,
		     struct tsr_folder_files *files)
{
	g_autoptr(GStrvBuilder) names = g_strv_builder_new(), folders = g_strv_builder_new();
	g_autofree char *skipped = g_path_get_basename(manifest);
	Listing listing = { folder, skipped, with_state, names, folders, 0 };

	list_files(&listing, "", 0);
	files->names = g_strv_builder_end(names);
	files->folders = g_strv_builder_end(folders);
	files->bytes = listing.bytes;
}

void tsr_folder_files_clear(struct tsr_folder_files *files)
{
	g_clear_pointer(&files->names, g_strfreev);
	g_clear_pointer(&files->folders, g_strfreev);
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

static gboolean make_folders(const char *to, char **folders, GError **error)
{
	for (char **name = folders; *name; name++) {
		g_autofree char *path = g_build_filename(to, *name, NULL);

		if (g_mkdir(path, 0700) != 0)
			return fail(path, error);
	}
	return TRUE;
}

static gboolean copy_files(const char *from, const char *to, const struct tsr_folder_files *files,
			   struct tsr_progress *progress, GCancellable *cancellable, GError **error)
{
	if (progress)
		progress->total = files->bytes;
	if (!make_folders(to, files->folders, error))
		return FALSE;
	for (char **name = files->names; *name; name++) {
		g_autofree char *old = g_build_filename(from, *name, NULL),
				*new = g_build_filename(to, *name, NULL);

		if (g_cancellable_set_error_if_cancelled(cancellable, error) ||
		    !tsr_library_copy_file(old, new, progress, cancellable, error))
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

char *tsr_folder_copy(const char *folder, const char *manifest,
		      const struct tsr_folder_files *files, const char *parent, const char *title,
		      struct tsr_progress *progress, GCancellable *cancellable, GError **error)
{
	g_autofree char *unfinished = tsr_folder_begin(parent, error),
			*name = tsr_library_free_name(parent, title), *own = NULL;
	char *copy = NULL;

	if (!unfinished)
		return NULL;
	own = tsr_folder_manifest(unfinished, name);
	if (copy_files(folder, unfinished, files, progress, cancellable, error) &&
	    copy_manifest(manifest, own, title, error))
		copy = tsr_folder_finish(unfinished, parent, name, error);
	if (!copy)
		tsr_folder_remove(unfinished);
	return copy;
}

char *tsr_folder_clone(const char *folder, const char *title, struct tsr_progress *progress,
		       GCancellable *cancellable, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(folder);
	struct tsr_machine_file file = { 0 };
	struct tsr_folder_files files = { 0 };
	char *copy = NULL;

	if (tsr_machine_file_read(folder, &file, error)) {
		tsr_folder_list(folder, file.path, FALSE, &files);
		copy = tsr_folder_copy(folder, file.path, &files, parent, title, progress,
				       cancellable, error);
	}
	tsr_folder_files_clear(&files);
	tsr_machine_file_clear(&file);
	return copy;
}

/* -- Another title */

/* The manifest is renamed before the folder: a folder with one manifest of another name is whole,
 * so there is no moment at which the machine is damaged. */
static char *move(const char *folder, const char *manifest, const char *name, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(folder),
			*renamed = tsr_folder_manifest(folder, name),
			*target = g_build_filename(parent, name, NULL);

	if (!g_str_equal(renamed, manifest) && g_rename(manifest, renamed) != 0) {
		fail(renamed, error);
		return NULL;
	}
	if (g_str_equal(target, folder))
		return g_strdup(folder);
	return tsr_folder_finish(folder, parent, name, error);
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
