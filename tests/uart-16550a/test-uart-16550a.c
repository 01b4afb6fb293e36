/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PC16550D at its registers, with a line whose other end is this test. */
#include <CUnit/Basic.h>
#include <string.h>

#include <fake-host.h>

#include "uart.h"
#include "unit.h"

#define BASE 0x3f8
#define CHARACTER_NS 86805u /* 10 bits at 115,200 */

/* -- the line's other end */

static struct {
	const struct tsr_chardev_port *port;
	char sent[512];
	size_t sent_length;
	bool full;
	const char *waiting;
} line;

static void line_connect(void *self, const struct tsr_chardev_port *port)
{
	line.port = port;
}

static size_t line_write(void *self, const uint8_t *bytes, size_t length)
{
	if (line.full)
		return 0;
	memcpy(line.sent + line.sent_length, bytes, length);
	line.sent_length += length;
	return length;
}

static void line_ready(void *self)
{
	size_t room;

	while (line.waiting && *line.waiting && (room = line.port->room(line.port->to)) > 0) {
		line.port->receive(line.port->to, (const uint8_t *)line.waiting, 1);
		line.waiting++;
	}
}

static const struct tsr_chardev line_table = {
	.size = sizeof(line_table),
	.connect = line_connect,
	.write = line_write,
	.ready = line_ready,
};

static void line_type(const char *text)
{
	line.waiting = text;
	line_ready(NULL);
}

/* -- steps */

static uint8_t in(unsigned offset)
{
	return (uint8_t)fake_port_read(BASE + offset, 1);
}

static void out(unsigned offset, uint8_t value)
{
	fake_port_write(BASE + offset, value, 1);
}

static void *start_with(bool paced, bool out2_gate)
{
	void *uart;

	memset(&line, 0, sizeof(line));
	fake_start();
	fake_connect("backend", &line_table, &line);
	uart = fake_device_new(NULL, "uart-16550a",
			       (struct fake_row[]){ { "paced", paced ? "true" : "false" },
						    { "out2-gate", out2_gate ? "true" : "false" },
						    { NULL, NULL } });
	out(UART_LCR, LCR_DLAB | 3);
	out(UART_DATA, 1);
	out(UART_IER, 0);
	out(UART_LCR, 3);
	return uart;
}

static void *start(bool paced)
{
	return start_with(paced, true);
}

static void use_fifos(uint8_t trigger)
{
	out(UART_IIR, FCR_ENABLE | trigger);
	out(UART_MCR, MCR_OUT2);
}

/* -- tests */

static void registers_have_their_reset_values(void)
{
	start(false);
	CU_ASSERT_EQUAL(in(UART_IER), 0);
	CU_ASSERT_EQUAL(in(UART_IIR), IIR_NONE);
	CU_ASSERT_EQUAL(in(UART_MCR), 0);
	CU_ASSERT_EQUAL(in(UART_LSR), LSR_THRE | LSR_TEMT);
	CU_ASSERT_EQUAL(in(UART_MSR), MSR_CTS | MSR_DSR | MSR_DCD);
	out(UART_SCR, 0x5a);
	CU_ASSERT_EQUAL(in(UART_SCR), 0x5a);
	out(UART_IER, 0xff);
	CU_ASSERT_EQUAL(in(UART_IER), 0x0f);
	out(UART_MCR, 0xff);
	CU_ASSERT_EQUAL(in(UART_MCR), 0x1f);
}

static void unplugged_line_has_no_carrier(void)
{
	fake_start();
	fake_connect("backend", NULL, NULL);
	fake_device_new(NULL, "uart-16550a", NULL);
	CU_ASSERT_EQUAL(in(UART_MSR), 0);
	out(UART_DATA, 'x');
	CU_ASSERT_EQUAL(in(UART_LSR), LSR_THRE | LSR_TEMT);
}

