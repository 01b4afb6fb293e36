/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See config.h. */
#include "config/config.h"

#include "manifest/plugin.h"

void tsr_instance_config_free(TsrInstanceConfig *instance)
{
	if (!instance)
		return;
	g_free(instance->name);
	g_object_unref(instance->plugin);
	g_hash_table_unref(instance->properties);
	g_hash_table_unref(instance->connections);
	g_ptr_array_unref(instance->resources);
	g_free(instance);
}

static void instance_free(gpointer data)
{
	tsr_instance_config_free(data);
}

TsrConfig *tsr_config_new(void)
{
	TsrConfig *config = g_new0(TsrConfig, 1);

	config->aliases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	config->instances = g_ptr_array_new_with_free_func(instance_free);
	return config;
}

void tsr_config_free(TsrConfig *config)
{
	if (!config)
		return;
	g_free(config->name);
	g_free(config->description);
	g_free(config->cpu);
	g_free(config->mmu);
	g_hash_table_unref(config->aliases);
	g_ptr_array_unref(config->instances);
	g_free(config->lock);
	g_free(config->lock_machine);
	g_free(config);
}

TsrInstanceConfig *tsr_instance_config_new(const char *name, TsrPlugin *plugin)
{
	TsrInstanceConfig *instance = g_new0(TsrInstanceConfig, 1);
	GPtrArray *specs = tsr_plugin_get_properties(plugin);
	GPtrArray *resources = tsr_plugin_get_resources(plugin);

	instance->name = g_strdup(name);
	instance->plugin = g_object_ref(plugin);
	instance->properties = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	instance->connections = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	instance->resources = g_ptr_array_new_with_free_func((GDestroyNotify)tsr_resource_free);
	instance->pci_device = instance->pci_function = -1;
	for (guint i = 0; i < specs->len; i++) {
		const TsrPropertySpec *spec = g_ptr_array_index(specs, i);

		g_hash_table_insert(instance->properties, g_strdup(spec->name),
				    g_strdup(spec->default_value));
	}
	for (guint i = 0; i < resources->len; i++)
		g_ptr_array_add(instance->resources,
				tsr_resource_copy(g_ptr_array_index(resources, i)));
	return instance;
}

TsrInstanceConfig *tsr_config_add(TsrConfig *config, const char *name, TsrPlugin *plugin)
{
	TsrInstanceConfig *instance = tsr_instance_config_new(name, plugin);

	g_ptr_array_add(config->instances, instance);
	return instance;
}

TsrInstanceConfig *tsr_config_find(TsrConfig *config, const char *name)
{
	for (guint i = 0; i < config->instances->len; i++) {
		TsrInstanceConfig *instance = g_ptr_array_index(config->instances, i);

		if (g_str_equal(instance->name, name))
			return instance;
	}
	return NULL;
}

TsrResource *tsr_config_find_resource(const TsrInstanceConfig *instance, const char *name)
{
	for (guint i = 0; i < instance->resources->len; i++) {
		TsrResource *resource = g_ptr_array_index(instance->resources, i);

		if (g_str_equal(resource->name, name))
			return resource;
	}
	return NULL;
}
