/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Machine manifests (docs/MANIFESTS.md): groups and keys, each with its line. What the values mean
 * is checked later. A manifest that extends another is laid over it, key by key.
 */
#include <string.h>

#include "config/draft.h"
#include "manifest/version.h"

static const char *const machine_keys[] = {
	"name",          "description", "memory",  "clock",
	"ips",           "rtc-base",    "stop-at", "on-triple-fault",
	"exit-on-reset", "upgrades",    "cpu",     "mmu",
	"extends",       NULL,
};

/* One file on its way into the draft. */
typedef struct {
	TsrDraft *draft;
	TsrKeyFile *file;
	char *folder; /* of the file, absolute */
	GError **error;
} Layer;

static char *where_of(const TsrKeyFile *file, guint line, const char *what)
{
	return g_strdup_printf("%s:%u: %s", file->path, line, what);
}

static gboolean take_keys(Layer *l, TsrGroup *group, GHashTable *into, const char *const *known)
{
	for (guint i = 0; i < group->keys->len; i++) {
		const TsrKey *key = g_ptr_array_index(group->keys, i);
		g_autofree char *where = where_of(l->file, key->line, key->name);

		if (known && !g_strv_contains(known, key->name)) {
			g_autofree char *names = g_strjoinv(", ", (char **)known);

			return tsr_draft_error(l->error, TSR_MACHINE_ERROR_INVALID, where,
					       "unknown key in [%s]; it takes %s", group->name,
					       names);
		}
		tsr_draft_set(into, key->name, key->value, where, l->folder);
	}
	return TRUE;
}

/* slot=NAME or slot=NAME:CHOICE; empty: no slot, the instance always exists */
static void take_slot(TsrDraftInstance *instance, const char *value)
{
	g_auto(GStrv) parts = g_strsplit(value, ":", 2);

	g_clear_pointer(&instance->slot, g_free);
	g_clear_pointer(&instance->slot_choice, g_free);
	if (!parts[0])
		return;
	instance->slot = g_strdup(parts[0]);
	instance->slot_choice = g_strdup(parts[1]);
}

static void replace_list(char ***list, const char *text, const char *separator)
{
	g_strfreev(*list);
	*list = g_strsplit(text, separator, -1);
}

/* An empty value takes back what the extended manifest says: for a property that is its default. */
static void take_setting(Layer *l, TsrDraftInstance *instance, const TsrKey *key, const char *where)
{
	static const char *const plain[] = { "with", "address", "placement", "isolation", NULL };

	if (!*key->value && g_strv_contains(plain, key->name) &&
	    g_hash_table_remove(instance->settings, key->name))
		return;
	tsr_draft_set(instance->settings, key->name, key->value, where, l->folder);
}

static void take_instance_key(Layer *l, TsrDraftInstance *instance, const TsrKey *key)
{
	g_autofree char *where = where_of(l->file, key->line, key->name);

	if (g_str_equal(key->name, "slot")) {
		take_slot(instance, key->value);
	} else if (g_str_equal(key->name, "slot.value")) {
		replace_list(&instance->slot_value, key->value, ":");
	} else if (g_str_equal(key->name, "slot.default")) {
		tsr_setting_free(instance->slot_default);
		instance->slot_default = tsr_setting_new(key->value, where, l->folder);
	} else if (g_str_equal(key->name, "slot.auto")) {
		replace_list(&instance->slot_auto, key->value, ";");
	} else if (g_str_has_prefix(key->name, "slot.")) {
		g_hash_table_replace(instance->slot_keys, g_strdup(key->name + strlen("slot.")),
				     g_strdup(key->value));
	} else {
		take_setting(l, instance, key, where);
	}
}

static gboolean valid_name(const char *name)
{
	return g_ascii_isalnum(*name) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
		       strlen(name);
}

gboolean tsr_draft_check_name(const char *name, const char *where, GError **error)
{
	return valid_name(name) ||
	       tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, where,
			       "an instance's name has letters, digits, - and _");
}

static gboolean has_other_id(const char *a, const char *b)
{
	static const char ends[] = TSR_REQUIREMENT_ENDS;

	a += *a == '?';
	b += *b == '?';
	return strcspn(a, ends) != strcspn(b, ends) || strncmp(a, b, strcspn(a, ends)) != 0;
}

static TsrDraftInstance *extend_instance(TsrDraftInstance *instance, const TsrKey *plugin)
{
	const TsrSetting *before = g_hash_table_lookup(instance->settings, "plugin");

	if (plugin && has_other_id(plugin->value, before->value))
		tsr_draft_replace_plugin(instance);
	return instance;
}

