/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Instances: their life, properties, log, and the small host tables. */
#include "instance.h"

#include <string.h>

#include "machine-parts.h"
#include "property.h"

#define LOG_LINES_PER_SECOND 5

struct property_watch {
	bool (*changed)(void *self, const char *name, struct tsr_error *error);
	void *self;
};

struct log_site {
	gint64 second;
	unsigned lines;
};

/* -- Life */

TsrInstance *tsr_instance_new(TsrMachine *machine, const TsrInstanceConfig *config, GError **error)
{
	const struct tsr_device_class *class = config->entry->get_factory(TSR_FACTORY_DEVICE);

	if (!class || class->size < sizeof(uint32_t) + sizeof(size_t) || !class->attach) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "%s: plugin %s has no factory %s; it cannot be an instance of a machine", config->name,
			    tsr_plugin_get_id(config->plugin), TSR_FACTORY_DEVICE);
		return NULL;
	}
	TsrInstance *instance = g_new0(TsrInstance, 1);
	instance->record.host = (struct tsr_host){ .size = sizeof(struct tsr_host), .abi = TSR_ABI_CURRENT,
		.name = config->name, .get = tsr_machine_host_table };
	instance->record.instance = instance;
	instance->machine = machine;
	instance->config = config;
	instance->class = class;
	/* Instances may hold FXSAVE images and the like: aligned like a page is always enough. */
	instance->self = g_aligned_alloc0(1, MAX(class->instance_size, 1), 64);
	instance->watches = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	instance->log_sites = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	g_mutex_init(&instance->log_mutex);
	return instance;
}

void tsr_instance_free(TsrInstance *instance)
{
	if (!instance)
		return;
	g_queue_clear_full(&instance->ordered_jobs, g_free);
	g_hash_table_unref(instance->watches);
	g_hash_table_unref(instance->log_sites);
	g_mutex_clear(&instance->log_mutex);
	g_aligned_free(instance->self);
	g_free(instance);
}

static void provide_all(TsrInstance *instance)
{
	const char *const *provides = tsr_plugin_get_provides(instance->config->plugin);

	for (guint i = 0; provides && provides[i]; i++) {
		struct tsr_interface table;
		if (tsr_instance_get_interface(instance, provides[i], &table))
			tsr_bus_provide(instance->machine->bus, instance->config->name, provides[i], &table);
	}
}

static TsrMachineError error_code(const struct tsr_error *why)
{
	switch (why->code) {
	case TSR_ERROR_INVALID:
		return TSR_MACHINE_ERROR_INVALID;
	case TSR_ERROR_NOT_FOUND:
		return TSR_MACHINE_ERROR_NOT_FOUND;
	case TSR_ERROR_IO:
		return TSR_MACHINE_ERROR_IO;
	case TSR_ERROR_VERSION:
		return TSR_MACHINE_ERROR_VERSION;
	default:
		return TSR_MACHINE_ERROR_FAILED;
	}
}

void tsr_instance_take_error(TsrInstance *instance, const struct tsr_error *why, const char *otherwise, GError **error)
{
	g_set_error(error, TSR_MACHINE_ERROR, error_code(why), "%s: %s", instance->config->name,
		    why->message[0] ? why->message : otherwise);
}

gboolean tsr_instance_attach(TsrInstance *instance, GError **error)
{
	struct tsr_error why = { 0 };

	if (!instance->class->attach(instance->self, &instance->record.host, &why)) {
		tsr_instance_take_error(instance, &why, "cannot be attached", error);
		if (instance->class->detach)
			instance->class->detach(instance->self);
		return FALSE;
	}
	instance->attached = true;
	provide_all(instance);
	return TRUE;
}

bool tsr_instance_get_interface(TsrInstance *instance, const char *name, struct tsr_interface *out)
{
	const struct tsr_device_class *class = instance->class;

	if (!instance->attached || !class->get_interface)
		return false;
	out->table = class->get_interface(instance->self, name);
	out->self = instance->self;
	return out->table != NULL;
}

const TsrResource *tsr_instance_find_resource(TsrInstance *instance, const char *name)
{
	GPtrArray *all = instance->config->resources;

	for (guint i = 0; all && i < all->len; i++) {
		const TsrResource *resource = all->pdata[i];
		if (strcmp(resource->name, name) == 0)
			return resource;
	}
	return NULL;
}

/* -- Properties */

static const TsrPropertySpec *find_spec(TsrInstance *instance, const char *name)
{
	GPtrArray *specs = tsr_plugin_get_properties(instance->config->plugin);

	for (guint i = 0; specs && i < specs->len; i++) {
		const TsrPropertySpec *spec = specs->pdata[i];
		if (strcmp(spec->name, name) == 0)
			return spec;
	}
	return NULL;
}

