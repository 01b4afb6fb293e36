/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See kept.h. */
#include "kept.h"

#include <stdio.h>
#include <string.h>

#define FORMAT 1
#define STATE "State"
#define BOARD "Board"
#define INSTANCE "Instance "
#define ANSWERS "Answers"
#define FOLDER "states" /* beside the manifest */
#define SHOWN_BEFORE 8u

static const char *host_of(const struct check *check)
{
	return check->core ? "core" : "fake";
}

/* -- The file */

/* A file property names a file of this host, which another host does not have. */
static gboolean is_kept(const struct check *check, const char *row)
{
	g_autoptr(GKeyFile) manifest = g_key_file_new();
	g_autofree char *name = g_strndup(row, strcspn(row, "=")),
			*group = g_strconcat("Property ", name, NULL), *type = NULL;

	g_key_file_load_from_file(manifest, check->manifest, G_KEY_FILE_NONE, NULL);
	type = g_key_file_get_string(manifest, group, "type", NULL);
	return g_strcmp0(type, "file") != 0;
}

GKeyFile *kept_new(const struct check *check)
{
	GKeyFile *kept = g_key_file_new();
	g_autoptr(GPtrArray) rows = g_ptr_array_new();

	g_key_file_set_integer(kept, STATE, "format", FORMAT);
	g_key_file_set_string(kept, STATE, "plugin", check->id);
	g_key_file_set_string(kept, STATE, "version", tsr_plugin_get_version(check->plugin));
	g_key_file_set_uint64(kept, STATE, "state-version",
			      tsr_plugin_get_state_version(check->plugin));
	g_key_file_set_string(kept, STATE, "host", host_of(check));
	g_key_file_set_uint64(kept, STATE, "seed", check->seed);
	for (guint i = 0; i < check->rows->len; i++)
		if (is_kept(check, check->rows->pdata[i]))
			g_ptr_array_add(rows, check->rows->pdata[i]);
	if (rows->len)
		g_key_file_set_string_list(kept, STATE, "set", (const char *const *)rows->pdata,
					   rows->len);
	return kept;
}

GKeyFile *kept_read(const struct check *check)
{
	GKeyFile *kept = g_key_file_new();
	g_autofree char *plugin = NULL;
	g_autoptr(GError) error = NULL;

	if (!g_key_file_load_from_file(kept, check->state, G_KEY_FILE_KEEP_COMMENTS, &error))
		check_fail("the file is damaged: %s", error->message);
	if (g_key_file_get_integer(kept, STATE, "format", NULL) != FORMAT)
		check_fail("the file is not of format %u, which this version of Tessera reads",
			   FORMAT);
	plugin = g_key_file_get_string(kept, STATE, "plugin", NULL);
	if (g_strcmp0(plugin, check->id) != 0)
		check_fail("it is a state of %s", plugin ? plugin : "no plugin");
	return kept;
}

void kept_write(const struct check *check, GKeyFile *kept)
{
	g_autoptr(GError) error = NULL;

	if (!g_key_file_save_to_file(kept, check->state, &error))
		check_fail("it cannot be written: %s", error->message);
}

/* -- Files */

static char *folder_of(const struct check *check)
{
	g_autofree char *beside = g_path_get_dirname(check->manifest);

	return check->states ? g_strdup(check->states) : g_build_filename(beside, FOLDER, NULL);
}

/* What cannot be read is tested, too, so that it is said why. */
static gboolean is_of_host(const struct check *check, const char *path)
{
	g_autoptr(GKeyFile) kept = g_key_file_new();
	g_autofree char *host = NULL;

	g_key_file_load_from_file(kept, path, G_KEY_FILE_NONE, NULL);
	host = g_key_file_get_string(kept, STATE, "host", NULL);
	return !host || g_str_equal(host, host_of(check));
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **kept_list(const struct check *check)
{
	g_autofree char *folder = folder_of(check);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	GPtrArray *paths = dir ? g_ptr_array_new() : NULL;
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		char *path = g_build_filename(folder, name, NULL);

		if (g_str_has_suffix(name, KEPT_SUFFIX) && is_of_host(check, path))
			g_ptr_array_add(paths, path);
		else
			g_free(path);
	}
	if (!paths)
		return NULL;
	g_ptr_array_sort(paths, by_name);
	g_ptr_array_add(paths, NULL);
	return (char **)g_ptr_array_free(paths, FALSE);
}

char *kept_path(const struct check *check)
{
	g_autofree char *name =
		g_strdup_printf("%s-%s-%s-%u" KEPT_SUFFIX, check->id,
				tsr_plugin_get_version(check->plugin), host_of(check), check->seed);

	return g_build_filename(check->save_states, name, NULL);
}

/* -- What it is made with */

static gboolean has_row(const GPtrArray *rows, const char *row)
{
	for (guint i = 0; i < rows->len; i++)
		if (strncmp(rows->pdata[i], row, strcspn(row, "=") + 1) == 0)
			return TRUE;
	return FALSE;
}

struct check *kept_check(const struct check *check, GKeyFile *kept)
{
	struct check *copy = g_memdup2(check, sizeof(*check));
	char **rows = g_key_file_get_string_list(kept, STATE, "set", NULL, NULL); /* stay */

	copy->rows = g_ptr_array_copy(check->rows, NULL, NULL);
	for (char **row = rows; row && *row; row++)
		if (strchr(*row, '=') && !has_row(check->rows, *row))
			g_ptr_array_add(copy->rows, *row);
	return copy;
}

