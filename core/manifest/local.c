/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See local.h. The form is that of GKeyFile, as desktop entries use it:
 * LANGUAGE[_COUNTRY][@MODIFIER].
 */
#include "manifest/local.h"

#include <string.h>

#define LANGUAGE_MIN 2 /* letters: ISO 639-1 */
#define LANGUAGE_MAX 3 /* and 639-2 */
#define COUNTRY 2      /* ISO 3166-1 */

static gsize count(const char *text, gboolean (*fits)(gchar c))
{
	gsize n = 0;

	while (fits(text[n]))
		n++;
	return n;
}

static gboolean is_lower(gchar c)
{
	return g_ascii_islower(c);
}

static gboolean is_upper(gchar c)
{
	return g_ascii_isupper(c);
}

gboolean tsr_local_is_language(const char *text)
{
	gsize letters = count(text, is_lower);

	if (letters < LANGUAGE_MIN || letters > LANGUAGE_MAX)
		return FALSE;
	text += letters;
	if (*text == '_') {
		if (count(text + 1, is_upper) != COUNTRY)
			return FALSE;
		text += 1 + COUNTRY;
	}
	if (*text == '@') {
		letters = count(text + 1, is_lower);
		text += letters ? 1 + letters : 0;
	}
	return !*text;
}

char *tsr_local_language_of(const char *name, const char *key)
{
	gsize length = strlen(key), size = strlen(name);
	g_autofree char *language = NULL;

	if (!g_str_has_prefix(name, key) || name[length] != '[' || name[size - 1] != ']')
		return NULL;
	language = g_strndup(name + length + 1, size - length - 2);
	return tsr_local_is_language(language) ? g_steal_pointer(&language) : NULL;
}
