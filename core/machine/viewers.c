/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * User interfaces that are opened for a machine after it was built. They are instances of plugins
 * of kind ui, but not parts of the machine: a host that has no tables of the data plane, so that
 * the machine may be in another process.
 */
#include <string.h>

#include <tessera-glib/machine.h>
#include <tessera/host.h>

#include "config/config.h"

#include "instance/instance.h"
#include "instance/machine-parts.h"
#include "machine/host-tables.h"
#include "manifest/plugin.h"
#include "manifest/property.h"

typedef struct {
	TsrConfig *config; /* of the one instance */
	TsrInstance *instance;
} TsrViewer;

static void viewer_free(gpointer data)
{
	TsrViewer *viewer = data;

	if (viewer->instance && viewer->instance->attached)
		tsr_instance_detach(viewer->instance);
	tsr_instance_free(viewer->instance);
	tsr_config_free(viewer->config);
	g_free(viewer);
}

static const void *viewer_get_table(const struct tsr_host *host, const char *name)
{
	static const char *const names[] = { TSR_PROPERTIES, TSR_LOG, TSR_BUS, TSR_GMACHINE, NULL };

	return g_strv_contains(names, name) ? tsr_host_tables_get(host, name) : NULL;
}

/* -- Which one, and its properties */

static TsrPlugin *first_of_kind_ui(TsrRegistry *registry, GError **error)
{
	GPtrArray *plugins = tsr_registry_list_plugins(registry);

	for (guint i = 0; i < plugins->len; i++)
		if (g_str_equal(tsr_plugin_get_kind(g_ptr_array_index(plugins, i)), TSR_KIND_UI))
			return g_ptr_array_index(plugins, i);
	g_set_error(
		error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
		"no plugin of kind ui is installed; `tessera plugins list` shows those that are");
	return NULL;
}

/* The value of the setting "NAME=VALUE"; NULL if there is none. */
static const char *find_setting(const char *const *settings, const char *name)
{
	gsize length = strlen(name);

	for (; settings && *settings; settings++)
		if (g_str_has_prefix(*settings, name) && (*settings)[length] == '=')
			return *settings + length + 1;
	return NULL;
}

/* *name becomes the instance of the machine's manifest, if the plugin is its. */
static TsrPlugin *choose_plugin(TsrMachine *m, TsrRegistry *registry, const char *wanted,
				char **name, GError **error)
{
	g_auto(GStrv) lines = wanted ? NULL : tsr_machine_list_viewers(m);
	char *space = lines && *lines ? strchr(*lines, ' ') : NULL;
	TsrPlugin *plugin;

	if (!space)
		plugin = wanted ? tsr_registry_find(registry, wanted, error)
				: first_of_kind_ui(registry, error);
	else
		plugin = tsr_registry_find(registry, space + 1, error);
	if (space)
		*name = g_strndup(*lines, (gsize)(space - *lines));
	if (!plugin || g_str_equal(tsr_plugin_get_kind(plugin), TSR_KIND_UI))
		return plugin;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
		    "plugin %s is no user interface: its kind is %s", tsr_plugin_get_id(plugin),
		    tsr_plugin_get_kind(plugin));
	return NULL;
}

static void take_from_manifest(TsrMachine *m, TsrInstanceConfig *config)
{
	GPtrArray *specs = tsr_plugin_get_properties(config->plugin);

	for (guint i = 0; i < specs->len; i++) {
		const TsrPropertySpec *spec = g_ptr_array_index(specs, i);
		char *value = tsr_machine_get_instance_property(m, config->name, spec->name, NULL);

		if (value)
			g_hash_table_replace(config->properties, g_strdup(spec->name), value);
	}
}

static gboolean take_setting(TsrInstanceConfig *config, const char *setting, GError **error)
{
	gboolean optional = *setting == '?';
	const char *equals = strchr(setting += optional, '=');
	g_autofree char *name = equals ? g_strndup(setting, (gsize)(equals - setting)) : NULL;
	const TsrPropertySpec *spec = name ? tsr_plugin_find_property(config->plugin, name) : NULL;
	g_autofree char *allowed = NULL;
	char *value = spec ? tsr_property_check(spec, equals + 1, &allowed) : NULL;

	if (value)
		g_hash_table_replace(config->properties, g_strdup(name), value);
	else if (!spec && !(optional && equals))
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "\"%s\" is not PROPERTY=VALUE; `tessera plugins inspect %s` lists the "
			    "properties",
			    setting, tsr_plugin_get_id(config->plugin));
	else if (spec)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "%s: \"%s\" is not %s", name, equals + 1, allowed);
	return value || (!spec && optional && equals);
}

static TsrConfig *make_config(TsrMachine *m, TsrRegistry *registry, const char *const *settings,
			      GError **error)
{
	g_autofree char *name = NULL;
	TsrPlugin *plugin =
		choose_plugin(m, registry, find_setting(settings, "plugin"), &name, error);
	g_autoptr(TsrConfig) config = tsr_config_new();
	TsrInstanceConfig *instance;

	if (!plugin || !tsr_registry_load_plugin(registry, plugin, error))
		return NULL;
	instance = tsr_config_add(config, name ? name : "viewer", plugin);
	instance->entry = plugin->entry;
	if (name)
		take_from_manifest(m, instance);
	for (; settings && *settings; settings++)
		if (!g_str_has_prefix(*settings, "plugin=") &&
		    !take_setting(instance, *settings, error))
			return NULL;
	return g_steal_pointer(&config);
}

/* -- Opening one */

gboolean tsr_machine_show(TsrMachine *self, TsrRegistry *registry, const char *const *settings,
			  GError **error)
{
	TsrViewer *viewer = g_new0(TsrViewer, 1);
	gboolean good;

	viewer->config = make_config(self, registry, settings, error);
	if (viewer->config)
		viewer->instance =
			tsr_instance_new(self, g_ptr_array_index(viewer->config->instances, 0),
					 viewer_get_table, error);
	good = viewer->instance && tsr_instance_attach(viewer->instance, error) &&
	       tsr_instance_realize(viewer->instance, error);
	if (!good) {
		viewer_free(viewer);
		return FALSE;
	}
	if (!self->viewers)
		self->viewers = g_ptr_array_new_with_free_func(viewer_free);
	g_ptr_array_add(self->viewers, viewer);
	self->viewers_need |= viewer->instance->config->plugin->needs_host;
	return TRUE;
}
