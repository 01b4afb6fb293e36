/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See control-keys.h. Codes are those of linux/input-event-codes.h; characters are those of a US
 * keyboard. */
#include <linux/input-event-codes.h>
#include <string.h>

#include "control/control-keys.h"

#define EVENT_INTERVAL_MS 10
#define EVENTS_MAX 100000   /* that wait: a quarter of an hour */
#define CHARACTER_EVENTS 4u /* at most: the key and Shift, down and up */

struct key_name {
	const char *name;
	guint code;
};

static const struct key_name names[] = {
	{ "ctrl", KEY_LEFTCTRL },
	{ "rctrl", KEY_RIGHTCTRL },
	{ "shift", KEY_LEFTSHIFT },
	{ "rshift", KEY_RIGHTSHIFT },
	{ "alt", KEY_LEFTALT },
	{ "altgr", KEY_RIGHTALT },
	{ "ralt", KEY_RIGHTALT },
	{ "super", KEY_LEFTMETA },
	{ "menu", KEY_COMPOSE },
	{ "enter", KEY_ENTER },
	{ "return", KEY_ENTER },
	{ "esc", KEY_ESC },
	{ "escape", KEY_ESC },
	{ "tab", KEY_TAB },
	{ "space", KEY_SPACE },
	{ "backspace", KEY_BACKSPACE },
	{ "delete", KEY_DELETE },
	{ "del", KEY_DELETE },
	{ "insert", KEY_INSERT },
	{ "home", KEY_HOME },
	{ "end", KEY_END },
	{ "pageup", KEY_PAGEUP },
	{ "pagedown", KEY_PAGEDOWN },
	{ "up", KEY_UP },
	{ "down", KEY_DOWN },
	{ "left", KEY_LEFT },
	{ "right", KEY_RIGHT },
	{ "capslock", KEY_CAPSLOCK },
	{ "numlock", KEY_NUMLOCK },
	{ "scrolllock", KEY_SCROLLLOCK },
	{ "sysrq", KEY_SYSRQ },
	{ "print", KEY_SYSRQ },
	{ "pause", KEY_PAUSE },
	{ "minus", KEY_MINUS },
	{ "f1", KEY_F1 },
	{ "f2", KEY_F2 },
	{ "f3", KEY_F3 },
	{ "f4", KEY_F4 },
	{ "f5", KEY_F5 },
	{ "f6", KEY_F6 },
	{ "f7", KEY_F7 },
	{ "f8", KEY_F8 },
	{ "f9", KEY_F9 },
	{ "f10", KEY_F10 },
	{ "f11", KEY_F11 },
	{ "f12", KEY_F12 },
	{ "kp0", KEY_KP0 },
	{ "kp1", KEY_KP1 },
	{ "kp2", KEY_KP2 },
	{ "kp3", KEY_KP3 },
	{ "kp4", KEY_KP4 },
	{ "kp5", KEY_KP5 },
	{ "kp6", KEY_KP6 },
	{ "kp7", KEY_KP7 },
	{ "kp8", KEY_KP8 },
	{ "kp9", KEY_KP9 },
	{ "kpenter", KEY_KPENTER },
	{ "kpplus", KEY_KPPLUS },
	{ "kpminus", KEY_KPMINUS },
	{ "kpdot", KEY_KPDOT },
};

/* A row of the keyboard: consecutive codes, plain and with Shift. */
static const struct {
	guint first;
	const char *plain, *shifted;
} rows[] = {
	{ KEY_1, "1234567890-=", "!@#$%^&*()_+" },
	{ KEY_Q, "qwertyuiop[]", "QWERTYUIOP{}" },
	{ KEY_A, "asdfghjkl;'`", "ASDFGHJKL:\"~" },
	{ KEY_BACKSLASH, "\\zxcvbnm,./", "|ZXCVBNM<>?" },
	{ KEY_SPACE, " ", "" },
	{ KEY_ENTER, "\n", "" },
	{ KEY_TAB, "\t", "" },
	{ KEY_BACKSPACE, "\b", "" },
	{ KEY_ESC, "\033", "" },
};

typedef struct {
	guint code; /* 0: no key, only done */
	gboolean down;
	void (*done)(gpointer user); /* after this event */
	gpointer user;
} Event;

struct TsrTypist {
	TsrMachine *machine;
	GQueue events; /* Event */
	guint source;
};

