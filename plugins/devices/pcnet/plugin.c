/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The AMD Am79C970A PCnet-PCI II as a PCI function: address decoding, life cycle, class record.
 *
 * Source: Am79C970A data sheet (19436), "I/O Resources" and "PCI Configuration Registers". The
 * 32-byte window is the same in I/O and memory space: the address PROM, then RDP, RAP, reset and
 * BDP, 16 bits each (WIO) until a double word is written to RDP (DWIO), 32 bits each from then on.
 */
#include "pcnet.h"

#define WINDOW 32
#define RDP_OFFSET 0x10

enum port { PORT_RDP, PORT_RAP, PORT_RESET, PORT_BDP };

/* -- the window */

static bool dword_mode(const struct pcnet *p)
{
	return p->bcr[BCR_BSBC] & BCR18_DWIO;
}

static uint16_t port_read(struct pcnet *p, enum port port)
{
	switch (port) {
	case PORT_RDP:
		return pcnet_csr_read(p, p->rap);
	case PORT_RAP:
		return p->rap;
	case PORT_RESET:
		pcnet_registers_reset(p, false);
		pcnet_poll_now(p);
		pcnet_update_interrupt(p);
		return 0;
	case PORT_BDP:
		return pcnet_bcr_read(p, p->rap);
	}
	return 0;
}

static void port_write(struct pcnet *p, enum port port, uint16_t value)
{
	switch (port) {
	case PORT_RDP:
		pcnet_csr_write(p, p->rap, value);
		break;
	case PORT_RAP:
		p->rap = value & 0xff;
		break;
	case PORT_RESET:
		break;
	case PORT_BDP:
		pcnet_bcr_write(p, p->rap, value);
		break;
	}
}

static uint64_t prom_read(const struct pcnet *p, unsigned offset, unsigned width)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value |= (uint64_t)p->aprom[(offset + i) % PCNET_APROM_SIZE] << 8 * i;
	return value;
}

static uint64_t window_read(void *self, uint64_t offset, unsigned width)
{
	struct pcnet *p = self;
	unsigned at = (unsigned)offset & (WINDOW - 1), step = dword_mode(p) ? 4 : 2,
		 index = (at - RDP_OFFSET) / step;

	if (at < PCNET_APROM_SIZE)
		return prom_read(p, at, width);
	if (width == 1 || index > PORT_BDP)
		return ~0ull;
	if (width == 4 && step == 2)
		return port_read(p, index) | (uint32_t)port_read(p, (index + 1) & 3) << 16;
	return port_read(p, index);
}

static void window_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct pcnet *p = self;
	unsigned at = (unsigned)offset & (WINDOW - 1), step = dword_mode(p) ? 4 : 2,
		 index = (at - RDP_OFFSET) / step;

	if (at < PCNET_APROM_SIZE) {
		for (unsigned i = 0; i < width && p->bcr[2] & BCR2_APROMWE; i++)
			p->aprom[(at + i) % PCNET_APROM_SIZE] = (uint8_t)(value >> 8 * i);
	} else if (width == 4 && step == 2) {
		if (at == RDP_OFFSET)
			p->bcr[BCR_BSBC] |= BCR18_DWIO;
	} else if (width >= 2 && index <= PORT_BDP) {
		port_write(p, index, (uint16_t)value);
	}
}

static const struct tsr_io_ops window_ops = {
	.size = sizeof(window_ops),
	.widths = 1 | 2 | 4,
	.read = window_read,
	.write = window_write,
};

/* -- the station address */

static bool mac_parse(const char *text, uint8_t mac[6])
{
	unsigned b[6];
	char end;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &end) != 6)
		return false;
	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)b[i];
	return strlen(text) == 17 && !(mac[0] & 1);
}

/* 52:54:00 and a hash (FNV-1a) of the instance's name: the same in every run. */
static void mac_default(const char *name, uint8_t mac[6])
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	memcpy(mac, "\x52\x54\x00", 3);
	for (unsigned i = 0; i < 3; i++)
		mac[3 + i] = (uint8_t)(hash >> 8 * i);
}

/* Address PROM: station address, hardware ID 11h, checksum of the others in bytes 12 and 13, "WW".
 */
