/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fake-host.h>
#include <tessera/draft/shutdown-code.h>

#include "unit.h"

#define SECOND 1000000000ull

static void *rtc;

static uint8_t get(uint8_t index)
{
	fake_port_write(0x70, index, 1);
	return fake_port_read(0x71, 1);
}

static void put(uint8_t index, uint8_t value)
{
	fake_port_write(0x70, index, 1);
	fake_port_write(0x71, value, 1);
}

static void start_with(const struct fake_row *rows)
{
	fake_start();
	rtc = fake_device_new(NULL, "rtc-mc146818", rows);
}

static void start(void)
{
	start_with(NULL);
}

/* hh:mm:ss dd.mm.ccyy as eight hexadecimal pairs */
static void expect(unsigned hour, unsigned minute, unsigned second, unsigned day, unsigned month,
		   unsigned century, unsigned year, unsigned weekday)
{
	CU_ASSERT_EQUAL(get(4), hour);
	CU_ASSERT_EQUAL(get(2), minute);
	CU_ASSERT_EQUAL(get(0), second);
	CU_ASSERT_EQUAL(get(7), day);
	CU_ASSERT_EQUAL(get(8), month);
	CU_ASSERT_EQUAL(get(0x32), century);
	CU_ASSERT_EQUAL(get(9), year);
	CU_ASSERT_EQUAL(get(6), weekday);
}

static void set_time(unsigned hour, unsigned minute, unsigned second, unsigned day, unsigned month,
		     unsigned century, unsigned year, unsigned weekday)
{
	uint8_t b = get(0x0b);

	put(0x0b, b | 0x80);
	put(4, hour);
	put(2, minute);
	put(0, second);
	put(7, day);
	put(8, month);
	put(0x32, century);
	put(9, year);
	put(6, weekday);
	put(0x0b, b & 0x7f);
}

static void shows_the_wall_clock(void)
{
	start();
	expect(0x00, 0x00, 0x00, 0x01, 0x01, 0x20, 0x00, 0x07); /* a Saturday */
	fake_clock_advance(SECOND - 1);
	CU_ASSERT_EQUAL(get(0), 0);
	fake_clock_advance(1);
	CU_ASSERT_EQUAL(get(0), 1);
	fake_clock_advance(86400ull * 59 * SECOND); /* past a leap day */
	expect(0x00, 0x00, 0x01, 0x29, 0x02, 0x20, 0x00, 0x03);
	CU_ASSERT_EQUAL(get(0x0d), 0x80);
	CU_ASSERT_EQUAL(fake_port_read(0x70, 1), 0xff);
	fake_clock_set_wall(1792672496); /* the machine was away: 2026-10-22 12:34:56 */
	fake_clock_advance(SECOND);
	expect(0x12, 0x34, 0x57, 0x22, 0x10, 0x20, 0x26, 0x05);
	fake_finish();
}

static void the_guest_may_set_it(void)
{
	start();
	set_time(0x23, 0x59, 0x58, 0x31, 0x12, 0x19, 0x99, 0x06);
	expect(0x23, 0x59, 0x58, 0x31, 0x12, 0x19, 0x99, 0x06);
	fake_clock_advance(SECOND);
	expect(0x23, 0x59, 0x59, 0x31, 0x12, 0x19, 0x99, 0x06);
	fake_clock_advance(SECOND);
	expect(0x00, 0x00, 0x00, 0x01, 0x01, 0x20, 0x00, 0x07);
	put(0x0b, 0x82); /* SET: it stands */
	fake_clock_advance(10 * SECOND);
	CU_ASSERT_EQUAL(get(0), 0);
	put(0x0b, 0x02);
	fake_clock_advance(SECOND);
	CU_ASSERT_EQUAL(get(0), 1);
	put(2, 0x30); /* without SET */
	fake_clock_advance(SECOND);
	expect(0x00, 0x30, 0x02, 0x01, 0x01, 0x20, 0x00, 0x07);
	put(6, 1); /* a weekday of its own */
	fake_clock_advance(86400 * SECOND);
	CU_ASSERT_EQUAL(get(6), 2);
	fake_finish();
}

static void formats(void)
{
	start();
	put(0x0b, 0x04); /* binary, 12 hours */
	set_time(0x80 | 11, 59, 59, 30, 4, 20, 26, 5);
	fake_clock_advance(SECOND);
	expect(12, 0, 0, 1, 5, 20, 26, 6);
	set_time(0x80 | 12, 0, 0, 1, 5, 20, 26, 6);
	fake_clock_advance(3600 * SECOND);
	CU_ASSERT_EQUAL(get(4), 0x81);
	put(0x0b, 0x02);
	fake_clock_advance(SECOND);
	CU_ASSERT_EQUAL(get(4), 0x13);
	fake_finish();
}

