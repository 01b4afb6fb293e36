/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See plan.h. */
#include "product/plan.h"

#include <string.h>

#include "config/firmware.h"
#include "manifest/plugin.h"
#include "manifest/registry.h"

TsrDraft *tsr_plan_new(TsrRegistry *registry, const char *file, const char *const *overrides,
		       gboolean unlocked, GError **error)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	g_autoptr(TsrDraft) plan = NULL;

	for (; overrides && *overrides; overrides++)
		g_ptr_array_add(all, (gpointer)*overrides);
	if (unlocked)
		g_ptr_array_add(all, (gpointer) "lock=none");
	g_ptr_array_add(all, NULL);
	plan = tsr_draft_load(registry, file, (const char *const *)all->pdata, error);
	if (!plan)
		return NULL;
	plan->all = TRUE;
	return tsr_draft_choose(plan, error) ? g_steal_pointer(&plan) : NULL;
}

static int compare_plugins(gconstpointer a, gconstpointer b)
{
	TsrPlugin *x = *(TsrPlugin *const *)a, *y = *(TsrPlugin *const *)b;
	int order = strcmp(x->id, y->id);

	return order ? order : -tsr_version_compare(&x->number, &y->number);
}

static void add_once(GPtrArray *plugins, TsrPlugin *plugin)
{
	if (plugin && !g_ptr_array_find(plugins, plugin, NULL))
		g_ptr_array_add(plugins, plugin);
}

GPtrArray *tsr_plan_list_plugins(TsrDraft *plan)
{
	GPtrArray *plugins = g_ptr_array_new();

	for (guint i = 0; i < plan->instances->len; i++) {
		TsrDraftInstance *instance = g_ptr_array_index(plan->instances, i);

		if (!instance->exists)
			continue;
		add_once(plugins, instance->plugin);
		if (instance->plugin->language)
			add_once(plugins, tsr_registry_find_script_host(plan->registry,
									instance->plugin, NULL));
	}
	g_ptr_array_sort(plugins, compare_plugins);
	return plugins;
}

void tsr_plan_firmware_free(TsrPlanFirmware *firmware)
{
	g_free(firmware->instance);
	g_free(firmware->property);
	g_free(firmware->path);
	g_free(firmware);
}

/* What the property would be. */
static const char *value_of(TsrDraftInstance *instance, const TsrPropertySpec *spec)
{
	const TsrSetting *setting = g_hash_table_lookup(instance->settings, spec->name);

	return setting ? setting->value : spec->default_value;
}

static gboolean add_firmware(TsrDraft *plan, TsrDraftInstance *instance,
			     const TsrPropertySpec *spec, GPtrArray *list, GError **error)
{
	const char *names = spec->type == TSR_PROPERTY_FILE && spec->access == TSR_FILE_ACCESS_READ
				    ? tsr_firmware_names(value_of(instance, spec))
				    : NULL;
	g_autofree char *path = names ? tsr_firmware_find(names) : NULL;
	TsrPlanFirmware *firmware;

	if (names && plan->lock &&
	    !tsr_lock_check_firmware(plan->lock, instance->name, spec->name, path ? path : "", TRUE,
				     error))
		return FALSE;
	if (!path)
		return TRUE;
	firmware = g_new0(TsrPlanFirmware, 1);
	firmware->instance = g_strdup(instance->name);
	firmware->property = g_strdup(spec->name);
	firmware->path = g_steal_pointer(&path);
	g_ptr_array_add(list, firmware);
	return TRUE;
}

GPtrArray *tsr_plan_list_firmware(TsrDraft *plan, GError **error)
{
	g_autoptr(GPtrArray) list =
		g_ptr_array_new_with_free_func((GDestroyNotify)tsr_plan_firmware_free);

	for (guint i = 0; i < plan->instances->len; i++) {
		TsrDraftInstance *instance = g_ptr_array_index(plan->instances, i);
		GPtrArray *specs =
			instance->exists ? tsr_plugin_get_properties(instance->plugin) : NULL;

		for (guint n = 0; specs && n < specs->len; n++)
			if (!add_firmware(plan, instance, g_ptr_array_index(specs, n), list, error))
				return NULL;
	}
	return g_steal_pointer(&list);
}
