/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <CUnit/Basic.h>
#include <string.h>

#include <fake-host.h>

#include "unit.h"

#define HZ 1193182ull

static void *pit;

/* To the first nanosecond of a tick. */
static void to_tick(uint64_t tick)
{
	uint64_t ns = tsr_muldiv(tick, 1000000000, HZ);

	fake_clock_advance_to(tsr_muldiv(ns, HZ, 1000000000) < tick ? ns + 1 : ns);
}

static void start(void)
{
	fake_start();
	pit = fake_device_new(NULL, "pit-8254", NULL);
	to_tick(1000);
}

static void program(unsigned counter, unsigned mode, uint16_t count)
{
	fake_port_write(0x43, counter << 6 | 0x30 | mode << 1, 1);
	fake_port_write(0x40 + counter, count & 0xff, 1);
	fake_port_write(0x40 + counter, count >> 8, 1);
}

static uint16_t read_count(unsigned counter)
{
	uint8_t low;

	fake_port_write(0x43, counter << 6, 1);
	low = fake_port_read(0x40 + counter, 1);
	return low | fake_port_read(0x40 + counter, 1) << 8;
}

static uint8_t read_status(unsigned counter)
{
	fake_port_write(0x43, 0xe0 | 2 << counter, 1);
	return fake_port_read(0x40 + counter, 1);
}

static void mode_0_interrupts_once(void)
{
	start();
	program(0, 0, 100);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 0);
	to_tick(1040);
	CU_ASSERT_EQUAL(read_count(0), 60);
	to_tick(1099);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 0);
	CU_ASSERT_EQUAL(read_status(0) & 0x80, 0);
	to_tick(1100);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 1);
	CU_ASSERT_EQUAL(read_status(0) & 0x80, 0x80);
	to_tick(1101);
	CU_ASSERT_EQUAL(read_count(0), 0xffff);
	to_tick(900000);
	CU_ASSERT_EQUAL(fake_irq_edges("irq"), 1);
	fake_port_write(0x40, 5, 1); /* the first byte stops it, OUT falls */
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 0);
	fake_finish();
}

static void mode_2_keeps_time(void)
{
	start();
	program(0, 2, 11932); /* Linux' 100 Hz */
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 1);
	for (uint64_t n = 1; n <= 1000; n++) {
		unsigned edges = fake_irq_edges("irq");

		to_tick(1000 + n * 11932 - 1);
		CU_ASSERT_EQUAL(fake_irq_edges("irq"), edges);
		CU_ASSERT_EQUAL(read_status(0) & 0x80, 0); /* the low tick */
		to_tick(1000 + n * 11932);
		CU_ASSERT_EQUAL(fake_irq_edges("irq"), edges + 1);
	}
	to_tick(1000 + 1000 * 11932 + 932);
	CU_ASSERT_EQUAL(read_count(0), 11000);
	fake_finish();
}

static void mode_3_is_a_square_wave(void)
{
	start();
	program(0, 3, 0); /* 18.2 Hz */
	to_tick(1000 + 32767);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 1);
	CU_ASSERT_EQUAL(read_count(0), 2);
	to_tick(1000 + 32768);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 0);
	CU_ASSERT_EQUAL(read_count(0), 0);
	to_tick(1000 + 65536);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 1);
	to_tick(1000 + 65536ull * 1000);
	CU_ASSERT_EQUAL(fake_irq_edges("irq"), 1001);
	program(0, 3, 5); /* 3 high, 2 low */
	to_tick(1000 + 65536ull * 1000 + 3);
	CU_ASSERT_EQUAL(read_status(0) & 0x80, 0);
	to_tick(1000 + 65536ull * 1000 + 5);
	CU_ASSERT_EQUAL(read_status(0) & 0x80, 0x80);
	fake_finish();
}

