/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FACS, FADT, RSDT and RSDP around the DSDT, and the script (etc/table-loader) by which the
 * firmware allocates them, adds their addresses and computes checksums. There is no MADT: the
 * machine has 8259s only.
 *
 * Sources: ACPI 1.0b, 5.2; QEMU's docs/specs/fw_cfg and SeaBIOS' romfile loader for the script.
 */
#include <stdlib.h>
#include <string.h>

#include "acpi.h"

#define TABLES "etc/acpi/tables"
#define RSDP "etc/acpi/rsdp"
#define SCRIPT_ENTRY 128u /* bytes */

enum {
	LOADER_ALLOCATE = 1,
	LOADER_ADD_POINTER = 2,
	LOADER_ADD_CHECKSUM = 3,
	ZONE_HIGH = 1,
	ZONE_FSEG = 2
};
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
	aml_byte(a, 0);  /* checksum */
	aml_bytes(a, "TESSRATESSERA ", 14);
	aml_le(a, 1, 4);
	aml_bytes(a, "TESS", 4);
	aml_le(a, 1, 4);
}

/* -- Tables */

/* The fixed table's fields after its header (5.2.5): value and bytes. */
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

/* -- The script */

struct script {
	uint8_t bytes[16 * SCRIPT_ENTRY];
	unsigned entries;
};

static uint8_t *script_entry(struct script *s, unsigned command)
{
	uint8_t *entry = s->bytes + SCRIPT_ENTRY * s->entries++;

	put_le(entry, command, 4);
	return entry + 4;
}

static void script_name(uint8_t *to, const char *file)
{
	memcpy(to, file, strlen(file)); /* the entry is zeroed */
}

static void script_allocate(struct script *s, const char *file, uint32_t alignment, unsigned zone)
{
	uint8_t *entry = script_entry(s, LOADER_ALLOCATE);

	script_name(entry, file);
	put_le(entry + FW_CFG_FILE_NAME, alignment, 4);
	entry[FW_CFG_FILE_NAME + 4] = (uint8_t)zone;
}

/* The dword at `offset` of `file` is an offset in TABLES and becomes an address. */
static void script_pointer(struct script *s, const char *file, uint32_t offset)
{
	uint8_t *entry = script_entry(s, LOADER_ADD_POINTER);

	script_name(entry, file);
	script_name(entry + FW_CFG_FILE_NAME, TABLES);
	put_le(entry + 2 * FW_CFG_FILE_NAME, offset, 4);
	entry[2 * FW_CFG_FILE_NAME + 4] = 4;
}

static void script_checksum(struct script *s, const char *file, uint32_t at, uint32_t start,
			    uint32_t length)
{
	uint8_t *entry = script_entry(s, LOADER_ADD_CHECKSUM);

	script_name(entry, file);
	put_le(entry + FW_CFG_FILE_NAME, at, 4);
	put_le(entry + FW_CFG_FILE_NAME + 4, start, 4);
	put_le(entry + FW_CFG_FILE_NAME + 8, length, 4);
}

/* -- The whole */

/* Ends the table that started at `start`. */
static void finish_table(struct aml *a, struct script *s, size_t start)
{
	if (a->failed)
		return;
	put_le(a->bytes + start + OFFSET_LENGTH, a->length - start, 4);
	script_checksum(s, TABLES, (uint32_t)start + OFFSET_CHECKSUM, (uint32_t)start,
			(uint32_t)(a->length - start));
}

/* Pointers come before the checksums that cover them. */
static bool build_tables(struct aml *a, struct script *s, const struct acpi_machine *machine,
			 size_t *rsdt, struct tsr_error *error)
{
	size_t dsdt = FACS_SIZE, fixed;

	facs(a);
	if (!acpi_dsdt(a, machine, error))
		return false;
	finish_table(a, s, dsdt);
	fixed = a->length;
	fadt(a);
	if (!a->failed)
		put_le(a->bytes + fixed + FADT_DSDT, dsdt, 4); /* the FACS is at 0 */
	script_pointer(s, TABLES, (uint32_t)fixed + FADT_FACS);
	script_pointer(s, TABLES, (uint32_t)fixed + FADT_DSDT);
	finish_table(a, s, fixed);
	*rsdt = a->length;
	acpi_header(a, "RSDT", 1);
	aml_le(a, (uint32_t)fixed, 4);
	script_pointer(s, TABLES, (uint32_t)*rsdt + ACPI_HEADER);
	finish_table(a, s, *rsdt);
	return !a->failed ||
	       tsr_error_set(error, TSR_ERROR_FAILED, "no memory for the ACPI tables");
}

static void build_rsdp(uint8_t rsdp[RSDP_SIZE], struct script *s, size_t rsdt)
{
	memset(rsdp, 0, RSDP_SIZE);
	memcpy(rsdp, "RSD PTR ", 8);
	memcpy(rsdp + 9, "TESSRA", 6);
	put_le(rsdp + RSDP_RSDT, rsdt, 4);
	script_pointer(s, RSDP, RSDP_RSDT);
	script_checksum(s, RSDP, RSDP_CHECKSUM, 0, RSDP_SIZE);
}

bool acpi_add(struct fw_cfg_items *items, const struct acpi_machine *machine,
	      struct tsr_error *error)
{
	struct script script = { .entries = 0 };
	struct aml tables = { 0 };
	uint8_t rsdp[RSDP_SIZE];
	size_t rsdt;
	bool ok;

	script_allocate(&script, TABLES, FACS_SIZE, ZONE_HIGH);
	script_allocate(&script, RSDP, 16, ZONE_FSEG);
	ok = build_tables(&tables, &script, machine, &rsdt, error);
	if (ok) {
		build_rsdp(rsdp, &script, rsdt);
		ok = items_add_file(items, TABLES, tables.bytes, tables.length) &&
		     items_add_file(items, RSDP, rsdp, sizeof(rsdp)) &&
		     items_add_file(items, "etc/table-loader", script.bytes,
				    script.entries * SCRIPT_ENTRY);
		if (!ok)
			tsr_error_set(error, TSR_ERROR_FAILED, "no memory for the ACPI tables");
	}
	free(tables.bytes);
	return ok;
}
