/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * States of previous versions on the fake host. What is in the file is loaded into today's plugin;
 * then the actions among its answers are done again.
 */
#include <fake-private.h>

#include <stdio.h>
#include <string.h>

#include "compare.h"
#include "kept.h"

#define ACCESSES 600u /* before it is saved */
#define LOOKS 200u    /* random accesses after it is loaded */
#define CONFIG_HEADER 0x40u

/* -- Lines */

static char *print_answer(const struct compare_entry *e)
{
	return g_strdup_printf("%s of %u at %" G_GINT64_MODIFIER "x: %" G_GINT64_MODIFIER "x",
			       compare_kind_name(e->kind), e->width, e->address, e->value);
}

static gboolean is_possible(const struct compare_entry *e)
{
	switch (e->kind) {
	case LOG_PORT_READ:
	case LOG_PORT_WRITE:
		return e->address <= 0xffff && (e->width == 1 || e->width == 2 || e->width == 4);
	case LOG_MEMORY_READ:
	case LOG_MEMORY_WRITE:
		return e->width == 1 || e->width == 2 || e->width == 4 || e->width == 8;
	case LOG_CONFIG_READ:
	case LOG_CONFIG_WRITE:
		return e->address <= 0xffff && (e->width == 1 || e->width == 2 || e->width == 4);
	case LOG_TIME:
		return e->value >= fake_clock_now();
	case LOG_RESET:
		return e->value <= TSR_RESET_SOFT;
	default:
		return TRUE;
	}
}

static struct compare_entry parse_answer(const char *line)
{
	const char *of = g_strrstr(line, " of ");
	unsigned long long address, value;
	struct compare_entry e = { 0 };

	for (unsigned kind = 0; of && compare_kind_name(kind); kind++) {
		const char *name = compare_kind_name(kind);

		e.kind = (enum log_kind)kind;
		if ((size_t)(of - line) == strlen(name) && g_str_has_prefix(line, name) &&
		    sscanf(of, " of %u at %llx: %llx", &e.width, &address, &value) == 3) {
			e.address = address;
			e.value = value;
			return e;
		}
	}
	check_fail("the file is damaged: \"%s\" is no answer", line);
}

/* -- The host's part */

static void put_board(GKeyFile *kept)
{
	g_autofree uint8_t *functions = NULL;
	gsize length = fake_pci_size();
	GVariantBuilder lines;

	g_variant_builder_init(&lines, G_VARIANT_TYPE("a{sb}"));
	for (struct fake_line *line = fake.lines; line; line = line->next) {
		g_autofree char *name = g_strconcat(line->device->id, "/", line->name, NULL);

		g_variant_builder_add(&lines, "{sb}", name, line->level != 0);
	}
	functions = fake_pci_put();
	kept_set_board(kept, "now", g_variant_new_uint64(fake.now));
	kept_set_board(kept, "wall-base", g_variant_new_uint64(fake.wall_base));
	kept_set_board(kept, "random", g_variant_new_uint64(fake.random));
	kept_set_board(kept, "a20", g_variant_new_boolean(fake.a20));
	if (memcmp(fake.shadow, fake.shadow + 1, sizeof(fake.shadow) - 1) != 0 || fake.shadow[0])
		kept_set_board(kept, "shadow",
			       g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, fake.shadow,
							 sizeof(fake.shadow), 1));
	kept_set_board(kept, "lines", g_variant_builder_end(&lines));
	kept_set_board(kept, "functions",
		       g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, functions, length, 1));
}

static uint64_t get_number(GKeyFile *kept, const char *name)
{
	g_autoptr(GVariant) value = kept_board(kept, name, "t");

	return value ? g_variant_get_uint64(value) : 0;
}

static void get_lines(GKeyFile *kept)
{
	g_autoptr(GVariant) lines = kept_board(kept, "lines", "a{sb}");

	for (struct fake_line *line = fake.lines; lines && line; line = line->next) {
		g_autofree char *name = g_strconcat(line->device->id, "/", line->name, NULL);
		gboolean level = FALSE;

		g_variant_lookup(lines, name, "b", &level);
		line->level = level;
	}
}

static void get_functions(GKeyFile *kept)
{
	g_autoptr(GVariant) functions = kept_board(kept, "functions", "ay");
	gsize length = 0;
	const uint8_t *bytes = functions ? g_variant_get_fixed_array(functions, &length, 1) : NULL;

	if (length != fake_pci_size())
		check_fail("it has %" G_GSIZE_FORMAT
			   " PCI functions today, and had %" G_GSIZE_FORMAT,
			   fake_pci_size() / FAKE_PCI_SAVED, length / FAKE_PCI_SAVED);
	if (length)
		fake_pci_get(bytes);
}

static void get_board(GKeyFile *kept)
{
	g_autoptr(GVariant) shadow = kept_board(kept, "shadow", "ay"),
			    a20 = kept_board(kept, "a20", "b");
	gsize length = 0;
	const void *bytes = shadow ? g_variant_get_fixed_array(shadow, &length, 1) : NULL;

	if (length == sizeof(fake.shadow))
		memcpy(fake.shadow, bytes, length);
	fake.a20 = a20 && g_variant_get_boolean(a20);
	fake.now = get_number(kept, "now");
	fake.wall_base = get_number(kept, "wall-base");
	fake.random = get_number(kept, "random");
	fake.trace = 0;
	get_functions(kept);
	get_lines(kept);
}

