/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An instance's keys, each checked against its plugin's manifest: properties, connections,
 * resources and the PCI address.
 */
#include <string.h>

#include <tessera/block.h>
#include <tessera/chardev.h>
#include <tessera/net.h>

#include "config/draft.h"
#include "config/firmware.h"
#include "manifest/plugin.h"
#include "manifest/property.h"

typedef struct {
	TsrDraft *draft;
	TsrDraftInstance *instance;
	const char *key; /* without its prefix */
	const TsrSetting *setting;
	GError **error;
} KeyContext;

static char *property_names(TsrPlugin *plugin)
{
	g_autoptr(GString) names = g_string_new(NULL);
	GPtrArray *specs = tsr_plugin_get_properties(plugin);

	for (guint i = 0; i < specs->len; i++) {
		const TsrPropertySpec *spec = g_ptr_array_index(specs, i);

		if (spec->writable)
			g_string_append_printf(names, "%s%s", names->len ? ", " : "", spec->name);
	}
	return g_strdup(names->len ? names->str : "none");
}

static gboolean is_firmware(const TsrPropertySpec *spec, const char *value)
{
	return spec->type == TSR_PROPERTY_FILE && spec->access == TSR_FILE_ACCESS_READ &&
	       tsr_firmware_names(value);
}

/* A name becomes a path, and the file is what the lock says. */
static gboolean find_firmware(TsrDraft *draft, TsrDraftInstance *instance,
			      const TsrPropertySpec *spec, GError **error)
{
	const char *value = g_hash_table_lookup(instance->result->properties, spec->name);
	gboolean named = is_firmware(spec, value);

	if (named) {
		char *path = tsr_firmware_find(tsr_firmware_names(value));

		value = path ? path : g_strdup("");
		g_hash_table_replace(instance->result->properties, g_strdup(spec->name),
				     (char *)value);
	}
	return !draft->lock || spec->type != TSR_PROPERTY_FILE ||
	       tsr_lock_check_firmware(draft->lock, instance->name, spec->name, value, named,
				       error);
}

/* When all keys are taken. */
static gboolean find_all_firmware(TsrDraft *draft, TsrDraftInstance *instance, GError **error)
{
	GPtrArray *specs = tsr_plugin_get_properties(instance->plugin);

	for (guint i = 0; i < specs->len; i++)
		if (!find_firmware(draft, instance, g_ptr_array_index(specs, i), error))
			return FALSE;
	return TRUE;
}

static gboolean take_property(const KeyContext *c)
{
	TsrPlugin *plugin = c->instance->plugin;
	const TsrPropertySpec *spec = tsr_plugin_find_property(plugin, c->key);
	g_autofree char *allowed = NULL, *value = NULL;

	if (!spec) {
		g_autofree char *names = property_names(plugin);

		return tsr_draft_error(c->error, TSR_MACHINE_ERROR_INVALID, c->setting->where,
				       "plugin %s has no property %s; it has %s",
				       tsr_plugin_get_id(plugin), c->key, names);
	}
	if (!spec->writable)
		return tsr_draft_error(c->error, TSR_MACHINE_ERROR_INVALID, c->setting->where,
				       "%s of plugin %s can only be read", c->key,
				       tsr_plugin_get_id(plugin));
	value = tsr_property_check(spec, c->setting->value, &allowed);
	if (!value)
		return tsr_draft_error(c->error, TSR_MACHINE_ERROR_INVALID, c->setting->where,
				       "%s: \"%s\" is not %s", c->key, c->setting->value, allowed);
	if (!is_firmware(spec, value) &&
	    (spec->type == TSR_PROPERTY_FILE || spec->type == TSR_PROPERTY_FILES)) {
		char *paths = tsr_draft_resolve_paths(c->draft, c->instance, c->setting, spec,
						      value, c->error);

		g_free(value);
		value = paths;
		if (!paths)
			return FALSE;
	}
	g_hash_table_replace(c->instance->result->properties, g_strdup(c->key),
			     g_steal_pointer(&value));
	return TRUE;
}

