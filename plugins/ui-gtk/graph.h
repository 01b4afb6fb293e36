/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A graph of several quantities over the last minute, as lines or as layers. [main] */
#ifndef UI_GRAPH_H
#define UI_GRAPH_H

#include <gtk/gtk.h>

#define UI_GRAPH_SERIES_MAX 8u
#define UI_GRAPH_SECONDS 60u

struct ui_graph;

typedef enum {
	UI_GRAPH_RATES,  /* a line each, by the logarithm of its value, 1 to as much as there is */
	UI_GRAPH_SHARES, /* layers of 0 to 1 together, one upon the other */
} UiGraphKind;

/* The colour of a series, as "#rrggbb", in the style that the desktop has now. */
const char *ui_graph_color(guint series);
/* A square of that colour, which follows the style. */
GtkWidget *ui_graph_swatch_new(guint series);
/* label: for assistive technologies. values come at that interval. It lives as long as its widget.
 */
struct ui_graph *ui_graph_new(UiGraphKind kind, const char *label, guint series, guint interval_ms);
GtkWidget *ui_graph_get_widget(struct ui_graph *graph);
/* values: one of each series. description: what they say, for who does not see them. */
void ui_graph_add(struct ui_graph *graph, const double *values, const char *description);
void ui_graph_clear(struct ui_graph *graph);

#endif
