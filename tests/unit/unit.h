/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The main function of a CUnit program, written once. A test's main() holds its table and one call:
 *
 *	static const CU_TestInfo tests[] = {
 *		{ "counts down", counts_down },
 *		UNIT_ROW(the_limit_holds),
 *		CU_TEST_INFO_NULL,
 *	};
 *
 *	return unit_run("countdown", tests);
 *
 * What a test needs before and after stands around the call, or in the suite's functions.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <CUnit/Basic.h>

/* A row of a table of tests; the test is named like its function. */
/* clang-format off */
#define UNIT_ROW(function) {#function, function}
/* clang-format on */

/* Runs one suite; the table ends with CU_TEST_INFO_NULL. Returns the exit status of the program: 0
 * when tests were run and all passed, otherwise 1. Call one of these two functions once in a
 * program. */
int unit_run(const char *name, const CU_TestInfo *tests);

/* The same for several suites, or for a suite with functions of its own around the tests; the table
 * ends with CU_SUITE_INFO_NULL. */
int unit_run_suites(const CU_SuiteInfo *suites);

#endif
