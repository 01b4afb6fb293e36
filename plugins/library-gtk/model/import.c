/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See import.h. */
#include "model/import.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "model/disk-file.h"
#include "model/import-private.h"
#include "model/machine-file.h"
#include "model/medium.h"
#include "model/name.h"
#include "model/text.h"

#define TAR_MAGIC 257 /* POSIX.1-2017, pax, "ustar Interchange Format" */

gboolean tsr_import_has_suffix(const char *path, const char *suffix)
{
	gsize length = strlen(path), own = strlen(suffix);

	return length > own && g_ascii_strcasecmp(path + length - own, suffix) == 0;
}

void tsr_import_free(struct tsr_import *import)
{
	if (!import)
		return;
	g_free(import->path);
	g_free(import->folder);
	g_free(import->title);
	g_free(import);
}

/* Takes path, folder and title; an empty title is replaced. */
static struct tsr_import *found(TsrImportKind kind, char *path, char *folder, char *title)
{
	struct tsr_import *import = g_new0(struct tsr_import, 1);

	import->kind = kind;
	import->path = path;
	import->folder = folder;
	import->title = *title ? title : g_strdup(_("Machine"));
	if (import->title != title)
		g_free(title);
	return import;
}

/* The file's name without its suffix. */
static char *title_of(const char *path)
{
	g_autofree char *name = g_filename_display_basename(path);
	char *dot = strrchr(name, '.');

	if (dot && dot > name)
		*dot = '\0';
	return tsr_library_clean_title(name);
}

/* -- Machines of Tessera */

static struct tsr_import *look_at_machine(const char *path, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(path), *title = NULL;
	struct tsr_machine_file file = { 0 };
	const gboolean whole =
		tsr_machine_file_read(folder, &file, NULL) && g_strcmp0(file.path, path) == 0;
	g_autofree char *stem = title_of(path), *name = g_filename_display_basename(folder),
			*snapshots = g_build_filename(folder, "snapshots", NULL);
	/* A folder may have been renamed; disks are nothing without the layers of snapshots. */
	const gboolean is_own =
		whole && (g_str_equal(stem, name) || g_file_test(snapshots, G_FILE_TEST_IS_DIR));

	title = whole ? g_strdup(file.title) : g_strdup(stem);
	tsr_machine_file_clear(&file);
	return found(TSR_IMPORT_MACHINE, g_strdup(path), is_own ? g_steal_pointer(&folder) : NULL,
		     g_steal_pointer(&title));
}

/* -- Folders */

/* The only file with that suffix, and how many there are. NULL: none, or several. */
static char *find_only(const char *folder, const char *suffix, guint *count)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	g_autofree char *path = NULL;
	const char *name;

	*count = 0;
	while (dir && (name = g_dir_read_name(dir))) {
		if (*name == '.' || !tsr_import_has_suffix(name, suffix))
			continue;
		g_free(path);
		path = g_build_filename(folder, name, NULL);
		++*count;
	}
	return *count == 1 ? g_steal_pointer(&path) : NULL;
}

static struct tsr_import *look_at_folder(const char *folder, GError **error)
{
	static const char *const suffixes[] = { TSR_IMPORT_VMX, TSR_IMPORT_OVF };
	g_autofree char *name = g_filename_display_basename(folder);
	struct tsr_machine_file file = { 0 };
	g_autoptr(GError) why = NULL;
	struct tsr_import *import = NULL;
	guint count, all = 0;

	g_free(find_only(folder, TSR_LIBRARY_SUFFIX, &count));
	if (count) {
		if (tsr_machine_file_read(folder, &file, &why))
			import = found(TSR_IMPORT_MACHINE, g_strdup(file.path), g_strdup(folder),
				       g_strdup(file.title));
		else
			g_propagate_error(error, g_steal_pointer(&why));
		tsr_machine_file_clear(&file);
		return import;
	}
	for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *path = find_only(folder, suffixes[i], &count);

