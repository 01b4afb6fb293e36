/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device on a fake host: no machine, no guest. */
#include <fake-host.h>
#include <stdio.h>
#include <string.h>

#define MEMORY 0x200000u

static unsigned failures;

static void check(bool good, const char *what)
{
	printf("%s %s\n", good ? "ok    " : "FAILED", what);
	failures += !good;
}

static void adds_up_and_interrupts(void)
{
	fake_start();
	void *device = fake_device_new(NULL, MANIFEST, NULL);
	unsigned bdf = fake_pci_of(device);

	fake_pci_enable(bdf);
	uint32_t bar = fake_pci_bar(bdf, 0);
	memset(fake_ram(MEMORY), 3, 1000);
	fake_mmio_write(bar, MEMORY, 4);
	fake_mmio_write(bar + 4, 1000, 4);
	check(fake_mmio_read(bar + 12, 4) == 1, "it is busy");
	check(fake_device_round_trip(device), "a state that is saved and loaded is the same");
	fake_pci_enable(bdf); /* the round trip has reset it */
	fake_clock_advance(10000);
	check(fake_mmio_read(bar + 12, 4) == 2, "it is done after 10 us");
	check(fake_mmio_read(bar + 8, 4) == 3000, "the sum is right");
	check(fake_pci_intx(bdf) == 1, "it interrupts");
	fake_mmio_write(bar + 12, 2, 4);
	check(fake_pci_intx(bdf) == 0, "acknowledged");
	fake_finish();
}

static void obeys_the_bus_master_bit(void)
{
	fake_start();
	unsigned bdf = fake_pci_of(fake_device_new(NULL, MANIFEST, NULL));

	fake_pci_enable(bdf);
	fake_pci_write(bdf, 4, 3, 2);
	uint32_t bar = fake_pci_bar(bdf, 0);
	fake_mmio_write(bar + 4, 1000, 4);
	fake_clock_advance(10000);
	check(fake_mmio_read(bar + 12, 4) == 4, "no DMA without the bus-master bit");
	fake_finish();
}

static void random_accesses_are_harmless(void)
{
	fake_start();
	fake_pci_enable(fake_pci_of(fake_device_new(NULL, MANIFEST, NULL)));
	fake_device_fuzz_registers(1, 20000);
	check(fake_log_count(TSR_LOG_ERROR) == 0, "random accesses are harmless");
	fake_finish();
}

int main(void)
{
	adds_up_and_interrupts();
	obeys_the_bus_master_bit();
	random_accesses_are_harmless();
	return failures ? 1 : 0;
}