static gboolean check_provider(const KeyContext *c, const TsrNeed *need, TsrDraftInstance *provider)
{
	g_autofree char *provides = NULL, *wanted = NULL;

	if (provider == c->instance)
		return tsr_draft_error(
			c->error, TSR_MACHINE_ERROR_INVALID, c->setting->where,
			"%s is connected to itself; an instance cannot be its own provider",
			provider->name);
	if (tsr_need_choose(need, provider->plugin))
		return TRUE;
	wanted = g_strjoinv(" or ", need->interfaces);
	provides = tsr_list_join(tsr_plugin_get_provides(provider->plugin));
	return tsr_draft_error(
		c->error, TSR_MACHINE_ERROR_VERSION, c->setting->where,
		"%s needs interface %s; %s (plugin %s %s) provides %s", c->instance->name, wanted,
		provider->name, tsr_plugin_get_id(provider->plugin),
		tsr_plugin_get_version(provider->plugin), *provides ? provides : "nothing");
}

static gboolean take_connection(const KeyContext *c)
{
	const TsrNeed *need = tsr_plugin_find_need(c->instance->plugin, c->key);
	const char *name = c->setting->value + (*c->setting->value == '?');
	TsrDraftInstance *provider = tsr_draft_find(c->draft, name);

	if (!need && c->setting->inherited)
		return TRUE;
	if (!need)
		return tsr_draft_error(c->error, TSR_MACHINE_ERROR_INVALID, c->setting->where,
				       "plugin %s has no need %s",
				       tsr_plugin_get_id(c->instance->plugin), c->key);
	if (!*name)
		return TRUE;
	if (!provider)
		return tsr_draft_error(c->error, TSR_MACHINE_ERROR_INVALID, c->setting->where,
				       "the machine has no instance \"%s\"", name);
	if (!provider->exists && *c->setting->value == '?')
		return TRUE;
	if (!provider->exists)
		return tsr_draft_error(
			c->error, TSR_MACHINE_ERROR_INVALID, c->setting->where,
			"instance %s is not in this run; write ?%s where that is meant", name,
			name);
	if (!check_provider(c, need, provider))
		return FALSE;
	g_hash_table_replace(c->instance->result->connections, g_strdup(c->key), g_strdup(name));
	return TRUE;
}

static gboolean take_base(const KeyContext *c, TsrResource *resource)
{
	guint64 limit = resource->type == TSR_RESOURCE_PORTS ? 0x10000 : 1ull << 36;

	if (resource->type == TSR_RESOURCE_IRQ || resource->type == TSR_RESOURCE_DMA)
		return tsr_draft_error(c->error, TSR_MACHINE_ERROR_INVALID, c->setting->where,
				       "the resource has no base");
	if (!tsr_parse_size(c->setting->value, 1024, &resource->base) || resource->base > limit ||
	    resource->length > limit - resource->base)
		return tsr_draft_value_error(c->error, c->setting,
					     resource->type == TSR_RESOURCE_PORTS
						     ? "an address for it in port space"
						     : "a guest physical address for it");
	return TRUE;
}

static gboolean take_channel(const KeyContext *c, TsrResource *resource)
{
	gint64 channel;

	if (resource->type != TSR_RESOURCE_DMA)
		return tsr_draft_error(c->error, TSR_MACHINE_ERROR_INVALID, c->setting->where,
				       "the resource has no channel");
	if (!tsr_parse_int(c->setting->value, &channel) || channel < 0 || channel > 7)
		return tsr_draft_value_error(c->error, c->setting, "a DMA channel from 0 to 7");
	resource->channel = (guint)channel;
	return TRUE;
}

