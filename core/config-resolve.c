/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From what is written to what will be built: which instances exist in this run, the version of
 * each plugin, and each key checked against that plugin's manifest. Everything a user can get wrong
 * in a machine ends here with file, line and key.
 */
#include <string.h>

#include "config-draft.h"
#include "plugin-private.h"
#include "property.h"

#define MEMORY_UNIT (1024 * 1024)
#define MEMORY_MAX (3584ull * MEMORY_UNIT)
#define IPS_DEFAULT 100000000

/* -- which exist */

static gboolean is_optional_plugin(const TsrDraftInstance *instance)
{
	const TsrSetting *plugin = g_hash_table_lookup(instance->settings, "plugin");

	return *plugin->value == '?' || instance->from_default;
}

static const char *requirement_of(const TsrDraftInstance *instance)
{
	const TsrSetting *plugin = g_hash_table_lookup(instance->settings, "plugin");

	return plugin->value + (*plugin->value == '?');
}

static gboolean find_plugin(TsrDraft *draft, TsrDraftInstance *instance, GError **error)
{
	const TsrSetting *setting = g_hash_table_lookup(instance->settings, "plugin");
	g_autoptr(GError) failure = NULL;

	instance->plugin = tsr_registry_find(draft->registry, requirement_of(instance), &failure);
	if (instance->plugin)
		return TRUE;
	if (is_optional_plugin(instance) &&
	    !g_error_matches(failure, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID)) {
		instance->exists = FALSE;
		return TRUE;
	}
	return tsr_draft_error(error, failure->code, setting->where, "%s", failure->message);
}

static gboolean find_plugins(TsrDraft *draft, GError **error)
{
	for (guint i = 0; i < draft->instances->len; i++) {
		TsrDraftInstance *instance = g_ptr_array_index(draft->instances, i);

		instance->exists = !instance->slot || instance->slot_filled;
		if (instance->exists && !find_plugin(draft, instance, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean check_with(TsrDraft *draft, TsrDraftInstance *instance, gboolean *changed,
			   GError **error)
{
	const TsrSetting *with = g_hash_table_lookup(instance->settings, "with");
	TsrDraftInstance *other = with ? tsr_draft_find(draft, with->value) : NULL;

	if (!with || !instance->exists)
		return TRUE;
	if (!other)
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, with->where,
				       "the machine has no instance %s", with->value);
	if (!other->exists) {
		instance->exists = FALSE;
		*changed = TRUE;
	}
	return TRUE;
}

/* with=: an instance falls away with the one it belongs to, and takes with it those that belong to
 * it. */
static gboolean drop_dependents(TsrDraft *draft, GError **error)
{
	gboolean changed;

	do {
		changed = FALSE;
		for (guint i = 0; i < draft->instances->len; i++)
			if (!check_with(draft, g_ptr_array_index(draft->instances, i), &changed,
					error))
				return FALSE;
	} while (changed);
	return TRUE;
}

/* A --set or an option for an instance that this run does not have. */
static gboolean check_unused(TsrDraftInstance *instance, GError **error)
{
	GHashTableIter iter;
	gpointer value;

	if (instance->exists || is_optional_plugin(instance))
		return TRUE;
	g_hash_table_iter_init(&iter, instance->settings);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const TsrSetting *setting = value;

		if (!setting->base_folder)
			return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, setting->where,
					       "%s is not in the machine as it is started%s%s",
					       instance->name,
					       instance->slot ? "; it comes with --" : "",
					       instance->slot ? instance->slot : "");
	}
	return TRUE;
}

/* -- [Machine] */

static gboolean value_error(GError **error, const TsrSetting *setting, const char *allowed)
{
	return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, setting->where, "\"%s\" is not %s",
			       setting->value, allowed);
}

static gboolean take_memory(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	if (!tsr_parse_size(setting->value, 1024, &config->memory) ||
	    config->memory < MEMORY_UNIT || config->memory > MEMORY_MAX ||
	    config->memory % MEMORY_UNIT)
		return value_error(error, setting, "a size from 1M to 3584M in whole megabytes");
	return TRUE;
}

static gboolean take_clock(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	config->clock = g_str_equal(setting->value, "deterministic") ? TSR_CLOCK_DETERMINISTIC
								     : TSR_CLOCK_REALTIME;
	return config->clock == TSR_CLOCK_DETERMINISTIC ||
	       g_str_equal(setting->value, "realtime") ||
	       value_error(error, setting, "one of realtime, deterministic");
}

