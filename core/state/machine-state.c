/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saving a whole machine to a file and loading it: core parts, every instance, guest memory. */
#include <string.h>

#include <tessera/draft/mmu.h>
#include <tessera/draft/x86-state.h>

#include "board/lines.h"
#include "board/memory-map.h"
#include "board/pci-bus.h"
#include "instance/instance.h"
#include "instance/lock.h"
#include "instance/machine-parts.h"
#include "instance/remote-form.h"
#include "manifest/plugin.h"
#include "monitor/taps.h"
#include "run/timekeeper.h"
#include "run/vcpu.h"
#include "state/hold.h"
#include "state/instance-state.h"
#include "state/machine-state.h"
#include "state/media.h"
#include "state/properties.h"
#include "state/state-fields.h"
#include "state/state-file.h"

static void put_clock(TsrMachine *m, struct tsr_state_writer *out)
{
	tsr_timekeeper_put_state(m->clock, out);
}

static void get_clock(TsrMachine *m, struct tsr_state_reader *in)
{
	tsr_timekeeper_get_state(m->clock, in);
}

static void put_pci(TsrMachine *m, struct tsr_state_writer *out)
{
	tsr_pci_bus_put_state(m->pci, out);
}

static void get_pci(TsrMachine *m, struct tsr_state_reader *in)
{
	tsr_pci_bus_get_state(m->pci, in);
}

static void put_lines(TsrMachine *m, struct tsr_state_writer *out)
{
	tsr_lines_put_state(m->lines, out);
}

static void get_lines(TsrMachine *m, struct tsr_state_reader *in)
{
	tsr_lines_get_state(m->lines, in);
}

static void put_map(TsrMachine *m, struct tsr_state_writer *out)
{
	tsr_memory_map_put_state(m->memory, out);
	tsr_state_put_u64(out, "random0", m->random[0]);
	tsr_state_put_u64(out, "random1", m->random[1]);
}

static void get_map(TsrMachine *m, struct tsr_state_reader *in)
{
	tsr_memory_map_get_state(m->memory, in);
	tsr_state_get_u64(in, "random0", &m->random[0]);
	tsr_state_get_u64(in, "random1", &m->random[1]);
}

/* The parts of the core that have state, in the order of loading. */
static const struct {
	const char *name;
	void (*put)(TsrMachine *m, struct tsr_state_writer *out);
	void (*get)(TsrMachine *m, struct tsr_state_reader *in);
} parts[] = {
	{ "clock", put_clock, get_clock },
	{ "map", put_map, get_map },
	{ "pci", put_pci, get_pci },
	{ "lines", put_lines, get_lines },
};

/* -- Saving */

/* *failure: why it cannot be saved, if so. */
static GVariant *save_instance(TsrInstance *instance, char **failure)
{
	TsrPlugin *plugin = instance->config->plugin;

	return g_variant_new("(su@a{sv})", tsr_plugin_get_id(plugin),
			     tsr_plugin_get_state_version(plugin),
			     tsr_instance_state_save(instance, failure));
}

/* Engine-neutral: the processor's state as the architecture has it, whichever plugins run it and
 * translate its addresses, and no service of CPU plugins. */
static GVariant *save_processor(TsrMachine *m)
{
	struct tsr_state_writer *w = tsr_variant_writer_new(NULL);
	struct tsr_x86_state state = { .size = sizeof(state) };

	m->cpu->get_state(m->cpu_self, &state);
	tsr_x86_state_put(w, &state);
	return tsr_variant_writer_end(w, NULL);
}

static bool is_engine(TsrInstance *instance)
{
	struct tsr_interface found;

	return tsr_instance_get_interface(instance, TSR_CPU, &found) ||
	       tsr_instance_get_interface(instance, TSR_MMU, &found);
}

/* It has no part in what the guest sees: a state fits with and without it. */
static bool is_window(TsrInstance *instance)
{
	return strcmp(tsr_plugin_get_kind(instance->config->plugin), TSR_KIND_UI) == 0;
}

