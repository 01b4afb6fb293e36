/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TsrMachine: building a machine from its configuration, and its life cycle.
 *
 * load -> wire -> realize (tsr_machine_new_from_config) -> reset -> run <-> pause -> stop ->
 * dispose. A failure at any step undoes all before it. The guest runs on the virtual CPU's thread
 * (vcpu.c); everything here is on the main thread.
 */
#include "machine/jail-paths.h"
#include "machine/machine.h"

#include <string.h>

#include <tessera/draft/mmu.h>

#include "board/display.h"
#include "board/input.h"
#include "board/lines.h"
#include "board/memory-map.h"
#include "board/pci-bus.h"
#include "board/port-space.h"
#include "config/load.h"
#include "instance/bus.h"
#include "instance/check.h"
#include "instance/instance.h"
#include "instance/lock.h"
#include "instance/machine-parts.h"
#include "instance/posts.h"
#include "instance/remote-form.h"
#include "instance/signals.h"
#include "isolation/isolation.h"
#include "jail/jail.h"
#include "links/links.h"
#include "machine/host-tables.h"
#include "manifest/plugin.h"
#include "monitor/taps.h"
#include "profile/profile.h"
#include "run/timekeeper.h"
#include "run/timers.h"
#include "run/vcpu.h"
#include "run/worker.h"

G_DEFINE_FINAL_TYPE(TsrMachine, tsr_machine, G_TYPE_OBJECT)

#define TEAR_DOWN_US (2 * G_USEC_PER_SEC) /* for the host to answer what it was asked */

enum { PROP_NAME = 1, PROP_STATE, PROP_EXIT_STATUS, PROPS };

/* -- Building */

static gboolean attach_all(TsrMachine *m, GError **error)
{
	for (guint i = 0; i < m->config->instances->len; i++) {
		TsrInstanceConfig *config = g_ptr_array_index(m->config->instances, i);
		TsrInstance *instance;

		if (config->apart)
			continue;
		if (config->isolated)
			config->entry = &tsr_isolation_entry;
		instance = tsr_instance_new(m, config, tsr_host_tables_get, error);
		if (!instance)
			return FALSE;
		g_ptr_array_add(m->instances, instance);
		if (!tsr_instance_attach(instance, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean realize_all(TsrMachine *m, GError **error)
{
	for (guint i = 0; i < m->instances->len; i++) {
		if (!tsr_instance_realize(g_ptr_array_index(m->instances, i), error))
			return FALSE;
	}
	return TRUE;
}

static gboolean find_processor(TsrMachine *m, GError **error)
{
	struct tsr_interface found;

	m->cpu_instance = tsr_machine_find_instance(m, m->config->cpu);
	m->mmu_instance = tsr_machine_find_instance(m, m->config->mmu);
	if (!m->cpu_instance || !tsr_instance_get_interface(m->cpu_instance, TSR_CPU, &found)) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "%s: instance '%s' does not provide %s", m->config->name,
			    m->config->cpu, TSR_CPU);
		return FALSE;
	}
	tsr_lock_set_processor(m, found.table, found.self);
	if (!m->mmu_instance ||
	    !tsr_instance_get_interface(m->mmu_instance, TSR_PHYS_LISTENER, &found)) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "%s: instance '%s' does not provide %s", m->config->name,
			    m->config->mmu, TSR_PHYS_LISTENER);
		return FALSE;
	}
	tsr_memory_map_set_listener(m->memory, found.table, found.self);
	return TRUE;
}

static void seed_random(TsrMachine *m)
{
	m->random[0] = 0x9e3779b97f4a7c15ull;
	m->random[1] = 0xbf58476d1ce4e5b9ull;
	if (m->config->clock == TSR_CLOCK_REALTIME) {
		m->random[0] ^= (guint64)g_random_int() << 32 | g_random_int();
		m->random[1] ^= (guint64)g_random_int() << 32 | g_random_int();
	}
}

