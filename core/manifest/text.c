/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See text.h. */
#include "manifest/text.h"

#include <string.h>

static gboolean is_harmless(gunichar c)
{
	return g_unichar_isprint(c) && g_unichar_type(c) != G_UNICODE_FORMAT;
}

char *tsr_text_make_harmless(char *text)
{
	char *at = text;

	while (at && *at) {
		gunichar c = g_utf8_get_char_validated(at, -1);
		gsize length = 1;

		if (c != (gunichar)-1 && c != (gunichar)-2)
			length = (gsize)(g_utf8_next_char(at) - at);
		if (length == 1 && g_ascii_isspace(*at))
			*at = ' ';
		else if (c == (gunichar)-1 || c == (gunichar)-2 || !is_harmless(c))
			memset(at, '?', length);
		at += length;
	}
	return text;
}

void tsr_text_add_json(GString *out, const char *text)
{
	g_string_append_c(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			g_string_append_printf(out, "\\%c", *text);
		else if ((guchar)*text < 0x20)
			g_string_append_printf(out, "\\u%04x", (guchar)*text);
		else
			g_string_append_c(out, *text);
	}
	g_string_append_c(out, '"');
}
