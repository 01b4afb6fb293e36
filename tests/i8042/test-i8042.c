/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keyboard controller, its keyboard and its mouse, as a driver sees them. */
#include <CUnit/Basic.h>
#include <stdarg.h>
#include <string.h>

#include <fake-host.h>

#include "i8042.h"
#include "unit.h"

enum {
	EV_A = 30,
	EV_CTRL = 29,
	EV_SHIFT = 42,
	EV_ALT = 56,
	EV_HOME = 102,
	EV_PRINT = 99,
	EV_PAUSE = 119,
	EV_F7 = 65
};

static void *device;

/* -- steps */

static uint8_t status(void)
{
	return (uint8_t)fake_port_read(0x64, 1);
}

static void command(uint8_t value)
{
	fake_port_write(0x64, value, 1);
}

static void data(uint8_t value)
{
	fake_port_write(0x60, value, 1);
}

static uint8_t read_data(void)
{
	return (uint8_t)fake_port_read(0x60, 1);
}

static void command_byte(uint8_t value)
{
	command(0x60);
	data(value);
}

static void to_mouse(uint8_t value)
{
	command(0xd4);
	data(value);
}

/* The next byte within 5 ms, or -1; 100h is added to the mouse's. */
static int next(void)
{
	for (unsigned i = 0; i < 50 && !(status() & STATUS_OUTPUT); i++)
		fake_clock_advance(100000);
	if (!(status() & STATUS_OUTPUT))
		return -1;
	return (status() & STATUS_AUX ? 0x100 : 0) | read_data();
}

/* All waiting bytes are those of the list, which ends with -1. */
#define EXPECT(...) CU_ASSERT(bytes_are((const int[]){ __VA_ARGS__, -1 }))
static bool bytes_are(const int *expected)
{
	int got;

	do {
		got = next();
		if (got != *expected) {
			printf("\n    got %x, expected %x\n", (unsigned)got, (unsigned)*expected);
			return false;
		}
	} while (*expected++ != -1);
	return true;
}

/* A controller in the state a BIOS leaves it: both ports on, interrupts on. */
static void start(uint8_t mode)
{
	fake_start();
	device = fake_device_new(NULL, "i8042", NULL);
	command(0xaa);
	EXPECT(0x55);
	command_byte(mode);
}

#define RAW (MODE_KEYBOARD_IRQ | MODE_AUX_IRQ | MODE_SYSTEM)
#define TRANSLATED (RAW | MODE_TRANSLATE)

/* -- controller */

static void commands_have_their_answers(void)
{
	static const uint8_t rows[][2] = {
		{ 0xa4, 0xf1 }, { 0xa9, 0 }, { 0xab, 0 }, { 0x20, TRANSLATED }, { 0xd0, 0xdf }
	};

	start(TRANSLATED);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		command(rows[i][0]);
		if (rows[i][0] == 0xd0)
			CU_ASSERT_EQUAL(read_data() & 0x03, 0x03)
		else
			CU_ASSERT_EQUAL(read_data(), rows[i][1]);
	}
	CU_ASSERT_FALSE(status() & STATUS_OUTPUT);
}

static void ram_keeps_its_bytes(void)
{
	start(RAW);
	command(0x65);
	data(0x99);
	command(0x25);
	EXPECT(0x99);
}

static void devices_are_off_after_reset(void)
{
	fake_start();
	device = fake_device_new(NULL, "i8042", NULL);
	command(0x20);
	EXPECT(MODE_NO_KEYBOARD | MODE_NO_AUX);
	fake_key(EV_A, true);
	CU_ASSERT_EQUAL(next(), -1);
	command(0xae);
	EXPECT(0x1c);
}

static void output_port_moves_a20(void)
{
	start(RAW);
	CU_ASSERT_TRUE(fake_a20());
	command(0xd1);
	data(0xdd);
	CU_ASSERT_FALSE(fake_a20());
	command(0xd0);
	CU_ASSERT_FALSE(read_data() & 2);
	command(0xd1);
	data(0xdf);
	CU_ASSERT_TRUE(fake_a20());
	command(0xdd);
	CU_ASSERT_FALSE(fake_a20());
	command(0xdf);
	CU_ASSERT_TRUE(fake_a20());
}

