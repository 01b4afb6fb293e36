/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device on a fake host: no machine, no guest. */
#include <fake-host.h>
#include <stdio.h>

#define PORT 0x310 /* as in the manifest */

static unsigned failures;

static void check(bool good, const char *what)
{
	printf("%s %s\n", good ? "ok    " : "FAILED", what);
	failures += !good;
}

static void counts_down_and_interrupts()
{
	fake_start();
	void *device = fake_device_new(nullptr, MANIFEST, nullptr);

	fake_port_write(PORT, 500, 4);
	fake_clock_advance(100000);
	check(fake_port_read(PORT, 4) == 400, "400 us are left after 100");
	check(fake_device_round_trip(device), "a state that is saved and loaded is the same");
	fake_clock_advance(399999);
	check(fake_irq_level("irq") == 0, "no interrupt before the end");
	fake_clock_advance(1);
	check(fake_irq_level("irq") == 1, "an interrupt at the end");
	check(fake_port_read(PORT + 4, 4) == 1, "STATUS says so");
	check(fake_device_round_trip(device), "also with the interrupt under way");
	fake_port_write(PORT + 4, 1, 4);
	check(fake_irq_level("irq") == 0, "acknowledged");
	fake_finish();
}

static void the_limit_holds()
{
	static const fake_row rows[] = { { "limit", "1000" }, { nullptr, nullptr } };

	fake_start();
	fake_device_new(nullptr, MANIFEST, rows);
	fake_port_write(PORT, 0xffffffff, 4);
	check(fake_port_read(PORT, 4) == 1000, "the guest cannot exceed the limit");
	fake_finish();
}

static void random_accesses_are_harmless()
{
	fake_start();
	fake_device_new(nullptr, MANIFEST, nullptr);
	fake_device_fuzz_registers(1, 20000);
	check(fake_log_count(TSR_LOG_ERROR) == 0, "random accesses are harmless");
	fake_finish();
}

int main()
{
	counts_down_and_interrupts();
	the_limit_holds();
	random_accesses_are_harmless();
	return failures ? 1 : 0;
}