static void a_new_count_waits_for_the_cycle(void)
{
	start();
	program(0, 2, 1000);
	to_tick(1400);
	fake_port_write(0x40, 50, 1);
	fake_port_write(0x40, 0, 1);
	CU_ASSERT_EQUAL(read_status(0) & 0x40, 0x40);
	to_tick(1999);
	CU_ASSERT_EQUAL(fake_irq_edges("irq"), 1);
	to_tick(2000);
	CU_ASSERT_EQUAL(fake_irq_edges("irq"), 2);
	CU_ASSERT_EQUAL(read_status(0) & 0x40, 0);
	to_tick(2500);
	CU_ASSERT_EQUAL(fake_irq_edges("irq"), 12);
	program(0, 3, 1000);
	to_tick(2700); /* high half: the low one is of the new count */
	fake_port_write(0x40, 100, 1);
	fake_port_write(0x40, 0, 1);
	to_tick(3049);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 0);
	to_tick(3050);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 1);
	fake_finish();
}

static void mode_4_strobes(void)
{
	unsigned edges;

	start();
	program(0, 4, 10); /* one-shot */
	edges = fake_irq_edges("irq");
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 1);
	to_tick(1010);
	CU_ASSERT_EQUAL(read_status(0) & 0x80, 0);
	to_tick(1011);
	CU_ASSERT_EQUAL(fake_irq_edges("irq"), edges + 1);
	to_tick(500000);
	CU_ASSERT_EQUAL(fake_irq_edges("irq"), edges + 1);
	fake_finish();
}

static void the_gate_of_counter_2(void)
{
	start();
	fake_port_write(0x61, 1, 1);
	program(2, 0, 500);
	CU_ASSERT_EQUAL(fake_port_read(0x61, 1) & 0x2f, 0x01);
	to_tick(1100);
	fake_port_write(0x61, 0, 1);
	to_tick(5000);
	CU_ASSERT_EQUAL(read_count(2), 400);
	fake_port_write(0x61, 1, 1);
	to_tick(5399);
	CU_ASSERT_EQUAL(fake_port_read(0x61, 1) & 0x20, 0);
	to_tick(5400);
	CU_ASSERT_EQUAL(fake_port_read(0x61, 1) & 0x20, 0x20);

	fake_port_write(0x61, 0, 1);
	program(2, 1, 50); /* one-shot, started by the gate */
	to_tick(6000);
	CU_ASSERT_EQUAL(fake_port_read(0x61, 1) & 0x20, 0x20);
	fake_port_write(0x61, 1, 1);
	CU_ASSERT_EQUAL(fake_port_read(0x61, 1) & 0x20, 0);
	to_tick(6050);
	CU_ASSERT_EQUAL(fake_port_read(0x61, 1) & 0x20, 0x20);

	program(2, 5, 20);
	fake_port_write(0x61, 0, 1);
	fake_port_write(0x61, 1, 1);
	to_tick(6070);
	CU_ASSERT_EQUAL(fake_port_read(0x61, 1) & 0x20, 0);
	to_tick(6071);
	CU_ASSERT_EQUAL(fake_port_read(0x61, 1) & 0x20, 0x20);

	program(2, 2, 20);
	to_tick(6100);
	fake_port_write(0x61, 0, 1);
	CU_ASSERT_EQUAL(fake_port_read(0x61, 1) & 0x20, 0x20);
	to_tick(7000);
	fake_port_write(0x61, 1, 1); /* starts again */
	CU_ASSERT_EQUAL(read_count(2), 20);
	fake_finish();
}