static gboolean build(TsrMachine *m, GError **error)
{
	m->memory = tsr_memory_map_new(m->config->memory, error);
	if (!m->memory)
		return FALSE;
	m->ports = tsr_port_space_new();
	m->lines = tsr_lines_new(m);
	m->clock = tsr_timekeeper_new(m, error);
	m->pci = tsr_pci_bus_new(m);
	m->workers = m->clock ? tsr_worker_pool_new(m, error) : NULL;
	m->links = tsr_links_new();
	m->displays = tsr_displays_new(m);
	m->inputs = tsr_inputs_new();
	m->taps = tsr_taps_new(m);
	seed_random(m);
	return m->workers && attach_all(m, error) && tsr_displays_check(m->displays, error) &&
	       tsr_lines_connect(m->lines, error) && tsr_pci_bus_connect(m->pci, error) &&
	       realize_all(m, error) && find_processor(m, error);
}

TsrMachine *tsr_machine_new_from_config(TsrConfig *config, GError **error)
{
	TsrMachine *m = g_object_new(TSR_TYPE_MACHINE, NULL);
	gboolean good;

	m->config = config;
	tsr_check_init();
	tsr_machine_lock(m);
	good = build(m, error);
	tsr_machine_unlock(m);
	if (good)
		return m;
	g_object_unref(m);
	return NULL;
}

TsrMachine *tsr_machine_new_from_file(TsrRegistry *registry, const char *file,
				      const char *const *overrides, GError **error)
{
	TsrConfig *config = tsr_config_new_from_file(registry, file, overrides, error);

	return config ? tsr_machine_new_from_config(config, error) : NULL;
}

static void detach(TsrMachine *m, TsrInstance *instance)
{
	tsr_bus_withdraw(m->bus, instance->config->name);
	if (instance->attached)
		tsr_instance_detach(instance);
	tsr_worker_pool_drop(m->workers, instance);
	tsr_timers_drop(m->clock, instance);
	tsr_memory_map_drop(m->memory, instance);
	tsr_port_space_drop(m->ports, instance);
}

/* What a job of a worker may use that does not end is not freed, with all that hangs on it. */
static void leave_behind(TsrMachine *m, const TsrInstance *busy)
{
	g_log("tessera", G_LOG_LEVEL_WARNING,
	      "%s: the host does not answer; what the guest wrote last and did not see confirmed "
	      "may be lost",
	      busy->config->name);
	tsr_worker_pool_leave(m->workers, m);
	g_clear_pointer(&m->clock, tsr_timekeeper_free);
}

/* Returns whether everything is freed. */
static gboolean tear_down(TsrMachine *m)
{
	TsrInstance *busy = NULL;

	tsr_taps_close(m->taps);
	tsr_machine_lock(m);
	if (m->workers)
		busy = tsr_worker_pool_settle(m->workers, g_get_monotonic_time() + TEAR_DOWN_US);
	if (m->memory)
		tsr_memory_map_set_listener(m->memory, NULL, NULL);
	tsr_lock_set_processor(m, NULL, NULL);
	for (guint i = m->instances->len; i-- > 0;) {
		TsrInstance *instance = g_ptr_array_index(m->instances, i);
		if (!instance->jobs)
			detach(m, instance);
	}
	tsr_machine_unlock(m);
	if (busy) {
		leave_behind(m, busy);
		return FALSE;
	}
	g_clear_pointer(&m->workers, tsr_worker_pool_free);
	if (!tsr_check_is_on)
		g_ptr_array_set_size(m->instances, 0);
	g_clear_pointer(&m->taps, tsr_taps_free);
	g_clear_pointer(&m->links, tsr_links_free);
	g_clear_pointer(&m->inputs, tsr_inputs_free);
	g_clear_pointer(&m->displays, tsr_displays_free);
	g_clear_pointer(&m->pci, tsr_pci_bus_free);
	g_clear_pointer(&m->clock, tsr_timekeeper_free);
	g_clear_pointer(&m->lines, tsr_lines_free);
	g_clear_pointer(&m->ports, tsr_port_space_free);
	g_clear_pointer(&m->memory, tsr_memory_map_free);
	return TRUE;
}

/* -- Life cycle */

static gboolean wrong_state(TsrMachine *self, const char *what, GError **error)
{
	static const char *const names[] = { "not started", "running", "paused", "stopped" };

	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE,
		    "cannot %s: the machine is %s", what, names[self->state]);
	return FALSE;
}

