/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See wiring.h. The layout is the model's, which the text direction may mirror: here, columns and
 * rows become pixels. */
#include "ui/wiring.h"

#include "model/text.h"

#define NODE_WIDTH 132
#define NODE_HEIGHT 48
#define GAP_X 84
#define GAP_Y 14
#define MARGIN 18
#define ARROW 7
#define DASH 5
#define FAINT 0.4 /* of the text's colour */
#define RATE_SCALE PANGO_SCALE_X_SMALL
#define RATE_GAP 4

struct _TsrWiringView {
	GtkWidget parent;
	struct tsr_wiring *wiring;
	GPtrArray *buttons; /* not owned: children, one for each node */
	char *selected;
	char *program, *socket; /* of a machine that runs; NULL: it does not */
	TsrRates *rates;        /* while it is seen */
};

G_DEFINE_FINAL_TYPE(TsrWiringView, tsr_wiring_view, GTK_TYPE_WIDGET)

static guint chosen_signal;

static const struct tsr_wiring_node *node_at(TsrWiringView *self, guint index)
{
	return g_ptr_array_index(self->wiring->nodes, index);
}

/* -- Places */

static double left_of(const struct tsr_wiring_place *place)
{
	return MARGIN + place->column * (NODE_WIDTH + GAP_X);
}

static double top_of(const struct tsr_wiring_place *place)
{
	return MARGIN + place->row * (NODE_HEIGHT + GAP_Y);
}

static int extent(guint count, int size, int gap)
{
	return count ? 2 * MARGIN + (int)count * size + (int)(count - 1) * gap : 0;
}

static void tsr_wiring_view_measure(GtkWidget *widget, GtkOrientation orientation, int for_size,
				    int *minimum, int *natural, int *minimum_baseline,
				    int *natural_baseline)
{
	const struct tsr_wiring *w = TSR_WIRING_VIEW(widget)->wiring;

	*minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? extent(w->columns, NODE_WIDTH, GAP_X)
							     : extent(w->rows, NODE_HEIGHT, GAP_Y);
	*natural = *minimum;
}

static void tsr_wiring_view_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
	TsrWiringView *self = TSR_WIRING_VIEW(widget);

	for (guint i = 0; i < self->buttons->len; i++) {
		const struct tsr_wiring_place *place = &node_at(self, i)->place;
		const GtkAllocation where = { (int)left_of(place), (int)top_of(place), NODE_WIDTH,
					      NODE_HEIGHT };
		int unused;

		/* GTK wants each to have been measured. */
		gtk_widget_measure(g_ptr_array_index(self->buttons, i), GTK_ORIENTATION_HORIZONTAL,
				   -1, &unused, NULL, NULL, NULL);
		gtk_widget_size_allocate(g_ptr_array_index(self->buttons, i), &where, -1);
	}
}

static void tsr_wiring_view_direction_changed(GtkWidget *widget, GtkTextDirection previous)
{
	if (gtk_widget_get_direction(widget) != previous)
		tsr_wiring_mirror(TSR_WIRING_VIEW(widget)->wiring);
	GTK_WIDGET_CLASS(tsr_wiring_view_parent_class)->direction_changed(widget, previous);
}

/* -- Lines */

/* Horizontal at both ends. */
static void curve_to(cairo_t *cr, double x, double y)
{
	double from_x, from_y, middle;

	cairo_get_current_point(cr, &from_x, &from_y);
	middle = (from_x + x) / 2;
	cairo_curve_to(cr, middle, from_y, middle, y, x, y);
}

static void draw_arrow(cairo_t *cr, double x, double y, double direction)
{
	cairo_move_to(cr, x, y);
	cairo_line_to(cr, x - direction * ARROW, y - ARROW / 2.0);
	cairo_line_to(cr, x - direction * ARROW, y + ARROW / 2.0);
	cairo_close_path(cr);
	cairo_fill(cr);
}

