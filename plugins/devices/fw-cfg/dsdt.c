/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The DSDT of a PC with i440FX, PIIX3 and PIIX4: the PCI root with its windows, interrupt routing
 * and links, the ISA devices the machine manifest names, and S5.
 *
 * Sources: ACPI 1.0b; Intel 290550, 2.2.10 (PIRQ route control); PCI 2.1, 2.2.6.
 */
#include <string.h>

#include "acpi.h"

#define LINKS 4
#define SCI_IRQ 9
#define IO(base, length) \
	{ \
		base, length \
	}

static const char *const link_names[LINKS] = { "LNKA", "LNKB", "LNKC", "LNKD" };
static const char *const route_names[LINKS] = { "PRQA", "PRQB", "PRQC", "PRQD" };
static const uint8_t link_irqs[] = { 5, 10, 11 };
static const uint8_t sci_irqs[] = { SCI_IRQ };

static const struct isa_device {
	const char *key; /* in the property acpi-devices; NULL: always there */
	const char *name, *id;
	int uid; /* -1: none */
	struct {
		uint16_t base;
		uint8_t length;
	} io[6];
	uint16_t irqs;
	uint8_t dmas;
} isa_devices[] = {
	{ NULL, "PIC_", "PNP0000", -1, { IO(0x20, 2), IO(0xa0, 2), IO(0x4d0, 2) }, 1 << 2, 0 },
	{ NULL, "TMR_", "PNP0100", -1, { IO(0x40, 4) }, 1 << 0, 0 },
	{ NULL, "RTC_", "PNP0B00", -1, { IO(0x70, 2) }, 1 << 8, 0 },
	{ NULL, "SPKR", "PNP0800", -1, { IO(0x61, 1) }, 0, 0 },
	{ NULL, "COPR", "PNP0C04", -1, { IO(0xf0, 1) }, 1 << 13, 0 },
	{ "kbd", "KBD_", "PNP0303", -1, { IO(0x60, 1), IO(0x64, 1) }, 1 << 1, 0 },
	{ "mouse", "MOU_", "PNP0F13", -1, { { 0 } }, 1 << 12, 0 },
	{ "com1", "COM1", "PNP0501", 1, { IO(0x3f8, 8) }, 1 << 4, 0 },
	{ "com2", "COM2", "PNP0501", 2, { IO(0x2f8, 8) }, 1 << 3, 0 },
	{ "lpt1", "LPT1", "PNP0400", 1, { IO(0x378, 8) }, 1 << 7, 0 },
	{ "dma", "DMAD", "PNP0200", -1, { IO(0x00, 16), IO(0x81, 15), IO(0xc0, 32) }, 0, 1 << 4 },
	{ "fdc", "FDC0", "PNP0700", -1, { IO(0x3f2, 4), IO(0x3f7, 1) }, 1 << 6, 1 << 2 },
};
#define ISA_DEVICES (sizeof(isa_devices) / sizeof(isa_devices[0]))

/* Ports of the board that no device above owns. */
static const struct {
	uint16_t base;
	uint8_t length;
} board_ports[] = {
	{ 0x80, 1 },   { 0x92, 1 },          { 0xb2, 2 },
	{ 0x510, 12 }, { ACPI_PM_BASE, 64 }, { ACPI_SMBUS_BASE, 16 },
};

/* -- Which devices */

static bool same(const char *key, const char *word, size_t length)
{
	return key && strlen(key) == length && memcmp(key, word, length) == 0;
}

static bool is_listed(const char *list, const char *key)
{
	for (const char *at = list; *at;) {
		size_t length = strcspn(at, ";");

		if (same(key, at, length))
			return true;
		at += length + (at[length] == ';');
	}
	return false;
}

static bool check_list(const char *list, struct tsr_error *error)
{
	for (const char *at = list; *at;) {
		size_t length = strcspn(at, ";");
		bool known = length == 0;

		for (size_t i = 0; i < ISA_DEVICES; i++)
			known = known || same(isa_devices[i].key, at, length);
		if (!known)
			return tsr_error_set(error, TSR_ERROR_INVALID,
					     "acpi-devices: unknown device \"%.*s\"; allowed are "
					     "kbd, mouse, com1, com2, lpt1, dma, fdc",
					     (int)length, at);
		at += length + (at[length] == ';');
	}
	return true;
}

/* -- ISA devices */

