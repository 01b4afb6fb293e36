/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TsrPlugin: one version of one plugin, as its manifest describes it. Made by manifest.c. */
#include "manifest/plugin.h"

G_DEFINE_FINAL_TYPE(TsrPlugin, tsr_plugin, G_TYPE_OBJECT)

static void property_free(gpointer data)
{
	TsrPropertySpec *spec = data;

	g_free(spec->name);
	g_free(spec->default_value);
	g_strfreev(spec->values);
	g_free(spec->text);
	g_free(spec);
}

static void need_free(gpointer data)
{
	TsrNeed *need = data;

	g_free(need->name);
	g_free(need->interface);
	g_strfreev(need->interfaces);
	g_free(need);
}

void tsr_resource_free(TsrResource *resource)
{
	g_free(resource->name);
	g_free(resource->line);
	g_free(resource);
}

TsrResource *tsr_resource_copy(const TsrResource *resource)
{
	TsrResource *copy = g_memdup2(resource, sizeof(*resource));

	copy->name = g_strdup(resource->name);
	copy->line = g_strdup(resource->line);
	return copy;
}

static void tsr_plugin_init(TsrPlugin *self)
{
	self->properties = g_ptr_array_new_with_free_func(property_free);
	self->local_texts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
						  (GDestroyNotify)g_hash_table_unref);
	self->needs = g_ptr_array_new_with_free_func(need_free);
	self->resources = g_ptr_array_new_with_free_func((GDestroyNotify)tsr_resource_free);
}

static void tsr_plugin_finalize(GObject *object)
{
	TsrPlugin *self = TSR_PLUGIN(object);
	char *const texts[] = {
		self->path,        self->library,       self->id,       self->version,
		self->name,        self->kind,          self->licence,  self->vendor,
		self->description, self->documentation, self->language,
	};

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(texts[i]);
	g_strfreev(self->provides);
	g_strfreev(self->replaces);
	g_clear_pointer(&self->local_names, g_hash_table_unref);
	g_clear_pointer(&self->local_descriptions, g_hash_table_unref);
	g_hash_table_unref(self->local_texts);
	g_ptr_array_unref(self->properties);
	g_ptr_array_unref(self->needs);
	g_ptr_array_unref(self->resources);
	G_OBJECT_CLASS(tsr_plugin_parent_class)->finalize(object);
}

static void tsr_plugin_class_init(TsrPluginClass *class)
{
	G_OBJECT_CLASS(class)->finalize = tsr_plugin_finalize;
}

const char *tsr_plugin_get_id(TsrPlugin *self)
{
	return self->id;
}

const char *tsr_plugin_get_version(TsrPlugin *self)
{
	return self->version;
}

const char *tsr_plugin_get_name(TsrPlugin *self)
{
	return self->name;
}

const char *tsr_plugin_get_description(TsrPlugin *self)
{
	return self->description;
}

const char *tsr_plugin_get_kind(TsrPlugin *self)
{
	return self->kind;
}

const char *tsr_plugin_get_manifest_path(TsrPlugin *self)
{
	return self->path;
}

const char *tsr_plugin_get_licence(TsrPlugin *self)
{
	return self->licence;
}

const char *tsr_plugin_get_vendor(TsrPlugin *self)
{
	return self->vendor;
}

const char *tsr_plugin_get_documentation(TsrPlugin *self)
{
	return self->documentation;
}

guint tsr_plugin_get_state_version(TsrPlugin *self)
{
	return self->state_version;
}

guint tsr_plugin_get_state_oldest(TsrPlugin *self)
{
	return self->state_oldest;
}

const char *const *tsr_plugin_get_provides(TsrPlugin *self)
{
	return (const char *const *)self->provides;
}

GPtrArray *tsr_plugin_get_properties(TsrPlugin *self)
{
	return self->properties;
}

GPtrArray *tsr_plugin_get_needs(TsrPlugin *self)
{
	return self->needs;
}

GPtrArray *tsr_plugin_get_resources(TsrPlugin *self)
{
	return self->resources;
}

char *tsr_plugin_dup_folder(const TsrPlugin *self)
{
	g_autofree char *version = g_path_get_dirname(self->path);
	g_autofree char *id = g_path_get_dirname(version);

	return g_path_get_dirname(id);
}

gboolean tsr_plugin_has_interface(TsrPlugin *self, const char *interface)
{
	return g_strv_contains((const char *const *)self->provides, interface);
}

const TsrPropertySpec *tsr_plugin_find_property(TsrPlugin *self, const char *name)
{
	for (guint i = 0; i < self->properties->len; i++) {
		const TsrPropertySpec *spec = g_ptr_array_index(self->properties, i);

		if (g_str_equal(spec->name, name))
			return spec;
	}
	return NULL;
}

const TsrNeed *tsr_plugin_find_need(TsrPlugin *self, const char *name)
{
	for (guint i = 0; i < self->needs->len; i++) {
		const TsrNeed *need = g_ptr_array_index(self->needs, i);

		if (g_str_equal(need->name, name))
			return need;
	}
	return NULL;
}

const char *tsr_need_choose(const TsrNeed *need, TsrPlugin *provider)
{
	for (char **interface = need->interfaces; *interface; interface++)
		if (tsr_plugin_has_interface(provider, *interface))
			return *interface;
	return NULL;
}
