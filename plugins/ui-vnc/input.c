/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Input on its way from a viewer's thread to the machine. The queue is short: when it is full, the
 * thread waits, its socket fills, and the viewer cannot send. The main loop takes a few events at a
 * time: a keyboard has room for 16 bytes, and a machine that hangs lets keys wait without a limit.
 *
 * A viewer that has no scan codes sends characters of its own keyboard. Their keys are pressed with
 * the Shift that they need on a US keyboard, whatever Shift the viewer says is down.
 *
 * Places become movements unless the machine has an absolute pointer: then the guest's pointer
 * moves as the viewer's, but need not be at the same place.
 */
#include <linux/input-event-codes.h>
#include <string.h>
#include <tessera-glib/keys.h>

#include "vnc.h"

#define QUEUE 64u        /* events; a power of two */
#define TEXT_MOST 16384u /* characters that wait to be typed */
#define CODES 256u
#define MOVE_MOST 32767 /* pixels at a time */

enum kind { KEYSYM, CODE, POINTER };

struct event {
	enum kind kind;
	uint32_t value; /* a keysym, or a key's code */
	bool down;
	unsigned rfb_buttons;
	int x, y, width, height; /* of pointers, in pixels of the picture */
	int dx, dy;
};

struct vnc_input {
	struct vnc_server *server;
	/* the viewer's thread */
	int width, height;
	int last_x, last_y; /* of the pointer; -1: not known */
	bool relative;      /* places are movements */
	/* both, under the lock */
	GMutex lock;
	GCond room;
	struct event queue[QUEUE];
	unsigned first, count;
	bool open;
	GString *text; /* to be typed */
	/* the main loop */
	bool down[CODES];
	unsigned rfb_buttons;
};

/* -- The viewer's thread */

/* Movements that follow each other are one, so that a slow machine's pointer does not lag behind.
 */
static bool merge(struct event *last, const struct event *event)
{
	int dx = last->dx + event->dx, dy = last->dy + event->dy;

	if (last->kind != POINTER || event->kind != POINTER ||
	    last->rfb_buttons != event->rfb_buttons)
		return false;
	*last = *event;
	last->dx = CLAMP(dx, -MOVE_MOST, MOVE_MOST);
	last->dy = CLAMP(dy, -MOVE_MOST, MOVE_MOST);
	return true;
}

static void append(struct vnc_input *input, const struct event *event)
{
	const unsigned last = (input->first + input->count - 1) % QUEUE;

	if (!input->count || !merge(&input->queue[last], event))
		input->queue[(input->first + input->count++) % QUEUE] = *event;
}

static void put(struct vnc_input *input, const struct event *event)
{
	if (vnc_server_options(input->server)->view_only)
		return;
	g_mutex_lock(&input->lock);
	while (input->open && input->count == QUEUE)
		g_cond_wait(&input->room, &input->lock);
	if (input->open)
		append(input, event);
	g_mutex_unlock(&input->lock);
	vnc_server_wake(input->server);
}

void vnc_input_keysym(struct vnc_input *input, uint32_t keysym, bool down)
{
	put(input, &(struct event){ .kind = KEYSYM, .value = keysym, .down = down });
}

void vnc_input_code(struct vnc_input *input, unsigned code, bool down)
{
	if (code && code < CODES)
		put(input, &(struct event){ .kind = CODE, .value = code, .down = down });
}

void vnc_input_pointer(struct vnc_input *input, unsigned rfb_buttons, int x, int y)
{
	struct event event = { .kind = POINTER,
			       .rfb_buttons = rfb_buttons,
			       .x = x,
			       .y = y,
			       .width = input->width,
			       .height = input->height };

	if (input->relative) {
		event.dx = x - VNC_CENTRE;
		event.dy = y - VNC_CENTRE;
	} else if (input->last_x >= 0) {
		event.dx = x - input->last_x;
		event.dy = y - input->last_y;
	}
	input->last_x = x;
	input->last_y = y;
	put(input, &event);
}

void vnc_input_text(struct vnc_input *input, const char *text, size_t length)
{
	const struct vnc_options *options = vnc_server_options(input->server);

	if (!options->paste || options->view_only)
		return;
	g_mutex_lock(&input->lock);
	if (input->open && input->text->len < TEXT_MOST)
		g_string_append_len(input->text, text,
				    (gssize)MIN(length, TEXT_MOST - input->text->len));
	g_mutex_unlock(&input->lock);
	vnc_server_wake(input->server);
}

void vnc_input_set_size(struct vnc_input *input, int width, int height)
{
	input->width = width;
	input->height = height;
}

void vnc_input_set_relative(struct vnc_input *input)
{
	input->relative = true;
}

/* -- Keys, on the main loop */

static void send_key(struct vnc_input *input, TsrMachine *machine, unsigned code, bool down)
{
	if (!down && !input->down[code])
		return;
	input->down[code] = down;
	tsr_machine_send_key(machine, code, down);
}

static bool is_shifted(const struct vnc_input *input)
{
	return input->down[KEY_LEFTSHIFT] || input->down[KEY_RIGHTSHIFT];
}

/* Combinations with Ctrl or Alt mean the keys themselves. */
static bool is_combination(const struct vnc_input *input)
{
	return input->down[KEY_LEFTCTRL] || input->down[KEY_RIGHTCTRL] ||
	       input->down[KEY_LEFTALT] || input->down[KEY_RIGHTALT];
}

static void press_shifted(struct vnc_input *input, TsrMachine *machine, unsigned code)
{
	send_key(input, machine, KEY_LEFTSHIFT, true);
	send_key(input, machine, code, true);
	send_key(input, machine, KEY_LEFTSHIFT, false);
}

