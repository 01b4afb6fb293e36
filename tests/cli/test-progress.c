/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the program tells on a terminal while it waits. */
#include <CUnit/Basic.h>
#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

/* What is on standard error, a terminal or a pipe, after a wait of so long. */
static void wait_for(gboolean terminal, guint milliseconds, char text[256])
{
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	CU_ASSERT_EQUAL_FATAL(terminal ? openpty(&ends[0], &ends[1], NULL, NULL, NULL) : pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	program_progress_begin("loading %s", "it");
	g_usleep(milliseconds * 1000);
	program_progress_end();
	dup2(saved, STDERR_FILENO);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	n = read(ends[0], text, 255);
	text[n > 0 ? n : 0] = '\0';
	close(saved);
	close(ends[0]);
	close(ends[1]);
}

static void a_long_wait_is_told_and_wiped(void)
{
	char text[256];

	wait_for(TRUE, 1500, text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\rtessera: loading it, 1 s"));
	CU_ASSERT_TRUE(g_str_has_suffix(text, "\r\033[K"));
}

static void a_short_wait_is_not(void)
{
	char text[256];

	wait_for(TRUE, 10, text);
	CU_ASSERT_STRING_EQUAL(text, "");
}

static void a_log_has_none_of_it(void)
{
	char text[256];

	wait_for(FALSE, 1200, text);
	CU_ASSERT_STRING_EQUAL(text, "");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a long wait is told and wiped", a_long_wait_is_told_and_wiped},
		{"a short wait is not", a_short_wait_is_not},
		{"a log has none of it", a_log_has_none_of_it},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{"progress", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
	unsigned failed;

	if (CU_initialize_registry() || CU_register_suites(suites))
		return 2;
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failed != 0;
}