static gboolean find_character(char c, guint *code, gboolean *shift)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *plain = strchr(rows[i].plain, c), *shifted = strchr(rows[i].shifted, c);

		if (!plain && !shifted)
			continue;
		*shift = !plain;
		*code = rows[i].first +
			(guint)(plain ? plain - rows[i].plain : shifted - rows[i].shifted);
		return TRUE;
	}
	return FALSE;
}

static gboolean find_name(const char *name, guint *code)
{
	gboolean shift;

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		if (g_ascii_strcasecmp(names[i].name, name) == 0) {
			*code = names[i].code;
			return TRUE;
		}
	}
	return name[0] && !name[1] && find_character(g_ascii_tolower(name[0]), code, &shift) &&
	       !shift;
}

static gboolean on_tick(gpointer user)
{
	TsrTypist *typist = user;
	Event *event = g_queue_pop_head(&typist->events);

	if (!event) {
		typist->source = 0;
		return G_SOURCE_REMOVE;
	}
	if (event->code)
		tsr_machine_send_key(typist->machine, event->code, event->down);
	if (event->done)
		event->done(event->user);
	g_free(event);
	return G_SOURCE_CONTINUE;
}

static void queue(TsrTypist *typist, guint code, gboolean down)
{
	Event *event = g_new0(Event, 1);

	event->code = code;
	event->down = down;
	g_queue_push_tail(&typist->events, event);
}

static void queue_end(TsrTypist *typist, void (*done)(gpointer user), gpointer user)
{
	Event *last;

	queue(typist, 0, FALSE);
	last = g_queue_peek_tail(&typist->events);
	last->done = done;
	last->user = user;
	if (!typist->source)
		typist->source = g_timeout_add(EVENT_INTERVAL_MS, on_tick, typist);
}

TsrTypist *tsr_typist_new(TsrMachine *machine)
{
	TsrTypist *typist = g_new0(TsrTypist, 1);

	typist->machine = machine;
	g_queue_init(&typist->events);
	return typist;
}

void tsr_typist_free(TsrTypist *typist)
{
	if (typist->source)
		g_source_remove(typist->source);
	g_queue_clear_full(&typist->events, g_free);
	g_free(typist);
}

/* Text is typed much more slowly than a client can send it. */
static gboolean has_room(TsrTypist *typist, gsize events, GError **error)
{
	if (typist->events.length + events <= EVENTS_MAX)
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED,
		    "too many keys would wait to be pressed: send at most %u characters, and wait "
		    "for the answer before the next",
		    EVENTS_MAX / CHARACTER_EVENTS);
	return FALSE;
}

gboolean tsr_typist_press(TsrTypist *typist, const char *text, void (*done)(gpointer user),
			  gpointer user, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(text, "-", -1);
	guint n = g_strv_length(parts);
	g_autofree guint *codes = g_new0(guint, n + 1);

	if (!has_room(typist, 2 * (gsize)n, error))
		return FALSE;
	for (guint i = 0; i < n; i++) {
		if (find_name(parts[i], &codes[i]))
			continue;
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "\"%s\" is not a key; keys are named as a, f1, enter, ctrl-alt-delete "
			    "(the key - is called minus)",
			    parts[i]);
		return FALSE;
	}
	for (guint i = 0; i < n; i++)
		queue(typist, codes[i], TRUE);
	for (guint i = n; i-- > 0;)
		queue(typist, codes[i], FALSE);
	queue_end(typist, done, user);
	return TRUE;
}

static void queue_character(TsrTypist *typist, char c)
{
	gboolean shift = FALSE;
	guint code = 0;

	find_character(c, &code, &shift);
	if (shift)
		queue(typist, KEY_LEFTSHIFT, TRUE);
	queue(typist, code, TRUE);
	queue(typist, code, FALSE);
	if (shift)
		queue(typist, KEY_LEFTSHIFT, FALSE);
}

gboolean tsr_typist_type(TsrTypist *typist, const char *text, void (*done)(gpointer user),
			 gpointer user, GError **error)
{
	gboolean shift;
	guint code;

	if (!has_room(typist, CHARACTER_EVENTS * strlen(text), error))
		return FALSE;
	for (const char *c = text; *c; c++) {
		if (find_character(*c, &code, &shift))
			continue;
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "the character %u cannot be typed; only ASCII can", (unsigned char)*c);
		return FALSE;
	}
	for (const char *c = text; *c; c++)
		queue_character(typist, *c);
	queue_end(typist, done, user);
	return TRUE;
}