static void latches_and_reads_back(void)
{
	start();
	program(0, 2, 0x1234);
	fake_port_write(0x43, 0x00, 1);
	to_tick(1100);
	fake_port_write(0x43, 0x00, 1); /* ignored: latched already */
	CU_ASSERT_EQUAL(fake_port_read(0x40, 1), 0x34);
	CU_ASSERT_EQUAL(fake_port_read(0x40, 1), 0x12);
	CU_ASSERT_EQUAL(fake_port_read(0x40, 1), (0x1234 - 100) & 0xff);
	CU_ASSERT_EQUAL(fake_port_read(0x40, 1), (0x1234 - 100) >> 8);
	fake_port_write(0x43, 0xc2, 1); /* status and count of counter 0 */
	CU_ASSERT_EQUAL(fake_port_read(0x40, 1), 0xb4);
	CU_ASSERT_EQUAL(fake_port_read(0x40, 1), (0x1234 - 100) & 0xff);
	CU_ASSERT_EQUAL(fake_port_read(0x40, 1), (0x1234 - 100) >> 8);
	fake_port_write(0x43, 0x25, 1); /* high byte only, BCD, mode 2 */
	fake_port_write(0x40, 0x12, 1); /* 1200 */
	to_tick(1300);
	CU_ASSERT_EQUAL(fake_port_read(0x40, 1), 0x10);
	CU_ASSERT_EQUAL(read_status(0), 0xa5);
	CU_ASSERT_EQUAL(fake_port_read(0x43, 1), 0xff);
	fake_finish();
}

static void refresh_toggles(void)
{
	unsigned changes = 0, last = 0;

	start();
	for (unsigned i = 0; i < 1800; i++) {
		unsigned bit = fake_port_read(0x61, 1) & 0x10;

		changes += bit != last;
		last = bit;
		to_tick(1000 + i);
	}
	CU_ASSERT(changes >= 99 && changes <= 101);
	fake_finish();
}

static void the_speaker_is_reported(void)
{
	start();
	program(2, 3, 1193);
	fake_port_write(0x61, 3, 1);
	fake_clock_advance(30000000);
	CU_ASSERT_STRING_EQUAL(fake_requests()->event, "speaker");
	CU_ASSERT_STRING_EQUAL(fake_requests()->detail, "1000");
	CU_ASSERT_STRING_EQUAL(fake_device_get(pit, "speaker-hz"), "1000");
	for (unsigned i = 0; i < 1000; i++)
		fake_port_write(0x61, i & 3, 1);
	fake_port_write(0x61, 0, 1);
	fake_clock_advance(30000000);
	CU_ASSERT_STRING_EQUAL(fake_requests()->detail, "0");
	CU_ASSERT_EQUAL(fake_requests()->events, 2);
	fake_finish();
}

static void fast_counts_do_not_flood(void)
{
	start();
	program(0, 2, 2);
	CU_ASSERT(fake_clock_next() != UINT64_MAX);
	program(0, 2, 1); /* illegal: silent */
	CU_ASSERT_EQUAL(fake_clock_next(), UINT64_MAX);
	fake_finish();
}

static void state_and_fuzz(void)
{
	struct fake_state *state;
	struct tsr_error error;

	start();
	program(0, 3, 1000);
	program(2, 0, 7);
	to_tick(1700);
	fake_port_write(0x40, 3, 1);
	CU_ASSERT(fake_device_round_trip(pit));
	to_tick(2000);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 1);
	state = fake_device_save(pit);
	for (uint64_t seed = 0; seed < 300; seed++) {
		fake_state_scramble(state, seed);
		if (!fake_device_load(pit, state, 1, &error))
			fake_device_reset(pit, TSR_RESET_POWER_ON);
		fake_device_fuzz_registers(seed, 200);
	}
	fake_state_free(state);
	fake_finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "mode 0 interrupts once", mode_0_interrupts_once },
		{ "mode 2 keeps time", mode_2_keeps_time },
		{ "mode 3 is a square wave", mode_3_is_a_square_wave },
		{ "a new count waits for the cycle", a_new_count_waits_for_the_cycle },
		{ "mode 4 strobes", mode_4_strobes },
		{ "the gate of counter 2", the_gate_of_counter_2 },
		{ "latches and reads back", latches_and_reads_back },
		{ "refresh toggles", refresh_toggles },
		{ "the speaker is reported", the_speaker_is_reported },
		{ "fast counts do not flood", fast_counts_do_not_flood },
		{ "state and fuzz", state_and_fuzz },
		CU_TEST_INFO_NULL,
	};

	return unit_run("pit-8254", tests);
}
