/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of attach: whoever provides an interface comes before whoever is connected to it;
 * otherwise the manifest's order. A depth-first walk; the chain of instances on the way down names
 * the members of a cycle.
 */
#include "config/draft.h"

typedef struct {
	TsrConfig *config;
	GPtrArray *ordered;
	GPtrArray *chain; /* TsrInstanceConfig, from the first to the one being visited */
	GError **error;
} Order;

static gboolean cycle_error(Order *order, TsrInstanceConfig *again)
{
	g_autoptr(GString) text = g_string_new(NULL);
	guint first = 0;

	g_ptr_array_find(order->chain, again, &first);
	for (guint i = first; i < order->chain->len; i++) {
		TsrInstanceConfig *instance = g_ptr_array_index(order->chain, i);

		g_string_append_printf(text, "%s needs ", instance->name);
	}
	return tsr_draft_error(order->error, TSR_MACHINE_ERROR_INVALID, order->config->name,
			       "a cycle of connections: %s%s", text->str, again->name);
}

static gboolean visit(Order *order, TsrInstanceConfig *instance)
{
	GHashTableIter iter;
	gpointer name;
	gboolean done = TRUE;

	if (g_ptr_array_find(order->ordered, instance, NULL))
		return TRUE;
	if (g_ptr_array_find(order->chain, instance, NULL))
		return cycle_error(order, instance);
	g_ptr_array_add(order->chain, instance);
	g_hash_table_iter_init(&iter, instance->connections);
	while (done && g_hash_table_iter_next(&iter, NULL, &name))
		done = visit(order, tsr_config_find(order->config, name));
	g_ptr_array_remove_index(order->chain, order->chain->len - 1);
	g_ptr_array_add(order->ordered, instance);
	return done;
}

gboolean tsr_config_order(TsrConfig *config, GError **error)
{
	g_autoptr(GPtrArray) ordered = g_ptr_array_new(), chain = g_ptr_array_new();
	Order order = { config, ordered, chain, error };

	for (guint i = 0; i < config->instances->len; i++)
		if (!visit(&order, g_ptr_array_index(config->instances, i)))
			return FALSE;
	for (guint i = 0; i < ordered->len; i++)
		g_ptr_array_index(config->instances, i) = g_ptr_array_index(ordered, i);
	return TRUE;
}