static gboolean take_ips(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	if (!tsr_parse_size(setting->value, 1000, &config->ips) || config->ips < 1000000 ||
	    config->ips > 1000000000000ull)
		return value_error(error, setting, "instructions per second from 1M to 1000G");
	return TRUE;
}

static gboolean take_rtc_base(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(setting->value, utc);

	if (time && g_date_time_to_unix(time) >= 0) {
		config->rtc_base = (guint64)g_date_time_to_unix(time);
		return TRUE;
	}
	return tsr_parse_size(setting->value, 1000, &config->rtc_base) ||
	       value_error(error, setting, "seconds since 1970, or a time as 2026-01-31T12:00:00Z");
}

static gboolean take_stop_at(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	if (!tsr_parse_size(setting->value, 1000, &config->stop_at))
		return value_error(error, setting, "a number of instructions");
	return config->clock == TSR_CLOCK_DETERMINISTIC ||
	       tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, setting->where,
			       "instructions are counted only with clock=deterministic");
}

static gboolean take_triple_fault(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	config->on_triple_fault = g_str_equal(setting->value, "stop") ? TSR_ON_TRIPLE_FAULT_STOP
								      : TSR_ON_TRIPLE_FAULT_RESET;
	return config->on_triple_fault == TSR_ON_TRIPLE_FAULT_STOP ||
	       g_str_equal(setting->value, "reset") ||
	       value_error(error, setting, "one of reset, stop");
}

/* As an option it may come without a value. */
static gboolean take_exit_on_reset(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	config->exit_on_reset = TRUE;
	return !*setting->value || tsr_parse_bool(setting->value, &config->exit_on_reset) ||
	       value_error(error, setting, "true or false");
}

static gboolean take_name(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	g_free(config->name);
	config->name = g_strdup(setting->value);
	return TRUE;
}

static gboolean take_description(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	g_free(config->description);
	config->description = g_strdup(setting->value);
	return TRUE;
}

static const struct {
	const char *key;
	gboolean (*take)(TsrConfig *config, const TsrSetting *setting, GError **error);
} machine_keys[] = {
	{"name", take_name},
	{"description", take_description},
	{"memory", take_memory},
	{"clock", take_clock},
	{"ips", take_ips},
	{"rtc-base", take_rtc_base},
	{"stop-at", take_stop_at}, /* behind clock */
	{"on-triple-fault", take_triple_fault},
	{"exit-on-reset", take_exit_on_reset},
};

/* [Machine] cpu= and mmu=. */
static gboolean take_role(TsrDraft *draft, const char *role, char **out, GError **error)
{
	const TsrSetting *setting = g_hash_table_lookup(draft->machine, role);
	TsrDraftInstance *instance = setting ? tsr_draft_find(draft, setting->value) : NULL;

	if (!setting)
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, draft->path,
				       "[Machine]: key %s is missing", role);
	if (!instance || !instance->exists)
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, setting->where,
				       "the machine has no instance \"%s\"", setting->value);
	if (!g_str_equal(tsr_plugin_get_kind(instance->plugin), role))
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, setting->where,
				       "%s is a plugin of kind %s, not %s",
				       tsr_plugin_get_id(instance->plugin),
				       tsr_plugin_get_kind(instance->plugin), role);
	*out = g_strdup(setting->value);
	return TRUE;
}

static gboolean take_machine(TsrDraft *draft, TsrConfig *config, GError **error)
{
	g_autofree char *file = g_path_get_basename(draft->path);

	config->name = g_strndup(file, strcspn(file, "."));
	config->description = g_strdup("");
	config->memory = 64 * MEMORY_UNIT;
	config->ips = IPS_DEFAULT;
	for (guint i = 0; i < G_N_ELEMENTS(machine_keys); i++) {
		const TsrSetting *setting =
			g_hash_table_lookup(draft->machine, machine_keys[i].key);

		if (setting && !machine_keys[i].take(config, setting, error))
			return FALSE;
	}
	return take_role(draft, "cpu", &config->cpu, error) &&
	       take_role(draft, "mmu", &config->mmu, error);
}

static gboolean take_aliases(TsrDraft *draft, TsrConfig *config, GError **error)
{
	GHashTableIter iter;
	gpointer name, value;

	g_hash_table_iter_init(&iter, draft->aliases);
	while (g_hash_table_iter_next(&iter, &name, &value)) {
		const TsrSetting *setting = value;
		const char *target = setting->value + (*setting->value == '?');
		TsrDraftInstance *instance = tsr_draft_find(draft, target);

		if (!instance)
			return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, setting->where,
					       "the machine has no instance \"%s\"", target);
		if (instance->exists)
			g_hash_table_insert(config->aliases, g_strdup(name), g_strdup(target));
	}
	return TRUE;
}

