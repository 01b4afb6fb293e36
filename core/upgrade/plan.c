/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See plan.h. No code of the other version runs here. */
#include "upgrade/plan.h"

#include <string.h>

#include "config/config.h"
#include "config/lock.h"
#include "instance/machine-parts.h"
#include "links/links.h"
#include "manifest/loader.h"
#include "manifest/paths.h"
#include "manifest/plugin.h"
#include "manifest/property.h"

static gboolean refuse(GError **error, TsrMachineError code, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
static gboolean refuse(GError **error, TsrMachineError code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *why = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, TSR_MACHINE_ERROR, (int)code, why);
	return FALSE;
}

/* -- The other version */

/* Read anew: it may have been installed after the machine was started. */
static TsrPlugin *find(TsrPlugin *now, const char *version, GError **error)
{
	g_autoptr(GStrvBuilder) folders = g_strv_builder_new();
	g_auto(GStrv) paths = tsr_paths_plugins(), all = NULL;
	g_autofree char *own = tsr_plugin_dup_folder(now), *wanted = NULL;
	g_autoptr(TsrRegistry) registry = NULL;
	TsrPlugin *found;

	g_strv_builder_add(folders, own);
	g_strv_builder_addv(folders, (const char **)paths);
	all = g_strv_builder_end(folders);
	registry = tsr_registry_new_for_folders((const char *const *)all);
	wanted =
		g_strdup_printf("%s%s%s", now->id, g_ascii_isdigit(*version) ? " =" : " ", version);
	found = tsr_registry_find(registry, g_strchomp(wanted), error);
	return found ? g_object_ref(found) : NULL;
}

static gboolean check_version(TsrPlugin *now, TsrPlugin *plugin, GError **error)
{
	if (g_str_equal(now->version, plugin->version))
		return refuse(error, TSR_MACHINE_ERROR_INVALID, "it has that version already");
	if (now->state_version >= plugin->state_oldest &&
	    now->state_version <= plugin->state_version)
		return TRUE;
	return refuse(error, TSR_MACHINE_ERROR_VERSION,
		      "its state has version %u, and %s %s loads %u to %u; choose a version that "
		      "loads it, or restart the machine with that one",
		      now->state_version, plugin->id, plugin->version, plugin->state_oldest,
		      plugin->state_version);
}

/* A machine that was made with a lock stays what the lock says: it may have been written anew. */
static gboolean check_lock(const TsrConfig *config, const char *instance, TsrPlugin *plugin,
			   GError **error)
{
	g_autoptr(TsrLock) lock =
		config->lock ? tsr_lock_load(config->lock, config->lock_machine, error) : NULL;
	g_autofree char *wanted = g_strdup_printf("%s %s", plugin->id, plugin->version);
	const char *locked = lock ? tsr_lock_find_instance(lock, instance) : NULL;

	if (!config->lock)
		return TRUE;
	if (!lock)
		return FALSE;
	if (g_strcmp0(locked, wanted) == 0)
		return tsr_lock_check_plugin(lock, plugin, error);
	return refuse(error, TSR_MACHINE_ERROR_VERSION, "in the lock %s it is %s; %s", config->lock,
		      locked ? locked : "nothing", lock->remedy);
}

/* What runs scripts of a language is loaded once, with the machine, and is never another version.
 */
static gboolean take_language(const TsrPlugin *now, TsrPlugin *plugin, GError **error)
{
	if (!plugin->language)
		return TRUE;
	if (g_strcmp0(now->language, plugin->language) != 0)
		return refuse(error, TSR_MACHINE_ERROR_INVALID,
			      "%s %s is written in %s, and %s %s is not: a script takes only the "
			      "place of one in its own language; restart the machine with that "
			      "version",
			      plugin->id, plugin->version, plugin->language, now->id, now->version);
	if (!tsr_loader_check_abi(plugin, error))
		return FALSE;
	plugin->entry = now->entry;
	return TRUE;
}

