/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Instances: their life and their properties. */
#include "instance/instance.h"

#include <fcntl.h>
#include <string.h>

#include "instance/bus.h"
#include "instance/machine-parts.h"
#include "manifest/plugin.h"
#include "manifest/property.h"

struct property_watch {
	bool (*changed)(void *self, const char *name, struct tsr_error *error);
	void *self;
};

/* -- Life */

TsrInstance *tsr_instance_new(TsrMachine *machine, const TsrInstanceConfig *config,
			      tsr_host_get get, GError **error)
{
	const struct tsr_device_class *class = config->entry->get_factory(TSR_FACTORY_DEVICE);

	if (!class || class->size < sizeof(uint32_t) + sizeof(size_t) || !class->attach) {
		g_set_error(
			error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			"%s: plugin %s has no factory %s; it cannot be an instance of a machine",
			config->name, tsr_plugin_get_id(config->plugin), TSR_FACTORY_DEVICE);
		return NULL;
	}
	TsrInstance *instance = g_new0(TsrInstance, 1);
	instance->record.host = (struct tsr_host){ .size = sizeof(struct tsr_host),
						   .abi = TSR_ABI_CURRENT,
						   .name = config->name,
						   .get = get };
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
			tsr_bus_provide(instance->machine->bus, instance->config->name, provides[i],
					&table);
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

void tsr_instance_take_error(TsrInstance *instance, const struct tsr_error *why,
			     const char *otherwise, GError **error)
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

TsrInstance *tsr_machine_find_instance(TsrMachine *m, const char *name)
{
	for (guint i = 0; i < m->instances->len; i++) {
		TsrInstance *instance = g_ptr_array_index(m->instances, i);
		if (strcmp(instance->config->name, name) == 0)
			return instance;
	}
	return NULL;
}

TsrInstance *tsr_machine_find_provider(TsrMachine *m, const char *name)
{
	const char *alias = g_hash_table_lookup(m->config->aliases, name);

	return tsr_machine_find_instance(m, alias ? alias : name);
}

/* -- Properties */

static const TsrPropertySpec *find_spec_or_error(TsrInstance *instance, const char *name,
						 GError **error)
{
	const TsrPropertySpec *spec = tsr_plugin_find_property(instance->config->plugin, name);

	if (!spec)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
			    "%s has no property '%s'; `tessera plugins inspect %s` lists them",
			    instance->config->name, name,
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

gboolean tsr_instance_set_property(TsrInstance *instance, const char *name, const char *value,
				   GError **error)
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
			    "%s.%s cannot be changed while the machine exists; set it in the "
			    "machine manifest or with --set",
			    instance->config->name, name);
		return FALSE;
	}
	char *checked = tsr_property_check(spec, value, &allowed);
	if (!checked) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "%s.%s: '%s' is not %s", instance->config->name, name, value, allowed);
		return FALSE;
	}
	g_autofree char *old = g_strdup(g_hash_table_lookup(properties, name));
	g_hash_table_insert(properties, g_strdup(name), checked);
	if (watch->changed(watch->self, name, &why))
		return TRUE;
	g_hash_table_insert(properties, g_strdup(name), g_steal_pointer(&old));
	g_set_error(error, TSR_MACHINE_ERROR, error_code(&why), "%s.%s: %s", instance->config->name,
		    name, why.message[0] ? why.message : "refused");
	return FALSE;
}

gboolean tsr_instance_set_property_fd(TsrInstance *instance, const char *name, const char *value,
				      int fd, GError **error)
{
	const TsrPropertySpec *spec = tsr_plugin_find_property(instance->config->plugin, name);
	gboolean good;

	if (spec && spec->type != TSR_PROPERTY_FILE) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "%s.%s is no file: it takes no descriptor", instance->config->name,
			    name);
		return FALSE;
	}
	instance->passed_property = name;
	instance->passed_fd = fd;
	good = tsr_instance_set_property(instance, name, value, error);
	instance->passed_property = NULL;
	return good;
}

static int files_take(const struct tsr_host *host, const char *property)
{
	const TsrInstance *instance = tsr_instance_of(host);

	if (!instance->passed_property || strcmp(instance->passed_property, property) != 0)
		return -1;
	return fcntl(instance->passed_fd, F_DUPFD_CLOEXEC, 3);
}

const struct tsr_files tsr_files_table = { .size = sizeof(struct tsr_files), .take = files_take };

static const char *property_text(const struct tsr_host *host, const char *name)
{
	TsrInstance *instance = tsr_instance_of(host);
	const char *value = g_hash_table_lookup(instance->config->properties, name);

	if (!value && !tsr_plugin_find_property(instance->config->plugin, name))
		g_error("%s: plugin %s asks for property '%s', which its manifest lacks",
			instance->config->name, tsr_plugin_get_id(instance->config->plugin), name);
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
			       bool (*changed)(void *, const char *, struct tsr_error *),
			       void *self)
{
	TsrInstance *instance = tsr_instance_of(host);
	const TsrPropertySpec *spec = tsr_plugin_find_property(instance->config->plugin, name);
	struct property_watch *watch = g_new0(struct property_watch, 1);

	g_assert(spec);
	*watch = (struct property_watch){ changed, self };
	g_hash_table_insert(instance->watches, spec->name, watch);
}

static void property_set_string(const struct tsr_host *host, const char *name, const char *value)
{
	TsrInstance *instance = tsr_instance_of(host);

	g_assert(tsr_plugin_find_property(instance->config->plugin, name));
	g_hash_table_insert(instance->config->properties, g_strdup(name), g_strdup(value));
}

static void property_set_int(const struct tsr_host *host, const char *name, int64_t value)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)value);

	property_set_string(host, name, text);
}

const struct tsr_properties tsr_properties_table = {
	.size = sizeof(struct tsr_properties),
	.get_string = property_text,
	.get_int = property_int,
	.get_bool = property_bool,
	.on_change = property_on_change,
	.set_string = property_set_string,
	.set_int = property_set_int,
};