char *kept_refusal(const struct check *check, GKeyFile *kept)
{
	guint64 version = g_key_file_get_uint64(kept, STATE, "state-version", NULL);
	unsigned oldest = tsr_plugin_get_state_oldest(check->plugin),
		 newest = tsr_plugin_get_state_version(check->plugin);

	if (version >= oldest && version <= newest)
		return NULL;
	return g_strdup_printf("the state has version %" G_GUINT64_FORMAT ", %s %s loads %u to %u",
			       version, check->id, tsr_plugin_get_version(check->plugin), oldest,
			       newest);
}

/* -- GVariants */

static void set_variant(GKeyFile *kept, const char *group, const char *key, GVariant *value)
{
	g_autofree char *text = kept_print(value);

	g_key_file_set_string(kept, group, key, text);
}

static GVariant *get_variant(GKeyFile *kept, const char *group, const char *key, const char *type)
{
	g_autofree char *text = g_key_file_get_string(kept, group, key, NULL);
	g_autoptr(GError) error = NULL;
	GVariant *value;

	if (!text)
		return NULL;
	value = kept_parse(text, type, &error);
	if (!value)
		check_fail("the file is damaged: [%s] %s: %s", group, key, error->message);
	return value;
}

void kept_add_instance(GKeyFile *kept, const char *name, const char *plugin, guint32 version,
		       GVariant *fields)
{
	g_autofree char *group = g_strconcat(INSTANCE, name, NULL);

	g_key_file_set_string(kept, group, "plugin", plugin);
	g_key_file_set_uint64(kept, group, "state-version", version);
	set_variant(kept, group, "fields", fields);
}

GVariant *kept_fields(GKeyFile *kept, const char *name, guint32 *version)
{
	g_autofree char *group = g_strconcat(INSTANCE, name, NULL);

	*version = (guint32)g_key_file_get_uint64(kept, group, "state-version", NULL);
	return get_variant(kept, group, "fields", "a{sv}");
}

void kept_check_instances(GKeyFile *kept, GPtrArray *names)
{
	g_auto(GStrv) groups = g_key_file_get_groups(kept, NULL);

	for (char **group = groups; *group; group++) {
		const char *name = *group + strlen(INSTANCE);
		g_autofree char *plugin = NULL;

		if (!g_str_has_prefix(*group, INSTANCE) ||
		    g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
			continue;
		plugin = g_key_file_get_string(kept, *group, "plugin", NULL);
		check_fail("it was made with another plugin beside it, %s: name it with --connect "
			   "or --used-by",
			   plugin ? plugin : name);
	}
}

void kept_set_board(GKeyFile *kept, const char *name, GVariant *value)
{
	set_variant(kept, BOARD, name, value);
}

GVariant *kept_board(GKeyFile *kept, const char *name, const char *type)
{
	return get_variant(kept, BOARD, name, type);
}

/* -- Answers */

void kept_set_answers(GKeyFile *kept, GPtrArray *lines)
{
	g_key_file_remove_group(kept, ANSWERS, NULL);
	for (guint i = 0; i < lines->len; i++) {
		g_autofree char *key = g_strdup_printf("%04u", i + 1);

		g_key_file_set_string(kept, ANSWERS, key, lines->pdata[i]);
	}
}

GPtrArray *kept_answers(GKeyFile *kept)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) keys = g_key_file_get_keys(kept, ANSWERS, NULL, NULL);

	for (char **key = keys; key && *key; key++)
		g_ptr_array_add(lines, g_key_file_get_string(kept, ANSWERS, *key, NULL));
	return lines;
}

static void print_lines(const GPtrArray *lines, guint from, guint to)
{
	for (guint i = from; i < to && i < lines->len; i++)
		printf("  %s\n", (char *)lines->pdata[i]);
	if (from >= lines->len)
		printf("  (nothing more)\n");
}

static void report(const struct check *check, GKeyFile *kept, const GPtrArray *then,
		   const GPtrArray *now, guint at)
{
	g_autofree char *version = g_key_file_get_string(kept, STATE, "version", NULL);
	const char *line = at < then->len ? then->pdata[at] : "nothing more";

	print_lines(then, at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0, at);
	printf("%s, when the state was saved:\n", version);
	print_lines(then, at, at + 1);
	printf("%s, today:\n", tsr_plugin_get_version(check->plugin));
	print_lines(now, at, at + 1);
	check_fail("%s loads it without a word and answers otherwise than %s: \"%s\", and today "
		   "\"%s\"; if it is meant to, --accept-answers",
		   tsr_plugin_get_version(check->plugin), version, line,
		   at < now->len ? (char *)now->pdata[at] : "nothing more");
}

void kept_compare(const struct check *check, GKeyFile *kept, GPtrArray *answers)
{
	g_autoptr(GPtrArray) then = kept_answers(kept);
	guint at = 0;

	while (at < then->len && at < answers->len &&
	       strcmp(then->pdata[at], answers->pdata[at]) == 0)
		at++;
	if (at == then->len && at == answers->len) {
		check_note("%u answers", answers->len);
		return;
	}
	if (!check->accept)
		report(check, kept, then, answers, at);
	kept_set_answers(kept, answers);
	kept_write(check, kept);
	check_note("the answers from the %uth on were replaced by today's", at + 1);
}
