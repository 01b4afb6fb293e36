/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which instances exist in this run, and which version of which plugin each of them is: the newest
 * that the machine's ranges allow, or, with a lock, that of the lock.
 */
#include <string.h>

#include "config/draft.h"
#include "manifest/plugin.h"

gboolean tsr_draft_is_optional(const TsrDraftInstance *instance)
{
	const TsrSetting *plugin = g_hash_table_lookup(instance->settings, "plugin");

	return *plugin->value == '?' || instance->from_default;
}

/* The range of [Versions] for the instance's plugin; NULL: there is none. */
static const TsrSetting *pin_of(TsrDraft *draft, const char *requirement)
{
	g_autofree char *id = g_strndup(requirement, strcspn(requirement, TSR_REQUIREMENT_ENDS));

	return g_hash_table_lookup(draft->versions, id);
}

static char *requirement_of(TsrDraft *draft, const TsrDraftInstance *instance)
{
	const TsrSetting *plugin = g_hash_table_lookup(instance->settings, "plugin");
	const char *text = plugin->value + (*plugin->value == '?');
	const TsrSetting *pin = pin_of(draft, text);

	if (!pin || !*pin->value)
		return g_strdup(text);
	return g_strconcat(text, text[strcspn(text, "<>=")] ? "," : " ", pin->value, NULL);
}

/* With a lock, the version is its. NULL: the lock does not have the instance with this plugin. */
static char *locked_requirement(TsrDraft *draft, const TsrDraftInstance *instance, GError **error)
{
	const TsrSetting *setting = g_hash_table_lookup(instance->settings, "plugin");
	const char *wanted = instance->requirement, *ends = TSR_REQUIREMENT_ENDS,
		   *locked = tsr_lock_find_instance(draft->lock, instance->name),
		   *version = locked ? strchr(locked, ' ') : NULL;
	gsize id = strcspn(wanted, ends);

	if (version && strncmp(wanted, locked, id) == 0 && locked + id == version)
		return g_strconcat(wanted, wanted[strcspn(wanted, "<>=")] ? ",=" : " =",
				   version + 1, NULL);
	if (locked)
		tsr_draft_error(error, TSR_MACHINE_ERROR_VERSION, setting->where,
				"instance %s has plugin %.*s, and %s in the lock %s; %s",
				instance->name, (int)id, wanted, locked, draft->lock->file->path,
				draft->lock->remedy);
	else
		tsr_draft_error(error, TSR_MACHINE_ERROR_VERSION, setting->where,
				"instance %s (plugin %.*s) is not in the lock %s; %s",
				instance->name, (int)id, wanted, draft->lock->file->path,
				draft->lock->remedy);
	return NULL;
}

static gboolean find_in_lock(TsrDraft *draft, TsrDraftInstance *instance, GError **error)
{
	g_autofree char *requirement = locked_requirement(draft, instance, error);

	if (!requirement)
		return FALSE;
	instance->plugin = tsr_registry_find(draft->registry, requirement, error);
	if (instance->plugin)
		return tsr_lock_check_plugin(draft->lock, instance->plugin, error);
	g_prefix_error(error, "the lock %s: ", draft->lock->file->path);
	return FALSE;
}

static gboolean find_plain(TsrDraft *draft, TsrDraftInstance *instance, GError **error)
{
	const TsrSetting *setting = g_hash_table_lookup(instance->settings, "plugin"),
			 *pin = pin_of(draft, instance->requirement);
	g_autoptr(GError) failure = NULL;

	instance->plugin = tsr_registry_find(draft->registry, instance->requirement, &failure);
	return instance->plugin ||
	       tsr_draft_error(error, failure->code, setting->where, "%s%s%s%s", failure->message,
			       pin ? " (with the versions of " : "", pin ? pin->where : "",
			       pin ? ")" : "");
}

/* Takes why. */
static void leave_out(TsrDraftInstance *instance, char *why)
{
	instance->exists = FALSE;
	g_free(instance->absence);
	instance->absence = why;
}

/* Of a lock, only that it does not have the instance may leave out an optional plugin: what it has
 * and is different is an error. */
static gboolean may_leave_out(TsrDraft *draft, const TsrDraftInstance *instance,
			      const GError *failure)
{
	if (draft->lock && tsr_lock_find_instance(draft->lock, instance->name))
		return FALSE;
	return (tsr_draft_is_optional(instance) ||
		(draft->all && instance->slot && !instance->slot_filled)) &&
	       !g_error_matches(failure, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID);
}

static gboolean find_plugin(TsrDraft *draft, TsrDraftInstance *instance, GError **error)
{
	g_autoptr(GError) failure = NULL;

	g_free(instance->requirement);
	instance->requirement = requirement_of(draft, instance);
	if (draft->lock ? find_in_lock(draft, instance, &failure)
			: find_plain(draft, instance, &failure))
		return TRUE;
	if (failure && may_leave_out(draft, instance, failure)) {
		leave_out(instance, g_strdup(failure->message));
		return TRUE;
	}
	g_propagate_error(error, g_steal_pointer(&failure));
	return FALSE;
}

static gboolean is_in_run(TsrDraft *draft, const TsrDraftInstance *instance)
{
	return !instance->slot || instance->slot_filled || (draft->all && !instance->slot_taken);
}

static gboolean find_plugins(TsrDraft *draft, GError **error)
{
	for (guint i = 0; i < draft->instances->len; i++) {
		TsrDraftInstance *instance = g_ptr_array_index(draft->instances, i);

		instance->exists = is_in_run(draft, instance);
		if (!instance->exists)
			leave_out(instance, g_strdup_printf("it comes with --%s", instance->slot));
		else if (!find_plugin(draft, instance, error))
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
		leave_out(instance, g_strdup_printf("it comes with %s", other->name));
		*changed = TRUE;
	}
	return TRUE;
}

/* with=: an instance is dropped with the one it belongs to, and so are those that belong to it. */
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

gboolean tsr_draft_choose(TsrDraft *draft, GError **error)
{
	return find_plugins(draft, error) && drop_dependents(draft, error);
}
