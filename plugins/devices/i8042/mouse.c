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

#define ACK 0xfa
#define FAILED 0xfc
#define RESEND 0xfe

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

	packet[0] = (uint8_t)(8 | (m->buttons & 7) | (dx < 0 ? 0x10 : 0) | (dy < 0 ? 0x20 : 0));
	packet[1] = (uint8_t)dx;
	packet[2] = (uint8_t)dy;
	packet[3] = (uint8_t)dz;
	if (m->id == 4)
		packet[3] = (uint8_t)((dz & 0x0f) | (m->buttons & 0x18) << 1);
	if (m->id == 0)
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
	m->buttons = buttons & 0x1f;
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
	m->id = 0;
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
	reply(m, (const uint8_t[]){ ACK }, 1);
}

static void set_rate(struct mouse *m, uint8_t rate)
{
	if (m->knocks[0] == 200 && m->knocks[1] == 100 && rate == 80 && m->id == 0)
		m->id = 3;
	if (m->knocks[0] == 200 && m->knocks[1] == 200 && rate == 80 && m->five_buttons)
		m->id = 4;
	m->knocks[0] = m->knocks[1];
	m->knocks[1] = rate;
	m->rate = rate;
}

static void send_status(struct mouse *m)
{
	uint8_t flags = (m->remote ? 0x40 : 0) | (m->enabled ? 0x20 : 0) | (m->scaled ? 0x10 : 0);

	flags |= (m->buttons & 1 ? 4 : 0) | (m->buttons & 2 ? 1 : 0) | (m->buttons & 4 ? 2 : 0);
	reply(m, (const uint8_t[]){ ACK, flags, m->resolution, m->rate }, 4);
}

static void send_data(struct mouse *m)
{
	uint8_t bytes[5] = { ACK };

	reply(m, bytes, 1 + make_packet(m, bytes + 1, false));
}

/* Commands that set flags: F on means set. Everything else has a case below. */
static bool flag_command(struct mouse *m, uint8_t byte)
{
	const struct {
		uint8_t command;
		bool *flag;
		bool value;
	} flags[] = {
		{ 0xe6, &m->scaled, false }, { 0xe7, &m->scaled, true },
		{ 0xea, &m->remote, false }, { 0xec, &m->wrap, false },
		{ 0xee, &m->wrap, true },    { 0xf0, &m->remote, true },
		{ 0xf4, &m->enabled, true }, { 0xf5, &m->enabled, false },
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
	reply(m, (const uint8_t[]){ again ? FAILED : RESEND }, 1);
	m->refused = true;
}

static void command(struct mouse *m, uint8_t byte)
{
	bool refused = m->refused;

	m->refused = false;
	if (flag_command(m, byte))
		return;
	switch (byte) {
	case 0xe8:
	case 0xf3:
		m->expects = byte;
		acknowledge(m);
		break;
	case 0xe9:
		send_status(m);
		break;
	case 0xeb:
		send_data(m);
		break;
	case 0xf2:
		reply(m, (const uint8_t[]){ ACK, m->id }, 2);
		break;
	case 0xf6:
		set_defaults(m);
		acknowledge(m);
		break;
	case 0xfe:
		for (unsigned i = 0; i < m->last_length; i++)
			ps2_put(&m->replies, m->last[i]);
		break;
	case 0xff:
		mouse_reset(m);
		reply(m, (const uint8_t[]){ ACK, 0xaa, 0x00 }, 3);
		break;
	default:
		refuse(m, refused);
		break;
	}
}

static void argument(struct mouse *m, uint8_t expected, uint8_t value)
{
	if (expected == 0xf3)
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
		ps2_put(&m->replies, RESEND); /* what the controller says when nothing answers */
		return;
	}
	m->expects = 0;
	m->replies.count = 0;
	m->packets.count = 0; /* a half-read packet would look like an answer */
	m->ready_at = c->clock->now(c->host) + PS2_BYTE_NS / 4;
	if (m->wrap && byte != 0xec && byte != 0xff)
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
