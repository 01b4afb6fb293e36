/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of a manifest's texts a user gets. */
#include <locale.h>

#include "model/local-text.h"
#include "unit.h"

static void the_language_of_the_user_is_taken(void)
{
	static const struct {
		const char *locale, *languages, *text;
	} rows[] = {
		{ "C.UTF-8", "de", "Karte" },
		{ "C.UTF-8", "de_AT", "Karte" },
		{ "C.UTF-8", "pt_BR:de", "Placa" },
		{ "C.UTF-8", "pt:fr", "Carte" },
		{ "C.UTF-8", "sr@latin", "Kartica" },
		{ "C.UTF-8", "it", "card" },
		{ "C.UTF-8", "it:de", "Karte" },
		{ "C.UTF-8", "en_GB:de", "card" }, /* English comes first */
		{ "C.UTF-8", "nl", "card" },       /* an empty text */
		{ "C", "de", "card" },
	};
	const char *printed = "{'name': <'card'>, 'name-local': <{'de': 'Karte', 'fr': 'Carte', "
			      "'nl': '', 'pt_BR': 'Placa', 'sr@latin': 'Kartica'}>}";
	g_autoptr(GVariant) fields =
		g_variant_parse(G_VARIANT_TYPE_VARDICT, printed, NULL, NULL, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = NULL;

		g_setenv("LANGUAGE", rows[i].languages, TRUE);
		setlocale(LC_ALL, rows[i].locale);
		text = tsr_local_text(fields, "name");
		if (g_strcmp0(text, rows[i].text) != 0)
			g_printerr("\n%s: %s\n", rows[i].languages, text);
		CU_ASSERT_STRING_EQUAL(text, rows[i].text);
	}
}

static void what_has_no_translation_is_plain(void)
{
	g_autoptr(GVariant) fields =
		g_variant_parse(G_VARIANT_TYPE_VARDICT, "{'name': <'card'>}", NULL, NULL, NULL);
	g_autofree char *name = NULL, *none = NULL;

	g_setenv("LANGUAGE", "de", TRUE);
	setlocale(LC_ALL, "C.UTF-8");
	name = tsr_local_text(fields, "name");
	none = tsr_local_text(fields, "description");
	CU_ASSERT_STRING_EQUAL(name, "card");
	CU_ASSERT_STRING_EQUAL(none, "");
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(the_language_of_the_user_is_taken),
		UNIT_ROW(what_has_no_translation_is_plain),
		CU_TEST_INFO_NULL,
	};

	return unit_run("library-local-text", tests);
}
