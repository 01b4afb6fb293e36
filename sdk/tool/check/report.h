/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is printed of the tests: a line each, or one JSON object at the end. */
#ifndef TSR_CHECK_REPORT_H
#define TSR_CHECK_REPORT_H

#include "check.h"

struct report;

struct report *report_begin(const struct check *check);
/* `state`: the file that the test was about, or NULL. */
void report_test(struct report *report, const struct check_test *test,
		 const struct check_result *result, const char *state);
/* Prints the end; frees the report. */
void report_end(struct report *report, unsigned failed);

#endif
