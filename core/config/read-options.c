/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line's part of a machine: NAME.PROPERTY=VALUE (--set), keys of [Machine], the
 * manifest's [Options], and slots. An override is "KEY=VALUE" as tsr_machine_new_from_file takes
 * it; messages name it as the command line would.
 */
#include <string.h>

#include "config/draft.h"
#include "config/parts.h"
#include "manifest/property.h"

/* Keys of [Machine] that are options too. "cpu" is another thing there: see set_cpu. */
static const char *const machine_options[] = {
	"memory",          "clock",         "ips",      "rtc-base", "stop-at",
	"on-triple-fault", "exit-on-reset", "upgrades", NULL,
};

/* Every machine takes "none" for these, also one that has no place for them; and "auto", which the
 * program says unasked. */
static const char *const common_slots[] = { "ui", "nic", "serial", NULL };

/* base_folder: the manifest's, if the value comes from there; else NULL. */
static gboolean set_property(TsrDraft *draft, const char *target, const char *value,
			     const char *where, const char *base_folder, GError **error)
{
	const char *dot = strchr(target, '.');
	g_autofree char *name = dot ? g_strndup(target, (gsize)(dot - target)) : NULL;
	TsrDraftInstance *instance = name ? tsr_draft_find(draft, name) : NULL;

	if (!dot || !dot[1])
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, where,
				       "\"%s\" is not INSTANCE.PROPERTY", target);
	if (!instance)
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, where,
				       "the machine has no instance %s", name);
	tsr_draft_set(instance->settings, dot + 1, value, where, base_folder)->asked = TRUE;
	return TRUE;
}

static gboolean apply_part(TsrDraft *draft, TsrDraftInstance *instance, const char *part,
			   const char *where, const char *base_folder, GError **error)
{
	const char *equals = tsr_parts_equals(part);
	g_autofree char *key = equals ? g_strndup(part, (gsize)(equals - part)) : NULL;
	const char *target = key ? g_hash_table_lookup(instance->slot_keys, key) : NULL;

	if (!equals)
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, where,
				       "\"%s\" is not KEY=VALUE (a comma in a name is written ,,)",
				       part);
	if (target)
		return set_property(draft, target, equals + 1, where, base_folder, error);
	tsr_draft_set(instance->settings, key, equals + 1, where, base_folder);
	return TRUE;
}

static gboolean apply_parts(TsrDraft *draft, TsrDraftInstance *instance, char **parts,
			    const char *where, const char *base_folder, GError **error)
{
	for (; *parts; parts++)
		if (!apply_part(draft, instance, *parts, where, base_folder, error))
			return FALSE;
	return TRUE;
}

/* -- slots */

static gboolean has_slot(TsrDraft *draft, const char *name)
{
	for (guint i = 0; i < draft->instances->len; i++) {
		TsrDraftInstance *instance = g_ptr_array_index(draft->instances, i);

		if (g_strcmp0(instance->slot, name) == 0)
			return TRUE;
	}
	return FALSE;
}

/* The next free instance of a slot that takes `first`, or NULL. */
static TsrDraftInstance *free_slot(TsrDraft *draft, const char *name, const char *first)
{
	for (guint i = 0; i < draft->instances->len; i++) {
		TsrDraftInstance *instance = g_ptr_array_index(draft->instances, i);

		if (g_strcmp0(instance->slot, name) == 0 && !instance->slot_taken &&
		    (!first || !instance->slot_choice || g_str_equal(instance->slot_choice, first)))
			return instance;
	}
	return NULL;
}

/* What a slot takes and how often, for messages. */
static char *slot_choices(TsrDraft *draft, const char *name)
{
	g_autoptr(GString) list = g_string_new(NULL);
	guint count = 0;

	for (guint i = 0; i < draft->instances->len; i++) {
		TsrDraftInstance *instance = g_ptr_array_index(draft->instances, i);

		if (g_strcmp0(instance->slot, name) != 0)
			continue;
		count++;
		if (instance->slot_choice && !strstr(list->str, instance->slot_choice))
			g_string_append_printf(list, "%s, %s", list->len ? "" : "it takes none",
					       instance->slot_choice);
	}
	g_string_append_printf(list, "%sthe machine has room for %u", list->len ? "; " : "", count);
	return g_strdup(list->str);
}

/* "kind:path" from "file:/tmp/x": the last property takes the rest. */
static void fill_value(TsrDraftInstance *instance, const char *first, const char *where,
		       const char *base_folder)
{
	guint n = g_strv_length(instance->slot_value);
	g_auto(GStrv) parts = g_strsplit(first, ":", (int)n);

	for (guint i = 0; i < n && parts[i]; i++)
		tsr_draft_set(instance->settings, instance->slot_value[i], parts[i], where,
			      base_folder);
}

