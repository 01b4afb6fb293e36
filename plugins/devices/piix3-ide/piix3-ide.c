/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The IDE function of the PIIX3: two channels at the legacy ports, bus master at BAR 4.
 * Source: Intel 82371FB/82371SB (PIIX/PIIX3) data sheet, 290550-002, 2.3 (configuration), 2.7 (bus
 * master registers). The ports of a channel are decoded when the command register's I/O bit and the
 * decode bit of its IDETIM are set. Timings are kept and read back; they change nothing.
 */
#include <string.h>

#include "../ide-common/channel.h"

enum { PCI_COMMAND = 0x04, IDETIM = 0x40, SIDETIM = 0x44 };
enum { COMMAND_IO = 0x01, IDETIM_DECODE = 0x80 /* in the high byte */ };
#define BM_PORTS 16
#define CHANNELS 2

static const struct tsr_pci_id pci_id = {
	.size = sizeof(pci_id),
	.vendor = 0x8086,
	.device = 0x7010,
	.class_code = 0x010180, /* IDE, legacy ports only, bus master */
};

/* clang-format off */
static const struct {
	const char *name, *command, *control, *irq, *drives[2];
} channel_names[CHANNELS] = {
	{ "primary", "primary-command", "primary-control", "primary-irq",
	  { "primary-master", "primary-slave" } },
	{ "secondary", "secondary-command", "secondary-control", "secondary-irq",
	  { "secondary-master", "secondary-slave" } },
};
/* clang-format on */

struct piix3_ide {
	const struct tsr_pci *pci;
	const struct tsr_io *io;
	struct tsr_pci_function *function;
	struct ide_channel channel[CHANNELS];
	struct bus_master bm[CHANNELS];
	struct tsr_region *command[CHANNELS], *control[CHANNELS];
};

/* -- Configuration space */

static void update_decode(struct piix3_ide *p)
{
	bool takes_ports = p->pci->config_get(p->function, PCI_COMMAND, 1) & COMMAND_IO;

	for (unsigned i = 0; i < CHANNELS; i++) {
		bool on = takes_ports &&
			  p->pci->config_get(p->function, IDETIM + 2 * i + 1, 1) & IDETIM_DECODE;

		p->io->enable(p->command[i], on);
		p->io->enable(p->control[i], on);
	}
}

static void config_written(void *self, unsigned offset, unsigned width)
{
	update_decode(self);
}

static const struct tsr_pci_ops pci_ops = {
	.size = sizeof(pci_ops),
	.config_written = config_written,
};

static void init_config(struct piix3_ide *p)
{
	p->pci->config_set(p->function, IDETIM, 4, 0);
	p->pci->config_set(p->function, IDETIM + 4, 1, 0);
	p->pci->config_bits(p->function, IDETIM, 4, 0xf3fff3ff, 0); /* bits 11-10 reserved */
	p->pci->config_bits(p->function, IDETIM + 4, 1, 0xff, 0);
}

/* -- Bus-master ports: 8 of each channel */

static uint64_t bm_ports_read(void *self, uint64_t offset, unsigned width)
{
	struct piix3_ide *p = self;
	uint64_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value |= (uint64_t)bm_read(&p->bm[(offset + i) / 8 % CHANNELS], (offset + i) % 8)
			 << i * 8;
	return value;
}

static void bm_ports_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct piix3_ide *p = self;

	for (unsigned i = 0; i < width; i++)
		ide_channel_bm_write(&p->channel[(offset + i) / 8 % CHANNELS], (offset + i) % 8,
				     (uint8_t)(value >> i * 8));
}

static const struct tsr_io_ops bm_ops = {
	.size = sizeof(bm_ops),
	.widths = 1 | 2 | 4,
	.read = bm_ports_read,
	.write = bm_ports_write,
};

/* -- Life cycle */

static bool attach_channel(struct piix3_ide *p, unsigned i, const struct tsr_host *host,
			   struct tsr_error *error)
{
	const struct tsr_irq_table *irq = host->get(host, TSR_IRQ);
	const struct tsr_bus *bus = host->get(host, TSR_BUS);
	struct ide_channel *c = &p->channel[i];

	p->bm[i].host = p->pci->dma_host(p->function);
	p->bm[i].dma = host->get(host, TSR_DMA);
	ide_channel_init(c, irq->get(host, channel_names[i].irq), &p->bm[i]);
	for (unsigned d = 0; d < 2; d++) {
		struct tsr_interface drive;

		if (bus->get(host, channel_names[i].drives[d], &drive))
			ide_channel_attach(c, d, &drive);
	}
	p->command[i] = p->io->claim(host, channel_names[i].command, &ide_command_ops, c, error);
	p->control[i] = p->command[i] ? p->io->claim(host, channel_names[i].control,
						     &ide_control_ops, c, error)
				      : NULL;
	return p->control[i];
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct piix3_ide *p = self;

	p->io = host->get(host, TSR_IO);
	p->pci = host->get(host, TSR_PCI);
	p->function = p->pci->add(host, &pci_id, &pci_ops, p, error);
	if (!p->function)
		return false;
	init_config(p);
	if (!p->pci->bar_io(p->function, 4, TSR_PCI_BAR_IO, BM_PORTS, &bm_ops, p, error))
		return false;
	for (unsigned i = 0; i < CHANNELS; i++)
		if (!attach_channel(p, i, host, error))
			return false;
	return true;
}

static bool realize(void *self, struct tsr_error *error)
{
	struct piix3_ide *p = self;

	for (unsigned i = 0; i < CHANNELS; i++)
		ide_channel_connect(&p->channel[i]);
	return true;
}

static void reset(void *self, enum tsr_reset kind)
{
	struct piix3_ide *p = self;

	if (kind == TSR_RESET_SOFT)
		return;
	init_config(p);
	for (unsigned i = 0; i < CHANNELS; i++)
		ide_channel_reset(&p->channel[i]);
	update_decode(p);
}

static void save(void *self, struct tsr_state_writer *out)
{
	struct piix3_ide *p = self;
	uint8_t timing[5];

	tsr_pci_get_bytes(p->pci, p->function, IDETIM, timing, sizeof(timing));
	tsr_state_put_bytes(out, "timing", timing, sizeof(timing));
	for (unsigned i = 0; i < CHANNELS; i++)
		ide_channel_save(&p->channel[i], channel_names[i].name, out);
}

static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct piix3_ide *p = self;
	uint8_t timing[5];
	bool good = tsr_state_get_bytes(in, "timing", timing, sizeof(timing));

	if (good)
		tsr_pci_set_bytes(p->pci, p->function, IDETIM, timing, sizeof(timing));
	for (unsigned i = 0; i < CHANNELS; i++)
		good = ide_channel_load(&p->channel[i], channel_names[i].name, in) && good;
	update_decode(p);
	return good || tsr_state_damaged(error, "a channel");
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct piix3_ide),
	.attach = attach,
	.realize = realize,
	.reset = reset,
	.save = save,
	.load = load,
};

TSR_DEVICE_PLUGIN(device_class);
