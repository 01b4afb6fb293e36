/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PIIX4's power management function: windows, PM1, timer, SCI, power off, SMBus. */
#include <CUnit/Basic.h>
#include <string.h>

#include <fake-host.h>

#include "unit.h"

#define BDF (1 << 3 | 3)
#define PM 0x600
#define SMB 0x700
#define S 1000000000ull

static void *pm;

static void start(void)
{
	fake_start();
	pm = fake_device_new(NULL, "piix4-pm",
			     (struct fake_row[]){ { "address", "01.3" }, { NULL, NULL } });
	fake_pci_write(BDF, 0x40, PM | 1, 4);
	fake_pci_write(BDF, 0x80, 1, 1);
	fake_pci_write(BDF, 0x90, SMB | 1, 4);
	fake_pci_write(BDF, 0xd2, 0x09, 1);
}

static uint32_t in(unsigned offset, unsigned width)
{
	return fake_port_read((uint16_t)(PM + offset), width);
}

static void out(unsigned offset, uint32_t value, unsigned width)
{
	fake_port_write((uint16_t)(PM + offset), value, width);
}

static void registers_have_their_reset_values(void)
{
	static const struct {
		unsigned reg, width;
		uint32_t value;
	} rows[] = {
		{ 0x00, 4, 0x71138086 }, { 0x04, 2, 0x0000 }, { 0x06, 2, 0x0280 },
		{ 0x08, 4, 0x06800003 }, { 0x3d, 1, 0x01 },   { 0x40, 4, 0x00000001 },
		{ 0x58, 4, 0x02000000 }, { 0x80, 1, 0x00 },   { 0x90, 4, 0x00000001 },
		{ 0xd2, 1, 0x00 },       { 0xd6, 1, 0x00 },
	};

	start();
	fake_device_reset(pm, TSR_RESET_HARD);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(fake_pci_read(BDF, rows[i].reg, rows[i].width), rows[i].value);
}

static void window_moves_and_closes(void)
{
	start();
	CU_ASSERT_EQUAL(in(4, 2), 0x0000);
	fake_pci_write(BDF, 0x40, 0xb001, 4);
	CU_ASSERT_EQUAL(in(4, 2), 0xffff);
	CU_ASSERT_EQUAL(fake_port_read(0xb004, 2), 0x0000);
	fake_pci_write(BDF, 0x80, 0, 1);
	CU_ASSERT_EQUAL(fake_port_read(0xb004, 2), 0xffff);
	CU_ASSERT_EQUAL(fake_port_read(SMB, 1), 0x00);
	fake_pci_write(BDF, 0xd2, 0, 1);
	CU_ASSERT_EQUAL(fake_port_read(SMB, 1), 0xff);
}

static void timer_counts(void)
{
	static const struct {
		uint64_t ns;
		uint32_t ticks;
	} rows[] = { { 0, 0 },
		     { 1000000, 3579 },
		     { S, 3579545 },
		     { 4 * S, 14318180 },
		     { 5 * S, 17897725 & 0xffffff } };

	start();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_clock_advance_to(rows[i].ns);
		CU_ASSERT_EQUAL(in(8, 4), rows[i].ticks);
		CU_ASSERT_EQUAL(in(9, 1), rows[i].ticks >> 8 & 0xff);
	}
	out(8, 0, 4);
	CU_ASSERT_EQUAL(in(8, 4), 17897725 & 0xffffff);
}

static void overflow_interrupts(void)
{
	start();
	out(2, 0x0001, 2);
	out(4, 0x0001, 2);
	fake_clock_advance_to(2343477000); /* 2^23 ticks take 2.343484 s */
	CU_ASSERT_EQUAL(fake_irq_level("sci"), 0);
	fake_clock_advance_to(2343490000);
	CU_ASSERT_EQUAL(fake_irq_level("sci"), 1);
	CU_ASSERT_EQUAL(in(0, 2), 0x0001);
	CU_ASSERT(in(8, 4) >= 0x800000);
	out(0, 0x0001, 2);
	CU_ASSERT_EQUAL(fake_irq_level("sci"), 0);
	fake_clock_advance_to(2 * 2343490000ull);
	CU_ASSERT_EQUAL(fake_irq_level("sci"), 1);
	out(2, 0, 2);
	CU_ASSERT_EQUAL(fake_irq_level("sci"), 0);
	CU_ASSERT_EQUAL(fake_clock_next(), UINT64_MAX);
}

/* ACPI 1.0b, 4.7.3.1.1: the status bit does not depend on the enable bit; no host timer runs for
 * it. */
static void overflow_is_seen_without_interrupt(void)
{
	start();
	out(4, 0x0001, 2);
	CU_ASSERT_EQUAL(in(0, 2), 0);
	fake_clock_advance_to(2343490000);
	CU_ASSERT_EQUAL(fake_clock_next(), UINT64_MAX);
	CU_ASSERT_EQUAL(in(0, 2), 0x0001);
	CU_ASSERT_EQUAL(fake_irq_level("sci"), 0);
	out(0, 0x0001, 2);
	CU_ASSERT_EQUAL(in(0, 1), 0);
	fake_clock_advance_to(4 * 2343490000ull); /* an even count of changes */
	CU_ASSERT(fake_device_round_trip(pm));
	CU_ASSERT_EQUAL(in(0, 1), 0x01);
	CU_ASSERT_EQUAL(fake_irq_level("sci"), 0);
	out(2, 0x0001, 2); /* the status waits for its enable */
	CU_ASSERT_EQUAL(fake_irq_level("sci"), 1);
	out(2, 0x0000, 2);
	out(0, 0x0001, 2);
	fake_clock_advance_to(6 * 2343490000ull);
	out(0, 0x0001, 2); /* clears what happened before the write */
	CU_ASSERT_EQUAL(in(0, 2), 0);
}

