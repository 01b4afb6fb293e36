/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* [Machine] and [Aliases]: the keys of the machine as a whole, checked. */
#include <string.h>

#include "config/draft.h"
#include "manifest/plugin.h"
#include "manifest/property.h"

#define MEMORY_UNIT (1024 * 1024)
#define MEMORY_MAX (3584ull * MEMORY_UNIT)
#define IPS_DEFAULT 100000000

static gboolean take_memory(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	if (!tsr_parse_size(setting->value, 1024, &config->memory) ||
	    config->memory < MEMORY_UNIT || config->memory > MEMORY_MAX ||
	    config->memory % MEMORY_UNIT)
		return tsr_draft_value_error(error, setting,
					     "a size from 1M to 3584M in whole megabytes");
	return TRUE;
}

static gboolean take_clock(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	config->clock = g_str_equal(setting->value, "deterministic") ? TSR_CLOCK_DETERMINISTIC
								     : TSR_CLOCK_REALTIME;
	return config->clock == TSR_CLOCK_DETERMINISTIC ||
	       g_str_equal(setting->value, "realtime") ||
	       tsr_draft_value_error(error, setting, "one of realtime, deterministic");
}

static gboolean take_ips(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	if (!tsr_parse_size(setting->value, 1000, &config->ips) || config->ips < 1000000 ||
	    config->ips > 1000000000000ull)
		return tsr_draft_value_error(error, setting,
					     "instructions per second from 1M to 1000G");
	return TRUE;
}

static gboolean take_rtc_base(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(setting->value, utc);

	if (time && g_date_time_to_unix(time) >= 0) {
		config->rtc_base = (guint64)g_date_time_to_unix(time);
		return TRUE;
	}
	return tsr_parse_size(setting->value, 1000, &config->rtc_base) ||
	       tsr_draft_value_error(error, setting,
				     "seconds since 1970, or a time as 2026-01-31T12:00:00Z");
}

static gboolean take_stop_at(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	if (!tsr_parse_size(setting->value, 1000, &config->stop_at))
		return tsr_draft_value_error(error, setting, "a number of instructions");
	return config->clock == TSR_CLOCK_DETERMINISTIC ||
	       tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, setting->where,
			       "instructions are counted only with clock=deterministic");
}

static gboolean take_triple_fault(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	config->on_triple_fault = g_str_equal(setting->value, "stop") ? TSR_ON_TRIPLE_FAULT_STOP
								      : TSR_ON_TRIPLE_FAULT_RESET;
	return config->on_triple_fault == TSR_ON_TRIPLE_FAULT_STOP ||
	       g_str_equal(setting->value, "reset") ||
	       tsr_draft_value_error(error, setting, "one of reset, stop");
}

/* As an option it may come without a value. */
static gboolean take_flag(gboolean *flag, const TsrSetting *setting, GError **error)
{
	*flag = TRUE;
	return !*setting->value || tsr_parse_bool(setting->value, flag) ||
	       tsr_draft_value_error(error, setting, "true or false");
}

static gboolean take_exit_on_reset(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	return take_flag(&config->exit_on_reset, setting, error);
}

static gboolean take_upgrades(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	return take_flag(&config->upgrades, setting, error);
}

static gboolean take_name(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	g_free(config->name);
	config->name = g_strdup(setting->value);
	return TRUE;
}

static gboolean take_description(TsrConfig *config, const TsrSetting *setting, GError **error)
{
	g_free(config->description);
	config->description = g_strdup(setting->value);
	return TRUE;
}

static const struct {
	const char *key;
	gboolean (*take)(TsrConfig *config, const TsrSetting *setting, GError **error);
} machine_keys[] = {
	{ "name", take_name },
	{ "description", take_description },
	{ "memory", take_memory },
	{ "clock", take_clock },
	{ "ips", take_ips },
	{ "rtc-base", take_rtc_base },
	{ "stop-at", take_stop_at }, /* after clock */
	{ "on-triple-fault", take_triple_fault },
	{ "exit-on-reset", take_exit_on_reset },
	{ "upgrades", take_upgrades },
};

/* [Machine] cpu= and mmu=. */
static gboolean take_role(TsrDraft *draft, const char *role, char **out, GError **error)
{
	const TsrSetting *setting = g_hash_table_lookup(draft->machine, role);
	TsrDraftInstance *instance = setting ? tsr_draft_find(draft, setting->value) : NULL;

	if (!setting)
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, draft->path,
				       "[Machine]: key %s is missing", role);
	if (!instance || !instance->exists)
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, setting->where,
				       "the machine has no instance \"%s\"", setting->value);
	if (!g_str_equal(tsr_plugin_get_kind(instance->plugin), role))
		return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, setting->where,
				       "%s is a plugin of kind %s, not %s",
				       tsr_plugin_get_id(instance->plugin),
				       tsr_plugin_get_kind(instance->plugin), role);
	*out = g_strdup(setting->value);
	return TRUE;
}

static gboolean take_machine(TsrDraft *draft, TsrConfig *config, GError **error)
{
	g_autofree char *file = g_path_get_basename(draft->path);

	config->name = g_strndup(file, strcspn(file, "."));
	config->description = g_strdup("");
	config->memory = 64 * MEMORY_UNIT;
	config->ips = IPS_DEFAULT;
	for (guint i = 0; i < G_N_ELEMENTS(machine_keys); i++) {
		const TsrSetting *setting =
			g_hash_table_lookup(draft->machine, machine_keys[i].key);

		if (setting && !machine_keys[i].take(config, setting, error))
			return FALSE;
	}
	return take_role(draft, "cpu", &config->cpu, error) &&
	       take_role(draft, "mmu", &config->mmu, error);
}

static gboolean take_aliases(TsrDraft *draft, TsrConfig *config, GError **error)
{
	GHashTableIter iter;
	gpointer name, value;

	g_hash_table_iter_init(&iter, draft->aliases);
	while (g_hash_table_iter_next(&iter, &name, &value)) {
		const TsrSetting *setting = value;
		const char *target = setting->value + (*setting->value == '?');
		TsrDraftInstance *instance = tsr_draft_find(draft, target);

		if (!instance)
			return tsr_draft_error(error, TSR_MACHINE_ERROR_INVALID, setting->where,
					       "the machine has no instance \"%s\"", target);
		if (instance->exists)
			g_hash_table_insert(config->aliases, g_strdup(name), g_strdup(target));
	}
	return TRUE;
}

gboolean tsr_draft_resolve_machine(TsrDraft *draft, TsrConfig *config, GError **error)
{
	return take_machine(draft, config, error) && take_aliases(draft, config, error);
}
