/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Intel 82371SB (PIIX3) function 0: PCI to ISA bridge. Routes INTx to ISA interrupts, holds port
 * 92h, the reset control register CF9h, the coprocessor error latch F0h, and keeps the DMA page and
 * POST ports as storage.
 *
 * The 8259s with their ELCR, the 8254 with port 61h, the 8237s and the IDE function are plugins of
 * their own. PIRQ outputs share their lines with ISA devices; the core ORs them.
 *
 * Source: Intel 290550 (82371FB PIIX and 82371SB PIIX3), sections 2.2 and 2.5; PCI 2.1, 2.2.6 for
 * the slots' swizzle.
 * Gaps: bus timing, positive decode (XBCS), SMI and APM registers are storage; no distributed DMA.
 */
#include <string.h>

#include <tessera/draft/a20.h>
#include <tessera/draft/interrupts.h>
#include <tessera/draft/isa-forward.h>
#include <tessera/draft/pci-host.h>
#include <tessera/tessera.h>

/* clang-format off */
enum {
	REG_PCICMD = 0x04, REG_PCISTS = 0x06, REG_PIRQRC = 0x60,
	FIRST_OWN = 0x40, OWN_BYTES = 256 - FIRST_OWN,
	PIRQS = 4, ISA_IRQS = 16,
	PIRQ_OFF = 0x80, PIRQ_ROUTE = 0x0f,
	PCICMD_IO = 0x01, PCICMD_MEMORY = 0x02, PCICMD_MASTER = 0x04, PCICMD_SPECIAL = 0x08, PCICMD_HIGH_SERR = 0x01,
	PCISTS_HIGH_DEVSEL_MEDIUM = 0x02,
	PORT_RCR = 0xcf9,
	RCR_HARD = 0x02, RCR_RESET = 0x04, RCR_WRITABLE = 0x06,
	PORT92_INIT = 0x01, PORT92_A20 = 0x02,
	SCRATCH_PORTS = 16,
	INPUT_FERR = 0,
};
/* clang-format on */

/* Registers of function 0 beyond the header: reset value and bits that the guest can write. */
static const struct {
	uint8_t first, last, reset, writable;
} own_registers[] = {
	{ 0x4c, 0x4c, 0x4d, 0x7f },                             /* IORT */
	{ 0x4e, 0x4e, 0x03, 0xff },                             /* XBCS */
	{ 0x4f, 0x4f, 0x00, 0x01 }, { 0x60, 0x63, 0x80, 0x8f }, /* PIRQRC[A:D] */
	{ 0x69, 0x69, 0x02, 0xfe },                             /* TOM */
	{ 0x6a, 0x6a, 0x00, 0x10 },                             /* MSTAT */
	{ 0x6b, 0x6b, 0x00, 0x80 }, { 0x70, 0x70, 0x80, 0xef }, /* MBIRQ0 */
	{ 0x76, 0x77, 0x0c, 0x8f },                             /* MBDMA0, MBDMA1 */
	{ 0x78, 0x78, 0x02, 0xff },                             /* PCSC */
	{ 0x79, 0x79, 0x00, 0xff }, { 0x80, 0x80, 0x00, 0x7f }, /* APICBASE */
	{ 0x82, 0x82, 0x00, 0x0f },                             /* DLC */
	{ 0xa0, 0xa0, 0x08, 0x1f },                             /* SMICNTL */
	{ 0xa2, 0xa2, 0x00, 0xff },                             /* SMIEN */
	{ 0xa3, 0xa3, 0x00, 0x01 }, { 0xa4, 0xa6, 0x00, 0xff }, /* SEE */
	{ 0xa7, 0xa7, 0x00, 0xe0 }, { 0xa8, 0xa8, 0x0f, 0xff }, /* FTMR */
	{ 0xac, 0xac, 0x00, 0xff },                             /* CTLTMR */
	{ 0xae, 0xae, 0x00, 0xff },                             /* CTHTMR */
};

/* The ISA interrupts that a PIRQ can be steered to (2.2.10); others are reserved and go nowhere. */
static const struct {
	uint8_t irq;
	const char *resource;
} steerable[] = {
	{ 3, "irq3" },   { 4, "irq4" },   { 5, "irq5" },   { 6, "irq6" },
	{ 7, "irq7" },   { 9, "irq9" },   { 10, "irq10" }, { 11, "irq11" },
	{ 12, "irq12" }, { 14, "irq14" }, { 15, "irq15" },
};
#define STEERABLES (sizeof(steerable) / sizeof(steerable[0]))

struct piix3 {
	const struct tsr_host *host;
	const struct tsr_pci *pci;
	const struct tsr_a20 *a20;
	const struct tsr_machine_table *machine;
	struct tsr_pci_function *function;
	const struct tsr_irq *isa_irq[ISA_IRQS]; /* NULL: not steerable */
	const struct tsr_irq *fpu_irq, *ignne;
	uint32_t pins[PIRQS];           /* bit n: device n pulls this PIRQ */
	uint8_t scratch[SCRATCH_PORTS]; /* 80h-8Fh */
	uint8_t port92, rcr;
	bool ferr, ignore_ferr;
};

