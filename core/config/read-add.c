/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --add NAME=PLUGIN[,KEY=VALUE]…: one more instance, as a group [Instance NAME] would describe it.
 */
#include <string.h>

#include "config/draft.h"
#include "config/parts.h"

static gboolean add_key(TsrDraftInstance *instance, const char *part, GError **error)
{
	const char *equals = strchr(part, '=');
	g_autofree char *key = equals ? g_strndup(part, (gsize)(equals - part)) : NULL;

	if (!equals || equals == part)
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, instance->where,
				       "\"%s\" is not KEY=VALUE (a comma in a value is written ,,)",
				       part);
	if (g_str_equal(key, "slot") || g_str_has_prefix(key, "slot.") ||
	    g_str_equal(key, "plugin"))
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, instance->where,
				       "%s cannot be set here; the instance is in the machine "
				       "as it is written",
				       key);
	tsr_draft_set(instance->settings, key, equals + 1, instance->where, NULL);
	return TRUE;
}

gboolean tsr_draft_apply_add(TsrDraft *draft, const char *value, GError **error)
{
	const char *equals = strchr(value, '=');
	g_autofree char *name = equals ? g_strndup(value, (gsize)(equals - value)) : NULL,
			*where = g_strdup_printf("--add %s", name ? name : value);
	g_auto(GStrv) parts = tsr_parts_split(equals ? equals + 1 : "");
	TsrDraftInstance *instance;

	if (!g_utf8_validate(value, -1, NULL))
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, "--add",
				       "text that is not UTF-8");
	if (!equals || !*parts[0])
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, where,
				       "say NAME=PLUGIN or NAME=PLUGIN,KEY=VALUE,…");
	if (!tsr_draft_check_name(name, where, error))
		return FALSE;
	if (tsr_draft_find(draft, name))
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, where,
				       "the machine has an instance of that name; --set "
				       "%s.KEY=VALUE changes it",
				       name);
	instance = tsr_draft_add(draft, name, where);
	tsr_draft_set(instance->settings, "plugin", parts[0], where, NULL);
	for (char **part = parts + 1; *part; part++)
		if (!add_key(instance, *part, error))
			return FALSE;
	return TRUE;
}
