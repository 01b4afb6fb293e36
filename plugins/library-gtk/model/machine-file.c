/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See machine-file.h. The format is described in docs/MANIFESTS.md. */
#include "model/machine-file.h"

#include <string.h>

#include "model/name.h"
#include "model/text.h"

#define GROUP "Machine"
#define INSTANCE "Instance "

void tsr_machine_file_clear(struct tsr_machine_file *file)
{
	g_clear_pointer(&file->path, g_free);
	g_clear_pointer(&file->title, g_free);
	g_clear_pointer(&file->details, g_free);
	g_clear_pointer(&file->memory, g_free);
}

/* -- Finding it */

/* FOLDER/NAME.machine of a folder NAME; else the only manifest there is, because a folder may be
 * renamed with other programs. NULL with error. */
static char *find_manifest(const char *folder, GError **error)
{
	g_autofree char *name = g_path_get_basename(folder),
			*file = g_strconcat(name, TSR_LIBRARY_SUFFIX, NULL),
			*usual = g_build_filename(folder, file, NULL), *other = NULL;
	g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
	guint count = 0;
	const char *entry;

	if (!dir || g_file_test(usual, G_FILE_TEST_IS_REGULAR))
		return dir ? g_steal_pointer(&usual) : NULL;
	while ((entry = g_dir_read_name(dir))) {
		if (*entry == '.' || !g_str_has_suffix(entry, TSR_LIBRARY_SUFFIX))
			continue;
		g_free(other);
		other = g_build_filename(folder, entry, NULL);
		count++;
	}
	if (count == 1)
		return g_steal_pointer(&other);
	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_DAMAGED,
		    count ? _("The folder has several machine files, and none is called “%s”. "
			      "Rename the right one.")
			  : _("The machine file “%s” is missing from the folder. Put it back, or "
			      "move the folder to the trash."),
		    file);
	return NULL;
}

static GKeyFile *load(const char *path, GKeyFileFlags flags, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *name = g_path_get_basename(path);
	g_autoptr(GError) why = NULL;

	if (g_key_file_load_from_file(file, path, flags, &why) && g_key_file_has_group(file, GROUP))
		return g_steal_pointer(&file);
	if (why)
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_DAMAGED,
			    _("The machine file “%s” cannot be read: %s"), name, why->message);
	else
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_DAMAGED,
			    _("“%s” is not a machine file: it has no group [Machine]."), name);
	return NULL;
}

/* -- The disks that it names */

/* The path in `FILE,mode=…` or `file=FILE`; a comma in a path is written twice. */
static char *path_of_value(const char *value)
{
	g_autoptr(GString) path = g_string_new(NULL);

	if (g_str_has_prefix(value, "file="))
		value += strlen("file=");
	for (; *value && (*value != ',' || value[1] == ','); value++) {
		g_string_append_c(path, *value);
		value += *value == ',';
	}
	return g_strdup(path->str);
}

/* The disk of an instance, NULL: it is none, or has no fixed medium. */
static char *disk_of_instance(GKeyFile *file, const char *group)
{
	g_autofree char *slot = g_key_file_get_string(file, group, "slot", NULL),
			*value = g_key_file_get_string(file, group, "file", NULL);
	gboolean is_disk = slot ? g_str_equal(slot, "disk")
				: g_str_has_prefix(group + strlen(INSTANCE), "disk");

	if (!value && is_disk)
		value = g_key_file_get_string(file, group, "slot.default", NULL);
	if (!value || !*value || g_str_equal(value, "none"))
		return NULL;
	return path_of_value(value);
}

static gboolean check_disk(const char *folder, const char *disk, GError **error)
{
	g_autofree char *path = g_canonicalize_filename(disk, folder);

	if (g_file_test(path, G_FILE_TEST_IS_DIR))
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_DAMAGED,
			    _("“%s” is a folder, and should be a disk image."), disk);
	else if (!g_file_test(path, G_FILE_TEST_EXISTS))
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_DAMAGED,
			    _("The disk image “%s” is missing. Put it back into the folder of the "
			      "machine."),
			    disk);
	else
		return TRUE;
	return FALSE;
}

