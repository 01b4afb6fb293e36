/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See inside.h. */
#include "model/inside.h"

#include <stdlib.h>
#include <string.h>

#include "model/text.h"

/* As it is written: what Windows would take for a path leads out, too. */
static gboolean leads_out(const char *name)
{
	g_auto(GStrv) words = g_strsplit(name, "/", -1);

	for (char **word = words; *word; word++)
		if (g_str_equal(*word, ".."))
			return TRUE;
	return *name == '/' || strchr(name, '\\') || (g_ascii_isalpha(*name) && name[1] == ':');
}

static gboolean is_below(const char *path, const char *folder)
{
	g_autofree char *real = realpath(path, NULL), *above = realpath(folder, NULL);
	gsize length = above ? strlen(above) : 0;

	return real && length && strncmp(real, above, length) == 0 &&
	       (real[length] == '/' || length == 1);
}

static void fail(const char *sentence, const char *owner, const char *name, GError **error)
{
	g_autofree char *shown = g_utf8_make_valid(name, -1);

	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID, sentence, owner, shown);
}

char *tsr_inside_find(const char *folder, const char *name, const char *owner, GError **error)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	if (leads_out(name) || (g_file_test(path, G_FILE_TEST_EXISTS) && !is_below(path, folder)))
		fail(_("“%s” names the file “%s”, which lies outside of its folder. Put the file "
		       "beside it, and correct the name."),
		     owner, name, error);
	else if (!g_file_test(path, G_FILE_TEST_EXISTS))
		fail(_("“%s” names the file “%s”, which is missing. Put it beside the other."),
		     owner, name, error);
	else if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
		fail(_("“%s” names “%s”, which is not a file."), owner, name, error);
	else
		return g_steal_pointer(&path);
	return NULL;
}
