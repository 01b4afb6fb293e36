/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Instances: their life and their properties. */
#include "instance/instance.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls/code-map.h"
#include "calls/memory-faults.h"
#include "instance/bus.h"
#include "instance/machine-parts.h"
#include "jail/jail.h"
#include "manifest/plugin.h"
#include "manifest/property.h"
#include "manifest/text.h"

#define INSTANCE_SIZE_MAX (256u << 20) /* memory that the guest sees is not in it */

struct property_watch {
	bool (*changed)(void *self, const char *name, struct tsr_error *error);
	void *self;
};

/* -- Life */

/* Behind an instance: a plugin that writes there would damage what belongs to others. */
static const char fence[64] = "TESSERA: this is the end of the instance, nothing is behind it.";

/* Zeroed. Instances may hold FXSAVE images and the like, so they are aligned like a cache line.
 * NULL: a size that no instance has, or that the host lacks. */
static void *allocate(size_t size)
{
	void *memory;

	if (size > INSTANCE_SIZE_MAX || posix_memalign(&memory, 64, size + sizeof(fence)) != 0)
		return NULL;
	memset(memory, 0, size);
	memcpy((char *)memory + size, fence, sizeof(fence));
	return memory;
}

static const struct tsr_device_class *find_class(const TsrInstanceConfig *config,
						 const char *plugin, GError **error)
{
	struct tsr_callee callee = { config->name, plugin };
	const struct tsr_device_class *class;

	if (!config->isolated)
		tsr_code_map_add(config->entry, plugin);
	TSR_CALLING(&callee, "get_factory", class = config->entry->get_factory(TSR_FACTORY_DEVICE));
	if (!class || class->size < TSR_SIZE_TO(struct tsr_device_class, get_interface) ||
	    !class->attach) {
		g_set_error(
			error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			"%s: plugin %s has no factory %s; it cannot be an instance of a machine",
			config->name, tsr_plugin_get_id(config->plugin), TSR_FACTORY_DEVICE);
		return NULL;
	}
	if (class->flags) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_VERSION,
			    "%s: plugin %s %s: its device class has flags %xh, which this Tessera "
			    "does not know; install a newer Tessera",
			    config->name, tsr_plugin_get_id(config->plugin),
			    tsr_plugin_get_version(config->plugin), class->flags);
		return NULL;
	}
	return class;
}

static void close_kept(gpointer fd)
{
	close(GPOINTER_TO_INT(fd));
}

/* Of the manifest, by an absolute path. */
static char *dup_folder(TsrPlugin *plugin)
{
	g_autofree char *path = g_canonicalize_filename(tsr_plugin_get_manifest_path(plugin), NULL);

	return g_path_get_dirname(path);
}

TsrInstance *tsr_instance_new(TsrMachine *machine, const TsrInstanceConfig *config,
			      tsr_host_get get, GError **error)
{
	g_autofree char *plugin = g_strdup_printf("%s %s", tsr_plugin_get_id(config->plugin),
						  tsr_plugin_get_version(config->plugin));
	const struct tsr_device_class *class = find_class(config, plugin, error);

	if (!class)
		return NULL;
	void *self = allocate(class->instance_size);
	if (!self) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED,
			    "%s: plugin %s asks for an instance of %" G_GSIZE_FORMAT
			    " bytes; at most %u MiB are possible: use another version of it",
			    config->name, plugin, class->instance_size, INSTANCE_SIZE_MAX >> 20);
		return NULL;
	}
	TsrInstance *instance = g_new0(TsrInstance, 1);
	instance->folder = dup_folder(config->plugin);
	instance->record.host = (struct tsr_host){ .size = sizeof(struct tsr_host),
						   .abi = { TSR_ABI_MAJOR, TSR_ABI_MINOR },
						   .name = config->name,
						   .get = get,
						   .version = TESSERA_VERSION,
						   .folder = instance->folder };
	instance->record.instance = instance;
	instance->callee = (struct tsr_callee){ config->name, g_steal_pointer(&plugin) };
	instance->machine = machine;
	instance->config = config;
	instance->class = class;
	instance->self = self;
	instance->watches = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	instance->kept_files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, close_kept);
	tsr_log_budget_init(&instance->log);
	instance->mistakes =
		(struct tsr_mistakes){ .callee = &instance->callee, .log = &instance->log };
	return instance;
}

void tsr_instance_free(TsrInstance *instance)
{
	if (!instance)
		return;
	g_queue_clear_full(&instance->ordered_jobs, g_free);
	g_hash_table_unref(instance->watches);
	g_hash_table_unref(instance->kept_files);
	tsr_log_budget_finish(&instance->log);
	free(instance->self);
	g_free((char *)instance->callee.plugin);
	g_free(instance->folder);
	tsr_instance_config_free(instance->own_config);
	g_free(instance);
}

void tsr_instance_retire(TsrInstance *instance)
{
	g_hash_table_remove_all(instance->watches);
	g_hash_table_remove_all(instance->kept_files);
	g_clear_pointer(&instance->self, free);
}

