/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a machine is made of, for programs that show and change it. A machine whose parts do not fit
 * together is described, too: as it is written, with what is wrong with it.
 */
#include <string.h>

#include <tessera-glib/product.h>

#include "config/draft.h"
#include "manifest/plugin.h"

#define CONNECT "connect."

typedef struct {
	TsrDraft *draft;
	gboolean good; /* it was resolved: instances have results */
} Description;

/* -- Dictionaries of text */

static void add_pair(GVariantBuilder *out, const char *key, const char *value)
{
	g_variant_builder_add(out, "{ss}", key, value);
}

static void add_texts(GVariantBuilder *fields, const char *name, GHashTable *texts)
{
	g_auto(GVariantBuilder) out = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{ss}"));
	GHashTableIter iter;
	gpointer key, value;

	g_hash_table_iter_init(&iter, texts);
	while (g_hash_table_iter_next(&iter, &key, &value))
		add_pair(&out, key, value);
	g_variant_builder_add(fields, "{sv}", name, g_variant_builder_end(&out));
}

/* As they are written, here or in a machine that this one extends. */
static void add_settings(GVariantBuilder *fields, const char *name, GHashTable *settings)
{
	g_auto(GVariantBuilder) out = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{ss}"));
	GHashTableIter iter;
	gpointer key, value;

	g_hash_table_iter_init(&iter, settings);
	while (g_hash_table_iter_next(&iter, &key, &value))
		add_pair(&out, key, ((const TsrSetting *)value)->value);
	g_variant_builder_add(fields, "{sv}", name, g_variant_builder_end(&out));
}

static void add_text(GVariantBuilder *fields, const char *name, const char *value)
{
	g_variant_builder_add(fields, "{sv}", name, g_variant_new_string(value ? value : ""));
}

/* -- One instance */

static const char *text_of(const TsrDraftInstance *instance, const char *key)
{
	const TsrSetting *setting = g_hash_table_lookup(instance->settings, key);

	return setting ? setting->value : "";
}

static gboolean is_here(const Description *d, const TsrDraftInstance *instance)
{
	const char *with = text_of(instance, "with");
	const TsrDraftInstance *other = *with ? tsr_draft_find(d->draft, with) : NULL;

	if (d->good)
		return instance->exists;
	return instance->slot ? instance->slot_filled
			      : !other || other == instance || !other->slot || other->slot_filled;
}

/* What is written, as far as it leads to a part of this machine. */
static void add_written_connections(const Description *d, GVariantBuilder *fields,
				    const TsrDraftInstance *instance)
{
	g_autoptr(GHashTable) connections = g_hash_table_new(g_str_hash, g_str_equal);
	GHashTableIter iter;
	gpointer key, value;

	g_hash_table_iter_init(&iter, instance->settings);
	while (g_hash_table_iter_next(&iter, &key, &value)) {
		const char *name = ((const TsrSetting *)value)->value;
		const TsrDraftInstance *other;

		name += *name == '?';
		other = tsr_draft_find(d->draft, name);
		if (g_str_has_prefix(key, CONNECT) && other && is_here(d, other))
			g_hash_table_insert(connections, (char *)key + strlen(CONNECT),
					    (gpointer)name);
	}
	add_texts(fields, "connections", connections);
}

/* NULL: none that is installed is meant. */
static TsrPlugin *plugin_of(const Description *d, const TsrDraftInstance *instance)
{
	const char *wanted = text_of(instance, "plugin");

	if (instance->plugin)
		return instance->plugin;
	return tsr_registry_find(d->draft->registry, wanted + (*wanted == '?'), NULL);
}

static void add_instance(const Description *d, GVariantBuilder *list,
			 const TsrDraftInstance *instance)
{
	g_auto(GVariantBuilder) fields = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
	const gboolean is_in = is_here(d, instance), has_result = d->good && is_in;
	TsrPlugin *plugin = plugin_of(d, instance);
	const char *wanted = text_of(instance, "plugin");
	g_autofree char *id = g_strndup(wanted + (*wanted == '?'),
					strcspn(wanted + (*wanted == '?'), TSR_REQUIREMENT_ENDS));

	add_text(&fields, "name", instance->name);
	add_text(&fields, "where", instance->where);
	add_text(&fields, "plugin", id);
	add_text(&fields, "requirement", wanted);
	add_text(&fields, "version", plugin ? plugin->version : NULL);
	add_text(&fields, "slot", instance->slot);
	g_variant_builder_add(&fields, "{sv}", "exists", g_variant_new_boolean(is_in));
	add_settings(&fields, "settings", instance->settings);
	if (has_result) {
		add_texts(&fields, "properties", instance->result->properties);
		add_texts(&fields, "connections", instance->result->connections);
	} else {
		add_written_connections(d, &fields, instance);
	}
	g_variant_builder_add_value(list, g_variant_builder_end(&fields));
}

/* -- The machine */

static void add_instances(const Description *d, GVariantBuilder *fields)
{
	g_auto(GVariantBuilder) list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));

	for (guint i = 0; i < d->draft->instances->len; i++)
		add_instance(d, &list, g_ptr_array_index(d->draft->instances, i));
	g_variant_builder_add(fields, "{sv}", "instances", g_variant_builder_end(&list));
}

static void add_machine(const Description *d, GVariantBuilder *fields)
{
	static const char *const keys[] = { "name", "description", "memory",
					    "cpu",  "mmu",         "upgrades" };
	g_auto(GVariantBuilder) files = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("as"));

	for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
		const TsrSetting *setting = g_hash_table_lookup(d->draft->machine, keys[i]);

		add_text(fields, keys[i], setting ? setting->value : NULL);
	}
	for (guint i = 0; i < d->draft->files->len; i++)
		g_variant_builder_add(&files, "s", g_ptr_array_index(d->draft->files, i));
	g_variant_builder_add(fields, "{sv}", "files", g_variant_builder_end(&files));
}

GVariant *tsr_product_describe(TsrRegistry *registry, const char *file,
			       const char *const *overrides, GError **error)
{
	g_autoptr(TsrDraft) draft = tsr_draft_load(registry, file, overrides, error);
	g_auto(GVariantBuilder) fields = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
	g_autoptr(TsrConfig) config = NULL;
	g_autoptr(GError) why = NULL;
	Description d = { .draft = draft };

	if (!draft)
		return NULL;
	draft->unloaded = TRUE;
	config = tsr_draft_resolve(draft, &why);
	d.good = config && tsr_config_order(config, &why);
	add_machine(&d, &fields);
	add_settings(&fields, "aliases", draft->aliases);
	add_text(&fields, "problem", why ? why->message : NULL);
	add_instances(&d, &fields);
	return g_variant_ref_sink(g_variant_builder_end(&fields));
}
