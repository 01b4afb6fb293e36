/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A PS/2 mouse with a wheel and, if the host knocks for them, five buttons.
 * Source: IBM PS/2 Hardware Interface Technical Reference, "Mouse"; the knock (sample rates 200,
 * 100, 80 or 200, 200, 80, then Identify) and the fourth byte: Microsoft, "IntelliMouse Explorer"
 * notes for device makers.
 * Gaps: the resolution is kept and reported, but counts are what the user interface sends.
 */
#include <string.h>

#include "i8042.h"

/* -- Packets */

/* Scaling 2:1, stream mode only: small motions finer, large ones doubled. */
static int32_t scale(const struct mouse *m, int32_t count, bool stream)
{
	static const uint8_t fine[6] = { 0, 1, 1, 3, 6, 9 };
	int32_t size = count < 0 ? -count : count;

	if (!m->scaled || !stream)
		return count;
	size = size < 6 ? fine[size] : 2 * size;
	return count < 0 ? -size : size;
}

static int32_t take_count(int32_t *counter, int32_t low, int32_t high)
{
	int32_t count = *counter < low ? low : *counter > high ? high : *counter;

	*counter -= count;
	return count;
}

static int32_t clamp(int32_t value)
{
	return value < -256 ? -256 : value > 255 ? 255 : value;
}

/* What moved since the last packet, as far as one packet can say it. */
static unsigned make_packet(struct mouse *m, uint8_t packet[4], bool stream)
{
	int32_t dx = clamp(scale(m, take_count(&m->dx, -255, 255), stream));
	int32_t dy = clamp(scale(m, take_count(&m->dy, -255, 255), stream));
	int32_t dz = take_count(&m->dz, -8, 7);

	packet[0] = (uint8_t)(PACKET_ALWAYS | (m->buttons & BUTTONS_FIRST_THREE) |
			      (dx < 0 ? PACKET_X_SIGN : 0) | (dy < 0 ? PACKET_Y_SIGN : 0));
	packet[1] = (uint8_t)dx;
	packet[2] = (uint8_t)dy;
	packet[3] = (uint8_t)dz;
	if (m->id == MOUSE_FIVE_BUTTONS)
		packet[3] = (uint8_t)((dz & 0x0f) | (m->buttons & BUTTONS_FOURTH_AND_FIFTH) << 1);
	if (m->id == MOUSE_PLAIN)
		m->dz = 0;
	m->told_buttons = m->buttons;
	return m->id ? 4 : 3;
}

static void remember(struct mouse *m, const uint8_t *bytes, unsigned length)
{
	if (length > sizeof(m->last))
		length = sizeof(m->last);
	memcpy(m->last, bytes, length);
	m->last_length = (uint8_t)length;
}

static bool has_news(const struct mouse *m)
{
	return m->dx || m->dy || (m->dz && m->id) || m->buttons != m->told_buttons;
}

/* Stream mode: a packet now, and none before the next sample. */
static void report(struct i8042 *c)
{
	struct mouse *m = &c->mouse;
	uint8_t packet[4];
	unsigned length;

	if (!m->enabled || m->remote || m->wrap || m->waiting || !has_news(m))
		return;
	if (m->packets.count <= PS2_QUEUE_SIZE - 4) {
		length = make_packet(m, packet, true);
		remember(m, packet, length);
		for (unsigned i = 0; i < length; i++)
			ps2_put(&m->packets, packet[i]);
	}
	m->waiting = true;
	m->sample_at = c->clock->now(c->host) + 1000000000u / (m->rate ? m->rate : 100);
	c->clock->arm(c->sample_timer, m->sample_at);
	i8042_pump(c);
}

void mouse_on_sample(struct i8042 *c)
{
	c->mouse.waiting = false;
	report(c);
}

static int32_t add_count(int32_t counter, int count)
{
	int64_t sum = (int64_t)counter + count;

	return sum < -4096 ? -4096 : sum > 4096 ? 4096 : (int32_t)sum;
}

/* dy: down; the wheel: away from the user; buttons: left, right, middle, 4th, 5th. */
void mouse_move(struct i8042 *c, int dx, int dy, int wheel, unsigned buttons)
{
	struct mouse *m = &c->mouse;

	if (!m->present)
		return;
	if (dy < -4096)
		dy = -4096;
	m->buttons = buttons & BUTTONS;
	if (m->enabled || m->remote) {
		m->dx = add_count(m->dx, dx);
		m->dy = add_count(m->dy, -dy);
		m->dz = add_count(m->dz, wheel < -4096 ? 4096 : -wheel);
	}
	report(c);
}

/* -- Commands */

static void set_defaults(struct mouse *m)
{
	m->packets.count = 0;
	m->enabled = m->remote = m->wrap = m->scaled = false;
	m->resolution = 2; /* 4 counts per mm */
	m->rate = 100;
	m->dx = m->dy = m->dz = 0;
	m->told_buttons = m->buttons;
}

void mouse_reset(struct mouse *m)
{
	set_defaults(m);
	m->replies.count = 0;
	m->expects = 0;
	m->last_length = 0;
	m->refused = false;
	m->id = MOUSE_PLAIN;
	m->knocks[0] = m->knocks[1] = 0;
	m->waiting = false;
}