static gboolean take_instance(Layer *l, TsrGroup *group, const char *name)
{
	g_autofree char *title = g_strdup_printf("[%s]", group->name);
	g_autofree char *place = where_of(l->file, group->line, title);
	TsrDraftInstance *instance = tsr_draft_find(l->draft, name);
	const TsrKey *plugin = tsr_group_key(group, "plugin");

	if (instance && plugin && !*plugin->value) {
		tsr_draft_remove(l->draft, instance);
		return TRUE;
	}
	if (!instance && (!plugin || !*plugin->value))
		return tsr_draft_error(
			l->error, TSR_MACHINE_ERROR_INVALID, place, "key plugin is missing%s",
			l->draft->files->len > 1 ? "; the machine that this one extends has no "
						   "instance of that name"
						 : "");
	instance =
		instance ? extend_instance(instance, plugin) : tsr_draft_add(l->draft, name, place);
	for (guint i = 0; i < group->keys->len; i++)
		take_instance_key(l, instance, g_ptr_array_index(group->keys, i));
	return tsr_draft_check_name(name, place, l->error);
}

/* ID=RANGE; a version alone is that one. */
static gboolean take_versions(Layer *l, TsrGroup *group)
{
	for (guint i = 0; i < group->keys->len; i++) {
		const TsrKey *key = g_ptr_array_index(group->keys, i);
		g_autofree char *where = where_of(l->file, key->line, key->name),
				*range = g_strconcat(g_ascii_isdigit(*key->value) ? "=" : "",
						     key->value, NULL);
		TsrVersionRange parsed;

		if (!tsr_version_range_parse(range, &parsed))
			return tsr_draft_error(
				l->error, TSR_MACHINE_ERROR_INVALID, where,
				"\"%s\" is neither a version as 1.2.3 nor a range as "
				">=1.2,<2",
				key->value);
		tsr_draft_set(l->draft->versions, key->name, range, where, l->folder);
	}
	return TRUE;
}

static gboolean take_group(Layer *l, TsrGroup *group)
{
	const char *name = tsr_group_suffix(group, "Instance");

	if (g_str_equal(group->name, "Machine"))
		return take_keys(l, group, l->draft->machine, machine_keys);
	if (g_str_equal(group->name, "Versions"))
		return take_versions(l, group);
	if (g_str_equal(group->name, "Aliases"))
		return take_keys(l, group, l->draft->aliases, NULL);
	if (g_str_equal(group->name, "Options"))
		return take_keys(l, group, l->draft->options, NULL);
	if (name)
		return take_instance(l, group, name);
	return tsr_keyfile_error(
		l->error, TSR_MACHINE_ERROR_INVALID, l->file, group->line, NULL,
		"unknown group [%s]; there are [Machine], [Versions], [Aliases], [Options] and "
		"[Instance NAME]",
		group->name);
}

static gboolean take_groups(TsrDraft *draft, TsrKeyFile *file, GError **error)
{
	g_autofree char *path = g_canonicalize_filename(file->path, NULL),
			*folder = g_path_get_dirname(path);
	Layer layer = { draft, file, folder, error };

	for (guint i = 0; i < file->groups->len; i++)
		if (!take_group(&layer, g_ptr_array_index(file->groups, i)))
			return FALSE;
	return TRUE;
}

/* The manifest that it extends comes first, without the keys that are only about itself. */
static gboolean take_file(TsrDraft *draft, TsrKeyFile *file, GError **error)
{
	static const char *const own[] = { "name", "description", "extends" };
	TsrGroup *machine = tsr_keyfile_group(file, "Machine");
	const TsrKey *extends = machine ? tsr_group_key(machine, "extends") : NULL;
	g_autoptr(TsrKeyFile) base = NULL;

	if (!machine)
		return tsr_keyfile_error(error, TSR_MACHINE_ERROR_INVALID, file, 1, "[Machine]",
					 "the group is missing");
	g_ptr_array_add(draft->files, g_canonicalize_filename(file->path, NULL));
	if (extends) {
		base = tsr_draft_find_base(draft, file, extends, error);
		if (!base || !take_file(draft, base, error))
			return FALSE;
		for (guint i = 0; i < G_N_ELEMENTS(own); i++)
			g_hash_table_remove(draft->machine, own[i]);
	}
	return take_groups(draft, file, error);
}

TsrDraft *tsr_draft_new_from_keyfile(TsrRegistry *registry, TsrKeyFile *file, gboolean trusted,
				     GError **error)
{
	g_autoptr(TsrDraft) draft = tsr_draft_new(registry, file->path, trusted);

	return take_file(draft, file, error) ? g_steal_pointer(&draft) : NULL;
}