static void press_unshifted(struct vnc_input *input, TsrMachine *machine, unsigned code)
{
	bool left = input->down[KEY_LEFTSHIFT], right = input->down[KEY_RIGHTSHIFT];

	send_key(input, machine, KEY_LEFTSHIFT, false);
	send_key(input, machine, KEY_RIGHTSHIFT, false);
	send_key(input, machine, code, true);
	if (left)
		send_key(input, machine, KEY_LEFTSHIFT, true);
	if (right)
		send_key(input, machine, KEY_RIGHTSHIFT, true);
}

static void take_keysym(struct vnc_input *input, TsrMachine *machine, const struct event *event)
{
	unsigned code;
	int shift;

	if (!vnc_keys_find_keysym(event->value, &code, &shift) || code >= CODES)
		return;
	if (!event->down || shift < 0 || shift == is_shifted(input) || is_combination(input))
		send_key(input, machine, code, event->down);
	else if (shift)
		press_shifted(input, machine, code);
	else
		press_unshifted(input, machine, code);
}

/* One character; what a US keyboard has no key for is left out. */
static void type_character(struct vnc_input *input, TsrMachine *machine)
{
	const char character = input->text->str[0];
	gboolean shift = FALSE;
	guint code = 0;

	g_string_erase(input->text, 0, 1);
	if (!tsr_key_find_character(character, &code, &shift) || code >= CODES)
		return;
	if (shift)
		press_shifted(input, machine, code);
	else
		send_key(input, machine, code, true);
	send_key(input, machine, code, false);
}

/* -- The pointer, on the main loop */

/* RFC 6143 7.5.5 has the buttons left, middle, right, and those of the wheel. */
static unsigned machine_buttons(unsigned rfb_buttons)
{
	return (rfb_buttons & 1) | (rfb_buttons & 2) << 1 | (rfb_buttons & 4) >> 1;
}

/* The wheel is buttons that are pressed for a moment. */
static int wheel(const struct vnc_input *input, unsigned rfb_buttons)
{
	unsigned pressed = rfb_buttons & ~input->rfb_buttons;

	return (pressed & 8 ? 1 : 0) - (pressed & 16 ? 1 : 0);
}

static guint part(int at, int of)
{
	return of > 1 ? (guint)((gint64)CLAMP(at, 0, of - 1) * 65535 / (of - 1)) : 0;
}

static void take_pointer(struct vnc_input *input, TsrMachine *machine, const struct event *event)
{
	const unsigned buttons = machine_buttons(event->rfb_buttons);
	const int notches = wheel(input, event->rfb_buttons);

	input->rfb_buttons = event->rfb_buttons;
	if (vnc_server_options(input->server)->absolute)
		tsr_machine_send_pointer_absolute(machine, part(event->x, event->width),
						  part(event->y, event->height), notches, buttons);
	else
		tsr_machine_send_pointer(machine, event->dx, event->dy, notches, buttons);
}

/* -- The queue, on the main loop */

static bool take(struct vnc_input *input, struct event *event)
{
	bool there;

	g_mutex_lock(&input->lock);
	there = input->count > 0;
	if (there) {
		*event = input->queue[input->first];
		input->first = (input->first + 1) % QUEUE;
		input->count--;
		g_cond_signal(&input->room);
	}
	g_mutex_unlock(&input->lock);
	return there;
}

static void send_event(struct vnc_input *input, TsrMachine *machine, const struct event *event)
{
	if (event->kind == POINTER)
		take_pointer(input, machine, event);
	else if (event->kind == KEYSYM)
		take_keysym(input, machine, event);
	else
		send_key(input, machine, event->value, event->down);
}

guint vnc_input_drain(struct vnc_input *input, TsrMachine *machine, guint most)
{
	struct event event;
	guint taken = 0;

	while (taken < most && take(input, &event)) {
		send_event(input, machine, &event);
		taken++;
	}
	g_mutex_lock(&input->lock);
	if (taken < most && input->text->len) {
		type_character(input, machine);
		taken++;
	}
	g_mutex_unlock(&input->lock);
	return taken;
}

void vnc_input_release(struct vnc_input *input, TsrMachine *machine)
{
	for (unsigned code = 0; code < CODES; code++)
		send_key(input, machine, code, false);
	if (input->rfb_buttons)
		tsr_machine_send_pointer(machine, 0, 0, 0, 0);
	input->rfb_buttons = 0;
}

/* -- Its life */

void vnc_input_open(struct vnc_input *input)
{
	g_mutex_lock(&input->lock);
	input->open = true;
	input->first = input->count = 0;
	g_string_truncate(input->text, 0);
	g_mutex_unlock(&input->lock);
	input->relative = false;
	input->last_x = input->last_y = -1;
}

void vnc_input_close(struct vnc_input *input)
{
	g_mutex_lock(&input->lock);
	input->open = false;
	g_cond_broadcast(&input->room);
	g_mutex_unlock(&input->lock);
}

struct vnc_input *vnc_input_new(struct vnc_server *server)
{
	struct vnc_input *input = g_new0(struct vnc_input, 1);

	input->server = server;
	input->text = g_string_new(NULL);
	g_mutex_init(&input->lock);
	g_cond_init(&input->room);
	return input;
}

void vnc_input_free(struct vnc_input *input)
{
	if (!input)
		return;
	g_mutex_clear(&input->lock);
	g_cond_clear(&input->room);
	g_string_free(input->text, TRUE);
	g_free(input);
}
