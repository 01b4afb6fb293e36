/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which files a manifest may name. It may come from a stranger, so its paths reach what is in its
 * own folder, with symbolic links resolved, except hidden files (the folder may be a home), and
 * firmware of the system's packages for reading. More is for the command line, for manifests that
 * are trusted (--trust), and for presets that are installed with Tessera.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/draft.h"
#include "manifest/paths.h"

/* The path with all links resolved, of which the last parts need not exist; NULL: it leads through
 * a link to nowhere or what cannot be searched. */
static char *real_path(const char *path)
{
	g_autofree char *parent = g_path_get_dirname(path), *name = g_path_get_basename(path);
	char *real = realpath(path, NULL);
	g_autofree char *above = NULL;

	if (real || errno != ENOENT || g_str_equal(parent, path) ||
	    g_file_test(path, G_FILE_TEST_IS_SYMLINK))
		return real;
	above = real_path(parent);
	return above ? g_build_filename(above, name, NULL) : NULL;
}

/* Whether `real` is below the folder, and not hidden there. Nothing is below "/". */
static gboolean is_below(const char *real, const char *folder)
{
	g_autofree char *real_folder = realpath(folder, NULL);
	gsize length = real_folder ? strlen(real_folder) : 0;

	return length > 1 && !strncmp(real, real_folder, length) && real[length] == '/' &&
	       !strstr(real + length, "/.");
}

gboolean tsr_reach_is_firmware(const char *path)
{
	g_auto(GStrv) folders = tsr_paths_firmware();
	g_autofree char *real = real_path(path);

	for (char **folder = folders; real && *folder; folder++)
		if (is_below(real, *folder))
			return TRUE;
	return FALSE;
}

gboolean tsr_reach_allows(const char *folder, const char *path)
{
	g_autofree char *real = real_path(path);

	return (real && is_below(real, folder)) || tsr_paths_is_preset_folder(folder);
}