static void the_reset_line_is_the_processors(void)
{
	start(RAW);
	command(0xff);
	CU_ASSERT_EQUAL(fake_requests()->resets, 0);
	command(0xfe);
	CU_ASSERT_EQUAL(fake_requests()->resets, 1);
	CU_ASSERT_EQUAL(fake_requests()->reset_kind, TSR_RESET_SOFT);
	command(0xd1);
	data(0xde);
	CU_ASSERT_EQUAL(fake_requests()->resets, 2);
}

static void bytes_can_be_faked(void)
{
	start(TRANSLATED);
	command(0xd2);
	data(0xf0);
	CU_ASSERT_EQUAL(fake_irq_level("keyboard"), 1);
	EXPECT(0xf0);
	command(0xd3);
	data(0x42);
	CU_ASSERT_EQUAL(fake_irq_level("mouse"), 1);
	EXPECT(0x142);
	CU_ASSERT_EQUAL(fake_irq_level("mouse"), 0);
}

static void second_read_sees_the_same_byte(void)
{
	start(TRANSLATED);
	fake_key(EV_A, true);
	fake_key(EV_A, false);
	CU_ASSERT_EQUAL(read_data(), 0x1e);
	CU_ASSERT_EQUAL(read_data(), 0x1e);
	CU_ASSERT_FALSE(status() & STATUS_OUTPUT);
	EXPECT(0x9e);
}

/* There is one output register: an answer takes the place of a byte that was not read. */
static void answers_overwrite_the_output_register(void)
{
	start(TRANSLATED);
	command(0x20);
	CU_ASSERT(status() & STATUS_OUTPUT);
	command(0xd0);
	CU_ASSERT_EQUAL(read_data() & 0x03, 0x03);
	CU_ASSERT_FALSE(status() & STATUS_OUTPUT);
	fake_key(EV_A, true);
	fake_clock_advance(PS2_BYTE_NS);
	CU_ASSERT_EQUAL(fake_irq_level("keyboard"), 1);
	command(0xab);
	EXPECT(0x00);
	fake_key(EV_A, false);
	EXPECT(0x9e);
	command(0xd3); /* as if the mouse had sent a byte */
	data(0x42);
	CU_ASSERT(status() & STATUS_AUX);
	command(0xaa);
	CU_ASSERT_FALSE(status() & STATUS_AUX);
	CU_ASSERT_EQUAL(fake_irq_level("mouse"), 0);
	EXPECT(0x55);
}

/* -- keyboard */

static void interrupt_follows_the_buffer(void)
{
	start(TRANSLATED);
	fake_key(EV_A, true);
	CU_ASSERT_EQUAL(fake_irq_level("keyboard"), 1);
	read_data();
	CU_ASSERT_EQUAL(fake_irq_level("keyboard"), 0);
	command_byte(TRANSLATED & ~MODE_KEYBOARD_IRQ);
	fake_key(EV_A, false);
	next();
	CU_ASSERT_EQUAL(fake_irq_edges("keyboard"), 1);
}

static void three_sets(void)
{
	start(RAW);
	fake_key(EV_A, true);
	fake_key(EV_A, false);
	EXPECT(0x1c, 0xf0, 0x1c);
	fake_key(EV_F7, true);
	fake_key(EV_F7, false);
	EXPECT(0x83, 0xf0, 0x83);
	data(0xf0);
	EXPECT(0xfa);
	data(1);
	EXPECT(0xfa);
	fake_key(EV_HOME, true);
	fake_key(EV_HOME, false);
	EXPECT(0xe0, 0x47, 0xe0, 0xc7);
	data(0xf0);
	data(3);
	EXPECT(0xfa);
	fake_key(EV_HOME, true); /* make only */
	fake_key(EV_HOME, false);
	fake_key(EV_CTRL, true);
	fake_key(EV_CTRL, false);
	EXPECT(0x6e, 0x11, 0xf0, 0x11);
	data(0xf0);
	data(0);
	EXPECT(0xfa, 3);
}

static void translation_makes_set_one(void)
{
	start(TRANSLATED);
	fake_key(EV_F7, true);
	fake_key(EV_F7, false);
	EXPECT(0x41, 0xc1);
	fake_key(EV_HOME, true);
	fake_key(EV_HOME, false);
	EXPECT(0xe0, 0x47, 0xe0, 0xc7);
}