/* -- Interrupt routing */

static void steer(struct piix3 *s)
{
	unsigned level = 0;

	for (unsigned n = 0; n < PIRQS; n++) {
		uint32_t route = s->pci->config_get(s->function, REG_PIRQRC + n, 1);

		if (s->pins[n] && !(route & PIRQ_OFF))
			level |= 1u << (route & PIRQ_ROUTE);
	}
	for (unsigned i = 0; i < STEERABLES; i++)
		tsr_irq_set(s->isa_irq[steerable[i].irq], level >> steerable[i].irq & 1);
}

/* The board's wiring: INTA# of device 1 is PIRQA#, and each next device or pin is one further. */
static void router_set(void *self, unsigned device, unsigned pin, int level)
{
	struct piix3 *s = self;
	uint32_t *pirq = &s->pins[(device + pin - 1) & 3], bit = 1u << (device & 31);

	*pirq = level ? *pirq | bit : *pirq & ~bit;
	steer(s);
}

static void on_config_written(void *self, unsigned offset, unsigned width)
{
	if (offset < REG_PIRQRC + PIRQS && offset + width > REG_PIRQRC)
		steer(self);
}

/* -- Ports */

static uint8_t forward_read(void *self, uint16_t port)
{
	struct piix3 *s = self;

	return port == PORT_RCR ? s->rcr : 0xff;
}

static void forward_write(void *self, uint16_t port, uint8_t value)
{
	struct piix3 *s = self;

	if (port != PORT_RCR)
		return;
	if (value & ~s->rcr & RCR_RESET)
		s->machine->reset(s->host, value & RCR_HARD ? TSR_RESET_HARD : TSR_RESET_SOFT);
	s->rcr = value & RCR_WRITABLE;
}

static uint64_t port92_read(void *self, uint64_t offset, unsigned width)
{
	struct piix3 *s = self;

	return (s->port92 & PORT92_INIT) | (s->a20->get(s->host) ? PORT92_A20 : 0);
}

static void port92_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct piix3 *s = self;

	if (value & ~(uint64_t)s->port92 & PORT92_INIT)
		s->machine->reset(s->host, TSR_RESET_SOFT);
	s->port92 = value & PORT92_INIT;
	s->a20->set(s->host, value & PORT92_A20);
}

static uint64_t scratch_read(void *self, uint64_t offset, unsigned width)
{
	return ((struct piix3 *)self)->scratch[offset];
}

static void scratch_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	((struct piix3 *)self)->scratch[offset] = (uint8_t)value;
}

static uint64_t pages_read(void *self, uint64_t offset, unsigned width)
{
	return scratch_read(self, offset + 1, width);
}

static void pages_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	scratch_write(self, offset + 1, value, width);
}

/* FERR# raises IRQ 13; a write to F0h lowers it and asserts IGNNE# until FERR# goes away
 * (2.5.5.1). */
static void fpu_update(struct piix3 *s)
{
	tsr_irq_set(s->fpu_irq, s->ferr && !s->ignore_ferr);
	tsr_irq_set(s->ignne, s->ignore_ferr);
}

static void inputs_set(void *self, unsigned input, int level)
{
	struct piix3 *s = self;

	if (input != INPUT_FERR)
		return;
	s->ferr = level;
	s->ignore_ferr = s->ignore_ferr && level;
	fpu_update(s);
}

static void fpu_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct piix3 *s = self;

	s->ignore_ferr = s->ferr;
	fpu_update(s);
}

#define BYTE_PORTS(name, reader, writer) \
	static const struct tsr_io_ops name = { \
		.size = sizeof(name), \
		.widths = 1, \
		.read = (reader), \
		.write = (writer), \
	}
BYTE_PORTS(post_ops, scratch_read, scratch_write);
BYTE_PORTS(pages_ops, pages_read, pages_write);
BYTE_PORTS(port92_ops, port92_read, port92_write);
BYTE_PORTS(fpu_ops, NULL, fpu_write);

/* -- Life cycle */

static void piix3_reset(void *self, enum tsr_reset kind)
{
	struct piix3 *s = self;

	if (kind == TSR_RESET_SOFT)
		return;
	/* I/O, memory and bus master are always on. */
	s->pci->config_set(s->function, REG_PCICMD, 2, PCICMD_IO | PCICMD_MEMORY | PCICMD_MASTER);
	s->pci->config_bits(s->function, REG_PCICMD, 2, PCICMD_SPECIAL | PCICMD_HIGH_SERR << 8, 0);
	s->pci->config_set(s->function, REG_PCISTS, 2, PCISTS_HIGH_DEVSEL_MEDIUM << 8);
	for (size_t i = 0; i < sizeof(own_registers) / sizeof(own_registers[0]); i++)
		for (unsigned r = own_registers[i].first; r <= own_registers[i].last; r++) {
			s->pci->config_set(s->function, r, 1, own_registers[i].reset);
			s->pci->config_bits(s->function, r, 1, own_registers[i].writable, 0);
		}
	memset(s->scratch, 0, sizeof(s->scratch));
	s->port92 = s->rcr = 0;
	s->ignore_ferr = false;
	s->a20->set(s->host, true); /* the processor's first fetch is at FFFFFFF0h */
	fpu_update(s);
	steer(s);
}

