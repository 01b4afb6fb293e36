/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VGA on a fake machine: all suites. */
#include "vga-rig.h"

int main(void)
{
	CU_SuiteInfo suites[] = {
		{ .pName = "registers", .pTests = register_tests },
		{ .pName = "pictures", .pTests = picture_tests },
		{ .pName = "vbe", .pTests = vbe_tests },
		CU_SUITE_INFO_NULL,
	};
	unsigned failures;

	if (CU_initialize_registry() || CU_register_suites(suites))
		return 1;
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	fake_finish();
	return failures != 0;
}
