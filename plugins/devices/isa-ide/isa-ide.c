/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One IDE channel on the ISA bus: the AT's disk adapter, PIO only. Ports and interrupt come from
 * the manifest. Source: ATA/ATAPI-6 (T13/1410D), 7.
 */
#include <string.h>

#include "../ide-common/channel.h"

struct isa_ide {
	struct ide_channel channel;
};

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	static const char *const drives[] = { "master", "slave" };
	struct isa_ide *p = self;
	const struct tsr_irq_table *irq = host->get(host, TSR_IRQ);
	const struct tsr_bus *bus = host->get(host, TSR_BUS);
	const struct tsr_io *io = host->get(host, TSR_IO);

	ide_channel_init(&p->channel, irq->get(host, "irq"), NULL);
	for (unsigned d = 0; d < 2; d++) {
		struct tsr_interface drive;

		if (bus->get(host, drives[d], &drive))
			ide_channel_attach(&p->channel, d, &drive);
	}
	return io->claim(host, "command", &ide_command_ops, &p->channel, error) &&
	       io->claim(host, "control", &ide_control_ops, &p->channel, error);
}

static bool realize(void *self, struct tsr_error *error)
{
	struct isa_ide *p = self;

	ide_channel_connect(&p->channel);
	return true;
}

static void reset(void *self, enum tsr_reset kind)
{
	struct isa_ide *p = self;

	if (kind != TSR_RESET_SOFT)
		ide_channel_reset(&p->channel);
}

static void save(void *self, struct tsr_state_writer *out)
{
	struct isa_ide *p = self;

	ide_channel_save(&p->channel, "channel", out);
}

static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct isa_ide *p = self;

	return ide_channel_load(&p->channel, "channel", in) ||
	       tsr_state_damaged(error, "the channel");
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct isa_ide),
	.attach = attach,
	.realize = realize,
	.reset = reset,
	.save = save,
	.load = load,
};

TSR_DEVICE_PLUGIN(device_class);