static void power_on(TsrMachine *self)
{
	tsr_machine_lock(self);
	if (!self->powered_on && !self->has_state)
		tsr_machine_do_reset(self, TSR_RESET_POWER_ON);
	self->powered_on = true;
	tsr_machine_unlock(self);
}

/* The first instance whose plugin cannot work in a jail; else all that is needed, in *needs. */
static const TsrInstance *find_unjailed(TsrMachine *self, unsigned *needs)
{
	*needs = 0;
	for (guint i = 0; i < self->instances->len; i++) {
		const TsrInstance *instance = g_ptr_array_index(self->instances, i);

		*needs |= instance->config->plugin->needs_host;
		if (*needs & TSR_JAIL_NONE_POSSIBLE)
			return instance;
	}
	return NULL;
}

gboolean tsr_machine_can_enter_jail(TsrMachine *self)
{
	unsigned needs;

	if (self->form)
		return tsr_jail_is_possible() && !(self->viewers_need & TSR_JAIL_NONE_POSSIBLE);
	return tsr_jail_is_possible() && !find_unjailed(self, &needs);
}

void tsr_machine_enter_jail(TsrMachine *self)
{
	unsigned needs;
	const TsrInstance *unjailed;

	if (self->form) { /* the jail of the machine's process is not this one */
		if (tsr_machine_can_enter_jail(self))
			g_free(tsr_jail_enter(self->viewers_need, NULL));
		return;
	}
	g_return_if_fail(self->state == TSR_MACHINE_LOADED);
	unjailed = find_unjailed(self, &needs);
	g_free(self->jail);
	if (unjailed) {
		self->jail =
			g_strdup_printf("off: %s (%s) cannot work in one", unjailed->config->name,
					tsr_plugin_get_id(unjailed->config->plugin));
		return;
	}
	power_on(self); /* opens files that a machine which cannot be built must not create */
	self->jail = tsr_machine_close_jail(self, needs);
	tsr_worker_pool_narrow(self->workers);
}

const char *tsr_machine_get_jail(TsrMachine *self)
{
	return self->jail ? self->jail : "off: not asked for";
}

gboolean tsr_machine_start(TsrMachine *self, GError **error)
{
	if (self->form)
		return self->form->start(self, error);
	if (self->state != TSR_MACHINE_LOADED)
		return wrong_state(self, "start", error);
	power_on(self);
	self->started_us = g_get_monotonic_time();
	tsr_vcpu_set_running(self, true);
	tsr_signals_set_state(self, TSR_MACHINE_RUNNING);
	return TRUE;
}

gboolean tsr_machine_pause(TsrMachine *self, GError **error)
{
	if (self->form)
		return self->form->pause(self, error);
	if (self->state != TSR_MACHINE_RUNNING)
		return wrong_state(self, "pause", error);
	tsr_vcpu_set_running(self, false);
	tsr_signals_set_state(self, TSR_MACHINE_PAUSED);
	return TRUE;
}

gboolean tsr_machine_resume(TsrMachine *self, GError **error)
{
	if (self->form)
		return self->form->resume(self, error);
	if (self->state != TSR_MACHINE_PAUSED)
		return wrong_state(self, "resume", error);
	tsr_vcpu_set_running(self, true);
	tsr_signals_set_state(self, TSR_MACHINE_RUNNING);
	return TRUE;
}

gboolean tsr_machine_reset(TsrMachine *self, GError **error)
{
	if (self->form)
		return self->form->reset(self, error);
	if (self->state != TSR_MACHINE_RUNNING && self->state != TSR_MACHINE_PAUSED)
		return wrong_state(self, "reset", error);
	tsr_vcpu_request_reset(self, TSR_RESET_HARD);
	return TRUE;
}

void tsr_machine_stop(TsrMachine *self, int exit_status, const char *why)
{
	if (self->form) {
		self->form->stop(self, exit_status, why);
		return;
	}
	if (self->state == TSR_MACHINE_STOPPED)
		return;
	if (!self->thread_started)
		tsr_signals_become_stopped(self, exit_status, why);
	else
		tsr_vcpu_request_stop(self, exit_status, why);
}

