/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interfaces of tessera/draft/ that a plugin uses, by their names: in its library or script, and in
 * what its manifest provides and needs. A draft without an interface, such as a struct, is not
 * seen here; TSR_DRAFT in the build says so.
 */
#define _GNU_SOURCE
#include "check.h"

#include <string.h>

static const char *const drafts[] = {
#include "drafts.inc"
};

/* Whether a file has the name, and not only as the beginning of a longer one. */
static gboolean has_name(const char *bytes, gsize length, const char *name)
{
	const char *at = bytes, *end = bytes + length;

	while ((at = memmem(at, (gsize)(end - at), name, strlen(name)))) {
		at += strlen(name);
		if (at == end || !g_ascii_isalnum(*at))
			return TRUE;
	}
	return FALSE;
}

static gboolean is_in_manifest(TsrPlugin *plugin, const char *name)
{
	GPtrArray *needs = tsr_plugin_get_needs(plugin);

	for (guint i = 0; i < needs->len; i++) {
		const TsrNeed *need = needs->pdata[i];

		if (g_strv_contains((const char *const *)need->interfaces, name))
			return TRUE;
	}
	return g_strv_contains(tsr_plugin_get_provides(plugin), name);
}

static char **declared(const struct check *check)
{
	g_autoptr(GKeyFile) manifest = g_key_file_new();
	char **list = NULL;

	if (g_key_file_load_from_file(manifest, check->manifest, G_KEY_FILE_NONE, NULL))
		list = g_key_file_get_string_list(manifest, "Plugin", "drafts", NULL, NULL);
	return list ? list : g_new0(char *, 1);
}

static void add_name(GString *list, const char *name)
{
	g_string_append_printf(list, "%s%s", list->len ? ";" : "", name);
}

void check_drafts(const struct check *check)
{
	g_autoptr(GString) used = g_string_new(NULL), unsaid = g_string_new(NULL);
	g_auto(GStrv) said = declared(check);
	g_autofree char *bytes = NULL;
	g_autoptr(GError) error = NULL;
	gsize length;

	if (!g_file_get_contents(check->library, &bytes, &length, &error))
		check_fail("%s", error->message);
	for (guint i = 0; i < G_N_ELEMENTS(drafts); i++) {
		if (!has_name(bytes, length, drafts[i]) &&
		    !is_in_manifest(check->plugin, drafts[i]))
			continue;
		add_name(used, drafts[i]);
		if (!g_strv_contains((const char *const *)said, drafts[i]))
			add_name(unsaid, drafts[i]);
	}
	if (unsaid->len)
		check_fail("it uses drafts, which may break with the next minor version, and its "
			   "manifest does not say so: drafts=%s",
			   unsaid->str);
	if (used->len)
		check_note("it does, and they may break with the next minor version: %s",
			   used->str);
}
