/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One chip of the board (DEVICE: its id), driven by the input: accesses to its ports and its
 * configuration space, bytes in memory where the next DMA request lies, time, resets, saved states
 * with some bytes changed.
 */
#include <string.h>

#include <fake-host.h>
#include <tessera/draft/isa-forward.h>
#include <tessera/draft/pci-host.h>

#define REQUEST 0x1000u /* where a DMA request is written */

static const uint16_t ports[] = {
	0x80,  0x84,  0x8f,  0x92,  0xb2,  0xb3,  0xf0,  0xcf8, 0xcf9, 0xcfc,
	0xcfd, 0xcfe, 0x510, 0x511, 0x514, 0x518, 0x600, 0x602, 0x604, 0x608,
	0x60c, 0x60e, 0x618, 0x62c, 0x630, 0x700, 0x702, 0x707, 0x70f,
};

static void *device;

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

static bool is_pci(void)
{
	return strcmp(DEVICE, "fw-cfg") != 0;
}

static uint16_t some_port(struct input *in)
{
	uint32_t which = take(in, 1);

	return which == 0xff ? (uint16_t)take(in, 2)
			     : ports[which % (sizeof(ports) / sizeof(ports[0]))];
}

static void configuration(struct input *in, bool write)
{
	unsigned offset = take(in, 1), width = 1u << (take(in, 1) % 3);

	if (!is_pci())
		return;
	offset &= ~(width - 1);
	if (write)
		fake_pci_write(fake_pci_of(device), offset, take(in, width), width);
	else
		fake_pci_read(fake_pci_of(device), offset, width);
}

/* Requests of at most 64 KiB: clearing all of memory again and again finds nothing. */
static void dma_request(struct input *in)
{
	uint8_t *request = fake_ram(REQUEST);

	memset(request, 0, 16);
	for (unsigned i = 0; i < 4; i++)
		request[i] = (uint8_t)take(in, 1);
	request[6] = (uint8_t)take(in, 1);
	request[7] = (uint8_t)take(in, 1);
	request[11] = (uint8_t)take(in, 1);
	for (unsigned i = 12; i < 16; i++)
		request[i] = (uint8_t)take(in, 1);
	fake_port_write(0x514, 0, 4);
	fake_port_write(0x518, __builtin_bswap32(REQUEST), 4);
}

static void save_change_load(struct input *in)
{
	struct fake_state *state = fake_device_save(device);
	struct tsr_error error;
	uint32_t seed = take(in, 1);

	if (seed)
		fake_state_scramble(state, seed);
	fake_device_load(device, state, 1, &error);
	fake_state_free(state);
}

static void pull_pin(struct input *in)
{
	const struct tsr_pci_router *router = fake_device_interface(device, TSR_PCI_ROUTER);
	uint32_t how = take(in, 1);

	if (router)
		router->set(device, how & 31, how >> 5 & 3, how >> 7);
}

static void forward(struct input *in)
{
	const struct tsr_isa_forward *isa = fake_device_interface(device, TSR_ISA_FORWARD);
	uint16_t port = (uint16_t)(0xcf8 + take(in, 1) % 4);

	if (!isa)
		return;
	isa->write(device, port, (uint8_t)take(in, 1));
	isa->read(device, port);
}

static void step(struct input *in)
{
	uint32_t op = take(in, 1);
	unsigned width = 1u << (op >> 4) % 3;

	switch (op & 15) {
	case 0:
	case 1:
	case 2:
		fake_port_write(some_port(in), take(in, width), width);
		break;
	case 3:
	case 4:
		fake_port_read(some_port(in), width);
		break;
	case 5:
	case 6:
	case 7:
		configuration(in, true);
		break;
	case 8:
		configuration(in, false);
		break;
	case 9:
		fake_clock_advance((uint64_t)take(in, 2) << (op >> 4));
		break;
	case 10:
		dma_request(in);
		break;
	case 11:
		pull_pin(in);
		break;
	case 12:
		forward(in);
		break;
	case 13:
		fake_device_reset(device, op & 0x10 ? TSR_RESET_HARD : TSR_RESET_SOFT);
		break;
	case 14:
		save_change_load(in);
		break;
	case 15:
		if (strcmp(DEVICE, "piix4-pm") == 0)
			fake_device_set(device, "power-button", "true", NULL);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };

	if (!device) {
		fake_start();
		device = fake_device_new(NULL, DEVICE, NULL);
	}
	fake_device_reset(device, TSR_RESET_POWER_ON);
	while (in.at < in.end)
		step(&in);
	return 0;
}
