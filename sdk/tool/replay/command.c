/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera sdk replay PLUGIN FILE: arguments, and what is said of the result. */
#include "replay.h"

#include <stdio.h>
#include <sys/mman.h>

#include "program/program.h"
#include "tool.h"

#define LIMIT_SECONDS 600

struct words {
	const char *target, *file;
};

/* -- Arguments */

/* TRUE: the option takes a value, and the value is good. */
static gboolean take_option(struct check *check, const char *name, char *value)
{
	guint64 seconds;

	if (strcmp(name, "--set") == 0 && strchr(value, '=')) {
		g_ptr_array_add(check->rows, value);
		return TRUE;
	}
	if (strcmp(name, "--timeout") != 0 ||
	    !g_ascii_string_to_unsigned(value, 10, 1, 86400, &seconds, NULL))
		return FALSE;
	check->limit = (unsigned)seconds;
	return TRUE;
}

static int read_arguments(struct check *check, char **arguments, struct words *words)
{
	for (char **at = arguments; *at; at++) {
		if (strcmp(*at, "--json") == 0) {
			check->json = TRUE;
		} else if ((*at)[0] != '-' && !words->target) {
			words->target = *at;
		} else if ((*at)[0] != '-' && !words->file) {
			words->file = *at;
		} else if ((*at)[0] != '-' || !at[1] || !take_option(check, at[0], at[1])) {
			return tool_fail(TOOL_USAGE,
					 "%s is not understood; `tessera sdk --help` says what is",
					 *at);
		} else {
			at++;
		}
	}
	if (!words->file)
		return tool_fail(
			TOOL_USAGE,
			"name a plugin and a recording: tessera sdk replay PLUGIN.so FILE");
	return TOOL_OK;
}

/* -- In the child */

static void run(const struct check *check)
{
	replay.check = check;
	replay_begin();
	check_phase("a recorded call");
	replay_play();
}

/* -- In the parent */

/* A word of the description. (transfer full) */
static char *word(const struct tsr_recording *recording, const char *name)
{
	g_autoptr(GVariant) value = tsr_recording_lookup(recording, name, "s");

	return g_strdup(value ? g_variant_get_string(value, NULL) : "");
}

static GVariant *describe_difference(const struct replay_outcome *o)
{
	g_auto(GVariantDict) d = G_VARIANT_DICT_INIT(NULL);

	g_variant_dict_insert(&d, "event", "t", o->event);
	g_variant_dict_insert(&d, "time_ns", "t", o->time_ns);
	g_variant_dict_insert(&d, "during_event", "t", o->during);
	g_variant_dict_insert(&d, "during", "s", o->during ? o->during_text : "");
	g_variant_dict_insert(&d, "expected", "s", o->expected);
	g_variant_dict_insert(&d, "got", "s", o->got);
	return g_variant_dict_end(&d);
}

static void print_json(const struct check *check, const struct replay_outcome *o,
		       const struct tsr_recording *recording)
{
	g_auto(GVariantDict) d = G_VARIANT_DICT_INIT(NULL);
	g_autoptr(GVariant) all = NULL;
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *instance = word(recording, "instance");
	g_autofree char *version = word(recording, "version");

	g_variant_dict_insert(&d, "plugin", "s", check->id);
	g_variant_dict_insert(&d, "version", "s", tsr_plugin_get_version(check->plugin));
	g_variant_dict_insert(&d, "recorded_instance", "s", instance);
	g_variant_dict_insert(&d, "recorded_version", "s", version);
	g_variant_dict_insert(&d, "same", "b", !o->differs);
	g_variant_dict_insert(&d, "events", "t", o->event);
	if (o->differs)
		g_variant_dict_insert_value(&d, "difference", describe_difference(o));
	all = g_variant_ref_sink(g_variant_dict_end(&d));
	program_add_json(out, all);
	puts(out->str);
}

static void print_text(const struct check *check, const struct replay_outcome *o)
{
	const char *version = tsr_plugin_get_version(check->plugin);
	double seconds = (double)o->time_ns / 1e9;

	if (!o->differs) {
		printf("%s %s: no difference in %" G_GUINT64_FORMAT
		       " events, up to %.9f s of guest time\n",
		       check->id, version, o->event, seconds);
		return;
	}
	printf("%s %s: the first difference is at event %" G_GUINT64_FORMAT
	       ", %.9f s of guest time\n",
	       check->id, version, o->event, seconds);
	if (o->during)
		printf("  during    event %" G_GUINT64_FORMAT ": %s\n", o->during, o->during_text);
	printf("  expected  %s\n  got       %s\n", o->expected, o->got);
}

/* A plugin that ended its process without a word has not done what was recorded. */
static void judge(struct replay_outcome *o, const struct check_result *result)
{
	if (result->outcome != CHECK_FAILED || o->differs)
		return;
	o->differs = TRUE;
	g_strlcpy(o->expected, "what comes next in the recording", sizeof(o->expected));
	g_strlcpy(o->got, result->why ? result->why : "", sizeof(o->got));
}

static int play(struct check *check, const struct words *words)
{
	static const struct check_test test = { .name = "replay", .run = run };
	struct check_result result = check_run(check, &test);
	struct replay_outcome *o = replay.outcome;
	int status = TOOL_OK;

	judge(o, &result);
	if (result.outcome == CHECK_SKIPPED && result.why && *result.why)
		status = tool_fail(TOOL_USAGE, "%s: %s", words->file, result.why);
	else if (check->json)
		print_json(check, o, replay.recording);
	else
		print_text(check, o);
	if (!status && o->differs)
		status = TOOL_FAILED;
	g_free(result.why);
	g_free(result.output);
	return status;
}

static int check_plugin(const struct check *check, const char *file)
{
	g_autofree char *recorded = word(replay.recording, "plugin");

	if (!check->plugin)
		return tool_fail(TOOL_USAGE, "%s", check->refusal);
	if (!check->code)
		return tool_fail(TOOL_USAGE, "%s is a script, and what runs it is not installed",
				 check->manifest);
	if (strcmp(recorded, check->id) != 0)
		return tool_fail(TOOL_USAGE, "%s is a recording of the plugin %s, not of %s", file,
				 recorded, check->id);
	return TOOL_OK;
}

static int replay_file(struct check *check, const struct words *words)
{
	GError *error = NULL;
	int status;

	replay.recording = tsr_recording_open(words->file, &error);
	if (!replay.recording)
		return tool_fail_error(TOOL_USAGE, error);
	replay.outcome = mmap(NULL, sizeof(*replay.outcome), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (replay.outcome == MAP_FAILED)
		return tool_fail(TOOL_USAGE, "there is no memory left");
	status = check_plugin(check, words->file);
	if (status == TOOL_OK)
		status = play(check, words);
	munmap(replay.outcome, sizeof(*replay.outcome));
	tsr_recording_free(replay.recording);
	return status;
}

int tool_replay(char **arguments)
{
	struct check check = { .limit = LIMIT_SECONDS, .rows = g_ptr_array_new() };
	struct words words = { NULL, NULL };
	int status = read_arguments(&check, arguments, &words);

	if (status == TOOL_OK)
		status = check_find_plugin(&check, words.target);
	if (status != TOOL_OK)
		return status;
	status = replay_file(&check, &words);
	check_forget_plugin(&check);
	return status;
}
