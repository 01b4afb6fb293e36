/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Properties that name files: where a relative path starts, and whether the file is there. */
#include <errno.h>
#include <unistd.h>

#include "config/draft.h"

static gboolean check_presence(const TsrSetting *setting, const TsrPropertySpec *spec,
			       const char *path, GError **error)
{
	if (spec->access == TSR_FILE_ACCESS_CREATE || !access(path, F_OK))
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
		    "%s: %s: %s: %s; name a file that exists (a relative path starts at %s)",
		    setting->where, spec->name, path, g_strerror(errno),
		    setting->base_folder ? "the manifest's folder" : "the working directory");
	return FALSE;
}

char *tsr_draft_resolve_path(const TsrSetting *setting, const TsrPropertySpec *spec,
			     const char *path, GError **error)
{
	g_autofree char *absolute = NULL;

	if (!*path)
		return g_strdup("");
	absolute = g_canonicalize_filename(path, setting->base_folder);
	if (!check_presence(setting, spec, absolute, error))
		return NULL;
	return g_steal_pointer(&absolute);
}