static void power_button_is_an_event(void)
{
	struct tsr_error error;

	start();
	CU_ASSERT(fake_device_set(pm, "power-button", "true", &error));
	CU_ASSERT_EQUAL(in(0, 2), 0x0100);
	CU_ASSERT_EQUAL(fake_irq_level("sci"), 0);
	out(2, 0x0100, 2);
	CU_ASSERT_EQUAL(fake_irq_level("sci"), 0);
	out(4, 0x0001, 2);
	CU_ASSERT_EQUAL(fake_irq_level("sci"), 1);
	out(0, 0x0001, 2);
	CU_ASSERT_EQUAL(fake_irq_level("sci"), 1);
	out(1, 0x01, 1);
	CU_ASSERT_EQUAL(fake_irq_level("sci"), 0);
}

static void firmware_switches_acpi(void)
{
	start();
	fake_port_write(0xb3, 0x77, 1);
	fake_port_write(0xb2, 0xf1, 1);
	CU_ASSERT_EQUAL(in(4, 2), 0x0001);
	fake_port_write(0xb2, 0x12, 1);
	CU_ASSERT_EQUAL(in(4, 2), 0x0001);
	CU_ASSERT_EQUAL(fake_port_read(0xb2, 2), 0x7712);
	fake_port_write(0xb2, 0xf0, 1);
	CU_ASSERT_EQUAL(in(4, 2), 0x0000);
}

static void soft_off_needs_its_type_and_enable(void)
{
	start();
	out(4, 0x0001, 2);
	CU_ASSERT_EQUAL(fake_requests()->power_offs, 0);
	out(4, 0x2401, 2); /* another state */
	CU_ASSERT_EQUAL(fake_requests()->power_offs, 0);
	out(4, 0x0001, 2);
	out(4, 0x2001, 2);
	CU_ASSERT_EQUAL(fake_requests()->power_offs, 1);
	CU_ASSERT_EQUAL(in(4, 2), 0x0001);
	out(5, 0x20, 1);
	CU_ASSERT_EQUAL(fake_requests()->power_offs, 2);
}

static void gpe_registers(void)
{
	start();
	out(0xe, 0xffff, 2);
	CU_ASSERT_EQUAL(in(0xe, 2), 0x0fff);
	out(0xc, 0xffff, 2);
	CU_ASSERT_EQUAL(in(0xc, 4), 0x0fff0000);
}

static void nothing_is_on_the_smbus(void)
{
	start();
	fake_port_write(SMB + 4, 0xa1, 1);
	fake_port_write(SMB + 2, 0x49, 1); /* byte data, start, interrupt */
	CU_ASSERT_EQUAL(fake_port_read(SMB, 1), 0x04);
	CU_ASSERT_EQUAL(fake_port_read(SMB + 2, 1), 0x09);
	CU_ASSERT_EQUAL(fake_irq_level("sci"), 1);
	fake_port_write(SMB, 0x04, 1);
	CU_ASSERT_EQUAL(fake_port_read(SMB, 1), 0x00);
	CU_ASSERT_EQUAL(fake_irq_level("sci"), 0);
	fake_port_write(SMB + 2, 0x02, 1);
	CU_ASSERT_EQUAL(fake_port_read(SMB, 1), 0x10);
}

static void smbus_block_is_a_ring(void)
{
	start();
	fake_port_read(SMB + 2, 1);
	for (unsigned i = 0; i < 32; i++)
		fake_port_write(SMB + 7, i + 1, 1);
	fake_port_read(SMB + 2, 1);
	for (unsigned i = 0; i < 32; i++)
		CU_ASSERT_EQUAL(fake_port_read(SMB + 7, 1), i + 1);
}

static void state_survives(void)
{
	struct tsr_error error;

	start();
	out(2, 0x0101, 2);
	out(4, 0x0001, 2);
	out(0x2c, 0x12345678, 4);
	fake_device_set(pm, "power-button", "true", &error);
	CU_ASSERT(fake_device_round_trip(pm));
	CU_ASSERT_EQUAL(in(0, 2), 0x0100);
	CU_ASSERT_EQUAL(fake_irq_level("sci"), 1);
	CU_ASSERT_NOT_EQUAL(fake_clock_next(), UINT64_MAX);
}

static void strange_state_is_survived(void)
{
	struct tsr_error error;

	start();
	for (uint64_t seed = 1; seed < 50; seed++) {
		struct fake_state *state = fake_device_save(pm);

		fake_state_scramble(state, seed);
		fake_device_load(pm, state, 1, &error);
		fake_state_free(state);
		fake_device_fuzz_registers(seed, 100);
	}
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
	ROW(window_moves_and_closes),
	ROW(timer_counts),
	ROW(overflow_interrupts),
	ROW(overflow_is_seen_without_interrupt),
	ROW(power_button_is_an_event),
	ROW(firmware_switches_acpi),
	ROW(soft_off_needs_its_type_and_enable),
	ROW(gpe_registers),
	ROW(nothing_is_on_the_smbus),
	ROW(smbus_block_is_a_ring),
	ROW(state_survives),
	ROW(strange_state_is_survived),
	ROW(any_register_access_is_defined),
	CU_TEST_INFO_NULL,
};

int main(void)
{
	int status = unit_run("piix4-pm", tests);

	fake_finish();
	return status;
}