		all += count;
		if (path)
			return found(TSR_IMPORT_FOREIGN, g_strdup(path), NULL, title_of(path));
	}
	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
		    all ? _("“%s” is a folder with several machines. Choose the file of one.")
			: _("“%s” is a folder, and holds no machine. Choose the file of a disc or "
			    "disk image, or a folder with a .machine, .vmx or .ovf file."),
		    name);
	return NULL;
}

/* -- Files */

static gboolean is_tar(const char *path)
{
	guint8 magic[5];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	const gboolean is =
		fd >= 0 && pread(fd, magic, 5, TAR_MAGIC) == 5 && memcmp(magic, "ustar", 5) == 0;

	if (fd >= 0)
		close(fd);
	return is;
}

static struct tsr_import *look_at_image(const char *path, GError **error)
{
	struct tsr_medium *medium = tsr_medium_read(path, error);
	struct tsr_import *import = NULL;

	if (medium)
		import = found(medium->kind == TSR_MEDIUM_DISC ? TSR_IMPORT_DISC : TSR_IMPORT_IMAGE,
			       g_strdup(path), NULL, g_strdup(medium->title));
	tsr_medium_free(medium);
	return import;
}

static struct tsr_import *look_at_file(const char *path, GError **error)
{
	struct tsr_disk_file disk = { 0 };
	gboolean is_read;

	if (tsr_import_has_suffix(path, TSR_LIBRARY_SUFFIX))
		return look_at_machine(path, error);
	if (tsr_import_has_suffix(path, TSR_IMPORT_VMX) ||
	    tsr_import_has_suffix(path, TSR_IMPORT_OVF) ||
	    tsr_import_has_suffix(path, TSR_IMPORT_OVA) || is_tar(path))
		return found(TSR_IMPORT_FOREIGN, g_strdup(path), NULL, title_of(path));
	is_read = tsr_disk_file_read(path, &disk, error);
	tsr_disk_file_clear(&disk);
	if (!is_read)
		return NULL;
	if (disk.format == TSR_DISK_RAW)
		return look_at_image(path, error);
	return found(TSR_IMPORT_DISK, g_strdup(path), NULL, title_of(path));
}

struct tsr_import *tsr_import_look(const char *path, GError **error)
{
	g_autofree char *whole = g_canonicalize_filename(path, NULL),
			*name = g_filename_display_basename(path);

	if (g_file_test(whole, G_FILE_TEST_IS_DIR))
		return look_at_folder(whole, error);
	if (g_file_test(whole, G_FILE_TEST_IS_REGULAR))
		return look_at_file(whole, error);
	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
		    g_file_test(whole, G_FILE_TEST_EXISTS) ? _("“%s” is not a file.")
							   : _("“%s” is not there."),
		    name);
	return NULL;
}

/* -- Several files */

static gboolean has_one_of(const char *path, const char *const *suffixes)
{
	for (; *suffixes; suffixes++)
		if (tsr_import_has_suffix(path, *suffixes))
			return TRUE;
	return FALSE;
}

gboolean tsr_import_is_part(const char *path, const char *const *paths)
{
	static const char *const descriptions[] = { TSR_IMPORT_VMX, TSR_IMPORT_OVF,
						    TSR_LIBRARY_SUFFIX, NULL },
				 *const others[] = { TSR_IMPORT_OVA, TSR_IMPORT_ISO, NULL };
	g_autofree char *folder = g_path_get_dirname(path);

	if (has_one_of(path, descriptions) || has_one_of(path, others) ||
	    g_file_test(path, G_FILE_TEST_IS_DIR))
		return FALSE;
	for (; *paths; paths++) {
		g_autofree char *other = g_path_get_dirname(*paths);

		if (has_one_of(*paths, descriptions) && g_str_equal(folder, other))
			return TRUE;
	}
	return FALSE;
}

char *tsr_import_make(const struct tsr_import *import, const struct tsr_import_place *place,
		      GPtrArray *notes, struct tsr_progress *progress, GCancellable *cancellable,
		      GError **error)
{
	g_return_val_if_fail(import->kind != TSR_IMPORT_DISC, NULL);
	if (import->kind == TSR_IMPORT_MACHINE)
		return tsr_import_machine(import, place, progress, cancellable, error);
	return tsr_import_foreign(import, place, notes, progress, cancellable, error);
}