static void divisor_hides_behind_dlab(void)
{
	start(false);
	out(UART_LCR, LCR_DLAB);
	out(UART_DATA, 0x34);
	out(UART_IER, 0x12);
	CU_ASSERT_EQUAL(in(UART_DATA), 0x34);
	CU_ASSERT_EQUAL(in(UART_IER), 0x12);
	out(UART_LCR, 3);
	CU_ASSERT_EQUAL(in(UART_IER), 0);
}

static void sends_at_once_on_an_unpaced_line(void)
{
	start(false);
	out(UART_DATA, 'A');
	CU_ASSERT_EQUAL(in(UART_LSR), LSR_THRE | LSR_TEMT);
	CU_ASSERT_EQUAL(line.sent_length, 1);
	CU_ASSERT_EQUAL(line.sent[0], 'A');
}

static void paced_line_takes_a_character_time(void)
{
	start(true);
	out(UART_DATA, 'A');
	CU_ASSERT_EQUAL(in(UART_LSR), LSR_THRE);
	out(UART_DATA, 'B');
	CU_ASSERT_EQUAL(in(UART_LSR), 0);
	fake_clock_advance(CHARACTER_NS - 10);
	CU_ASSERT_EQUAL(line.sent_length, 0);
	fake_clock_advance(20);
	CU_ASSERT_EQUAL(line.sent_length, 1);
	CU_ASSERT_EQUAL(in(UART_LSR), LSR_THRE);
	fake_clock_advance(CHARACTER_NS);
	CU_ASSERT_NSTRING_EQUAL(line.sent, "AB", 2);
	CU_ASSERT_EQUAL(in(UART_LSR), LSR_THRE | LSR_TEMT);
}

static void full_backend_holds_the_transmitter(void)
{
	start(false);
	use_fifos(0);
	line.full = true;
	for (unsigned i = 0; i < 5; i++)
		out(UART_DATA, (uint8_t)('0' + i));
	CU_ASSERT_EQUAL(in(UART_LSR) & (LSR_THRE | LSR_TEMT), 0);
	line.full = false;
	fake_clock_advance(2 * CHARACTER_NS);
	CU_ASSERT_NSTRING_EQUAL(line.sent, "01234", 5);
	CU_ASSERT_EQUAL(in(UART_LSR), LSR_THRE | LSR_TEMT);
}

static void thre_interrupt_is_told_once(void)
{
	start(false);
	out(UART_MCR, MCR_OUT2);
	out(UART_IER, IER_THRE);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 1);
	CU_ASSERT_EQUAL(in(UART_IIR), IIR_THRE);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 0);
	CU_ASSERT_EQUAL(in(UART_IIR), IIR_NONE);
	out(UART_DATA, 'x');
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 1);
	CU_ASSERT_EQUAL(in(UART_IIR), IIR_THRE);
}

static void out2_gates_the_interrupt(void)
{
	start(false);
	out(UART_IER, IER_THRE);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 0);
	CU_ASSERT_EQUAL(in(UART_IIR), IIR_THRE);
}

static void without_the_gate_out2_does_not_matter(void)
{
	start_with(false, false);
	out(UART_IER, IER_THRE);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 1);
	CU_ASSERT_EQUAL(in(UART_IIR), IIR_THRE);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 0);
}

static void fifo_interrupts_at_its_trigger_level(void)
{
	start(false);
	use_fifos(0x80); /* 8 */
	out(UART_IER, IER_DATA);
	line_type("1234567");
	CU_ASSERT_EQUAL(in(UART_IIR), IIR_FIFOS | IIR_NONE);
	line_type("8");
	CU_ASSERT_EQUAL(in(UART_IIR), IIR_FIFOS | IIR_DATA);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 1);
	CU_ASSERT_EQUAL(in(UART_DATA), '1');
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 0);
}

