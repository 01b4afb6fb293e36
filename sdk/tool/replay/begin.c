/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin as it was when the recording began: made, connected, loaded. See replay.h. */
#include "replay.h"

#include "kept.h"

/* -- What the recording says */

/* (transfer full) A list of the description, or an empty one. */
static GVariant *list_of(const char *name, const char *type)
{
	GVariant *list = tsr_recording_lookup(replay.recording, name, type);

	return list ? list
		    : g_variant_ref_sink(g_variant_new_array(G_VARIANT_TYPE(type + 1), NULL, 0));
}

static void check_count(GVariant *list, const char *what)
{
	if (g_variant_n_children(list) > REPLAY_THINGS)
		check_skip("a recording with more than %u %s cannot be replayed", REPLAY_THINGS,
			   what);
}

static uint64_t number(const char *name)
{
	g_autoptr(GVariant) value = tsr_recording_lookup(replay.recording, name, "t");

	return value ? g_variant_get_uint64(value) : 0;
}

/* -- Before it is attached */

static void connect_needs(void)
{
	g_autoptr(GVariant) needs = list_of("needs", "a(ss)");
	const char *name, *interface;

	check_count(needs, "needs");
	for (gsize i = 0; i < g_variant_n_children(needs); i++) {
		g_variant_get_child(needs, i, "(&s&s)", &name, &interface);
		if (!replay_need_add((unsigned)i, name, interface))
			check_skip("it uses %s, which this version of Tessera cannot replay",
				   interface);
	}
}

/* Its properties, but those that this version of the plugin does not have any more; what the
 * command line says comes later, and wins. */
static GArray *make_rows(void)
{
	GArray *rows = g_array_new(TRUE, TRUE, sizeof(struct fake_row));
	g_autoptr(GKeyFile) manifest = g_key_file_new();
	g_autoptr(GVariant) properties = list_of("properties", "a{ss}");
	const char *name, *value;

	g_key_file_load_from_file(manifest, replay.check->manifest, G_KEY_FILE_NONE, NULL);
	for (gsize i = 0; i < g_variant_n_children(properties); i++) {
		g_autofree char *group = NULL;

		g_variant_get_child(properties, i, "{&s&s}", &name, &value);
		group = g_strconcat("Property ", name, NULL);
		if (g_key_file_has_group(manifest, group))
			g_array_append_val(rows, ((struct fake_row){ name, value }));
	}
	for (guint i = 0; i < replay.check->rows->len; i++) {
		const char *word = replay.check->rows->pdata[i];
		const char *equals = strchr(word, '=');

		g_array_append_val(
			rows,
			((struct fake_row){ g_strndup(word, (gsize)(equals - word)), equals + 1 }));
	}
	return rows;
}

/* -- After it is realized */

/* Its region for each of the recording: the one of the same name, or the one after that if several
 * have it. */
static void find_regions(void)
{
	g_autoptr(GVariant) regions = list_of("regions", "as");
	bool taken[REPLAY_THINGS] = { false };
	const char *name;

	check_count(regions, "regions");
	for (unsigned i = 0; i < REPLAY_THINGS; i++)
		replay.region_of[i] = UINT_MAX;
	for (gsize i = 0; i < g_variant_n_children(regions); i++) {
		g_variant_get_child(regions, i, "&s", &name);
		g_strlcpy(replay.region_names[i], name, sizeof(replay.region_names[i]));
		for (unsigned j = 0; j < replay.region_count; j++) {
			if (taken[j] || strcmp(replay.regions[j].name, name) != 0)
				continue;
			taken[j] = true;
			replay.region_of[i] = j;
			break;
		}
	}
}

/* What belongs to the core, which loads it before and after the devices. */
static void set_functions(void)
{
	g_autoptr(GVariant) functions = list_of("functions", "a(ayb)");

	for (gsize i = 0; i < g_variant_n_children(functions) && i < replay.function_count; i++) {
		g_autoptr(GVariant) bytes = NULL;
		gboolean level;
		gsize length;
		const uint8_t *config;

		g_variant_get_child(functions, i, "(@ayb)", &bytes, &level);
		config = g_variant_get_fixed_array(bytes, &length, 1);
		tsr_pci_set_bytes(&fake_pci_table, replay.functions[i].function, 0, config,
				  (unsigned)MIN(length, 256));
		replay.functions[i].level = level;
	}
}

static void set_lines(void)
{
	g_autoptr(GVariant) lines = list_of("lines", "a(sb)");
	const char *name;
	gboolean level;

	for (gsize i = 0; i < g_variant_n_children(lines); i++) {
		g_variant_get_child(lines, i, "(&sb)", &name, &level);
		for (unsigned j = 0; j < replay.line_count; j++)
			if (strcmp(replay.lines[j].name, name) == 0) {
				replay.lines[j].number = i;
				replay.lines[j].level = level;
			}
	}
}

static void set_timers(void)
{
	g_autoptr(GVariant) timers = list_of("timers", "at");

	for (gsize i = 0; i < g_variant_n_children(timers) && i < replay.timer_count; i++)
		g_variant_get_child(timers, i, "t", &replay.timers[i].deadline);
}

/* -- Its state */

static void load(void)
{
	g_autoptr(GVariant) fields = tsr_recording_lookup(replay.recording, "state", "a{sv}");
	g_autoptr(GVariant) version = tsr_recording_lookup(replay.recording, "state-version", "u");
	struct tsr_error error = { 0 };
	struct fake_state *state;

	if (!fields)
		return;
	check_phase("loading the recorded state");
	state = fake_state_of(kept_write_fields, fields);
	if (!fake_device_load(replay.device, state, version ? g_variant_get_uint32(version) : 1,
			      &error))
		replay_differ("the saved state that the recording begins with is loaded",
			      error.message);
	fake_state_free(state);
}

/* -- All */

void replay_begin(void)
{
	struct tsr_error error = { 0 };
	GArray *rows;

	check_phase("attach");
	replay.class = check_class_of(replay.check->code);
	replay.now_ns = number("time");
	replay.wall = number("wall");
	fake_start();
	fake.now = replay.now_ns;
	replay_tables_begin();
	connect_needs();
	rows = make_rows();
	replay.device = fake_device_try(replay.class, replay.check->manifest,
					(struct fake_row *)(void *)rows->data, &error);
	if (!replay.device)
		check_skip("it cannot be attached: %s", error.message);
	find_regions();
	set_functions();
	set_lines();
	load();
	set_functions();
	set_lines();
	set_timers();
}
