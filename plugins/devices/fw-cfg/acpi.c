/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FACS, FADT, RSDT and RSDP around the DSDT; the loader's script allocates them, adds their
 * addresses and computes checksums. There is no MADT: the machine has 8259s only.
 *
 * Source: ACPI 1.0b, 5.2.
 */
#include <stdlib.h>
#include <string.h>

#include "acpi.h"

#define TABLES "etc/acpi/tables"
#define RSDP "etc/acpi/rsdp"

enum { FACS_SIZE = 64, RSDP_SIZE = 20 };
enum {
	OFFSET_LENGTH = 4,
	OFFSET_CHECKSUM = 9,
	FADT_FACS = 36,
	FADT_DSDT = 40,
	RSDP_CHECKSUM = 8,
	RSDP_RSDT = 16
};

void acpi_header(struct aml *a, const char *signature, unsigned revision)
{
	aml_bytes(a, signature, 4);
	aml_le(a, 0, 4); /* length */
	aml_byte(a, revision);
	aml_byte(a, 0); /* checksum */
	aml_bytes(a, "TESSRATESSERA ", 14);
	aml_le(a, 1, 4);
	aml_bytes(a, "TESS", 4);
	aml_le(a, 1, 4);
}

/* -- Tables */

/* The fixed table's fields after its header (5.2.5): value and bytes. */
/* clang-format off */
static const struct {
	uint32_t value;
	uint8_t width;
} fadt_fields[] = {
	{ 0, 4 },                    /* FIRMWARE_CTRL, by the script */
	{ 0, 4 },                    /* DSDT, by the script */
	{ 0, 1 }, { 0, 1 },          /* INT_MODEL: 8259s; reserved */
	{ 9, 2 },                    /* SCI_INT */
	{ 0xb2, 4 },                 /* SMI_CMD */
	{ 0xf1, 1 }, { 0xf0, 1 },    /* ACPI_ENABLE, ACPI_DISABLE */
	{ 0, 1 }, { 0, 1 },          /* S4BIOS_REQ, reserved */
	{ ACPI_PM_BASE, 4 }, { 0, 4 },     /* PM1a_EVT_BLK, PM1b_EVT_BLK */
	{ ACPI_PM_BASE + 4, 4 }, { 0, 4 }, /* PM1a_CNT_BLK, PM1b_CNT_BLK */
	{ 0, 4 },                          /* PM2_CNT_BLK */
	{ ACPI_PM_BASE + 8, 4 },           /* PM_TMR_BLK */
	{ ACPI_PM_BASE + 0xc, 4 }, { 0, 4 }, /* GPE0_BLK, GPE1_BLK */
	{ 4, 1 }, { 2, 1 }, { 0, 1 }, { 4, 1 }, /* lengths of PM1_EVT, PM1_CNT, PM2_CNT, PM_TM */
	{ 4, 1 }, { 0, 1 }, { 0, 1 }, { 0, 1 }, /* lengths of GPE0, GPE1; GPE1_BASE; reserved */
	{ 0xfff, 2 }, { 0xfff, 2 },  /* P_LVL2_LAT, P_LVL3_LAT: no C2, no C3 */
	{ 0, 2 }, { 0, 2 },          /* FLUSH_SIZE, FLUSH_STRIDE */
	{ 0, 1 }, { 0, 1 },          /* DUTY_OFFSET, DUTY_WIDTH */
	{ 0, 1 }, { 0, 1 },          /* DAY_ALRM, MON_ALRM */
	{ 0x32, 1 },                 /* CENTURY */
	{ 0, 2 }, { 0, 1 },          /* boot flags and reserved: of later revisions */
	{ 1 << 0 | 1 << 2 | 1 << 5 | 1 << 6, 4 },
	/* WBINVD, PROC_C1, SLP_BUTTON (none), FIX_RTC (none) */
};
/* clang-format on */

static void facs(struct aml *a)
{
	static const uint8_t rest[FACS_SIZE - 8];

	aml_bytes(a, "FACS", 4);
	aml_le(a, FACS_SIZE, 4);
	aml_bytes(a, rest, sizeof(rest));
}

static void fadt(struct aml *a)
{
	acpi_header(a, "FACP", 1);
	for (size_t i = 0; i < sizeof(fadt_fields) / sizeof(fadt_fields[0]); i++)
		aml_le(a, fadt_fields[i].value, fadt_fields[i].width);
}

/* -- The whole */

/* Ends the table that started at `start`. */
static void finish_table(struct aml *a, struct loader *l, size_t start)
{
	if (a->failed)
		return;
	put_le(a->bytes + start + OFFSET_LENGTH, a->length - start, 4);
	loader_checksum(l, TABLES, (uint32_t)start + OFFSET_CHECKSUM, (uint32_t)start,
			(uint32_t)(a->length - start));
}

/* Pointers come before the checksums that cover them. */
static bool build_tables(struct aml *a, struct loader *l, const struct acpi_machine *machine,
			 size_t *rsdt, struct tsr_error *error)
{
	size_t dsdt = FACS_SIZE, fixed;

	facs(a);
	if (!acpi_dsdt(a, machine, error))
		return false;
	finish_table(a, l, dsdt);
	fixed = a->length;
	fadt(a);
	if (!a->failed)
		put_le(a->bytes + fixed + FADT_DSDT, dsdt, 4); /* the FACS is at 0 */
	loader_pointer(l, TABLES, (uint32_t)fixed + FADT_FACS, TABLES);
	loader_pointer(l, TABLES, (uint32_t)fixed + FADT_DSDT, TABLES);
	finish_table(a, l, fixed);
	*rsdt = a->length;
	acpi_header(a, "RSDT", 1);
	aml_le(a, (uint32_t)fixed, 4);
	loader_pointer(l, TABLES, (uint32_t)*rsdt + ACPI_HEADER, TABLES);
	finish_table(a, l, *rsdt);
	return !a->failed ||
	       tsr_error_set(error, TSR_ERROR_FAILED, "no memory for the ACPI tables");
}

static void build_rsdp(uint8_t rsdp[RSDP_SIZE], struct loader *l, size_t rsdt)
{
	memset(rsdp, 0, RSDP_SIZE);
	memcpy(rsdp, "RSD PTR ", 8);
	memcpy(rsdp + 9, "TESSRA", 6);
	put_le(rsdp + RSDP_RSDT, rsdt, 4);
	loader_pointer(l, RSDP, RSDP_RSDT, TABLES);
	loader_checksum(l, RSDP, RSDP_CHECKSUM, 0, RSDP_SIZE);
}

bool acpi_add(struct fw_cfg_items *items, struct loader *l, const struct acpi_machine *machine,
	      struct tsr_error *error)
{
	struct aml tables = { 0 };
	uint8_t rsdp[RSDP_SIZE];
	size_t rsdt;
	bool ok;

	loader_allocate(l, TABLES, FACS_SIZE, LOADER_HIGH);
	loader_allocate(l, RSDP, 16, LOADER_FSEG);
	ok = build_tables(&tables, l, machine, &rsdt, error);
	if (ok) {
		build_rsdp(rsdp, l, rsdt);
		ok = items_add_file(items, TABLES, tables.bytes, tables.length) &&
		     items_add_file(items, RSDP, rsdp, sizeof(rsdp));
		if (!ok)
			tsr_error_set(error, TSR_ERROR_FAILED, "no memory for the ACPI tables");
	}
	free(tables.bytes);
	return ok;
}