static void few_characters_time_out(void)
{
	start(false);
	use_fifos(0xc0);
	out(UART_IER, IER_DATA);
	line_type("ab");
	fake_clock_advance(4 * CHARACTER_NS - 100);
	CU_ASSERT_EQUAL(fake_irq_level("irq"), 0);
	fake_clock_advance(200);
	CU_ASSERT_EQUAL(in(UART_IIR), IIR_FIFOS | IIR_TIMEOUT);
	CU_ASSERT_EQUAL(in(UART_DATA), 'a');
	CU_ASSERT_EQUAL(in(UART_IIR), IIR_FIFOS | IIR_NONE);
	fake_clock_advance(4 * CHARACTER_NS + 100);
	CU_ASSERT_EQUAL(in(UART_IIR), IIR_FIFOS | IIR_TIMEOUT);
	CU_ASSERT_EQUAL(in(UART_DATA), 'b');
	fake_clock_advance(8 * CHARACTER_NS);
	CU_ASSERT_EQUAL(in(UART_IIR), IIR_FIFOS | IIR_NONE);
}

static void input_waits_for_room(void)
{
	const char *text = "The quick brown fox jumps over the lazy dog";

	start(false);
	use_fifos(0);
	line_type(text);
	for (const char *c = text; *c; c++) {
		CU_ASSERT(in(UART_LSR)&LSR_DATA);
		CU_ASSERT_EQUAL(in(UART_DATA), *c);
	}
	CU_ASSERT_FALSE(in(UART_LSR) & (LSR_DATA | LSR_OVERRUN));
}

static void line_status_comes_first(void)
{
	start(false);
	out(UART_MCR, MCR_LOOP);
	out(UART_IER, 0x0f);
	in(UART_MSR);
	out(UART_DATA, 1);
	out(UART_DATA, 2); /* overruns the 16450's one buffer */
	CU_ASSERT_EQUAL(in(UART_IIR), IIR_LINE);
	CU_ASSERT_EQUAL(in(UART_LSR), LSR_DATA | LSR_OVERRUN | LSR_THRE | LSR_TEMT);
	CU_ASSERT_EQUAL(in(UART_IIR), IIR_DATA);
	CU_ASSERT_EQUAL(in(UART_DATA), 2);
	CU_ASSERT_EQUAL(in(UART_IIR), IIR_THRE);
	out(UART_MCR, MCR_LOOP | MCR_DTR);
	CU_ASSERT_EQUAL(in(UART_IIR), IIR_MODEM);
	CU_ASSERT_EQUAL(in(UART_MSR), MSR_DSR | MSR_DDSR);
	CU_ASSERT_EQUAL(in(UART_IIR), IIR_NONE);
}

static void loopback_wires_modem_lines(void)
{
	start(false);
	out(UART_MCR, MCR_LOOP | MCR_OUT1);
	in(UART_MSR);
	out(UART_MCR, MCR_LOOP | MCR_RTS | MCR_OUT2);
	CU_ASSERT_EQUAL(in(UART_MSR), MSR_CTS | MSR_DCD | MSR_DCTS | MSR_DDCD | MSR_TERI);
	out(UART_DATA, 'L');
	CU_ASSERT_EQUAL(in(UART_DATA), 'L');
	CU_ASSERT_EQUAL(line.sent_length, 0);
}

static void full_fifo_keeps_the_old_characters(void)
{
	start(false);
	use_fifos(0);
	out(UART_MCR, MCR_LOOP);
	for (unsigned i = 0; i < 20; i++)
		out(UART_DATA, (uint8_t)i);
	CU_ASSERT(in(UART_LSR)&LSR_OVERRUN);
	for (unsigned i = 0; i < 16; i++)
		CU_ASSERT_EQUAL(in(UART_DATA), i);
	CU_ASSERT_FALSE(in(UART_LSR)&LSR_DATA);
}

static void break_in_loopback_is_received(void)
{
	start(false);
	use_fifos(0);
	out(UART_MCR, MCR_LOOP);
	out(UART_LCR, LCR_BREAK | 3);
	CU_ASSERT_EQUAL(in(UART_LSR) & (LSR_BREAK | LSR_FIFO_ERROR), LSR_BREAK | LSR_FIFO_ERROR);
	CU_ASSERT_EQUAL(in(UART_LSR) & (LSR_BREAK | LSR_FIFO_ERROR), 0);
	CU_ASSERT_EQUAL(in(UART_DATA), 0);
}