static void special_keys(void)
{
	start(TRANSLATED);
	fake_key(EV_PAUSE, true);
	fake_key(EV_PAUSE, false);
	EXPECT(0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5);
	fake_key(EV_PRINT, true);
	fake_key(EV_PRINT, false);
	EXPECT(0xe0, 0x2a, 0xe0, 0x37, 0xe0, 0xb7, 0xe0, 0xaa);
	fake_key(EV_ALT, true);
	fake_key(EV_PRINT, true);
	fake_key(EV_PRINT, false);
	fake_key(EV_ALT, false);
	EXPECT(0x38, 0x54, 0xd4, 0xb8);
	fake_key(EV_CTRL, true);
	fake_key(EV_PAUSE, true);
	EXPECT(0x1d, 0xe0, 0x46, 0xe0, 0xc6);
}

static void gray_keys_undo_shift(void)
{
	start(TRANSLATED);
	fake_key(EV_SHIFT, true);
	fake_key(EV_HOME, true);
	fake_key(EV_HOME, false);
	EXPECT(0x2a, 0xe0, 0xaa, 0xe0, 0x47, 0xe0, 0xc7, 0xe0, 0x2a);
	fake_key(EV_SHIFT, false);
	EXPECT(0xaa);
	data(0xed);
	data(2); /* Num Lock */
	EXPECT(0xfa);
	fake_key(EV_HOME, true);
	fake_key(EV_HOME, false);
	EXPECT(0xe0, 0x2a, 0xe0, 0x47, 0xe0, 0xc7, 0xe0, 0xaa);
}

static void keyboard_commands(void)
{
	start(RAW);
	data(0xff);
	EXPECT(0xfa, 0xaa);
	data(0xf2);
	EXPECT(0xfa, 0xab, 0x83);
	data(0xee);
	EXPECT(0xee);
	data(0xed);
	EXPECT(0xfa);
	data(5);
	EXPECT(0xfa);
	CU_ASSERT_EQUAL(fake_leds(), 5);
	data(0x99);
	EXPECT(0xfe);
	data(0xf2);
	next();
	next();
	data(0xfe);
	EXPECT(0xab);
	data(0xf5);
	EXPECT(0xfa);
	fake_key(EV_A, true);
	fake_key(EV_A, false);
	CU_ASSERT_EQUAL(next(), -1);
	data(0xf4);
	EXPECT(0xfa);
}

static void keys_repeat(void)
{
	start(RAW);
	fake_key(EV_A, true);
	fake_key(EV_A, true); /* the host's repeat */
	EXPECT(0x1c);
	fake_clock_advance(480000000);
	CU_ASSERT_EQUAL(status() & STATUS_OUTPUT, 0);
	fake_clock_advance(30000000);
	EXPECT(0x1c);
	fake_clock_advance(92000000);
	EXPECT(0x1c);
	data(0xf3);
	data(0); /* 250 ms, 30 a second */
	EXPECT(0xfa);
	fake_key(EV_A, false);
	EXPECT(0xf0, 0x1c);
	fake_clock_advance(1000000000);
	EXPECT(-1);
	CU_ASSERT_EQUAL(fake_clock_next(), UINT64_MAX);
}

static void full_buffer_leaves_an_overrun(void)
{
	start(RAW);
	for (unsigned i = 0; i < 12; i++)
		fake_key(16 + i / 2 % 10, i % 2 == 0);
	for (unsigned i = 0; i < 12; i++)
		fake_key(30 + i / 2 % 10, i % 2 == 0);
	for (unsigned i = 0; i < 16; i++)
		CU_ASSERT(next() > 0);
	EXPECT(0x00);
}

/* -- mouse */

static void knock(uint8_t first, uint8_t second, uint8_t third)
{
	const uint8_t rates[3] = { first, second, third };

	for (unsigned i = 0; i < 3; i++) {
		to_mouse(0xf3);
		CU_ASSERT_EQUAL(next(), 0x1fa);
		to_mouse(rates[i]);
		CU_ASSERT_EQUAL(next(), 0x1fa);
	}
	to_mouse(0xf2);
	CU_ASSERT_EQUAL(next(), 0x1fa);
}

