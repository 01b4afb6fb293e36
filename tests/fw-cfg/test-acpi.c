/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ACPI tables: the loader's script is run as firmware would, then the tables are followed
 * from the RSDP. */
#include <stdlib.h>
#include <string.h>

#include "acpi.h"
#include "test-fw-cfg.h"

#define TABLES_AT 0x400000u
#define RSDP_AT 0xf0000u

static uint32_t address_of(const char *file)
{
	return strcmp(file, "etc/acpi/rsdp") == 0 ? RSDP_AT
	       : strcmp(file, "etc/pir") == 0     ? PIR_AT
						  : TABLES_AT;
}

uint8_t fake_sum(tsr_gpa at, uint32_t length)
{
	uint8_t total = 0;

	while (length--)
		total += *fake_ram(at++);
	return total;
}

static uint32_t dword(tsr_gpa at)
{
	return (uint32_t)get_le(fake_ram(at), 4);
}

static void run_entry(const uint8_t *entry)
{
	const char *first = (const char *)entry + 4, *second = first + 56;
	const uint8_t *rest = entry + 4 + 56;
	uint32_t length = 0, at = address_of(first), start;
	uint16_t key;

	switch (get_le(entry, 4)) {
	case 1:
		key = find_file(first, &length);
		CU_ASSERT(key && dma_item(key, at, length));
		CU_ASSERT_EQUAL(at % get_le(rest, 4), 0);
		CU_ASSERT_EQUAL(rest[4], at == TABLES_AT ? 1 : 2); /* F segment */
		break;
	case 2:
		at += (uint32_t)get_le(rest + 56, 4);
		CU_ASSERT_EQUAL(rest[60], 4);
		put_le(fake_ram(at), dword(at) + address_of(second), 4);
		break;
	case 3:
		at += (uint32_t)get_le(rest, 4);
		start = address_of(first) + (uint32_t)get_le(rest + 4, 4);
		*fake_ram(at) -= fake_sum(start, (uint32_t)get_le(rest + 8, 4));
		break;
	default:
		CU_FAIL("unknown command");
	}
}

void run_script(void)
{
	uint32_t length = 0;
	uint8_t *script;

	if (!dma_item(find_file("etc/table-loader", &length), 0x300000, 4096))
		CU_FAIL("no script");
	script = malloc(length);
	memcpy(script, fake_ram(0x300000), length);
	for (uint32_t at = 0; at < length; at += 128)
		run_entry(script + at);
	free(script);
}

static void start_tables(const char *devices)
{
	start_with((struct fake_row[]){ { "acpi-devices", devices }, { NULL, NULL } });
	run_script();
}

/* The table whose address is at `at`. */
static tsr_gpa table(tsr_gpa at, const char *signature)
{
	tsr_gpa found = dword(at);

	CU_ASSERT_FATAL(found < FAKE_RAM_SIZE - 0x10000);
	CU_ASSERT_EQUAL(memcmp(fake_ram(found), signature, 4), 0);
	if (strcmp(signature, "FACS") != 0)
		CU_ASSERT_EQUAL(fake_sum(found, dword(found + 4)), 0);
	return found;
}

static bool contains(tsr_gpa at, const void *bytes, size_t length)
{
	for (uint32_t i = ACPI_HEADER; i + length <= dword(at + 4); i++) {
		if (memcmp(fake_ram(at + i), bytes, length) == 0)
			return true;
	}
	return false;
}

static tsr_gpa dsdt_of(const char *devices)
{
	start_tables(devices);
	return table(table(table(RSDP_AT + 16, "RSDT") + 36, "FACP") + 40, "DSDT");
}

static void tables_lead_to_each_other(void)
{
	tsr_gpa fadt;

	start_tables("kbd");
	CU_ASSERT_EQUAL(memcmp(fake_ram(RSDP_AT), "RSD PTR ", 8), 0);
	CU_ASSERT_EQUAL(fake_sum(RSDP_AT, 20), 0);
	fadt = table(table(RSDP_AT + 16, "RSDT") + 36, "FACP");
	CU_ASSERT_EQUAL(dword(fadt + 4), 116);
	CU_ASSERT_EQUAL(table(fadt + 36, "FACS") % 64, 0);
	table(fadt + 40, "DSDT");
}

static void fixed_table_fits_the_piix4(void)
{
	static const struct {
		unsigned offset, width;
		uint32_t value;
	} rows[] = {
		{ 46, 2, 9 },     { 48, 4, 0xb2 },  { 52, 1, 0xf1 },  { 53, 1, 0xf0 },
		{ 56, 4, 0x600 }, { 64, 4, 0x604 }, { 76, 4, 0x608 }, { 80, 4, 0x60c },
		{ 88, 1, 4 },     { 89, 1, 2 },     { 91, 1, 4 },     { 92, 1, 4 },
		{ 96, 2, 0xfff }, { 108, 1, 0x32 }, { 112, 4, 0x65 },
	};
	tsr_gpa fadt;

	start_tables("kbd");
	fadt = table(table(RSDP_AT + 16, "RSDT") + 36, "FACP");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(get_le(fake_ram(fadt + rows[i].offset), rows[i].width),
				rows[i].value);
}

static void listed_devices_are_described(void)
{
	tsr_gpa dsdt = dsdt_of("com1;lpt1");

	CU_ASSERT(contains(dsdt, "COM1", 4));
	CU_ASSERT(contains(dsdt, "LPT1", 4));
	CU_ASSERT_FALSE(contains(dsdt, "COM2", 4));
	CU_ASSERT_FALSE(contains(dsdt, "KBD_", 4));
	CU_ASSERT(contains(dsdt, "\x08\\_S5_\x12", 7));
	CU_ASSERT(contains(dsdt, "\x08_HID\x0c\x41\xd0\x0a\x03", 10)); /* PNP0A03 */
}

static void unknown_devices_are_refused(void)
{
	struct tsr_error error;

	fake_start();
	CU_ASSERT_PTR_NULL(fake_device_try(
		NULL, "fw-cfg",
		(struct fake_row[]){ { "acpi-devices", "kbd;con1" }, { NULL, NULL } }, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "con1"));
}

static void tables_can_be_left_out(void)
{
	uint32_t length;

	start_with((struct fake_row[]){ { "acpi", "false" }, { NULL, NULL } });
	CU_ASSERT_EQUAL(find_file("etc/acpi/rsdp", &length), 0);
	CU_ASSERT_EQUAL(find_file("etc/acpi/tables", &length), 0);
}

CU_TestInfo acpi_tests[] = {
	ROW(tables_lead_to_each_other),    ROW(fixed_table_fits_the_piix4),
	ROW(listed_devices_are_described), ROW(unknown_devices_are_refused),
	ROW(tables_can_be_left_out),       CU_TEST_INFO_NULL,
};
