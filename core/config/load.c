/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole way from a machine manifest and the command line to a TsrConfig. */
#include "config/load.h"

#include <tessera-glib/machine.h>

#include "config/draft.h"
#include "config/presets.h"

/* lock=FILE, lock=none; unsaid, the lock that lies beside the manifest. */
static gboolean take_lock(TsrDraft *draft, const char *file, const char *wanted, GError **error)
{
	g_autofree char *beside = tsr_lock_path_beside(draft->path);

	if (!wanted && g_file_test(beside, G_FILE_TEST_EXISTS))
		wanted = beside;
	if (!wanted || g_str_equal(wanted, "none"))
		return TRUE;
	draft->lock = tsr_lock_load(wanted, file, error);
	return draft->lock != NULL;
}

TsrDraft *tsr_draft_load(TsrRegistry *registry, const char *file, const char *const *overrides,
			 GError **error)
{
	g_autofree char *path = tsr_presets_find(file, error);
	g_autoptr(TsrKeyFile) keyfile = path ? tsr_keyfile_load(path, error) : NULL;
	g_autoptr(TsrDraft) draft =
		keyfile ? tsr_draft_new_from_keyfile(registry, keyfile,
						     tsr_overrides_trust(overrides), error)
			: NULL;

	if (!draft || !take_lock(draft, file, tsr_overrides_lock(overrides), error) ||
	    !tsr_draft_apply_overrides(draft, overrides, error) ||
	    !tsr_draft_add_layers(draft, error))
		return NULL;
	return g_steal_pointer(&draft);
}

TsrConfig *tsr_config_new_from_file(TsrRegistry *registry, const char *file,
				    const char *const *overrides, GError **error)
{
	g_autoptr(TsrDraft) draft = tsr_draft_load(registry, file, overrides, error);
	g_autoptr(TsrConfig) config = draft ? tsr_draft_resolve(draft, error) : NULL;

	if (!config || !tsr_config_order(config, error))
		return NULL;
	config->lock = draft->lock ? g_strdup(draft->lock->file->path) : NULL;
	config->lock_machine = g_strdup(file);
	return g_steal_pointer(&config);
}
