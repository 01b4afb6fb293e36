/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plugin manifests (docs/MANIFESTS.md) to TsrPlugin. The tables at the top are the format, which
 * fields.c reads. A manifest comes from a stranger: nothing in it is trusted.
 */
#include <string.h>

#include <tessera-glib/machine.h>

#include "jail/kinds.h"
#include "manifest/fields.h"
#include "manifest/keyfile.h"
#include "manifest/loader.h"
#include "manifest/plugin.h"
#include "manifest/property.h"

static const char *const kinds[] = { "device", "backend", "cpu", "mmu", "ui", NULL };
static const char *const property_types[] = { "string", "int",  "bool",  "size",
					      "enum",   "file", "files", NULL };
static const char *const file_accesses[] = { "create", "read", "write", NULL };
/* A word's index is the number of its bit in enum tsr_jail_need. */
static const char *const host_needs[] = { "network", "files", "exec", "display", NULL };
static const char *const resource_types[] = { "ports", "mmio", "irq", "dma", "rom", NULL };
/* Keys of an instance in a machine manifest; a property of that name could not be set. */
static const char *const reserved_names[] = { "plugin",    "slot",      "with", "address",
					      "placement", "isolation", NULL };

typedef struct {
	char *id, *version, *name, *description, *library, *licence, *vendor, *documentation;
	char *language;
	GHashTable *local_names, *local_descriptions;
	guint kind, state_version, state_oldest;
	TsrVersion abi_oldest, abi_newest;
	char **provides, **replaces, **needs_host, **drafts;
} PluginGroup;

static const TsrField plugin_fields[] = {
	TSR_FIELD(PluginGroup, "id", TSR_FIELD_WORD, TRUE, id),
	TSR_FIELD(PluginGroup, "version", TSR_FIELD_VERSION, TRUE, version),
	TSR_FIELD(PluginGroup, "name", TSR_FIELD_TEXT, TRUE, name),
	TSR_FIELD(PluginGroup, "name", TSR_FIELD_LOCAL, FALSE, local_names),
	TSR_FIELD(PluginGroup, "description", TSR_FIELD_TEXT, FALSE, description),
	TSR_FIELD(PluginGroup, "description", TSR_FIELD_LOCAL, FALSE, local_descriptions),
	{ "kind", TSR_FIELD_CHOICE, TRUE, offsetof(PluginGroup, kind), kinds },
	TSR_FIELD(PluginGroup, "library", TSR_FIELD_TEXT, FALSE, library),
	TSR_FIELD(PluginGroup, "language", TSR_FIELD_WORD, FALSE, language),
	TSR_FIELD(PluginGroup, "abi-oldest", TSR_FIELD_ABI, TRUE, abi_oldest),
	TSR_FIELD(PluginGroup, "abi-newest", TSR_FIELD_ABI, TRUE, abi_newest),
	TSR_FIELD(PluginGroup, "provides", TSR_FIELD_LIST, FALSE, provides),
	TSR_FIELD(PluginGroup, "needs-host", TSR_FIELD_LIST, FALSE, needs_host),
	TSR_FIELD(PluginGroup, "drafts", TSR_FIELD_LIST, FALSE, drafts),
	TSR_FIELD(PluginGroup, "state-version", TSR_FIELD_UINT, FALSE, state_version),
	TSR_FIELD(PluginGroup, "state-oldest", TSR_FIELD_UINT, FALSE, state_oldest),
	TSR_FIELD(PluginGroup, "replaces", TSR_FIELD_LIST, FALSE, replaces),
	TSR_FIELD(PluginGroup, "licence", TSR_FIELD_TEXT, FALSE, licence),
	TSR_FIELD(PluginGroup, "vendor", TSR_FIELD_TEXT, FALSE, vendor),
	TSR_FIELD(PluginGroup, "documentation", TSR_FIELD_TEXT, FALSE, documentation),
};

static const TsrField need_fields[] = {
	TSR_FIELD(TsrNeed, "interface", TSR_FIELD_INTERFACES, TRUE, interfaces),
	TSR_FIELD(TsrNeed, "optional", TSR_FIELD_BOOL, FALSE, optional),
};

typedef struct {
	guint type, access;
	char *min, *max, *default_value, *text;
	GHashTable *local_texts;
	char **values;
	gboolean is_mutable, writable, saved;
} PropertyGroup;

