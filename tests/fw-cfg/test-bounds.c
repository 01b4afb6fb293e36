/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fixed arrays of the table writers: one element too many fails the table and writes nothing
 * beyond the array. */
#include <stdlib.h>

#include "test-fw-cfg.h"

#include "aml.h"
#include "loader.h"

static void full_loader_script_fails(void)
{
	static struct {
		struct loader loader;
		uint8_t after[LOADER_ENTRY];
	} at;
	struct fw_cfg_items items = { 0 };

	for (unsigned i = 0; i < LOADER_ENTRIES; i++)
		loader_allocate(&at.loader, "etc/file", 16, LOADER_HIGH);
	CU_ASSERT_FALSE(at.loader.failed);
	loader_allocate(&at.loader, "etc/file", 16, LOADER_HIGH);
	loader_pointer(&at.loader, "etc/file", 0, "etc/file");
	loader_checksum(&at.loader, "etc/file", 0, 0, 1);
	CU_ASSERT(at.loader.failed);
	CU_ASSERT_EQUAL(at.loader.entries, LOADER_ENTRIES);
	for (unsigned i = 0; i < LOADER_ENTRY; i++)
		CU_ASSERT_EQUAL(at.after[i], 0);
	CU_ASSERT_FALSE(loader_add(&at.loader, &items));
	CU_ASSERT_EQUAL(items.count, 0);
}

static void aml_nested_too_deep_fails(void)
{
	struct aml a = { 0 };

	for (unsigned i = 0; i < AML_DEPTH; i++)
		aml_open_scope(&a, "ABCD");
	CU_ASSERT_FALSE(a.failed);
	aml_open_resources(&a, "_CRS");
	CU_ASSERT(a.failed);
	aml_close_resources(&a);
	for (unsigned i = 0; i < AML_DEPTH; i++)
		aml_close(&a);
	CU_ASSERT_EQUAL(a.depth, 0);
	free(a.bytes);
}

CU_TestInfo bounds_tests[] = {
	ROW(full_loader_script_fails),
	ROW(aml_nested_too_deep_fails),
	CU_TEST_INFO_NULL,
};
