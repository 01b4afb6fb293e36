/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See monitor-graph.h. Nodes are the instances, the processor's bus (ports and registers in
 * memory), guest memory and PCI's interrupt pins. Edges are connections (solid), interrupt lines
 * (dashed) and, only if there were any, accesses of the guest and DMA (bold) and interrupts by pins
 * (dashed).
 */
#include "program/monitor-graph.h"

#include <string.h>

#include "program/monitor-counts.h"

#define BUS "ports and registers"
#define MEMORY "guest memory"
#define PINS "PCI interrupts"

struct monitor_graph {
	char *name;
	char **instances, **connections, **lines;
	struct monitor_counts *counts;
};

struct monitor_graph *monitor_graph_new(TsrMachine *machine)
{
	struct monitor_graph *g = g_new0(struct monitor_graph, 1);

	g->name = g_strdup(tsr_machine_get_name(machine));
	g->instances = tsr_machine_list_instances(machine);
	g->connections = tsr_bus_list_connections(tsr_machine_get_bus(machine));
	g->lines = tsr_machine_list_lines(machine);
	g->counts = monitor_counts_new();
	return g;
}

void monitor_graph_free(struct monitor_graph *g)
{
	g_free(g->name);
	g_strfreev(g->instances);
	g_strfreev(g->connections);
	g_strfreev(g->lines);
	monitor_counts_free(g->counts);
	g_free(g);
}

void monitor_graph_add(struct monitor_graph *g, const TsrWatchEvent *e)
{
	monitor_counts_add(g->counts, e);
}

/* -- DOT: https://graphviz.org/doc/info/lang.html */

static void add_quoted(GString *out, const char *text)
{
	g_string_append_c(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *text);
	}
	g_string_append_c(out, '"');
}

static void add_node(GString *out, const char *name, const char *attributes)
{
	g_string_append_c(out, '\t');
	add_quoted(out, name);
	g_string_append_printf(out, " [%s];\n", attributes);
}

/* "12.3/s, 4.0 KiB/s", in lines of their own. */
static char *rate(const struct monitor_count *c, double seconds)
{
	g_autofree char *bytes = NULL;

	if (!c)
		return g_strdup("");
	if (!c->bytes)
		return g_strdup_printf("%.1f/s", (double)c->events / seconds);
	bytes = g_format_size_full((guint64)((double)c->bytes / seconds), G_FORMAT_SIZE_IEC_UNITS);
	return g_strdup_printf("%.1f/s, %s/s", (double)c->events / seconds, bytes);
}

/* Label and rate stand under each other; label may be NULL. */
static void add_edge(GString *out, const char *from, const char *to, const char *label,
		     const char *rate_text, const char *attributes)
{
	g_autofree char *text =
		g_strjoin(label && *rate_text ? "\n" : "", label ? label : "", rate_text, NULL);

	g_string_append_c(out, '\t');
	add_quoted(out, from);
	g_string_append(out, " -> ");
	add_quoted(out, to);
	g_string_append(out, " [label=");
	add_quoted(out, text);
	g_string_append_printf(out, "%s%s];\n", *attributes ? ", " : "", attributes);
}

/* USER.NEED -> PROVIDER INTERFACE */
static void add_connection(GString *out, const struct monitor_graph *g, const char *line,
			   double seconds)
{
	g_auto(GStrv) parts = g_strsplit(line, " ", 4);
	const char *dot = parts[0] ? strchr(parts[0], '.') : NULL;
	g_autofree char *user = NULL, *text = NULL;

	if (!dot || g_strv_length(parts) < 4)
		return;
	user = g_strndup(parts[0], (gsize)(dot - parts[0]));
	text = rate(monitor_counts_find(g->counts, MONITOR_LINKS, user, dot + 1), seconds);
	add_edge(out, user, parts[2], parts[3], text, "");
}

