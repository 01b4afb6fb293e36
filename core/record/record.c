/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watching a machine from outside (tsr_machine_watch), and the beginning of a recording: the
 * machine stands still while the device is saved and taps are put on its border, so that the first
 * event follows the saved state.
 */
#include <string.h>

#include <tessera-glib/machine.h>

#include "board/input.h"
#include "board/memory-map.h"
#include "board/region.h"
#include "instance/instance.h"
#include "instance/remote-form.h"
#include "links/links.h"
#include "manifest/plugin.h"
#include "monitor/parts.h"
#include "monitor/recorder.h"
#include "recording/file.h"
#include "run/timekeeper.h"
#include "run/worker.h"
#include "state/hold.h"
#include "state/instance-state.h"

#define PREFIX "record:" /* and the device's name: a pattern that stands alone */

/* -- What cannot be recorded */

static gboolean refuse(GError **error, TsrMachineError code, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

static gboolean refuse(GError **error, TsrMachineError code, const char *format, ...)
{
	g_autofree char *why = NULL;
	va_list args;

	va_start(args, format);
	why = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, TSR_MACHINE_ERROR, code, why);
	return FALSE;
}

/* Memory that the guest writes without a handler; NULL: it has none. */
static const struct tsr_region *find_memory(TsrMachine *m, const TsrInstance *instance)
{
	GPtrArray *regions = tsr_memory_map_get_regions(m->memory);

	for (guint i = 0; i < regions->len; i++) {
		const struct tsr_region *r = g_ptr_array_index(regions, i);

		if (r->owner == instance && r->kind == REGION_MEMORY &&
		    !(r->flags & TSR_MEMORY_ROM))
			return r;
	}
	return NULL;
}

/* The interface of a connection that no tap can be put on; NULL: there is none. */
static const char *find_unknown(TsrMachine *m, const TsrInstance *instance)
{
	GPtrArray *needs = tsr_plugin_get_needs(instance->config->plugin);

	for (guint i = 0; i < needs->len; i++) {
		const TsrNeed *need = needs->pdata[i];
		const char *provider =
			g_hash_table_lookup(instance->config->connections, need->name);
		TsrInstanceConfig *other = provider ? tsr_config_find(m->config, provider) : NULL;
		const char *interface = other ? tsr_need_choose(need, other->plugin) : NULL;

		if (interface && !tsr_links_know(interface))
			return interface;
	}
	return NULL;
}

static gboolean check_instance(TsrMachine *m, const TsrInstance *instance, GError **error)
{
	TsrPlugin *plugin = instance->config->plugin;
	const char *name = instance->config->name;
	const char *const *provides = tsr_plugin_get_provides(plugin);
	const struct tsr_region *memory = find_memory(m, instance);

	if (strcmp(tsr_plugin_get_kind(plugin), "device") != 0)
		return refuse(error, TSR_MACHINE_ERROR_INVALID,
			      "%s is no device: only devices can be recorded, because a back end's "
			      "other side is the host",
			      name);
	if (provides && *provides)
		return refuse(error, TSR_MACHINE_ERROR_INVALID,
			      "%s provides %s to other instances, and what they call cannot be "
			      "recorded yet",
			      name, *provides);
	if (find_unknown(m, instance))
		return refuse(error, TSR_MACHINE_ERROR_INVALID,
			      "%s uses %s, which cannot be recorded", name,
			      find_unknown(m, instance));
	if (tsr_inputs_reach(m->inputs, instance) || tsr_worker_pool_watches(m->workers, instance))
		return refuse(
			error, TSR_MACHINE_ERROR_INVALID,
			"%s gets keys, the pointer or data of the host by itself, which cannot "
			"be recorded",
			name);
	if (memory)
		return refuse(error, TSR_MACHINE_ERROR_INVALID,
			      "%s has memory that the guest reaches without it (%s), and what is "
			      "written there cannot be recorded",
			      name, memory->name);
	return TRUE;
}

static TsrInstance *find_instance(TsrMachine *m, const char *name, GError **error)
{
	TsrInstance *instance = tsr_machine_find_instance(m, name);

	if (!instance) {
		refuse(error, TSR_MACHINE_ERROR_NOT_FOUND,
		       "this machine has no instance '%s'; `tessera ctl SOCKET status` lists them",
		       name);
		return NULL;
	}
	if (m->state == TSR_MACHINE_STOPPED) {
		refuse(error, TSR_MACHINE_ERROR_STATE, "the machine is stopped");
		return NULL;
	}
	return instance;
}