static const TsrField property_fields[] = {
	{ "type", TSR_FIELD_CHOICE, TRUE, offsetof(PropertyGroup, type), property_types },
	TSR_FIELD(PropertyGroup, "min", TSR_FIELD_INT_TEXT, FALSE, min),
	TSR_FIELD(PropertyGroup, "max", TSR_FIELD_INT_TEXT, FALSE, max),
	TSR_FIELD(PropertyGroup, "default", TSR_FIELD_TEXT, FALSE, default_value),
	TSR_FIELD(PropertyGroup, "values", TSR_FIELD_LIST, FALSE, values),
	TSR_FIELD(PropertyGroup, "mutable", TSR_FIELD_BOOL, FALSE, is_mutable),
	TSR_FIELD(PropertyGroup, "writable", TSR_FIELD_BOOL, FALSE, writable),
	TSR_FIELD(PropertyGroup, "saved", TSR_FIELD_BOOL, FALSE, saved),
	TSR_FIELD(PropertyGroup, "text", TSR_FIELD_TEXT, FALSE, text),
	TSR_FIELD(PropertyGroup, "text", TSR_FIELD_LOCAL, FALSE, local_texts),
	{ "access", TSR_FIELD_CHOICE, FALSE, offsetof(PropertyGroup, access), file_accesses },
};

typedef struct {
	guint type, channel;
	guint64 base, length;
	char *line;
} ResourceGroup;

static const TsrField resource_fields[] = {
	{ "type", TSR_FIELD_CHOICE, TRUE, offsetof(ResourceGroup, type), resource_types },
	TSR_FIELD(ResourceGroup, "base", TSR_FIELD_ADDRESS, FALSE, base),
	TSR_FIELD(ResourceGroup, "length", TSR_FIELD_ADDRESS, FALSE, length),
	TSR_FIELD(ResourceGroup, "line", TSR_FIELD_TEXT, FALSE, line),
	TSR_FIELD(ResourceGroup, "channel", TSR_FIELD_UINT, FALSE, channel),
};

typedef struct {
	TsrKeyFile *file;
	TsrPlugin *plugin;
	GError **error;
} Parser;

/* -- groups */

static char *text_or(char *text, const char *otherwise)
{
	return text ? text : g_strdup(otherwise);
}

/* Words that no core knows are refused by check_plugin_group. */
static unsigned needs_of(char **words)
{
	unsigned needs = 0;
	guint index;

	for (char **word = words; word && *word; word++)
		if (tsr_field_parse_choice(host_needs, *word, &index))
			needs |= 1u << index;
	return needs;
}

static void take_plugin_group(TsrPlugin *plugin, PluginGroup *g)
{
	g_autofree char *folder = g_path_get_dirname(plugin->path);
	g_autofree char *library = g_steal_pointer(&g->library);
	g_autofree char *usual = g->id ? g_strconcat(g->id, ".so", NULL) : NULL;

	plugin->id = g->id;
	plugin->version = g->version;
	plugin->name = g->name;
	plugin->description = text_or(g->description, "");
	plugin->local_names = g->local_names;
	plugin->local_descriptions = g->local_descriptions;
	plugin->kind = g_strdup(kinds[g->kind]);
	plugin->licence = text_or(g->licence, "");
	plugin->vendor = text_or(g->vendor, "");
	plugin->documentation = text_or(g->documentation, "");
	plugin->language = g->language;
	plugin->abi_oldest = g->abi_oldest;
	plugin->abi_newest = g->abi_newest;
	plugin->state_version = g->state_version;
	plugin->state_oldest = g->state_oldest ? g->state_oldest : g->state_version;
	plugin->needs_host = needs_of(g->needs_host);
	g_strfreev(g->needs_host);
	g_strfreev(g->drafts); /* for `tessera sdk check` */
	plugin->provides = g->provides ? g->provides : g_new0(char *, 1);
	plugin->replaces = g->replaces ? g->replaces : g_new0(char *, 1);
	plugin->library = g_build_filename(folder, library && *library ? library : usual, NULL);
	if (g->version)
		tsr_version_parse(g->version, &plugin->number);
}

static gboolean is_backwards(const TsrVersion *oldest, const TsrVersion *newest)
{
	return oldest->part[0] > newest->part[0] ||
	       (newest->parts == 2 && tsr_version_compare(oldest, newest) > 0);
}

