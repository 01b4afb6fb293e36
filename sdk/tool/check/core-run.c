/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A run of a machine on a real core. */
#include "core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	unsigned count;
	char *first;
} mistakes;

/* -- What the core and its plugins say */

static void on_log(const char *domain, GLogLevelFlags level, const char *text, gpointer user)
{
	g_autofree char *prefix = g_strconcat(core_instance(), ":", NULL);

	if (level > G_LOG_LEVEL_WARNING || !g_str_has_prefix(text, prefix))
		return;
	printf("%s\n", text);
	if (!mistakes.count++)
		mistakes.first = g_strdup(text);
}

unsigned core_run_mistakes(const char **first)
{
	*first = mistakes.first ? mistakes.first : "";
	return mistakes.count;
}

/* -- Signals */

static void on_event(TsrMachine *machine, const char *name, const char *event, const char *detail,
		     gpointer user)
{
	struct core_run *run = user;

	if (g_str_equal(name, "cpu0") && g_str_equal(event, "reached"))
		run->reached = TRUE;
}

static void on_stopped(TsrMachine *machine, int status, const char *why, gpointer user)
{
	struct core_run *run = user;

	run->stopped = TRUE;
}

/* -- A run */

struct core_run *core_run_new(const struct check *check, TsrRegistry *registry, const char *path,
			      guint64 seed, unsigned count)
{
	struct core_run *run = g_new0(struct core_run, 1);
	g_autofree char *file = g_build_filename(check->folder, "steps.log", NULL);
	g_autofree char *log = g_strconcat("cpu0.log=", file, NULL);
	g_autofree char *number = g_strdup_printf("cpu0.seed=%" G_GUINT64_FORMAT, seed);
	const char *settings[] = {
		"trust", "ui=none", "nic=none", "serial=none", number, log, NULL
	};
	GError *error = NULL;

	check_phase("attach and realize in a machine");
	g_setenv("TESSERA_CHECK", "1", TRUE);
	g_log_set_handler("tessera", G_LOG_LEVEL_MASK, on_log, NULL);
	run->log = g_steal_pointer(&file);
	run->machine = tsr_machine_new_from_file(registry, path, settings, &error);
	if (!run->machine && count > 1)
		check_skip("a machine can have one only: %s", error->message);
	if (!run->machine)
		check_fail("no machine can be made with it: %s", error->message);
	g_signal_connect(run->machine, "event", G_CALLBACK(on_event), run);
	g_signal_connect(run->machine, "stopped", G_CALLBACK(on_stopped), run);
	return run;
}

void core_run_set(struct core_run *run, const char *name, const char *value)
{
	GError *error = NULL;

	if (!tsr_machine_set_instance_property(run->machine, "cpu0", name, value, &error))
		check_fail("the driver: %s", error->message);
}

/* Until the driver has reached what it was told to. */
static gboolean go_on(struct core_run *run)
{
	TsrMachineState state = tsr_machine_get_state(run->machine);
	GError *error = NULL;

	run->reached = FALSE;
	check_phase("a run of the machine");
	if (state == TSR_MACHINE_LOADED ? !tsr_machine_start(run->machine, &error)
					: !tsr_machine_resume(run->machine, &error))
		check_fail("the machine does not go on: %s", error->message);
	while (!run->reached && !run->stopped)
		g_main_context_iteration(NULL, TRUE);
	if (!run->stopped && !tsr_machine_pause(run->machine, &error))
		check_fail("the machine cannot be paused: %s", error->message);
	return !run->stopped;
}

gboolean core_run_to(struct core_run *run, unsigned steps)
{
	g_autofree char *text = g_strdup_printf("%u", steps);

	if (run->stopped)
		return FALSE;
	core_run_set(run, "until", text);
	return go_on(run);
}

gboolean core_run_script(struct core_run *run, const char *path)
{
	core_run_set(run, "script", path);
	return go_on(run);
}

char *core_run_log(const struct core_run *run, unsigned steps)
{
	char *text = NULL;
	const char *line;

	if (!g_file_get_contents(run->log, &text, NULL, NULL))
		check_fail("the driver has no log");
	for (line = text; *line && strtoul(line, NULL, 10) <= steps;) {
		const char *end = strchr(line, '\n');

		line = end ? end + 1 : line + strlen(line);
	}
	memmove(text, line, strlen(line) + 1);
	return text;
}

char *core_run_hash(struct core_run *run)
{
	GError *error = NULL;
	char *hash = tsr_machine_hash_state(run->machine, &error);

	if (!hash)
		check_fail("the machine's state cannot be taken: %s", error->message);
	return hash;
}

void core_run_free(struct core_run *run)
{
	check_phase("detach from a machine");
	tsr_machine_stop(run->machine, 0, NULL);
	while (!run->stopped)
		g_main_context_iteration(NULL, TRUE);
	g_object_unref(run->machine);
	g_free(run->log);
	g_free(run);
}
