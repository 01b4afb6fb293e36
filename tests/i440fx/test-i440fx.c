/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The 82441FX at its ports and its configuration registers. */
#include <CUnit/Basic.h>
#include <string.h>

#include <fake-host.h>
#include <tessera/draft/isa-forward.h>

#include "unit.h"

#define PAM0 0x59
#define SMRAM 0x72
#define TRC 0x93

static uint8_t forwarded[8]; /* CF8h-CFFh */

static uint8_t isa_read(void *self, uint16_t port)
{
	return forwarded[port & 7];
}

static void isa_write(void *self, uint16_t port, uint8_t value)
{
	forwarded[port & 7] = value;
}

static const struct tsr_isa_forward isa_table = { .size = sizeof(isa_table),
						  .read = isa_read,
						  .write = isa_write };

static void *start(void)
{
	memset(forwarded, 0, sizeof(forwarded));
	fake_start();
	fake_connect("isa", &isa_table, forwarded);
	return fake_device_new(NULL, "i440fx",
			       (struct fake_row[]){ { "address", "00.0" }, { NULL, NULL } });
}

static uint32_t config(unsigned reg, unsigned width)
{
	fake_port_write(0xcf8, 0x80000000u | (reg & 0xfc), 4);
	return fake_port_read((uint16_t)(0xcfc + (reg & 3)), width);
}

static void set_config(unsigned reg, uint32_t value, unsigned width)
{
	fake_port_write(0xcf8, 0x80000000u | (reg & 0xfc), 4);
	fake_port_write((uint16_t)(0xcfc + (reg & 3)), value, width);
}

static void registers_have_their_reset_values(void)
{
	static const struct {
		unsigned reg, width;
		uint32_t value;
	} rows[] = {
		{ 0x00, 4, 0x12378086 }, { 0x04, 2, 0x0006 }, { 0x06, 2, 0x0280 },
		{ 0x08, 4, 0x06000002 }, { 0x0e, 1, 0x00 },   { 0x2c, 4, 0x11001af4 },
		{ 0x53, 1, 0x83 },       { 0x57, 1, 0x01 },   { 0x58, 1, 0x10 },
		{ PAM0, 1, 0x00 },       { 0x5a, 2, 0x0000 }, { 0x60, 4, 0x01010101 },
		{ SMRAM, 1, 0x02 },      { TRC, 1, 0x00 },
	};

	start();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(config(rows[i].reg, rows[i].width), rows[i].value);
}

static void reserved_bits_stay(void)
{
	static const struct {
		unsigned reg;
		uint8_t all_ones;
	} rows[] = {
		{ 0x00, 0x86 }, { 0x04, 0x06 }, { 0x05, 0x01 }, { PAM0, 0x70 }, { 0x5a, 0x77 },
		{ 0x68, 0xc0 }, { 0x70, 0xf8 }, { 0x73, 0x00 }, { 0xf0, 0x00 },
	};

	start();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set_config(rows[i].reg, 0xff, 1);
		CU_ASSERT_EQUAL(config(rows[i].reg, 1), rows[i].all_ones);
	}
}

static void address_register_takes_dwords(void)
{
	start();
	fake_port_write(0xcf8, 0xffffffff, 4);
	CU_ASSERT_EQUAL(fake_port_read(0xcf8, 4), 0x80fffffc);
	fake_port_write(0xcf9, 0x06, 1);
	fake_port_write(0xcfa, 0xbbaa, 2);
	CU_ASSERT_EQUAL(fake_port_read(0xcf8, 4), 0x80fffffc);
	CU_ASSERT_EQUAL(forwarded[1], 0x06);
	CU_ASSERT_EQUAL(forwarded[2], 0xaa);
	CU_ASSERT_EQUAL(forwarded[3], 0xbb);
	CU_ASSERT_EQUAL(fake_port_read(0xcf9, 2), 0xaa06);
}

static void data_register_takes_all_widths(void)
{
	start();
	fake_port_write(0xcf8, 0x80000000, 4);
	CU_ASSERT_EQUAL(fake_port_read(0xcfc, 1), 0x86);
	CU_ASSERT_EQUAL(fake_port_read(0xcfd, 1), 0x80);
	CU_ASSERT_EQUAL(fake_port_read(0xcfe, 2), 0x1237);
	CU_ASSERT_EQUAL(fake_port_read(0xcfd, 2), 0x3780);
	CU_ASSERT_EQUAL(fake_port_read(0xcfc, 4), 0x12378086);
}

static void nothing_answers_without_enable_or_device(void)
{
	start();
	fake_port_write(0xcf8, 0x00000000, 4);
	CU_ASSERT_EQUAL(fake_port_read(0xcfc, 4), 0xffffffff);
	fake_port_write(0xcf8, 0x8000f800, 4);
	CU_ASSERT_EQUAL(fake_port_read(0xcfc, 4), 0xffffffff);
	fake_port_write(0xcf8, 0x80010000, 4);
	CU_ASSERT_EQUAL(fake_port_read(0xcfc, 2), 0xffff);
}