static GVariant *build_instances(TsrMachine *m, bool neutral, GError **error)
{
	GVariantBuilder instances;

	g_variant_builder_init(&instances, G_VARIANT_TYPE("a{s(sua{sv})}"));
	for (guint i = 0; i < m->instances->len; i++) {
		TsrInstance *instance = g_ptr_array_index(m->instances, i);
		g_autofree char *failure = NULL;

		if (is_window(instance) || (neutral && is_engine(instance)))
			continue;
		g_variant_builder_add(&instances, "{s@(sua{sv})}", instance->config->name,
				      save_instance(instance, &failure));
		if (failure) {
			g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO,
				    "cannot save: %s: %s", instance->config->name, failure);
			g_variant_builder_clear(&instances);
			return NULL;
		}
	}
	return g_variant_builder_end(&instances);
}

/* NULL with error when an instance cannot be saved. media: floating; NULL, which makes it neutral:
 * of a processor, whichever plugin runs it, and of the media only what instances save. */
static GVariant *build_head(TsrMachine *m, GVariant *media, GError **error)
{
	bool neutral = !media;
	GVariantBuilder head;
	GVariant *instances;

	g_variant_builder_init(&head, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&head, "{sv}", "machine", g_variant_new_string(m->config->name));
	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		struct tsr_state_writer *w = tsr_variant_writer_new(NULL);
		parts[i].put(m, w);
		g_variant_builder_add(&head, "{sv}", parts[i].name,
				      tsr_variant_writer_end(w, NULL));
	}
	if (neutral)
		g_variant_builder_add(&head, "{sv}", "processor", save_processor(m));
	else
		g_variant_builder_add(&head, "{sv}", "media", media);
	if (!neutral)
		g_variant_builder_add(&head, "{sv}", "properties", tsr_properties_save(m));
	instances = build_instances(m, neutral, error);
	if (!instances) {
		g_variant_builder_clear(&head);
		return NULL;
	}
	g_variant_builder_add(&head, "{sv}", "instances", instances);
	return g_variant_ref_sink(g_variant_builder_end(&head));
}

/* Media first: a state that is on stable storage before them would be of contents that the host may
 * still lose. To the file `path`, or to fd if that is not negative. */
static gboolean save_to(TsrMachine *self, const char *path, int fd, GError **error)
{
	GVariant *media = tsr_media_seal(self, error);
	guint64 size;

	if (!media)
		return FALSE;
	const uint8_t *ram = tsr_memory_map_ram(self->memory, &size);
	g_autoptr(GVariant) head = build_head(self, media, error);
	if (!head)
		return FALSE;
	return fd >= 0 ? tsr_state_file_write_fd(fd, path, head, ram, size, error)
		       : tsr_state_file_write(path, head, ram, size, error);
}

gboolean tsr_machine_save_then(TsrMachine *self, const char *path, int fd, TsrThen then,
			       gpointer user, GError **error)
{
	gboolean was_running, good;

	if (self->state == TSR_MACHINE_STOPPED) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE,
			    "cannot save: the machine is stopped");
		return FALSE;
	}
	if (!tsr_machine_hold(self, "try again later", &was_running, error))
		return FALSE;
	good = save_to(self, path, fd, error) && (!then || then(self, user, error));
	tsr_machine_let_go(self, was_running);
	return good;
}

gboolean tsr_machine_save(TsrMachine *self, const char *path, GError **error)
{
	return self->form ? self->form->save(self, path, error)
			  : tsr_machine_save_then(self, path, -1, NULL, NULL, error);
}

static gboolean is_descriptor(int fd, GError **error)
{
	if (fd < 0)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "%d is not a file descriptor", fd);
	return fd >= 0;
}

gboolean tsr_machine_save_fd(TsrMachine *self, int fd, const char *name, GError **error)
{
	if (!is_descriptor(fd, error))
		return FALSE;
	return self->form ? self->form->save_fd(self, fd, name, error)
			  : tsr_machine_save_then(self, name, fd, NULL, NULL, error);
}

static void hash_memory(GChecksum *sum, const uint8_t *ram, guint64 size)
{
	const guint64 piece = 1 << 20;

	for (guint64 at = 0; at < size; at += piece)
		g_checksum_update(sum, ram + at, (gssize)MIN(piece, size - at));
}

