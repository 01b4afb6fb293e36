/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The SMBIOS structures, walked as a system does: header, formatted area, strings. */
#include <string.h>

#include "smbios.h"
#include "test-fw-cfg.h"

#define ANCHOR "etc/smbios/smbios-anchor"
#define TABLES "etc/smbios/smbios-tables"
#define MAX_STRUCTURES 16

static struct fw_cfg_items items;
static const uint8_t *anchor, *tables;
static uint32_t table_length;
static const uint8_t *structures[MAX_STRUCTURES];
static unsigned structure_count;
static size_t largest;

static const struct fw_cfg_item *file(const char *name)
{
	for (unsigned i = 0; i < items.count; i++) {
		if (strcmp(items.item[i].name, name) == 0)
			return &items.item[i];
	}
	CU_FAIL_FATAL("no such file");
	return NULL;
}

/* Behind the strings of the structure at `at`. */
static const uint8_t *after(const uint8_t *at)
{
	const uint8_t *end = tables + table_length, *text = at + at[1];

	while (text + 1 < end && (text[0] || text[1]))
		text++;
	return text + 2;
}

static void build(const struct smbios_machine *machine)
{
	struct tsr_error error;

	items_finish(&items);
	items.files = 0;
	CU_ASSERT_FATAL(smbios_add(&items, machine, &error));
	CU_ASSERT_EQUAL_FATAL(file(ANCHOR)->length, 31);
	anchor = file(ANCHOR)->bytes;
	tables = file(TABLES)->bytes;
	table_length = file(TABLES)->length;
	structure_count = 0;
	largest = 0;
	for (const uint8_t *at = tables; at + 4 <= tables + table_length; at = after(at)) {
		CU_ASSERT_FATAL(structure_count < MAX_STRUCTURES);
		structures[structure_count++] = at;
		if ((size_t)(after(at) - at) > largest)
			largest = (size_t)(after(at) - at);
	}
}

static void build_usual(void)
{
	build(&(struct smbios_machine){ "Maker", "Thing", 512u << 20, 0 });
}

/* The nth structure of a type. */
static const uint8_t *structure(unsigned type, unsigned n)
{
	for (unsigned i = 0; i < structure_count; i++) {
		if (structures[i][0] == type && n-- == 0)
			return structures[i];
	}
	CU_FAIL_FATAL("no such structure");
	return NULL;
}

/* The string that the field at `offset` names; "" if it names none. */
static const char *string(const uint8_t *at, unsigned offset)
{
	const char *text = (const char *)at + at[1];

	for (unsigned n = at[offset]; n > 1; n--)
		text += strlen(text) + 1;
	return at[offset] ? text : "";
}

static uint8_t sum(const uint8_t *bytes, size_t length)
{
	uint8_t total = 0;

	while (length--)
		total += *bytes++;
	return total;
}

/* -- Tests */

static void entry_point_fits_the_structures(void)
{
	build_usual();
	CU_ASSERT_EQUAL(memcmp(anchor, "_SM_", 4), 0);
	CU_ASSERT_EQUAL(anchor[5], 31);
	CU_ASSERT_EQUAL(sum(anchor, 16), 0);
	CU_ASSERT_EQUAL(memcmp(anchor + 16, "_DMI_", 5), 0);
	CU_ASSERT_EQUAL(sum(anchor + 16, 15), 0);
	CU_ASSERT_EQUAL(get_be(anchor + 6, 2), 0x0208);
	CU_ASSERT_EQUAL(anchor[30], 0x28);
	CU_ASSERT_EQUAL(get_le(anchor + 8, 2), largest);
	CU_ASSERT_EQUAL(get_le(anchor + 22, 2), table_length);
	CU_ASSERT_EQUAL(get_le(anchor + 28, 2), structure_count);
}

static void structures_are_those_of_2_8(void)
{
	static const struct {
		uint8_t type, length;
		uint16_t handle;
	} rows[] = {
		{ 1, 0x1b, 0x0100 },  { 3, 0x16, 0x0300 },   { 4, 0x2a, 0x0400 },
		{ 16, 0x17, 0x1000 }, { 17, 0x28, 0x1100 },  { 19, 0x1f, 0x1300 },
		{ 32, 0x0b, 0x2000 }, { 127, 0x04, 0x7f00 },
	};

	build_usual();
	CU_ASSERT_EQUAL_FATAL(structure_count, sizeof(rows) / sizeof(rows[0]));
	for (unsigned i = 0; i < structure_count; i++) {
		CU_ASSERT_EQUAL(structures[i][0], rows[i].type);
		CU_ASSERT_EQUAL(structures[i][1], rows[i].length);
		CU_ASSERT_EQUAL(get_le(structures[i] + 2, 2), rows[i].handle);
	}
	CU_ASSERT_PTR_EQUAL(after(structures[structure_count - 1]), tables + table_length);
}

