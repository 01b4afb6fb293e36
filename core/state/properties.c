/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See properties.h. */
#include "state/properties.h"

#include "config/config.h"
#include "instance/instance.h"
#include "instance/machine-parts.h"
#include "manifest/plugin.h"

static GVariant *save_instance(TsrInstance *instance)
{
	GPtrArray *specs = tsr_plugin_get_properties(instance->config->plugin);
	GVariantBuilder values;

	g_variant_builder_init(&values, G_VARIANT_TYPE("a{ss}"));
	for (guint i = 0; i < specs->len; i++) {
		const TsrPropertySpec *spec = g_ptr_array_index(specs, i);
		const char *value = g_hash_table_lookup(instance->config->properties, spec->name);

		if (spec->saved && value)
			g_variant_builder_add(&values, "{ss}", spec->name, value);
	}
	return g_variant_builder_end(&values);
}

GVariant *tsr_properties_save(TsrMachine *m)
{
	GVariantBuilder instances;

	g_variant_builder_init(&instances, G_VARIANT_TYPE("a{sa{ss}}"));
	for (guint i = 0; i < m->instances->len; i++) {
		TsrInstance *instance = g_ptr_array_index(m->instances, i);
		GVariant *values = g_variant_ref_sink(save_instance(instance));

		if (g_variant_n_children(values))
			g_variant_builder_add(&instances, "{s@a{ss}}", instance->config->name,
					      values);
		g_variant_unref(values);
	}
	return g_variant_builder_end(&instances);
}

static gboolean load_value(TsrInstance *instance, const char *name, const char *value,
			   GError **error)
{
	const TsrPropertySpec *spec = tsr_plugin_find_property(instance->config->plugin, name);
	const char *now = g_hash_table_lookup(instance->config->properties, name);

	return !spec || !spec->saved || g_strcmp0(now, value) == 0 ||
	       tsr_instance_set_property(instance, name, value, error);
}

static gboolean load_instance(TsrMachine *m, const char *name, GVariant *values, GError **error)
{
	TsrInstance *instance = tsr_machine_find_instance(m, name);
	GVariantIter iter;
	const char *property, *value;

	g_variant_iter_init(&iter, values);
	while (instance && g_variant_iter_next(&iter, "{&s&s}", &property, &value))
		if (!load_value(instance, property, value, error))
			return FALSE;
	return TRUE;
}

gboolean tsr_properties_load(TsrMachine *m, GVariant *properties, GError **error)
{
	GVariantIter iter;
	const char *name;
	GVariant *values;
	gboolean good = TRUE;

	if (!properties)
		return TRUE;
	g_variant_iter_init(&iter, properties);
	while (good && g_variant_iter_next(&iter, "{&s@a{ss}}", &name, &values)) {
		good = load_instance(m, name, values, error);
		g_variant_unref(values);
	}
	return good;
}