/* -- an instance's keys */

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

static char *absolute_path(const TsrSetting *setting, const char *path)
{
	return *path ? g_canonicalize_filename(path, setting->base_folder) : g_strdup("");
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
	if (spec->type == TSR_PROPERTY_FILE) {
		char *path = absolute_path(c->setting, value);

		g_free(value);
		value = path;
	}
	g_hash_table_replace(c->instance->result->properties, g_strdup(c->key),
			     g_steal_pointer(&value));
	return TRUE;
}

static gboolean check_provider(const KeyContext *c, const TsrNeed *need, TsrDraftInstance *provider)
{
	g_autofree char *provides = NULL;

	if (provider == c->instance)
		return tsr_draft_error(
			c->error, TSR_MACHINE_ERROR_INVALID, c->setting->where,
			"%s is connected to itself; an instance cannot be its own provider",
			provider->name);
	if (tsr_plugin_has_interface(provider->plugin, need->interface))
		return TRUE;
	provides = tsr_list_join(tsr_plugin_get_provides(provider->plugin));
	return tsr_draft_error(
		c->error, TSR_MACHINE_ERROR_VERSION, c->setting->where,
		"%s needs interface %s; %s (plugin %s %s) provides %s", c->instance->name,
		need->interface, provider->name, tsr_plugin_get_id(provider->plugin),
		tsr_plugin_get_version(provider->plugin), *provides ? provides : "nothing");
}

static gboolean take_connection(const KeyContext *c)
{
	const TsrNeed *need = tsr_plugin_find_need(c->instance->plugin, c->key);
	const char *name = c->setting->value + (*c->setting->value == '?');
	TsrDraftInstance *provider = tsr_draft_find(c->draft, name);

	if (!need && c->instance->replaced)
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

static TsrResource *find_resource(TsrInstanceConfig *result, const char *name)
{
	for (guint i = 0; i < result->resources->len; i++) {
		TsrResource *resource = g_ptr_array_index(result->resources, i);

		if (g_str_equal(resource->name, name))
			return resource;
	}
	return NULL;
}

static gboolean take_base(const KeyContext *c, TsrResource *resource)
{
	guint64 limit = resource->type == TSR_RESOURCE_PORTS ? 0x10000 : 1ull << 36;

	if (resource->type == TSR_RESOURCE_IRQ || resource->type == TSR_RESOURCE_DMA)
		return tsr_draft_error(c->error, TSR_MACHINE_ERROR_INVALID, c->setting->where,
				       "the resource has no base");
	if (!tsr_parse_size(c->setting->value, 1024, &resource->base) || resource->base > limit ||
	    resource->length > limit - resource->base)
		return value_error(c->error, c->setting,
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
		return value_error(c->error, c->setting, "a DMA channel from 0 to 7");
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
	} keys[] = {{"base", take_base}, {"line", take_line}, {"channel", take_channel}};
	const char *dot = strchr(c->key, '.');
	g_autofree char *name = g_strndup(c->key, dot ? (gsize)(dot - c->key) : strlen(c->key));
	TsrResource *resource = find_resource(c->instance->result, name);

	if (!resource && c->instance->replaced)
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
		return value_error(c->error, c->setting,
				   "a PCI address DEVICE.FUNCTION, 00.0 to 1f.7");
	c->instance->result->pci_device = (int)device;
	c->instance->result->pci_function = text[digits + 1] - '0';
	return TRUE;
}

static const struct {
	const char *prefix; /* a key, or the beginning of keys with a point at its end */
	gboolean (*take)(const KeyContext *c);
} instance_keys[] = {
	{"plugin", take_nothing},
	{"with", take_nothing},
	{"address", take_address},
	{"connect.", take_connection},
	{"resource.", take_resource},
	{NULL, take_property},
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

static TsrInstanceConfig *instance_new(TsrDraftInstance *draft)
{
	TsrInstanceConfig *instance = g_new0(TsrInstanceConfig, 1);
	GPtrArray *specs = tsr_plugin_get_properties(draft->plugin),
		  *resources = tsr_plugin_get_resources(draft->plugin);

	instance->name = g_strdup(draft->name);
	instance->plugin = g_object_ref(draft->plugin);
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

static gboolean check_needs(TsrDraftInstance *instance, GError **error)
{
	GPtrArray *needs = tsr_plugin_get_needs(instance->plugin);

	for (guint i = 0; i < needs->len; i++) {
		const TsrNeed *need = g_ptr_array_index(needs, i);

		if (!need->optional &&
		    !g_hash_table_contains(instance->result->connections, need->name))
			return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, instance->where,
					       "plugin %s needs %s (%s); add connect.%s=INSTANCE",
					       tsr_plugin_get_id(instance->plugin), need->name,
					       need->interface, need->name);
	}
	return TRUE;
}

/* An irq line names an instance or an alias with inputs. */
static gboolean check_line(TsrDraft *draft, TsrConfig *config, TsrDraftInstance *instance,
			   const TsrResource *resource, GError **error)
{
	const char *colon = strrchr(resource->line, ':');
	g_autofree char *name =
		colon ? g_strndup(resource->line, (gsize)(colon - resource->line)) : NULL;
	const char *target = name ? g_hash_table_lookup(config->aliases, name) : NULL;
	TsrDraftInstance *provider = name ? tsr_draft_find(draft, target ? target : name) : NULL;
	gint64 input;

	if (resource->type != TSR_RESOURCE_IRQ || !*resource->line)
		return TRUE;
	if (!colon || !tsr_parse_int(colon + 1, &input) || input < 0 || input > 1023)
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, instance->where,
				       "resource.%s.line: \"%s\" is not PROVIDER:INPUT",
				       resource->name, resource->line);
	if (!provider || !provider->exists)
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, instance->where,
				       "resource.%s.line=%s: no instance and no alias %s; write "
				       "resource.%s.line= to leave it unconnected",
				       resource->name, resource->line, name, resource->name);
	if (!tsr_plugin_has_interface(provider->plugin, "tessera.irq-inputs/1"))
		return tsr_draft_error(
			error, TSR_MACHINE_ERROR_VERSION, instance->where,
			"resource.%s.line=%s: plugin %s does not provide tessera.irq-inputs/1",
			resource->name, resource->line, tsr_plugin_get_id(provider->plugin));
	return TRUE;
}

