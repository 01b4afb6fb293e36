/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * States of previous versions on a core: core-splice.c puts one into a state of today's machine,
 * which is loaded; the driver then does the actions among the answers again.
 */
#include <stdio.h>
#include <string.h>

#include "core.h"
#include "kept.h"
#include "state/state-file.h"

#define STEPS 600u /* before it is saved */
#define LOOKS 300u /* random steps after it is loaded */
#define READS 128u /* places that are read before those */
#define SAVED "old.state"
#define LOADED "spliced.state"
#define SCRIPT "script"

struct work {
	const struct check *check;
	TsrRegistry *registry;
	char *path; /* of the machine's manifest */
};

/* -- Machines */

static struct core_run *new_run(const struct work *work)
{
	struct core_run *run =
		core_run_new(work->check, work->registry, work->path, work->check->seed, 1);

	core_run_set(run, "resets", "false");
	return run;
}

static char *file_of(const struct check *check, const char *name)
{
	return g_build_filename(check->folder, name, NULL);
}

/* What a machine has saved. */
static TsrStateFile *save(const struct check *check, struct core_run *run)
{
	g_autofree char *path = file_of(check, SAVED);
	TsrStateFile *file = NULL;
	GError *error = NULL;

	check_phase("save");
	if (tsr_machine_save(run->machine, path, &error))
		file = tsr_state_file_open(path, &error);
	if (!file)
		check_fail("the machine cannot be saved: %s", error->message);
	return file;
}

/* The state after so many steps of a new machine. */
static TsrStateFile *save_new(const struct work *work, unsigned steps)
{
	struct core_run *run = new_run(work);
	TsrStateFile *file;

	if (!core_run_to(run, steps))
		check_skip("the machine stops before a state can be saved, because the plugin asks "
			   "for it");
	file = save(work->check, run);
	core_run_free(run);
	return file;
}

/* -- A machine with the state of the file */

/* Writes the state of today's machine with what the file has. */
static void splice(const struct work *work, GKeyFile *kept)
{
	g_autoptr(TsrStateFile) today = save_new(work, 1);
	g_autoptr(GVariant) head = core_merge_state(kept, tsr_state_file_get_head(today));
	guint64 length = tsr_state_file_get_memory_length(today);
	g_autofree uint8_t *memory = g_malloc(length);
	g_autofree char *path = file_of(work->check, LOADED);
	GError *error = NULL;

	if (!tsr_state_file_read_memory(today, memory, length, &error) ||
	    !tsr_state_file_write(path, head, memory, length, &error))
		check_fail("%s", error->message);
}

/* A machine with it; NULL and error: the core refuses it. */
static struct core_run *load(const struct work *work, GError **error)
{
	g_autofree char *path = file_of(work->check, LOADED);
	struct core_run *run = new_run(work);

	check_phase("the load of a previous version's state");
	if (tsr_machine_load(run->machine, path, error))
		return run;
	core_run_free(run);
	return NULL;
}

static struct core_run *load_or_fail(const struct work *work)
{
	g_autoptr(GError) error = NULL;
	struct core_run *run = load(work, &error);

	if (!run)
		check_fail("it is refused (%s); if that is meant, raise state-oldest= in the "
			   "manifest",
			   error->message);
	return run;
}

/* -- Actions */

static void add_reads(GPtrArray *lines, GPtrArray *reads)
{
	for (guint i = 0; i < reads->len; i++)
		g_ptr_array_add(lines, g_strdup(reads->pdata[i]));
}

static void add_times(GPtrArray *lines)
{
	static const unsigned instructions[] = { 100, 10000, 1000000, 20000000, 200000000 };

	for (guint i = 0; i < G_N_ELEMENTS(instructions); i++)
		g_ptr_array_add(lines, g_strdup_printf("time of 0 at %x: 0", instructions[i]));
}

/* Reads of the places where the log has accesses. (transfer full) */
static GPtrArray *find_reads(char **log)
{
	GPtrArray *reads = g_ptr_array_new_with_free_func(g_free);
	unsigned long long at;
	char kind[8], access[8];
	unsigned width;

	for (; *log && reads->len < READS; log++) {
		g_autofree char *line = NULL;

		if (sscanf(*log, "%*u %7s %7s of %u at %llx", kind, access, &width, &at) != 4 ||
		    (strcmp(kind, "port") != 0 && strcmp(kind, "memory") != 0))
			continue;
		line = g_strdup_printf("%s read of 1 at %llx: 0", kind, at);
		if (!g_ptr_array_find_with_equal_func(reads, line, g_str_equal, NULL))
			g_ptr_array_add(reads, g_steal_pointer(&line));
	}
	return reads;
}

/* A write to a function's header, which would move its BARs. */
static gboolean is_wanted(const char *line)
{
	unsigned width, at;

	return sscanf(line, "config write of %u at %x", &width, &at) != 2 || (at & 0xff) >= 0x40;
}