/* -- Saving and loading */

static guint32 version_of(const struct check *check, const struct fake_device *d)
{
	return d->state_version ? d->state_version : tsr_plugin_get_state_version(check->plugin);
}

static void put_devices(const struct check *check, GKeyFile *kept)
{
	check_phase("save");
	for (unsigned i = 0; i < fake.device_count; i++) {
		struct fake_device *d = fake.devices[i];
		g_autofree char *plugin = g_strndup(d->plugin, strcspn(d->plugin, " "));

		kept_add_instance(kept, d->id, plugin, version_of(check, d),
				  kept_save_fields(d->class->save, d->self));
	}
}

static void load_device(GKeyFile *kept, struct fake_device *d)
{
	struct tsr_error error = { 0 };
	guint32 version;
	g_autoptr(GVariant) fields = kept_fields(kept, d->id, &version);
	struct fake_state *state;

	if (!fields)
		check_fail("it was made without %s, which is beside the plugin today", d->id);
	check_phase("the load of a previous version's state");
	state = fake_state_of(kept_write_fields, fields);
	if (!fake_device_load(d->self, state, version, &error))
		check_fail("%s refuses it (%s); if that is meant, raise state-oldest= in the "
			   "manifest",
			   d->plugin, error.message[0] ? error.message : "without a reason");
	fake_state_free(state);
}

/* In the core's order: its parts before the devices, and again because they may have moved lines.
 */
static void load_machine(GKeyFile *kept)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	check_machine.start();
	fake_start();
	check_machine.make();
	for (unsigned i = 0; i < fake.device_count; i++)
		g_ptr_array_add(names, fake.devices[i]->id);
	kept_check_instances(kept, names);
	get_board(kept);
	for (unsigned i = 0; i < fake.device_count; i++)
		load_device(kept, fake.devices[i]);
	get_board(kept);
	check_phase("an access after the load of a previous version's state");
}

/* Does the actions on a machine that has just been loaded, and ends it. (transfer full) */
static GPtrArray *play(const GPtrArray *lines)
{
	GPtrArray *answers = g_ptr_array_new_with_free_func(g_free);
	const struct compare_entry *entries;
	unsigned count;

	compare_begin();
	for (guint i = 0; i < lines->len; i++) {
		struct compare_entry action = parse_answer(lines->pdata[i]);

		if (!is_possible(&action))
			check_fail("the file is damaged: \"%s\" cannot be done",
				   (char *)lines->pdata[i]);
		compare_play(&check_machine, &action);
	}
	check_host_picture();
	entries = compare_entries(&count);
	for (unsigned i = 0; i < count; i++)
		g_ptr_array_add(answers, print_answer(&entries[i]));
	check_phase("detach");
	fake_finish();
	return answers;
}

/* -- A new state */

/* Where a BAR is stays as it was saved: what moves it makes the rest of the answers empty. */
static gboolean is_wanted(const struct compare_entry *e)
{
	return e->kind != LOG_CONFIG_WRITE || (e->address & 0xff) >= CONFIG_HEADER;
}

static GPtrArray *find_actions(GKeyFile *kept, guint64 seed)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	const struct compare_entry *entries;
	unsigned count;

	load_machine(kept);
	compare_look(&check_machine, seed, LOOKS);
	entries = compare_entries(&count);
	for (unsigned i = 0; i < count; i++)
		if (is_wanted(&entries[i]))
			g_ptr_array_add(lines, print_answer(&entries[i]));
	fake_finish();
	return lines;
}

void check_save_state(const struct check *check)
{
	g_autoptr(GKeyFile) kept = NULL;
	g_autoptr(GPtrArray) actions = NULL, answers = NULL;
	guint64 seed = check->seed;

	check_host_begin(check);
	if (!check_class_of(check->code)->save)
		check_skip("it has no state");
	kept = kept_new(check);
	check_machine.start();
	fake_start();
	check_machine.make();
	compare_drive(&check_machine, &seed, ACCESSES);
	check_host_settle();
	put_board(kept);
	put_devices(check, kept);
	fake_finish();
	actions = find_actions(kept, check->seed);
	load_machine(kept);
	answers = play(actions);
	kept_set_answers(kept, answers);
	kept_write(check, kept);
	check_note("%u answers", answers->len);
}

/* -- A state of a previous version */

void check_old_state(const struct check *check)
{
	g_autoptr(GKeyFile) kept = kept_read(check);
	g_autoptr(GPtrArray) actions = kept_answers(kept), answers = NULL;
	g_autofree struct check *made = kept_check(check, kept);
	g_autofree char *refusal = kept_refusal(check, kept);

	if (refusal) {
		check_note("refused, as the manifest says: %s", refusal);
		return;
	}
	check_host_begin(made);
	load_machine(kept);
	answers = play(actions);
	kept_compare(check, kept, answers);
}