static void fields_tell_the_machine(void)
{
	/* clang-format off */
	static const struct {
		uint8_t type, offset, width;
		uint32_t value;
	} rows[] = {
		{ 1, 0x08, 8, 0 }, { 1, 0x10, 8, 0 }, { 1, 0x18, 1, 6 },
		{ 3, 0x05, 1, 1 }, { 3, 0x09, 4, 0x02030303 }, { 3, 0x13, 2, 0 },
		{ 4, 0x05, 2, 0x0103 }, { 4, 0x18, 2, 0x0141 }, { 4, 0x1a, 2, 0xffff },
		{ 4, 0x1c, 2, 0xffff }, { 4, 0x1e, 2, 0xffff }, { 4, 0x23, 3, 0x010101 },
		{ 16, 0x04, 3, 0x060301 }, { 16, 0x07, 4, 512 << 10 }, { 16, 0x0b, 2, 0xfffe },
		{ 16, 0x0d, 2, 1 }, { 16, 0x0f, 8, 0 },
		{ 17, 0x04, 4, 0xfffe1000 }, { 17, 0x08, 4, 0x00400040 }, { 17, 0x0c, 2, 512 },
		{ 17, 0x0e, 1, 9 }, { 17, 0x12, 1, 7 }, { 17, 0x1c, 4, 0 },
		{ 19, 0x04, 4, 0 }, { 19, 0x08, 4, (512 << 10) - 1 }, { 19, 0x0c, 2, 0x1000 },
		{ 19, 0x0e, 1, 1 }, { 32, 0x0a, 1, 0 },
	};
	/* clang-format on */

	build_usual();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(get_le(structure(rows[i].type, 0) + rows[i].offset, rows[i].width),
				rows[i].value);
}

static void texts_are_named_by_number(void)
{
	build_usual();
	CU_ASSERT_STRING_EQUAL(string(structure(1, 0), 0x04), "Maker");
	CU_ASSERT_STRING_EQUAL(string(structure(1, 0), 0x05), "Thing");
	CU_ASSERT_STRING_EQUAL(string(structure(1, 0), 0x07), "");
	CU_ASSERT_STRING_EQUAL(string(structure(3, 0), 0x04), "Maker");
	CU_ASSERT_STRING_EQUAL(string(structure(4, 0), 0x04), "CPU 1");
	CU_ASSERT_STRING_EQUAL(string(structure(4, 0), 0x07), "Maker");
	CU_ASSERT_STRING_EQUAL(string(structure(17, 0), 0x10), "DIMM 0");
	build(&(struct smbios_machine){ "", "Thing", 512u << 20, 0 });
	CU_ASSERT_EQUAL(structure_count, 8);
	CU_ASSERT_STRING_EQUAL(string(structure(1, 0), 0x04), "");
	CU_ASSERT_STRING_EQUAL(string(structure(1, 0), 0x05), "Thing");
	CU_ASSERT_EQUAL(get_le(structure(3, 0) + 0x16, 2), 0); /* no strings: two zeros */
}

static void memory_above_4g_is_a_second_range(void)
{
	build(&(struct smbios_machine){ "", "", 3584ull << 20, 4ull << 40 });
	CU_ASSERT_EQUAL(get_le(structure(19, 0) + 0x08, 4), (3584u << 10) - 1);
	CU_ASSERT_EQUAL(get_le(structure(19, 1) + 0x02, 2), 0x1301);
	CU_ASSERT_EQUAL(get_le(structure(19, 1) + 0x04, 8),
			UINT64_MAX); /* look at the long fields */
	CU_ASSERT_EQUAL(get_le(structure(19, 1) + 0x0f, 8), 4ull << 30);
	CU_ASSERT_EQUAL(get_le(structure(19, 1) + 0x17, 8), (4ull << 30) + (4ull << 40) - 1);
	CU_ASSERT_EQUAL(get_le(structure(16, 0) + 0x07, 4), 0x80000000u);
	CU_ASSERT_EQUAL(get_le(structure(16, 0) + 0x0f, 8), (3584ull << 20) + (4ull << 40));
	CU_ASSERT_EQUAL(get_le(structure(17, 0) + 0x0c, 2), 0x7fff);
	CU_ASSERT_EQUAL(get_le(structure(17, 0) + 0x1c, 4), 3584 + (4 << 20));
}

static void properties_are_told(void)
{
	uint32_t length = 0, anchor_length = 0;

	start_with((struct fake_row[]){
		{ "manufacturer", "Else" }, { "product", "" }, { NULL, NULL } });
	CU_ASSERT(dma_item(find_file(TABLES, &length), 0x20000, 4096));
	CU_ASSERT_EQUAL(*fake_ram(0x20000), 1);
	CU_ASSERT_EQUAL(memcmp(fake_ram(0x2001b), "Else\0\0\x03", 7), 0);
	CU_ASSERT(dma_item(find_file(ANCHOR, &anchor_length), 0x30000, 31));
	CU_ASSERT_EQUAL(anchor_length, 31);
	CU_ASSERT_EQUAL(get_le(fake_ram(0x30016), 2), length);
	CU_ASSERT_EQUAL(find_file("smbios/field1-4", &length), 0);
}

static void long_texts_are_refused(void)
{
	char text[SMBIOS_MAX_TEXT + 2];
	struct tsr_error error;

	memset(text, 'x', sizeof(text));
	text[SMBIOS_MAX_TEXT] = 0;
	build(&(struct smbios_machine){ text, text, 512u << 20, 0 });
	CU_ASSERT_STRING_EQUAL(string(structure(1, 0), 0x05), text);
	CU_ASSERT_EQUAL(get_le(anchor + 8, 2), largest);
	text[SMBIOS_MAX_TEXT] = 'x';
	text[SMBIOS_MAX_TEXT + 1] = 0;
	CU_ASSERT_FALSE(
		smbios_add(&items, &(struct smbios_machine){ "", text, 512u << 20, 0 }, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "product"));
	items_finish(&items);
}

CU_TestInfo smbios_tests[] = {
	ROW(entry_point_fits_the_structures),
	ROW(structures_are_those_of_2_8),
	ROW(fields_tell_the_machine),
	ROW(texts_are_named_by_number),
	ROW(memory_above_4g_is_a_second_range),
	ROW(properties_are_told),
	ROW(long_texts_are_refused),
	CU_TEST_INFO_NULL,
};
