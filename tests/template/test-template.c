/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <CUnit/Basic.h>

#include "fake-host.h"
#include "unit.h"

/* clang-format off */
static const struct fake_row rows[] = {
	{ "resource.regs.type", "ports" }, { "resource.regs.base", "0x310" }, { "resource.regs.length", "8" },
	{ "resource.irq.type", "irq" },    { "resource.irq.line", "isa:5" },  { "limit", "1000" },
	{ NULL, NULL },
};
/* clang-format on */

static void counts_down_and_interrupts(void)
{
	fake_start();
	void *device = fake_device_new(NULL, NULL, rows);

	fake_port_write(0x310, 500, 4);
	fake_clock_advance(100000);
	CU_ASSERT_EQUAL(fake_port_read(0x310, 4), 400);
	CU_ASSERT_TRUE(fake_device_round_trip(device));
	fake_clock_advance(399999);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 0);
	fake_clock_advance(1);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 1);
	CU_ASSERT_EQUAL(fake_port_read(0x314, 4), 1);
	CU_ASSERT_TRUE(fake_device_round_trip(device));
	fake_port_write(0x314, 1, 4);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 0);
	fake_finish();
}

static void the_limit_holds(void)
{
	fake_start();
	fake_device_new(NULL, NULL, rows);
	fake_port_write(0x310, 0xffffffff, 4);
	CU_ASSERT_EQUAL(fake_port_read(0x310, 4), 1000);
	fake_finish();
}

static void random_accesses_are_harmless(void)
{
	fake_start();
	fake_device_new(NULL, NULL, rows);
	fake_device_fuzz_registers(1, 20000);
	fake_finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "counts down and interrupts", counts_down_and_interrupts },
		{ "the limit holds", the_limit_holds },
		{ "random accesses are harmless", random_accesses_are_harmless },
		CU_TEST_INFO_NULL,
	};

	return unit_run("template", tests);
}
