/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See graph.h. Drawn in the text's colour but for the series, whose colours are of GNOME's palette
 * (human interface guidelines, "Palette"): darker ones, and lighter ones for the dark style. */
#include "graph.h"

#include <adwaita.h>
#include <math.h>

#define HEIGHT 120
#define LINE 1.5
#define GRID_ALPHA 0.15
#define DECADES_MIN 2.0 /* a scale to 100 at least */
#define SHARE_LINES 4
#define SERIES_DATA "series" /* of a swatch */

struct sample {
	double values[UI_GRAPH_SERIES_MAX];
};

struct ui_graph {
	GtkWidget *area;
	UiGraphKind kind;
	guint series;
	guint most;      /* samples */
	GArray *samples; /* struct sample, the oldest first */
};

/* Where to draw. */
struct plot {
	cairo_t *cairo;
	double width, height;
	double top; /* the value at the upper edge */
	PangoLayout *text;
};

const char *ui_graph_color(guint series)
{
	static const char *const colors[2][UI_GRAPH_SERIES_MAX] = {
		{ "#3584e4", "#2ec27e", "#e5a50a", "#ff7800", "#e01b24", "#9141ac", "#986a44",
		  "#77767b" },
		{ "#62a0ea", "#57e389", "#f8e45c", "#ffa348", "#f66151", "#dc8add", "#cdab8f",
		  "#c0bfbc" },
	};
	const gboolean is_dark = adw_style_manager_get_dark(adw_style_manager_get_default());

	return colors[is_dark][series % UI_GRAPH_SERIES_MAX];
}

static void color_swatch(GtkLabel *swatch)
{
	const guint series = GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(swatch), SERIES_DATA));
	g_autofree char *markup =
		g_strdup_printf("<span color=\"%s\">■</span>", ui_graph_color(series));

	gtk_label_set_markup(swatch, markup);
}

GtkWidget *ui_graph_swatch_new(guint series)
{
	GtkWidget *swatch = gtk_label_new(NULL);

	g_object_set_data(G_OBJECT(swatch), SERIES_DATA, GUINT_TO_POINTER(series));
	color_swatch(GTK_LABEL(swatch));
	g_signal_connect_object(adw_style_manager_get_default(), "notify::dark",
				G_CALLBACK(color_swatch), swatch, G_CONNECT_SWAPPED);
	return swatch;
}

static void set_color(const struct plot *p, guint series, double alpha)
{
	GdkRGBA color;

	gdk_rgba_parse(&color, ui_graph_color(series));
	color.alpha = (float)alpha;
	gdk_cairo_set_source_rgba(p->cairo, &color);
}

static const struct sample *sample_at(const struct ui_graph *g, guint index)
{
	return &g_array_index(g->samples, struct sample, index);
}

/* The latest is at the right edge. */
static double x_of(const struct ui_graph *g, const struct plot *p, guint index)
{
	return p->width - p->width * (double)(g->samples->len - 1 - index) / (double)(g->most - 1);
}

static double y_of(const struct ui_graph *g, const struct plot *p, double value)
{
	double part = g->kind == UI_GRAPH_RATES ? log10(MAX(value, 1)) / p->top : value / p->top;

	return p->height - CLAMP(part, 0, 1) * (p->height - LINE) - LINE / 2;
}

/* -- The grid */

static void draw_level(const struct ui_graph *g, const struct plot *p, double value,
		       const char *label)
{
	double y = round(y_of(g, p, value)) + 0.5;
	GdkRGBA color;

	gtk_style_context_get_color(gtk_widget_get_style_context(g->area), &color);
	color.alpha = GRID_ALPHA;
	gdk_cairo_set_source_rgba(p->cairo, &color);
	cairo_set_line_width(p->cairo, 1);
	cairo_move_to(p->cairo, 0, y);
	cairo_line_to(p->cairo, p->width, y);
	cairo_stroke(p->cairo);
	color.alpha = 0.6F;
	gdk_cairo_set_source_rgba(p->cairo, &color);
	pango_layout_set_text(p->text, label, -1);
	cairo_move_to(p->cairo, 2, y);
	pango_cairo_show_layout(p->cairo, p->text);
}

