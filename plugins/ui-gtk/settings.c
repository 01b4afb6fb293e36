/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See settings.h. */
#include "settings.h"

#define GROUP "Window"

struct ui_settings {
	GKeyFile *file;
	char *path;
	GHashTable *values; /* what ui_settings_get() has given out: name, value */
	GThreadPool *writer;
};

static const struct {
	const char *name, *value, *allowed; /* allowed: words */
} known[] = {
	{ UI_SETTING_SCALE, "sharp", "sharp smooth fit" },
	{ UI_SETTING_CLOSING, "ask", "ask leave suspend power-off" },
	{ UI_SETTING_RELEASE, "ctrl-alt", "ctrl-alt ctrl-shift right-ctrl both-shifts" },
	{ UI_SETTING_STATUS, "true", "true false" },
};

static void write_on_thread(gpointer data, gpointer user)
{
	struct ui_settings *settings = user;
	g_autofree char *folder = g_path_get_dirname(settings->path), *text = data;
	g_autoptr(GError) why = NULL;

	g_mkdir_with_parents(folder, 0700);
	if (!g_file_set_contents(settings->path, text, -1, &why))
		g_warning("%s: %s", settings->path, why->message);
}

struct ui_settings *ui_settings_new(void)
{
	struct ui_settings *settings = g_new0(struct ui_settings, 1);

	settings->file = g_key_file_new();
	settings->path = g_build_filename(g_get_user_config_dir(), "tessera", "window.ini", NULL);
	settings->values = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	settings->writer = g_thread_pool_new(write_on_thread, settings, 1, FALSE, NULL);
	g_key_file_load_from_file(settings->file, settings->path, G_KEY_FILE_KEEP_COMMENTS, NULL);
	return settings;
}

void ui_settings_free(struct ui_settings *settings)
{
	g_thread_pool_free(settings->writer, FALSE, TRUE);
	g_hash_table_unref(settings->values);
	g_key_file_unref(settings->file);
	g_free(settings->path);
	g_free(settings);
}

const char *ui_settings_get(struct ui_settings *settings, const char *name)
{
	char *value = g_key_file_get_string(settings->file, GROUP, name, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
		g_auto(GStrv) allowed = g_strsplit(known[i].allowed, " ", -1);

		if (!g_str_equal(known[i].name, name))
			continue;
		if (!value || !g_strv_contains((const char *const *)allowed, value)) {
			g_free(value);
			value = g_strdup(known[i].value);
		}
	}
	g_hash_table_replace(settings->values, (gpointer)name, value);
	return value;
}

void ui_settings_set(struct ui_settings *settings, const char *name, const char *value)
{
	g_autofree char *before = g_key_file_get_string(settings->file, GROUP, name, NULL);

	if (g_strcmp0(before, value) == 0)
		return;
	g_key_file_set_string(settings->file, GROUP, name, value);
	g_thread_pool_push(settings->writer, g_key_file_to_data(settings->file, NULL, NULL), NULL);
}
