/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See parts.h. */
#include "model/parts.h"

#include <stdlib.h>
#include <string.h>

#include "model/local-text.h"

#define INSTANCE "[Instance "

/* -- Fields of a dictionary */

static char *text(GVariant *fields, const char *name)
{
	char *value = NULL;

	return g_variant_lookup(fields, name, "s", &value) ? value : g_strdup("");
}

static char **texts(GVariant *fields, const char *name)
{
	char **values = NULL;

	return g_variant_lookup(fields, name, "^as", &values) ? values : g_new0(char *, 1);
}

static gboolean flag(GVariant *fields, const char *name)
{
	gboolean value = FALSE;

	return g_variant_lookup(fields, name, "b", &value) && value;
}

static GHashTable *pairs(GVariant *fields, const char *name)
{
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(GVariant) list = g_variant_lookup_value(fields, name, G_VARIANT_TYPE("a{ss}"));
	GVariantIter iter;
	char *key, *value;

	if (!list)
		return table;
	g_variant_iter_init(&iter, list);
	while (g_variant_iter_next(&iter, "{ss}", &key, &value))
		g_hash_table_insert(table, key, value);
	return table;
}

/* An item for each dictionary of a list. */
static GPtrArray *items(GVariant *fields, const char *name, gpointer (*make)(GVariant *fields),
			GDestroyNotify free_item)
{
	GPtrArray *array = g_ptr_array_new_with_free_func(free_item);
	g_autoptr(GVariant) list = g_variant_lookup_value(fields, name, G_VARIANT_TYPE("aa{sv}"));

	for (gsize i = 0; list && i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) child = g_variant_get_child_value(list, i);

		g_ptr_array_add(array, make(child));
	}
	return array;
}

static GVariant *parse(const char *printed)
{
	return printed ? g_variant_parse(G_VARIANT_TYPE_VARDICT, printed, NULL, NULL, NULL) : NULL;
}

/* -- Plugins */

static gpointer property_new(GVariant *fields)
{
	struct tsr_plugin_property *p = g_new0(struct tsr_plugin_property, 1);

	p->name = text(fields, "name");
	p->type = text(fields, "type");
	p->initial = text(fields, "default");
	p->text = tsr_local_text(fields, "text");
	p->values = texts(fields, "values");
	g_variant_lookup(fields, "min", "x", &p->min);
	g_variant_lookup(fields, "max", "x", &p->max);
	p->is_mutable = flag(fields, "mutable");
	p->writable = flag(fields, "writable");
	p->saved = flag(fields, "saved");
	return p;
}

static void property_free(gpointer data)
{
	struct tsr_plugin_property *p = data;

	g_free(p->name);
	g_free(p->type);
	g_free(p->initial);
	g_free(p->text);
	g_strfreev(p->values);
	g_free(p);
}

static gpointer need_new(GVariant *fields)
{
	struct tsr_plugin_need *n = g_new0(struct tsr_plugin_need, 1);

	n->name = text(fields, "name");
	n->interfaces = texts(fields, "interfaces");
	n->optional = flag(fields, "optional");
	return n;
}

static void need_free(gpointer data)
{
	struct tsr_plugin_need *n = data;

	g_free(n->name);
	g_strfreev(n->interfaces);
	g_free(n);
}

static gpointer resource_new(GVariant *fields)
{
	struct tsr_plugin_resource *r = g_new0(struct tsr_plugin_resource, 1);

	r->name = text(fields, "name");
	r->type = text(fields, "type");
	r->line = text(fields, "line");
	g_variant_lookup(fields, "base", "t", &r->base);
	g_variant_lookup(fields, "length", "t", &r->length);
	g_variant_lookup(fields, "channel", "u", &r->channel);
	return r;
}

static void resource_free(gpointer data)
{
	struct tsr_plugin_resource *r = data;

	g_free(r->name);
	g_free(r->type);
	g_free(r->line);
	g_free(r);
}

static gpointer plugin_new(GVariant *fields)
{
	struct tsr_plugin *p = g_new0(struct tsr_plugin, 1);

	p->id = text(fields, "id");
	p->version = text(fields, "version");
	p->name = tsr_local_text(fields, "name");
	p->description = tsr_local_text(fields, "description");
	p->kind = text(fields, "kind");
	p->vendor = text(fields, "vendor");
	p->licence = text(fields, "licence");
	p->abi_oldest = text(fields, "abi-oldest");
	p->abi_newest = text(fields, "abi-newest");
	p->language = text(fields, "language");
	p->manifest = text(fields, "manifest");
	p->is_removable = flag(fields, "removable");
	p->provides = texts(fields, "provides");
	p->properties = items(fields, "properties", property_new, property_free);
	p->needs = items(fields, "needs", need_new, need_free);
	p->resources = items(fields, "resources", resource_new, resource_free);
	return p;
}

static void plugin_free(gpointer data)
{
	struct tsr_plugin *p = data;
	char *own[] = { p->id,         p->version,  p->name,    p->description,
			p->kind,       p->vendor,   p->licence, p->abi_oldest,
			p->abi_newest, p->language, p->manifest };

	for (guint i = 0; i < G_N_ELEMENTS(own); i++)
		g_free(own[i]);
	g_strfreev(p->provides);
	g_ptr_array_unref(p->properties);
	g_ptr_array_unref(p->needs);
	g_ptr_array_unref(p->resources);
	g_free(p);
}

struct tsr_catalogue *tsr_catalogue_parse(const char *printed)
{
	g_autoptr(GVariant) fields = parse(printed);
	struct tsr_catalogue *catalogue = fields ? g_new0(struct tsr_catalogue, 1) : NULL;

