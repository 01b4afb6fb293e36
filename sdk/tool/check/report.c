/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See report.h. */
#include "report.h"

#include <stdio.h>
#include <string.h>

#include "program/program.h"

struct report {
	const struct check *check;
	GVariantBuilder tests; /* aa{sv} */
	unsigned level;        /* up to which nothing failed or was skipped for a failure */
	unsigned passed, skipped;
};

static const char *const outcomes[] = {
	[CHECK_PASSED] = "passed",
	[CHECK_FAILED] = "FAILED",
	[CHECK_SKIPPED] = "skipped",
};

static const char *const words[] = {
	[CHECK_PASSED] = "passed",
	[CHECK_FAILED] = "failed",
	[CHECK_SKIPPED] = "skipped",
};

static const char *version_of(const struct check *check)
{
	return check->plugin ? tsr_plugin_get_version(check->plugin) : "";
}

struct report *report_begin(const struct check *check)
{
	struct report *report = g_new0(struct report, 1);

	report->check = check;
	report->level = check->level;
	g_variant_builder_init(&report->tests, G_VARIANT_TYPE("aa{sv}"));
	if (!check->json)
		printf("%s %s (%s), on %s\n", check->id, version_of(check), check->manifest,
		       check->core ? "a core" : "the fake host");
	return report;
}

/* A plugin's text may have control characters, which are not for the terminal. */
static char *printable(const char *text)
{
	char *valid = g_utf8_make_valid(text, -1);

	for (char *at = valid; *at; at++)
		if ((unsigned char)*at < ' ' && *at != '\n')
			*at = '?';
	return valid;
}

static void print_output(const char *output)
{
	g_autofree char *text = g_strchomp(printable(output));
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *text && *line; line++)
		printf("              | %s\n", *line);
}

static void add_json(struct report *report, const struct check_test *test,
		     const struct check_result *result, const char *why, const char *state)
{
	GVariantBuilder row;

	g_variant_builder_init(&row, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&row, "{sv}", "level", g_variant_new_uint32(test->level));
	g_variant_builder_add(&row, "{sv}", "test", g_variant_new_string(test->name));
	if (state)
		g_variant_builder_add(&row, "{sv}", "state", g_variant_new_string(state));
	g_variant_builder_add(&row, "{sv}", "result", g_variant_new_string(words[result->outcome]));
	g_variant_builder_add(&row, "{sv}", "why", g_variant_new_string(why));
	g_variant_builder_add(&row, "{sv}", "milliseconds", g_variant_new_uint32(result->ms));
	g_variant_builder_add_value(&report->tests, g_variant_builder_end(&row));
}

void report_test(struct report *report, const struct check_test *test,
		 const struct check_result *result, const char *state)
{
	g_autofree char *why = printable(result->why ? result->why : ""),
			*file = state ? g_path_get_basename(state) : NULL,
			*name = file ? g_utf8_make_valid(file, -1) : NULL;

	if (result->outcome == CHECK_PASSED)
		report->passed++;
	if (result->outcome == CHECK_SKIPPED)
		report->skipped++;
	if (result->outcome == CHECK_FAILED)
		report->level = MIN(report->level, test->level - 1);
	if (report->check->json) {
		add_json(report, test, result, why, name);
		return;
	}
	printf("%2u  %-7s  %-14s  %s%s%s%s%s\n", test->level, outcomes[result->outcome], test->name,
	       name ? name : "", name ? ": " : "",
	       result->outcome == CHECK_PASSED ? test->what : why,
	       result->outcome == CHECK_PASSED && *why ? ": " : "",
	       result->outcome == CHECK_PASSED ? why : "");
	if (result->outcome == CHECK_FAILED && result->output)
		print_output(result->output);
	fflush(stdout);
}

static void print_json(struct report *report)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GVariant) all = NULL;
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&builder, "{sv}", "plugin", g_variant_new_string(report->check->id));
	g_variant_builder_add(&builder, "{sv}", "version",
			      g_variant_new_string(version_of(report->check)));
	g_variant_builder_add(&builder, "{sv}", "host",
			      g_variant_new_string(report->check->core ? "core" : "fake"));
	g_variant_builder_add(&builder, "{sv}", "level", g_variant_new_uint32(report->level));
	g_variant_builder_add(&builder, "{sv}", "tests", g_variant_builder_end(&report->tests));
	all = g_variant_ref_sink(g_variant_builder_end(&builder));
	program_add_json(text, all);
	puts(text->str);
}

void report_end(struct report *report, unsigned failed)
{
	if (report->check->json) {
		print_json(report);
	} else {
		printf("level %u of %u: %u passed, %u failed, %u skipped\n", report->level,
		       report->check->level, report->passed, failed, report->skipped);
		g_variant_builder_clear(&report->tests);
	}
	g_free(report);
}
