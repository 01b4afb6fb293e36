/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wiring of a machine as a graph in the language DOT, with what crossed each edge while it was
 * watched. Graphviz draws it. */
#ifndef TSR_PROGRAM_MONITOR_GRAPH_H
#define TSR_PROGRAM_MONITOR_GRAPH_H

#include <tessera-glib/machine.h>
#include <tessera-glib/watch.h>

struct monitor_graph;

/* Asks the machine for its instances, connections and lines. */
struct monitor_graph *monitor_graph_new(TsrMachine *machine);
void monitor_graph_free(struct monitor_graph *graph);
/* Counts the event. */
void monitor_graph_add(struct monitor_graph *graph, const TsrWatchEvent *event);
/* The graph, with rates over so many seconds. */
char *monitor_graph_print(const struct monitor_graph *graph, double seconds);
/* Writes it: as DOT, or if the name ends in .svg as a picture that dot(1) makes. FALSE with an
 * error of GLib's; without dot(1) the text is in *instead, a file beside, which the caller frees.
 */
gboolean monitor_graph_write(const struct monitor_graph *graph, const char *path, double seconds,
			     char **instead, GError **error);

#endif
