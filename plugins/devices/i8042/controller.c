/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The 8042 keyboard controller of the IBM PS/2: ports 60h and 64h, command byte, output port, two
 * serial devices.
 *
 * A byte from a device takes the time of the wire before it shows, so that a guest which reads port
 * 60h twice in one interrupt (a DOS program's handler, then the BIOS's) sees the same byte twice,
 * as on a real machine.
 * Source: IBM PS/2 Hardware Interface Technical Reference, "Keyboard and Auxiliary Device
 * Controller": output port bit 0 and the pulses of commands F0-FF are the processor's reset line;
 * memory and devices keep their state.
 * Gaps: no password security (A4 says that none is installed), no key lock.
 */
#include <string.h>

#include "i8042.h"

static uint8_t *mode(struct i8042 *c)
{
	return &c->ram[0];
}

void i8042_update_irqs(struct i8042 *c)
{
	bool full = c->status & STATUS_OUTPUT;
	bool aux = c->status & STATUS_AUX;

	tsr_irq_set(c->keyboard_irq, full && !aux && *mode(c) & MODE_KEYBOARD_IRQ);
	tsr_irq_set(c->mouse_irq, full && aux && *mode(c) & MODE_AUX_IRQ);
}

/* -- From the devices to the output buffer */

static void fill_output(struct i8042 *c, uint8_t byte, bool aux)
{
	c->output = byte;
	c->status |= STATUS_OUTPUT;
	c->status = aux ? c->status | STATUS_AUX : c->status & ~STATUS_AUX;
	i8042_update_irqs(c);
}

