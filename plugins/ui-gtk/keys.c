/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See keys.h. */
#include "keys.h"

#include <glib/gi18n-lib.h>
#include <linux/input-event-codes.h>
#include <tessera-glib/keys.h>

#define EVENT_INTERVAL_MS 10u

struct event {
	guint code;
	gboolean down;
};

struct ui_keys {
	TsrMachine *machine;
	GArray *events; /* struct event */
	guint next;     /* of events */
	guint source;
	void (*progress)(gpointer user, double part); /* NULL: nobody wants to know */
	gpointer user;
};

/* -- Typing */

static void tell_progress(struct ui_keys *keys, double part)
{
	void (*progress)(gpointer user, double part) = keys->progress;

	if (part >= 1)
		keys->progress = NULL;
	if (progress)
		progress(keys->user, part);
}

static void finish(struct ui_keys *keys)
{
	keys->source = 0;
	keys->next = 0;
	g_array_set_size(keys->events, 0);
	tell_progress(keys, 1);
}

static gboolean on_tick(gpointer data)
{
	struct ui_keys *keys = data;
	struct event event;

	if (keys->next == keys->events->len) {
		finish(keys);
		return G_SOURCE_REMOVE;
	}
	event = g_array_index(keys->events, struct event, keys->next++);
	tsr_machine_send_key(keys->machine, event.code, event.down);
	if (keys->next % 16 == 0 && keys->next < keys->events->len)
		tell_progress(keys, (double)keys->next / keys->events->len);
	return G_SOURCE_CONTINUE;
}

static void add(struct ui_keys *keys, guint code, gboolean down)
{
	struct event event = { code, down };

	g_array_append_val(keys->events, event);
	if (!keys->source)
		keys->source = g_timeout_add(EVENT_INTERVAL_MS, on_tick, keys);
}

static void add_character(struct ui_keys *keys, char c)
{
	gboolean shift = FALSE;
	guint code = 0;

	tsr_key_find_character(c, &code, &shift);
	if (shift)
		add(keys, KEY_LEFTSHIFT, TRUE);
	add(keys, code, TRUE);
	add(keys, code, FALSE);
	if (shift)
		add(keys, KEY_LEFTSHIFT, FALSE);
}

/* -- What it is asked for */

gboolean ui_keys_press(struct ui_keys *keys, const char *combination, GError **error)
{
	g_auto(GStrv) words = g_strsplit(combination, "-", 9);
	guint codes[8], n = g_strv_length(words);

	for (guint i = 0; i < n; i++) {
		if (i < G_N_ELEMENTS(codes) && tsr_key_find_name(g_strstrip(words[i]), &codes[i]))
			continue;
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    _("“%s” is no key. Up to eight keys are written as ctrl-alt-delete, a, "
			      "f1 or enter; the key - is called minus."),
			    words[i]);
		return FALSE;
	}
	for (guint i = 0; i < n; i++)
		add(keys, codes[i], TRUE);
	for (guint i = n; i-- > 0;)
		add(keys, codes[i], FALSE);
	return TRUE;
}

static gboolean can_type(const char *text, GError **error)
{
	gboolean shift;
	guint code;

	if (!g_utf8_validate(text, -1, NULL) || g_utf8_strlen(text, -1) > UI_KEYS_TEXT_MAX) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    g_dngettext(GETTEXT_PACKAGE,
					"It is longer than %u character. Put it onto a disc or "
					"disk image, or let the guest fetch it over the network.",
					"It is longer than %u characters. Put it onto a disc or "
					"disk image, or let the guest fetch it over the network.",
					UI_KEYS_TEXT_MAX),
			    UI_KEYS_TEXT_MAX);
		return FALSE;
	}
	for (const char *c = text; *c; c = g_utf8_next_char(c)) {
		/* A text presses neither Escape nor Backspace. */
		if ((!g_ascii_iscntrl(*c) || *c == '\n' || *c == '\t') &&
		    tsr_key_find_character(*c, &code, &shift))
			continue;
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    _("It has the character “%.*s”, which a US keyboard does not have."),
			    (int)(g_utf8_next_char(c) - c), c);
		return FALSE;
	}
	return TRUE;
}

gboolean ui_keys_type(struct ui_keys *keys, const char *text,
		      void (*progress)(gpointer user, double part), gpointer user, GError **error)
{
	if (!can_type(text, error))
		return FALSE;
	keys->progress = progress;
	keys->user = user;
	for (const char *c = text; *c; c++)
		add_character(keys, *c);
	return TRUE;
}

/* A key that is down comes up again. */
void ui_keys_cancel(struct ui_keys *keys)
{
	for (guint i = keys->next; i < keys->events->len; i++) {
		struct event event = g_array_index(keys->events, struct event, i);

		if (event.down)
			break;
		tsr_machine_send_key(keys->machine, event.code, FALSE);
	}
	keys->progress = NULL;
	g_clear_handle_id(&keys->source, g_source_remove);
	finish(keys);
}

/* -- Their life */

struct ui_keys *ui_keys_new(TsrMachine *machine)
{
	struct ui_keys *keys = g_new0(struct ui_keys, 1);

	keys->machine = machine;
	keys->events = g_array_new(FALSE, FALSE, sizeof(struct event));
	return keys;
}

void ui_keys_free(struct ui_keys *keys)
{
	g_clear_handle_id(&keys->source, g_source_remove);
	g_array_unref(keys->events);
	g_free(keys);
}
