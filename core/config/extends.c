/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* [Machine] extends=: the manifest that another one starts from, a preset by its name or a file. */
#include <stdlib.h>
#include <string.h>

#include "config/draft.h"
#include "config/presets.h"

#define DEPTH_MAX 8 /* manifests that extend each other */
#define SUFFIX ".machine"

static gboolean fail(const TsrKeyFile *file, const TsrKey *extends, GError **error,
		     const char *format, const char *text)
{
	g_autofree char *message = g_strdup_printf(format, text);

	return tsr_keyfile_error(error, TSR_MACHINE_ERROR_INVALID, file, extends->line,
				 extends->name, "%s", message);
}

/* A path is relative to the manifest that extends; NAME.machine is a file beside it, if there is
 * one; all else is a preset. */
static char *find_path(const TsrDraft *draft, const TsrKeyFile *file, const TsrKey *extends,
		       GError **error)
{
	g_autofree char *own = g_canonicalize_filename(file->path, NULL),
			*folder = g_path_get_dirname(own),
			*path = g_canonicalize_filename(extends->value, folder);
	gboolean has_suffix = g_str_has_suffix(extends->value, SUFFIX);
	g_autofree char *name = g_strndup(
		extends->value, strlen(extends->value) - (has_suffix ? strlen(SUFFIX) : 0));
	g_autoptr(GError) failure = NULL;
	char *found;

	if (strchr(extends->value, '/') || (has_suffix && g_file_test(path, G_FILE_TEST_EXISTS))) {
		if (draft->trusted || tsr_reach_allows(folder, path))
			return g_steal_pointer(&path);
		fail(file, extends, error,
		     "%s is not in the manifest's folder, or hidden there; name a preset, or allow "
		     "all that this manifest names with --trust",
		     path);
		return NULL;
	}
	found = tsr_presets_find(name, &failure);
	if (!found)
		fail(file, extends, error, "%s", failure->message);
	return found;
}

static gboolean is_known(const TsrDraft *draft, const char *path)
{
	g_autofree char *real = realpath(path, NULL);

	for (guint i = 0; real && i < draft->files->len; i++) {
		g_autofree char *other = realpath(g_ptr_array_index(draft->files, i), NULL);

		if (g_strcmp0(real, other) == 0)
			return TRUE;
	}
	return FALSE;
}

TsrKeyFile *tsr_draft_find_base(TsrDraft *draft, const TsrKeyFile *file, const TsrKey *extends,
				GError **error)
{
	g_autofree char *path = find_path(draft, file, extends, error);
	g_autoptr(GError) failure = NULL;
	TsrKeyFile *base;

	if (!path)
		return NULL;
	if (is_known(draft, path) || draft->files->len == DEPTH_MAX) {
		fail(file, extends, error,
		     draft->files->len == DEPTH_MAX ? "%s would be the ninth machine in a row"
						    : "%s is extended by itself",
		     path);
		return NULL;
	}
	base = tsr_keyfile_load(path, &failure);
	if (!base)
		fail(file, extends, error, "%s", failure->message);
	return base;
}
