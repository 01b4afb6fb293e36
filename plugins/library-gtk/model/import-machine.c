/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine of Tessera from another folder: see import-private.h. A folder NAME with NAME.machine
 * is copied as a whole, with snapshots and suspended state. Another NAME.machine, which may lie
 * among a user's downloads, is copied with the disks that it names.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/folder-private.h"
#include "model/import-private.h"
#include "model/inside.h"
#include "model/text.h"

typedef struct {
	const char *folder, *manifest;
	char *name; /* of the manifest, for messages */
	struct tsr_folder_files files;
	GArray *locks; /* int, of files that are copied */
} Import;

static gboolean fail(const Import *im, const char *sentence, GError **error)
{
	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID, sentence, im->name);
	return FALSE;
}

/* -- Which files */

/* What it is made of besides disks is not known here: only a whole folder has that. */
static gboolean check_alone(const Import *im, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *base = NULL;

	g_key_file_load_from_file(file, im->manifest, G_KEY_FILE_NONE, NULL);
	base = g_key_file_get_string(file, "Machine", "extends", NULL);
	return !base || !g_str_has_suffix(base, TSR_LIBRARY_SUFFIX) ||
	       fail(im,
		    _("“%s” extends another machine file. Put both into a folder of the same "
		      "name, and import that."),
		    error);
}

/* Their copies lie beside the manifest, so they do, too. */
static gboolean list_named(Import *im, GError **error)
{
	char **names = tsr_machine_file_list_disks(im->manifest, error);

	im->files.names = names;
	im->files.folders = g_new0(char *, 1);
	for (; names && *names; names++) {
		g_autofree char *path = NULL;
		struct stat info;

		if (strchr(*names, '/'))
			return fail(im,
				    _("“%s” names disks that do not lie beside it. Import the "
				      "folder of the machine."),
				    error);
		path = tsr_inside_find(im->folder, *names, im->name, error);
		if (!path)
			return FALSE;
		if (stat(path, &info) == 0)
			im->files.bytes += info.st_size;
	}
	return im->files.names && check_alone(im, error);
}

/* A link would bring a file of the user's into a machine that a stranger made. */
static gboolean check_links(const Import *im, GError **error)
{
	for (char **name = im->files.names; *name; name++) {
		g_autofree char *path = tsr_inside_find(im->folder, *name, im->name, error);

		if (!path)
			return FALSE;
	}
	return TRUE;
}

static gboolean list_files(Import *im, gboolean whole, GError **error)
{
	struct tsr_machine_file file = { 0 };
	gboolean done;

	if (!whole)
		return list_named(im, error);
	done = tsr_machine_file_read(im->folder, &file, error);
	tsr_machine_file_clear(&file);
	if (!done)
		return FALSE;
	tsr_folder_list(im->folder, im->manifest, TRUE, &im->files);
	return check_links(im, error);
}

/* -- Nobody writes them meanwhile */

/* A machine that runs has locked its disks. */
static gboolean lock(Import *im, GError **error)
{
	struct flock reading = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	for (char **name = im->files.names; *name; name++) {
		g_autofree char *path = g_build_filename(im->folder, *name, NULL);
		int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

		if (fd < 0)
			continue; /* which the copy tells */
		g_array_append_val(im->locks, fd);
		if (fcntl(fd, F_OFD_SETLK, &reading) != 0 && (errno == EAGAIN || errno == EACCES))
			return fail(im,
				    _("The machine “%s” runs. Power it off or suspend it, and "
				      "import it then."),
				    error);
	}
	return TRUE;
}

static void close_lock(gpointer data)
{
	close(*(int *)data);
}

/* -- The copy */

char *tsr_import_machine(const struct tsr_import *import, const struct tsr_import_place *place,
			 struct tsr_progress *progress, GCancellable *cancellable, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(import->path);
	Import im = { .folder = folder,
		      .manifest = import->path,
		      .name = g_filename_display_basename(import->path),
		      .locks = g_array_new(FALSE, FALSE, sizeof(int)) };
	char *copy = NULL;

	g_array_set_clear_func(im.locks, close_lock);
	if (list_files(&im, import->folder != NULL, error) && lock(&im, error))
		copy = tsr_folder_copy(folder, im.manifest, &im.files, place->parent, import->title,
				       progress, cancellable, error);
	tsr_folder_files_clear(&im.files);
	g_array_unref(im.locks);
	g_free(im.name);
	return copy;
}