static void draw_edge(TsrWiringView *self, cairo_t *cr, const struct tsr_wiring_edge *edge)
{
	static const double dash = DASH;
	const struct tsr_wiring_place *from = &node_at(self, edge->from)->place,
				      *to = &node_at(self, edge->to)->place;
	const gboolean right = to->column > from->column;
	const double direction = right ? 1 : -1, end_x = left_of(to) + (right ? 0 : NODE_WIDTH),
		     end_y = top_of(to) + NODE_HEIGHT / 2.0;

	if (from->column == to->column)
		return; /* a part that uses itself: its name says so */
	cairo_set_dash(cr, &dash, edge->is_line ? 1 : 0, 0);
	cairo_move_to(cr, left_of(from) + (right ? NODE_WIDTH : 0),
		      top_of(from) + NODE_HEIGHT / 2.0);
	for (guint i = 0; i < edge->bends->len; i++) {
		const struct tsr_wiring_place *bend =
			&g_array_index(edge->bends, struct tsr_wiring_place, i);
		const double y = top_of(bend) + NODE_HEIGHT / 2.0;

		curve_to(cr, left_of(bend) + (right ? 0 : NODE_WIDTH), y);
		cairo_line_to(cr, left_of(bend) + (right ? NODE_WIDTH : 0), y);
	}
	curve_to(cr, end_x - direction * ARROW, end_y);
	cairo_stroke(cr);
	draw_arrow(cr, end_x, end_y, direction);
}

/* Beside the part that uses the other one, above its line. used: the height of what stands there
 * already, of the two sides of a part. */
static void draw_rate(TsrWiringView *self, cairo_t *cr, const struct tsr_wiring_edge *edge,
		      int used[2])
{
	const struct tsr_wiring_place *from = &node_at(self, edge->from)->place,
				      *to = &node_at(self, edge->to)->place;
	const gboolean right = to->column > from->column;
	const struct tsr_rate rate = tsr_wiring_rate(self->wiring, edge, self->rates);
	g_autofree char *text = tsr_rate_describe(&rate, "\n");
	g_autoptr(PangoLayout) layout = gtk_widget_create_pango_layout(GTK_WIDGET(self), text);
	g_autoptr(PangoAttrList) attributes = pango_attr_list_new();
	int width, height;

	if (!*text || from->column == to->column)
		return;
	pango_attr_list_insert(attributes, pango_attr_scale_new(RATE_SCALE));
	pango_layout_set_attributes(layout, attributes);
	pango_layout_get_pixel_size(layout, &width, &height);
	used[right] += height;
	cairo_move_to(cr,
		      right ? left_of(from) + NODE_WIDTH + RATE_GAP
			    : left_of(from) - RATE_GAP - width,
		      top_of(from) + NODE_HEIGHT / 2.0 - used[right]);
	pango_cairo_show_layout(cr, layout);
}

static void draw_rates(TsrWiringView *self, cairo_t *cr)
{
	g_autofree int *used = g_new0(int, 2 * self->wiring->nodes->len);

	for (guint i = 0; self->rates && i < self->wiring->edges->len; i++) {
		const struct tsr_wiring_edge *edge = g_ptr_array_index(self->wiring->edges, i);

		draw_rate(self, cr, edge, used + 2 * edge->from);
	}
}

static gboolean is_lit(TsrWiringView *self, const struct tsr_wiring_edge *edge)
{
	return g_strcmp0(node_at(self, edge->from)->part, self->selected) == 0 ||
	       g_strcmp0(node_at(self, edge->to)->part, self->selected) == 0;
}

static void draw_edges(TsrWiringView *self, cairo_t *cr, gboolean lit)
{
	for (guint i = 0; i < self->wiring->edges->len; i++) {
		const struct tsr_wiring_edge *edge = g_ptr_array_index(self->wiring->edges, i);

		if (is_lit(self, edge) == lit)
			draw_edge(self, cr, edge);
	}
}

