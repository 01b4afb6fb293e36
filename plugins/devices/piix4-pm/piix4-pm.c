/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Intel 82371AB (PIIX4) function 3: power management and SMBus, as a third function next to those
 * of a PIIX3 (as most PC emulators have it, and as SeaBIOS expects it).
 *
 * There is no SMM. The firmware's part of the APM control port (B2h: ACPI on and off) is done here,
 * and DEVACTB says that SMM has been set up, so that the BIOS does not wait for a handler.
 *
 * Source: Intel 290562 (82371AB), chapter 7.
 * Gaps: GPE0 has no sources; no S3, throttling, device monitors or SMI; RTC_STS is not set; SMBus
 * has no devices.
 */
#include <string.h>

#include "piix4-pm.h"

enum {
	REG_PCICMD = 0x04,
	REG_PCISTS = 0x06,
	REG_PMBA = 0x40,
	REG_DEVACTB_APMC = 0x5b,
	REG_PMREGMISC = 0x80,
	REG_SMBBA = 0x90,
	REG_SMBHSTCFG = 0xd2,
	FIRST_OWN = 0x40,
	OWN_BYTES = 256 - FIRST_OWN,
	PMBA_BASE = 0xffc0,
	SMBBA_BASE = 0xfff0,
	PCICMD_IO = 0x01,
	PCISTS_FAST_BACK = 0x80,
	PCISTS_HIGH_DEVSEL_MEDIUM = 0x02,
	PMIOSE = 0x01,
	SMB_HST_EN = 0x01,
	SMB_INTR_SELECT = 0x0e,
	SMB_INTR_IRQ9 = 0x08,
	APMC_EN = 0x02,
	APMC = 0,
	APMS = 1,
};

/* Registers of function 3 beyond the header: reset value and bits that the guest can write. */
static const struct {
	uint8_t first, last, reset, writable;
} own_registers[] = {
	{ 0x40, 0x40, 0x01, 0xc0 }, { 0x41, 0x41, 0x00, 0xff },    /* PMBA */
	{ 0x44, 0x4e, 0x00, 0xff },                                /* CNTA, CNTB, GPICTL */
	{ 0x50, 0x52, 0x00, 0xff },                                /* DEVRESD */
	{ 0x54, 0x57, 0x00, 0xff },                                /* DEVACTA */
	{ 0x58, 0x5a, 0x00, 0xff }, { 0x5b, 0x5b, APMC_EN, 0xff }, /* DEVACTB */
	{ 0x5c, 0x7f, 0x00, 0xff },                                /* DEVRESA-DEVRESJ */
	{ 0x80, 0x80, 0x00, 0x01 },                                /* PMREGMISC */
	{ 0x90, 0x90, 0x01, 0xf0 }, { 0x91, 0x91, 0x00, 0xff },    /* SMBBA */
	{ 0xd2, 0xd2, 0x00, 0x0f },                                /* SMBHSTCFG */
	{ 0xd3, 0xd5, 0x00, 0xff },                                /* SMBSLVC, SMBSHDW1, SMBSHDW2 */
};

struct piix4_pm {
	const struct tsr_host *host;
	const struct tsr_pci *pci;
	const struct tsr_io *io;
	const struct tsr_properties *properties;
	struct tsr_pci_function *function;
	struct tsr_region *pm_ports, *smbus_ports;
	const struct tsr_irq *sci;
	struct pm pm;
	struct smbus smbus;
	uint8_t apm[2];
	int64_t acpi_on, acpi_off; /* values at APMC */
};

/* -- Outputs and windows */

static void sci_update(void *self)
{
	struct piix4_pm *s = self;
	uint32_t smb = s->pci->config_get(s->function, REG_SMBHSTCFG, 1);
	bool smbus = smbus_irq(&s->smbus) && (smb & SMB_INTR_SELECT) == SMB_INTR_IRQ9;

	tsr_irq_set(s->sci, pm_sci(&s->pm) || smbus);
}

static void window_update(struct piix4_pm *s, struct tsr_region *region, unsigned base_register,
			  uint16_t base_mask, bool enabled)
{
	uint16_t base = s->pci->config_get(s->function, base_register, 2) & base_mask;

	s->io->enable(region, false);
	s->io->move(region, base);
	s->io->enable(region, enabled && base);
}

static void windows_update(struct piix4_pm *s)
{
	window_update(s, s->pm_ports, REG_PMBA, PMBA_BASE,
		      s->pci->config_get(s->function, REG_PMREGMISC, 1) & PMIOSE);
	window_update(s, s->smbus_ports, REG_SMBBA, SMBBA_BASE,
		      s->pci->config_get(s->function, REG_SMBHSTCFG, 1) & SMB_HST_EN);
}

static void on_config_written(void *self, unsigned offset, unsigned width)
{
	if (offset + width <= FIRST_OWN)
		return;
	windows_update(self);
	sci_update(self);
}

/* -- APM ports (7.1.1) */

static uint64_t apm_read(void *self, uint64_t offset, unsigned width)
{
	return ((struct piix4_pm *)self)->apm[offset];
}

