/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is kept of each machine: the disc in its drive and its group, through renames and restarts.
 */
#include <string.h>

#include "folder-rig.h"
#include "model/settings.h"
#include "unit.h"

#define A "/machines/a"
#define B "/machines/b"

static guint changes;

static void on_groups_changed(TsrLibrarySettings *settings, gpointer user)
{
	changes++;
}

static TsrLibrarySettings *begin(const char *path)
{
	TsrLibrarySettings *settings = tsr_library_settings_new(path);

	changes = 0;
	g_signal_connect(settings, "groups-changed", G_CALLBACK(on_groups_changed), NULL);
	return settings;
}

static gboolean has_group(TsrLibrarySettings *settings, const char *folder, const char *wanted)
{
	g_autofree char *group = tsr_library_settings_get_group(settings, folder);

	return g_strcmp0(group, wanted) == 0;
}

static gboolean has_disc(TsrLibrarySettings *settings, const char *folder, const char *wanted)
{
	g_autofree char *disc = tsr_library_settings_get_disc(settings, folder);

	return g_strcmp0(disc, wanted) == 0;
}

static void disc_and_group_do_not_touch_each_other(void)
{
	g_autofree char *folder = rig_folder(), *path = g_build_filename(folder, "x.ini", NULL);
	g_autoptr(TsrLibrarySettings) settings = begin(path);

	tsr_library_settings_set_disc(settings, A, "/x.iso");
	tsr_library_settings_set_group(settings, A, "One");
	CU_ASSERT_EQUAL(changes, 1);
	tsr_library_settings_set_disc(settings, A, NULL);
	CU_ASSERT(has_group(settings, A, "One"));
	tsr_library_settings_set_disc(settings, A, "/x.iso");
	tsr_library_settings_set_group(settings, A, "");
	CU_ASSERT(has_group(settings, A, NULL));
	CU_ASSERT(has_disc(settings, A, "/x.iso"));
	CU_ASSERT(has_group(settings, B, NULL));
}

static void they_go_with_the_machine(void)
{
	g_autofree char *folder = rig_folder(), *path = g_build_filename(folder, "x.ini", NULL);
	g_autoptr(TsrLibrarySettings) settings = begin(path);

	tsr_library_settings_set_group(settings, A, "One");
	tsr_library_settings_set_disc(settings, A, "/x.iso");
	tsr_library_settings_carry(settings, A, B, TRUE);
	CU_ASSERT(has_group(settings, A, "One") && has_group(settings, B, "One"));
	CU_ASSERT(has_disc(settings, A, "/x.iso") && has_disc(settings, B, "/x.iso"));
	tsr_library_settings_set_group(settings, A, "Two");
	tsr_library_settings_carry(settings, A, B, FALSE);
	CU_ASSERT(has_group(settings, A, NULL) && has_group(settings, B, "Two"));
	CU_ASSERT(has_disc(settings, A, NULL));
	tsr_library_settings_carry(settings, B, B, FALSE);
	CU_ASSERT(has_group(settings, B, "Two"));
	tsr_library_settings_forget(settings, B);
	CU_ASSERT(has_group(settings, B, NULL) && has_disc(settings, B, NULL));
}

static void groups_are_renamed_and_dissolved(void)
{
	g_autofree char *folder = rig_folder(), *path = g_build_filename(folder, "x.ini", NULL);
	g_autoptr(TsrLibrarySettings) settings = begin(path);

	tsr_library_settings_set_group(settings, A, "One");
	tsr_library_settings_set_group(settings, B, "Two; three");
	tsr_library_settings_set_folded(settings, "One", TRUE);
	tsr_library_settings_rename_group(settings, "One", "Eins");
	CU_ASSERT(has_group(settings, A, "Eins") && has_group(settings, B, "Two; three"));
	CU_ASSERT(tsr_library_settings_is_folded(settings, "Eins"));
	CU_ASSERT_FALSE(tsr_library_settings_is_folded(settings, "One"));
	tsr_library_settings_rename_group(settings, "Eins", "Two; three");
	tsr_library_settings_rename_group(settings, "Two; three", NULL);
	CU_ASSERT(has_group(settings, A, NULL) && has_group(settings, B, NULL));
	CU_ASSERT_FALSE(tsr_library_settings_is_folded(settings, "Two; three"));
}

static gboolean is_written(gpointer path)
{
	g_autofree char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) && strstr(text, "group=One") &&
	       strstr(text, "folded=One;");
}

static void they_are_there_the_next_time(void)
{
	g_autofree char *folder = rig_folder(), *path = g_build_filename(folder, "x.ini", NULL);
	g_autoptr(TsrLibrarySettings) settings = begin(path), later = NULL;

	tsr_library_settings_set_group(settings, A, "One");
	tsr_library_settings_set_folded(settings, "One", TRUE);
	CU_ASSERT(rig_wait(is_written, path));
	later = begin(path);
	CU_ASSERT(has_group(later, A, "One"));
	CU_ASSERT(tsr_library_settings_is_folded(later, "One"));
}

int main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(disc_and_group_do_not_touch_each_other),
		UNIT_ROW(they_go_with_the_machine),
		UNIT_ROW(groups_are_renamed_and_dissolved),
		UNIT_ROW(they_are_there_the_next_time),
		CU_TEST_INFO_NULL,
	};
	int status;

	rig_begin(argc, argv);
	status = unit_run("library-settings", tests);
	rig_end();
	return status;
}
