/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See record.h. */
#include "model/record.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/folder.h"
#include "model/installation.h"
#include "model/text.h"

#define PICTURE_BYTES (8 << 20) /* what is larger is no picture that the library wrote */

static gboolean has(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

static gint64 changed(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	struct stat info;

	return stat(path, &info) == 0 ? info.st_mtime : 0;
}

static GBytes *read_picture(const char *folder)
{
	g_autofree char *path = g_build_filename(folder, TSR_LIBRARY_PICTURE, NULL);
	struct stat info;
	char *bytes;
	gsize length;

	if (stat(path, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > PICTURE_BYTES ||
	    !g_file_get_contents(path, &bytes, &length, NULL))
		return NULL;
	return g_bytes_new_take(bytes, length);
}

/* A state that nobody can read is told before the user has waited for a start. */
static char *damage_of_state(const char *folder)
{
	g_autofree char *path = g_build_filename(folder, TSR_LIBRARY_STATE, NULL);
	struct stat info;

	if (lstat(path, &info) != 0 || (S_ISREG(info.st_mode) && access(path, R_OK) == 0))
		return NULL;
	if (S_ISLNK(info.st_mode))
		return g_strdup_printf(_("The suspended state “%s” is a link, which is not "
					 "followed. Remove it, or put the file itself there."),
				       TSR_LIBRARY_STATE);
	return g_strdup_printf(_("The suspended state “%s” cannot be read."), TSR_LIBRARY_STATE);
}

struct tsr_machine_record *tsr_machine_record_read(const char *folder)
{
	struct tsr_machine_record *record = g_new0(struct tsr_machine_record, 1);
	struct tsr_machine_file file = { 0 };
	g_autoptr(GError) why = NULL;

	if (!tsr_machine_file_read(folder, &file, &why))
		record->damage = g_strdup(why->message);
	else
		record->damage = damage_of_state(folder);
	record->folder = g_strdup(folder);
	record->manifest = g_steal_pointer(&file.path);
	record->title = g_steal_pointer(&file.title);
	record->details = g_steal_pointer(&file.details);
	record->memory = g_steal_pointer(&file.memory);
	record->is_suspended = has(folder, TSR_LIBRARY_STATE);
	record->is_installing = tsr_installation_is_prepared(folder);
	record->picture = read_picture(folder);
	record->used = MAX(changed(folder, TSR_LIBRARY_LOG), changed(folder, "."));
	return record;
}

void tsr_machine_record_free(struct tsr_machine_record *record)
{
	if (!record)
		return;
	g_free(record->folder);
	g_free(record->manifest);
	g_free(record->title);
	g_free(record->details);
	g_free(record->memory);
	g_free(record->damage);
	g_clear_pointer(&record->picture, g_bytes_unref);
	g_free(record);
}

/* -- All machines of a folder */

static gboolean is_machine(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	if (has(folder, TSR_LIBRARY_DISK) || has(folder, TSR_LIBRARY_STATE))
		return TRUE;
	while (dir && (name = g_dir_read_name(dir)))
		if (*name != '.' && g_str_has_suffix(name, TSR_LIBRARY_SUFFIX))
			return TRUE;
	return FALSE;
}

static gboolean is_visible_folder(const char *path, const char *name)
{
	return *name != '.' && g_file_test(path, G_FILE_TEST_IS_DIR);
}

GPtrArray *tsr_machine_record_read_all(const char *folder, GError **error)
{
	GPtrArray *records =
		g_ptr_array_new_with_free_func((GDestroyNotify)tsr_machine_record_free);
	g_autoptr(GError) why = NULL;
	g_autoptr(GDir) dir = g_dir_open(folder, 0, &why);
	const char *name;

	if (!dir && !g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED,
			    _("The folder of the machines cannot be read: %s"), why->message);
		g_ptr_array_unref(records);
		return NULL;
	}
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (is_visible_folder(path, name) && is_machine(path))
			g_ptr_array_add(records, tsr_machine_record_read(path));
	}
	return records;
}