static gboolean fill_slot(TsrDraft *draft, TsrDraftInstance *instance, char **parts,
			  const char *where, const char *base_folder, GError **error)
{
	gboolean bare = *parts && **parts && !tsr_parts_equals(*parts);

	instance->slot_taken = instance->slot_filled = TRUE;
	if (bare && !instance->slot_choice)
		fill_value(instance, *parts, where, base_folder);
	return apply_parts(draft, instance, parts + (bare || (*parts && !**parts)), where,
			   base_folder, error);
}

static gboolean is_wanted(TsrDraft *draft, const TsrDraftInstance *instance)
{
	const TsrSetting *plugin = g_hash_table_lookup(instance->settings, "plugin");

	if (draft->lock && !tsr_lock_find_instance(draft->lock, instance->name))
		return FALSE;
	for (char **variable = instance->slot_auto; variable && *variable; variable++) {
		const char *value = g_getenv(*variable);

		if (value && *value)
			return tsr_registry_find(draft->registry, plugin->value, NULL) != NULL;
	}
	return FALSE;
}

static gboolean apply_auto(TsrDraft *draft, const char *name)
{
	for (guint i = 0; i < draft->instances->len; i++) {
		TsrDraftInstance *instance = g_ptr_array_index(draft->instances, i);

		if (g_strcmp0(instance->slot, name) == 0 && !instance->slot_taken &&
		    is_wanted(draft, instance)) {
			instance->slot_taken = instance->slot_filled = TRUE;
			return TRUE;
		}
	}
	return TRUE;
}

static gboolean apply_slot(TsrDraft *draft, const char *name, const char *value, const char *where,
			   GError **error)
{
	g_auto(GStrv) parts = tsr_parts_split(value);
	const char *first = tsr_parts_equals(parts[0]) ? NULL : parts[0];
	gboolean none = g_str_equal(value, "none");
	TsrDraftInstance *instance;

	if (g_str_equal(value, "auto"))
		return apply_auto(draft, name);
	instance = free_slot(draft, name, none ? NULL : first);
	if (!instance) {
		g_autofree char *choices = slot_choices(draft, name);

		return none || tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, where,
					       "no place for \"%s\"; %s", value, choices);
	}
	if (none) {
		instance->slot_taken = TRUE;
		return TRUE;
	}
	return fill_slot(draft, instance, parts, where, NULL, error);
}

/* -- options */

/* The values that NAME.VALUE=TEXT lines of [Options] give words for, "" if none. */
static char *option_words(TsrDraft *draft, const char *name)
{
	g_autofree char *prefix = g_strconcat(name, ".", NULL);
	g_autoptr(GString) words = g_string_new(NULL);
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, draft->options);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		if (g_str_has_prefix(key, prefix))
			g_string_append_printf(words, "%s%s", words->len ? ", " : "",
					       (char *)key + strlen(prefix));
	return g_strdup(words->str);
}

static gboolean apply_option(TsrDraft *draft, const char *name, const TsrSetting *option,
			     const char *value, const char *where, GError **error)
{
	g_auto(GStrv) targets = g_strsplit(option->value, ";", -1);
	g_autofree char *words = option_words(draft, name),
			*key = g_strdup_printf("%s.%s", name, value);
	const TsrSetting *word = g_hash_table_lookup(draft->options, key);

	if (*words && !word)
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, where,
				       "\"%s\" is not one of %s", value, words);
	for (char **target = targets; *target; target++)
		if (*g_strstrip(*target) &&
		    !set_property(draft, *target, word ? word->value : value,
				  word ? word->where : where, word ? word->base_folder : NULL,
				  error))
			return FALSE;
	return TRUE;
}

/* --cpu PLUGIN[,KEY=VALUE]…: another plugin in the processor's place, or other properties of the
 * same. */
static gboolean set_cpu(TsrDraft *draft, const char *value, const char *where, GError **error)
{
	const TsrSetting *cpu = g_hash_table_lookup(draft->machine, "cpu");
	TsrDraftInstance *instance = cpu ? tsr_draft_find(draft, cpu->value) : NULL;
	g_auto(GStrv) parts = tsr_parts_split(value);
	gboolean bare = *parts[0] && !tsr_parts_equals(parts[0]);

	if (!instance)
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, where,
				       "the machine names no instance as its cpu");
	if (bare) {
		tsr_draft_replace_plugin(instance);
		tsr_draft_set(instance->settings, "plugin", parts[0], where, NULL);
	}
	return apply_parts(draft, instance, parts + bare, where, NULL, error);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(a, b);
}

static char *list_options(TsrDraft *draft)
{
	g_autoptr(GString) text = g_string_new("add, cpu, lock, set, trust");
	GList *names = g_hash_table_get_keys(draft->options);

	for (guint i = 0; machine_options[i]; i++)
		names = g_list_prepend(names, (char *)machine_options[i]);
	for (guint i = 0; i < draft->instances->len; i++) {
		TsrDraftInstance *instance = g_ptr_array_index(draft->instances, i);

		if (instance->slot && !g_list_find_custom(names, instance->slot, compare_names))
			names = g_list_prepend(names, instance->slot);
	}
	names = g_list_sort(names, compare_names);
	for (GList *name = names; name; name = name->next)
		if (!strchr(name->data, '.'))
			g_string_append_printf(text, ", %s", (char *)name->data);
	g_list_free(names);
	return g_strdup(text->str);
}

