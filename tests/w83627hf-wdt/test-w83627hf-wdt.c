/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The watchdog timer, as its data sheet and Linux's driver use it. */
#include <CUnit/Basic.h>

#include <fake-host.h>

#include "unit.h"

#define INDEX 0x2e
#define DATA 0x2f
#define SECOND 1000000000ull

static void *start(const char *action)
{
	fake_start();
	return fake_device_new(NULL, "w83627hf-wdt",
			       (struct fake_row[]){ { "action", action }, { NULL, NULL } });
}

static void enter(void)
{
	fake_port_write(INDEX, 0x87, 1);
	fake_port_write(INDEX, 0x87, 1);
}

static void leave(void)
{
	fake_port_write(INDEX, 0xaa, 1);
}

static void put(unsigned reg, unsigned value)
{
	fake_port_write(INDEX, reg, 1);
	fake_port_write(DATA, value, 1);
}

static uint64_t get(unsigned reg)
{
	fake_port_write(INDEX, reg, 1);
	return fake_port_read(DATA, 1);
}

/* Counts `timeout` units; the registers stay open. */
static void count(unsigned timeout)
{
	enter();
	put(0x07, 8);
	put(0x30, 1);
	put(0xf6, timeout);
}

static void two_keys_open_the_registers(void)
{
	start("reset");
	CU_ASSERT_EQUAL(get(0x20), 0xff);
	fake_port_write(INDEX, 0x87, 1);
	CU_ASSERT_EQUAL(get(0x20), 0xff); /* another value than the key: from the start again */
	fake_port_write(INDEX, 0x87, 1);
	CU_ASSERT_EQUAL(fake_port_read(DATA, 1), 0xff);
	fake_port_write(INDEX, 0x87, 1);
	CU_ASSERT_EQUAL(get(0x20), 0x52);
	leave();
	CU_ASSERT_EQUAL(fake_port_read(DATA, 1), 0xff);
	enter();
	CU_ASSERT_EQUAL(fake_port_read(INDEX, 1), 0xff);
}

static void registers_are_of_a_logical_device(void)
{
	start("reset");
	enter();
	put(0x07, 7);
	put(0xf6, 5);
	CU_ASSERT_EQUAL(get(0xf6), 0);
	put(0x07, 8);
	CU_ASSERT_EQUAL(get(0xf6), 0);
	put(0xf5, 0x0c);
	CU_ASSERT_EQUAL(get(0xf5), 0x0c);
	CU_ASSERT_EQUAL(get(0x07), 8);
	put(0x02, 1);
	CU_ASSERT_EQUAL(get(0xf5), 0);
}

static void it_counts_down_and_resets(void)
{
	start("reset");
	count(3);
	CU_ASSERT_EQUAL(get(0xf6), 3);
	fake_clock_advance(SECOND + 1);
	CU_ASSERT_EQUAL(get(0xf6), 2);
	put(0xf6, 3); /* written again in time */
	fake_clock_advance(3 * SECOND - 1);
	CU_ASSERT_EQUAL(get(0xf6), 1);
	CU_ASSERT_EQUAL(fake_requests()->resets, 0);
	fake_clock_advance(1);
	CU_ASSERT_EQUAL(fake_requests()->resets, 1);
	CU_ASSERT_EQUAL(fake_requests()->reset_kind, TSR_RESET_HARD);
	CU_ASSERT_EQUAL(get(0xf6), 0);
	CU_ASSERT_EQUAL(get(0xf7) & 0x10, 0x10);
	fake_clock_advance(1000 * SECOND);
	CU_ASSERT_EQUAL(fake_requests()->resets, 1);
	put(0xf7, 0x10); /* a one leaves it, a zero clears it */
	CU_ASSERT_EQUAL(get(0xf7), 0x10);
	put(0xf7, 0xc2);
	CU_ASSERT_EQUAL(get(0xf7), 0xc2);
}

static void zero_stops_it(void)
{
	start("reset");
	count(2);
	put(0xf6, 0);
	fake_clock_advance(10 * SECOND);
	put(0xf6, 2);
	put(0x30, 0);
	fake_clock_advance(10 * SECOND);
	CU_ASSERT_EQUAL(fake_requests()->resets, 0);
	put(0x30, 1);
	fake_clock_advance(2 * SECOND);
	CU_ASSERT_EQUAL(fake_requests()->resets, 1);
}

static void minutes(void)
{
	start("reset");
	enter();
	put(0x07, 8);
	put(0xf5, 8);
	count(2);
	fake_clock_advance(119 * SECOND);
	CU_ASSERT_EQUAL(get(0xf6), 1);
	CU_ASSERT_EQUAL(fake_requests()->resets, 0);
	fake_clock_advance(SECOND);
	CU_ASSERT_EQUAL(fake_requests()->resets, 1);
}

static void the_pin_may_be_another(void)
{
	start("reset");
	count(1);
	put(0x2b, 0x10);
	fake_clock_advance(SECOND);
	CU_ASSERT_EQUAL(fake_requests()->resets, 0);
	CU_ASSERT_EQUAL(get(0xf7), 0x10);
	put(0x2b, 0);
	put(0xf7, 0x20); /* at once, by software */
	CU_ASSERT_EQUAL(fake_requests()->resets, 1);
	CU_ASSERT_EQUAL(get(0xf7), 0x10);
}

static void nothing_but_the_event(void)
{
	start("none");
	count(1);
	fake_clock_advance(SECOND);
	CU_ASSERT_EQUAL(fake_requests()->resets, 0);
	CU_ASSERT_EQUAL(get(0xf7), 0x10);
}

static void the_status_survives_a_reset(void)
{
	void *device = start("reset");

	count(1);
	fake_clock_advance(SECOND);
	put(0xf6, 9);
	fake_device_reset(device, TSR_RESET_HARD);
	CU_ASSERT_EQUAL(fake_port_read(DATA, 1), 0xff); /* locked again */
	fake_clock_advance(20 * SECOND);
	CU_ASSERT_EQUAL(fake_requests()->resets, 1);
	enter();
	put(0x07, 8);
	CU_ASSERT_EQUAL(get(0xf7), 0x10);
	CU_ASSERT_EQUAL(get(0x30), 0);
	fake_device_reset(device, TSR_RESET_POWER_ON);
	enter();
	put(0x07, 8);
	CU_ASSERT_EQUAL(get(0xf7), 0);
}

#define ROW(test) \
	{ \
#test, test \
	}

int main(void)
{
	static const CU_TestInfo tests[] = {
		ROW(two_keys_open_the_registers),
		ROW(registers_are_of_a_logical_device),
		ROW(it_counts_down_and_resets),
		ROW(zero_stops_it),
		ROW(minutes),
		ROW(the_pin_may_be_another),
		ROW(nothing_but_the_event),
		ROW(the_status_survives_a_reset),
		CU_TEST_INFO_NULL,
	};
	int status = unit_run("w83627hf-wdt", tests);

	fake_finish();
	return status;
}
