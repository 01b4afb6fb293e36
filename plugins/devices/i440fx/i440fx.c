/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Intel 82441FX PCI and Memory Controller: configuration mechanism #1, PAM, turbo/reset control.
 *
 * The core keeps the configuration space; this plugin states reset values and writable bits in one
 * table and acts on what was written. CF8h is a register for whole dwords only: smaller accesses
 * there are forwarded to the ISA bridge (CF9h).
 *
 * Source: Intel 290549 (82440FX PCIset: 82441FX PMC and 82442FX DBX), sections 3.1 and 3.2.
 * Gaps: DRAM rows, the memory hole (FDHC) and timers are storage; SMRAM stays closed, as no
 * processor here has SMM.
 */
#include <string.h>

#include <tessera/draft/isa-forward.h>
#include <tessera/draft/pci-host.h>
#include <tessera/draft/shadow-ram.h>
#include <tessera/tessera.h>

/* clang-format off */
enum {
	REG_PCICMD = 0x04, REG_PCISTS = 0x06, REG_PAM = 0x59, REG_SMRAM = 0x72, REG_TRC = 0x93,
	FIRST_OWN = 0x40, OWN_BYTES = 256 - FIRST_OWN,
	PAM_REGISTERS = 7,
	PAM_READ = 1, PAM_WRITE = 2,
	SMRAM_OPEN = 0x40, SMRAM_LOCK = 0x10,
	TRC_HARD = 0x02, TRC_RESET = 0x04,
	SMRAM_WRITABLE = 0x78,
	PCICMD_MEMORY = 0x02, PCICMD_MASTER = 0x04, PCICMD_HIGH_SERR = 0x01,
	PCISTS_FAST_BACK = 0x80, PCISTS_HIGH_DEVSEL_MEDIUM = 0x02,
	ADDRESS_ENABLE = 0x80000000u, ADDRESS_WRITABLE = 0x80fffffcu, ADDRESS_REGISTER = 0xfc,
	PORT_CONFADD = 0xcf8,
};
/* clang-format on */

/* Registers of function 0 beyond the header: reset value and bits that the guest can write. */
static const struct {
	uint8_t first, last, reset, writable;
} own_registers[] = {
	{ 0x50, 0x52, 0x00, 0xff }, /* PMCCFG, DETURBO */
	{ 0x53, 0x53, 0x83, 0xff }, /* DBC */
	{ 0x54, 0x56, 0x00, 0xff }, /* AXC, DRT */
	{ 0x57, 0x57, 0x01, 0xff }, /* DRAMC */
	{ 0x58, 0x58, 0x10, 0xff }, /* DRAMT */
	{ 0x59, 0x59, 0x00, 0x70 }, /* PAM0 */
	{ 0x5a, 0x5f, 0x00, 0x77 }, /* PAM1-PAM6 */
	{ 0x60, 0x67, 0x01, 0xff }, /* DRB0-DRB7 */
	{ 0x68, 0x68, 0x00, 0xc0 }, /* FDHC */
	{ 0x70, 0x70, 0x20, 0xf8 }, /* MTT */
	{ 0x71, 0x71, 0x10, 0xf8 }, /* CLT */
	{ REG_SMRAM, REG_SMRAM, 0x02, SMRAM_WRITABLE },
	{ 0x90, 0x90, 0x00, 0x9b }, /* ERRCMD */
	{ REG_TRC, REG_TRC, 0x00, 0x0f },
};

struct i440fx {
	const struct tsr_host *host;
	const struct tsr_pci *pci;
	const struct tsr_pci_host *bus;
	const struct tsr_shadow_ram *shadow_ram;
	const struct tsr_machine_table *machine;
	struct tsr_pci_function *function;
	const struct tsr_isa_forward *isa; /* NULL: there is no ISA bridge */
	void *isa_self;
	uint32_t address; /* CF8h */
	uint8_t trc;      /* as last written: a reset starts on bit 2's rising edge */
	bool smram_locked;
};

/* -- PAM (3.2.18) */

static void pam_range(struct i440fx *s, tsr_gpa base, uint64_t length, unsigned bits)
{
	s->shadow_ram->set(s->host, base, length, bits & PAM_READ, bits & PAM_WRITE);
}

