/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See firmware.h. */
#include "config/firmware.h"

#include <string.h>

#include "manifest/paths.h"

const char *tsr_firmware_names(const char *value)
{
	return g_str_has_prefix(value, TSR_FIRMWARE) ? value + strlen(TSR_FIRMWARE) : NULL;
}

static char *find_one(char **folders, const char *name)
{
	for (; *folders; folders++) {
		g_autofree char *path = g_build_filename(*folders, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
			return g_canonicalize_filename(path, NULL);
	}
	return NULL;
}

char *tsr_firmware_find(const char *names)
{
	g_auto(GStrv) folders = tsr_paths_firmware();
	g_auto(GStrv) words = g_strsplit(names, ";", -1);
	char *path = NULL;

	/* Names, not paths: a manifest must not reach other folders by them. */
	for (char **word = words; *word && !path; word++)
		if (*g_strstrip(*word) && !strchr(*word, '/') && !g_str_equal(*word, ".."))
			path = find_one(folders, *word);
	return path;
}
