/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a machine is made of what it is made of, for people. */
#include <string.h>

#include <tessera-glib/product.h>

#include "config/firmware.h"
#include "manifest/plugin.h"
#include "manifest/registry.h"
#include "product/plan.h"

typedef struct {
	TsrDraft *plan;
	TsrDraftInstance *instance;
	GString *text;
} Explanation;

G_GNUC_PRINTF(3, 4)
static void add(const Explanation *e, const char *what, const char *format, ...)
{
	va_list args;

	g_string_append_printf(e->text, "  %-10s ", what);
	va_start(args, format);
	g_string_append_vprintf(e->text, format, args);
	va_end(args);
	g_string_append_c(e->text, '\n');
}

/* How many versions of the plugin are installed, and how many of them the machine allows. */
static void count_versions(const Explanation *e, guint *installed, guint *allowed)
{
	g_autoptr(GPtrArray) plugins = tsr_registry_list_plugins(e->plan->registry);

	*installed = *allowed = 0;
	for (guint i = 0; i < plugins->len; i++) {
		TsrPlugin *other = g_ptr_array_index(plugins, i);

		if (!g_str_equal(other->id, e->instance->plugin->id))
			continue;
		++*installed;
		*allowed += tsr_requirement_allows(e->instance->requirement, other);
	}
}

static void add_why(const Explanation *e)
{
	guint installed, allowed;

	count_versions(e, &installed, &allowed);
	if (e->plan->lock)
		add(e, "because",
		    "the lock has this version, and its files have the SHA-256 of the lock");
	else if (installed == 1)
		add(e, "because", "it is the only version that is installed");
	else
		add(e, "because", "it is the newest of %u %s allowed (%u installed)", allowed,
		    allowed == 1 ? "version that is" : "versions that are", installed);
}

/* The other versions, and what could not be used. */
static void add_others(const Explanation *e)
{
	TsrPlugin *chosen = e->instance->plugin;
	g_autoptr(GPtrArray) plugins = tsr_registry_list_plugins(e->plan->registry);
	g_auto(GStrv) refusals = tsr_registry_list_refusals(e->plan->registry, chosen->id);

	for (guint i = 0; i < plugins->len; i++) {
		TsrPlugin *other = g_ptr_array_index(plugins, i);
		const char *why = "older";

		if (!g_str_equal(other->id, chosen->id) || other == chosen)
			continue;
		if (!tsr_requirement_allows(e->instance->requirement, other))
			why = "not allowed by the machine";
		else if (e->plan->lock)
			why = "not that of the lock";
		add(e, "not", "%s %s: %s", other->version, other->path, why);
	}
	for (char **refusal = refusals; *refusal; refusal++)
		add(e, "refused", "%s", *refusal);
}

static void add_connections(const Explanation *e)
{
	GPtrArray *needs = tsr_plugin_get_needs(e->instance->plugin);

	for (guint i = 0; i < needs->len; i++) {
		const TsrNeed *need = g_ptr_array_index(needs, i);
		const char *name =
			g_hash_table_lookup(e->instance->result->connections, need->name);
		TsrDraftInstance *provider = name ? tsr_draft_find(e->plan, name) : NULL;

		if (provider)
			add(e, "needs", "%s: %s of %s", need->name,
			    tsr_need_choose(need, provider->plugin), name);
		else
			add(e, "needs", "%s: nothing; it may have %s", need->name, need->interface);
	}
}

static void add_files(const Explanation *e)
{
	GPtrArray *specs = tsr_plugin_get_properties(e->instance->plugin);

	for (guint i = 0; i < specs->len; i++) {
		const TsrPropertySpec *spec = g_ptr_array_index(specs, i);
		const char *value =
			g_hash_table_lookup(e->instance->result->properties, spec->name);

		if (spec->type == TSR_PROPERTY_FILE && *value)
			add(e, "file", "%s: %s%s", spec->name, value,
			    tsr_reach_is_firmware(value) ? " (firmware)" : "");
	}
}

static void add_instance(const Explanation *e)
{
	const TsrDraftInstance *instance = e->instance;
	const TsrSetting *plugin = g_hash_table_lookup(instance->settings, "plugin"),
			 *pin = g_hash_table_lookup(e->plan->versions, instance->plugin->id);

	g_string_append_printf(e->text, "\n%s: %s %s\n", instance->name, instance->plugin->id,
			       instance->plugin->version);
	add(e, "from", "%s", instance->plugin->path);
	add(e, "asked for", "%s (%s)", plugin->value, plugin->where);
	if (pin)
		add(e, "and", "%s (%s)", pin->value, pin->where);
	add_why(e);
	add_others(e);
	add_connections(e);
	add_files(e);
}

static void add_head(const Explanation *e)
{
	for (guint i = 0; i < e->plan->files->len; i++)
		g_string_append_printf(e->text, "%s %s\n", i ? "extends" : "machine",
				       (char *)g_ptr_array_index(e->plan->files, i));
	g_string_append_printf(e->text, "lock    %s\n",
			       e->plan->lock ? e->plan->lock->file->path : "none");
}

static void add_absent(const Explanation *e)
{
	g_string_append(e->text, "\nNot in this machine:\n");
	for (guint i = 0; i < e->plan->instances->len; i++) {
		TsrDraftInstance *instance = g_ptr_array_index(e->plan->instances, i);

		if (!instance->exists)
			add(e, instance->name, "%s", instance->absence);
	}
}

char *tsr_product_explain(TsrRegistry *registry, const char *file, const char *const *overrides,
			  GError **error)
{
	g_autoptr(TsrDraft) plan = tsr_draft_load(registry, file, overrides, error);
	g_autoptr(GString) text = g_string_new(NULL);
	Explanation e = { .plan = plan, .text = text };
	g_autoptr(TsrConfig) config = NULL;

	if (!plan)
		return NULL;
	plan->unloaded = TRUE;
	config = tsr_draft_resolve(plan, error);
	if (!config)
		return NULL;
	add_head(&e);
	for (guint i = 0; i < plan->instances->len; i++) {
		e.instance = g_ptr_array_index(plan->instances, i);
		if (e.instance->exists)
			add_instance(&e);
	}
	add_absent(&e);
	return g_strdup(text->str);
}