static void apm_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct piix4_pm *s = self;

	s->apm[offset] = (uint8_t)value;
	if (offset == APMC && (s->apm[APMC] == s->acpi_on || s->apm[APMC] == s->acpi_off))
		pm_enable_acpi(&s->pm, s->apm[APMC] == s->acpi_on);
}

static const struct tsr_io_ops apm_ops = {
	.size = sizeof(apm_ops),
	.widths = 1,
	.read = apm_read,
	.write = apm_write,
};

static bool on_power_button(void *self, const char *name, struct tsr_error *error)
{
	struct piix4_pm *s = self;

	if (s->properties->get_bool(s->host, name))
		pm_press_power_button(&s->pm);
	return true;
}

/* -- Life cycle */

static void piix4_pm_reset(void *self, enum tsr_reset kind)
{
	struct piix4_pm *s = self;

	if (kind == TSR_RESET_SOFT)
		return;
	s->pci->config_set(s->function, REG_PCICMD, 2, 0);
	s->pci->config_bits(s->function, REG_PCICMD, 2, PCICMD_IO, 0);
	s->pci->config_set(s->function, REG_PCISTS, 2,
			   PCISTS_FAST_BACK | PCISTS_HIGH_DEVSEL_MEDIUM << 8);
	for (size_t i = 0; i < sizeof(own_registers) / sizeof(own_registers[0]); i++)
		for (unsigned r = own_registers[i].first; r <= own_registers[i].last; r++) {
			s->pci->config_set(s->function, r, 1, own_registers[i].reset);
			s->pci->config_bits(s->function, r, 1, own_registers[i].writable, 0);
		}
	memset(s->apm, 0, sizeof(s->apm));
	pm_reset(&s->pm);
	smbus_reset(&s->smbus);
	windows_update(s);
	sci_update(s);
}

static bool piix4_pm_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	static const struct tsr_pci_ops pci_ops = { .size = sizeof(pci_ops),
						    .config_written = on_config_written };
	static const struct tsr_pci_id id = {
		.size = sizeof(id),
		.vendor = 0x8086,
		.device = 0x7113,
		.class_code = 0x068000,
		.revision = 0x03,
		.interrupt_pin = 1,
	};
	struct piix4_pm *s = self;

	s->host = host;
	s->pci = host->get(host, TSR_PCI);
	s->io = host->get(host, TSR_IO);
	s->properties = host->get(host, TSR_PROPERTIES);
	s->sci = ((const struct tsr_irq_table *)host->get(host, TSR_IRQ))->get(host, "sci");
	s->acpi_on = s->properties->get_int(host, "acpi-enable");
	s->acpi_off = s->properties->get_int(host, "acpi-disable");
	s->properties->on_change(host, "power-button", on_power_button, s);
	pm_init(&s->pm, host, sci_update, s);
	s->smbus.update_irq = sci_update;
	s->smbus.user = s;
	s->function = s->pci->add(host, &id, &pci_ops, s, error);
	if (!s->function || !s->io->claim(host, "apm", &apm_ops, s, error))
		return false;
	s->pm_ports = s->io->claim_ports(host, "pm", 0, PM_LENGTH, &pm_io_ops, &s->pm, error);
	if (s->pm_ports)
		s->smbus_ports = s->io->claim_ports(host, "smbus", 0, SMBUS_LENGTH, &smbus_io_ops,
						    &s->smbus, error);
	return s->pm_ports && s->smbus_ports;
}

static void piix4_pm_save(void *self, struct tsr_state_writer *out)
{
	struct piix4_pm *s = self;
	uint8_t own[OWN_BYTES];

	tsr_pci_get_bytes(s->pci, s->function, FIRST_OWN, own, OWN_BYTES);
	tsr_state_put_bytes(out, "registers", own, OWN_BYTES);
	tsr_state_put_bytes(out, "apm", s->apm, sizeof(s->apm));
	pm_save(&s->pm, out);
	smbus_save(&s->smbus, out);
}

static bool piix4_pm_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct piix4_pm *s = self;
	uint8_t own[OWN_BYTES];

	if (!tsr_state_get_bytes(in, "registers", own, OWN_BYTES) ||
	    !tsr_state_get_bytes(in, "apm", s->apm, sizeof(s->apm)) || !pm_load(&s->pm, in) ||
	    !smbus_load(&s->smbus, in))
		return tsr_state_damaged(error, "registers of the power management function");
	tsr_pci_set_bytes(s->pci, s->function, FIRST_OWN, own, OWN_BYTES);
	windows_update(s);
	sci_update(s);
	return true;
}

static const struct tsr_device_class piix4_pm_class = {
	.size = sizeof(piix4_pm_class),
	.instance_size = sizeof(struct piix4_pm),
	.attach = piix4_pm_attach,
	.reset = piix4_pm_reset,
	.save = piix4_pm_save,
	.load = piix4_pm_load,
};

TSR_DEVICE_PLUGIN(piix4_pm_class);
