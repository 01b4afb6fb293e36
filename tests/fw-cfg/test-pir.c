/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PCI interrupt routing table as the loader's script leaves it, and when the BIOS makes its
 * own. */
#include <string.h>

#include "test-fw-cfg.h"

#define HEADER 32u

static void start_pir(void)
{
	start_with(NULL);
	run_script();
}

static void header_names_the_router(void)
{
	uint32_t length = 0;

	start_pir();
	find_file("etc/pir", &length);
	CU_ASSERT_EQUAL(memcmp(fake_ram(PIR_AT), "$PIR", 4), 0);
	CU_ASSERT_EQUAL(get_le(fake_ram(PIR_AT + 4), 2), 0x0100);
	CU_ASSERT_EQUAL(get_le(fake_ram(PIR_AT + 6), 2), length);
	CU_ASSERT_EQUAL(length, HEADER + 31 * 16);
	CU_ASSERT_EQUAL(get_be(fake_ram(PIR_AT + 8), 2), 0x0008); /* bus 0, 01.0 */
	CU_ASSERT_EQUAL(get_le(fake_ram(PIR_AT + 10), 2), 0);
	CU_ASSERT_EQUAL(get_le(fake_ram(PIR_AT + 12), 4), 0x122e8086);
	for (unsigned i = 16; i < 31; i++)
		CU_ASSERT_EQUAL(*fake_ram(PIR_AT + i), 0);
	CU_ASSERT_EQUAL(fake_sum(PIR_AT, length), 0);
}

/* The rows that systems know from this board's BIOS, but for power management's pin. */
static void slots_follow_the_board_s_wiring(void)
{
	static const struct {
		uint8_t device, links[4];
	} rows[] = {
		{ 1, { 0x00, 0x61, 0x62, 0x63 } }, { 2, { 0x61, 0x62, 0x63, 0x60 } },
		{ 3, { 0x62, 0x63, 0x60, 0x61 } }, { 4, { 0x63, 0x60, 0x61, 0x62 } },
		{ 5, { 0x60, 0x61, 0x62, 0x63 } }, { 31, { 0x62, 0x63, 0x60, 0x61 } },
	};

	start_pir();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint8_t *slot = fake_ram(PIR_AT + HEADER + (rows[i].device - 1) * 16);

		CU_ASSERT_EQUAL(slot[0], 0);
		CU_ASSERT_EQUAL(slot[1], rows[i].device << 3);
		CU_ASSERT_EQUAL(slot[14], rows[i].device - 1);
		for (unsigned pin = 0; pin < 4; pin++) {
			CU_ASSERT_EQUAL(slot[2 + 3 * pin], rows[i].links[pin]);
			CU_ASSERT_EQUAL(get_le(slot + 3 + 3 * pin, 2),
					rows[i].links[pin] ? 0xdef8 : 0);
		}
	}
}

static void bios_is_told_to_make_no_mp_table(void)
{
	uint32_t length;

	start_with(NULL);
	select_key(FW_CFG_MAX_CPUS);
	CU_ASSERT(read_le(2) > 255);
	select_key(FW_CFG_NB_CPUS);
	CU_ASSERT_EQUAL(read_le(2), 1);
	start_with((struct fake_row[]){ { "mp-table", "true" }, { NULL, NULL } });
	select_key(FW_CFG_MAX_CPUS);
	CU_ASSERT_EQUAL(read_le(2), 1);
	CU_ASSERT_EQUAL(find_file("etc/pir", &length), 0); /* it makes both */
}

static void table_comes_without_acpi_too(void)
{
	uint32_t length;

	start_with((struct fake_row[]){ { "acpi", "false" }, { NULL, NULL } });
	run_script();
	CU_ASSERT_EQUAL(memcmp(fake_ram(PIR_AT), "$PIR", 4), 0);
	CU_ASSERT_EQUAL(fake_sum(PIR_AT, HEADER + 31 * 16), 0);
	start_with((struct fake_row[]){
		{ "acpi", "false" }, { "pir-table", "false" }, { NULL, NULL } });
	CU_ASSERT_EQUAL(find_file("etc/pir", &length), 0);
	CU_ASSERT_EQUAL(find_file("etc/table-loader", &length), 0);
}

CU_TestInfo pir_tests[] = {
	ROW(header_names_the_router),
	ROW(slots_follow_the_board_s_wiring),
	ROW(bios_is_told_to_make_no_mp_table),
	ROW(table_comes_without_acpi_too),
	CU_TEST_INFO_NULL,
};
