/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device that counts its calls. Its property `order` makes it take long in one, not return, or
 * crash, each time after it has counted: whether the call is done then, its state shows. It has a
 * PCI function at a fixed place with a capability, and says where both are, and how the A20 gate
 * stood at its reset. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tessera/draft/pci-host.h>
#include <tessera/tessera.h>

#define SLOWLY_S 1
#define PLACE 0x1d, 3 /* device and function on the bus */

struct stuck {
	const struct tsr_host *host;
	const struct tsr_properties *properties;
	const struct tsr_memory *memory;
	uint32_t count;
};

static bool change(void *self, const char *name, struct tsr_error *error)
{
	struct stuck *stuck = self;
	const char *order = stuck->properties->get_string(stuck->host, "order");
	time_t begin = time(NULL);

	stuck->count++;
	while (strcmp(order, "hang") == 0)
		;
	if (strcmp(order, "crash") == 0)
		abort();
	while (strcmp(order, "slowly") == 0 && time(NULL) <= begin + SLOWLY_S)
		;
	stuck->properties->set_int(stuck->host, "count", stuck->count);
	return true;
}

static uint64_t read_port(void *self, uint64_t offset, unsigned width)
{
	return ((struct stuck *)self)->count & 0xff;
}

/* The property has its offset, and what lies there: its identifier, and two bytes of its own. */
static bool add_capability(struct stuck *stuck, const struct tsr_pci *pci,
			   struct tsr_pci_function *function, struct tsr_error *error)
{
	char text[32];
	unsigned at;

	if (!pci->add_capability(function, 0x09, 4, &at, error))
		return false;
	pci->config_set(function, at + 2, 2, 0xbeef);
	pci->config_bits(function, at + 2, 1, 0x0f, 0);
	snprintf(text, sizeof(text), "%x: %08x", at, pci->config_get(function, at, 4));
	stuck->properties->set_string(stuck->host, "capability", text);
	stuck->properties->set_bool(stuck->host, "has",
				    stuck->properties->has(stuck->host, "capability") &&
					    !stuck->properties->has(stuck->host, "nothing"));
	return true;
}

static bool add_function(struct stuck *stuck, struct tsr_error *error)
{
	static const struct tsr_pci_id id = { .size = sizeof(id), .vendor = 0x1234 };
	const struct tsr_pci *pci = stuck->host->get(stuck->host, TSR_PCI);
	const struct tsr_pci_fixed *fixed = stuck->host->get(stuck->host, TSR_PCI_FIXED);
	struct tsr_pci_function *function = fixed->add(stuck->host, PLACE, &id, NULL, stuck, error);

	if (!function)
		return false;
	stuck->properties->set_int(stuck->host, "place", pci->address(function));
	return add_capability(stuck, pci, function, error);
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	static const struct tsr_io_ops ops = { .size = sizeof(ops),
					       .widths = 1,
					       .read = read_port };
	struct stuck *stuck = self;
	const struct tsr_io *io = host->get(host, TSR_IO);

	stuck->host = host;
	stuck->properties = host->get(host, TSR_PROPERTIES);
	stuck->memory = host->get(host, TSR_MEMORY);
	stuck->properties->on_change(host, "order", change, stuck);
	return add_function(stuck, error) && io->claim(host, "regs", &ops, stuck, error) != NULL;
}

static void reset(void *self, enum tsr_reset kind)
{
	struct stuck *stuck = self;

	stuck->count = 0;
	stuck->properties->set_int(stuck->host, "a20", stuck->memory->get_a20(stuck->host));
}

static void save(void *self, struct tsr_state_writer *out)
{
	tsr_state_put_u32(out, "count", ((struct stuck *)self)->count);
}

static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	return tsr_state_get_u32(in, "count", &((struct stuck *)self)->count) ||
	       tsr_state_damaged(error, "count");
}

static const struct tsr_device_class stuck_class = {
	.size = sizeof(stuck_class),
	.instance_size = sizeof(struct stuck),
	.attach = attach,
	.reset = reset,
	.save = save,
	.load = load,
};

TSR_DEVICE_PLUGIN(stuck_class);