static gboolean take_trust(TsrDraft *draft, const char *value, const char *where, GError **error)
{
	draft->trusted = TRUE;
	return !*value || tsr_parse_bool(value, &draft->trusted) ||
	       tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, where,
			       "\"%s\" is not true or false", value);
}

static gboolean apply_named(TsrDraft *draft, const char *name, const char *value, GError **error)
{
	g_autofree char *where = g_strdup_printf("--%s", name);
	const TsrSetting *option = g_hash_table_lookup(draft->options, name);
	g_autofree char *known = NULL;

	if (g_strv_contains(machine_options, name)) {
		tsr_draft_set(draft->machine, name, value, where, NULL);
		return TRUE;
	}
	if (g_str_equal(name, "add") || g_str_equal(name, "lock"))
		return TRUE; /* taken before */
	if (g_str_equal(name, "trust"))
		return take_trust(draft, value, where, error);
	if (g_str_equal(name, "cpu"))
		return set_cpu(draft, value, where, error);
	if (option)
		return apply_option(draft, name, option, value, where, error);
	if (has_slot(draft, name))
		return apply_slot(draft, name, value, where, error);
	if (g_strv_contains(common_slots, name) &&
	    (g_str_equal(value, "none") || g_str_equal(value, "auto")))
		return TRUE;
	known = list_options(draft);
	return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, where,
			       "the machine has no such option; it has %s", known);
}

static gboolean apply_override(TsrDraft *draft, const char *override, GError **error)
{
	const char *equals = strchr(override, '=');
	g_autofree char *key =
		g_strndup(override, equals ? (gsize)(equals - override) : strlen(override));
	g_autofree char *where = NULL;

	if (!g_utf8_validate(override, -1, NULL))
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, "options",
				       "text that is not UTF-8");
	if (!strchr(key, '.'))
		return apply_named(draft, key, equals ? equals + 1 : "", error);
	where = g_strdup_printf("--set %s", key);
	if (!equals)
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, where,
				       "say NAME.PROPERTY=VALUE");
	return set_property(draft, key, equals + 1, where, NULL, error);
}

static void fill_defaults(TsrDraft *draft)
{
	for (guint i = 0; i < draft->instances->len; i++) {
		TsrDraftInstance *instance = g_ptr_array_index(draft->instances, i);
		const TsrSetting *value = instance->slot_default;
		g_auto(GStrv) parts = NULL;

		if (!value || instance->slot_taken)
			continue;
		parts = tsr_parts_split(value->value);
		instance->from_default = TRUE;
		fill_slot(draft, instance, parts, value->where, value->base_folder, NULL);
	}
}

/* Whether it sets a property of an instance that is there by its default. */
static gboolean is_of_default(TsrDraft *draft, const char *override)
{
	gsize length = strcspn(override, ".=");
	g_autofree char *name = g_strndup(override, length);
	const TsrDraftInstance *instance =
		override[length] == '.' ? tsr_draft_find(draft, name) : NULL;

	return instance && instance->from_default;
}

gboolean tsr_overrides_trust(const char *const *overrides)
{
	gboolean trusted = FALSE;

	for (; overrides && *overrides; overrides++) {
		if (g_str_equal(*overrides, "trust"))
			trusted = TRUE;
		else if (g_str_has_prefix(*overrides, "trust="))
			tsr_parse_bool(*overrides + strlen("trust="), &trusted);
	}
	return trusted;
}

const char *tsr_overrides_lock(const char *const *overrides)
{
	static const char name[] = "lock=";
	const char *value = NULL;

	for (; overrides && *overrides; overrides++)
		if (g_str_has_prefix(*overrides, name))
			value = *overrides + strlen(name);
	return value;
}

gboolean tsr_draft_apply_overrides(TsrDraft *draft, const char *const *overrides, GError **error)
{
	static const char add[] = "add=";

	for (guint i = 0; overrides && overrides[i]; i++)
		if (g_str_has_prefix(overrides[i], add) &&
		    !tsr_draft_apply_add(draft, overrides[i] + strlen(add), error))
			return FALSE;
	for (guint i = 0; overrides && overrides[i]; i++)
		if (!apply_override(draft, overrides[i], error))
			return FALSE;
	fill_defaults(draft);
	for (guint i = 0; overrides && overrides[i]; i++) /* what is said counts, not the default */
		if (is_of_default(draft, overrides[i]) &&
		    !apply_override(draft, overrides[i], error))
			return FALSE;
	return TRUE;
}
