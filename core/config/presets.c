/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See presets.h. */
#include "config/presets.h"

#include <string.h>

#include <tessera-glib/machine.h>

#include "manifest/paths.h"

static int compare_paths(gconstpointer a, gconstpointer b)
{
	g_autofree char *x = g_path_get_basename(*(char *const *)a),
			*y = g_path_get_basename(*(char *const *)b);

	return strcmp(x, y);
}

static void list_folder(const char *folder, GHashTable *seen, GPtrArray *paths)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (g_str_has_suffix(name, ".machine") && g_hash_table_add(seen, g_strdup(name)))
			g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
	g_clear_pointer(&dir, g_dir_close);
}

char **tsr_presets_list(void)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_auto(GStrv) folders = tsr_paths_machines();
	GPtrArray *paths = g_ptr_array_new();

	for (char **folder = folders; *folder; folder++)
		list_folder(*folder, seen, paths);
	g_ptr_array_sort(paths, compare_paths);
	g_ptr_array_add(paths, NULL);
	return (char **)g_ptr_array_free(paths, FALSE);
}

static char *preset_names(void)
{
	g_auto(GStrv) paths = tsr_presets_list();
	g_autoptr(GString) names = g_string_new(NULL);

	for (char **path = paths; *path; path++) {
		g_autofree char *name = g_path_get_basename(*path);

		g_string_append_printf(names, "%s%.*s", names->len ? ", " : "",
				       (int)(strlen(name) - strlen(".machine")), name);
	}
	return g_strdup(names->len ? names->str : "none");
}

char *tsr_presets_find(const char *file, GError **error)
{
	g_auto(GStrv) folders = tsr_paths_machines();
	gboolean has_suffix = g_str_has_suffix(file, ".machine");
	g_autofree char *name = g_strconcat(file, has_suffix ? "" : ".machine", NULL),
			*names = NULL;

	/* A preset may be called by its file's name too; what is in the working directory wins. */
	if (strchr(file, '/') || (has_suffix && g_file_test(file, G_FILE_TEST_EXISTS)))
		return g_strdup(file);
	for (char **folder = folders; *folder; folder++) {
		g_autofree char *path = g_build_filename(*folder, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
			return g_steal_pointer(&path);
	}
	names = preset_names();
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
		    "%s: no such machine; give the path of a .machine file, or a preset: %s", file,
		    names);
	return NULL;
}