static void prom_fill(struct pcnet *p, const uint8_t mac[6])
{
	unsigned sum = 0;

	memset(p->aprom, 0, sizeof(p->aprom));
	memcpy(p->aprom, mac, 6);
	p->aprom[9] = 0x11;
	p->aprom[14] = p->aprom[15] = 'W';
	for (unsigned i = 0; i < PCNET_APROM_SIZE; i++)
		sum += p->aprom[i];
	p->aprom[12] = (uint8_t)sum;
	p->aprom[13] = (uint8_t)(sum >> 8);
}

static bool mac_setup(struct pcnet *p, uint8_t mac[6], struct tsr_error *error)
{
	const char *text = p->properties->get_string(p->host, "mac");

	if (!*text)
		mac_default(p->host->name, mac);
	else if (!mac_parse(text, mac))
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "mac=%s is not a station address such as 52:54:00:12:34:56",
				     text);
	return true;
}

/* -- life cycle */

static void on_link(void *self, bool up)
{
	struct pcnet *p = self;

	p->backend_up = up;
}

static bool pci_setup(struct pcnet *p, struct tsr_error *error)
{
	static const struct tsr_pci_id id = {
		.size = sizeof(id),
		.vendor = 0x1022,
		.device = 0x2000,
		.class_code = 0x020000,
		.revision = 0x10,
		.interrupt_pin = 1,
	};

	p->function = p->pci->add(p->host, &id, NULL, p, error);
	if (!p->function ||
	    !p->pci->bar_io(p->function, 0, TSR_PCI_BAR_IO, WINDOW, &window_ops, p, error) ||
	    !p->pci->bar_io(p->function, 1, TSR_PCI_BAR_MEMORY, WINDOW, &window_ops, p, error))
		return false;
	p->pci->config_set(p->function, 0x06, 2, 0x0280); /* fast back-to-back, DEVSEL# medium */
	p->pci->config_set(p->function, 0x3e, 2, 0xff06); /* MIN_GNT, MAX_LAT */
	p->dma_host = p->pci->dma_host(p->function);
	return true;
}

static void backend_setup(struct pcnet *p)
{
	const struct tsr_bus *bus = p->host->get(p->host, TSR_BUS);
	const struct tsr_net *net;

	if (!bus->get(p->host, "backend", &p->backend))
		return;
	/* clang-format off */
	p->port = (struct tsr_net_port){
		.size = sizeof(p->port), .to = p, .can_receive = pcnet_can_receive, .receive = pcnet_receive,
		.link_changed = on_link,
	};
	/* clang-format on */
	p->backend_up = true;
	net = p->backend.table;
	net->connect(p->backend.self, &p->port);
}

static bool pcnet_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct pcnet *p = self;
	uint8_t mac[6];

	p->host = host;
	p->pci = host->get(host, TSR_PCI);
	p->dma = host->get(host, TSR_DMA);
	p->clock = host->get(host, TSR_CLOCK);
	p->properties = host->get(host, TSR_PROPERTIES);
	if (!mac_setup(p, mac, error) || !pci_setup(p, error))
		return false;
	prom_fill(p, mac);
	p->poll_timer = p->clock->timer_new(host, pcnet_on_poll, p);
	p->poll_deadline_ns = UINT64_MAX;
	return p->poll_timer != NULL;
}

static bool pcnet_realize(void *self, struct tsr_error *error)
{
	backend_setup(self);
	return true;
}

static void pcnet_reset(void *self, enum tsr_reset kind)
{
	struct pcnet *p = self;
	uint8_t mac[6];

	if (kind == TSR_RESET_SOFT)
		return;
	if (kind == TSR_RESET_POWER_ON && mac_setup(p, mac, NULL))
		prom_fill(p, mac);
	pcnet_registers_reset(p, true);
	p->starved = false;
	pcnet_poll_now(p);
	pcnet_update_interrupt(p);
}

static const struct tsr_device_class pcnet_class = {
	.size = sizeof(pcnet_class),
	.instance_size = sizeof(struct pcnet),
	.attach = pcnet_attach,
	.realize = pcnet_realize,
	.reset = pcnet_reset,
	.save = pcnet_save,
	.load = pcnet_load,
};

TSR_DEVICE_PLUGIN(pcnet_class);