static void add_log(GPtrArray *lines, char **log)
{
	for (; *log; log++) {
		const char *line = strchr(*log, ' ');

		if (line && is_wanted(line + 1))
			g_ptr_array_add(lines, g_strdup(line + 1));
	}
}

/* What a loaded machine's driver did by chance, with reads of all that it touched before that.
 * (transfer full) */
static GPtrArray *find_actions(const struct work *work)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	struct core_run *run = load_or_fail(work);
	g_autofree char *text = NULL;
	g_auto(GStrv) log = NULL;
	g_autoptr(GPtrArray) reads = NULL;

	core_run_to(run, STEPS + LOOKS);
	text = core_run_log(run, 0);
	core_run_free(run);
	log = g_strsplit(text, "\n", -1);
	reads = find_reads(log);
	add_reads(lines, reads);
	add_times(lines);
	add_reads(lines, reads);
	add_log(lines, log);
	return lines;
}

/* -- Answers */

static void add_lines(GPtrArray *answers, GVariant *head)
{
	g_autoptr(GVariant) lines = core_part_of(head, "lines");
	GVariantIter iter;
	const char *name;
	GVariant *value;

	g_variant_iter_init(&iter, lines);
	while (g_variant_iter_next(&iter, "{&sv}", &name, &value)) {
		if (core_is_our_line(name))
			g_ptr_array_add(answers, g_strdup_printf("line %s: %u", name,
								 g_variant_get_byte(value)));
		g_variant_unref(value);
	}
}

/* What comes of the actions in a loaded machine. (transfer full) */
static GPtrArray *play(const struct work *work, GPtrArray *actions)
{
	GPtrArray *answers = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *script = file_of(work->check, SCRIPT), *text = NULL;
	struct core_run *run = load_or_fail(work);
	g_autoptr(GString) lines = g_string_new(NULL);
	g_auto(GStrv) log = NULL;

	for (guint i = 0; i < actions->len; i++)
		g_string_append_printf(lines, "%s\n", (char *)actions->pdata[i]);
	g_file_set_contents(script, lines->str, -1, NULL);
	if (core_run_script(run, script)) {
		g_autoptr(TsrStateFile) end = save(work->check, run);

		text = core_run_log(run, 0);
		log = g_strsplit(text, "\n", -1);
		add_log(answers, log);
		add_lines(answers, tsr_state_file_get_head(end));
	} else {
		g_ptr_array_add(answers, g_strdup("the machine stops"));
	}
	core_run_free(run);
	return answers;
}

/* -- The tests */

static void begin(struct work *work, const struct check *check)
{
	work->check = check;
	work->registry = core_registry(check);
	work->path = core_write_machine(check, work->registry, 1);
}

static void finish(struct work *work)
{
	g_object_unref(work->registry);
	g_free(work->path);
}

void check_core_save_state(const struct check *check)
{
	g_autoptr(GKeyFile) kept = NULL;
	g_autoptr(GPtrArray) actions = NULL, answers = NULL;
	g_autoptr(TsrStateFile) file = NULL, new_file = NULL;
	struct work work;

	if (strcmp(check->kind, "ui") == 0)
		check_skip("it has no state");
	begin(&work, check);
	kept = kept_new(check);
	file = save_new(&work, STEPS);
	new_file = save_new(&work, 1);
	core_put_state(kept, tsr_state_file_get_head(file), tsr_state_file_get_head(new_file));
	splice(&work, kept);
	actions = find_actions(&work);
	answers = play(&work, actions);
	kept_set_answers(kept, answers);
	kept_write(check, kept);
	check_note("%u answers", answers->len);
	finish(&work);
}

/* The core refuses it; if it does not, the plugin's manifest and the core disagree. */
static void expect_refusal(const struct work *work, const char *refusal)
{
	g_autoptr(GError) error = NULL;
	struct core_run *run = load(work, &error);
	const char *why;

	if (run)
		check_fail("the core loads it, although %s", refusal);
	why = strstr(error->message, LOADED ": ");
	check_note("refused, as the manifest says: %s",
		   why ? why + strlen(LOADED ": ") : error->message);
}

void check_core_old_state(const struct check *check)
{
	g_autoptr(GKeyFile) kept = kept_read(check);
	g_autoptr(GPtrArray) actions = kept_answers(kept), answers = NULL;
	g_autofree struct check *made = kept_check(check, kept);
	g_autofree char *refusal = kept_refusal(check, kept);
	struct work work;

	made->seed = (unsigned)g_key_file_get_uint64(kept, "State", "seed", NULL);
	begin(&work, made);
	splice(&work, kept);
	if (refusal) {
		expect_refusal(&work, refusal);
	} else {
		answers = play(&work, actions);
		kept_compare(check, kept, answers);
	}
	finish(&work);
}
