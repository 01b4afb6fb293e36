/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See recorded-things.h. */
#include "monitor/recorded-things.h"

#include <string.h>

#include "board/lines.h"
#include "board/memory-map.h"
#include "board/pci-bus.h"
#include "board/port-space.h"
#include "instance/instance.h"
#include "manifest/plugin.h"
#include "run/timers.h"

struct line {
	char *resource;
	int level;
};

struct need {
	char *name, *interface;
};

struct tsr_recorded_things {
	GPtrArray *regions;    /* struct tsr_region */
	GPtrArray *timers;     /* struct tsr_timer */
	GPtrArray *functions;  /* struct tsr_pci_function */
	GArray *lines, *needs; /* struct line, struct need */
};

/* -- What the device has */

static void add_regions(struct tsr_recorded_things *t, const struct TsrInstance *instance,
			GPtrArray *regions)
{
	for (guint i = 0; i < regions->len; i++) {
		struct tsr_region *region = g_ptr_array_index(regions, i);

		if (region->owner == instance && region->ops)
			g_ptr_array_add(t->regions, region);
	}
}

static void add_line(void *user, const char *resource, int level)
{
	struct line line = { g_strdup(resource), level };

	g_array_append_val(((struct tsr_recorded_things *)user)->lines, line);
}

/* Those that are connected. */
static void add_needs(struct tsr_recorded_things *t, TsrMachine *m, const TsrInstanceConfig *config)
{
	GPtrArray *needs = tsr_plugin_get_needs(config->plugin);

	for (guint i = 0; i < needs->len; i++) {
		const TsrNeed *need = needs->pdata[i];
		const char *provider = g_hash_table_lookup(config->connections, need->name);
		TsrInstanceConfig *other = provider ? tsr_config_find(m->config, provider) : NULL;
		struct need row = { g_strdup(need->name), NULL };

		row.interface = g_strdup(other ? tsr_need_choose(need, other->plugin) : NULL);
		g_array_append_val(t->needs, row);
	}
}

struct tsr_recorded_things *tsr_recorded_things_new(TsrMachine *m, struct TsrInstance *instance)
{
	struct tsr_recorded_things *t = g_new0(struct tsr_recorded_things, 1);

	t->regions = g_ptr_array_new();
	t->timers = tsr_timers_list(m->clock, instance);
	t->functions = tsr_pci_bus_list(m->pci, instance);
	t->lines = g_array_new(FALSE, FALSE, sizeof(struct line));
	t->needs = g_array_new(FALSE, FALSE, sizeof(struct need));
	add_regions(t, instance, tsr_port_space_get_regions(m->ports));
	add_regions(t, instance, tsr_memory_map_get_regions(m->memory));
	tsr_lines_each(m->lines, instance, add_line, t);
	add_needs(t, m, instance->config);
	return t;
}

void tsr_recorded_things_free(struct tsr_recorded_things *t)
{
	for (guint i = 0; i < t->lines->len; i++)
		g_free(g_array_index(t->lines, struct line, i).resource);
	for (guint i = 0; i < t->needs->len; i++) {
		g_free(g_array_index(t->needs, struct need, i).name);
		g_free(g_array_index(t->needs, struct need, i).interface);
	}
	g_ptr_array_unref(t->regions);
	g_ptr_array_unref(t->timers);
	g_ptr_array_unref(t->functions);
	g_array_unref(t->lines);
	g_array_unref(t->needs);
	g_free(t);
}

GPtrArray *tsr_recorded_things_get_timers(const struct tsr_recorded_things *t)
{
	return t->timers;
}

GPtrArray *tsr_recorded_things_get_functions(const struct tsr_recorded_things *t)
{
	return t->functions;
}

/* -- Their description */

static GVariant *describe_regions(const struct tsr_recorded_things *t)
{
	g_auto(GVariantBuilder) list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("as"));

	for (guint i = 0; i < t->regions->len; i++) {
		const struct tsr_region *region = g_ptr_array_index(t->regions, i);

		g_variant_builder_add(&list, "s", region->name);
	}
	return g_variant_builder_end(&list);
}

static GVariant *describe_timers(const struct tsr_recorded_things *t)
{
	g_auto(GVariantBuilder) list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("at"));

	for (guint i = 0; i < t->timers->len; i++)
		g_variant_builder_add(&list, "t",
				      tsr_timers_get_deadline(g_ptr_array_index(t->timers, i)));
	return g_variant_builder_end(&list);
}

static GVariant *describe_functions(const struct tsr_recorded_things *t)
{
	g_auto(GVariantBuilder) list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(ayb)"));

	for (guint i = 0; i < t->functions->len; i++) {
		int intx;
		const uint8_t *config =
			tsr_pci_function_look(g_ptr_array_index(t->functions, i), &intx);

		g_variant_builder_add(
			&list, "(@ayb)",
			g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, config, 256, 1), intx);
	}
	return g_variant_builder_end(&list);
}

static GVariant *describe_lines(const struct tsr_recorded_things *t)
{
	g_auto(GVariantBuilder) list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(sb)"));

	for (guint i = 0; i < t->lines->len; i++)
		g_variant_builder_add(&list, "(sb)",
				      g_array_index(t->lines, struct line, i).resource,
				      g_array_index(t->lines, struct line, i).level);
	return g_variant_builder_end(&list);
}

/* An interface of "" is that of a need which is not connected. */
static GVariant *describe_needs(const struct tsr_recorded_things *t)
{
	g_auto(GVariantBuilder) list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(ss)"));

	for (guint i = 0; i < t->needs->len; i++) {
		const struct need *need = &g_array_index(t->needs, struct need, i);

		g_variant_builder_add(&list, "(ss)", need->name,
				      need->interface ? need->interface : "");
	}
	return g_variant_builder_end(&list);
}

void tsr_recorded_things_describe(const struct tsr_recorded_things *t, GVariantDict *description)
{
	g_variant_dict_insert_value(description, "regions", describe_regions(t));
	g_variant_dict_insert_value(description, "timers", describe_timers(t));
	g_variant_dict_insert_value(description, "functions", describe_functions(t));
	g_variant_dict_insert_value(description, "lines", describe_lines(t));
	g_variant_dict_insert_value(description, "needs", describe_needs(t));
}

/* -- Numbers */

static uint64_t find(const GPtrArray *things, gconstpointer thing)
{
	guint i = 0;

	while (i < things->len && things->pdata[i] != thing)
		i++;
	return i;
}

uint64_t tsr_recorded_things_find_region(const struct tsr_recorded_things *t,
					 const struct tsr_region *region)
{
	return find(t->regions, region);
}

uint64_t tsr_recorded_things_find_timer(const struct tsr_recorded_things *t,
					const struct tsr_timer *timer)
{
	return find(t->timers, timer);
}

uint64_t tsr_recorded_things_find_function(const struct tsr_recorded_things *t,
					   const struct tsr_pci_function *f)
{
	return find(t->functions, f);
}

uint64_t tsr_recorded_things_find_line(const struct tsr_recorded_things *t, const char *resource)
{
	guint i = 0;

	while (i < t->lines->len &&
	       strcmp(g_array_index(t->lines, struct line, i).resource, resource) != 0)
		i++;
	return i;
}

uint64_t tsr_recorded_things_find_need(const struct tsr_recorded_things *t, const char *need)
{
	guint i = 0;

	while (i < t->needs->len && strcmp(g_array_index(t->needs, struct need, i).name, need) != 0)
		i++;
	return i;
}
