/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See order.h. */
#include "order.h"

#include <string.h>

#include "kept.h"

struct order {
	const struct check *check;
	struct report *report;
	const char *closed; /* the gate that failed */
	unsigned failed;
};

static gboolean is_wanted(const struct check *check, const struct check_test *test)
{
	for (guint i = 0; i < check->except->len; i++)
		if (strcmp(check->except->pdata[i], test->name) == 0)
			return FALSE;
	return test->level <= check->level && (test->core || !check->core) &&
	       (!check->only || strcmp(check->only, test->name) == 0);
}

static void add_result(struct order *order, const struct check_test *test,
		       struct check_result *result, const char *state)
{
	if (result->outcome == CHECK_FAILED)
		order->failed++;
	if (result->outcome == CHECK_FAILED && test->gate)
		order->closed = test->name;
	report_test(order->report, test, result, state);
	g_free(result->why);
	g_free(result->output);
}

static void skip(struct order *order, const struct check_test *test, char *why)
{
	struct check_result result = { CHECK_SKIPPED, why, NULL, 0 };

	add_result(order, test, &result, NULL);
}

static void run(struct order *order, const struct check_test *test, const char *state)
{
	struct check check = *order->check;
	struct check_result result;

	check.state = state;
	result = check_run(&check, test);
	add_result(order, test, &result, state);
}

static void run_each_state(struct order *order, const struct check_test *test)
{
	g_auto(GStrv) states = kept_list(order->check);

	if (!states || !*states)
		skip(order, test,
		     g_strdup("no states are kept that were saved on this host; --save-states "
			      "makes them"));
	for (char **state = states; state && *state; state++)
		run(order, test, *state);
}

unsigned order_run_tests(const struct check *check, struct report *report)
{
	struct order order = { .check = check, .report = report };

	for (const struct check_test *test = check_tests; test->name; test++) {
		if (!is_wanted(check, test))
			continue;
		if (order.closed && test->level > 2)
			skip(&order, test, g_strdup_printf("because %s failed", order.closed));
		else if (test->each_state)
			run_each_state(&order, test);
		else
			run(&order, test, NULL);
	}
	return order.failed;
}

/* -- New states */

static const struct check_test save_test = {
	.level = CHECK_LEVELS,
	.name = "save-state",
	.what = "a state is kept",
	.run = check_save_state,
	.core = check_core_save_state,
};

/* A state that is there is that of a version which may not be there any more. */
static struct check_result save_one(const struct check *check)
{
	struct check_result result = { CHECK_FAILED, NULL, NULL, 0 };

	if (g_file_test(check->state, G_FILE_TEST_EXISTS))
		result.why = g_strdup("the file exists: raise version= in the manifest, or remove "
				      "the file");
	else
		result = check_run(check, &save_test);
	return result;
}

unsigned order_save_states(const struct check *check, struct report *report)
{
	struct order order = { .check = check, .report = report };
	struct check_result refused = { CHECK_FAILED, g_strdup(check->refusal), NULL, 0 };

	if (!check->plugin) {
		add_result(&order, &save_test, &refused, NULL);
		return order.failed;
	}
	for (unsigned seed = 1; seed <= check->seeds; seed++) {
		struct check copy = *check;
		g_autofree char *path = NULL;
		struct check_result result;

		copy.seed = seed;
		path = kept_path(&copy);
		copy.state = path;
		result = save_one(&copy);
		add_result(&order, &save_test, &result, path);
	}
	return order.failed;
}