/* Translation swallows the break prefix. */
static void take_keyboard_byte(struct i8042 *c)
{
	uint8_t byte = keyboard_take(&c->keyboard);

	if (!(*mode(c) & MODE_TRANSLATE)) {
		fill_output(c, byte, false);
	} else if (byte == SCAN_BREAK) {
		c->break_prefix = SCAN_BREAK_SET_1;
	} else {
		fill_output(c, key_translate(byte) | c->break_prefix, false);
		c->break_prefix = 0;
	}
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void i8042_pump(struct i8042 *c)
{
	uint64_t now = c->clock->now(c->host), next = UINT64_MAX;
	bool keyboard = !(*mode(c) & MODE_NO_KEYBOARD), aux = !(*mode(c) & MODE_NO_AUX);

	while (!(c->status & STATUS_OUTPUT) && keyboard && keyboard_has_byte(&c->keyboard) &&
	       c->keyboard.ready_at <= now)
		take_keyboard_byte(c);
	if (!(c->status & STATUS_OUTPUT) && aux && mouse_has_byte(&c->mouse) &&
	    c->mouse.ready_at <= now)
		fill_output(c, mouse_take(&c->mouse), true);
	if (c->status & STATUS_OUTPUT)
		return; /* reading it pumps again */
	if (keyboard && keyboard_has_byte(&c->keyboard))
		next = earlier(next, c->keyboard.ready_at);
	if (aux && mouse_has_byte(&c->mouse))
		next = earlier(next, c->mouse.ready_at);
	if (next != UINT64_MAX)
		c->clock->arm(c->wire_timer, next);
}

/* -- Output port */

static uint8_t read_output_port(struct i8042 *c)
{
	uint8_t value = c->output_port & ~(PORT_A20 | PORT_KEYBOARD_IRQ | PORT_AUX_IRQ);

	if (c->a20->get(c->host))
		value |= PORT_A20;
	if (c->status & STATUS_OUTPUT)
		value |= c->status & STATUS_AUX ? PORT_AUX_IRQ : PORT_KEYBOARD_IRQ;
	return value;
}

static void write_output_port(struct i8042 *c, uint8_t value)
{
	c->output_port = value | PORT_RESET;
	c->a20->set(c->host, value & PORT_A20);
	if (!(value & PORT_RESET))
		c->machine->reset(c->host, TSR_RESET_SOFT);
}

/* -- Commands */

/* There is one output buffer: a byte in it that the host did not fetch is lost. */
static void answer(struct i8042 *c, uint8_t byte)
{
	fill_output(c, byte, false);
}

static void self_test(struct i8042 *c)
{
	c->status |= STATUS_SYSTEM;
	*mode(c) |= MODE_SYSTEM;
	answer(c, KBC_SELF_TEST_PASSED);
}

/* FEh and its like: output port bits 0-3 low for 6 us where the command's bits are 0. */
static void pulse(struct i8042 *c, uint8_t command)
{
	if (!(command & PORT_RESET))
		c->machine->reset(c->host, TSR_RESET_SOFT);
}

static void command_with_answer(struct i8042 *c, uint8_t command)
{
	static const struct {
		uint8_t command, answer;
	} answers[] = {
		{ KBC_READ_VERSION, KBC_VERSION_PS2 },     { KBC_TEST_PASSWORD, KBC_NO_PASSWORD },
		{ KBC_TEST_AUX, KBC_LINES_GOOD },          { KBC_TEST_KEYBOARD, KBC_LINES_GOOD },
		{ KBC_READ_INPUT_PORT, KBC_INPUT_PORT },   { KBC_READ_MODE, KBC_MODE_PS2 },
		{ KBC_READ_TEST_INPUTS, KBC_TEST_INPUTS },
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (answers[i].command == command)
			answer(c, answers[i].answer);
}

static void simple_command(struct i8042 *c, uint8_t command)
{
	switch (command) {
	case KBC_DISABLE_AUX:
		*mode(c) |= MODE_NO_AUX;
		break;
	case KBC_ENABLE_AUX:
		*mode(c) &= ~MODE_NO_AUX;
		break;
	case KBC_SELF_TEST:
		self_test(c);
		break;
	case KBC_DISABLE_KEYBOARD:
		*mode(c) |= MODE_NO_KEYBOARD;
		break;
	case KBC_ENABLE_KEYBOARD:
		*mode(c) &= ~MODE_NO_KEYBOARD;
		break;
	case KBC_POLL_INPUT_LOW: /* bits of the input port into the status: it reads as it is */
	case KBC_POLL_INPUT_HIGH:
		break;
	case KBC_READ_OUTPUT_PORT:
		answer(c, read_output_port(c));
		break;
	case KBC_DISABLE_A20:
		c->a20->set(c->host, false);
		break;
	case KBC_ENABLE_A20:
		c->a20->set(c->host, true);
		break;
	default:
		command_with_answer(c, command);
		break;
	}
}

static bool has_argument(uint8_t command)
{
	return (command >= KBC_WRITE_RAM && command <= (KBC_WRITE_RAM | KBC_RAM_MASK)) ||
	       command == KBC_LOAD_PASSWORD ||
	       (command >= KBC_WRITE_OUTPUT_PORT && command <= KBC_WRITE_AUX);
}

void i8042_write_command(struct i8042 *c, uint8_t value)
{
	c->status |= STATUS_COMMAND;
	c->expects = 0;
	if ((value & ~KBC_RAM_MASK) == KBC_READ_RAM)
		answer(c, c->ram[value & KBC_RAM_MASK]);
	else if (has_argument(value))
		c->expects = value;
	else if (value >= KBC_PULSE_OUTPUT_PORT)
		pulse(c, value);
	else
		simple_command(c, value);
	i8042_pump(c);
}

static void write_ram(struct i8042 *c, unsigned index, uint8_t value)
{
	c->ram[index] = value;
	if (index)
		return;
	c->status = value & MODE_SYSTEM ? c->status | STATUS_SYSTEM : c->status & ~STATUS_SYSTEM;
	i8042_update_irqs(c);
}

static void command_argument(struct i8042 *c, uint8_t command, uint8_t value)
{
	switch (command) {
	case KBC_LOAD_PASSWORD: /* its characters, until a 0 */
		c->expects = value ? command : 0;
		break;
	case KBC_WRITE_OUTPUT_PORT:
		write_output_port(c, value);
		break;
	case KBC_WRITE_KEYBOARD_OUTPUT: /* as if that device had sent it */
	case KBC_WRITE_AUX_OUTPUT:
		fill_output(c, value, command == KBC_WRITE_AUX_OUTPUT);
		break;
	case KBC_WRITE_AUX:
		*mode(c) &= ~MODE_NO_AUX;
		mouse_command(c, value);
		break;
	default:
		write_ram(c, command & KBC_RAM_MASK, value);
		break;
	}
}

/* -- Ports */

void i8042_write_data(struct i8042 *c, uint8_t value)
{
	uint8_t command = c->expects;

	c->status &= ~STATUS_COMMAND;
	c->expects = 0;
	if (command) {
		command_argument(c, command, value);
	} else {
		*mode(c) &= ~MODE_NO_KEYBOARD;
		c->break_prefix = 0;
		keyboard_command(c, value);
	}
	i8042_pump(c);
}

uint8_t i8042_read_data(struct i8042 *c)
{
	uint64_t now = c->clock->now(c->host);
	uint8_t byte = c->output;

	if (!(c->status & STATUS_OUTPUT))
		return byte;
	if (c->status & STATUS_AUX)
		c->mouse.ready_at = now + PS2_BYTE_NS;
	else
		c->keyboard.ready_at = now + PS2_BYTE_NS;
	c->status &= ~(STATUS_OUTPUT | STATUS_AUX);
	i8042_update_irqs(c);
	i8042_pump(c);
	return byte;
}

uint8_t i8042_read_status(struct i8042 *c)
{
	return c->status;
}

void i8042_reset(struct i8042 *c)
{
	c->clock->cancel(c->wire_timer);
	c->clock->cancel(c->repeat_timer);
	c->clock->cancel(c->sample_timer);
	memset(c->ram, 0, sizeof(c->ram));
	*mode(c) = MODE_NO_KEYBOARD | MODE_NO_AUX;
	c->status = STATUS_UNLOCKED | STATUS_COMMAND;
	c->output = 0;
	c->output_port = PORT_AT_RESET;
	c->expects = 0;
	c->break_prefix = 0;
	c->a20->set(c->host, true);
	keyboard_reset(&c->keyboard);
	memset(c->keyboard.down, 0, sizeof(c->keyboard.down));
	mouse_reset(&c->mouse);
	c->keyboard.ready_at = c->mouse.ready_at = 0;
	i8042_update_irqs(c);
}
