/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes as a plugin manifest, and as a machine manifest with overrides after a line "--": an
 * error or a result, no crash. Each input is read as both, so that seeds are plain files. The
 * plugins are those of tests/manifests.
 */
#include <stdlib.h>
#include <string.h>

#include "config/draft.h"
#include "manifest/plugin.h"

static void read_plugin(const char *text, gsize length)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(TsrPlugin) plugin =
		tsr_plugin_new_from_manifest("fuzz.plugin", text, length, &error);

	if (!plugin != !!error)
		abort();
	if (plugin && (!plugin->id || !plugin->version || !plugin->provides || !plugin->library))
		abort();
}

static gboolean apply(TsrDraft *draft, const char *overrides, GError **error)
{
	g_auto(GStrv) lines = *overrides ? g_strsplit(overrides, "\n", 64) : g_new0(char *, 1);

	return tsr_draft_apply_overrides(draft, (const char *const *)lines, error);
}

static void read_machine(TsrRegistry *registry, const char *text, gsize length)
{
	g_autofree char *copy = g_strndup(text, length);
	char *mark = strstr(copy, "\n--\n");
	const char *overrides = mark ? mark + 4 : "";
	g_autoptr(GError) error = NULL;
	g_autoptr(TsrKeyFile) file = tsr_keyfile_parse(
		"fuzz.machine", copy, mark ? (gsize)(mark - copy) : strlen(copy), &error);
	g_autoptr(TsrDraft) draft =
		file ? tsr_draft_new_from_keyfile(registry, file, FALSE, &error) : NULL;
	g_autoptr(TsrConfig) config = NULL;

	if (draft && apply(draft, overrides, &error))
		config = tsr_draft_resolve(draft, &error);
	if (config)
		tsr_config_order(config, &error);
	else if (!error)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const folders[] = { FIXTURES, NULL };
	static TsrRegistry *registry;

	if (!registry)
		registry = tsr_registry_new_for_folders(folders);
	read_plugin((const char *)data, size);
	read_machine(registry, (const char *)data, size);
	return 0;
}