static gboolean check_plugin_group(Parser *p, TsrGroup *group, const PluginGroup *g)
{
	for (char **i = g->provides; i && *i; i++)
		if (!tsr_field_is_interface(*i))
			return tsr_keyfile_error(p->error, TSR_MACHINE_ERROR_INVALID, p->file,
						 tsr_group_key(group, "provides")->line, "provides",
						 "\"%s\" is not an interface as tessera.block/1",
						 *i);
	for (char **i = g->drafts; i && *i; i++)
		if (!tsr_field_is_interface(*i))
			return tsr_keyfile_error(p->error, TSR_MACHINE_ERROR_INVALID, p->file,
						 tsr_group_key(group, "drafts")->line, "drafts",
						 "\"%s\" is not an interface as tessera.phys/1",
						 *i);
	for (char **i = g->needs_host; i && *i; i++) {
		g_autofree char *allowed = tsr_list_join(host_needs);
		guint index;

		if (!tsr_field_parse_choice(host_needs, *i, &index))
			return tsr_keyfile_error(p->error, TSR_MACHINE_ERROR_INVALID, p->file,
						 tsr_group_key(group, "needs-host")->line,
						 "needs-host", "\"%s\" is not one of %s", *i,
						 allowed);
	}
	if (g->library && (strchr(g->library, '/') || g_str_equal(g->library, "..")))
		return tsr_keyfile_error(
			p->error, TSR_MACHINE_ERROR_INVALID, p->file,
			tsr_group_key(group, "library")->line, "library",
			"the library stands beside its manifest: a file name without /");
	if (g->language && (!g->library || !*g->library))
		return tsr_keyfile_error(p->error, TSR_MACHINE_ERROR_INVALID, p->file,
					 tsr_group_key(group, "language")->line, "language",
					 "a plugin in %s names its script: library=FILE",
					 g->language);
	if (g->state_oldest > g->state_version)
		return tsr_keyfile_error(p->error, TSR_MACHINE_ERROR_INVALID, p->file,
					 tsr_group_key(group, "state-oldest")->line, "state-oldest",
					 "newer than state-version %u", g->state_version);
	if (is_backwards(&g->abi_oldest, &g->abi_newest))
		return tsr_keyfile_error(p->error, TSR_MACHINE_ERROR_INVALID, p->file,
					 tsr_group_key(group, "abi-oldest")->line, "abi-oldest",
					 "newer than abi-newest");
	return TRUE;
}

static gboolean parse_plugin(Parser *p, TsrGroup *group)
{
	PluginGroup g = { .state_version = 1 };
	gboolean done = tsr_fields_parse(p->file, p->error, group, plugin_fields,
					 G_N_ELEMENTS(plugin_fields), &g) &&
			check_plugin_group(p, group, &g);

	take_plugin_group(p->plugin, &g);
	return done;
}

static gboolean name_error(Parser *p, const TsrGroup *group, const char *name)
{
	return tsr_keyfile_error(p->error, TSR_MACHINE_ERROR_INVALID, p->file, group->line, NULL,
				 "[%s]: \"%s\" is not a name of letters, digits, - and _",
				 group->name, name);
}

static gboolean parse_need(Parser *p, TsrGroup *group, const char *name)
{
	TsrNeed *need = g_new0(TsrNeed, 1);

	g_ptr_array_add(p->plugin->needs, need);
	need->name = g_strdup(name);
	if (!tsr_fields_parse(p->file, p->error, group, need_fields, G_N_ELEMENTS(need_fields),
			      need))
		return FALSE;
	need->interface = g_strjoinv(";", need->interfaces);
	return TRUE;
}

static gboolean limit_from_text(TsrPropertySpec *spec, const char *text, gint64 *limit)
{
	guint64 bytes;

	if (!text)
		return TRUE;
	if (spec->type != TSR_PROPERTY_SIZE)
		return spec->type == TSR_PROPERTY_INT && tsr_parse_int(text, limit);
	if (!tsr_parse_size(text, 1024, &bytes) || bytes > G_MAXINT64)
		return FALSE;
	*limit = (gint64)bytes;
	return TRUE;
}

/* The default when none is written: the smallest value nearest to nothing. */
static char *plain_default(const TsrPropertySpec *spec)
{
	if (spec->type == TSR_PROPERTY_BOOL)
		return g_strdup("false");
	if (spec->type == TSR_PROPERTY_ENUM)
		return g_strdup(spec->values[0]);
	if (spec->type == TSR_PROPERTY_INT || spec->type == TSR_PROPERTY_SIZE)
		return g_strdup_printf("%" G_GINT64_FORMAT, CLAMP(0, spec->min, spec->max));
	return g_strdup("");
}