static gboolean take_line(const KeyContext *c, TsrResource *resource)
{
	if (resource->type != TSR_RESOURCE_IRQ)
		return tsr_draft_error(c->error, TSR_MACHINE_ERROR_INVALID, c->setting->where,
				       "the resource has no line");
	g_free(resource->line);
	resource->line = g_strdup(c->setting->value);
	return TRUE;
}

/* resource.NAME.base, .line, .channel */
static gboolean take_resource(const KeyContext *c)
{
	static const struct {
		const char *what;
		gboolean (*take)(const KeyContext *c, TsrResource *resource);
	} keys[] = { { "base", take_base }, { "line", take_line }, { "channel", take_channel } };
	const char *dot = strchr(c->key, '.');
	g_autofree char *name = g_strndup(c->key, dot ? (gsize)(dot - c->key) : strlen(c->key));
	TsrResource *resource = tsr_config_find_resource(c->instance->result, name);

	if (!resource && c->setting->inherited)
		return TRUE;
	if (!resource)
		return tsr_draft_error(c->error, TSR_MACHINE_ERROR_INVALID, c->setting->where,
				       "plugin %s has no resource %s",
				       tsr_plugin_get_id(c->instance->plugin), name);
	for (guint i = 0; dot && i < G_N_ELEMENTS(keys); i++)
		if (g_str_equal(dot + 1, keys[i].what))
			return keys[i].take(c, resource);
	return tsr_draft_error(c->error, TSR_MACHINE_ERROR_INVALID, c->setting->where,
			       "unknown key; there are resource.%s.base, .line and .channel", name);
}

static gboolean take_nothing(const KeyContext *c)
{
	return TRUE;
}

/* DD.F, hexadecimal as lspci writes it */
static gboolean take_address(const KeyContext *c)
{
	const char *text = c->setting->value;
	gsize digits = strspn(text, "0123456789abcdefABCDEF");
	guint64 device = g_ascii_strtoull(text, NULL, 16);

	if (digits < 1 || digits > 2 || device > 31 || text[digits] != '.' ||
	    text[digits + 1] < '0' || text[digits + 1] > '7' || text[digits + 2])
		return tsr_draft_value_error(c->error, c->setting,
					     "a PCI address DEVICE.FUNCTION, 00.0 to 1f.7");
	c->instance->result->pci_device = (int)device;
	c->instance->result->pci_function = text[digits + 1] - '0';
	return TRUE;
}

/* Only what sees its machine through the control plane can be elsewhere. */
static gboolean take_placement(const KeyContext *c)
{
	const char *place = c->setting->value;
	gboolean is_ui = g_str_equal(tsr_plugin_get_kind(c->instance->plugin), TSR_KIND_UI);

	if (!g_str_equal(place, "inline") && !(is_ui && g_str_equal(place, "process")))
		return tsr_draft_value_error(c->error, c->setting,
					     is_ui ? "a placement: inline or process"
						   : "a placement of a device or back end: inline");
	c->instance->result->apart = g_str_equal(place, "process");
	return TRUE;
}

static gboolean can_connect_isolated(const TsrNeed *need)
{
	static const char *const interfaces[] = { TSR_CHARDEV, TSR_NET, TSR_BLOCK, NULL };

	for (char **i = need->interfaces; *i; i++)
		if (!g_strv_contains(interfaces, *i))
			return FALSE;
	return TRUE;
}

/* What keeps a plugin from running in a process of its own; NULL: nothing that its manifest tells.
 */
static const char *isolation_obstacle(TsrPlugin *plugin)
{
	if (!g_str_equal(plugin->kind, "device"))
		return "only devices can be isolated";
	if (plugin->language)
		return "devices in script languages cannot be isolated yet";
	if (*plugin->provides)
		return "it provides interfaces to other instances, which an isolated device cannot";
	if (plugin->needs_host)
		return "it needs more of the host than an isolated device has (needs-host)";
	for (guint i = 0; i < plugin->needs->len; i++)
		if (!can_connect_isolated(g_ptr_array_index(plugin->needs, i)))
			return "it has a need other than of " TSR_CHARDEV ", " TSR_NET
			       " and " TSR_BLOCK ", which an isolated device cannot have";
	for (guint i = 0; i < plugin->resources->len; i++) {
		const TsrResource *resource = g_ptr_array_index(plugin->resources, i);

		if (resource->type == TSR_RESOURCE_DMA || resource->type == TSR_RESOURCE_ROM)
			return "it has a resource of type dma or rom, which an isolated device "
			       "cannot have";
	}
	return NULL;
}

