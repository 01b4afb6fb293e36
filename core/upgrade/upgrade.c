/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Live upgrade: another version of a plugin takes the place of an instance while the guest runs.
 * The guest stands for a moment; the old instance quiesces and saves; a copy of the process
 * rehearses the rest; then the other version is attached in the old one's place and loads its
 * state, and stays, or the old one goes on as if nothing had happened.
 */
#include <string.h>

#include "instance/instance.h"
#include "instance/lock.h"
#include "instance/machine-parts.h"
#include "instance/remote-form.h"
#include "instance/signals.h"
#include "jail/jail.h"
#include "manifest/plugin.h"
#include "monitor/taps.h"
#include "state/hold.h"
#include "state/instance-state.h"
#include "state/media.h"
#include "upgrade/plan.h"
#include "upgrade/rehearsal.h"
#include "upgrade/stage.h"

struct upgrade {
	TsrMachine *machine;
	TsrInstance *old;
	TsrInstanceConfig *config; /* until a stage has taken it */
	struct tsr_legacy legacy;
};

/* In the copy, which keeps nothing. */
static gboolean rehearse(gpointer user, const char *volatile *step, GError **error)
{
	struct upgrade *u = user;
	struct tsr_stage stage;

	tsr_stage_begin(&stage, u->machine, u->old);
	return tsr_stage_build(&stage, u->config, &u->legacy, step, error);
}

static gboolean perform(struct upgrade *u, GError **error)
{
	const char *volatile step;
	struct tsr_stage stage;

	if (!tsr_rehearse(u->machine, rehearse, u, error)) {
		tsr_instance_resume(u->old);
		return FALSE;
	}
	tsr_stage_begin(&stage, u->machine, u->old);
	if (tsr_stage_build(&stage, g_steal_pointer(&u->config), &u->legacy, &step, error)) {
		tsr_stage_commit(&stage);
		return TRUE;
	}
	tsr_stage_roll_back(&stage);
	return FALSE;
}

/* The old one stands still until it has resumed, or is gone. */
static gboolean save_and_perform(struct upgrade *u, GError **error)
{
	g_autofree char *failure = NULL;

	if (!tsr_instance_quiesce(u->old, error))
		return FALSE;
	u->legacy.fields = g_variant_ref_sink(tsr_instance_state_save(u->old, &failure));
	if (!failure)
		return perform(u, error);
	tsr_instance_resume(u->old);
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO, "its state cannot be saved: %s",
		    failure);
	return FALSE;
}

/* A back end's medium first: what was written to it is on stable storage, without a fault that the
 * other version would not know of, and it has to find the same contents. */
static gboolean seal_and_perform(struct upgrade *u, GError **error)
{
	gboolean good =
		tsr_medium_seal(u->old, &u->legacy.medium, error) && save_and_perform(u, error);

	g_clear_pointer(&u->legacy.fields, g_variant_unref);
	g_clear_pointer(&u->legacy.medium, g_variant_unref);
	return good;
}

static gboolean check_machine(TsrMachine *self, GError **error)
{
	if (self->state != TSR_MACHINE_RUNNING && self->state != TSR_MACHINE_PAUSED)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE,
			    "only a machine that runs or is paused is upgraded; choose the version "
			    "when it is started");
	else if (!tsr_jail_takes_code())
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE,
			    "the machine is in its jail, which takes in no new code: start it with "
			    "--upgrades to upgrade its devices, or restart it with the other "
			    "version");
	else
		return TRUE;
	return FALSE;
}

/* What a plugin has refused has the instance's name in front, which is said already. */
static void fail(GError **error, GError *failure, const TsrInstance *old, const char *change)
{
	g_autofree char *prefix = g_strconcat(old->config->name, ": ", NULL);
	const char *text = failure->message;

	if (g_str_has_prefix(text, prefix))
		text += strlen(prefix);
	g_set_error(error, failure->domain, failure->code, "%s stays %s %s%s: %s",
		    old->config->name, tsr_plugin_get_id(old->config->plugin),
		    tsr_plugin_get_version(old->config->plugin), change, text);
	g_error_free(failure);
}

static gboolean upgrade(TsrMachine *self, TsrInstance *old, const char *version, GError **error)
{
	struct upgrade u = { .machine = self, .old = old };
	gboolean was_running, good;
	GError *failure = NULL;

	u.config = tsr_upgrade_plan(self, old, version, &failure);
	if (!u.config) {
		fail(error, failure, old, "");
		return FALSE;
	}
	g_autofree char *to = g_strdup(tsr_plugin_get_version(u.config->plugin));
	g_autofree char *change = g_strdup_printf(", not %s", to);
	g_autofree char *detail =
		g_strdup_printf("%s to %s", tsr_plugin_get_version(old->config->plugin), to);
	good = tsr_machine_hold(self, "try again later", &was_running, &failure);
	if (good) {
		tsr_taps_end_recording(self, old, TSR_RECORDING_END_REPLACED);
		good = seal_and_perform(&u, &failure);
		tsr_machine_let_go(self, was_running);
	}
	tsr_instance_config_free(u.config);
	if (good)
		tsr_machine_post_event(self, old->config->name, "upgraded", detail);
	else
		fail(error, failure, old, change);
	return good;
}

gboolean tsr_machine_upgrade(TsrMachine *self, const char *instance, const char *version,
			     GError **error)
{
	TsrInstance *old;

	if (self->form)
		return self->form->upgrade(self, instance, version, error);
	if (!check_machine(self, error))
		return FALSE;
	old = tsr_machine_find_instance(self, instance);
	if (!old) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
			    "this machine has no instance '%s'", instance);
		return FALSE;
	}
	return upgrade(self, old, version, error);
}
