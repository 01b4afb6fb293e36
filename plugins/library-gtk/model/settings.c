/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See settings.h. Each change is written at once, on another thread, in the order of the changes.
 */
#include "model/settings.h"

#define GROUP "Library"
#define MACHINE "Machine "
#define KEY_DIGITS 16
#define FOLDER "folder"
#define DISC "disc"
#define GROUP_OF "group"
#define FOLDED "folded"

static const char *const keys[] = { DISC, GROUP_OF }; /* of a machine */
static guint groups_changed;                          /* signal */

struct _TsrLibrarySettings {
	GObject parent;
	GKeyFile *file;
	char *path, *folder;
	gboolean is_writing, is_changed; /* changed since the writing began */
};

G_DEFINE_FINAL_TYPE(TsrLibrarySettings, tsr_library_settings, G_TYPE_OBJECT)

char *tsr_library_key_of_folder(const char *folder)
{
	g_autofree char *path = g_canonicalize_filename(folder, NULL);
	char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, path, -1);

	sum[KEY_DIGITS] = '\0';
	return sum;
}

/* -- The file */

static void write_file(TsrLibrarySettings *self);

static void on_written(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrLibrarySettings) self = data;
	g_autoptr(GError) why = NULL;

	if (!g_task_propagate_boolean(G_TASK(result), &why))
		g_warning("%s: %s", self->path, why->message);
	self->is_writing = FALSE;
	if (self->is_changed)
		write_file(self);
}

