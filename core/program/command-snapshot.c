/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera snapshot MACHINE COMMAND, and the same of a running machine for `tessera ctl`. A command
 * is a row. */
#include <signal.h>
#include <string.h>

#include <tessera-glib/snapshots.h>

#include "program/program.h"
#include "program/snapshots.h"

#define BUSY_SECONDS 5
#define BUSY_POLL_US 100000u

typedef struct {
	const char *machine;
	TsrMachine *running; /* NULL: it is off */
	GPtrArray *words;    /* char *: what is neither the command nor an option */
	const char *note;    /* NULL: not said */
	gboolean discard, json, variant;
} Request;

static const char *word(const Request *r, guint i)
{
	return g_ptr_array_index(r->words, i);
}

static int finish(GError *error)
{
	program_progress_end();
	return error ? program_fail_error(error) : 0;
}

/* -- The list */

static guint depth_of(GVariant *list, guint id)
{
	guint depth = 0;

	for (gsize i = g_variant_n_children(list); i--;) {
		g_autoptr(GVariant) fields = g_variant_get_child_value(list, i);
		guint own, parent;
		gboolean hidden;

		if (!g_variant_lookup(fields, "id", "u", &own) || own != id ||
		    !g_variant_lookup(fields, "parent", "u", &parent) ||
		    !g_variant_lookup(fields, "hidden", "b", &hidden))
			continue;
		depth += !hidden;
		id = parent;
	}
	return depth;
}

static void print_one(GVariant *list, GVariant *fields)
{
	gboolean current = FALSE, state = FALSE;
	const char *name, *note;
	guint64 bytes = 0;
	gint64 time = 0;
	guint id = 0;

	g_variant_lookup(fields, "id", "u", &id);
	g_variant_lookup(fields, "name", "&s", &name);
	g_variant_lookup(fields, "note", "&s", &note);
	g_variant_lookup(fields, "time", "x", &time);
	g_variant_lookup(fields, "state", "b", &state);
	g_variant_lookup(fields, "current", "b", &current);
	g_variant_lookup(fields, "bytes", "t", &bytes);
	g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(time);
	g_autofree char *date = when ? g_date_time_format(when, "%Y-%m-%d %H:%M") : g_strdup("?");
	g_autofree char *size = g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);

	g_print("%*s%s  %s, %s, %s%s%s%s\n", (int)(2 * (depth_of(list, id) - 1)), "", name, date,
		state ? "running" : "off", size, current ? ", the machine is here" : "",
		*note ? ": " : "", note);
}

/* Children follow their parent, oldest first. */
static void print_below(GVariant *list, guint parent)
{
	for (gsize i = 0; i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) fields = g_variant_get_child_value(list, i);
		guint id = 0, own = 0;
		gboolean hidden = FALSE;

		g_variant_lookup(fields, "parent", "u", &own);
		g_variant_lookup(fields, "id", "u", &id);
		g_variant_lookup(fields, "hidden", "b", &hidden);
		if (own != parent)
			continue;
		if (!hidden)
			print_one(list, fields);
		print_below(list, id);
	}
}

static int do_list(Request *r)
{
	GError *error = NULL;
	g_autoptr(GVariant) list = tsr_snapshots_list(r->machine, &error);

	if (!list)
		return program_fail_error(error);
	if (r->variant) {
		g_autofree char *text = g_variant_print(list, TRUE);

		g_print("%s\n", text);
		return 0;
	}
	if (r->json) {
		g_autoptr(GString) text = g_string_new(NULL);

		program_add_json(text, list);
		g_print("%s\n", text->str);
		return 0;
	}
	print_below(list, 0);
	if (!g_variant_n_children(list))
		g_print("no snapshots\n");
	return 0;
}

/* -- Changes */

static int do_take(Request *r)
{
	g_autoptr(TsrRegistry) registry = tsr_registry_new();
	GError *error = NULL;

	program_progress_begin("taking the snapshot %s", word(r, 0));
	tsr_snapshots_take(registry, r->machine, r->running, word(r, 0), r->note, &error);
	return finish(error);
}

static int do_go(Request *r)
{
	GError *error = NULL;

	tsr_snapshots_go(r->machine, word(r, 0), r->discard, &error);
	return finish(error);
}

static int do_delete(Request *r)
{
	GError *error = NULL;

	program_progress_begin("merging %s into what is above it", word(r, 0));
	tsr_snapshots_delete(r->machine, word(r, 0), &error);
	return finish(error);
}