static void isa_device(struct aml *a, const struct isa_device *d)
{
	aml_open_device(a, d->name);
	aml_name_eisaid(a, "_HID", d->id);
	if (d->uid >= 0)
		aml_name_integer(a, "_UID", (uint32_t)d->uid);
	aml_name_integer(a, "_STA", 0x0f);
	aml_open_resources(a, "_CRS");
	for (size_t i = 0; i < sizeof(d->io) / sizeof(d->io[0]) && d->io[i].length; i++)
		aml_resource_io(a, d->io[i].base, d->io[i].length);
	if (d->irqs)
		aml_resource_irq(a, d->irqs);
	if (d->dmas)
		aml_resource_dma(a, d->dmas);
	aml_close_resources(a);
	aml_close(a);
}

static void board_resources(struct aml *a)
{
	aml_open_device(a, "MBRD");
	aml_name_eisaid(a, "_HID", "PNP0C02");
	aml_open_resources(a, "_CRS");
	for (size_t i = 0; i < sizeof(board_ports) / sizeof(board_ports[0]); i++)
		aml_resource_io(a, board_ports[i].base, board_ports[i].length);
	aml_close_resources(a);
	aml_close(a);
}

/* Device (ISA_) with the route registers at 60h-63h of its configuration space as fields PRQA-
 * PRQD. */
static void isa_bridge(struct aml *a, const char *devices)
{
	aml_open_device(a, "ISA_");
	aml_name_integer(a, "_ADR", 0x00010000);
	aml_op(a, AML_REGION);
	aml_path(a, "P40C");
	aml_byte(a, 2); /* PCI_Config */
	aml_integer(a, 0x60);
	aml_integer(a, LINKS);
	for (size_t i = 0; i < ISA_DEVICES; i++) {
		if (!isa_devices[i].key || is_listed(devices, isa_devices[i].key))
			isa_device(a, &isa_devices[i]);
	}
	board_resources(a);
	aml_close(a);

	aml_open(a, AML_FIELD);
	aml_path(a, "ISA_.P40C");
	aml_byte(a, 0x01); /* byte accesses, no lock, preserve */
	for (unsigned i = 0; i < LINKS; i++) {
		aml_path(a, route_names[i]);
		aml_byte(a, 8); /* bits */
	}
	aml_close(a);
}

/* -- Interrupt routing */

/* Method (IQST, 1) { If (Arg0 & 0x80) { Return (0x09) } Return (0x0B) } */
static void link_status_method(struct aml *a)
{
	aml_open_method(a, "IQST", 1);
	aml_open(a, AML_IF);
	aml_op(a, AML_AND);
	aml_integer(a, 0x80);
	aml_op(a, AML_ARG0);
	aml_op(a, AML_ZERO); /* no target */
	aml_op(a, AML_RETURN);
	aml_integer(a, 0x09);
	aml_close(a);
	aml_op(a, AML_RETURN);
	aml_integer(a, 0x0b);
	aml_close(a);
}

/* Method (IQCR, 1, Serialized): the resource template for a route register's value; interrupt 0
 * when it is off. */
static void link_resources_method(struct aml *a)
{
	static const uint8_t none[] = { 0 };

	aml_open_method(a, "IQCR", 1 | 8);
	aml_open_resources(a, "PRR0");
	aml_resource_interrupts(a, none, 1);
	aml_close_resources(a);
	aml_op(a, AML_CREATE_DWORD_FIELD);
	aml_path(a, "PRR0");
	aml_integer(a, 5); /* _INT */
	aml_path(a, "PRRI");
	aml_open(a, AML_IF);
	aml_op(a, AML_LLESS);
	aml_op(a, AML_ARG0);
	aml_integer(a, 0x80);
	aml_op(a, AML_STORE);
	aml_op(a, AML_ARG0);
	aml_path(a, "PRRI");
	aml_close(a);
	aml_op(a, AML_RETURN);
	aml_path(a, "PRR0");
	aml_close(a);
}

/* Method (name) { Return (helper (route)) } */
static void call_with_route(struct aml *a, const char *name, const char *helper, const char *route)
{
	aml_open_method(a, name, 0);
	aml_op(a, AML_RETURN);
	aml_path(a, helper);
	aml_path(a, route);
	aml_close(a);
}

/* Method (_SRS, 1) { CreateDWordField (Arg0, 5, PRRI) Store (PRRI, route) } */
static void link_set_method(struct aml *a, const char *route)
{
	aml_open_method(a, "_SRS", 1 | 8);
	aml_op(a, AML_CREATE_DWORD_FIELD);
	aml_op(a, AML_ARG0);
	aml_integer(a, 5);
	aml_path(a, "PRRI");
	aml_op(a, AML_STORE);
	aml_path(a, "PRRI");
	aml_path(a, route);
	aml_close(a);
}

