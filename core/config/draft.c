/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See draft.h. */
#include "config/draft.h"

void tsr_setting_free(TsrSetting *setting)
{
	if (!setting)
		return;
	g_free(setting->value);
	g_free(setting->where);
	g_free(setting->base_folder);
	g_free(setting);
}

static GHashTable *settings_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
				     (GDestroyNotify)tsr_setting_free);
}

TsrSetting *tsr_setting_new(const char *value, const char *where, const char *base_folder)
{
	TsrSetting *setting = g_new0(TsrSetting, 1);

	setting->value = g_strdup(value);
	setting->where = g_strdup(where);
	setting->base_folder = g_strdup(base_folder);
	setting->asked = !base_folder;
	return setting;
}

TsrSetting *tsr_draft_set(GHashTable *settings, const char *key, const char *value,
			  const char *where, const char *base_folder)
{
	TsrSetting *setting = tsr_setting_new(value, where, base_folder);

	g_hash_table_replace(settings, g_strdup(key), setting);
	return setting;
}

static void instance_free(gpointer data)
{
	TsrDraftInstance *instance = data;

	g_free(instance->name);
	g_free(instance->where);
	g_free(instance->requirement);
	g_free(instance->absence);
	g_hash_table_unref(instance->settings);
	g_free(instance->slot);
	g_free(instance->slot_choice);
	g_strfreev(instance->slot_value);
	tsr_setting_free(instance->slot_default);
	g_strfreev(instance->slot_auto);
	g_hash_table_unref(instance->slot_keys);
	g_free(instance);
}

void tsr_draft_free(TsrDraft *draft)
{
	if (!draft)
		return;
	g_free(draft->path);
	g_ptr_array_unref(draft->files);
	tsr_lock_free(draft->lock);
	g_hash_table_unref(draft->machine);
	g_hash_table_unref(draft->versions);
	g_hash_table_unref(draft->aliases);
	g_hash_table_unref(draft->options);
	g_ptr_array_unref(draft->instances);
	g_free(draft);
}

TsrDraftInstance *tsr_draft_find(TsrDraft *draft, const char *name)
{
	for (guint i = 0; i < draft->instances->len; i++) {
		TsrDraftInstance *instance = g_ptr_array_index(draft->instances, i);

		if (g_str_equal(instance->name, name))
			return instance;
	}
	return NULL;
}

gboolean tsr_draft_error(GError **error, int code, const char *where, const char *format, ...)
{
	g_autofree char *message = NULL;
	va_list args;

	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, TSR_MACHINE_ERROR, code, "%s: %s", where, message);
	return FALSE;
}

TsrDraft *tsr_draft_new(TsrRegistry *registry, const char *path, gboolean trusted)
{
	TsrDraft *draft = g_new0(TsrDraft, 1);

	draft->registry = registry;
	draft->path = g_strdup(path);
	draft->files = g_ptr_array_new_with_free_func(g_free);
	draft->trusted = trusted;
	draft->machine = settings_new();
	draft->versions = settings_new();
	draft->aliases = settings_new();
	draft->options = settings_new();
	draft->instances = g_ptr_array_new_with_free_func(instance_free);
	return draft;
}

TsrDraftInstance *tsr_draft_add(TsrDraft *draft, const char *name, const char *where)
{
	TsrDraftInstance *instance = g_new0(TsrDraftInstance, 1);

	instance->name = g_strdup(name);
	instance->where = g_strdup(where);
	instance->settings = settings_new();
	instance->slot_value = g_strsplit("file", ":", -1);
	instance->slot_keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_ptr_array_add(draft->instances, instance);
	return instance;
}

void tsr_draft_remove(TsrDraft *draft, TsrDraftInstance *instance)
{
	g_ptr_array_remove(draft->instances, instance);
}

static gboolean is_other_plugins(gpointer key, gpointer value, gpointer user)
{
	static const char *const kept[] = { "plugin", "with", "address", NULL };
	TsrSetting *setting = value;

	setting->inherited = TRUE;
	return !g_strv_contains(kept, key) && !g_str_has_prefix(key, "connect.") &&
	       !g_str_has_prefix(key, "resource.");
}

void tsr_draft_replace_plugin(TsrDraftInstance *instance)
{
	g_hash_table_foreach_remove(instance->settings, is_other_plugins, NULL);
}

gboolean tsr_draft_value_error(GError **error, const TsrSetting *setting, const char *allowed)
{
	return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, setting->where, "\"%s\" is not %s",
			       setting->value, allowed);
}
