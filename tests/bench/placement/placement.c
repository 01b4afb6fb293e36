/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device for placement-costs: what the guest writes to the ports +0 to +5 leads to one kind of
 * work each. placement.py and placement.js are its twins. */
#include <stdio.h>
#include <string.h>

#include <tessera/net.h>
#include <tessera/tessera.h>

#define MEMORY 0x1000 /* of the guest */
#define FIELDS 1000

struct placement {
	const struct tsr_host *host;
	const struct tsr_dma *dma;
	const struct tsr_irq *line;
	struct tsr_interface net;
	struct tsr_net_port port;
	uint8_t frame[TSR_NET_FRAME_MAX];
	uint8_t value;
	int64_t fields; /* of its state */
	char names[FIELDS][8];
};

static void work_dma(struct placement *p, size_t length)
{
	p->dma->read(p->host, MEMORY, p->frame, length);
	p->dma->write(p->host, MEMORY, p->frame, length);
}

static void work(struct placement *p, unsigned kind)
{
	static const uint8_t unknown[] = { 0x88, 0xb5 }; /* IEEE 802: for experiments */
	const struct tsr_net *net = p->net.table;

	if (kind == 2) {
		tsr_irq_set(p->line, 1);
		tsr_irq_set(p->line, 0);
	} else if (kind == 3) {
		work_dma(p, 64);
	} else if (kind == 4) {
		work_dma(p, sizeof(p->frame));
	} else if (kind == 5) {
		memcpy(p->frame + 12, unknown, 2);
		net->send(p->net.self, p->frame, sizeof(p->frame));
	}
}

static void write_port(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct placement *p = self;

	p->value = (uint8_t)value;
	work(p, (unsigned)offset);
}

static uint64_t read_port(void *self, uint64_t offset, unsigned width)
{
	return ((struct placement *)self)->value;
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	static const struct tsr_io_ops ops = {
		.size = sizeof(ops), .widths = 1, .read = read_port, .write = write_port
	};
	struct placement *p = self;
	const struct tsr_io *io = host->get(host, TSR_IO);
	const struct tsr_irq_table *irq = host->get(host, TSR_IRQ);
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);

	p->host = host;
	p->dma = host->get(host, TSR_DMA);
	p->fields = properties->get_int(host, "fields");
	for (int i = 0; i < p->fields; i++)
		snprintf(p->names[i], sizeof(p->names[i]), "f%d", i % FIELDS);
	p->line = irq->get(host, "irq");
	return io->claim(host, "regs", &ops, p, error) != NULL;
}

static bool can_receive(void *to)
{
	return true;
}

static void receive(void *to, const uint8_t *frame, size_t length)
{
}

static bool realize(void *self, struct tsr_error *error)
{
	struct placement *p = self;
	const struct tsr_bus *bus = p->host->get(p->host, TSR_BUS);

	p->port = (struct tsr_net_port){
		.size = sizeof(p->port), .to = p, .can_receive = can_receive, .receive = receive
	};
	if (!bus->get(p->host, "backend", &p->net))
		return tsr_error_set(error, TSR_ERROR_INVALID, "it needs a network");
	((const struct tsr_net *)p->net.table)->connect(p->net.self, &p->port);
	return true;
}

static void save(void *self, struct tsr_state_writer *out)
{
	struct placement *p = self;

	for (int64_t i = 0; i < p->fields; i++)
		tsr_state_put_u16(out, p->names[i], p->value);
}

static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	return true;
}

static const struct tsr_device_class placement_class = {
	.size = sizeof(placement_class),
	.instance_size = sizeof(struct placement),
	.attach = attach,
	.realize = realize,
	.save = save,
	.load = load,
};

TSR_DEVICE_PLUGIN(placement_class);
