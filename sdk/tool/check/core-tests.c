/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of a plugin in a machine on a real core. */
#include "core.h"

#include <stdio.h>
#include <string.h>

#define STEPS 1500u
#define LONG_STEPS 6000u
#define RESET_EACH 113u /* steps */
#define SHOWN_BEFORE 8u
#define SAVED "middle.state"

static void check_mistakes(void)
{
	const char *first;
	unsigned count = core_run_mistakes(&first);

	if (count)
		check_fail("the core has reported %u mistakes and warnings: \"%s\"", count, first);
}

/* A machine of the plugin; `count` instances of it. */
static char *begin(const struct check *check, TsrRegistry **registry, unsigned count)
{
	*registry = core_registry(check);
	return core_write_machine(check, *registry, count);
}

/* -- A user interface: shown, while the machine runs, and closed */

static void show(const struct check *check, TsrRegistry *registry, struct core_run *run)
{
	g_autofree char *plugin = g_strconcat("plugin=", check->id, NULL);
	g_autoptr(GPtrArray) settings = g_ptr_array_new();
	GError *error = NULL;

	g_ptr_array_add(settings, plugin);
	for (guint i = 0; i < check->rows->len; i++)
		g_ptr_array_add(settings, check->rows->pdata[i]);
	g_ptr_array_add(settings, NULL);
	check_phase("attach and realize as a user interface");
	if (!tsr_machine_show(run->machine, registry, (const char *const *)settings->pdata, &error))
		check_fail("it cannot be opened: %s", error->message);
	check_phase("a user interface of a machine");
}

static gboolean is_shown(const struct check *check)
{
	return strcmp(check->kind, "ui") == 0;
}

/* -- Life */

static void run_once(const struct check *check, TsrRegistry *registry, const char *path,
		     guint64 seed, unsigned count, unsigned steps)
{
	struct core_run *run = core_run_new(check, registry, path, seed, count);

	if (is_shown(check))
		show(check, registry, run);
	core_run_to(run, steps);
	core_run_free(run);
}

static void run_each(const struct check *check, unsigned count)
{
	g_autoptr(TsrRegistry) registry = NULL;
	g_autofree char *path = begin(check, &registry, count);

	for (guint64 seed = 1; seed <= check->seeds; seed++)
		run_once(check, registry, path, seed, count, STEPS);
	check_mistakes();
}

void check_core_attach(const struct check *check)
{
	g_autoptr(TsrRegistry) registry = NULL;
	g_autofree char *path = begin(check, &registry, 1);

	run_once(check, registry, path, 1, 1, 0);
	run_once(check, registry, path, 1, 1, 1);
	check_mistakes();
}

void check_core_random(const struct check *check)
{
	run_each(check, 1);
}

void check_core_two_instances(const struct check *check)
{
	if (is_shown(check))
		check_skip("a machine shows one user interface");
	run_each(check, 2);
}

/* The reset button, after each few steps. */
void check_core_resets(const struct check *check)
{
	g_autoptr(TsrRegistry) registry = NULL;
	g_autofree char *path = begin(check, &registry, 1);

	for (guint64 seed = 1; seed <= check->seeds; seed++) {
		struct core_run *run = core_run_new(check, registry, path, seed, 1);

		if (is_shown(check))
			show(check, registry, run);
		for (unsigned steps = 1; core_run_to(run, steps) && steps < STEPS;
		     steps += RESET_EACH)
			tsr_machine_reset(run->machine, NULL);
		core_run_free(run);
	}
	check_mistakes();
}

void check_core_log(const struct check *check)
{
	g_autoptr(TsrRegistry) registry = NULL;
	g_autofree char *path = begin(check, &registry, 1);
	const char *first;

	run_once(check, registry, path, check->seeds + 1, 1, LONG_STEPS);
	if (core_run_mistakes(&first))
		check_fail("random accesses made it log errors and warnings; what a guest does "
			   "wrong is at most DEBUG: \"%s\"",
			   first);
}

/* -- Comparisons */

static void print_lines(char **lines, guint from, guint to)
{
	for (guint i = from; i < to && lines[i]; i++)
		printf("  %s\n", lines[i]);
}