static void draw_grid(const struct ui_graph *g, const struct plot *p)
{
	for (int i = 1; g->kind == UI_GRAPH_RATES && i <= (int)p->top; i++) {
		g_autofree char *label = g_strdup_printf("%.0f/s", pow(10, i));

		draw_level(g, p, pow(10, i), label);
	}
	for (int i = 1; g->kind == UI_GRAPH_SHARES && i <= SHARE_LINES; i++) {
		g_autofree char *label = g_strdup_printf("%d %%", 100 * i / SHARE_LINES);

		draw_level(g, p, (double)i / SHARE_LINES, label);
	}
}

/* -- The series */

static void draw_line(const struct ui_graph *g, const struct plot *p, guint series)
{
	set_color(p, series, 1);
	cairo_set_line_width(p->cairo, LINE);
	for (guint i = 0; i < g->samples->len; i++)
		cairo_line_to(p->cairo, x_of(g, p, i), y_of(g, p, sample_at(g, i)->values[series]));
	cairo_stroke(p->cairo);
}

/* Of the layers below that series. */
static double floor_of(const struct sample *sample, guint series)
{
	double sum = 0;

	for (guint i = 0; i < series; i++)
		sum += sample->values[i];
	return sum;
}

static void draw_layer(const struct ui_graph *g, const struct plot *p, guint series)
{
	set_color(p, series, 0.8);
	for (guint i = 0; i < g->samples->len; i++)
		cairo_line_to(p->cairo, x_of(g, p, i),
			      y_of(g, p, floor_of(sample_at(g, i), series + 1)));
	for (guint i = g->samples->len; i-- > 0;)
		cairo_line_to(p->cairo, x_of(g, p, i),
			      y_of(g, p, floor_of(sample_at(g, i), series)));
	cairo_fill(p->cairo);
}

static double find_top(const struct ui_graph *g)
{
	double most = 1;

	if (g->kind == UI_GRAPH_SHARES)
		return 1;
	for (guint i = 0; i < g->samples->len; i++)
		for (guint s = 0; s < g->series; s++)
			most = MAX(most, sample_at(g, i)->values[s]);
	return MAX(ceil(log10(most)), DECADES_MIN);
}

static void on_draw(GtkDrawingArea *area, cairo_t *cairo, int width, int height, gpointer data)
{
	struct ui_graph *g = data;
	struct plot p = { .cairo = cairo,
			  .width = width,
			  .height = height,
			  .top = find_top(g),
			  .text = gtk_widget_create_pango_layout(g->area, NULL) };
	g_autoptr(PangoAttrList) small = pango_attr_list_new();

	pango_attr_list_insert(small, pango_attr_scale_new(PANGO_SCALE_SMALL));
	pango_layout_set_attributes(p.text, small);
	for (guint s = 0; g->samples->len > 1 && s < g->series; s++)
		(g->kind == UI_GRAPH_RATES ? draw_line : draw_layer)(g, &p, s);
	draw_grid(g, &p);
	g_object_unref(p.text);
}

/* -- For pages */

static void graph_free(gpointer data)
{
	struct ui_graph *g = data;

	g_array_unref(g->samples);
	g_free(g);
}

struct ui_graph *ui_graph_new(UiGraphKind kind, const char *label, guint series, guint interval_ms)
{
	struct ui_graph *g = g_new0(struct ui_graph, 1);

	g->kind = kind;
	g->series = MIN(series, UI_GRAPH_SERIES_MAX);
	g->most = UI_GRAPH_SECONDS * 1000 / interval_ms;
	g->samples = g_array_new(FALSE, TRUE, sizeof(struct sample));
	g->area = g_object_new(GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_IMG,
			       "content-height", HEIGHT, "hexpand", TRUE, NULL);
	gtk_accessible_update_property(GTK_ACCESSIBLE(g->area), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       label, -1);
	gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(g->area), on_draw, g, graph_free);
	return g;
}

GtkWidget *ui_graph_get_widget(struct ui_graph *g)
{
	return g->area;
}

void ui_graph_add(struct ui_graph *g, const double *values, const char *description)
{
	struct sample sample = { 0 };

	for (guint i = 0; i < g->series; i++)
		sample.values[i] = values[i];
	if (g->samples->len == g->most)
		g_array_remove_index(g->samples, 0);
	g_array_append_val(g->samples, sample);
	gtk_accessible_update_property(GTK_ACCESSIBLE(g->area), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
				       description, -1);
	gtk_widget_queue_draw(g->area);
}

void ui_graph_clear(struct ui_graph *g)
{
	g_array_set_size(g->samples, 0);
	gtk_widget_queue_draw(g->area);
}
