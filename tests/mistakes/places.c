/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes places of others: ports of test-device, guest RAM, memory of the other bad device. */
#include "bad.h"

#define DEVICE_PORTS 0x2f8
#define EXIT_PORT 0x501
#define FAR 0xf0000000

static const struct tsr_io_ops ops = { .size = sizeof(ops), .widths = 1 };

static struct tsr_region *claim(struct bad *bad, uint16_t base)
{
	return bad->io->claim_ports(bad->host, "more", base, 8, &ops, bad, NULL);
}

static bool take_ports(struct bad *bad, struct tsr_error *error)
{
	bad->io->enable(claim(bad, DEVICE_PORTS), true);
	return true;
}

static bool move_over_ports(struct bad *bad, struct tsr_error *error)
{
	struct tsr_region *region = claim(bad, 0x100);

	bad->io->enable(region, true);
	bad->io->move(region, DEVICE_PORTS);
	return true;
}

/* Before somebody claims them. */
static bool take_ports_first(struct bad *bad, struct tsr_error *error)
{
	bad->io->enable(claim(bad, 0x3e8), true);
	return true;
}

/* Those that the guest exits by, once it runs: nothing that the guest did asks for it. */
static bool take_ports_in_a_timer(struct bad *bad, struct tsr_error *error)
{
	bad->io->move(bad->spare, EXIT_PORT);
	bad->io->enable(bad->spare, true);
	return true;
}

static bool map_at(struct bad *bad, tsr_gpa base, int priority, unsigned flags,
		   struct tsr_error *error)
{
	uint8_t *bytes;

	bad->region =
		bad->memory->map(bad->host, "more", base, 4096, priority, flags, &bytes, error);
	return bad->region != NULL;
}

static bool map_over_ram(struct bad *bad, struct tsr_error *error)
{
	return map_at(bad, 0x1000, TSR_PRIORITY_BAR, 0, error);
}

static bool enable_over_ram(struct bad *bad, struct tsr_error *error)
{
	map_at(bad, 0x1000, TSR_PRIORITY_BAR, TSR_MEMORY_DISABLED, error);
	bad->memory->enable(bad->region, true);
	return true;
}

static bool move_over_ram(struct bad *bad, struct tsr_error *error)
{
	map_at(bad, 0xa0000, TSR_PRIORITY_BAR, 0, error);
	bad->memory->move(bad->region, 0x9f000);
	return true;
}

static bool map_far(struct bad *bad, struct tsr_error *error)
{
	return map_at(bad, FAR, TSR_PRIORITY_MMIO, 0, error);
}

static bool map_over_another(struct bad *bad, struct tsr_error *error)
{
	return map_at(bad, FAR, 99, 0, error);
}

static bool move_a_bar(struct bad *bad, struct tsr_error *error)
{
	const struct tsr_pci *pci = bad->host->get(bad->host, TSR_PCI);
	struct tsr_region *region;
	uint8_t *bytes;

	if (!pci->bar_memory(bad->function, 0, 4096, false, 0, &bytes, &region, error))
		return false;
	bad->memory->move(region, 0);
	bad->memory->enable(region, true);
	return true;
}

const struct mistake places[] = {
	{ "take-ports", ATTACH, take_ports },
	{ "move-over-ports", REALIZE, move_over_ports },
	{ "take-ports-first", ATTACH, take_ports_first },
	{ "take-ports-in-a-timer", TIMER, take_ports_in_a_timer },
	{ "map-over-ram", ATTACH, map_over_ram },
	{ "enable-over-ram", REALIZE, enable_over_ram },
	{ "move-over-ram", REALIZE, move_over_ram },
	{ "map-far", ATTACH, map_far },
	{ "map-over-another", ATTACH, map_over_another },
	{ "move-a-bar", ATTACH, move_a_bar },
	{ NULL, 0, NULL },
};
