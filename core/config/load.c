/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole way from a machine manifest and the command line to a TsrConfig. */
#include "config/load.h"

#include <tessera-glib/machine.h>

#include "config/draft.h"
#include "config/presets.h"

static gboolean apply_overrides(TsrDraft *draft, const char *const *overrides, GError **error)
{
	for (; overrides && *overrides; overrides++)
		if (!tsr_draft_apply_override(draft, *overrides, error))
			return FALSE;
	tsr_draft_fill_defaults(draft);
	return TRUE;
}

TsrConfig *tsr_config_new_from_file(TsrRegistry *registry, const char *file,
				    const char *const *overrides, GError **error)
{
	g_autofree char *path = tsr_presets_find(file, error);
	g_autoptr(TsrKeyFile) keyfile = path ? tsr_keyfile_load(path, error) : NULL;
	g_autoptr(TsrDraft) draft =
		keyfile ? tsr_draft_new_from_keyfile(registry, keyfile, error) : NULL;
	g_autoptr(TsrConfig) config = NULL;

	if (!draft || !apply_overrides(draft, overrides, error))
		return NULL;
	config = tsr_draft_resolve(draft, error);
	if (!config || !tsr_config_order(config, error))
		return NULL;
	return g_steal_pointer(&config);
}
