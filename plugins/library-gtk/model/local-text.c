/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See local-text.h. */
#include "model/local-text.h"

#include <locale.h>

#define PLAIN "en" /* the language of the keys without one */

/* As gettext does it: in the locale C nothing is translated, whatever LANGUAGE says. */
static const char *find_translation(GVariant *texts)
{
	const char *locale = setlocale(LC_MESSAGES, NULL), *text = NULL;
	const char *const *language = g_get_language_names();

	if (!locale || g_str_equal(locale, "C"))
		return NULL;
	for (; *language; language++)
		if (g_variant_lookup(texts, *language, "&s", &text) ||
		    g_str_equal(*language, PLAIN))
			break;
	return text && *text ? text : NULL;
}

char *tsr_local_text(GVariant *fields, const char *name)
{
	g_autofree char *key = g_strconcat(name, "-local", NULL);
	g_autoptr(GVariant) texts = g_variant_lookup_value(fields, key, G_VARIANT_TYPE("a{ss}"));
	const char *text = texts ? find_translation(texts) : NULL;

	if (!text && !g_variant_lookup(fields, name, "&s", &text))
		text = "";
	return g_strdup(text);
}