/* A machine that was just powered off may still be flushing its disks. */
static int end_undo(Request *r, gboolean commit)
{
	const gint64 until = g_get_monotonic_time() + BUSY_SECONDS * G_USEC_PER_SEC;
	GError *error = NULL;

	program_progress_begin(commit ? "committing the changes" : "discarding the changes");
	while (!tsr_snapshots_end_undo(r->machine, commit, &error) &&
	       g_error_matches(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE) &&
	       g_get_monotonic_time() < until) {
		g_clear_error(&error);
		g_usleep(BUSY_POLL_US);
	}
	return finish(error);
}

static int do_commit(Request *r)
{
	return end_undo(r, TRUE);
}

static int do_discard(Request *r)
{
	return end_undo(r, FALSE);
}

static int do_rename(Request *r)
{
	GError *error = NULL;

	tsr_snapshots_edit(r->machine, word(r, 0), word(r, 1), r->note, &error);
	return finish(error);
}

static int do_note(Request *r)
{
	GError *error = NULL;

	tsr_snapshots_edit(r->machine, word(r, 0), NULL, word(r, 1), &error);
	return finish(error);
}

static int do_clone(Request *r)
{
	GError *error = NULL;

	tsr_snapshots_clone(r->machine, word(r, 0), word(r, 1), &error);
	return finish(error);
}

static const struct {
	const char *name;
	guint words;
	const char *usage;
	int (*run)(Request *r);
	gboolean while_running;
} commands[] = {
	{ "list", 0, "list [--json | --gvariant]", do_list, TRUE },
	{ "take", 1, "take NAME [--note TEXT]", do_take, TRUE },
	{ "go", 1, "go NAME [--discard]", do_go, FALSE },
	{ "delete", 1, "delete NAME", do_delete, FALSE },
	{ "commit", 0, "commit", do_commit, FALSE },
	{ "discard", 0, "discard", do_discard, FALSE },
	{ "rename", 2, "rename NAME NEW-NAME", do_rename, TRUE },
	{ "note", 2, "note NAME TEXT", do_note, TRUE },
	{ "clone", 2, "clone NAME FOLDER", do_clone, TRUE },
};

/* -- The command line */

static int parse(Request *r, char **arguments)
{
	gboolean options = TRUE;

	for (; *arguments; arguments++) {
		const char *text = *arguments;

		if (!options || strncmp(text, "--", 2) != 0)
			g_ptr_array_add(r->words, *arguments);
		else if (g_str_equal(text, "--"))
			options = FALSE;
		else if (g_str_equal(text, "--discard"))
			r->discard = TRUE;
		else if (g_str_equal(text, "--json"))
			r->json = TRUE;
		else if (g_str_equal(text, "--gvariant"))
			r->variant = TRUE;
		else if (g_str_equal(text, "--note") && arguments[1])
			r->note = *++arguments;
		else
			return program_fail(TSR_EXIT_USAGE, "unknown option %s", text);
	}
	return 0;
}

static int run(Request *r, const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (!g_str_equal(commands[i].name, name))
			continue;
		if (r->words->len != commands[i].words)
			return program_fail(TSR_EXIT_USAGE, "usage: `tessera snapshot MACHINE %s`",
					    commands[i].usage);
		if (r->running && !commands[i].while_running)
			return program_fail(TSR_EXIT_MACHINE_FAILED,
					    "the machine runs: power it off first, then `tessera "
					    "snapshot %s %s`",
					    r->machine, commands[i].usage);
		return commands[i].run(r);
	}
	return program_fail(TSR_EXIT_USAGE,
			    "there is no command \"%s\"; `tessera snapshot --help` lists them",
			    name);
}

int program_snapshots(const char *machine, TsrMachine *running, char **arguments)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	Request request = { .machine = machine, .running = running, .words = words };
	int status = parse(&request, arguments + 1);

	return status ? status : run(&request, arguments[0]);
}

int command_snapshot(char **arguments)
{
	if (program_wants_help(arguments, "snapshot"))
		return 0;
	signal(SIGPIPE, SIG_IGN); /* who started it may not wait for its end */
	if (g_strv_length(arguments) < 2)
		return program_fail(TSR_EXIT_USAGE,
				    "usage: `tessera snapshot MACHINE COMMAND`; `tessera snapshot "
				    "--help` lists the commands");
	return program_snapshots(arguments[0], NULL, arguments + 1);
}