/* PAM0's upper half is the BIOS area; each half of PAM1-PAM6 is 16 KiB from C0000h upwards. */
static void pam_apply(struct i440fx *s, unsigned n)
{
	uint32_t value = s->pci->config_get(s->function, REG_PAM + n, 1);

	if (n == 0) {
		pam_range(s, 0xf0000, 0x10000, value >> 4);
		return;
	}
	pam_range(s, 0xc0000 + (n - 1) * 0x8000, 0x4000, value);
	pam_range(s, 0xc4000 + (n - 1) * 0x8000, 0x4000, value >> 4);
}

static void pam_apply_all(struct i440fx *s)
{
	for (unsigned n = 0; n < PAM_REGISTERS; n++)
		pam_apply(s, n);
}

/* -- Other registers */

/* D_LCK clears D_OPEN and makes the register read-only until the next hard reset (3.2.22). */
static void smram_written(struct i440fx *s)
{
	uint32_t smram = s->pci->config_get(s->function, REG_SMRAM, 1);

	if (!(smram & SMRAM_LOCK))
		return;
	s->pci->config_set(s->function, REG_SMRAM, 1, smram & ~(uint32_t)SMRAM_OPEN);
	s->pci->config_bits(s->function, REG_SMRAM, 1, 0, 0);
	s->smram_locked = true;
}

static void trc_written(struct i440fx *s)
{
	uint8_t value = (uint8_t)s->pci->config_get(s->function, REG_TRC, 1);

	if (value & ~s->trc & TRC_RESET)
		s->machine->reset(s->host, value & TRC_HARD ? TSR_RESET_HARD : TSR_RESET_SOFT);
	s->trc = value;
}

static bool touches(unsigned offset, unsigned width, unsigned reg)
{
	return reg - offset < width;
}

static void on_config_written(void *self, unsigned offset, unsigned width)
{
	struct i440fx *s = self;

	for (unsigned n = 0; n < PAM_REGISTERS; n++) {
		if (touches(offset, width, REG_PAM + n))
			pam_apply(s, n);
	}
	if (touches(offset, width, REG_SMRAM))
		smram_written(s);
	if (touches(offset, width, REG_TRC))
		trc_written(s);
}

/* -- Configuration mechanism #1 (PCI 2.1, 3.7.4.1) */

static uint64_t address_read(void *self, uint64_t offset, unsigned width)
{
	struct i440fx *s = self;
	uint64_t value = 0;

	if (width == 4)
		return s->address;
	for (unsigned i = 0; i < width; i++) {
		uint8_t byte =
			s->isa ? s->isa->read(s->isa_self, (uint16_t)(PORT_CONFADD + offset + i))
			       : 0xff;
		value |= (uint64_t)byte << (8 * i);
	}
	return value;
}

static void address_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct i440fx *s = self;

	if (width == 4) {
		s->address = (uint32_t)value & ADDRESS_WRITABLE;
		return;
	}
	for (unsigned i = 0; s->isa && i < width; i++)
		s->isa->write(s->isa_self, (uint16_t)(PORT_CONFADD + offset + i),
			      (uint8_t)(value >> (8 * i)));
}

static unsigned selected_function(const struct i440fx *s)
{
	return (s->address >> 8) & 0xffff;
}

static uint64_t data_read(void *self, uint64_t offset, unsigned width)
{
	struct i440fx *s = self;
	unsigned reg = (s->address & ADDRESS_REGISTER) + (unsigned)offset,
		 step = offset % width ? 1 : width;
	uint64_t value = 0;

	if (!(s->address & ADDRESS_ENABLE))
		return UINT64_MAX;
	for (unsigned i = 0; i < width; i += step) {
		uint64_t part = s->bus->config_read(s->host, selected_function(s), reg + i, step);
		value |= part << (8 * i);
	}
	return value;
}

static void data_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct i440fx *s = self;
	unsigned reg = (s->address & ADDRESS_REGISTER) + (unsigned)offset,
		 step = offset % width ? 1 : width;

	if (!(s->address & ADDRESS_ENABLE))
		return;
	for (unsigned i = 0; i < width; i += step)
		s->bus->config_write(s->host, selected_function(s), reg + i,
				     (uint32_t)(value >> (8 * i)), step);
}

static const struct tsr_io_ops address_ops = {
	.size = sizeof(address_ops),
	.widths = 1 | 2 | 4,
	.read = address_read,
	.write = address_write,
};
static const struct tsr_io_ops data_ops = {
	.size = sizeof(data_ops),
	.widths = 1 | 2 | 4,
	.read = data_read,
	.write = data_write,
};

