/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See wiring.h. */
#include "model/wiring.h"

#include <string.h>

#define NAMES_BETWEEN ", " /* in an edge */

static void node_free(gpointer data)
{
	g_free(((struct tsr_wiring_node *)data)->part);
	g_free(data);
}

static void edge_free(gpointer data)
{
	struct tsr_wiring_edge *edge = data;

	g_free(edge->names);
	g_array_unref(edge->bends);
	g_free(edge);
}

struct tsr_wiring *tsr_wiring_begin(void)
{
	struct tsr_wiring *wiring = g_new0(struct tsr_wiring, 1);

	wiring->nodes = g_ptr_array_new_with_free_func(node_free);
	wiring->edges = g_ptr_array_new_with_free_func(edge_free);
	return wiring;
}

void tsr_wiring_free(struct tsr_wiring *wiring)
{
	if (!wiring)
		return;
	g_ptr_array_unref(wiring->nodes);
	g_ptr_array_unref(wiring->edges);
	g_free(wiring);
}

void tsr_wiring_add_node(struct tsr_wiring *wiring, const char *part)
{
	struct tsr_wiring_node *node = g_new0(struct tsr_wiring_node, 1);

	node->part = g_strdup(part);
	g_ptr_array_add(wiring->nodes, node);
}

void tsr_wiring_add_edge(struct tsr_wiring *wiring, guint from, guint to, const char *name,
			 gboolean is_line)
{
	struct tsr_wiring_edge *edge;

	for (guint i = 0; i < wiring->edges->len; i++) {
		edge = g_ptr_array_index(wiring->edges, i);
		if (edge->from == from && edge->to == to && edge->is_line == is_line) {
			char *names = g_strconcat(edge->names, NAMES_BETWEEN, name, NULL);

			g_free(edge->names);
			edge->names = names;
			return;
		}
	}
	edge = g_new0(struct tsr_wiring_edge, 1);
	edge->from = from;
	edge->to = to;
	edge->names = g_strdup(name);
	edge->is_line = is_line;
	edge->bends = g_array_new(FALSE, FALSE, sizeof(struct tsr_wiring_place));
	g_ptr_array_add(wiring->edges, edge);
}

/* -- From the parts */

static gboolean find_node(const struct tsr_wiring *wiring, const char *part, guint *node)
{
	for (*node = 0; *node < wiring->nodes->len; (*node)++) {
		const struct tsr_wiring_node *n = g_ptr_array_index(wiring->nodes, *node);

		if (g_str_equal(n->part, part))
			return TRUE;
	}
	return FALSE;
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
	return strcmp(a, b);
}

/* In alphabetical order, so that the same machine has the same picture. */
static void add_connections(struct tsr_wiring *wiring, guint from, const struct tsr_part *part)
{
	GList *needs = g_list_sort(g_hash_table_get_keys(part->connections), compare_texts);
	guint to;

	for (GList *need = needs; need; need = need->next)
		if (find_node(wiring, g_hash_table_lookup(part->connections, need->data), &to))
			tsr_wiring_add_edge(wiring, from, to, need->data, FALSE);
	g_list_free(needs);
}

/* "PROVIDER:INPUT", where PROVIDER may be an alias. */
static void add_line(struct tsr_wiring *wiring, const struct tsr_parts *parts, guint from,
		     const char *name, const char *line)
{
	g_autofree char *provider = g_strndup(line, strcspn(line, ":"));
	const char *real = g_hash_table_lookup(parts->aliases, provider);
	guint to;

	if (find_node(wiring, real ? real : provider, &to))
		tsr_wiring_add_edge(wiring, from, to, name, TRUE);
}

static void add_lines(struct tsr_wiring *wiring, const struct tsr_parts *parts, guint from,
		      const struct tsr_part *part, const struct tsr_plugin *plugin)
{
	for (guint i = 0; i < plugin->resources->len; i++) {
		const struct tsr_plugin_resource *r = g_ptr_array_index(plugin->resources, i);
		g_autofree char *key = g_strdup_printf("resource.%s.line", r->name);
		const char *written = g_hash_table_lookup(part->settings, key);

		if (g_str_equal(r->type, "irq"))
			add_line(wiring, parts, from, r->name, written ? written : r->line);
	}
}

struct tsr_wiring *tsr_wiring_new(const struct tsr_parts *parts,
				  const struct tsr_catalogue *catalogue)
{
	struct tsr_wiring *wiring = tsr_wiring_begin();
	guint from;

	for (guint i = 0; i < parts->parts->len; i++) {
		const struct tsr_part *part = g_ptr_array_index(parts->parts, i);

		if (part->exists)
			tsr_wiring_add_node(wiring, part->name);
	}
	for (guint i = 0; i < parts->parts->len; i++) {
		const struct tsr_part *part = g_ptr_array_index(parts->parts, i);
		const struct tsr_plugin *plugin = tsr_catalogue_find(
			catalogue, part->id, *part->version ? part->version : NULL);

		if (!part->exists || !find_node(wiring, part->name, &from))
			continue;
		add_connections(wiring, from, part);
		if (plugin)
			add_lines(wiring, parts, from, part, plugin);
	}
	tsr_wiring_layout(wiring);
	return wiring;
}

struct tsr_rate tsr_wiring_rate(const struct tsr_wiring *wiring, const struct tsr_wiring_edge *edge,
				TsrRates *rates)
{
	const struct tsr_wiring_node *from = g_ptr_array_index(wiring->nodes, edge->from);
	g_auto(GStrv) names = rates ? g_strsplit(edge->names, NAMES_BETWEEN, -1) : NULL;
	struct tsr_rate sum = { 0 };

	for (char **name = names; name && *name; name++) {
		struct tsr_rate rate = tsr_rates_get(rates, from->part, *name, edge->is_line);

		sum.events += rate.events;
		sum.bytes += rate.bytes;
	}
	return sum;
}

char *tsr_wiring_describe(const struct tsr_wiring *wiring, guint node, TsrRates *rates)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < wiring->edges->len; i++) {
		const struct tsr_wiring_edge *edge = g_ptr_array_index(wiring->edges, i);
		const struct tsr_wiring_node *to = g_ptr_array_index(wiring->nodes, edge->to);

		struct tsr_rate rate = tsr_wiring_rate(wiring, edge, rates);
		g_autofree char *crosses = tsr_rate_describe(&rate, ", ");

		if (edge->from == node)
			g_string_append_printf(text, "%s%s → %s%s%s%s", text->len ? ", " : "",
					       edge->names, to->part, *crosses ? " (" : "", crosses,
					       *crosses ? ")" : "");
	}
	return g_string_free(text, FALSE);
}