/* INSTANCE:RESOURCE -> PROVIDER:INPUT */
static void add_line(GString *out, const struct monitor_graph *g, const char *line, double seconds)
{
	g_auto(GStrv) ends = g_strsplit(line, " -> ", 2);
	g_auto(GStrv) from = g_strsplit(ends[0] ? ends[0] : "", ":", 2);
	g_auto(GStrv) to = g_strsplit(ends[0] && ends[1] ? ends[1] : "", ":", 2);
	g_autofree char *text = NULL, *label = NULL;

	if (g_strv_length(from) < 2 || g_strv_length(to) < 2)
		return;
	text = rate(monitor_counts_find(g->counts, MONITOR_LINES, from[0], from[1]), seconds);
	label = g_strdup_printf("%s > %s", from[1], to[1]);
	add_edge(out, from[0], to[0], label, text, "style=dashed");
}

static void add_traffic(GString *out, const struct monitor_graph *g, const char *instance,
			double seconds)
{
	const struct monitor_count *accesses =
		monitor_counts_find(g->counts, MONITOR_ACCESSES, instance, NULL);
	const struct monitor_count *dma =
		monitor_counts_find(g->counts, MONITOR_DMA, instance, NULL);
	const struct monitor_count *pin =
		monitor_counts_find(g->counts, MONITOR_LINES, instance, "intx");
	g_autofree char *access_rate = rate(accesses, seconds), *dma_rate = rate(dma, seconds);
	g_autofree char *pin_rate = rate(pin, seconds);

	if (accesses)
		add_edge(out, BUS, instance, NULL, access_rate, "style=bold");
	if (dma)
		add_edge(out, instance, MEMORY, "DMA", dma_rate, "style=bold");
	if (pin)
		add_edge(out, instance, PINS, "intx", pin_rate, "style=dashed");
}

char *monitor_graph_print(const struct monitor_graph *g, double seconds)
{
	GString *out = g_string_new("digraph machine {\n\trankdir=LR;\n\tnode [shape=box];\n");
	g_autofree char *lost = g_strdup_printf(", %" G_GUINT64_FORMAT " events were lost",
						monitor_counts_lost(g->counts));
	g_autofree char *title = g_strdup_printf("%s, rates over %.1f s%s", g->name, seconds,
						 monitor_counts_lost(g->counts) ? lost : "");

	g_string_append(out, "\tlabel=");
	add_quoted(out, title);
	g_string_append(out, ";\n");
	add_node(out, BUS, "shape=ellipse");
	add_node(out, MEMORY, "shape=cylinder");
	for (char **i = g->instances; *i; i++)
		add_node(out, *i, "style=rounded");
	for (char **c = g->connections; *c; c++)
		add_connection(out, g, *c, seconds);
	for (char **l = g->lines; *l; l++)
		add_line(out, g, *l, seconds);
	for (char **i = g->instances; *i; i++)
		add_traffic(out, g, *i, seconds);
	g_string_append(out, "}\n");
	return g_string_free(out, FALSE);
}

/* -- Files */

static gboolean draw(const char *dot, const char *text, const char *path, GError **error)
{
	g_autofree char *output = g_strconcat("-o", path, NULL);
	g_autoptr(GSubprocess) process =
		g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE, error, dot, "-Tsvg", output, NULL);

	return process && g_subprocess_communicate_utf8(process, text, NULL, NULL, NULL, error) &&
	       g_subprocess_wait_check(process, NULL, error);
}

gboolean monitor_graph_write(const struct monitor_graph *g, const char *path, double seconds,
			     char **instead, GError **error)
{
	g_autofree char *text = monitor_graph_print(g, seconds);
	g_autofree char *dot = g_find_program_in_path("dot");

	*instead = NULL;
	if (!g_str_has_suffix(path, ".svg"))
		return g_file_set_contents(path, text, -1, error);
	if (dot)
		return draw(dot, text, path, error);
	*instead = g_strdup_printf("%.*s.dot", (int)strlen(path) - 4, path);
	return g_file_set_contents(*instead, text, -1, error);
}
