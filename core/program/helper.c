/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See helper.h. */
#include "program/helper.h"

#include <glib.h>

char *program_find_helper(const char *name)
{
	static const char *const places[] = { ".", TSR_LIBEXECDIR_FROM_BINDIR "/tessera" };
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL),
			*folder = self ? g_path_get_dirname(self) : NULL;

	for (guint i = 0; folder && i < G_N_ELEMENTS(places); i++) {
		g_autofree char *path = g_build_filename(folder, places[i], name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
			return g_steal_pointer(&path);
	}
	return NULL;
}
