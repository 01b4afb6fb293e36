/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Properties that name files: where a relative path starts, whether the manifest may name the file
 * at all (reach.c), and whether it is there.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config/draft.h"

typedef struct {
	const TsrDraft *draft;
	const TsrDraftInstance *instance;
	const TsrSetting *setting;
	const TsrPropertySpec *spec;
	GError **error;
} PathContext;

static gboolean is_allowed(const PathContext *c, const char *path)
{
	return !c->setting->base_folder || c->draft->trusted ||
	       tsr_reach_allows(c->setting->base_folder, path) ||
	       (c->spec->access == TSR_FILE_ACCESS_READ && tsr_reach_is_firmware(path));
}

static gboolean check_path(const PathContext *c, const char *path)
{
	if (!is_allowed(c, path))
		return tsr_draft_error(
			c->error, TSR_MACHINE_ERROR_INVALID, c->setting->where,
			"%s: %s is not in the manifest's folder, or hidden there; name it on the "
			"command line (--set %s.%s=…), or allow all that this manifest names with "
			"--trust",
			c->spec->name, path, c->instance->name, c->spec->name);
	if (c->spec->access == TSR_FILE_ACCESS_CREATE || !access(path, F_OK))
		return TRUE;
	return tsr_draft_error(c->error, TSR_MACHINE_ERROR_NOT_FOUND, c->setting->where,
			       "%s: %s: %s; name a file that exists (a relative path starts at %s)",
			       c->spec->name, path, g_strerror(errno),
			       c->setting->base_folder ? "the manifest's folder"
						       : "the working directory");
}

static char *resolve_path(const PathContext *c, const char *path)
{
	g_autofree char *absolute = g_canonicalize_filename(path, c->setting->base_folder);

	return check_path(c, absolute) ? g_steal_pointer(&absolute) : NULL;
}

/* NAME=PATH;…: what is not of that form is left for the plugin to refuse. */
static char *resolve_list(const PathContext *c, const char *list)
{
	g_auto(GStrv) items = g_strsplit(list, ";", -1);

	for (char **item = items; *item; item++) {
		const char *equals = strchr(*item, '=');
		g_autofree char *path = NULL;
		char *whole;

		if (!equals || !equals[1])
			continue;
		path = resolve_path(c, equals + 1);
		if (!path)
			return NULL;
		whole = g_strdup_printf("%.*s=%s", (int)(equals - *item), *item, path);
		g_free(*item);
		*item = whole;
	}
	return g_strjoinv(";", items);
}

char *tsr_draft_resolve_paths(const TsrDraft *draft, const TsrDraftInstance *instance,
			      const TsrSetting *setting, const TsrPropertySpec *spec,
			      const char *value, GError **error)
{
	PathContext context = { draft, instance, setting, spec, error };

	if (!*value)
		return g_strdup("");
	return spec->type == TSR_PROPERTY_FILES ? resolve_list(&context, value)
						: resolve_path(&context, value);
}