static void write_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	TsrLibrarySettings *self = source; /* its path does not change */
	g_autofree char *folder = g_path_get_dirname(self->path);
	GError *error = NULL;

	g_mkdir_with_parents(folder, 0700);
	if (g_file_set_contents(self->path, data, -1, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void write_file(TsrLibrarySettings *self)
{
	g_autoptr(GTask) task = NULL;

	self->is_changed = self->is_writing;
	if (self->is_writing)
		return;
	self->is_writing = TRUE;
	task = g_task_new(self, NULL, on_written, g_object_ref(self));
	g_task_set_task_data(task, g_key_file_to_data(self->file, NULL, NULL), g_free);
	g_task_run_in_thread(task, write_on_thread);
}

/* -- What it holds */

static char *default_folder(void)
{
	return g_build_filename(g_get_home_dir(), "Tessera", NULL);
}

TsrLibrarySettings *tsr_library_settings_new(const char *path)
{
	TsrLibrarySettings *self = g_object_new(TSR_TYPE_LIBRARY_SETTINGS, NULL);

	self->path =
		path ? g_strdup(path)
		     : g_build_filename(g_get_user_config_dir(), "tessera", "library.ini", NULL);
	g_key_file_load_from_file(self->file, self->path, G_KEY_FILE_KEEP_COMMENTS, NULL);
	self->folder = g_key_file_get_string(self->file, GROUP, FOLDER, NULL);
	if (!self->folder || !g_path_is_absolute(self->folder)) {
		g_free(self->folder);
		self->folder = default_folder();
	}
	return self;
}

const char *tsr_library_settings_get_folder(TsrLibrarySettings *self)
{
	return self->folder;
}

gboolean tsr_library_settings_has_folder(TsrLibrarySettings *self)
{
	return g_key_file_has_key(self->file, GROUP, FOLDER, NULL);
}

void tsr_library_settings_set_folder(TsrLibrarySettings *self, const char *folder)
{
	g_free(self->folder);
	self->folder = g_strdup(folder);
	g_key_file_set_string(self->file, GROUP, FOLDER, folder);
	write_file(self);
}

char *tsr_library_settings_get_sort(TsrLibrarySettings *self)
{
	char *sort = g_key_file_get_string(self->file, GROUP, "sort", NULL);

	return sort ? sort : g_strdup("");
}

void tsr_library_settings_set_sort(TsrLibrarySettings *self, const char *sort)
{
	g_key_file_set_string(self->file, GROUP, "sort", sort);
	write_file(self);
}

static char *group_of_folder(const char *folder)
{
	g_autofree char *key = tsr_library_key_of_folder(folder);

	return g_strconcat(MACHINE, key, NULL);
}

static char *get_of_folder(TsrLibrarySettings *self, const char *folder, const char *key)
{
	g_autofree char *group = group_of_folder(folder);

	return g_key_file_get_string(self->file, group, key, NULL);
}

/* Without writing the file. value NULL: none; a group without any goes. */
static void set_of_folder(TsrLibrarySettings *self, const char *folder, const char *key,
			  const char *value)
{
	g_autofree char *group = group_of_folder(folder);

	if (value) {
		g_key_file_set_string(self->file, group, FOLDER, folder);
		g_key_file_set_string(self->file, group, key, value);
		return;
	}
	g_key_file_remove_key(self->file, group, key, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
		if (g_key_file_has_key(self->file, group, keys[i], NULL))
			return;
	g_key_file_remove_group(self->file, group, NULL);
}

char *tsr_library_settings_get_disc(TsrLibrarySettings *self, const char *folder)
{
	return get_of_folder(self, folder, DISC);
}

void tsr_library_settings_set_disc(TsrLibrarySettings *self, const char *folder, const char *disc)
{
	set_of_folder(self, folder, DISC, disc);
	write_file(self);
}

void tsr_library_settings_carry(TsrLibrarySettings *self, const char *folder, const char *to,
				gboolean keeps)
{
	if (g_str_equal(folder, to))
		return;
	for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
		g_autofree char *value = get_of_folder(self, folder, keys[i]);

		set_of_folder(self, to, keys[i], value);
		if (!keeps)
			set_of_folder(self, folder, keys[i], NULL);
	}
	write_file(self);
	g_signal_emit(self, groups_changed, 0);
}

void tsr_library_settings_forget(TsrLibrarySettings *self, const char *folder)
{
	for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
		set_of_folder(self, folder, keys[i], NULL);
	write_file(self);
}

/* -- Groups of machines */

char *tsr_library_settings_get_group(TsrLibrarySettings *self, const char *folder)
{
	g_autofree char *group = get_of_folder(self, folder, GROUP_OF);

	return group && *group ? g_steal_pointer(&group) : NULL;
}

void tsr_library_settings_set_group(TsrLibrarySettings *self, const char *folder, const char *group)
{
	set_of_folder(self, folder, GROUP_OF, group && *group ? group : NULL);
	write_file(self);
	g_signal_emit(self, groups_changed, 0);
}

gboolean tsr_library_settings_is_folded(TsrLibrarySettings *self, const char *group)
{
	g_auto(GStrv) folded = g_key_file_get_string_list(self->file, GROUP, FOLDED, NULL, NULL);

	return folded && g_strv_contains((const char *const *)folded, group);
}

void tsr_library_settings_set_folded(TsrLibrarySettings *self, const char *group, gboolean folded)
{
	g_auto(GStrv) old = g_key_file_get_string_list(self->file, GROUP, FOLDED, NULL, NULL);
	g_autoptr(GPtrArray) list = g_ptr_array_new();

	if (tsr_library_settings_is_folded(self, group) == folded)
		return;
	for (char **name = old; name && *name; name++)
		if (!g_str_equal(*name, group))
			g_ptr_array_add(list, *name);
	if (folded)
		g_ptr_array_add(list, (char *)group);
	if (list->len)
		g_key_file_set_string_list(self->file, GROUP, FOLDED,
					   (const char *const *)list->pdata, list->len);
	else
		g_key_file_remove_key(self->file, GROUP, FOLDED, NULL);
	write_file(self);
}

void tsr_library_settings_rename_group(TsrLibrarySettings *self, const char *group,
				       const char *name)
{
	g_auto(GStrv) sections = g_key_file_get_groups(self->file, NULL);
	gboolean folded = tsr_library_settings_is_folded(self, group);

	for (char **section = sections; *section; section++) {
		g_autofree char *of = g_key_file_get_string(self->file, *section, GROUP_OF, NULL),
				*folder = g_key_file_get_string(self->file, *section, FOLDER, NULL);

		if (folder && g_strcmp0(of, group) == 0)
			set_of_folder(self, folder, GROUP_OF, name && *name ? name : NULL);
	}
	tsr_library_settings_set_folded(self, group, FALSE);
	if (name && *name && folded)
		tsr_library_settings_set_folded(self, name, TRUE);
	write_file(self);
	g_signal_emit(self, groups_changed, 0);
}

static void tsr_library_settings_finalize(GObject *object)
{
	TsrLibrarySettings *self = TSR_LIBRARY_SETTINGS(object);

	g_key_file_unref(self->file);
	g_free(self->path);
	g_free(self->folder);
	G_OBJECT_CLASS(tsr_library_settings_parent_class)->finalize(object);
}

static void tsr_library_settings_class_init(TsrLibrarySettingsClass *class)
{
	G_OBJECT_CLASS(class)->finalize = tsr_library_settings_finalize;
	groups_changed = g_signal_new("groups-changed", TSR_TYPE_LIBRARY_SETTINGS,
				      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void tsr_library_settings_init(TsrLibrarySettings *self)
{
	self->file = g_key_file_new();
}