static void print_difference(const char *a, const char *b, const char *first, const char *second)
{
	g_auto(GStrv) as = g_strsplit(a, "\n", -1), bs = g_strsplit(b, "\n", -1);
	guint at = 0;

	while (as[at] && bs[at] && g_str_equal(as[at], bs[at]))
		at++;
	print_lines(as, at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0, at);
	printf("%s:\n", first);
	print_lines(as, at, at + 1);
	printf("%s:\n", second);
	print_lines(bs, at, at + 1);
}

/* What came of a run from a step on. */
struct outcome {
	char *log, *hash;
};

static struct outcome outcome_of(struct core_run *run, unsigned from)
{
	struct outcome outcome = { core_run_log(run, from), core_run_hash(run) };

	return outcome;
}

static gboolean same(struct outcome *a, struct outcome *b, const char *first, const char *second)
{
	gboolean good = g_str_equal(a->log, b->log) && g_str_equal(a->hash, b->hash);

	if (!g_str_equal(a->log, b->log))
		print_difference(a->log, b->log, first, second);
	else if (!good)
		printf("all that was read is the same; the state at the end is another one\n");
	g_free(a->log);
	g_free(a->hash);
	g_free(b->log);
	g_free(b->hash);
	return good;
}

static struct outcome run_through(const struct check *check, TsrRegistry *registry,
				  const char *path, guint64 seed)
{
	struct core_run *run = core_run_new(check, registry, path, seed, 1);
	struct outcome outcome;

	core_run_to(run, STEPS);
	outcome = outcome_of(run, 0);
	core_run_free(run);
	return outcome;
}

void check_core_deterministic(const struct check *check)
{
	g_autoptr(TsrRegistry) registry = NULL;
	g_autofree char *path = NULL;

	if (is_shown(check))
		check_skip("not for the kind ui");
	path = begin(check, &registry, 1);
	for (guint64 seed = 1; seed <= check->seeds; seed++) {
		struct outcome first = run_through(check, registry, path, seed),
			       second = run_through(check, registry, path, seed);

		if (!same(&first, &second, "first run", "second run"))
			check_fail("run %u goes on differently when it is repeated: it uses the "
				   "host's time or chance, or memory that is not initialised",
				   (unsigned)seed);
	}
}

/* Saves in the middle and goes on. FALSE: the machine was switched off before. */
static gboolean run_and_save(const struct check *check, struct core_run *run, unsigned middle)
{
	g_autofree char *state = g_build_filename(check->folder, SAVED, NULL);
	GError *error = NULL;

	if (!core_run_to(run, middle))
		return FALSE;
	check_phase("save");
	if (!tsr_machine_save(run->machine, state, &error))
		check_fail("the machine cannot be saved: %s", error->message);
	core_run_to(run, STEPS);
	return TRUE;
}

static void load(const struct check *check, struct core_run *run)
{
	g_autofree char *state = g_build_filename(check->folder, SAVED, NULL);
	GError *error = NULL;

	check_phase("load");
	if (!tsr_machine_load(run->machine, state, &error))
		check_fail("the machine's state is refused: %s", error->message);
}

static gboolean compare(const struct check *check, TsrRegistry *registry, const char *path,
			guint64 seed)
{
	unsigned middle = STEPS / 4 + (unsigned)(seed * 97 % (STEPS / 2));
	struct core_run *run = core_run_new(check, registry, path, seed, 1), *loaded;
	gboolean saved = run_and_save(check, run, middle);
	struct outcome without, with;

	if (!saved) {
		core_run_free(run);
		return TRUE;
	}
	without = outcome_of(run, middle);
	core_run_free(run);
	loaded = core_run_new(check, registry, path, seed, 1);
	load(check, loaded);
	core_run_to(loaded, STEPS);
	with = outcome_of(loaded, middle);
	core_run_free(loaded);
	return same(&without, &with, "without a load", "with a load");
}

void check_core_differential(const struct check *check)
{
	g_autoptr(TsrRegistry) registry = NULL;
	g_autofree char *path = NULL;

	if (is_shown(check))
		check_skip("it has no state");
	path = begin(check, &registry, 1);
	for (guint64 seed = 1; seed <= check->seeds; seed++)
		if (!compare(check, registry, path, seed))
			check_fail("run %u with a save and a load in the middle goes on "
				   "differently: its state forgets something",
				   (unsigned)seed);
	check_note("%u runs of %u steps", check->seeds, STEPS);
}
