/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device that counts its calls. Its property `order` makes it take long in one, not return, or
 * crash, each time after it has counted: whether the call is done then, its state shows. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tessera/tessera.h>

#define SLOWLY_S 1

struct stuck {
	const struct tsr_host *host;
	const struct tsr_properties *properties;
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

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	static const struct tsr_io_ops ops = { .size = sizeof(ops),
					       .widths = 1,
					       .read = read_port };
	struct stuck *stuck = self;
	const struct tsr_io *io = host->get(host, TSR_IO);

	stuck->host = host;
	stuck->properties = host->get(host, TSR_PROPERTIES);
	stuck->properties->on_change(host, "order", change, stuck);
	return io->claim(host, "regs", &ops, stuck, error) != NULL;
}

static void reset(void *self, enum tsr_reset kind)
{
	((struct stuck *)self)->count = 0;
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