static void link_device(struct aml *a, unsigned n)
{
	const char *route = route_names[n];

	aml_open_device(a, link_names[n]);
	aml_name_eisaid(a, "_HID", "PNP0C0F");
	aml_name_integer(a, "_UID", n);
	aml_open_resources(a, "_PRS");
	aml_resource_interrupts(a, link_irqs, sizeof(link_irqs));
	aml_close_resources(a);
	call_with_route(a, "_STA", "IQST", route);
	aml_open_method(a, "_DIS", 0);
	aml_op(a, AML_OR);
	aml_path(a, route);
	aml_integer(a, 0x80);
	aml_path(a, route);
	aml_close(a);
	call_with_route(a, "_CRS", "IQCR", route);
	link_set_method(a, route);
	aml_close(a);
}

/* The PIIX4 raises its own interrupt as SCI, not through a PIRQ. */
static void sci_link_device(struct aml *a)
{
	aml_open_device(a, "LNKS");
	aml_name_eisaid(a, "_HID", "PNP0C0F");
	aml_name_integer(a, "_UID", LINKS);
	aml_open_resources(a, "_PRS");
	aml_resource_interrupts(a, sci_irqs, 1);
	aml_close_resources(a);
	aml_name_integer(a, "_STA", 0x0b);
	aml_open_method(a, "_SRS", 1);
	aml_close(a);
	aml_open_method(a, "_DIS", 0);
	aml_close(a);
	aml_open_resources(a, "_CRS");
	aml_resource_interrupts(a, sci_irqs, 1);
	aml_close_resources(a);
	aml_close(a);
}

/* Name (_PRT, …): pin p of device d is connected to link (d + p - 1) modulo 4. Device 0 has no
 * pins. */
static void routing_table(struct aml *a)
{
	aml_name(a, "_PRT");
	aml_open_package(a, 31 * LINKS);
	for (unsigned device = 1; device < 32; device++) {
		for (unsigned pin = 0; pin < LINKS; pin++) {
			bool sci = device == 1 && pin == 0;

			aml_open_package(a, 4);
			aml_integer(a, device << 16 | 0xffff);
			aml_integer(a, pin);
			aml_path(a, sci ? "LNKS" : link_names[(device + pin - 1) % LINKS]);
			aml_integer(a, 0);
			aml_close(a);
		}
	}
	aml_close(a);
}

/* -- The whole */

static void pci_root(struct aml *a, const struct acpi_machine *machine)
{
	aml_open_device(a, "PCI0");
	aml_name_eisaid(a, "_HID", "PNP0A03");
	aml_name_integer(a, "_UID", 0);
	aml_open_resources(a, "_CRS");
	aml_resource_bus(a, 0, 255);
	aml_resource_io(a, 0xcf8, 8);
	aml_resource_io_window(a, 0x0000, 0x0cf7);
	aml_resource_io_window(a, 0x0d00, 0xffff);
	aml_resource_memory_window(a, 0xa0000, 0xbffff);
	aml_resource_memory_window(a, (uint32_t)machine->ram_below_4g, 0xfebfffff);
	aml_close_resources(a);
	routing_table(a);
	isa_bridge(a, machine->devices);
	link_status_method(a);
	link_resources_method(a);
	for (unsigned n = 0; n < LINKS; n++)
		link_device(a, n);
	sci_link_device(a);
	aml_close(a);
}

static void processor(struct aml *a)
{
	aml_open_scope(a, "\\_PR_");
	aml_open(a, AML_PROCESSOR);
	aml_path(a, "CPU0");
	aml_byte(a, 0);  /* id */
	aml_le(a, 0, 4); /* no register block */
	aml_byte(a, 0);
	aml_close(a);
	aml_close(a);
}

static void soft_off(struct aml *a)
{
	aml_name(a, "\\_S5_");
	aml_open_package(a, 4);
	for (unsigned i = 0; i < 4; i++)
		aml_integer(a, 0); /* SUS_TYP 0 is soft off */
	aml_close(a);
}

bool acpi_dsdt(struct aml *a, const struct acpi_machine *machine, struct tsr_error *error)
{
	if (!check_list(machine->devices, error))
		return false;
	acpi_header(a, "DSDT", 1);
	processor(a);
	soft_off(a);
	aml_open_scope(a, "\\_SB_");
	pci_root(a, machine);
	aml_close(a);
	return true;
}
