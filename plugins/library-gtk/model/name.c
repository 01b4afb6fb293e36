/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See name.h. */
#include "model/name.h"

#include <string.h>

#include "model/text.h"

G_DEFINE_QUARK(tsr - library - error - quark, tsr_library_error)

char *tsr_library_clean_title(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_autoptr(GString) clean = g_string_new(NULL);
	glong count = 0;

	for (const char *at = valid; *at && count < TSR_LIBRARY_TITLE_CHARACTERS;
	     at = g_utf8_next_char(at), count++) {
		gunichar character = g_utf8_get_char(at);

		g_string_append_unichar(clean, g_unichar_iscntrl(character) ? ' ' : character);
	}
	return g_strdup(g_strstrip(clean->str));
}

/* Cuts the text to so many bytes, between characters. */
static void cut(GString *text, gsize bytes)
{
	const char *end;

	if (text->len <= bytes)
		return;
	end = g_utf8_find_prev_char(text->str, text->str + bytes + 1);
	g_string_truncate(text, (gsize)(end - text->str));
}

char *tsr_library_name_of_title(const char *title)
{
	g_autofree char *clean = tsr_library_clean_title(title);
	g_autoptr(GString) name = g_string_new(clean);

	g_string_replace(name, "/", "-", 0);
	if (!name->len)
		g_string_append(name, _("Machine"));
	if (name->str[0] == '.')
		name->str[0] = '_';
	cut(name, TSR_LIBRARY_NAME_BYTES);
	return g_strdup(g_strchomp(name->str));
}

char *tsr_library_free_name(const char *parent, const char *title)
{
	g_autofree char *name = tsr_library_name_of_title(title);
	char *candidate = g_strdup(name);

	for (guint number = 2;; number++) {
		g_autofree char *path = g_build_filename(parent, candidate, NULL);

		if (!g_file_test(path, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK))
			return candidate;
		g_free(candidate);
		candidate = g_strdup_printf("%s %u", name, number);
	}
}