static void update_in_progress(void)
{
	unsigned in_progress = 0;

	start();
	for (unsigned i = 0; i < 10000; i++) {
		in_progress += get(0x0a) >> 7;
		fake_clock_advance(SECOND / 10000);
	}
	CU_ASSERT(in_progress >= 21 && in_progress <= 23); /* 2.2 ms */
	put(0x0b, 0x82);
	fake_clock_advance(SECOND - 1000);
	CU_ASSERT_EQUAL(get(0x0a), 0x26);
	fake_finish();
}

static void update_ended_interrupts(void)
{
	start();
	put(0x0b, 0x12);
	fake_clock_advance(SECOND);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 1);
	CU_ASSERT_EQUAL(get(0x0c) & 0xb0, 0x90);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 0);
	CU_ASSERT_EQUAL(get(0x0c), 0);
	fake_clock_advance(10 * SECOND); /* register C is not read: one interrupt */
	CU_ASSERT_EQUAL(fake_irq_edges("irq"), 2);
	put(0x0b, 0x92);
	CU_ASSERT_EQUAL(get(0x0b), 0x82); /* SET clears UIE */
	fake_finish();
}

static void alarms(void)
{
	start();
	put(5, 0xff);
	put(3, 0x02);
	put(1, 0x30);
	put(0x0b, 0x22);
	fake_clock_advance(149 * SECOND);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 0);
	fake_clock_advance(SECOND);
	CU_ASSERT_EQUAL(get(0x0c) & 0xa0, 0xa0);
	put(0x0b, 0x02); /* polled, an hour later */
	fake_clock_advance(3600 * SECOND);
	CU_ASSERT_EQUAL(get(0x0c) & 0xa0, 0x20);
	fake_clock_advance(3599 * SECOND);
	CU_ASSERT_EQUAL(get(0x0c) & 0x20, 0);
	fake_finish();
}

static void periodic_interrupts_do_not_drift(void)
{
	start();
	put(0x0a, 0x26); /* 1024 Hz */
	put(0x0b, 0x42);
	for (unsigned second = 1; second <= 20; second++) {
		while (fake_clock_next() <= second * SECOND + 1) {
			fake_clock_advance_to(fake_clock_next());
			CU_ASSERT_EQUAL(get(0x0c) & 0xc0, 0xc0);
		}
		CU_ASSERT_EQUAL(fake_irq_edges("irq"), second * 1024);
	}
	put(0x0a, 0x2f); /* 2 Hz */
	fake_clock_advance_to(21 * SECOND + 1);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 1);
	get(0x0c);
	put(0x0a, 0x20); /* none */
	fake_clock_advance(5 * SECOND);
	CU_ASSERT_EQUAL(get(0x0c) & 0x40, 0);
	put(0x0a, 0x71); /* divider held */
	CU_ASSERT_EQUAL(fake_clock_next(), UINT64_MAX);
	put(0x0a, 0x21); /* 256 Hz */
	CU_ASSERT_NOT_EQUAL(fake_clock_next(), UINT64_MAX);
	fake_finish();
}

static void describes_the_machine(void)
{
	unsigned sum = 0;

	start_with((struct fake_row[]){
		{ "boot", "cdrom,disk" }, { "floppies", "1" }, { NULL, NULL } });
	CU_ASSERT(get(0x15) == 0x80 && get(0x16) == 0x02);
	CU_ASSERT(get(0x17) == 0x00 && get(0x18) == 0x3c && get(0x30) == 0x00 &&
		  get(0x31) == 0x3c); /* 15 MiB */
	CU_ASSERT(get(0x34) == 0 && get(0x35) == 0 && get(0x5b) == 0);
	CU_ASSERT(get(0x3d) == 0x23 && get(0x38) == 0x11);
	CU_ASSERT(get(0x10) == 0x40 && get(0x14) == 0x07);
	for (unsigned i = 0x10; i < 0x2e; i++)
		sum += get(i);
	CU_ASSERT_EQUAL((unsigned)(get(0x2e) << 8 | get(0x2f)), sum);
	fake_finish();
}

static void refuses_a_bad_boot_order(void)
{
	static const char *const orders[] = { "disk,tape", "dirk", "disk,disk", "dis", "disks" };
	struct tsr_error error = { 0 };

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		fake_start();
		CU_ASSERT_PTR_NULL(fake_device_try(
			NULL, "rtc-mc146818",
			(struct fake_row[]){ { "boot", orders[i] }, { NULL, NULL } }, &error));
		CU_ASSERT_PTR_NOT_NULL(strstr(error.message, orders[i]));
		fake_finish();
	}
}

static void resets_keep_the_battery(void)
{
	start();
	put(0x0f, 0x0a);
	put(0x50, 0x77);
	put(0x0b, 0x72);
	fake_device_reset(rtc, TSR_RESET_HARD);
	CU_ASSERT_EQUAL(get(0x0f), 0x0a);
	CU_ASSERT_EQUAL(get(0x50), 0x77);
	CU_ASSERT_EQUAL(get(0x0b), 0x02);
	fake_finish();
}