int tsr_machine_run(TsrMachine *self, GError **error)
{
	if (self->state == TSR_MACHINE_LOADED && !tsr_machine_start(self, error))
		return TSR_EXIT_MACHINE_FAILED;
	while (self->state != TSR_MACHINE_STOPPED)
		g_main_context_iteration(self->context, TRUE);
	return self->exit_status;
}

const char *tsr_machine_get_name(TsrMachine *self)
{
	if (self->form)
		return self->form->get_name(self);
	return self->config ? self->config->name : NULL;
}

TsrMachineState tsr_machine_get_state(TsrMachine *self)
{
	return self->state;
}

int tsr_machine_get_exit_status(TsrMachine *self)
{
	return self->exit_status;
}

TsrBus *tsr_machine_get_bus(TsrMachine *self)
{
	if (self->form)
		return self->form->get_bus(self);
	return self->bus;
}

/* -- Object */

static void tsr_machine_get_property_value(GObject *object, guint id, GValue *value,
					   GParamSpec *spec)
{
	TsrMachine *m = TSR_MACHINE_OBJECT(object);

	switch (id) {
	case PROP_NAME:
		g_value_set_string(value, tsr_machine_get_name(m));
		break;
	case PROP_STATE:
		g_value_set_enum(value, m->state);
		break;
	case PROP_EXIT_STATUS:
		g_value_set_int(value, m->exit_status);
		break;
	default:
		G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
	}
}

/* Viewers have connected to signals, which are gone when the machine is finalized. */
static void tsr_machine_dispose(GObject *object)
{
	g_clear_pointer(&TSR_MACHINE_OBJECT(object)->viewers, g_ptr_array_unref);
	G_OBJECT_CLASS(tsr_machine_parent_class)->dispose(object);
}

static void tsr_machine_finalize(GObject *object)
{
	TsrMachine *m = TSR_MACHINE_OBJECT(object);
	gboolean torn_down;

	if (m->form)
		m->form->leave(m);
	tsr_posts_close(m->posts);
	tsr_vcpu_finish(m);
	g_clear_pointer(&m->profile, tsr_profile_free);
	torn_down = tear_down(m);
	if (tsr_check_is_on) {
		tsr_check_keep(m->instances, m->config);
		tsr_check_keep(m->retired, m->config);
	} else if (torn_down) {
		g_ptr_array_unref(m->instances);
		g_ptr_array_unref(m->retired);
		g_clear_pointer(&m->config, tsr_config_free);
	}
	g_object_unref(m->bus);
	tsr_posts_free(m->posts);
	g_main_context_unref(m->context);
	g_free(m->stop_why);
	g_free(m->jail);
	tsr_lock_finish(m);
	G_OBJECT_CLASS(tsr_machine_parent_class)->finalize(object);
}

static void tsr_machine_class_init(TsrMachineClass *class)
{
	GObjectClass *object_class = G_OBJECT_CLASS(class);

	object_class->dispose = tsr_machine_dispose;
	object_class->finalize = tsr_machine_finalize;
	object_class->get_property = tsr_machine_get_property_value;
	g_object_class_install_property(
		object_class, PROP_NAME,
		g_param_spec_string("name", NULL, "The machine's name", NULL, G_PARAM_READABLE));
	g_object_class_install_property(object_class, PROP_STATE,
					g_param_spec_enum("state", NULL, "Where it is in its life",
							  TSR_TYPE_MACHINE_STATE,
							  TSR_MACHINE_LOADED, G_PARAM_READABLE));
	g_object_class_install_property(object_class, PROP_EXIT_STATUS,
					g_param_spec_int("exit-status", NULL,
							 "Of a stopped machine", 0, 255, 0,
							 G_PARAM_READABLE));
	tsr_signals_install(G_TYPE_FROM_CLASS(class));
}

static void instance_free(gpointer data)
{
	tsr_instance_free(data);
}

static void tsr_machine_init(TsrMachine *m)
{
	m->context = g_main_context_ref_thread_default();
	m->posts = tsr_posts_new(m, tsr_signals_emit_post);
	m->bus = tsr_bus_new();
	m->instances = g_ptr_array_new_with_free_func(instance_free);
	m->retired = g_ptr_array_new_with_free_func(instance_free);
	tsr_lock_init(m);
	tsr_vcpu_init(m);
}