/* Writes through to RAM, then looks whether reads see it. */
static void pam_switches_each_range(void)
{
	static const struct {
		tsr_gpa at;
		unsigned reg, shift;
	} rows[] = {
		{ 0xc0000, 0x5a, 0 }, { 0xc7fff, 0x5a, 4 }, { 0xc8000, 0x5b, 0 },
		{ 0xcc000, 0x5b, 4 }, { 0xd0000, 0x5c, 0 }, { 0xd4000, 0x5c, 4 },
		{ 0xd8000, 0x5d, 0 }, { 0xdffff, 0x5d, 4 }, { 0xe0000, 0x5e, 0 },
		{ 0xe4000, 0x5e, 4 }, { 0xe8000, 0x5f, 0 }, { 0xeffff, 0x5f, 4 },
		{ 0xf0000, 0x59, 4 }, { 0xfffff, 0x59, 4 },
	};
	uint8_t *rom;
	struct tsr_error error;
	void *bridge = start();
	const struct tsr_memory *memory =
		fake_device_host(bridge)->get(fake_device_host(bridge), TSR_MEMORY);

	CU_ASSERT_PTR_NOT_NULL_FATAL(memory->map(fake_device_host(bridge), "rom", 0xc0000, 0x40000,
						 1, TSR_MEMORY_ROM, &rom, &error));
	memset(rom, 0x11, 0x40000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		*fake_ram(rows[i].at) = 0x22;
		CU_ASSERT_EQUAL(fake_mmio_read(rows[i].at, 1), 0x11);
		set_config(rows[i].reg, 1u << rows[i].shift, 1); /* read only */
		CU_ASSERT_EQUAL(fake_mmio_read(rows[i].at, 1), 0x22);
		fake_mmio_write(rows[i].at, 0x33, 1);
		CU_ASSERT_EQUAL(*fake_ram(rows[i].at), 0x22);
		set_config(rows[i].reg, 2u << rows[i].shift, 1); /* write only */
		fake_mmio_write(rows[i].at, 0x44, 1);
		CU_ASSERT_EQUAL(*fake_ram(rows[i].at), 0x44);
		CU_ASSERT_EQUAL(fake_mmio_read(rows[i].at, 1), 0x11);
		set_config(rows[i].reg, 3u << rows[i].shift, 1);
		CU_ASSERT_EQUAL(fake_mmio_read(rows[i].at, 1), 0x44);
		fake_device_reset(bridge, TSR_RESET_HARD);
		CU_ASSERT_EQUAL(fake_mmio_read(rows[i].at, 1), 0x11);
	}
	set_config(0x58, 0x33333330, 4); /* PAM0-PAM2 in one dword */
	CU_ASSERT_EQUAL(config(0x58, 4), 0x33333030);
	fake_mmio_write(0xcc000, 0x55, 1);
	CU_ASSERT_EQUAL(fake_mmio_read(0xcc000, 1), 0x55);
}

static void smram_locks_until_reset(void)
{
	void *bridge = start();

	set_config(SMRAM, 0x5a, 1);
	CU_ASSERT_EQUAL(config(SMRAM, 1), 0x1a);
	set_config(SMRAM, 0x42, 1);
	CU_ASSERT_EQUAL(config(SMRAM, 1), 0x1a);
	CU_ASSERT(fake_device_round_trip(bridge));
	set_config(SMRAM, 0x42, 1);
	CU_ASSERT_EQUAL(config(SMRAM, 1), 0x1a);
	fake_device_reset(bridge, TSR_RESET_HARD);
	set_config(SMRAM, 0x42, 1);
	CU_ASSERT_EQUAL(config(SMRAM, 1), 0x42);
}

static void reset_control_wants_a_rising_edge(void)
{
	start();
	set_config(TRC, 0x02, 1);
	CU_ASSERT_EQUAL(fake_requests()->resets, 0);
	set_config(TRC, 0x06, 1);
	CU_ASSERT_EQUAL(fake_requests()->resets, 1);
	CU_ASSERT_EQUAL(fake_requests()->reset_kind, TSR_RESET_HARD);
	set_config(TRC, 0x06, 1);
	CU_ASSERT_EQUAL(fake_requests()->resets, 1);
	set_config(TRC, 0x00, 1);
	set_config(TRC, 0x04, 1);
	CU_ASSERT_EQUAL(fake_requests()->resets, 2);
	CU_ASSERT_EQUAL(fake_requests()->reset_kind, TSR_RESET_SOFT);
}

static void state_survives(void)
{
	void *bridge = start();

	set_config(0x5a, 0x31, 1);
	set_config(0x50, 0x1234, 2);
	fake_port_write(0xcf8, 0x80001234, 4);
	CU_ASSERT(fake_device_round_trip(bridge));
	CU_ASSERT_EQUAL(fake_port_read(0xcf8, 4), 0x80001234);
	*fake_ram(0xc0000) = 0x66;
	CU_ASSERT_EQUAL(fake_mmio_read(0xc0000, 1), 0x66);
}

static void strange_state_is_survived(void)
{
	void *bridge = start();
	struct tsr_error error;

	for (uint64_t seed = 1; seed < 50; seed++) {
		struct fake_state *state = fake_device_save(bridge);

		fake_state_scramble(state, seed);
		fake_device_load(bridge, state, 1, &error);
		fake_state_free(state);
	}
	struct fake_state *state = fake_device_save(bridge);
	CU_ASSERT(fake_state_remove(state, "address"));
	CU_ASSERT_FALSE(fake_device_load(bridge, state, 1, &error));
	fake_state_free(state);
}

static void any_register_access_is_defined(void)
{
	start();
	fake_device_fuzz_registers(1, 20000);
}

#define ROW(test) \
	{ \
#test, test \
	}
static CU_TestInfo tests[] = {
	ROW(registers_have_their_reset_values),
	ROW(reserved_bits_stay),
	ROW(address_register_takes_dwords),
	ROW(data_register_takes_all_widths),
	ROW(nothing_answers_without_enable_or_device),
	ROW(pam_switches_each_range),
	ROW(smram_locks_until_reset),
	ROW(reset_control_wants_a_rising_edge),
	ROW(state_survives),
	ROW(strange_state_is_survived),
	ROW(any_register_access_is_defined),
	CU_TEST_INFO_NULL,
};

int main(void)
{
	int status = unit_run("i440fx", tests);

	fake_finish();
	return status;
}
