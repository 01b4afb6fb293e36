/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's description for ACPI, which the loader's script puts into memory. */
#ifndef FW_CFG_ACPI_H
#define FW_CFG_ACPI_H

#include "aml.h"
#include "items.h"
#include "loader.h"

struct acpi_machine {
	uint64_t ram_below_4g; /* bytes: PCI memory starts there */
	const char *devices;   /* names of the ISA devices described, separated by semicolons */
};

/* Appends the DSDT, header included (length and checksum not filled in). */
bool acpi_dsdt(struct aml *a, const struct acpi_machine *machine, struct tsr_error *error);
/* Adds etc/acpi/tables and etc/acpi/rsdp. */
bool acpi_add(struct fw_cfg_items *items, struct loader *l, const struct acpi_machine *machine,
	      struct tsr_error *error);
/* A table's header, length 0; `offset` where it starts. */
void acpi_header(struct aml *a, const char *signature, unsigned revision);

#define ACPI_HEADER 36 /* bytes */
/* Where SeaBIOS puts the PIIX4's register blocks. */
#define ACPI_PM_BASE 0x600
#define ACPI_SMBUS_BASE 0x700

#endif