/* Those of the chosen part lie above the others. */
static void tsr_wiring_view_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	TsrWiringView *self = TSR_WIRING_VIEW(widget);
	GtkStyleContext *style = gtk_widget_get_style_context(widget);
	const graphene_rect_t all = GRAPHENE_RECT_INIT(0, 0, gtk_widget_get_width(widget),
						       gtk_widget_get_height(widget));
	cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &all);
	GdkRGBA colour, accent, text;

	gtk_style_context_get_color(style, &colour);
	text = colour;
	if (!gtk_style_context_lookup_color(style, "accent_color", &accent))
		accent = colour;
	colour.alpha *= FAINT;
	gdk_cairo_set_source_rgba(cr, &colour);
	cairo_set_line_width(cr, 1);
	draw_edges(self, cr, FALSE);
	gdk_cairo_set_source_rgba(cr, &accent);
	cairo_set_line_width(cr, 2);
	draw_edges(self, cr, TRUE);
	gdk_cairo_set_source_rgba(cr, &text);
	draw_rates(self, cr);
	cairo_destroy(cr);
	GTK_WIDGET_CLASS(tsr_wiring_view_parent_class)->snapshot(widget, snapshot);
}

/* -- Parts */

static void on_clicked(GtkButton *button, gpointer data)
{
	TsrWiringView *self = data;
	guint index;

	if (g_ptr_array_find(self->buttons, button, &index))
		g_signal_emit(self, chosen_signal, 0, node_at(self, index)->part);
}

static GtkWidget *label_new(const char *text, const char *class)
{
	GtkWidget *label = gtk_label_new(text);

	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
	gtk_label_set_max_width_chars(GTK_LABEL(label), 1);
	gtk_widget_set_hexpand(label, TRUE);
	gtk_widget_add_css_class(label, class);
	return label;
}

/* What a part uses, and what crosses its lines. */
static void describe(TsrWiringView *self, guint index, GtkWidget *button)
{
	g_autofree char *uses = tsr_wiring_describe(self->wiring, index, self->rates);

	if (*uses)
		gtk_widget_set_tooltip_text(button, uses);
	gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
				       uses, -1);
}

/* The names are those of the list, so that both can be told by their role. */
static void add_button(TsrWiringView *self, guint index, const char *plugin)
{
	const char *part = node_at(self, index)->part;
	GtkWidget *button = gtk_button_new(), *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);

	gtk_box_append(GTK_BOX(box), label_new(part, "wiring-part"));
	gtk_box_append(GTK_BOX(box), label_new(plugin, "caption"));
	gtk_widget_set_valign(box, GTK_ALIGN_CENTER);
	gtk_button_set_child(GTK_BUTTON(button), box);
	gtk_widget_add_css_class(button, "wiring-node");
	gtk_widget_set_tooltip_text(button, plugin);
	gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, part,
				       -1);
	describe(self, index, button);
	gtk_widget_set_parent(button, GTK_WIDGET(self));
	g_signal_connect(button, "clicked", G_CALLBACK(on_clicked), self);
	g_ptr_array_add(self->buttons, button);
}

void tsr_wiring_view_select(TsrWiringView *self, const char *part)
{
	g_free(self->selected);
	self->selected = g_strdup(part);
	for (guint i = 0; i < self->buttons->len; i++) {
		GtkWidget *button = g_ptr_array_index(self->buttons, i);

		if (g_strcmp0(node_at(self, i)->part, part) == 0)
			gtk_widget_add_css_class(button, "suggested-action");
		else
			gtk_widget_remove_css_class(button, "suggested-action");
	}
	gtk_widget_queue_draw(GTK_WIDGET(self));
}

const char *tsr_wiring_view_get_focused(TsrWiringView *self)
{
	for (guint i = 0; i < self->buttons->len; i++)
		if (gtk_widget_has_focus(g_ptr_array_index(self->buttons, i)))
			return node_at(self, i)->part;
	return NULL;
}

void tsr_wiring_view_focus(TsrWiringView *self, const char *part)
{
	for (guint i = 0; i < self->buttons->len; i++)
		if (g_strcmp0(node_at(self, i)->part, part) == 0)
			gtk_widget_grab_focus(g_ptr_array_index(self->buttons, i));
}

/* -- Rates */

