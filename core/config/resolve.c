/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From what is written to what will be built: whether the instances that exist fit together, and
 * what they need is connected. Everything a user can get wrong in a machine ends here, or in
 * choose.c, resolve-machine.c and resolve-instance.c, with file, line and key.
 */
#include <string.h>

#include "config/draft.h"
#include "manifest/loader.h"
#include "manifest/plugin.h"

/* A --set or an option for an instance that this run does not have. */
static gboolean check_unused(TsrDraftInstance *instance, GError **error)
{
	GHashTableIter iter;
	gpointer value;

	if (instance->exists || tsr_draft_is_optional(instance))
		return TRUE;
	g_hash_table_iter_init(&iter, instance->settings);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const TsrSetting *setting = value;

		if (setting->asked)
			return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, setting->where,
					       "%s is not in the machine as it is started%s%s",
					       instance->name,
					       instance->slot ? "; it comes with --" : "",
					       instance->slot ? instance->slot : "");
	}
	return TRUE;
}

/* -- Whether it fits together */

static gboolean check_needs(TsrDraftInstance *instance, GError **error)
{
	GPtrArray *needs = tsr_plugin_get_needs(instance->plugin);

	for (guint i = 0; i < needs->len; i++) {
		const TsrNeed *need = g_ptr_array_index(needs, i);
		g_autofree char *wanted = g_strjoinv(" or ", need->interfaces);

		if (!need->optional &&
		    !g_hash_table_contains(instance->result->connections, need->name))
			return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, instance->where,
					       "plugin %s needs %s (%s); add connect.%s=INSTANCE",
					       tsr_plugin_get_id(instance->plugin), need->name,
					       wanted, need->name);
	}
	return TRUE;
}

/* An input's number, 0 to 1023, in the one form in which lines are compared: decimal, without
 * leading zeros. */
static gboolean is_input(const char *text)
{
	gsize digits = strspn(text, "0123456789");

	return digits > 0 && digits <= 4 && !text[digits] && (*text != '0' || digits == 1) &&
	       g_ascii_strtoull(text, NULL, 10) < 1024;
}

/* An irq line names an instance or an alias with inputs. */
static gboolean check_line(TsrDraft *draft, TsrConfig *config, TsrDraftInstance *instance,
			   const TsrResource *resource, GError **error)
{
	const char *colon = strrchr(resource->line, ':');
	g_autofree char *name =
		colon ? g_strndup(resource->line, (gsize)(colon - resource->line)) : NULL;
	const char *target = name ? g_hash_table_lookup(config->aliases, name) : NULL;
	TsrDraftInstance *provider = name ? tsr_draft_find(draft, target ? target : name) : NULL;

	if (resource->type != TSR_RESOURCE_IRQ || !*resource->line)
		return TRUE;
	if (!colon || !is_input(colon + 1))
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, instance->where,
				       "resource.%s.line: \"%s\" is not PROVIDER:INPUT",
				       resource->name, resource->line);
	if (!provider || !provider->exists)
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, instance->where,
				       "resource.%s.line=%s: no instance and no alias %s; write "
				       "resource.%s.line= to leave it unconnected",
				       resource->name, resource->line, name, resource->name);
	if (!tsr_plugin_has_interface(provider->plugin, "tessera.irq-inputs/1"))
		return tsr_draft_error(
			error, TSR_MACHINE_ERROR_VERSION, instance->where,
			"resource.%s.line=%s: plugin %s does not provide tessera.irq-inputs/1",
			resource->name, resource->line, tsr_plugin_get_id(provider->plugin));
	return TRUE;
}

static gboolean check_lines(TsrDraft *draft, TsrConfig *config, TsrDraftInstance *instance,
			    GError **error)
{
	GPtrArray *resources = instance->result->resources;

	for (guint i = 0; i < resources->len; i++)
		if (!check_line(draft, config, instance, g_ptr_array_index(resources, i), error))
			return FALSE;
	return TRUE;
}

static gboolean load_plugin(TsrDraft *draft, TsrDraftInstance *instance, GError **error)
{
	const TsrSetting *setting = g_hash_table_lookup(instance->settings, "plugin");
	g_autoptr(GError) failure = NULL;

	if (instance->result->apart || draft->unloaded)
		return TRUE;
	if (instance->result->isolated
		    ? !tsr_loader_check_abi(instance->plugin, &failure)
		    : !tsr_registry_load_plugin(draft->registry, instance->plugin, &failure))
		return tsr_draft_error(error, failure->code, setting->where, "%s",
				       failure->message);
	instance->result->entry = instance->plugin->entry;
	return TRUE;
}

static gboolean take_instances(TsrDraft *draft, TsrConfig *config, GError **error)
{
	for (guint i = 0; i < draft->instances->len; i++) {
		TsrDraftInstance *instance = g_ptr_array_index(draft->instances, i);

		if (!check_unused(instance, error))
			return FALSE;
		if (!instance->exists)
			continue;
		instance->result = tsr_config_add(config, instance->name, instance->plugin);
		if (!tsr_draft_resolve_instance(draft, instance, error) ||
		    !check_needs(instance, error) || !check_lines(draft, config, instance, error) ||
		    !load_plugin(draft, instance, error))
			return FALSE;
	}
	return TRUE;
}

TsrConfig *tsr_draft_resolve(TsrDraft *draft, GError **error)
{
	g_autoptr(TsrConfig) config = tsr_config_new();

	if (!tsr_draft_choose(draft, error) || !tsr_draft_resolve_machine(draft, config, error) ||
	    !take_instances(draft, config, error))
		return NULL;
	return g_steal_pointer(&config);
}