/* -- Life cycle */

static void i440fx_reset(void *self, enum tsr_reset kind)
{
	struct i440fx *s = self;

	if (kind == TSR_RESET_SOFT)
		return;
	/* Bus master and memory space are wired to one; only SERR# enable can be written. */
	s->pci->config_set(s->function, REG_PCICMD, 2, PCICMD_MEMORY | PCICMD_MASTER);
	s->pci->config_bits(s->function, REG_PCICMD, 2, PCICMD_HIGH_SERR << 8, 0);
	s->pci->config_set(s->function, REG_PCISTS, 2,
			   PCISTS_FAST_BACK | PCISTS_HIGH_DEVSEL_MEDIUM << 8);
	for (size_t i = 0; i < sizeof(own_registers) / sizeof(own_registers[0]); i++)
		for (unsigned r = own_registers[i].first; r <= own_registers[i].last; r++) {
			s->pci->config_set(s->function, r, 1, own_registers[i].reset);
			s->pci->config_bits(s->function, r, 1, own_registers[i].writable, 0);
		}
	s->address = 0;
	s->trc = 0;
	s->smram_locked = false;
	pam_apply_all(s);
}

static bool i440fx_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	static const struct tsr_pci_ops pci_ops = { .size = sizeof(pci_ops),
						    .config_written = on_config_written };
	struct i440fx *s = self;
	const struct tsr_io *io = host->get(host, TSR_IO);
	const struct tsr_bus *bus = host->get(host, TSR_BUS);
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);
	struct tsr_interface isa;
	struct tsr_pci_id id = { .size = sizeof(id),
				 .vendor = 0x8086,
				 .device = 0x1237,
				 .class_code = 0x060000,
				 .revision = 0x02 };

	s->host = host;
	s->pci = host->get(host, TSR_PCI);
	s->bus = host->get(host, TSR_PCI_HOST);
	s->shadow_ram = host->get(host, TSR_SHADOW_RAM);
	s->machine = host->get(host, TSR_MACHINE);
	if (bus->get(host, "isa", &isa)) {
		s->isa = isa.table;
		s->isa_self = isa.self;
	}
	id.subsystem_vendor = (uint16_t)properties->get_int(host, "subsystem-vendor");
	id.subsystem = (uint16_t)properties->get_int(host, "subsystem");
	s->function = s->pci->add(host, &id, &pci_ops, s, error);
	return s->function && io->claim(host, "address", &address_ops, s, error) &&
	       io->claim(host, "data", &data_ops, s, error);
}

static void i440fx_save(void *self, struct tsr_state_writer *out)
{
	struct i440fx *s = self;
	uint8_t own[OWN_BYTES];

	tsr_pci_get_bytes(s->pci, s->function, FIRST_OWN, own, OWN_BYTES);
	tsr_state_put_u32(out, "address", s->address);
	tsr_state_put_bool(out, "smram-locked", s->smram_locked);
	tsr_state_put_bytes(out, "registers", own, OWN_BYTES);
}

static bool i440fx_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct i440fx *s = self;
	uint8_t own[OWN_BYTES];

	if (!tsr_state_get_u32(in, "address", &s->address) ||
	    !tsr_state_get_bool(in, "smram-locked", &s->smram_locked) ||
	    !tsr_state_get_bytes(in, "registers", own, OWN_BYTES))
		return tsr_state_damaged(error, "registers of the host bridge");
	tsr_pci_set_bytes(s->pci, s->function, FIRST_OWN, own, OWN_BYTES);
	s->address &= ADDRESS_WRITABLE;
	s->trc = own[REG_TRC - FIRST_OWN];
	s->pci->config_bits(s->function, REG_SMRAM, 1, s->smram_locked ? 0 : SMRAM_WRITABLE, 0);
	pam_apply_all(s);
	return true;
}

static const struct tsr_device_class i440fx_class = {
	.size = sizeof(i440fx_class),
	.instance_size = sizeof(struct i440fx),
	.attach = i440fx_attach,
	.reset = i440fx_reset,
	.save = i440fx_save,
	.load = i440fx_load,
};

TSR_DEVICE_PLUGIN(i440fx_class);