/* -- The description */

static GVariant *properties_of(const TsrInstance *instance)
{
	g_auto(GVariantBuilder) list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{ss}"));
	GHashTableIter iter;
	gpointer name, value;

	g_hash_table_iter_init(&iter, instance->config->properties);
	while (g_hash_table_iter_next(&iter, &name, &value))
		g_variant_builder_add(&list, "{ss}", name, value ? value : "");
	return g_variant_builder_end(&list);
}

static void describe_plugin(const TsrInstance *instance, GVariantDict *d)
{
	TsrPlugin *plugin = instance->config->plugin;

	g_variant_dict_insert(d, "instance", "s", instance->config->name);
	g_variant_dict_insert(d, "plugin", "s", tsr_plugin_get_id(plugin));
	g_variant_dict_insert(d, "version", "s", tsr_plugin_get_version(plugin));
	g_variant_dict_insert(d, "state-version", "u", tsr_plugin_get_state_version(plugin));
	g_variant_dict_insert_value(d, "properties", properties_of(instance));
}

/* Without a state before the first reset: a device has one from then on. */
static gboolean describe_state(TsrMachine *m, TsrInstance *instance, GVariantDict *d,
			       GError **error)
{
	g_autofree char *failure = NULL;
	g_autoptr(GVariant) state = NULL;

	if (!m->powered_on && !m->has_state)
		return TRUE;
	state = g_variant_ref_sink(tsr_instance_state_save(instance, &failure));
	if (failure)
		return refuse(error, TSR_MACHINE_ERROR_FAILED, "%s cannot be saved: %s",
			      instance->config->name, failure);
	g_variant_dict_insert_value(d, "state", state);
	return TRUE;
}

static GByteArray *describe(TsrMachine *m, TsrInstance *instance,
			    const struct tsr_recorder *recorder, GError **error)
{
	g_auto(GVariantDict) d = G_VARIANT_DICT_INIT(NULL);
	g_autoptr(GVariant) all = NULL;

	describe_plugin(instance, &d);
	g_variant_dict_insert(&d, "time", "t", tsr_timekeeper_now(m->clock));
	g_variant_dict_insert(&d, "wall", "t", (guint64)g_get_real_time() / G_USEC_PER_SEC);
	if (!describe_state(m, instance, &d, error))
		return NULL;
	tsr_recorded_things_describe(tsr_recorder_get_things(recorder), &d);
	all = g_variant_ref_sink(g_variant_dict_end(&d));
	if (g_variant_get_size(all) <= TSR_RECORDING_DESCRIPTION_MAX)
		return tsr_recording_front(all);
	refuse(error, TSR_MACHINE_ERROR_FAILED, "%s: its state is too large for a recording",
	       instance->config->name);
	return NULL;
}

/* -- Beginning */

/* [main, locked] */
static gboolean begin(TsrMachine *m, TsrInstance *instance, int fd, GError **error)
{
	struct tsr_hub *hub = m->taps->hub;
	struct tsr_recorder *recorder;
	g_autoptr(GByteArray) front = NULL;

	if (tsr_hub_get_recorder(hub))
		return refuse(error, TSR_MACHINE_ERROR_STATE,
			      "a device of this machine (%s) is recorded already; end that first",
			      tsr_recorder_get_name(tsr_hub_get_recorder(hub)));
	if (!check_instance(m, instance, error))
		return FALSE;
	recorder = tsr_recorder_new(m, instance);
	front = describe(m, instance, recorder, error);
	if (front && tsr_hub_record(hub, fd, recorder, front, error))
		return TRUE;
	tsr_recorder_free(recorder);
	return FALSE;
}

static gboolean record(TsrMachine *m, int fd, const char *name, GError **error)
{
	TsrInstance *instance = find_instance(m, name, error);
	gboolean was_running, good;

	tsr_hub_reap(m->taps->hub);
	if (!instance || !tsr_machine_hold(m, "try again later", &was_running, error))
		return FALSE;
	good = begin(m, instance, fd, error);
	tsr_machine_let_go(m, was_running);
	return good;
}

gboolean tsr_machine_watch(TsrMachine *self, int fd, const char *const *patterns, GError **error)
{
	if (self->form)
		return self->form->watch(self, fd, patterns, error);
	if (patterns && *patterns && !patterns[1] && g_str_has_prefix(*patterns, PREFIX))
		return record(self, fd, *patterns + strlen(PREFIX), error);
	return tsr_hub_add(self->taps->hub, fd, patterns, error);
}
