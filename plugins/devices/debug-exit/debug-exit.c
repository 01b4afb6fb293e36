/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A port by which a guest program ends the run: a write of V gives the exit status (V << 1) | 1, so
 * that 0 stays the mark of a guest that powered off. For tests and for guests without power
 * management.
 */
#include <string.h>

#include <tessera/tessera.h>

#define PORTS 4           /* a dword may be written */
#define STATUS_MASK 0xffu /* of an exit status */

struct debug_exit {
	const struct tsr_host *host;
	const struct tsr_machine_table *machine;
};

static void debug_exit_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct debug_exit *s = self;
	char why[64];

	if (offset)
		return;
	snprintf(why, sizeof(why), "the guest wrote %u to the debug exit port", (unsigned)value);
	s->machine->stop(s->host, (int)(((uint32_t)value << 1 | 1) & STATUS_MASK), why);
}

static bool debug_exit_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	static const struct tsr_io_ops ops = { .size = sizeof(ops),
					       .widths = 1 | 2 | 4,
					       .write = debug_exit_write };
	struct debug_exit *s = self;
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);
	const struct tsr_io *io = host->get(host, TSR_IO);
	int64_t port = properties->get_int(host, "port");
	struct tsr_region *region;

	s->host = host;
	s->machine = host->get(host, TSR_MACHINE);
	region = io->claim_ports(host, "exit", (uint16_t)port, PORTS, &ops, s, error);
	if (!region)
		return false;
	io->move(region, (uint64_t)port);
	io->enable(region, true);
	return true;
}

static const struct tsr_device_class debug_exit_class = {
	.size = sizeof(debug_exit_class),
	.instance_size = sizeof(struct debug_exit),
	.attach = debug_exit_attach,
};

TSR_DEVICE_PLUGIN(debug_exit_class);