	if (!catalogue)
		return NULL;
	catalogue->plugins = items(fields, "plugins", plugin_new, plugin_free);
	catalogue->refused = texts(fields, "refused");
	return catalogue;
}

void tsr_catalogue_free(struct tsr_catalogue *catalogue)
{
	if (!catalogue)
		return;
	g_ptr_array_unref(catalogue->plugins);
	g_strfreev(catalogue->refused);
	g_free(catalogue);
}

const struct tsr_plugin *tsr_catalogue_find(const struct tsr_catalogue *catalogue, const char *id,
					    const char *version)
{
	for (guint i = 0; i < catalogue->plugins->len; i++) {
		const struct tsr_plugin *p = g_ptr_array_index(catalogue->plugins, i);

		if (g_str_equal(p->id, id) && (!version || g_str_equal(p->version, version)))
			return p;
	}
	return NULL;
}

const struct tsr_plugin_property *tsr_plugin_property_of(const struct tsr_plugin *plugin,
							 const char *name)
{
	for (guint i = 0; i < plugin->properties->len; i++) {
		const struct tsr_plugin_property *p = g_ptr_array_index(plugin->properties, i);

		if (g_str_equal(p->name, name))
			return p;
	}
	return NULL;
}

gboolean tsr_plugin_serves(const struct tsr_plugin *plugin, const struct tsr_plugin_need *need)
{
	for (char **interface = need->interfaces; *interface; interface++)
		if (g_strv_contains((const char *const *)plugin->provides, *interface))
			return TRUE;
	return FALSE;
}

/* -- Parts */

static gpointer part_new(GVariant *fields)
{
	struct tsr_part *p = g_new0(struct tsr_part, 1);

	p->name = text(fields, "name");
	p->where = text(fields, "where");
	p->id = text(fields, "plugin");
	p->version = text(fields, "version");
	p->requirement = text(fields, "requirement");
	p->slot = text(fields, "slot");
	p->exists = flag(fields, "exists");
	p->settings = pairs(fields, "settings");
	p->properties = pairs(fields, "properties");
	p->connections = pairs(fields, "connections");
	return p;
}

static void part_free(gpointer data)
{
	struct tsr_part *p = data;

	g_free(p->name);
	g_free(p->where);
	g_free(p->id);
	g_free(p->version);
	g_free(p->requirement);
	g_free(p->slot);
	g_hash_table_unref(p->settings);
	g_hash_table_unref(p->properties);
	g_hash_table_unref(p->connections);
	g_free(p);
}

/* A switch of the machine as its file says it. */
static gboolean is_true(GVariant *fields, const char *name)
{
	g_autofree char *value = text(fields, name);

	return tsr_part_is_true(value);
}

struct tsr_parts *tsr_parts_parse(const char *printed)
{
	g_autoptr(GVariant) fields = parse(printed);
	struct tsr_parts *parts = fields ? g_new0(struct tsr_parts, 1) : NULL;

	if (!parts)
		return NULL;
	parts->memory = text(fields, "memory");
	parts->cpu = text(fields, "cpu");
	parts->mmu = text(fields, "mmu");
	parts->problem = text(fields, "problem");
	parts->upgrades = is_true(fields, "upgrades");
	parts->aliases = pairs(fields, "aliases");
	parts->files = texts(fields, "files");
	parts->parts = items(fields, "instances", part_new, part_free);
	return parts;
}

void tsr_parts_free(struct tsr_parts *parts)
{
	if (!parts)
		return;
	g_free(parts->memory);
	g_free(parts->cpu);
	g_free(parts->mmu);
	g_free(parts->problem);
	g_hash_table_unref(parts->aliases);
	g_strfreev(parts->files);
	g_ptr_array_unref(parts->parts);
	g_free(parts);
}

const struct tsr_part *tsr_parts_find(const struct tsr_parts *parts, const char *name)
{
	for (guint i = 0; i < parts->parts->len; i++) {
		const struct tsr_part *part = g_ptr_array_index(parts->parts, i);

		if (g_str_equal(part->name, name))
			return part;
	}
	return NULL;
}

const char *tsr_part_value(const struct tsr_part *part, const struct tsr_plugin_property *property)
{
	const char *value = g_hash_table_lookup(part->settings, property->name);

	return value ? value : property->initial;
}

gboolean tsr_part_is_true(const char *value)
{
	static const char *const words[] = { "true", "yes", "on", "1", NULL };

	return g_strv_contains(words, value);
}

/* -- Whom a problem is about */

/* The part whose group a line of the manifest, counted from 1, is in. */
static const struct tsr_part *part_at(const struct tsr_parts *parts, const char *lines, long line)
{
	g_auto(GStrv) all = g_strsplit(lines, "\n", -1);
	const struct tsr_part *part = NULL;

	for (long i = 0; i < line && all[i]; i++) {
		g_autofree char *name = NULL;

		if (*all[i] != '[')
			continue;
		part = NULL;
		if (!g_str_has_prefix(all[i], INSTANCE))
			continue;
		name = g_strndup(all[i] + strlen(INSTANCE),
				 strcspn(all[i] + strlen(INSTANCE), "]"));
		part = tsr_parts_find(parts, name);
	}
	return part;
}

/* "PATH:LINE: …" of a mistake that is written, or "PART: …" of one that shows when it is made. */
const struct tsr_part *tsr_parts_blame(const struct tsr_parts *parts, const char *path,
				       const char *lines)
{
	const char *problem = parts->problem;
	g_autofree char *name = g_strndup(problem, strcspn(problem, ":"));

	if (g_str_has_prefix(problem, path) && problem[strlen(path)] == ':')
		return part_at(parts, lines, strtol(problem + strlen(path) + 1, NULL, 10));
	return tsr_parts_find(parts, name);
}