static char **list_disks(GKeyFile *file)
{
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();
	g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

	for (char **group = groups; *group; group++) {
		g_autofree char *disk =
			g_str_has_prefix(*group, INSTANCE) ? disk_of_instance(file, *group) : NULL;

		if (disk)
			g_strv_builder_add(names, disk);
	}
	return g_strv_builder_end(names);
}

char **tsr_machine_file_list_disks(const char *path, GError **error)
{
	g_autoptr(GKeyFile) file = load(path, G_KEY_FILE_NONE, error);

	return file ? list_disks(file) : NULL;
}

static gboolean check_disks(GKeyFile *file, const char *folder, GError **error)
{
	g_auto(GStrv) disks = list_disks(file);

	for (char **disk = disks; *disk; disk++)
		if (!check_disk(folder, *disk, error))
			return FALSE;
	return TRUE;
}

/* -- Reading */

static char *text_of(GKeyFile *file, const char *key)
{
	char *text = g_key_file_get_string(file, GROUP, key, NULL);

	return text ? g_strstrip(text) : g_strdup("");
}

gboolean tsr_machine_file_read(const char *folder, struct tsr_machine_file *out, GError **error)
{
	g_autoptr(GKeyFile) file = NULL;

	out->path = find_manifest(folder, error);
	out->title = g_filename_display_basename(folder);
	out->details = g_strdup("");
	out->memory = g_strdup("");
	file = out->path ? load(out->path, G_KEY_FILE_NONE, error) : NULL;
	if (!file)
		return FALSE;
	g_free(out->details);
	g_free(out->memory);
	out->details = text_of(file, "description");
	out->memory = text_of(file, "memory");
	if (g_key_file_has_key(file, GROUP, "name", NULL)) {
		g_autofree char *name = text_of(file, "name"),
				*title = tsr_library_clean_title(name);

		if (*title) {
			g_free(out->title);
			out->title = g_steal_pointer(&title);
		}
	}
	return check_disks(file, folder, error);
}

/* -- Writing */

/* Only a key of a slot that the preset has: an instance without a plugin would be an error. */
static void set_default(GKeyFile *file, const char *instance, const char *value)
{
	g_autofree char *group = g_strconcat(INSTANCE, instance, NULL);

	if (!g_key_file_has_key(file, group, "slot", NULL))
		return;
	if (value)
		g_key_file_set_string(file, group, "slot.default", value);
	else
		g_key_file_remove_key(file, group, "slot.default", NULL);
}

static gboolean save(GKeyFile *file, const char *path, GError **error)
{
	gsize length;
	g_autofree char *text = g_key_file_to_data(file, &length, NULL);

	return g_file_set_contents_full(
		path, text, (gssize)length,
		G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644, error);
}

char *tsr_machine_file_disk(guint number)
{
	return number ? g_strdup_printf("disk%u.img", number) : g_strdup(TSR_LIBRARY_DISK);
}

gboolean tsr_machine_file_write(const char *path, const char *preset,
				const struct tsr_machine_choices *choices, GError **error)
{
	g_autoptr(GKeyFile) file = load(preset, G_KEY_FILE_KEEP_COMMENTS, error);
	g_autofree char *memory = g_strdup_printf("%uM", choices->memory_mib),
			*title = tsr_library_clean_title(choices->title);

	if (!file)
		return FALSE;
	g_key_file_set_string(file, GROUP, "name", title);
	g_key_file_set_string(file, GROUP, "description", choices->details);
	g_key_file_set_string(file, GROUP, "memory", memory);
	set_default(file, "disk0", choices->has_disk ? TSR_LIBRARY_DISK : NULL);
	for (guint i = 1; i <= choices->more_disks; i++) {
		g_autofree char *instance = g_strdup_printf("disk%u", i),
				*disk = tsr_machine_file_disk(i);

		set_default(file, instance, disk);
	}
	set_default(file, "nat0", choices->has_network ? "user" : NULL);
	return save(file, path, error);
}

gboolean tsr_machine_file_set_title(const char *path, const char *title, GError **error)
{
	g_autoptr(GKeyFile) file = load(path, G_KEY_FILE_KEEP_COMMENTS, error);
	g_autofree char *clean = tsr_library_clean_title(title);

	if (!file)
		return FALSE;
	g_key_file_set_string(file, GROUP, "name", clean);
	return save(file, path, error);
}
