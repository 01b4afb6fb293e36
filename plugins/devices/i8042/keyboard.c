/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An AT keyboard with 104 keys: commands, scan code sets 1 to 3, typematic repeat, a buffer of 16
 * codes.
 * Source: IBM PS/2 Hardware Interface Technical Reference, "Keyboard (101- and 102-key)".
 * Gaps: the self test takes no time.
 */
#include <string.h>

#include "i8042.h"

enum {
	EV_LEFT_CTRL = 29,
	EV_LEFT_SHIFT = 42,
	EV_RIGHT_SHIFT = 54,
	EV_LEFT_ALT = 56,
	EV_RIGHT_CTRL = 97,
	EV_RIGHT_ALT = 100
};

/* -- Codes of one key, collected before they enter the buffer together */

struct codes {
	uint8_t bytes[PS2_QUEUE_SIZE];
	unsigned count;
};

static void code_put(struct codes *out, uint8_t byte)
{
	if (out->count < sizeof(out->bytes))
		out->bytes[out->count++] = byte;
}

/* Sets 1 and 2: [E0] [F0] code. */
static void code_plain(const struct keyboard *k, struct codes *out, bool extended, uint8_t set2,
		       bool down)
{
	if (extended)
		code_put(out, SCAN_EXTENDED);
	if (k->set == 1) {
		code_put(out, key_translate(set2) | (down ? 0 : SCAN_BREAK_SET_1));
		return;
	}
	if (!down)
		code_put(out, SCAN_BREAK);
	code_put(out, set2);
}

static void code_pause(const struct keyboard *k, struct codes *out, bool ctrl)
{
	if (ctrl) { /* Break */
		code_plain(k, out, true, SCAN_SCROLL_LOCK, true);
		code_plain(k, out, true, SCAN_SCROLL_LOCK, false);
		return;
	}
	code_put(out, SCAN_EXTENDED_1);
	code_plain(k, out, false, SCAN_LEFT_CTRL, true);
	code_plain(k, out, false, SCAN_NUM_LOCK, true);
	code_put(out, SCAN_EXTENDED_1);
	code_plain(k, out, false, SCAN_LEFT_CTRL, false);
	code_plain(k, out, false, SCAN_NUM_LOCK, false);
}

/* Print Screen is the old keypad's Shift-*, with Alt it is SysRq. */
static void code_print(const struct keyboard *k, struct codes *out, bool down)
{
	bool alt = k->down[EV_LEFT_ALT] || k->down[EV_RIGHT_ALT];
	bool shifted = k->down[EV_LEFT_SHIFT] || k->down[EV_RIGHT_SHIFT] || k->down[EV_LEFT_CTRL] ||
		       k->down[EV_RIGHT_CTRL];

	if (alt) {
		code_plain(k, out, false, SCAN_SYSRQ, down);
		return;
	}
	if (down && !shifted)
		code_plain(k, out, true, SCAN_LEFT_SHIFT, true);
	code_plain(k, out, true, SCAN_KEYPAD_ASTERISK, down);
	if (!down && !shifted)
		code_plain(k, out, true, SCAN_LEFT_SHIFT, false);
}

/*
 * The gray keys and keypad / undo Shift (or, with Num Lock, make one) for programs that know 83
 * keys only.
 */
static void code_gray(const struct keyboard *k, struct codes *out, const struct key *key, bool down)
{
	bool left = k->down[EV_LEFT_SHIFT], right = k->down[EV_RIGHT_SHIFT];
	bool make = key->special == KEY_GRAY && k->leds & LED_NUM && !left && !right;
	bool undo = key->special == KEY_SLASH || !(k->leds & LED_NUM);

	if (down && make)
		code_plain(k, out, true, SCAN_LEFT_SHIFT, true);
	if (down && undo && left)
		code_plain(k, out, true, SCAN_LEFT_SHIFT, false);
	if (down && undo && right)
		code_plain(k, out, true, SCAN_RIGHT_SHIFT, false);
	code_plain(k, out, true, key->set2, down);
	if (!down && make)
		code_plain(k, out, true, SCAN_LEFT_SHIFT, false);
	if (!down && undo && right)
		code_plain(k, out, true, SCAN_RIGHT_SHIFT, true);
	if (!down && undo && left)
		code_plain(k, out, true, SCAN_LEFT_SHIFT, true);
}