static gboolean check_property(Parser *p, TsrGroup *group, TsrPropertySpec *spec,
			       const PropertyGroup *g)
{
	const char *range = g->min ? "min" : "max";
	g_autofree char *allowed = NULL;
	char *checked;

	if (!limit_from_text(spec, g->min, &spec->min) ||
	    !limit_from_text(spec, g->max, &spec->max) || spec->min > spec->max)
		return tsr_keyfile_error(p->error, TSR_MACHINE_ERROR_INVALID, p->file,
					 tsr_group_key(group, range)->line, range,
					 "min and max are numbers, min not above max, of a "
					 "property of type int or size");
	if ((spec->type == TSR_PROPERTY_ENUM) != (spec->values && *spec->values))
		return tsr_keyfile_error(p->error, TSR_MACHINE_ERROR_INVALID, p->file, group->line,
					 "values",
					 "a property of type enum has values, others have none");
	if (g->access && spec->type != TSR_PROPERTY_FILE && spec->type != TSR_PROPERTY_FILES)
		return tsr_keyfile_error(p->error, TSR_MACHINE_ERROR_INVALID, p->file,
					 tsr_group_key(group, "access")->line, "access",
					 "only a property of type file or files has an access");
	if (!g->default_value || !*g->default_value) {
		spec->default_value = plain_default(spec);
		return TRUE;
	}
	checked = tsr_property_check(spec, g->default_value, &allowed);
	spec->default_value = checked ? checked : g_strdup("");
	if (!checked)
		return tsr_keyfile_error(p->error, TSR_MACHINE_ERROR_INVALID, p->file,
					 tsr_group_key(group, "default")->line, "default",
					 "\"%s\" is not %s", g->default_value, allowed);
	return TRUE;
}

static gboolean parse_property(Parser *p, TsrGroup *group, const char *name)
{
	PropertyGroup g = { .writable = TRUE, .saved = TRUE };
	TsrPropertySpec *spec = g_new0(TsrPropertySpec, 1);
	gboolean done = tsr_fields_parse(p->file, p->error, group, property_fields,
					 G_N_ELEMENTS(property_fields), &g);

	g_ptr_array_add(p->plugin->properties, spec);
	spec->name = g_strdup(name);
	spec->type = (TsrPropertyType)g.type;
	spec->min = g.type == TSR_PROPERTY_SIZE ? 0 : G_MININT64;
	spec->max = G_MAXINT64;
	spec->values = g.values;
	spec->is_mutable = g.is_mutable;
	spec->writable = g.writable;
	spec->saved = g.saved && g.is_mutable && g.writable && g.type != TSR_PROPERTY_FILE &&
		      g.type != TSR_PROPERTY_FILES;
	spec->text = text_or(g.text, "");
	if (g.local_texts)
		g_hash_table_replace(p->plugin->local_texts, spec->name, g.local_texts);
	spec->access = (TsrFileAccess)g.access;
	if (done && (g_strv_contains(reserved_names, name) || strchr(name, '.') ||
		     g_str_has_prefix(name, TSR_KEYFILE_OTHERS)))
		done = tsr_keyfile_error(p->error, TSR_MACHINE_ERROR_INVALID, p->file, group->line,
					 NULL, "[%s]: machine manifests use that name themselves",
					 group->name);
	done = done && check_property(p, group, spec, &g);
	g_free(g.min);
	g_free(g.max);
	g_free(g.default_value);
	return done;
}

static gboolean check_resource(Parser *p, TsrGroup *group, const TsrResource *r)
{
	static const char *const keys[][3] = {
		[TSR_RESOURCE_PORTS] = { "base", "length" },
		[TSR_RESOURCE_MMIO] = { "base", "length" },
		[TSR_RESOURCE_IRQ] = { "line" },
		[TSR_RESOURCE_DMA] = { "channel" },
		[TSR_RESOURCE_ROM] = { "base", "length" },
	};

	for (guint i = 0; i < group->keys->len; i++) {
		const TsrKey *key = g_ptr_array_index(group->keys, i);

		if (!g_str_equal(key->name, "type") && !g_strv_contains(keys[r->type], key->name))
			return tsr_keyfile_error(
				p->error, TSR_MACHINE_ERROR_INVALID, p->file, key->line, key->name,
				"a resource of type %s has no such key", resource_types[r->type]);
	}
	if (r->type == TSR_RESOURCE_PORTS &&
	    (r->base > 0xffff || r->length == 0 || r->length > 0x10000 - r->base))
		return tsr_keyfile_error(p->error, TSR_MACHINE_ERROR_INVALID, p->file, group->line,
					 NULL,
					 "[%s]: ports from base to base + length - 1 lie within 0 "
					 "to 0xffff; length is at least 1",
					 group->name);
	return TRUE;
}