static gboolean check_lines(TsrDraft *draft, TsrConfig *config, TsrDraftInstance *instance,
			    GError **error)
{
	GPtrArray *resources = instance->result->resources;

	for (guint i = 0; i < resources->len; i++)
		if (!check_line(draft, config, instance, g_ptr_array_index(resources, i), error))
			return FALSE;
	return TRUE;
}

static int compare_keys(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Keys in alphabetical order, so that of several mistakes always the same one is told. */
static gboolean take_keys(TsrDraft *draft, TsrDraftInstance *instance, GError **error)
{
	g_autofree char **keys = (char **)g_hash_table_get_keys_as_array(instance->settings, NULL);
	KeyContext context = {.draft = draft, .instance = instance, .error = error};
	guint n = g_strv_length(keys);

	qsort(keys, n, sizeof(*keys), compare_keys);
	for (guint i = 0; i < n; i++) {
		context.setting = g_hash_table_lookup(instance->settings, keys[i]);
		if (!take_key(&context, keys[i]))
			return FALSE;
	}
	return TRUE;
}

static gboolean load_plugin(TsrDraft *draft, TsrDraftInstance *instance, GError **error)
{
	const TsrSetting *setting = g_hash_table_lookup(instance->settings, "plugin");
	g_autoptr(GError) failure = NULL;

	if (!tsr_registry_load_plugin(draft->registry, instance->plugin, &failure))
		return tsr_draft_error(error, failure->code, setting->where, "%s",
				       failure->message);
	instance->result->entry = instance->plugin->entry;
	return TRUE;
}

static gboolean take_instances(TsrDraft *draft, TsrConfig *config, GError **error)
{
	for (guint i = 0; i < draft->instances->len; i++) {
		TsrDraftInstance *instance = g_ptr_array_index(draft->instances, i);

		if (!check_unused(instance, error))
			return FALSE;
		if (!instance->exists)
			continue;
		instance->result = instance_new(instance);
		g_ptr_array_add(config->instances, instance->result);
		if (!take_keys(draft, instance, error) || !check_needs(instance, error) ||
		    !check_lines(draft, config, instance, error) ||
		    !load_plugin(draft, instance, error))
			return FALSE;
	}
	return TRUE;
}

TsrConfig *tsr_draft_resolve(TsrDraft *draft, GError **error)
{
	g_autoptr(TsrConfig) config = tsr_config_new();

	if (!find_plugins(draft, error) || !drop_dependents(draft, error) ||
	    !take_machine(draft, config, error) || !take_aliases(draft, config, error) ||
	    !take_instances(draft, config, error))
		return NULL;
	return g_steal_pointer(&config);
}
