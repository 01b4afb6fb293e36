/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The PCnet adapter driven by the input: a list of operations on its registers, its rings in
 * memory, its cable, and time. Ring addresses lie in memory, at its end, and beyond it; buffers may
 * lie on the rings.
 */
#include <string.h>

#include "cable.h"

#define INIT_BLOCK 0x500
#define RINGS 0x1000 /* receive ring, transmit ring 800h after it */

static void *nic;

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

static void put32(uint32_t at, uint32_t value)
{
	memcpy(fake_ram(at), &value, 4);
}

/* Stop, an initialization block in either width, start. */
static void start(struct input *in)
{
	static const uint32_t bases[] = { RINGS,      RINGS + 0x800, RINGS + 8, FAKE_RAM_SIZE - 24,
					  0xfffffff0, 0xe0000000,    0,         INIT_BLOCK };
	uint32_t pick = take(in, 1), lengths = take(in, 1) << 24 | take(in, 1) << 16;

	set_csr(0, 4);
	set_bcr(20, (uint16_t)(take(in, 1) % 5));
	put32(INIT_BLOCK, lengths | take(in, 2));
	put32(INIT_BLOCK + 16, bases[pick & 7] | lengths << 8);
	put32(INIT_BLOCK + 20, bases[pick & 7] | lengths);
	put32(INIT_BLOCK + 24, bases[pick >> 3 & 7]);
	set_csr(1, INIT_BLOCK);
	set_csr(2, 0);
	set_csr(0, 0x43);
}

static void descriptor(struct input *in, bool transmit)
{
	uint32_t at = RINGS + (transmit ? 0x800 : 0) + (take(in, 1) & 31) * 8;

	put32(at, take(in, 3));
	put32(at + 4, take(in, 1) << 24 | take(in, 2));
}

static void frame_arrives(struct input *in)
{
	uint8_t frame[TSR_NET_FRAME_MAX];
	uint32_t length = 14 + take(in, 2) % (TSR_NET_FRAME_MAX - 13);

	memset(frame, (int)take(in, 1), sizeof(frame));
	frame[12] = 0;
	frame[13] = (uint8_t)take(in, 1);
	if (cable.port->can_receive(cable.port->to))
		cable_deliver(frame, length);
}

static void save_change_load(struct input *in)
{
	struct fake_state *state = fake_device_save(nic);
	uint32_t seed = take(in, 1);

	if (seed)
		fake_state_scramble(state, seed);
	fake_device_load(nic, state, 1, NULL);
	fake_state_free(state);
	fake_clock_advance(1);
}

static void window_access(struct input *in)
{
	uint32_t how = take(in, 1), offset = how & 31;
	unsigned width = 1u << (how >> 5 & 3);

	width = width > 4 ? 4 : width;
	offset &= ~(width - 1);
	if (how & 0x80)
		fake_port_write((uint16_t)(nic_base + offset), take(in, 4), width);
	else
		fake_port_read((uint16_t)(nic_base + offset), width);
}

static void step(struct input *in)
{
	uint32_t op = take(in, 1);

	switch (op & 15) {
	case 0:
		start(in);
		break;
	case 1:
	case 2:
	case 3:
		set_csr(take(in, 1), (uint16_t)take(in, 2));
		break;
	case 4:
		set_bcr(take(in, 1), (uint16_t)take(in, 2));
		break;
	case 5:
	case 6:
		descriptor(in, op & 0x10);
		break;
	case 7:
	case 8:
		set_csr(0, (uint16_t)(0x48 | take(in, 1) << 8));
		break;
	case 9:
	case 10:
		frame_arrives(in);
		break;
	case 11:
		fake_clock_advance((uint64_t)take(in, 2) << (op >> 4));
		break;
	case 12:
		window_access(in);
		break;
	case 13:
		fake_pci_write(fake_pci_of(nic), take(in, 1) & 0xfc, take(in, 4), 4);
		fake_pci_enable(fake_pci_of(nic));
		nic_base = (uint16_t)fake_pci_bar(fake_pci_of(nic), 0);
		break;
	case 14:
		save_change_load(in);
		break;
	case 15:
		cable_link(op & 0x10);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };

	if (!nic)
		nic = nic_new("52:54:00:12:34:56");
	fake_device_reset(nic, TSR_RESET_POWER_ON);
	cable_link(true);
	fake_pci_enable(fake_pci_of(nic));
	nic_base = (uint16_t)fake_pci_bar(fake_pci_of(nic), 0);
	memset(fake_ram(0), 0, 0x4000);
	while (in.at < in.end)
		step(&in);
	return 0;
}
