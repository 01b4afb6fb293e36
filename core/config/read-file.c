/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Machine manifests (docs/MANIFESTS.md): groups and keys, each with its line. What the values mean
 * is checked later. */
#include <string.h>

#include "config/draft.h"

static const char *const machine_keys[] = {
	"name",    "description",     "memory",        "clock", "ips", "rtc-base",
	"stop-at", "on-triple-fault", "exit-on-reset", "cpu",   "mmu", NULL,
};

static char *where_of(const TsrKeyFile *file, guint line, const char *what)
{
	return g_strdup_printf("%s:%u: %s", file->path, line, what);
}

static gboolean take_keys(TsrDraft *draft, TsrKeyFile *file, TsrGroup *group, GHashTable *into,
			  const char *const *known, GError **error)
{
	for (guint i = 0; i < group->keys->len; i++) {
		const TsrKey *key = g_ptr_array_index(group->keys, i);
		g_autofree char *where = where_of(file, key->line, key->name);

		if (known && !g_strv_contains(known, key->name)) {
			g_autofree char *names = g_strjoinv(", ", (char **)known);

			return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, where,
					       "unknown key in [%s]; it takes %s", group->name,
					       names);
		}
		tsr_draft_set(into, key->name, key->value, where, draft->folder);
	}
	return TRUE;
}

/* slot=NAME or slot=NAME:CHOICE */
static void take_slot(TsrDraftInstance *instance, const char *value)
{
	g_auto(GStrv) parts = g_strsplit(value, ":", 2);

	instance->slot = g_strdup(parts[0] ? parts[0] : "");
	instance->slot_choice = parts[0] ? g_strdup(parts[1]) : NULL;
}

static void take_instance_key(TsrDraft *draft, TsrDraftInstance *instance, const TsrKey *key,
			      const char *where)
{
	if (g_str_equal(key->name, "slot"))
		take_slot(instance, key->value);
	else if (g_str_equal(key->name, "slot.value"))
		instance->slot_value = g_strsplit(key->value, ":", -1);
	else if (g_str_equal(key->name, "slot.default"))
		instance->slot_default = g_strdup(key->value);
	else if (g_str_equal(key->name, "slot.auto"))
		instance->slot_auto = g_strsplit(key->value, ";", -1);
	else if (g_str_has_prefix(key->name, "slot."))
		g_hash_table_replace(instance->slot_keys, g_strdup(key->name + strlen("slot.")),
				     g_strdup(key->value));
	else
		tsr_draft_set(instance->settings, key->name, key->value, where, draft->folder);
}

static gboolean valid_name(const char *name)
{
	return g_ascii_isalnum(*name) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
		       strlen(name);
}

static gboolean take_instance(TsrDraft *draft, TsrKeyFile *file, TsrGroup *group, const char *name,
			      GError **error)
{
	g_autofree char *title = g_strdup_printf("[%s]", group->name);
	g_autofree char *place = where_of(file, group->line, title);
	TsrDraftInstance *instance = tsr_draft_add(draft, name, place);

	if (!valid_name(name))
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, instance->where,
				       "an instance's name has letters, digits, - and _");
	for (guint i = 0; i < group->keys->len; i++) {
		const TsrKey *key = g_ptr_array_index(group->keys, i);
		g_autofree char *where = where_of(file, key->line, key->name);

		take_instance_key(draft, instance, key, where);
	}
	if (!instance->slot_value)
		instance->slot_value = g_strsplit("file", ":", -1);
	if (g_hash_table_contains(instance->settings, "plugin"))
		return TRUE;
	return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, instance->where,
			       "key plugin is missing");
}

static gboolean take_group(TsrDraft *draft, TsrKeyFile *file, TsrGroup *group, GError **error)
{
	const char *name = tsr_group_suffix(group, "Instance");

	if (g_str_equal(group->name, "Machine"))
		return take_keys(draft, file, group, draft->machine, machine_keys, error);
	if (g_str_equal(group->name, "Aliases"))
		return take_keys(draft, file, group, draft->aliases, NULL, error);
	if (g_str_equal(group->name, "Options"))
		return take_keys(draft, file, group, draft->options, NULL, error);
	if (name)
		return take_instance(draft, file, group, name, error);
	return tsr_keyfile_error(
		error, TSR_MACHINE_ERROR_INVALID, file, group->line, NULL,
		"unknown group [%s]; there are [Machine], [Aliases], [Options] and [Instance NAME]",
		group->name);
}

TsrDraft *tsr_draft_new_from_keyfile(TsrRegistry *registry, TsrKeyFile *file, GError **error)
{
	g_autoptr(TsrDraft) draft = tsr_draft_new(registry, file->path);

	if (!tsr_keyfile_group(file, "Machine")) {
		tsr_keyfile_error(error, TSR_MACHINE_ERROR_INVALID, file, 1, "[Machine]",
				  "the group is missing");
		return NULL;
	}
	for (guint i = 0; i < file->groups->len; i++)
		if (!take_group(draft, file, g_ptr_array_index(file->groups, i), error))
			return NULL;
	return g_steal_pointer(&draft);
}
