/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See preset.h. The places are those where `tessera run` looks (docs/MANIFESTS.md). */
#include "model/preset.h"

#define PRESET "pc.machine"

/* Takes the path if nothing is there. */
static char *if_exists(char *path)
{
	if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
		g_clear_pointer(&path, g_free);
	return path;
}

char *tsr_library_find_preset(const char *program)
{
	static const char *const places[] = { "../machines", "../share/tessera/machines" };
	const char *list = g_getenv("TESSERA_MACHINE_PATH");
	g_auto(GStrv) folders = g_strsplit(list ? list : "", ":", -1);
	g_autofree char *folder = g_path_get_dirname(program);
	char *path = NULL;

	for (char **other = folders; *other && !path; other++)
		path = **other ? if_exists(g_build_filename(*other, PRESET, NULL)) : NULL;
	for (guint i = 0; i < G_N_ELEMENTS(places) && !path; i++)
		path = if_exists(g_build_filename(folder, places[i], PRESET, NULL));
	return path;
}
