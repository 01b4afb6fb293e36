/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The debug exit. */
#include <CUnit/Basic.h>

#include <fake-host.h>

#include "unit.h"

static void status_is_odd(void)
{
	static const struct {
		uint32_t value;
		unsigned width;
		int status;
	} rows[] = {
		{ 0, 1, 1 }, { 1, 1, 3 }, { 0x31, 1, 0x63 }, { 0x1234, 2, 0x69 }, { 16, 4, 33 }
	};

	fake_start();
	fake_device_new(NULL, "debug-exit", NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_port_write(0x501, rows[i].value, rows[i].width);
		CU_ASSERT_EQUAL(fake_requests()->stops, i + 1);
		CU_ASSERT_EQUAL(fake_requests()->exit_status, rows[i].status);
	}
	CU_ASSERT_EQUAL(fake_port_read(0x501, 1), 0xff);
}

static void port_is_a_property(void)
{
	fake_start();
	fake_device_new(NULL, "debug-exit",
			(struct fake_row[]){ { "port", "244" }, { NULL, NULL } });
	fake_port_write(0x501, 1, 1);
	CU_ASSERT_EQUAL(fake_requests()->stops, 0);
	fake_port_write(0xf5, 1, 1);
	CU_ASSERT_EQUAL(fake_requests()->stops, 0);
	fake_port_write(0xf4, 1, 1);
	CU_ASSERT_EQUAL(fake_requests()->stops, 1);
}

#define ROW(test) \
	{ \
#test, test \
	}
static CU_TestInfo tests[] = {
	ROW(status_is_odd),
	ROW(port_is_a_property),
	CU_TEST_INFO_NULL,
};

int main(void)
{
	int status = unit_run("debug-exit", tests);

	fake_finish();
	return status;
}