static gboolean parse_resource(Parser *p, TsrGroup *group, const char *name)
{
	ResourceGroup g = { 0 };
	TsrResource *resource = g_new0(TsrResource, 1);
	gboolean done = tsr_fields_parse(p->file, p->error, group, resource_fields,
					 G_N_ELEMENTS(resource_fields), &g);

	g_ptr_array_add(p->plugin->resources, resource);
	resource->name = g_strdup(name);
	resource->type = (TsrResourceType)g.type;
	resource->base = g.base;
	resource->length = g.length;
	resource->line = text_or(g.line, "");
	resource->channel = g.channel;
	return done && check_resource(p, group, resource);
}

/* -- the file */

static const struct {
	const char *prefix;
	gboolean (*parse)(Parser *p, TsrGroup *group, const char *name);
} groups[] = {
	{ "Needs", parse_need },
	{ "Property", parse_property },
	{ "Resource", parse_resource },
};

static gboolean parse_group(Parser *p, TsrGroup *group)
{
	if (g_str_equal(group->name, "Plugin"))
		return parse_plugin(p, group);
	for (guint i = 0; i < G_N_ELEMENTS(groups); i++) {
		const char *name = tsr_group_suffix(group, groups[i].prefix);

		if (name)
			return tsr_field_is_word(name) ? groups[i].parse(p, group, name)
						       : name_error(p, group, name);
	}
	return tsr_keyfile_error(p->error, TSR_MACHINE_ERROR_INVALID, p->file, group->line, NULL,
				 "unknown group [%s]; there are [Plugin], [Needs NAME], [Property "
				 "NAME] and [Resource NAME]",
				 group->name);
}

static const char *text_of(TsrGroup *group, const char *name)
{
	const TsrKey *key = tsr_group_key(group, name);

	return key ? key->value : "";
}

/* Before anything else is looked at: a manifest for another ABI may have groups, keys and words
 * that this core does not know, and what helps then is another version of one of the two. What is
 * wrong with these four keys themselves is found later. */
static gboolean is_for_this_abi(TsrGroup *group, GError **error)
{
	g_autoptr(TsrPlugin) probe = g_object_new(TSR_TYPE_PLUGIN, NULL);

	probe->id = g_strdup(text_of(group, "id"));
	probe->version = g_strdup(text_of(group, "version"));
	return !tsr_field_is_word(probe->id) || !tsr_field_is_version(probe->version) ||
	       !tsr_field_parse_abi(text_of(group, "abi-oldest"), &probe->abi_oldest) ||
	       !tsr_field_parse_abi(text_of(group, "abi-newest"), &probe->abi_newest) ||
	       is_backwards(&probe->abi_oldest, &probe->abi_newest) ||
	       tsr_loader_check_abi(probe, error);
}

static TsrPlugin *plugin_from_keyfile(TsrKeyFile *file, GError **error)
{
	g_autoptr(TsrPlugin) plugin = g_object_new(TSR_TYPE_PLUGIN, NULL);
	TsrGroup *group = tsr_keyfile_group(file, "Plugin");
	Parser parser = { file, plugin, error };

	plugin->path = g_strdup(file->path);
	if (!group) {
		tsr_keyfile_error(error, TSR_MACHINE_ERROR_INVALID, file, 1, "[Plugin]",
				  "the group is missing");
		return NULL;
	}
	if (!is_for_this_abi(group, error))
		return NULL;
	for (guint i = 0; i < file->groups->len; i++)
		if (!parse_group(&parser, g_ptr_array_index(file->groups, i)))
			return NULL;
	return g_steal_pointer(&plugin);
}

TsrPlugin *tsr_plugin_new_from_manifest(const char *path, const char *text, gsize length,
					GError **error)
{
	g_autoptr(TsrKeyFile) file = tsr_keyfile_parse(path, text, length, error);

	return file ? plugin_from_keyfile(file, error) : NULL;
}

TsrPlugin *tsr_plugin_new_from_file(const char *path, GError **error)
{
	g_autoptr(TsrKeyFile) file = tsr_keyfile_load(path, error);

	return file ? plugin_from_keyfile(file, error) : NULL;
}