static bool piix3_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	static const struct tsr_pci_ops pci_ops = { .size = sizeof(pci_ops),
						    .config_written = on_config_written };
	static const struct tsr_pci_id id = {
		.size = sizeof(id),
		.vendor = 0x8086,
		.device = 0x7000,
		.class_code = 0x060100,
		.header_type = 0x80,
	};
	struct piix3 *s = self;
	const struct tsr_io *io = host->get(host, TSR_IO);
	const struct tsr_irq_table *irq = host->get(host, TSR_IRQ);

	s->host = host;
	s->pci = host->get(host, TSR_PCI);
	s->a20 = host->get(host, TSR_A20);
	s->machine = host->get(host, TSR_MACHINE);
	for (unsigned i = 0; i < STEERABLES; i++)
		s->isa_irq[steerable[i].irq] = irq->get(host, steerable[i].resource);
	s->fpu_irq = irq->get(host, "irq13");
	s->ignne = irq->get(host, "ignne");
	s->function = s->pci->add(host, &id, &pci_ops, s, error);
	return s->function && io->claim(host, "post", &post_ops, s, error) &&
	       io->claim(host, "pages", &pages_ops, s, error) &&
	       io->claim(host, "port92", &port92_ops, s, error) &&
	       io->claim(host, "fpu", &fpu_ops, s, error);
}

static void piix3_save(void *self, struct tsr_state_writer *out)
{
	struct piix3 *s = self;
	uint8_t own[OWN_BYTES];

	tsr_pci_get_bytes(s->pci, s->function, FIRST_OWN, own, OWN_BYTES);
	tsr_state_put_bytes(out, "registers", own, OWN_BYTES);
	tsr_state_put_bytes(out, "scratch", s->scratch, sizeof(s->scratch));
	tsr_state_put_u8(out, "port92", s->port92);
	tsr_state_put_u8(out, "rcr", s->rcr);
	tsr_state_put_u32(out, "pirqa", s->pins[0]);
	tsr_state_put_u32(out, "pirqb", s->pins[1]);
	tsr_state_put_u32(out, "pirqc", s->pins[2]);
	tsr_state_put_u32(out, "pirqd", s->pins[3]);
	tsr_state_put_bool(out, "ferr", s->ferr);
	tsr_state_put_bool(out, "ignne", s->ignore_ferr);
}

static bool piix3_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct piix3 *s = self;
	uint8_t own[OWN_BYTES];

	if (!tsr_state_get_bytes(in, "registers", own, OWN_BYTES) ||
	    !tsr_state_get_bytes(in, "scratch", s->scratch, sizeof(s->scratch)) ||
	    !tsr_state_get_u8(in, "port92", &s->port92) || !tsr_state_get_u8(in, "rcr", &s->rcr) ||
	    !tsr_state_get_u32(in, "pirqa", &s->pins[0]) ||
	    !tsr_state_get_u32(in, "pirqb", &s->pins[1]) ||
	    !tsr_state_get_u32(in, "pirqc", &s->pins[2]) ||
	    !tsr_state_get_u32(in, "pirqd", &s->pins[3]) ||
	    !tsr_state_get_bool(in, "ferr", &s->ferr) ||
	    !tsr_state_get_bool(in, "ignne", &s->ignore_ferr))
		return tsr_state_damaged(error, "registers of the ISA bridge");
	tsr_pci_set_bytes(s->pci, s->function, FIRST_OWN, own, OWN_BYTES);
	s->port92 &= PORT92_INIT;
	s->rcr &= RCR_WRITABLE;
	fpu_update(s);
	steer(s);
	return true;
}

static const void *piix3_get_interface(void *self, const char *interface)
{
	static const struct tsr_pci_router router = { .size = sizeof(router), .set = router_set };
	/* clang-format off */
	static const struct tsr_irq_inputs inputs = {
		.size = sizeof(inputs), .count = 1, .set = inputs_set};
	static const struct tsr_isa_forward forward = {
		.size = sizeof(forward), .read = forward_read, .write = forward_write,
	};
	/* clang-format on */

	if (strcmp(interface, TSR_PCI_ROUTER) == 0)
		return &router;
	if (strcmp(interface, TSR_IRQ_INPUTS) == 0)
		return &inputs;
	return strcmp(interface, TSR_ISA_FORWARD) == 0 ? &forward : NULL;
}

static const struct tsr_device_class piix3_class = {
	.size = sizeof(piix3_class),
	.instance_size = sizeof(struct piix3),
	.attach = piix3_attach,
	.reset = piix3_reset,
	.save = piix3_save,
	.load = piix3_load,
	.get_interface = piix3_get_interface,
};

TSR_DEVICE_PLUGIN(piix3_class);