char *tsr_machine_hash_state(TsrMachine *self, GError **error)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	gboolean was_running;
	guint64 size;

	if (self->form)
		return self->form->hash_state(self, error);
	if (self->state == TSR_MACHINE_LOADED) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE,
			    "there is no state yet: the machine was not started");
		return NULL;
	}
	if (!tsr_machine_hold(self, "try again later", &was_running, error))
		return NULL;
	g_autoptr(GVariant) head = build_head(self, NULL, error);
	if (!head) {
		tsr_machine_let_go(self, was_running);
		return NULL;
	}
	g_autoptr(GVariant) normal = g_variant_get_normal_form(head);
	g_checksum_update(sum, g_variant_get_data(normal), (gssize)g_variant_get_size(normal));
	const uint8_t *ram = tsr_memory_map_ram(self->memory, &size);
	hash_memory(sum, ram, size);
	tsr_machine_let_go(self, was_running);
	return g_strdup(g_checksum_get_string(sum));
}

/* -- Loading */

static gboolean refuse(GError **error, const char *path, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
static gboolean refuse(GError **error, const char *path, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *why = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_VERSION, "%s: %s", path, why);
	return FALSE;
}

static gboolean check_instance(TsrMachine *m, const char *path, const char *name, const char *id,
			       guint32 version, GError **error)
{
	TsrInstance *instance = tsr_machine_find_instance(m, name);

	if (!instance && tsr_config_find(m->config, name))
		return TRUE;
	if (!instance)
		return refuse(error, path, "it has an instance '%s' (%s) that this machine lacks",
			      name, id);
	TsrPlugin *plugin = instance->config->plugin;
	if (strcmp(tsr_plugin_get_id(plugin), id) != 0)
		return refuse(error, path, "its '%s' is a %s, this machine's is a %s", name, id,
			      tsr_plugin_get_id(plugin));
	if (version < tsr_plugin_get_state_oldest(plugin) ||
	    version > tsr_plugin_get_state_version(plugin))
		return refuse(error, path, "the state of '%s' has version %u, %s %s loads %u to %u",
			      name, version, id, tsr_plugin_get_version(plugin),
			      tsr_plugin_get_state_oldest(plugin),
			      tsr_plugin_get_state_version(plugin));
	return TRUE;
}

static gboolean check(TsrMachine *m, const char *path, TsrStateFile *file, GVariant *instances,
		      GError **error)
{
	guint64 size;
	GVariantIter iter;
	const char *name, *id;
	guint32 version;
	GVariant *fields;

	tsr_memory_map_ram(m->memory, &size);
	if (!instances)
		return refuse(error, path, "it has no instances");
	if (tsr_state_file_get_memory_length(file) != size)
		return refuse(error, path,
			      "it was saved with %" G_GUINT64_FORMAT
			      " MiB of memory, this machine has %" G_GUINT64_FORMAT,
			      tsr_state_file_get_memory_length(file) >> 20, size >> 20);
	g_variant_iter_init(&iter, instances);
	while (g_variant_iter_next(&iter, "{&s(&su@a{sv})}", &name, &id, &version, &fields)) {
		gboolean good = check_instance(m, path, name, id, version, error);
		g_variant_unref(fields);
		if (!good)
			return FALSE;
	}
	for (guint i = 0; i < m->instances->len; i++) {
		TsrInstance *instance = g_ptr_array_index(m->instances, i);
		g_autoptr(GVariant) saved =
			g_variant_lookup_value(instances, instance->config->name, NULL);
		if (!saved && !is_window(instance))
			return refuse(error, path, "it lacks the instance '%s' of this machine",
				      instance->config->name);
	}
	return TRUE;
}

static void load_parts(TsrMachine *m, GVariant *head)
{
	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autoptr(GVariant) fields =
			g_variant_lookup_value(head, parts[i].name, G_VARIANT_TYPE_VARDICT);
		if (!fields)
			continue;
		struct tsr_state_reader *r = tsr_variant_reader_new(fields, 1, NULL);
		parts[i].get(m, r);
		tsr_variant_reader_free(r);
	}
}

static gboolean load_instance(TsrMachine *m, const char *path, const char *name, guint32 version,
			      GVariant *fields, GError **error)
{
	TsrInstance *instance = tsr_machine_find_instance(m, name);
	g_autoptr(GError) failure = NULL;

	return tsr_instance_state_load(instance, fields, version, &failure) ||
	       refuse(error, path, "%s", failure->message);
}

