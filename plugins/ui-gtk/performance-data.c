/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See performance-data.h. */
#include "performance-data.h"

#include <string.h>

/* As the machine's profile names them. */
static const char *const sections[UI_TIME_SECTIONS] = {
	[UI_TIME_TIERS] = "tier",
	[UI_TIME_MODES] = "mode",
	[UI_TIME_DEVICES] = "device",
	[UI_TIME_CAUSES] = "cause",
};

static void put(GHashTable *table, char *name, const char *value)
{
	guint64 *number = g_new(guint64, 1);

	*number = g_ascii_strtoull(value, NULL, 10);
	g_hash_table_replace(table, name, number);
}

/* "running 1", "tier NAME NANOSECONDS SAMPLES", … with tabs. */
static void take_profile_line(struct ui_performance_data *data, const char *line)
{
	g_auto(GStrv) words = g_strsplit(line, "\t", 4);
	guint n = g_strv_length(words);

	if (n == 2 && g_str_equal(words[0], "running"))
		data->is_running = !g_str_equal(words[1], "0");
	else if (n == 2 && g_str_equal(words[0], "elapsed-ns"))
		data->elapsed_ns = g_ascii_strtoull(words[1], NULL, 10);
	else if (n == 2 && g_str_equal(words[0], "cpu-ns"))
		data->cpu_ns = g_ascii_strtoull(words[1], NULL, 10);
	for (guint i = 0; n == 4 && i < UI_TIME_SECTIONS; i++)
		if (g_str_equal(words[0], sections[i]))
			put(data->times[i], g_strdup(words[1]), words[2]);
}

/* "longest lock hold by NAME" has no number: it counts as 0, and nobody asks for it. */
static void take_counter(struct ui_performance_data *data, const char *line)
{
	const char *space = strrchr(line, ' ');

	if (space)
		put(data->counters, g_strndup(line, (gsize)(space - line)), space + 1);
}

static void for_lines(struct ui_performance_data *data, const char *text,
		      void (*take)(struct ui_performance_data *data, const char *line))
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++)
		take(data, *line);
}

struct ui_performance_data *ui_performance_data_new(const char *profile, const char *stats)
{
	struct ui_performance_data *data = g_new0(struct ui_performance_data, 1);

	for (guint i = 0; i < UI_TIME_SECTIONS; i++)
		data->times[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	data->counters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	for_lines(data, profile, take_profile_line);
	for_lines(data, stats, take_counter);
	return data;
}

void ui_performance_data_free(struct ui_performance_data *data)
{
	if (!data)
		return;
	for (guint i = 0; i < UI_TIME_SECTIONS; i++)
		g_hash_table_unref(data->times[i]);
	g_hash_table_unref(data->counters);
	g_free(data);
}

guint64 ui_performance_time(const struct ui_performance_data *data, UiTimeSection section,
			    const char *name)
{
	const guint64 *ns = data ? g_hash_table_lookup(data->times[section], name) : NULL;

	return ns ? *ns : 0;
}

gboolean ui_performance_counter(const struct ui_performance_data *data, const char *name,
				guint64 *value)
{
	const guint64 *found = data ? g_hash_table_lookup(data->counters, name) : NULL;

	if (found)
		*value = *found;
	return found != NULL;
}