static void state_survives(void)
{
	void *uart = start(true);

	use_fifos(0x40);
	out(UART_IER, 0x0f);
	line_type("ab");
	out(UART_DATA, 'x');
	out(UART_DATA, 'y');
	CU_ASSERT(fake_device_round_trip(uart));
	fake_clock_advance(3 * CHARACTER_NS);
	CU_ASSERT_NSTRING_EQUAL(line.sent, "xy", 2);
	CU_ASSERT_EQUAL(in(UART_DATA), 'a');
}

static void empty_receiver_shows_the_last_character(void)
{
	void *uart = start(false);
	struct fake_state *state;
	struct tsr_error error;

	for (unsigned fifos = 0; fifos < 2; fifos++) {
		if (fifos)
			use_fifos(0);
		line_type("ab");
		CU_ASSERT_EQUAL(in(UART_DATA), 'a');
		CU_ASSERT_EQUAL(in(UART_DATA), 'b');
		CU_ASSERT_EQUAL(in(UART_DATA), 'b');
		CU_ASSERT(fake_device_round_trip(uart));
		CU_ASSERT_EQUAL(in(UART_DATA), 'b');
	}
	state = fake_device_save(uart);
	CU_ASSERT(fake_state_remove(state, "rbr")); /* as older versions wrote it */
	CU_ASSERT(fake_device_load(uart, state, 1, &error));
	fake_state_free(state);
	CU_ASSERT_EQUAL(in(UART_DATA), 0);
}

static void strange_state_is_survived(void)
{
	void *uart = start(false);
	struct tsr_error error;

	for (uint64_t seed = 1; seed < 50; seed++) {
		struct fake_state *state = fake_device_save(uart);

		fake_state_scramble(state, seed);
		fake_device_load(uart, state, 1, &error);
		fake_state_free(state);
		for (unsigned i = 0; i < 8; i++)
			in(i);
		fake_clock_advance(1000000);
	}
}

/* More characters than the FIFO is deep: the room that is left would wrap around. */
static void state_with_an_overfull_fifo_is_refused(void)
{
	void *uart = start(false);
	struct fake_state *state;
	struct tsr_error error;

	out(UART_IIR, 0x01);
	line_type("abc");
	state = fake_device_save(uart);
	CU_ASSERT(fake_device_load(uart, state, 1, &error));
	CU_ASSERT(fake_state_set(state, "fcr", 0));
	CU_ASSERT_FALSE(fake_device_load(uart, state, 1, &error));
	fake_state_free(state);
}

static void any_register_access_is_defined(void)
{
	start(false);
	line.full = true;
	fake_device_fuzz_registers(1, 20000);
	start(true);
	line.full = true;
	fake_device_fuzz_registers(2, 20000);
}

#define ROW(test) \
	{ \
#test, test \
	}
static CU_TestInfo tests[] = {
	ROW(registers_have_their_reset_values),
	ROW(unplugged_line_has_no_carrier),
	ROW(divisor_hides_behind_dlab),
	ROW(sends_at_once_on_an_unpaced_line),
	ROW(paced_line_takes_a_character_time),
	ROW(full_backend_holds_the_transmitter),
	ROW(thre_interrupt_is_told_once),
	ROW(out2_gates_the_interrupt),
	ROW(without_the_gate_out2_does_not_matter),
	ROW(fifo_interrupts_at_its_trigger_level),
	ROW(few_characters_time_out),
	ROW(input_waits_for_room),
	ROW(line_status_comes_first),
	ROW(loopback_wires_modem_lines),
	ROW(full_fifo_keeps_the_old_characters),
	ROW(break_in_loopback_is_received),
	ROW(state_survives),
	ROW(empty_receiver_shows_the_last_character),
	ROW(strange_state_is_survived),
	ROW(state_with_an_overfull_fifo_is_refused),
	ROW(any_register_access_is_defined),
	CU_TEST_INFO_NULL,
};

int main(void)
{
	int status = unit_run("uart-16550a", tests);

	fake_finish();
	return status;
}