/* -- What others have of it, and it of others */

/* Whatever holds a table that the core handed out and cannot exchange. */
static gboolean check_provided(const TsrInstance *old, GError **error)
{
	const char *const *provides = tsr_plugin_get_provides(old->config->plugin);

	for (guint i = 0; provides && provides[i]; i++)
		if (!tsr_links_know(provides[i]))
			return refuse(error, TSR_MACHINE_ERROR_INVALID,
				      "it provides %s, whose users cannot be led to another "
				      "instance while the machine runs; restart the machine with "
				      "the other version",
				      provides[i]);
	return TRUE;
}

static const char *connected_interface(const TsrMachine *m, TsrPlugin *plugin, const char *need,
				       const char *provider)
{
	const TsrNeed *wanted = tsr_plugin_find_need(plugin, need);
	TsrInstanceConfig *config = tsr_config_find(m->config, provider);

	return wanted && config ? tsr_need_choose(wanted, config->plugin) : NULL;
}

/* The old one's connections are the new one's, by the same interfaces. */
static gboolean check_need(const TsrMachine *m, const TsrInstance *old, TsrPlugin *plugin,
			   const char *need, const char *provider, GError **error)
{
	const char *before = connected_interface(m, old->config->plugin, need, provider);
	const char *after = connected_interface(m, plugin, need, provider);

	if (!before)
		return TRUE;
	if (!tsr_links_know(before))
		return refuse(error, TSR_MACHINE_ERROR_INVALID,
			      "its connection '%s' is of %s, which cannot be moved while the "
			      "machine runs; restart the machine with the other version",
			      need, before);
	if (after && g_str_equal(before, after))
		return TRUE;
	return refuse(error, TSR_MACHINE_ERROR_VERSION,
		      "%s %s does not need %s for '%s', which %s provides; choose another version",
		      plugin->id, plugin->version, before, need, provider);
}

static gboolean check_needs(const TsrMachine *m, const TsrInstance *old, TsrPlugin *plugin,
			    GError **error)
{
	GPtrArray *needs = tsr_plugin_get_needs(plugin);
	const char *need, *provider;
	GHashTableIter iter;

	g_hash_table_iter_init(&iter, old->config->connections);
	while (g_hash_table_iter_next(&iter, (gpointer *)&need, (gpointer *)&provider))
		if (!check_need(m, old, plugin, need, provider, error))
			return FALSE;
	for (guint i = 0; i < needs->len; i++) {
		const TsrNeed *wanted = g_ptr_array_index(needs, i);

		if (!wanted->optional &&
		    !g_hash_table_lookup(old->config->connections, wanted->name))
			return refuse(error, TSR_MACHINE_ERROR_VERSION,
				      "%s %s needs a connection '%s', which this instance does not "
				      "have; restart the machine with one",
				      plugin->id, plugin->version, wanted->name);
	}
	return TRUE;
}

/* Its users go on with the interfaces that they have. */
static gboolean check_users(TsrMachine *m, const TsrInstance *old, TsrPlugin *plugin,
			    GError **error)
{
	for (guint i = 0; i < m->config->instances->len; i++) {
		const TsrInstanceConfig *user = g_ptr_array_index(m->config->instances, i);
		const char *need, *provider;
		GHashTableIter iter;

		g_hash_table_iter_init(&iter, user->connections);
		while (g_hash_table_iter_next(&iter, (gpointer *)&need, (gpointer *)&provider)) {
			const TsrNeed *wanted = tsr_plugin_find_need(user->plugin, need);
			const char *before = wanted && g_str_equal(provider, old->config->name)
						     ? tsr_need_choose(wanted, old->config->plugin)
						     : NULL;

			if (before && g_strcmp0(before, tsr_need_choose(wanted, plugin)) != 0)
				return refuse(error, TSR_MACHINE_ERROR_VERSION,
					      "%s uses its %s, which %s %s does not provide; "
					      "choose another version",
					      user->name, before, plugin->id, plugin->version);
		}
	}
	return TRUE;
}

