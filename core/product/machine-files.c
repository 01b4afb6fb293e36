/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See machine-files.h. In the folder, machines extend each other by their names alone. */
#include "product/machine-files.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#define SUFFIX ".machine"

gboolean tsr_copy_file(const char *from, const char *to, int mode, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(to);
	g_autoptr(GFile) source = g_file_new_for_path(from), target = g_file_new_for_path(to);

	if (!g_mkdir_with_parents(folder, 0777) &&
	    !g_file_copy(source, target, G_FILE_COPY_NONE, NULL, NULL, NULL, error)) {
		g_prefix_error(error, "cannot copy %s to %s: ", from, to);
		return FALSE;
	}
	if (!g_chmod(to, mode))
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO, "cannot write %s: %s", to,
		    g_strerror(errno));
	return FALSE;
}

char *tsr_plan_name(TsrDraft *plan)
{
	g_autofree char *file = g_path_get_basename(plan->path);

	return g_strndup(file,
			 strlen(file) - (g_str_has_suffix(file, SUFFIX) ? strlen(SUFFIX) : 0));
}

/* Names for plan->files; one that is there already gets another. */
static GPtrArray *file_names(TsrDraft *plan)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < plan->files->len; i++) {
		char *name = g_path_get_basename(g_ptr_array_index(plan->files, i));

		while (g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL)) {
			char *other = g_strconcat("base-", name, NULL);

			g_free(name);
			name = other;
		}
		g_ptr_array_add(names, name);
	}
	return names;
}

static gboolean is_extends(const char *line, gboolean *in_machine)
{
	gsize length = strspn(line, " \t");

	line += length;
	if (*line == '[')
		*in_machine = g_str_has_prefix(line, "[Machine]");
	if (!*in_machine || !g_str_has_prefix(line, "extends"))
		return FALSE;
	line += strlen("extends");
	return line[strspn(line, " \t")] == '=';
}

/* base: the name of the machine that it extends; NULL: none. */
static gboolean write_manifest(const char *from, const char *to, const char *base, GError **error)
{
	g_autofree char *text = NULL, *changed = NULL;
	g_auto(GStrv) lines = NULL;
	gboolean in_machine = FALSE;

	if (!g_file_get_contents(from, &text, NULL, error))
		return FALSE;
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; base && *line; line++) {
		if (!is_extends(*line, &in_machine))
			continue;
		g_free(*line);
		*line = g_strconcat("extends=", base, NULL);
	}
	changed = g_strjoinv("\n", lines);
	return g_file_set_contents(to, changed, -1, error);
}

/* A file that the manifest names by a path relative to itself, and that is there. */
static gboolean copy_named(const TsrSetting *setting, const char *value, const char *folder,
			   GError **error)
{
	g_autofree char *from = NULL, *to = NULL;

	if (!*value || g_path_is_absolute(value) || g_str_has_prefix(value, "../") ||
	    strstr(value, "/../"))
		return TRUE;
	from = g_build_filename(setting->base_folder, value, NULL);
	to = g_build_filename(folder, value, NULL);
	return !g_file_test(from, G_FILE_TEST_IS_REGULAR) || g_file_test(to, G_FILE_TEST_EXISTS) ||
	       tsr_copy_file(from, to, 0644, error);
}

/* NAME=PATH;… for properties of type files */
static gboolean copy_property(const TsrSetting *setting, const TsrPropertySpec *spec,
			      const char *folder, GError **error)
{
	g_auto(GStrv) items = g_strsplit(setting->value, ";", -1);

	if (spec->type == TSR_PROPERTY_FILE)
		return copy_named(setting, setting->value, folder, error);
	for (char **item = items; *item; item++) {
		const char *equals = strchr(*item, '=');

		if (equals && !copy_named(setting, equals + 1, folder, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean copy_files_of(TsrDraftInstance *instance, const char *folder, GError **error)
{
	GPtrArray *specs = tsr_plugin_get_properties(instance->plugin);

	for (guint i = 0; i < specs->len; i++) {
		const TsrPropertySpec *spec = g_ptr_array_index(specs, i);
		const TsrSetting *setting = g_hash_table_lookup(instance->settings, spec->name);

		if ((spec->type == TSR_PROPERTY_FILE || spec->type == TSR_PROPERTY_FILES) &&
		    setting && setting->base_folder && !copy_property(setting, spec, folder, error))
			return FALSE;
	}
	return TRUE;
}

gboolean tsr_plan_copy_machine(TsrDraft *plan, const char *folder, GError **error)
{
	g_autoptr(GPtrArray) names = file_names(plan);

	for (guint i = 0; i < names->len; i++) {
		const char *base = i + 1 < names->len ? g_ptr_array_index(names, i + 1) : NULL;
		g_autofree char *to = g_build_filename(folder, g_ptr_array_index(names, i), NULL);

		if (!write_manifest(g_ptr_array_index(plan->files, i), to, base, error))
			return FALSE;
	}
	for (guint i = 0; i < plan->instances->len; i++) {
		TsrDraftInstance *instance = g_ptr_array_index(plan->instances, i);

		if (instance->exists && !copy_files_of(instance, folder, error))
			return FALSE;
	}
	return TRUE;
}