static void mouse_streams_packets(void)
{
	start(RAW);
	to_mouse(0xff);
	EXPECT(0x1fa, 0x1aa, 0x100);
	to_mouse(0xf2);
	EXPECT(0x1fa, 0x100);
	fake_pointer(1, 1, 0, 0);
	EXPECT(-1);
	to_mouse(0xf4);
	EXPECT(0x1fa);
	fake_pointer(5, 3, 0, 1);
	EXPECT(0x129, 0x105, 0x1fd);
	fake_pointer(0, 0, 0, 0);
	fake_clock_advance(10000000);
	EXPECT(0x108, 0x100, 0x100);
}

static void samples_limit_the_rate(void)
{
	unsigned packets = 0;

	start(RAW);
	to_mouse(0xf4);
	EXPECT(0x1fa);
	for (unsigned i = 0; i < 500; i++) {
		fake_pointer(1, 0, 0, 0);
		for (unsigned j = 0; j < 10; j++) {
			fake_clock_advance(100000);
			if (status() & STATUS_OUTPUT && ++packets)
				read_data();
		}
	}
	CU_ASSERT(packets / 3 >= 48 && packets / 3 <= 51);
}

static void wheel_after_the_knock(void)
{
	start(RAW);
	knock(200, 100, 80);
	EXPECT(0x103);
	to_mouse(0xf4);
	EXPECT(0x1fa);
	fake_pointer(0, 0, 1, 0);
	EXPECT(0x108, 0x100, 0x100, 0x1ff);
	fake_clock_advance(20000000);
	knock(200, 200, 80);
	EXPECT(0x104);
	fake_pointer(0, 0, -1, 8);
	EXPECT(0x108, 0x100, 0x100, 0x111);
}

static void far_motion_takes_several_packets(void)
{
	int sum = 0;

	start(RAW);
	to_mouse(0xf4);
	EXPECT(0x1fa);
	fake_pointer(-600, 0, 0, 0);
	for (unsigned i = 0; i < 3; i++) {
		int flags = next(), dx = next() & 0xff;

		next();
		sum += flags & 0x10 ? dx - 256 : dx;
		fake_clock_advance(20000000);
	}
	CU_ASSERT_EQUAL(sum, -600);
}

static void remote_mode_is_polled(void)
{
	start(RAW);
	to_mouse(0xf0);
	EXPECT(0x1fa);
	fake_pointer(2, 0, 0, 2);
	EXPECT(-1);
	to_mouse(0xeb);
	EXPECT(0x1fa, 0x10a, 0x102, 0x100);
	to_mouse(0xe9);
	EXPECT(0x1fa, 0x141, 0x102, 0x164);
	to_mouse(0xee);
	EXPECT(0x1fa);
	to_mouse(0x55);
	EXPECT(0x155);
	to_mouse(0xec);
	EXPECT(0x1fa);
}

static void second_invalid_command_is_an_error(void)
{
	static const uint8_t invalid[] = { 0x00, 0xe5, 0xef, 0xf1, 0xf7, 0xfd };

	start(RAW);
	for (size_t i = 0; i < sizeof(invalid); i++) {
		to_mouse(invalid[i]);
		EXPECT(0x1fe);
		to_mouse(invalid[sizeof(invalid) - 1 - i]);
		EXPECT(0x1fc);
		to_mouse(0xe6); /* a valid command starts anew */
		EXPECT(0x1fa);
	}
	to_mouse(0xf1);
	EXPECT(0x1fe);
	CU_ASSERT(fake_device_round_trip(device));
	to_mouse(0xf1);
	EXPECT(0x1fc);
	to_mouse(0xff);
	EXPECT(0x1fa, 0x1aa, 0x100);
	to_mouse(0xf1);
	EXPECT(0x1fe);
}

/* -- both */

static void state_survives(void)
{
	start(TRANSLATED);
	to_mouse(0xf4);
	EXPECT(0x1fa);
	fake_key(EV_SHIFT, true);
	fake_key(EV_HOME, true);
	fake_pointer(3, 4, 1, 5);
	fake_pointer(3, 4, 1, 1);
	read_data();
	CU_ASSERT(fake_device_round_trip(device));
	/* the two take turns */
	for (int byte = next(), keys = 0, packets = 0; byte >= 0; byte = next()) {
		static const int expected_keys[] = { 0xe0, 0xaa, 0xe0, 0x47, -1 };
		static const int expected_packets[] = {
			0x12d, 0x103, 0x1fc, 0x129, 0x103, 0x1fc, -1
		};

		if (byte & 0x100)
			CU_ASSERT_EQUAL(byte, expected_packets[packets++])
		else
			CU_ASSERT_EQUAL(byte, expected_keys[keys++]);
	}
}

