/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Properties that name files: where a relative path starts, whether the manifest may name the file
 * at all, and whether it is there.
 *
 * A manifest may come from a stranger. Its paths reach what is in its own folder, with symbolic
 * links resolved, except hidden files (the folder may be a home), and firmware of the system's
 * packages for reading. More is for the command line, for manifests that are trusted (--trust), and
 * for presets that are installed with Tessera.
 */
#include <errno.h>
#include <stdlib.h>
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

/* The folders in which firmware of packages is looked for, as plugins do. */
static gboolean is_firmware(const char *real)
{
	static const char *const names[] = { "tessera/firmware", "seabios", "qemu" };
	const char *const *data = g_get_system_data_dirs();

	for (; *data; data++) {
		for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
			g_autofree char *folder = g_build_filename(*data, names[i], NULL);

			if (is_below(real, folder))
				return TRUE;
		}
	}
	return FALSE;
}

static gboolean is_allowed(const PathContext *c, const char *path)
{
	g_autofree char *real = NULL;

	if (!c->setting->base_folder || c->draft->trusted)
		return TRUE;
	real = real_path(path);
	return real && (is_below(real, c->setting->base_folder) ||
			(c->spec->access == TSR_FILE_ACCESS_READ && is_firmware(real)));
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