static const TsrPropertySpec *find_spec_or_error(TsrInstance *instance, const char *name, GError **error)
{
	const TsrPropertySpec *spec = find_spec(instance, name);

	if (!spec)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
			    "%s has no property '%s'; `tessera plugins inspect %s` lists them", instance->config->name, name,
			    tsr_plugin_get_id(instance->config->plugin));
	return spec;
}

char *tsr_instance_get_property(TsrInstance *instance, const char *name, GError **error)
{
	if (!find_spec_or_error(instance, name, error))
		return NULL;
	const char *value = g_hash_table_lookup(instance->config->properties, name);
	return g_strdup(value ? value : "");
}

gboolean tsr_instance_set_property(TsrInstance *instance, const char *name, const char *value, GError **error)
{
	const TsrPropertySpec *spec = find_spec_or_error(instance, name, error);
	struct property_watch *watch = g_hash_table_lookup(instance->watches, name);
	GHashTable *properties = instance->config->properties;
	g_autofree char *allowed = NULL;
	struct tsr_error why = { 0 };

	if (!spec)
		return FALSE;
	if (!spec->writable || !spec->is_mutable || !watch) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "%s.%s cannot be changed while the machine exists; set it in the machine manifest or with --set",
			    instance->config->name, name);
		return FALSE;
	}
	char *checked = tsr_property_check(spec, value, &allowed);
	if (!checked) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID, "%s.%s: '%s' is not %s", instance->config->name,
			    name, value, allowed);
		return FALSE;
	}
	g_autofree char *old = g_strdup(g_hash_table_lookup(properties, name));
	g_hash_table_insert(properties, g_strdup(name), checked);
	if (watch->changed(watch->self, name, &why))
		return TRUE;
	g_hash_table_insert(properties, g_strdup(name), g_steal_pointer(&old));
	g_set_error(error, TSR_MACHINE_ERROR, error_code(&why), "%s.%s: %s", instance->config->name, name,
		    why.message[0] ? why.message : "refused");
	return FALSE;
}

static const char *property_text(const struct tsr_host *host, const char *name)
{
	TsrInstance *instance = tsr_instance_of(host);
	const char *value = g_hash_table_lookup(instance->config->properties, name);

	if (!value && !find_spec(instance, name))
		g_error("%s: plugin %s asks for property '%s', which its manifest lacks", instance->config->name,
			tsr_plugin_get_id(instance->config->plugin), name);
	return value ? value : "";
}

static int64_t property_int(const struct tsr_host *host, const char *name)
{
	const char *text = property_text(host, name);
	guint64 size;
	gint64 value;

	if (tsr_parse_int(text, &value))
		return value;
	return tsr_parse_size(text, 1024, &size) ? (gint64)size : 0;
}

static bool property_bool(const struct tsr_host *host, const char *name)
{
	gboolean value = FALSE;

	return tsr_parse_bool(property_text(host, name), &value) && value;
}

static void property_on_change(const struct tsr_host *host, const char *name,
			       bool (*changed)(void *, const char *, struct tsr_error *), void *self)
{
	TsrInstance *instance = tsr_instance_of(host);
	const TsrPropertySpec *spec = find_spec(instance, name);
	struct property_watch *watch = g_new0(struct property_watch, 1);

	g_assert(spec);
	*watch = (struct property_watch){ changed, self };
	g_hash_table_insert(instance->watches, spec->name, watch);
}

static void property_set_string(const struct tsr_host *host, const char *name, const char *value)
{
	TsrInstance *instance = tsr_instance_of(host);

	g_assert(find_spec(instance, name));
	g_hash_table_insert(instance->config->properties, g_strdup(name), g_strdup(value));
}

static void property_set_int(const struct tsr_host *host, const char *name, int64_t value)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)value);

	property_set_string(host, name, text);
}

static const struct tsr_properties properties_table = {
	.size = sizeof(struct tsr_properties),
	.get_string = property_text,
	.get_int = property_int,
	.get_bool = property_bool,
	.on_change = property_on_change,
	.set_string = property_set_string,
	.set_int = property_set_int,
};

/* -- Log */

static bool log_allowed(TsrInstance *instance, const void *site)
{
	gint64 second = g_get_monotonic_time() / G_USEC_PER_SEC;
	struct log_site *record;

	g_mutex_lock(&instance->log_mutex);
	record = g_hash_table_lookup(instance->log_sites, site);
	if (!record) {
		record = g_new0(struct log_site, 1);
		g_hash_table_insert(instance->log_sites, (gpointer)site, record);
	}
	if (record->second != second) {
		record->second = second;
		record->lines = 0;
	}
	bool allowed = record->lines++ < LOG_LINES_PER_SECOND;
	g_mutex_unlock(&instance->log_mutex);
	return allowed;
}