static gboolean take_isolation(const KeyContext *c)
{
	const char *value = c->setting->value;
	TsrPlugin *plugin = c->instance->plugin;
	const char *obstacle;

	if (!g_str_equal(value, "none") && !g_str_equal(value, "process"))
		return tsr_draft_value_error(c->error, c->setting, "an isolation: none or process");
	c->instance->result->isolated = g_str_equal(value, "process");
	obstacle = c->instance->result->isolated ? isolation_obstacle(plugin) : NULL;
	return !obstacle ||
	       tsr_draft_error(c->error, TSR_MACHINE_ERROR_INVALID, c->setting->where,
			       "plugin %s cannot be isolated: %s; remove isolation=process",
			       plugin->id, obstacle);
}

/* When all keys are taken. A jailed process opens no path. */
static gboolean check_isolated_files(const TsrDraftInstance *instance, GError **error)
{
	GPtrArray *specs = tsr_plugin_get_properties(instance->plugin);

	for (guint i = 0; instance->result->isolated && i < specs->len; i++) {
		const TsrPropertySpec *spec = g_ptr_array_index(specs, i);
		const char *value = g_hash_table_lookup(instance->result->properties, spec->name);
		gboolean is_file =
			spec->type == TSR_PROPERTY_FILE || spec->type == TSR_PROPERTY_FILES;

		if (is_file && value && *value)
			return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, instance->where,
					       "plugin %s cannot be isolated: its property %s "
					       "names a file (%s), which an isolated device cannot "
					       "open; remove isolation=process",
					       instance->plugin->id, spec->name, value);
	}
	return TRUE;
}

static const struct {
	const char *prefix; /* a key, or the beginning of keys with a point at its end */
	gboolean (*take)(const KeyContext *c);
} instance_keys[] = {
	{ "plugin", take_nothing },      { "with", take_nothing },
	{ "address", take_address },     { "connect.", take_connection },
	{ "resource.", take_resource },  { "placement", take_placement },
	{ "isolation", take_isolation }, { NULL, take_property },
};

static gboolean take_key(KeyContext *c, const char *key)
{
	for (guint i = 0; instance_keys[i].prefix; i++) {
		const char *prefix = instance_keys[i].prefix;
		gsize length = strlen(prefix);

		if (prefix[length - 1] == '.' ? g_str_has_prefix(key, prefix)
					      : g_str_equal(key, prefix)) {
			c->key = key + length;
			return instance_keys[i].take(c);
		}
	}
	c->key = key;
	return take_property(c);
}

static int compare_keys(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Keys in alphabetical order, so that of several mistakes the same one is always reported. */
gboolean tsr_draft_resolve_instance(TsrDraft *draft, TsrDraftInstance *instance, GError **error)
{
	g_autofree char **keys = (char **)g_hash_table_get_keys_as_array(instance->settings, NULL);
	KeyContext context = { .draft = draft, .instance = instance, .error = error };
	guint n = g_strv_length(keys);

	instance->result->apart = g_str_equal(tsr_plugin_get_kind(instance->plugin), TSR_KIND_UI);
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (guint i = 0; i < n; i++) {
		context.setting = g_hash_table_lookup(instance->settings, keys[i]);
		if (!take_key(&context, keys[i]))
			return FALSE;
	}
	return find_all_firmware(draft, instance, error) && check_isolated_files(instance, error);
}
