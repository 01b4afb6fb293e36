/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Titles and the names of folders: what a user can type, and what a file system can hold. */
#include <string.h>

#include "folder-rig.h"
#include "model/name.h"
#include "unit.h"

static void titles_become_names(void)
{
	static const struct {
		const char *title, *name;
	} rows[] = {
		{ "Debian 12", "Debian 12" },
		{ "a/b", "a-b" },
		{ "../../etc/passwd", "_.-..-etc-passwd" },
		{ ".hidden", "_hidden" },
		{ "  two\nlines\t", "two lines" },
		{ "", "Machine" },
		{ " \x01 ", "Machine" },
		{ "🐧 Tux 🐧", "🐧 Tux 🐧" },
		{ "/", "-" },
		{ "..", "_." },
		{ "bad \xff utf", "bad \xef\xbf\xbd utf" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name = tsr_library_name_of_title(rows[i].title);

		CU_ASSERT_STRING_EQUAL(name, rows[i].name);
	}
}

/* 300 characters of four bytes each: more than a file system holds. */
static void long_titles_are_cut_between_characters(void)
{
	g_autoptr(GString) title = g_string_new(NULL);
	g_autofree char *name = NULL, *clean = NULL;

	for (guint i = 0; i < 400; i++)
		g_string_append(title, "🐧");
	name = tsr_library_name_of_title(title->str);
	clean = tsr_library_clean_title(title->str);
	CU_ASSERT_EQUAL(g_utf8_strlen(clean, -1), TSR_LIBRARY_TITLE_CHARACTERS);
	CU_ASSERT(g_utf8_validate(name, -1, NULL));
	CU_ASSERT_EQUAL(strlen(name), TSR_LIBRARY_NAME_BYTES);
}

static void taken_names_get_a_number(void)
{
	g_autofree char *folder = rig_folder(), *third = NULL, *base = NULL, *name = NULL;

	g_free(rig_machine(folder, "PC"));
	g_free(rig_machine(folder, "PC"));
	third = rig_machine(folder, "PC");
	base = g_path_get_basename(third);
	CU_ASSERT_STRING_EQUAL(base, "PC 3");
	name = tsr_library_free_name(folder, "PC");
	CU_ASSERT_STRING_EQUAL(name, "PC 4");
}

int main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(titles_become_names),
		UNIT_ROW(long_titles_are_cut_between_characters),
		UNIT_ROW(taken_names_get_a_number),
		CU_TEST_INFO_NULL,
	};
	int status;

	rig_begin(argc, argv);
	status = unit_run("library-name", tests);
	rig_end();
	return status;
}