/* -- Settings */

static gboolean take_property(TsrInstanceConfig *to, const TsrInstanceConfig *from,
			      const TsrPropertySpec *before, GError **error)
{
	const char *value = g_hash_table_lookup(from->properties, before->name);
	const TsrPropertySpec *after = tsr_plugin_find_property(to->plugin, before->name);
	g_autofree char *allowed = NULL;
	char *checked;

	if (!value || (!after && g_strcmp0(value, before->default_value) == 0) ||
	    (!after && !before->writable))
		return TRUE;
	if (!after)
		return refuse(error, TSR_MACHINE_ERROR_VERSION,
			      "it has %s=%s, and %s %s has no such property; choose another "
			      "version",
			      before->name, value, to->plugin->id, to->plugin->version);
	checked = tsr_property_check(after, value, &allowed);
	if (!checked)
		return refuse(error, TSR_MACHINE_ERROR_VERSION,
			      "it has %s=%s; in %s %s that is %s; choose another version",
			      before->name, value, to->plugin->id, to->plugin->version, allowed);
	g_hash_table_insert(to->properties, g_strdup(before->name), checked);
	return TRUE;
}

static void take_resource(TsrResource *to, const TsrResource *from)
{
	if (!from || from->type != to->type)
		return;
	to->base = from->base;
	to->channel = from->channel;
	g_free(to->line);
	to->line = g_strdup(from->line);
}

static gboolean take_settings(TsrInstanceConfig *to, const TsrInstanceConfig *from, GError **error)
{
	GPtrArray *specs = tsr_plugin_get_properties(from->plugin);
	const char *need, *provider;
	GHashTableIter iter;

	for (guint i = 0; i < specs->len; i++)
		if (!take_property(to, from, g_ptr_array_index(specs, i), error))
			return FALSE;
	for (guint i = 0; i < to->resources->len; i++) {
		TsrResource *resource = g_ptr_array_index(to->resources, i);

		take_resource(resource, tsr_config_find_resource(from, resource->name));
	}
	g_hash_table_iter_init(&iter, from->connections);
	while (g_hash_table_iter_next(&iter, (gpointer *)&need, (gpointer *)&provider))
		g_hash_table_insert(to->connections, g_strdup(need), g_strdup(provider));
	to->pci_device = from->pci_device;
	to->pci_function = from->pci_function;
	return TRUE;
}

/* Another version is tried in a copy of the machine's process, whose isolated devices would be the
 * machine's own. */
static gboolean check_isolation(TsrMachine *m, GError **error)
{
	for (guint i = 0; i < m->config->instances->len; i++) {
		const TsrInstanceConfig *config = g_ptr_array_index(m->config->instances, i);

		if (config->isolated)
			return refuse(error, TSR_MACHINE_ERROR_STATE,
				      "no plugin of a machine with isolated devices is upgraded "
				      "while it runs, and %s has isolation=process; restart the "
				      "machine with the other version",
				      config->name);
	}
	return TRUE;
}

TsrInstanceConfig *tsr_upgrade_plan(TsrMachine *m, const TsrInstance *old, const char *version,
				    GError **error)
{
	g_autoptr(TsrPlugin) plugin =
		check_isolation(m, error) ? find(old->config->plugin, version, error) : NULL;
	TsrInstanceConfig *config;

	if (!plugin || !check_version(old->config->plugin, plugin, error) ||
	    !check_lock(m->config, old->config->name, plugin, error) ||
	    !take_language(old->config->plugin, plugin, error) || !check_provided(old, error) ||
	    !check_needs(m, old, plugin, error) || !check_users(m, old, plugin, error))
		return NULL;
	config = tsr_instance_config_new(old->config->name, plugin);
	if (take_settings(config, old->config, error))
		return config;
	tsr_instance_config_free(config);
	return NULL;
}
