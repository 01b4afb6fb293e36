/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VGA on a fake machine: all suites. */
#include "unit.h"
#include "vga-rig.h"

int main(void)
{
	static const CU_SuiteInfo suites[] = {
		{ .pName = "registers", .pTests = register_tests },
		{ .pName = "pictures", .pTests = picture_tests },
		{ .pName = "vbe", .pTests = vbe_tests },
		CU_SUITE_INFO_NULL,
	};
	int status = unit_run_suites(suites);

	fake_finish();
	return status;
}