static void check_fence(TsrInstance *instance)
{
	size_t size = instance->class->instance_size;
	char *end = (char *)instance->self + size;

	if (memcmp(end, fence, sizeof(fence)) == 0)
		return;
	memcpy(end, fence, sizeof(fence));
	tsr_mistake(&instance->mistakes, "it has written beyond its instance of %zu bytes", size);
}

void tsr_instance_provide(TsrInstance *instance)
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

/* What a plugin has filled in, as a line for the user. The core names the instance in front of it,
 * so a plugin that has done it, too, is cut. */
static const char *take_message(const TsrInstance *instance, struct tsr_error *why,
				const char *otherwise)
{
	g_autofree char *prefix = g_strconcat(instance->config->name, ": ", NULL);
	const char *message = why->message;

	why->message[sizeof(why->message) - 1] = 0;
	tsr_text_make_harmless(why->message);
	while (g_str_has_prefix(message, prefix))
		message += strlen(prefix);
	return *message ? message : otherwise;
}

/* What the instance's plugin refused, or did wrong meanwhile. */
static gboolean finish_step(TsrInstance *instance, bool good, struct tsr_error *why,
			    const char *otherwise, GError **error)
{
	g_autofree char *mistake = NULL;

	check_fence(instance);
	mistake = tsr_mistakes_take(&instance->mistakes);
	if (good && !mistake)
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, mistake ? TSR_MACHINE_ERROR_FAILED : error_code(why),
		    "%s: %s", instance->config->name,
		    mistake ? mistake : take_message(instance, why, otherwise));
	return FALSE;
}

static bool attach(TsrInstance *instance, struct tsr_error *why)
{
	const struct tsr_device_class *class = instance->class;
	const void *table = NULL;
	bool good;

	TSR_CALLING(&instance->callee, "attach",
		    good = class->attach(instance->self, &instance->record.host, why));
	if (!good)
		return false;
	if (class->get_interface)
		TSR_CALLING(&instance->callee, "get_interface",
			    table = class->get_interface(instance->self, "tessera.no-such/0"));
	return !table ||
	       tsr_error_set(why, TSR_ERROR_INVALID,
			     "plugin %s: its get_interface returns a table for a name that it "
			     "cannot know; it must return NULL for every name but those that its "
			     "manifest provides",
			     instance->callee.plugin);
}

gboolean tsr_instance_attach(TsrInstance *instance, GError **error)
{
	struct tsr_error why = { 0 };

	tsr_mistakes_collect(&instance->mistakes);
	if (!finish_step(instance, attach(instance, &why), &why, "cannot be attached", error)) {
		tsr_instance_detach(instance);
		return FALSE;
	}
	instance->attached = true;
	if (!instance->replaces)
		tsr_instance_provide(instance);
	return TRUE;
}

gboolean tsr_instance_realize(TsrInstance *instance, GError **error)
{
	struct tsr_error why = { 0 };
	bool good = true;

	tsr_mistakes_collect(&instance->mistakes);
	if (instance->class->realize)
		TSR_CALLING(&instance->callee, "realize",
			    good = instance->class->realize(instance->self, &why));
	return finish_step(instance, good, &why, "cannot be realized", error);
}

void tsr_instance_detach(TsrInstance *instance)
{
	if (instance->class->detach)
		TSR_CALLING(&instance->callee, "detach", instance->class->detach(instance->self));
	check_fence(instance);
	tsr_memory_faults_set(instance, NULL);
	instance->is_detached = true;
}

void tsr_instance_reset(TsrInstance *instance, enum tsr_reset kind)
{
	const struct tsr_instance_watch watch = instance->watch;

	if (watch.reset)
		watch.reset(watch.user, kind);
	if (instance->class->reset)
		TSR_CALLING(&instance->callee, "reset",
			    instance->class->reset(instance->self, kind));
	if (watch.reset)
		watch.done(watch.user, true);
	check_fence(instance);
}

void tsr_instance_save(TsrInstance *instance, struct tsr_state_writer *out)
{
	if (instance->class->save)
		TSR_CALLING(&instance->callee, "save", instance->class->save(instance->self, out));
	check_fence(instance);
}

gboolean tsr_instance_quiesce(TsrInstance *instance, GError **error)
{
	struct tsr_error why = { 0 };
	bool good = true;

	tsr_mistakes_collect(&instance->mistakes);
	if (TSR_HAS(instance->class, quiesce))
		TSR_CALLING(&instance->callee, "quiesce",
			    good = instance->class->quiesce(instance->self, &why));
	return finish_step(instance, good, &why, "it cannot stand still now", error);
}

void tsr_instance_resume(TsrInstance *instance)
{
	if (TSR_HAS(instance->class, resume))
		TSR_CALLING(&instance->callee, "resume", instance->class->resume(instance->self));
}

gboolean tsr_instance_load(TsrInstance *instance, struct tsr_state_reader *in, GError **error)
{
	struct tsr_error why = { 0 };
	bool good = true;

	tsr_mistakes_collect(&instance->mistakes);
	if (instance->class->load)
		TSR_CALLING(&instance->callee, "load",
			    good = instance->class->load(instance->self, in, &why));
	return finish_step(instance, good, &why, "its state does not fit", error);
}