/* A field that is missing or has a value that it cannot have: the state is refused. */
static void damaged_state_is_refused(void)
{
	static const struct {
		const char *field;
		uint64_t value; /* UINT64_MAX: the field is missing */
	} rows[] = {
		{ "ram", UINT64_MAX },
		{ "break_prefix", UINT64_MAX },
		{ "keyboard/ready_at", UINT64_MAX },
		{ "keyboard/repeat_at", UINT64_MAX },
		{ "keyboard/replies", UINT64_MAX },
		{ "keyboard/keys", UINT64_MAX },
		{ "keyboard/set", 0 },
		{ "keyboard/set", 4 },
		{ "mouse/ready_at", UINT64_MAX },
		{ "mouse/sample_at", UINT64_MAX },
		{ "mouse/replies", UINT64_MAX },
		{ "mouse/packets", UINT64_MAX },
		{ "mouse/last_length", PS2_QUEUE_SIZE + 1 },
	};

	start(TRANSLATED);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake_state *state = fake_device_save(device);
		struct tsr_error error;

		if (rows[i].value == UINT64_MAX)
			CU_ASSERT(fake_state_remove(state, rows[i].field))
		else
			CU_ASSERT(fake_state_set(state, rows[i].field, rows[i].value));
		CU_ASSERT_FALSE(fake_device_load(device, state, 2, &error));
		fake_state_free(state);
	}
}

static void strange_state_is_survived(void)
{
	struct tsr_error error;

	start(TRANSLATED);
	for (uint64_t seed = 1; seed < 200; seed++) {
		struct fake_state *state = fake_device_save(device);

		fake_state_scramble(state, seed);
		fake_device_load(device, state, 1, &error);
		fake_state_free(state);
		fake_key(EV_A, seed & 1);
		fake_pointer(1, 1, 1, (unsigned)seed);
		data(0); /* an argument of whatever command it now expects */
		to_mouse(0);
		fake_clock_advance(1000000);
	}
}

static void any_register_access_is_defined(void)
{
	uint64_t seed = 7;

	start(TRANSLATED);
	for (unsigned i = 0; i < 500; i++) {
		fake_device_fuzz_registers(i, 40);
		fake_key((unsigned)fake_random(&seed) % 300, fake_random(&seed) & 1);
		fake_pointer((int)fake_random(&seed), (int)fake_random(&seed),
			     (int)fake_random(&seed), (unsigned)fake_random(&seed));
	}
}

#define ROW(test) \
	{ \
#test, test \
	}
static CU_TestInfo tests[] = {
	ROW(commands_have_their_answers),
	ROW(ram_keeps_its_bytes),
	ROW(devices_are_off_after_reset),
	ROW(output_port_moves_a20),
	ROW(the_reset_line_is_the_processors),
	ROW(bytes_can_be_faked),
	ROW(second_read_sees_the_same_byte),
	ROW(answers_overwrite_the_output_register),
	ROW(interrupt_follows_the_buffer),
	ROW(three_sets),
	ROW(translation_makes_set_one),
	ROW(special_keys),
	ROW(gray_keys_undo_shift),
	ROW(keyboard_commands),
	ROW(keys_repeat),
	ROW(full_buffer_leaves_an_overrun),
	ROW(mouse_streams_packets),
	ROW(samples_limit_the_rate),
	ROW(wheel_after_the_knock),
	ROW(far_motion_takes_several_packets),
	ROW(remote_mode_is_polled),
	ROW(second_invalid_command_is_an_error),
	ROW(state_survives),
	ROW(damaged_state_is_refused),
	ROW(strange_state_is_survived),
	ROW(any_register_access_is_defined),
	CU_TEST_INFO_NULL,
};

int main(void)
{
	int status = unit_run("i8042", tests);

	fake_finish();
	return status;
}