/* In the order of attach: a device may read the state of what it is connected to. */
static gboolean load_instances(TsrMachine *m, const char *path, GVariant *instances, GError **error)
{
	for (guint i = 0; i < m->instances->len; i++) {
		TsrInstance *instance = g_ptr_array_index(m->instances, i);
		g_autoptr(GVariant) saved =
			g_variant_lookup_value(instances, instance->config->name, NULL);
		const char *id;
		guint32 version;
		g_autoptr(GVariant) fields = NULL;

		if (!saved) /* a window that the other machine did not have */
			continue;
		g_variant_get(saved, "(&su@a{sv})", &id, &version, &fields);
		if (!load_instance(m, path, instance->config->name, version, fields, error))
			return FALSE;
	}
	return TRUE;
}

/* Before the instances load: what a change does to them is in their state already. */
static gboolean load_properties(TsrMachine *m, const char *path, GVariant *head, GError **error)
{
	g_autoptr(GVariant) properties =
		g_variant_lookup_value(head, "properties", G_VARIANT_TYPE("a{sa{ss}}"));
	g_autoptr(GError) failure = NULL;

	return tsr_properties_load(m, properties, &failure) ||
	       refuse(error, path, "%s", failure->message);
}

static gboolean load_all(TsrMachine *m, const char *path, TsrStateFile *file, GVariant *instances,
			 GError **error)
{
	guint64 size;
	uint8_t *ram = tsr_memory_map_ram(m->memory, &size);
	gboolean good;

	tsr_machine_do_reset(m, TSR_RESET_POWER_ON);
	load_parts(m, tsr_state_file_get_head(file));
	tsr_lines_set_loading(m->lines, true);
	good = tsr_state_file_read_memory(file, ram, size, error) &&
	       load_properties(m, path, tsr_state_file_get_head(file), error) &&
	       load_instances(m, path, instances, error);
	tsr_lines_set_loading(m->lines, false);
	if (!good)
		return FALSE;
	load_parts(m, tsr_state_file_get_head(
			      file)); /* devices may have moved lines while they loaded */
	return TRUE;
}

/* From the file `path`, or from fd if that is not negative. */
static gboolean load(TsrMachine *self, const char *path, int fd, TsrMachineLoadFlags flags,
		     GError **error)
{
	g_autoptr(TsrStateFile) file = NULL;
	g_autoptr(GVariant) instances = NULL, media = NULL;
	gboolean good;

	if (self->state != TSR_MACHINE_LOADED) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE,
			    "a state can be loaded only before the machine starts");
		return FALSE;
	}
	file = fd < 0 ? tsr_state_file_open(path, error) : tsr_state_file_open_fd(fd, path, error);
	if (!file)
		return FALSE;
	instances = g_variant_lookup_value(tsr_state_file_get_head(file), "instances",
					   G_VARIANT_TYPE("a{s(sua{sv})}"));
	media = g_variant_lookup_value(tsr_state_file_get_head(file), "media",
				       G_VARIANT_TYPE("a{sa{sv}}"));
	if (!check(self, path, file, instances, error))
		return FALSE;
	tsr_machine_lock(self);
	tsr_taps_end_recording(self, NULL, TSR_RECORDING_END_LOADED);
	good = tsr_media_recognize(self, path, media, flags & TSR_MACHINE_LOAD_FORCE_MEDIUM,
				   error) &&
	       load_all(self, path, file, instances, error);
	self->has_state = good;
	tsr_machine_unlock(self);
	return good;
}

gboolean tsr_machine_load(TsrMachine *self, const char *path, GError **error)
{
	return tsr_machine_load_full(self, path, TSR_MACHINE_LOAD_DEFAULT, error);
}

gboolean tsr_machine_load_full(TsrMachine *self, const char *path, TsrMachineLoadFlags flags,
			       GError **error)
{
	return self->form ? self->form->load(self, path, flags, error)
			  : load(self, path, -1, flags, error);
}

gboolean tsr_machine_load_fd(TsrMachine *self, int fd, const char *name, TsrMachineLoadFlags flags,
			     GError **error)
{
	if (!is_descriptor(fd, error))
		return FALSE;
	return self->form ? self->form->load_fd(self, fd, name, flags, error)
			  : load(self, name, fd, flags, error);
}
