/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs CUnit suites and turns their result into an exit status; see unit.h. */
#include "unit.h"

#include <stdbool.h>
#include <stdio.h>

int unit_run_suites(const CU_SuiteInfo *suites)
{
	bool passed = false;

	/* CUnit takes the table without const and does not change it. */
	if (CU_initialize_registry() || CU_register_suites((CU_SuiteInfo *)suites)) {
		fprintf(stderr, "CUnit: %s\n", CU_get_error_msg());
		return 1;
	}
	CU_basic_set_mode(CU_BRM_VERBOSE);
	if (CU_basic_run_tests() == CUE_SUCCESS)
		passed =
			CU_get_number_of_failure_records() == 0 && CU_get_number_of_tests_run() > 0;
	CU_cleanup_registry();
	return passed ? 0 : 1;
}

int unit_run(const char *name, const CU_TestInfo *tests)
{
	const CU_SuiteInfo suites[] = {
		{ .pName = name, .pTests = (CU_TestInfo *)tests },
		CU_SUITE_INFO_NULL,
	};

	return unit_run_suites(suites);
}