/* What its manifest does not provide it is not asked for: a plugin that has a table for any name
 * would become the machine's interrupt router. */
static bool provides(const TsrInstance *instance, const char *name)
{
	const char *const *names = tsr_plugin_get_provides(instance->config->plugin);

	return names && g_strv_contains(names, name);
}

bool tsr_instance_get_interface(TsrInstance *instance, const char *name, struct tsr_interface *out)
{
	const struct tsr_device_class *class = instance->class;

	if (!instance->attached || !class->get_interface || !provides(instance, name))
		return false;
	TSR_CALLING(&instance->callee, "get_interface",
		    out->table = class->get_interface(instance->self, name));
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

static bool tell_changed(TsrInstance *instance, const struct property_watch *property,
			 const char *name, const char *value, struct tsr_error *why)
{
	const struct tsr_instance_watch watch = instance->watch;
	bool good;

	if (watch.changed)
		watch.changed(watch.user, name, value);
	TSR_CALLING(&instance->callee, "changed",
		    good = property->changed(property->self, name, why));
	if (watch.changed)
		watch.done(watch.user, good);
	return good;
}

gboolean tsr_instance_set_property(TsrInstance *instance, const char *name, const char *value,
				   GError **error)
{
	const TsrPropertySpec *spec = find_spec_or_error(instance, name, error);
	struct property_watch *watch = g_hash_table_lookup(instance->watches, name);
	GHashTable *properties = instance->config->properties;
	g_autofree char *allowed = NULL;
	struct tsr_error why = { 0 };
	bool good;

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
	good = tell_changed(instance, watch, name, checked, &why);
	if (good)
		return TRUE;
	g_hash_table_insert(properties, g_strdup(name), g_steal_pointer(&old));
	g_set_error(error, TSR_MACHINE_ERROR, error_code(&why), "%s.%s: %s", instance->config->name,
		    name, take_message(instance, &why, "refused"));
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
	gpointer kept;

	if (instance->passed_property && g_str_equal(instance->passed_property, property))
		return fcntl(instance->passed_fd, F_DUPFD_CLOEXEC, 3);
	if (instance->replaces && tsr_jail_is_closed() &&
	    g_hash_table_lookup_extended(instance->replaces->kept_files, property, NULL, &kept))
		return fcntl(GPOINTER_TO_INT(kept), F_DUPFD_CLOEXEC, 3);
	return -1;
}

static void files_keep(const struct tsr_host *host, const char *property, int fd)
{
	GHashTable *kept = tsr_instance_of(host)->kept_files;
	int own = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;

	if (own >= 0)
		g_hash_table_insert(kept, g_strdup(property), GINT_TO_POINTER(own));
	else
		g_hash_table_remove(kept, property);
}

const struct tsr_files tsr_files_table = {
	.size = sizeof(struct tsr_files),
	.take = files_take,
	.keep = files_keep,
};

static const char *property_text(const struct tsr_host *host, const char *name)
{
	TsrInstance *instance = tsr_instance_of(host);
	const char *value = g_hash_table_lookup(instance->config->properties, name);

	if (!value && !tsr_plugin_find_property(instance->config->plugin, name))
		tsr_mistake(&instance->mistakes,
			    "it asks for the property '%s', which its manifest lacks", name);
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
	struct property_watch *watch;

	if (!spec || !changed) {
		tsr_mistake(&instance->mistakes,
			    spec ? "it listens to the property '%s' without a function"
				 : "it listens to the property '%s', which its manifest lacks",
			    name);
		return;
	}
	watch = g_new0(struct property_watch, 1);
	*watch = (struct property_watch){ changed, self };
	g_hash_table_insert(instance->watches, spec->name, watch);
}

static void property_set_string(const struct tsr_host *host, const char *name, const char *value)
{
	TsrInstance *instance = tsr_instance_of(host);

	if (!value || !tsr_plugin_find_property(instance->config->plugin, name)) {
		tsr_mistake(&instance->mistakes,
			    value ? "it sets the property '%s', which its manifest lacks"
				  : "it sets the property '%s' to NULL",
			    name);
		return;
	}
	g_hash_table_insert(instance->config->properties, g_strdup(name),
			    tsr_text_make_harmless(g_strdup(value)));
}

static void property_set_int(const struct tsr_host *host, const char *name, int64_t value)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)value);

	property_set_string(host, name, text);
}

static void property_set_bool(const struct tsr_host *host, const char *name, bool value)
{
	property_set_string(host, name, value ? "true" : "false");
}

static bool property_has(const struct tsr_host *host, const char *name)
{
	return tsr_plugin_find_property(tsr_instance_of(host)->config->plugin, name) != NULL;
}

const struct tsr_properties tsr_properties_table = {
	.size = sizeof(struct tsr_properties),
	.get_string = property_text,
	.get_int = property_int,
	.get_bool = property_bool,
	.on_change = property_on_change,
	.set_string = property_set_string,
	.set_int = property_set_int,
	.set_bool = property_set_bool,
	.has = property_has,
};