static void code_set3(const struct keyboard *k, struct codes *out, const struct key *key, bool down)
{
	if (!key->set3 || (!down && k->types[key->set3] == KEY_MAKE_ONLY))
		return;
	if (!down)
		code_put(out, SCAN_BREAK);
	code_put(out, key->set3);
}

static void code_key(const struct keyboard *k, struct codes *out, const struct key *key, bool down)
{
	if (k->set == 3)
		code_set3(k, out, key, down);
	else if (key->special == KEY_PAUSE && down)
		code_pause(k, out, k->down[EV_LEFT_CTRL] || k->down[EV_RIGHT_CTRL]);
	else if (key->special == KEY_PRINT)
		code_print(k, out, down);
	else if (key->special == KEY_GRAY || key->special == KEY_SLASH)
		code_gray(k, out, key, down);
	else if (down || (key->special != KEY_NO_BREAK && key->special != KEY_PAUSE))
		code_plain(k, out, key->extended, key->set2, down);
}

/* All of a key's bytes or none; the first that does not fit leaves the overrun code. */
static void send_key(struct i8042 *c, const struct key *key, bool down)
{
	struct keyboard *k = &c->keyboard;
	struct codes codes = { .count = 0 };

	code_key(k, &codes, key, down);
	if (k->keys.count + codes.count < PS2_QUEUE_SIZE)
		for (unsigned i = 0; i < codes.count; i++)
			ps2_put(&k->keys, codes.bytes[i]);
	else if (k->keys.count < PS2_QUEUE_SIZE)
		ps2_put(&k->keys, k->set == 1 ? OVERRUN_SET_1 : OVERRUN);
	i8042_pump(c);
}

/* -- Typematic repeat */

static uint64_t repeat_delay_ns(const struct keyboard *k)
{
	return 250000000ull * ((k->typematic >> 5 & 3) + 1u);
}

static uint64_t repeat_period_ns(const struct keyboard *k)
{
	return 4170000ull * ((8u + (k->typematic & 7)) << (k->typematic >> 3 & 3));
}

static void stop_repeating(struct i8042 *c)
{
	c->keyboard.repeating = 0;
	c->clock->cancel(c->repeat_timer);
}

static bool repeats(const struct keyboard *k, const struct key *key)
{
	if (k->set == 3)
		return k->types[key->set3] == KEY_TYPEMATIC;
	return key->special != KEY_PAUSE && key->special != KEY_NO_BREAK;
}

static void start_repeating(struct i8042 *c, const struct key *key)
{
	c->keyboard.repeating = key->evdev;
	c->keyboard.repeat_at = c->clock->now(c->host) + repeat_delay_ns(&c->keyboard);
	c->clock->arm(c->repeat_timer, c->keyboard.repeat_at);
}

void keyboard_on_repeat(struct i8042 *c)
{
	struct keyboard *k = &c->keyboard;
	const struct key *key = key_find(k->repeating);

	if (!key || !k->scanning)
		return;
	if (!k->keys.count) /* the host does not read: do not fill the buffer with repeats */
		send_key(c, key, true);
	k->repeat_at = c->clock->now(c->host) + repeat_period_ns(k);
	c->clock->arm(c->repeat_timer, k->repeat_at);
}

/* -- Keys from the user */

void keyboard_key(struct i8042 *c, unsigned evdev, bool down)
{
	struct keyboard *k = &c->keyboard;
	const struct key *key = evdev < 256 ? key_find(evdev) : NULL;

	if (!key || k->down[evdev] == down)
		return; /* unknown, or the host's own repeat */
	k->down[evdev] = down;
	if (!k->scanning)
		return;
	send_key(c, key, down);
	if (down && repeats(k, key))
		start_repeating(c, key);
	else if (down || k->repeating == evdev)
		stop_repeating(c);
}

/* -- Commands from the host */

static void set_types(struct keyboard *k, int type)
{
	for (unsigned code = 0; code < 256; code++) {
		const struct key *key = key_find_set3((uint8_t)code);

		k->types[code] = type >= 0 ? (uint8_t)type : key ? key->type : KEY_MAKE_ONLY;
	}
}

static void set_defaults(struct keyboard *k)
{
	k->keys.count = 0;
	k->set = 2;
	k->typematic = 0x2b; /* 500 ms, 10.9 a second */
	set_types(k, -1);
}

void keyboard_reset(struct keyboard *k)
{
	set_defaults(k);
	k->replies.count = 0;
	k->expects = 0;
	k->last = 0;
	k->leds = 0;
	k->scanning = true;
	k->repeating = 0;
}