static void says_whether_the_guest_is_resumed(void)
{
	static const struct {
		uint8_t code;
		bool resumes;
	} rows[] = {
		{ 0x00, false }, { 0x01, true }, { 0x04, false }, { 0x05, true },  { 0x09, true },
		{ 0x0a, true },  { 0x0c, true }, { 0x0d, false }, { 0xfe, false },
	};
	const struct tsr_shutdown_code *code;

	start();
	code = fake_device_interface(rtc, TSR_SHUTDOWN_CODE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put(0x0f, rows[i].code);
		CU_ASSERT_EQUAL(code->resumes(rtc), rows[i].resumes);
	}
	fake_finish();
}

static void the_file_survives(void)
{
	char path[] = "/tmp/test-rtc-XXXXXX";
	struct fake_row rows[] = { { "file", path }, { NULL, NULL } };
	struct tsr_error error = { 0 };

	close(mkstemp(path));
	fake_start();
	CU_ASSERT_PTR_NULL(
		fake_device_try(NULL, "rtc-mc146818", rows, &error)); /* empty: not a CMOS */
	fake_finish();
	unlink(path);
	start_with(rows);
	CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
	put(0x50, 0x5a);
	fake_clock_advance(2 * SECOND);
	fake_workers_run();
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	put(0x51, 0xa5); /* written at the end */
	fake_finish();
	start_with(rows);
	CU_ASSERT(get(0x50) == 0x5a && get(0x51) == 0xa5);
	expect(0x00, 0x00, 0x00, 0x01, 0x01, 0x20, 0x00, 0x07);
	fake_finish();
	unlink(path);
}

/* Which the folder of a stranger's machine may have beside its CMOS. */
static void a_link_is_not_written_through(void)
{
	char folder[] = "/tmp/test-rtc-XXXXXX", path[64], beside[64], target[64];
	struct fake_row rows[] = { { "file", path }, { NULL, NULL } };
	struct stat info;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/cmos", folder);
	snprintf(beside, sizeof(beside), "%s/cmos.new", folder);
	snprintf(target, sizeof(target), "%s/target", folder);
	CU_ASSERT_EQUAL(symlink(target, beside), 0);
	start_with(rows);
	put(0x50, 0x5a);
	fake_finish();
	CU_ASSERT_NOT_EQUAL(access(target, F_OK), 0);
	CU_ASSERT(lstat(beside, &info) == 0 && S_ISLNK(info.st_mode));
	unlink(beside);
	start_with(rows);
	put(0x50, 0x5a);
	fake_finish();
	CU_ASSERT_EQUAL(unlink(path), 0);
	rmdir(folder);
}

/* Whatever a guest writes into the clock can be saved and loaded. */
static void any_year_can_be_saved(void)
{
	start();
	put(0x0b, 0x06); /* binary, 24 hours */
	put(0x32, 0xff);
	put(0x09, 0xff);
	fake_clock_advance(2 * SECOND);
	get(0x00);
	CU_ASSERT(fake_device_round_trip(rtc));
	fake_finish();
}

static void state_and_fuzz(void)
{
	struct fake_state *state;
	struct tsr_error error;

	start();
	fake_clock_advance(5 * SECOND + 7);
	put(0x0b, 0x72);
	fake_clock_advance(2 * SECOND);
	CU_ASSERT(fake_device_round_trip(rtc));
	CU_ASSERT_EQUAL(get(0x0c), 0xd0);
	state = fake_device_save(rtc);
	for (uint64_t seed = 0; seed < 300; seed++) {
		fake_state_scramble(state, seed);
		if (!fake_device_load(rtc, state, 1, &error))
			fake_device_reset(rtc, TSR_RESET_POWER_ON);
		fake_device_fuzz_registers(seed, 200);
	}
	fake_state_free(state);
	fake_finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "shows the wall clock", shows_the_wall_clock },
		{ "the guest may set it", the_guest_may_set_it },
		{ "formats", formats },
		{ "update in progress", update_in_progress },
		{ "update-ended interrupts", update_ended_interrupts },
		{ "alarms", alarms },
		{ "periodic interrupts do not drift", periodic_interrupts_do_not_drift },
		{ "describes the machine", describes_the_machine },
		{ "refuses a bad boot order", refuses_a_bad_boot_order },
		{ "resets keep the battery", resets_keep_the_battery },
		{ "says whether the guest is resumed", says_whether_the_guest_is_resumed },
		{ "the file survives", the_file_survives },
		{ "a link is not written through", a_link_is_not_written_through },
		{ "any year can be saved", any_year_can_be_saved },
		{ "state and fuzz", state_and_fuzz },
		CU_TEST_INFO_NULL,
	};

	return unit_run("rtc-mc146818", tests);
}