static void on_rates(TsrWiringView *self)
{
	for (guint i = 0; i < self->buttons->len; i++)
		describe(self, i, g_ptr_array_index(self->buttons, i));
	gtk_widget_queue_draw(GTK_WIDGET(self));
}

static void start_rates(TsrWiringView *self)
{
	if (self->rates || !self->socket || !gtk_widget_get_mapped(GTK_WIDGET(self)))
		return;
	self->rates = tsr_rates_new(self->program, self->socket);
	g_signal_connect_object(self->rates, "changed", G_CALLBACK(on_rates), self,
				G_CONNECT_SWAPPED);
}

static void stop_rates(TsrWiringView *self)
{
	if (!self->rates)
		return;
	tsr_rates_stop(self->rates);
	g_signal_handlers_disconnect_by_data(self->rates, self);
	g_clear_object(&self->rates);
}

void tsr_wiring_view_watch(TsrWiringView *self, const char *program, const char *socket)
{
	self->program = g_strdup(program);
	self->socket = g_strdup(socket);
	start_rates(self);
}

static void tsr_wiring_view_map(GtkWidget *widget)
{
	GTK_WIDGET_CLASS(tsr_wiring_view_parent_class)->map(widget);
	start_rates(TSR_WIRING_VIEW(widget));
}

static void tsr_wiring_view_unmap(GtkWidget *widget)
{
	stop_rates(TSR_WIRING_VIEW(widget));
	GTK_WIDGET_CLASS(tsr_wiring_view_parent_class)->unmap(widget);
}

/* -- Life cycle */

GtkWidget *tsr_wiring_view_new(const struct tsr_parts *parts, const struct tsr_catalogue *catalogue)
{
	TsrWiringView *self = g_object_new(TSR_TYPE_WIRING_VIEW, NULL);

	self->wiring = tsr_wiring_new(parts, catalogue);
	if (gtk_widget_get_direction(GTK_WIDGET(self)) == GTK_TEXT_DIR_RTL)
		tsr_wiring_mirror(self->wiring);
	for (guint i = 0; i < self->wiring->nodes->len; i++) {
		const struct tsr_part *part = tsr_parts_find(parts, node_at(self, i)->part);

		add_button(self, i, part->id);
	}
	return GTK_WIDGET(self);
}

static void tsr_wiring_view_dispose(GObject *object)
{
	TsrWiringView *self = TSR_WIRING_VIEW(object);
	GtkWidget *child;

	stop_rates(self);
	g_ptr_array_set_size(self->buttons, 0);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	G_OBJECT_CLASS(tsr_wiring_view_parent_class)->dispose(object);
}

static void tsr_wiring_view_finalize(GObject *object)
{
	TsrWiringView *self = TSR_WIRING_VIEW(object);

	tsr_wiring_free(self->wiring);
	g_ptr_array_unref(self->buttons);
	g_free(self->selected);
	g_free(self->program);
	g_free(self->socket);
	G_OBJECT_CLASS(tsr_wiring_view_parent_class)->finalize(object);
}

static void tsr_wiring_view_class_init(TsrWiringViewClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = tsr_wiring_view_dispose;
	G_OBJECT_CLASS(class)->finalize = tsr_wiring_view_finalize;
	widget->map = tsr_wiring_view_map;
	widget->unmap = tsr_wiring_view_unmap;
	widget->measure = tsr_wiring_view_measure;
	widget->size_allocate = tsr_wiring_view_size_allocate;
	widget->direction_changed = tsr_wiring_view_direction_changed;
	widget->snapshot = tsr_wiring_view_snapshot;
	chosen_signal = g_signal_new("chosen", TSR_TYPE_WIRING_VIEW, G_SIGNAL_RUN_LAST, 0, NULL,
				     NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
	gtk_widget_class_set_accessible_role(widget, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void tsr_wiring_view_init(TsrWiringView *self)
{
	self->buttons = g_ptr_array_new();
	gtk_widget_set_halign(GTK_WIDGET(self), GTK_ALIGN_START);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       _("Wiring"), -1);
}
