/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The IDE controller with two disks and a CD-ROM drive, driven by the input: a list of operations
 * of up to six bytes. Requests of the media end when an operation says so; descriptor tables and
 * data lie where the input puts them.
 */
#include <stdlib.h>
#include <string.h>

#include "rig.h"

/* The rig's checks without CUnit: a failure is a crash. */
CU_BOOL CU_assertImplementation(CU_BOOL value, unsigned int line, const char *condition,
				const char *file, const char *function, CU_BOOL fatal)
{
	if (!value)
		abort();
	return value;
}

struct input {
	const uint8_t *at, *end;
};

static uint32_t take(struct input *in, unsigned bytes)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < bytes && in->at < in->end; i++)
		value |= (uint32_t)*in->at++ << i * 8;
	return value;
}

static void move_data(struct input *in, bool write)
{
	unsigned width = (unsigned[]){ 1, 2, 4, 2 }[take(in, 1) & 3], count = take(in, 1) * 16;

	for (unsigned i = 0; i < count; i++)
		if (write)
			fake_port_write(rig.base, i * 0x01010101u, width);
		else
			fake_port_read(rig.base, width);
}

static void send_packet(struct input *in)
{
	uint8_t cdb[12] = { 0 };

	for (unsigned i = 0; i < 12; i++)
		cdb[i] = (uint8_t)take(in, 1);
	command(0xa0);
	write_words(cdb, 6);
}

static void save_and_load(void)
{
	void *const devices[] = { rig.drive, rig.cdrom, rig.controller };

	for (unsigned i = 0; i < 3; i++) {
		struct fake_state *s = fake_device_save(devices[i]);
		struct tsr_error error;

		fake_device_load(devices[i], s, 1, &error);
		fake_state_free(s);
	}
	fake_clock_advance(1000);
}

static void step(struct input *in)
{
	uint8_t op = (uint8_t)take(in, 1), reg = op >> 4 & 7;

	rig.base = op & 0x80 ? SECONDARY : PRIMARY;
	switch (op & 15) {
	case 0:
	case 1:
	case 2:
		out(reg, (uint8_t)take(in, 1));
		break;
	case 3:
		fake_port_read((uint16_t)(rig.base + reg), 1);
		break;
	case 4:
		command((uint8_t)take(in, 1));
		break;
	case 5:
		send_packet(in);
		break;
	case 6:
		move_data(in, op & 0x40);
		break;
	case 7:
	case 8:
		rig_run();
		break;
	case 9:
		fake_port_write((uint16_t)(rig.bus_master + take(in, 1) % 16), take(in, 4),
				(unsigned[]){ 1, 2, 4, 1 }[reg & 3]);
		break;
	case 10:
		fake_mmio_write(PRDS + (uint32_t)reg * 8,
				take(in, 4) & (op & 0x80 ? 0xffffffff : 0x1fffff), 4);
		fake_mmio_write(PRDS + (uint32_t)reg * 8 + 4,
				take(in, 2) | (op & 0x40 ? 0x80000000u : 0), 4);
		break;
	case 11:
		if (op & 0x40)
			bm_stop();
		else
			bm_start(op & 0x20);
		break;
	case 12:
		control((uint8_t)take(in, 1));
		break;
	case 13:
		rig.disk.fail = op & 0x40 ? TSR_BLOCK_IO_ERROR : TSR_BLOCK_OK;
		rig_swap(&rig.disc, op & 0x20);
		break;
	case 14:
		save_and_load();
		break;
	case 15:
		fake_pci_write(rig.bdf, take(in, 1) & 0xfc, take(in, 4), 4);
		fake_pci_enable(rig.bdf);
		break;
	}
}

/* One machine for all inputs: only a reset lies between them. */
static void power_on(void)
{
	static bool started;

	if (!started) {
		rig_add_slave(NULL);
		rig_start(512, 64);
	}
	started = true;
	rig_run();
	fake_device_reset(rig.controller, TSR_RESET_POWER_ON);
	fake_pci_enable(rig.bdf);
	fake_pci_write(rig.bdf, 0x40, 0x80008000, 4);
	rig.disk.fail = TSR_BLOCK_OK;
	rig.disc.locked = false;
	rig_swap(&rig.disc, true);
	memset(fake_ram(PRDS), 0, 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };

	power_on();
	while (in.at < in.end)
		step(&in);
	return 0;
}
