/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See stage.h. */
#include "upgrade/stage.h"

#include "board/display.h"
#include "board/input.h"
#include "board/lines.h"
#include "board/memory-map.h"
#include "board/pci-replace.h"
#include "board/port-space.h"
#include "instance/check.h"
#include "instance/machine-parts.h"
#include "links/links.h"
#include "machine/host-tables.h"
#include "manifest/loader.h"
#include "manifest/plugin.h"
#include "monitor/taps.h"
#include "run/timekeeper.h"
#include "run/timers.h"
#include "run/worker.h"
#include "state/instance-state.h"
#include "state/media.h"

#define RETIRED_KEPT 16 /* instances */

void tsr_stage_begin(struct tsr_stage *stage, TsrMachine *m, TsrInstance *old)
{
	*stage = (struct tsr_stage){ .machine = m, .old = old };
	tsr_lines_freeze(m->lines, old);
	stage->functions = tsr_pci_bus_set_aside(m->pci, old);
	stage->memory = tsr_memory_map_set_aside(m->memory, old);
	stage->ports = tsr_port_space_set_aside(m->ports, old);
}

/* -- Building */

static gboolean make(struct tsr_stage *stage, TsrInstanceConfig *config, GError **error)
{
	config->entry = tsr_loader_load(config->plugin, error);
	if (config->entry)
		stage->new = tsr_instance_new(stage->machine, config, tsr_host_tables_get, error);
	if (!stage->new) {
		tsr_instance_config_free(config);
		return FALSE;
	}
	stage->new->own_config = config;
	stage->new->replaces = stage->old;
	return TRUE;
}

static gboolean check_functions(struct tsr_stage *stage, GError **error)
{
	struct tsr_error why = { 0 };

	tsr_pci_bus_keep_reset_values(stage->machine->pci, stage->new);
	if (tsr_pci_bus_compare(stage->machine->pci, stage->functions, stage->new, &why))
		return TRUE;
	g_set_error_literal(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_VERSION, why.message);
	return FALSE;
}

/* All that the old one was connected to, it has fetched, too. */
static gboolean check_peers(struct tsr_stage *stage, GError **error)
{
	const char *need = tsr_links_missing(stage->machine->links, stage->new);

	if (need)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_VERSION,
			    "it does not connect to what '%s' is connected to", need);
	else if (!tsr_displays_are_inherited(stage->machine->displays, stage->new))
		g_set_error_literal(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_VERSION,
				    "it has fewer displays than before");
	else
		return TRUE;
	return FALSE;
}

/* As a state is loaded into a machine: reset, what the core has of it, its own state, and again
 * what the core has, because a device may change that while it loads. */
static gboolean load(struct tsr_stage *stage, GVariant *fields, const char *volatile *step,
		     GError **error)
{
	struct tsr_pci_bus *pci = stage->machine->pci;

	*step = "reset";
	tsr_instance_reset(stage->new, TSR_RESET_POWER_ON);
	tsr_pci_bus_inherit(pci, stage->functions);
	*step = "load";
	if (!tsr_instance_state_load(stage->new, fields,
				     tsr_plugin_get_state_version(stage->old->config->plugin),
				     error))
		return FALSE;
	tsr_pci_bus_inherit(pci, stage->functions);
	return TRUE;
}

gboolean tsr_stage_build(struct tsr_stage *stage, TsrInstanceConfig *config,
			 const struct tsr_legacy *legacy, const char *volatile *step,
			 GError **error)
{
	*step = "being loaded";
	if (!make(stage, config, error))
		return FALSE;
	*step = "attach";
	if (!tsr_instance_attach(stage->new, error))
		return FALSE;
	*step = "realize";
	if (!tsr_instance_realize(stage->new, error))
		return FALSE;
	*step = "being connected";
	return tsr_links_stage(stage->machine->links, stage->new, error) &&
	       check_functions(stage, error) &&
	       (!legacy->medium || tsr_medium_recognize(stage->new, legacy->medium, error)) &&
	       load(stage, legacy->fields, step, error) && check_peers(stage, error);
}

/* -- The end */

/* Marks of calls and samples of a profile have pointers to its names for a while. */
static void retire(TsrMachine *m, TsrInstance *instance)
{
	tsr_instance_retire(instance);
	g_ptr_array_add(m->retired, instance);
	while (m->retired->len > RETIRED_KEPT && !m->profile && !tsr_check_is_on)
		g_ptr_array_remove_index(m->retired, 0);
}

static void drop_new(TsrMachine *m, TsrInstance *new)
{
	if (new->attached)
		tsr_instance_detach(new);
	tsr_taps_drop_links(m->taps, new);
	tsr_links_drop(m->links, new);
	tsr_displays_bequeath(m->displays, new, false);
	tsr_inputs_drop(m->inputs, new);
	tsr_worker_pool_drain(m->workers, new);
	tsr_worker_pool_replace(m->workers, new, new->replaces);
	tsr_timers_drop(m->clock, new);
	tsr_memory_map_drop(m->memory, new);
	tsr_port_space_drop(m->ports, new);
}

void tsr_stage_roll_back(struct tsr_stage *stage)
{
	TsrMachine *m = stage->machine;

	if (stage->new)
		drop_new(m, stage->new);
	tsr_pci_bus_put_back(m->pci, stage->functions, stage->new);
	tsr_memory_map_put_back(m->memory, stage->memory);
	tsr_port_space_put_back(m->ports, stage->ports);
	tsr_lines_thaw_back(m->lines, stage->old, stage->new);
	tsr_taps_update(m);
	if (stage->new)
		retire(m, stage->new);
	tsr_instance_resume(stage->old);
}

static void drop_old(struct tsr_stage *stage)
{
	TsrMachine *m = stage->machine;

	tsr_links_cut(m->links, stage->old);
	tsr_instance_detach(stage->old);
	tsr_worker_pool_replace(m->workers, stage->old, stage->new);
	tsr_timers_drop(m->clock, stage->old);
	tsr_inputs_drop(m->inputs, stage->old);
	g_ptr_array_unref(stage->memory);
	g_ptr_array_unref(stage->ports);
}

static void put_into_machine(TsrMachine *m, TsrInstance *old, TsrInstance *new)
{
	TsrInstanceConfig *config = g_steal_pointer(&new->own_config);
	guint at;

	if (g_ptr_array_find(m->config->instances, old->config, &at)) {
		old->own_config = g_ptr_array_index(m->config->instances, at);
		m->config->instances->pdata[at] = config;
	}
	if (g_ptr_array_find(m->instances, old, &at))
		m->instances->pdata[at] = new;
}

void tsr_stage_commit(struct tsr_stage *stage)
{
	TsrMachine *m = stage->machine;
	TsrInstance *old = stage->old, *new = stage->new;

	drop_old(stage);
	put_into_machine(m, old, new);
	new->replaces = NULL;
	tsr_instance_provide(new);
	tsr_pci_bus_take_over(m->pci, stage->functions);
	tsr_lines_thaw(m->lines, old, new);
	tsr_lines_connect(m->lines, NULL);
	tsr_displays_bequeath(m->displays, new, true);
	tsr_links_move(m->links, old, new);
	tsr_taps_drop_links(m->taps, old);
	tsr_taps_update(m);
	retire(m, old);
}
