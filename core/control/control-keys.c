/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See control-keys.h. */
#include <linux/input-event-codes.h>
#include <string.h>

#include <tessera-glib/keys.h>

#include "control/control-keys.h"

#define EVENT_INTERVAL_MS 10
#define EVENTS_MAX 100000   /* that wait: a quarter of an hour */
#define CHARACTER_EVENTS 4u /* at most: the key and Shift, down and up */

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
		if (tsr_key_find_name(parts[i], &codes[i]))
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

	tsr_key_find_character(c, &code, &shift);
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
		if (tsr_key_find_character(*c, &code, &shift))
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
