/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random rings and registers: a running adapter over memory that holds anything. Arguments: seed, rounds. */
#include <stdlib.h>
#include <string.h>

#include "cable.h"

#define ROUNDS 400

static void random_memory(uint64_t *seed, uint32_t at, unsigned length)
{
	for (unsigned i = 0; i < length; i += 8) {
		uint64_t value = fake_random(seed);

		memcpy(fake_ram(at + i), &value, 8);
	}
}

/* Ring addresses near, in and beyond memory; now and then a descriptor's buffer lies on the ring itself. */
static void random_rings(uint64_t *seed)
{
	uint32_t bases[] = { 0x1000, 0x1008, FAKE_RAM_SIZE - 24, 0xfffffff0, 0xe0000000, 0 };
	uint32_t base = bases[fake_random(seed) % 6];

	random_memory(seed, 0, 0x8000);
	memcpy(fake_ram(0x500 + 20), &base, 4);
	base = bases[fake_random(seed) % 6];
	memcpy(fake_ram(0x500 + 24), &base, 4);
	for (unsigned i = 0; i < 64; i++) {
		uint32_t buffer = fake_random(seed) % 4 ? 0x1000 + fake_random(seed) % 0x400 : (uint32_t)fake_random(seed);

		memcpy(fake_ram(0x1000 + 16 * i + 8 * (i & 1)), &buffer, 4);
		*fake_ram(0x1007 + 16 * i) |= 0x80;
	}
}

static void one_round(uint64_t *seed)
{
	uint8_t frame[TSR_NET_FRAME_MAX];

	set_csr(0, 4);
	set_bcr(20, (uint16_t)(fake_random(seed) % 5));
	set_csr(1, 0x500);
	set_csr(2, 0);
	random_rings(seed);
	set_csr(4, (uint16_t)fake_random(seed));
	set_csr(3, (uint16_t)fake_random(seed));
	set_csr(0, 0x43);
	for (unsigned i = 0; i < 20; i++) {
		random_memory(seed, 0x2000, 256);
		for (unsigned k = 0; k < sizeof(frame); k++)
			frame[k] = (uint8_t)fake_random(seed);
		if (fake_random(seed) % 2)
			memset(frame, 0xff, 6);
		if (cable.port->can_receive(cable.port->to))
			cable_deliver(frame, 14 + fake_random(seed) % 1501);
		set_csr(0, (uint16_t)(0x48 | (fake_random(seed) & 0x7f00)));
		fake_clock_advance(3000000);
	}
	for (unsigned i = 0; i < 64; i++) {
		set_csr((unsigned)fake_random(seed) % 128, (uint16_t)fake_random(seed));
		set_bcr((unsigned)fake_random(seed) % 40, (uint16_t)fake_random(seed));
	}
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : ROUNDS;
	void *nic = nic_new("52:54:00:12:34:56");

	for (unsigned i = 0; i < rounds; i++) {
		one_round(&seed);
		if (i % 16 == 0)
			fake_device_reset(nic, TSR_RESET_HARD);
		fake_pci_enable(fake_pci_of(nic));
		nic_base = (uint16_t)fake_pci_bar(fake_pci_of(nic), 0);
	}
	fake_device_fuzz_registers(seed, rounds * 200);
	fake_finish();
	return 0;
}
