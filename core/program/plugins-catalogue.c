/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See plugins-catalogue.h. */
#include "program/plugins-catalogue.h"

#include <string.h>

#include "manifest/paths.h"
#include "manifest/plugin.h"
#include "manifest/property.h"

static void add_text(GVariantBuilder *fields, const char *name, const char *value)
{
	g_variant_builder_add(fields, "{sv}", name, g_variant_new_string(value ? value : ""));
}

static void add_flag(GVariantBuilder *fields, const char *name, gboolean value)
{
	g_variant_builder_add(fields, "{sv}", name, g_variant_new_boolean(value));
}

static void add_list(GVariantBuilder *fields, const char *name, const char *const *texts)
{
	g_variant_builder_add(fields, "{sv}", name, g_variant_new_strv(texts, texts ? -1 : 0));
}

/* NAME-local: the text by languages; left out if there is none. */
static void add_local(GVariantBuilder *fields, const char *name, GHashTable *texts)
{
	g_auto(GVariantBuilder) list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{ss}"));
	g_autofree char *key = g_strconcat(name, "-local", NULL);
	g_autoptr(GList) languages = texts ? g_hash_table_get_keys(texts) : NULL;

	if (!texts)
		return;
	languages = g_list_sort(languages, (GCompareFunc)strcmp);
	for (GList *each = languages; each; each = each->next)
		g_variant_builder_add(&list, "{ss}", each->data,
				      g_hash_table_lookup(texts, each->data));
	g_variant_builder_add(fields, "{sv}", key, g_variant_builder_end(&list));
}

/* -- What a manifest says, a dictionary for each */

static const char *const property_types[] = { "string", "int",  "bool", "size",
					      "enum",   "file", "files" };

static GVariant *describe_property(TsrPlugin *plugin, gconstpointer item)
{
	const TsrPropertySpec *spec = item;
	g_auto(GVariantBuilder) fields = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
	g_autofree char *takes = tsr_property_describe(spec);

	add_text(&fields, "name", spec->name);
	add_text(&fields, "type", property_types[spec->type]);
	add_text(&fields, "default", spec->default_value);
	add_text(&fields, "takes", takes);
	add_text(&fields, "text", spec->text);
	add_local(&fields, "text", g_hash_table_lookup(plugin->local_texts, spec->name));
	add_list(&fields, "values", (const char *const *)spec->values);
	g_variant_builder_add(&fields, "{sv}", "min", g_variant_new_int64(spec->min));
	g_variant_builder_add(&fields, "{sv}", "max", g_variant_new_int64(spec->max));
	add_flag(&fields, "mutable", spec->is_mutable);
	add_flag(&fields, "writable", spec->writable);
	add_flag(&fields, "saved", spec->saved);
	return g_variant_builder_end(&fields);
}

static GVariant *describe_need(TsrPlugin *plugin, gconstpointer item)
{
	const TsrNeed *need = item;
	g_auto(GVariantBuilder) fields = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);

	add_text(&fields, "name", need->name);
	add_list(&fields, "interfaces", (const char *const *)need->interfaces);
	add_flag(&fields, "optional", need->optional);
	return g_variant_builder_end(&fields);
}

static GVariant *describe_resource(TsrPlugin *plugin, gconstpointer item)
{
	static const char *const types[] = { "ports", "mmio", "irq", "dma", "rom" };
	const TsrResource *resource = item;
	g_auto(GVariantBuilder) fields = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);

	add_text(&fields, "name", resource->name);
	add_text(&fields, "type", types[resource->type]);
	g_variant_builder_add(&fields, "{sv}", "base", g_variant_new_uint64(resource->base));
	g_variant_builder_add(&fields, "{sv}", "length", g_variant_new_uint64(resource->length));
	add_text(&fields, "line", resource->line);
	g_variant_builder_add(&fields, "{sv}", "channel", g_variant_new_uint32(resource->channel));
	return g_variant_builder_end(&fields);
}

static void add_items(GVariantBuilder *fields, const char *name, TsrPlugin *plugin,
		      GPtrArray *items,
		      GVariant *(*describe)(TsrPlugin *plugin, gconstpointer item))
{
	g_auto(GVariantBuilder) list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));

	for (guint i = 0; i < items->len; i++)
		g_variant_builder_add_value(&list, describe(plugin, g_ptr_array_index(items, i)));
	g_variant_builder_add(fields, "{sv}", name, g_variant_builder_end(&list));
}

/* -- Plugins */

char *program_plugin_abi(TsrPlugin *plugin)
{
	const TsrVersion *oldest = &plugin->abi_oldest, *newest = &plugin->abi_newest;

	if (newest->parts == 1)
		return g_strdup_printf("%u.%u to every %u.*", oldest->part[0], oldest->part[1],
				       newest->part[0]);
	return g_strdup_printf("%u.%u to %u.%u", oldest->part[0], oldest->part[1], newest->part[0],
			       newest->part[1]);
}

/* Whether it lies in the user's own folder, so that `tessera plugins remove` takes it away. */
static gboolean is_users(TsrPlugin *plugin, const char *users)
{
	return users && g_str_has_prefix(plugin->path, users) &&
	       plugin->path[strlen(users)] == G_DIR_SEPARATOR;
}

/* "1.0"; "1" stands for every 1.x. */
static char *abi_text(const TsrVersion *v)
{
	return v->parts == 1 ? g_strdup_printf("%u", v->part[0])
			     : g_strdup_printf("%u.%u", v->part[0], v->part[1]);
}

static GVariant *describe_plugin(TsrPlugin *plugin, const char *users)
{
	g_auto(GVariantBuilder) fields = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
	g_autofree char *oldest = abi_text(&plugin->abi_oldest),
			*newest = abi_text(&plugin->abi_newest);

	add_text(&fields, "id", plugin->id);
	add_text(&fields, "version", plugin->version);
	add_text(&fields, "name", plugin->name);
	add_local(&fields, "name", plugin->local_names);
	add_text(&fields, "description", plugin->description);
	add_local(&fields, "description", plugin->local_descriptions);
	add_text(&fields, "kind", plugin->kind);
	add_text(&fields, "licence", plugin->licence);
	add_text(&fields, "vendor", plugin->vendor);
	add_text(&fields, "documentation", plugin->documentation);
	add_text(&fields, "abi-oldest", oldest);
	add_text(&fields, "abi-newest", newest);
	add_text(&fields, "language", plugin->language);
	add_text(&fields, "manifest", plugin->path);
	add_flag(&fields, "removable", is_users(plugin, users));
	add_list(&fields, "provides", tsr_plugin_get_provides(plugin));
	add_items(&fields, "properties", plugin, plugin->properties, describe_property);
	add_items(&fields, "needs", plugin, plugin->needs, describe_need);
	add_items(&fields, "resources", plugin, plugin->resources, describe_resource);
	return g_variant_builder_end(&fields);
}

GVariant *program_plugins_catalogue(TsrRegistry *registry)
{
	g_auto(GVariantBuilder) list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));
	g_auto(GVariantBuilder) fields = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
	g_autoptr(GPtrArray) plugins = tsr_registry_list_plugins(registry);
	g_autofree char *users = tsr_paths_user_plugins();

	for (guint i = 0; i < plugins->len; i++)
		g_variant_builder_add_value(&list,
					    describe_plugin(g_ptr_array_index(plugins, i), users));
	g_variant_builder_add(&fields, "{sv}", "plugins", g_variant_builder_end(&list));
	add_list(&fields, "refused", tsr_registry_get_refused(registry));
	return g_variant_ref_sink(g_variant_builder_end(&fields));
}