static void reply(struct keyboard *k, uint8_t byte)
{
	ps2_put(&k->replies, byte);
}

static void set_leds(struct i8042 *c, uint8_t leds)
{
	c->keyboard.leds = leds & LEDS;
	if (c->input)
		c->input->leds(c->host, leds & LEDS);
}

/* KBD_KEY_...: the argument is a key's code in set 3; more codes may follow until a command. */
static void set_key_type(struct keyboard *k, uint8_t command, uint8_t code)
{
	static const uint8_t types[3] = { KEY_TYPEMATIC, KEY_MAKE_BREAK, KEY_MAKE_ONLY };

	k->types[code] = types[command - KBD_KEY_TYPEMATIC];
	k->expects = command;
}

static void argument(struct i8042 *c, uint8_t command, uint8_t value)
{
	struct keyboard *k = &c->keyboard;

	reply(k, PS2_ACK);
	switch (command) {
	case KBD_SET_LEDS:
		set_leds(c, value);
		break;
	case KBD_SELECT_SET:
		if (!value)
			reply(k, k->set);
		else if (value <= 3)
			k->set = value;
		break;
	case KBD_SET_TYPEMATIC:
		k->typematic = value & 0x7f;
		break;
	case KBD_KEY_TYPEMATIC:
	case KBD_KEY_MAKE_BREAK:
	case KBD_KEY_MAKE:
		set_key_type(k, command, value);
		break;
	default: /* a loaded state may expect anything */
		break;
	}
}

static void reset_command(struct i8042 *c)
{
	stop_repeating(c);
	keyboard_reset(&c->keyboard);
	set_leds(c, 0);
	reply(&c->keyboard, PS2_ACK);
	reply(&c->keyboard, PS2_SELF_TEST_PASSED);
}

static void command(struct i8042 *c, uint8_t byte)
{
	struct keyboard *k = &c->keyboard;

	switch (byte) {
	case KBD_SET_LEDS:
	case KBD_SELECT_SET:
	case KBD_SET_TYPEMATIC:
	case KBD_KEY_TYPEMATIC:
	case KBD_KEY_MAKE_BREAK:
	case KBD_KEY_MAKE:
		k->expects = byte;
		reply(k, PS2_ACK);
		break;
	case KBD_ECHO:
		reply(k, KBD_ECHO);
		break;
	case KBD_READ_ID:
		reply(k, PS2_ACK);
		reply(k, KBD_ID_FIRST);
		reply(k, KBD_ID_SECOND);
		break;
	case KBD_ENABLE:
		k->keys.count = 0;
		k->scanning = true;
		reply(k, PS2_ACK);
		break;
	case KBD_DEFAULT_DISABLE:
	case KBD_SET_DEFAULT:
		set_defaults(k);
		stop_repeating(c);
		k->scanning = byte == KBD_SET_DEFAULT;
		reply(k, PS2_ACK);
		break;
	case KBD_ALL_TYPEMATIC:
	case KBD_ALL_MAKE_BREAK:
	case KBD_ALL_MAKE:
	case KBD_ALL_TYPEMATIC_MAKE_BREAK: {
		static const uint8_t types[] = { KEY_TYPEMATIC, KEY_MAKE_BREAK, KEY_MAKE_ONLY,
						 KEY_TYPEMATIC };

		set_types(k, types[byte - KBD_ALL_TYPEMATIC]);
		reply(k, PS2_ACK);
		break;
	}
	case KBD_RESEND:
		reply(k, k->last);
		break;
	case KBD_RESET:
		reset_command(c);
		break;
	default:
		reply(k, PS2_RESEND);
		break;
	}
}

void keyboard_command(struct i8042 *c, uint8_t byte)
{
	struct keyboard *k = &c->keyboard;
	uint8_t expected = k->expects;

	k->expects = 0;
	k->replies.count = 0; /* a new command cuts off what was not fetched yet */
	k->ready_at = c->clock->now(c->host) + PS2_BYTE_NS / 4;
	if (expected && byte < KBD_SET_LEDS)
		argument(c, expected, byte);
	else
		command(c, byte);
}

bool keyboard_has_byte(const struct keyboard *k)
{
	return k->replies.count || k->keys.count;
}

uint8_t keyboard_take(struct keyboard *k)
{
	uint8_t byte = ps2_take(k->replies.count ? &k->replies : &k->keys);

	if (byte != PS2_RESEND)
		k->last = byte;
	return byte;
}