static void reply(struct mouse *m, const uint8_t *bytes, unsigned length)
{
	remember(m, bytes, length);
	for (unsigned i = 0; i < length; i++)
		ps2_put(&m->replies, bytes[i]);
}

static void acknowledge(struct mouse *m)
{
	reply(m, (const uint8_t[]){ PS2_ACK }, 1);
}

static void set_rate(struct mouse *m, uint8_t rate)
{
	if (m->knocks[0] == 200 && m->knocks[1] == 100 && rate == 80 && m->id == MOUSE_PLAIN)
		m->id = MOUSE_WHEEL;
	if (m->knocks[0] == 200 && m->knocks[1] == 200 && rate == 80 && m->five_buttons)
		m->id = MOUSE_FIVE_BUTTONS;
	m->knocks[0] = m->knocks[1];
	m->knocks[1] = rate;
	m->rate = rate;
}

static void send_status(struct mouse *m)
{
	uint8_t flags = (m->remote ? MOUSE_STATUS_REMOTE : 0) |
			(m->enabled ? MOUSE_STATUS_ENABLED : 0) |
			(m->scaled ? MOUSE_STATUS_SCALED : 0) |
			(m->buttons & BUTTON_LEFT ? MOUSE_STATUS_LEFT : 0) |
			(m->buttons & BUTTON_RIGHT ? MOUSE_STATUS_RIGHT : 0) |
			(m->buttons & BUTTON_MIDDLE ? MOUSE_STATUS_MIDDLE : 0);

	reply(m, (const uint8_t[]){ PS2_ACK, flags, m->resolution, m->rate }, 4);
}

static void send_data(struct mouse *m)
{
	uint8_t bytes[5] = { PS2_ACK };

	reply(m, bytes, 1 + make_packet(m, bytes + 1, false));
}

/* Commands that set or clear one flag; the others have a case in `command`. */
static bool flag_command(struct mouse *m, uint8_t byte)
{
	const struct {
		uint8_t command;
		bool *flag;
		bool value;
	} flags[] = {
		{ MOUSE_RESET_SCALING, &m->scaled, false }, { MOUSE_SET_SCALING, &m->scaled, true },
		{ MOUSE_SET_STREAM, &m->remote, false },    { MOUSE_SET_REMOTE, &m->remote, true },
		{ MOUSE_RESET_WRAP, &m->wrap, false },      { MOUSE_SET_WRAP, &m->wrap, true },
		{ MOUSE_ENABLE, &m->enabled, true },        { MOUSE_DISABLE, &m->enabled, false },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (flags[i].command != byte)
			continue;
		*flags[i].flag = flags[i].value;
		acknowledge(m);
		return true;
	}
	return false;
}

/* An invalid command is to be sent again; a second one in a row is an error. */
static void refuse(struct mouse *m, bool again)
{
	reply(m, (const uint8_t[]){ again ? PS2_ERROR : PS2_RESEND }, 1);
	m->refused = true;
}

static void command(struct mouse *m, uint8_t byte)
{
	bool refused = m->refused;

	m->refused = false;
	if (flag_command(m, byte))
		return;
	switch (byte) {
	case MOUSE_SET_RESOLUTION:
	case MOUSE_SET_RATE:
		m->expects = byte;
		acknowledge(m);
		break;
	case MOUSE_STATUS_REQUEST:
		send_status(m);
		break;
	case MOUSE_READ_DATA:
		send_data(m);
		break;
	case MOUSE_READ_TYPE:
		reply(m, (const uint8_t[]){ PS2_ACK, m->id }, 2);
		break;
	case MOUSE_SET_DEFAULT:
		set_defaults(m);
		acknowledge(m);
		break;
	case MOUSE_RESEND:
		for (unsigned i = 0; i < m->last_length; i++)
			ps2_put(&m->replies, m->last[i]);
		break;
	case MOUSE_RESET:
		mouse_reset(m);
		reply(m, (const uint8_t[]){ PS2_ACK, PS2_SELF_TEST_PASSED, MOUSE_PLAIN }, 3);
		break;
	default:
		refuse(m, refused);
		break;
	}
}

static void argument(struct mouse *m, uint8_t expected, uint8_t value)
{
	if (expected == MOUSE_SET_RATE)
		set_rate(m, value);
	else
		m->resolution = value & 3;
	acknowledge(m);
}

void mouse_command(struct i8042 *c, uint8_t byte)
{
	struct mouse *m = &c->mouse;
	uint8_t expected = m->expects;

	if (!m->present) {
		m->replies.count = 0;
		ps2_put(&m->replies,
			PS2_RESEND); /* what the controller says when nothing answers */
		return;
	}
	m->expects = 0;
	m->replies.count = 0;
	m->packets.count = 0; /* a half-read packet would look like an answer */
	m->ready_at = c->clock->now(c->host) + PS2_BYTE_NS / 4;
	if (m->wrap && byte != MOUSE_RESET_WRAP && byte != MOUSE_RESET)
		reply(m, &byte, 1);
	else if (expected)
		argument(m, expected, byte);
	else
		command(m, byte);
	report(c);
}

bool mouse_has_byte(const struct mouse *m)
{
	return m->replies.count || m->packets.count;
}

uint8_t mouse_take(struct mouse *m)
{
	return ps2_take(m->replies.count ? &m->replies : &m->packets);
}