static void log_write(const struct tsr_host *host, const void *site, enum tsr_log_level level, const char *format, ...)
{
	static const GLogLevelFlags levels[] = {
		[TSR_LOG_ERROR] = G_LOG_LEVEL_CRITICAL, [TSR_LOG_WARNING] = G_LOG_LEVEL_WARNING,
		[TSR_LOG_INFO] = G_LOG_LEVEL_INFO, [TSR_LOG_DEBUG] = G_LOG_LEVEL_DEBUG };
	TsrInstance *instance = tsr_instance_of(host);
	va_list args;

	if ((unsigned)level >= G_N_ELEMENTS(levels) || !log_allowed(instance, site))
		return;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_log("tessera", levels[level], "%s: %s", instance->config->name, text);
}

static const struct tsr_log log_table = { .size = sizeof(struct tsr_log), .write = log_write };

/* -- Bus, machine, randomness */

static bool bus_get(const struct tsr_host *host, const char *name, struct tsr_interface *out)
{
	TsrInstance *instance = tsr_instance_of(host);
	const char *provider = g_hash_table_lookup(instance->config->connections, name);
	GPtrArray *needs = tsr_plugin_get_needs(instance->config->plugin);
	g_autoptr(GError) error = NULL;

	for (guint i = 0; provider && needs && i < needs->len; i++) {
		const TsrNeed *need = needs->pdata[i];
		if (strcmp(need->name, name) != 0)
			continue;
		if (tsr_bus_connect_need(instance->machine->bus, instance->config->name, name, need->interface, provider, out,
					 &error))
			return true;
		g_warning("%s", error->message);
	}
	return false;
}

static void bus_emit(const struct tsr_host *host, const char *event, const char *detail)
{
	TsrInstance *instance = tsr_instance_of(host);

	tsr_machine_post_event(instance->machine, instance->config->name, event, detail ? detail : "");
}

static const struct tsr_bus bus_table = { .size = sizeof(struct tsr_bus), .get = bus_get, .emit = bus_emit };

static void machine_power_off(const struct tsr_host *host)
{
	tsr_vcpu_request_stop(tsr_instance_of(host)->machine, TSR_EXIT_POWERED_OFF, "the guest powered off");
}

static void machine_reset(const struct tsr_host *host, int kind)
{
	tsr_vcpu_request_reset(tsr_instance_of(host)->machine, (enum tsr_reset)kind);
}

static void machine_stop(const struct tsr_host *host, int exit_status, const char *why)
{
	tsr_vcpu_request_stop(tsr_instance_of(host)->machine, exit_status, why);
}

static const struct tsr_machine_table machine_table = {
	.size = sizeof(struct tsr_machine_table),
	.power_off = machine_power_off,
	.reset = machine_reset,
	.stop = machine_stop,
};

/* xorshift128+ (Vigna 2014): not for secrets, the guest has its own entropy. */
static uint64_t next_random(uint64_t s[2])
{
	uint64_t a = s[0], b = s[1];

	s[0] = b;
	a ^= a << 23;
	s[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
	return s[1] + b;
}

static void random_fill(const struct tsr_host *host, void *to, size_t length)
{
	TsrMachine *m = tsr_instance_of(host)->machine;
	uint8_t *bytes = to;

	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)(next_random(m->random) >> 24);
}

static const struct tsr_random random_table = { .size = sizeof(struct tsr_random), .fill = random_fill };

const void *tsr_machine_host_table(const struct tsr_host *host, const char *name)
{
	static const struct {
		const char *name;
		const void *table;
	} tables[] = {
		{ TSR_PROPERTIES, &properties_table }, { TSR_IO, &tsr_io_table },
		{ TSR_MEMORY, &tsr_memory_table },     { TSR_IRQ, &tsr_irq_table_impl },
		{ TSR_DMA, &tsr_dma_table },           { TSR_CLOCK, &tsr_clock_table },
		{ TSR_RANDOM, &random_table },         { TSR_LOG, &log_table },
		{ TSR_BUS, &bus_table },               { TSR_MACHINE, &machine_table },
		{ TSR_WORKER, &tsr_worker_table },     { TSR_PCI, &tsr_pci_table },
		{ TSR_PCI_HOST, &tsr_pci_host_table }, { TSR_DISPLAY, &tsr_display_table_impl },
		{ TSR_INPUT, &tsr_input_table },       { TSR_PHYS, &tsr_phys_table },
		{ TSR_CPU_HOST, &tsr_cpu_host_table },
	};

	if (strcmp(name, TSR_GMACHINE) == 0)
		return tsr_instance_of(host)->machine;
	for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
		if (strcmp(tables[i].name, name) == 0)
			return tables[i].table;
	return NULL;
}
