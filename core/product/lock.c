/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of a lock file, as config/lock.c reads it. */
#include <tessera-glib/product.h>

#include "config/digest.h"
#include "manifest/plugin.h"
#include "product/lock.h"

static void add_head(GString *text, TsrDraft *plan)
{
	g_autofree char *name = g_path_get_basename(plan->path);

	g_string_append_printf(
		text,
		"# Written by `tessera lock`: what the machine is made of. With this "
		"file it is made of nothing else.\n"
		"[Lock]\nformat=" TSR_LOCK_FORMAT "\nmachine=%s\n\n[Instances]\n",
		name);
	for (guint i = 0; i < plan->instances->len; i++) {
		TsrDraftInstance *instance = g_ptr_array_index(plan->instances, i);

		if (instance->exists)
			g_string_append_printf(text, "%s=%s %s\n", instance->name,
					       instance->plugin->id, instance->plugin->version);
	}
}

static gboolean add_plugin(GString *text, TsrPlugin *plugin, GError **error)
{
	g_autofree char *manifest = tsr_digest_file(plugin->path, error),
			*library = manifest ? tsr_digest_file(plugin->library, error) : NULL;

	if (!library)
		return FALSE;
	g_string_append_printf(text, "\n[Plugin %s %s]\nmanifest=%s\nlibrary=%s\n", plugin->id,
			       plugin->version, manifest, library);
	return TRUE;
}

static gboolean add_firmware(GString *text, const TsrPlanFirmware *firmware, GError **error)
{
	g_autofree char *name = g_path_get_basename(firmware->path),
			*digest = tsr_digest_file(firmware->path, error);

	if (digest)
		g_string_append_printf(text, "\n[Firmware %s.%s]\nname=%s\nsha256=%s\n",
				       firmware->instance, firmware->property, name, digest);
	return digest != NULL;
}

char *tsr_plan_lock_text(TsrDraft *plan, GError **error)
{
	g_autoptr(GPtrArray) plugins = tsr_plan_list_plugins(plan),
			     firmware = tsr_plan_list_firmware(plan, error);
	g_autoptr(GString) text = g_string_new(NULL);

	if (!firmware)
		return NULL;
	add_head(text, plan);
	for (guint i = 0; i < plugins->len; i++)
		if (!add_plugin(text, g_ptr_array_index(plugins, i), error))
			return NULL;
	for (guint i = 0; i < firmware->len; i++)
		if (!add_firmware(text, g_ptr_array_index(firmware, i), error))
			return NULL;
	return g_strdup(text->str);
}

char *tsr_product_lock(TsrRegistry *registry, const char *file, const char *const *overrides,
		       GError **error)
{
	g_autoptr(TsrDraft) plan = tsr_plan_new(registry, file, overrides, TRUE, error);

	return plan ? tsr_plan_lock_text(plan, error) : NULL;
}
