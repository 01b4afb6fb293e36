/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See meters.h. */
#include "meters.h"

#include <glib/gi18n-lib.h>

#define NAME_CHARS 12  /* at least, before it is cut */
#define NUMBER_CHARS 8 /* of a column */
#define BAR_WIDTH 40   /* pixels */
#define SPACE 6

struct row {
	GtkWidget *row, *swatch, *name, *bar, *now, *all;
};

struct ui_meters {
	GtkWidget *box, *list;
	const char *now, *all; /* of the columns */
	struct row rows[UI_METERS_MAX];
	guint count; /* rows that were made */
};

static GtkWidget *make_number(const char *text)
{
	GtkWidget *label = gtk_label_new(text);

	gtk_label_set_width_chars(GTK_LABEL(label), NUMBER_CHARS);
	gtk_label_set_xalign(GTK_LABEL(label), 1);
	gtk_widget_add_css_class(label, "numeric");
	return label;
}

/* A bar of one colour, which says what the numbers say. */
static GtkWidget *make_bar(void)
{
	static const char *const offsets[] = { GTK_LEVEL_BAR_OFFSET_LOW, GTK_LEVEL_BAR_OFFSET_HIGH,
					       GTK_LEVEL_BAR_OFFSET_FULL };
	GtkWidget *bar = g_object_new(GTK_TYPE_LEVEL_BAR, "accessible-role",
				      GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(offsets); i++)
		gtk_level_bar_remove_offset_value(GTK_LEVEL_BAR(bar), offsets[i]);
	gtk_widget_set_size_request(bar, BAR_WIDTH, -1);
	gtk_widget_set_valign(bar, GTK_ALIGN_CENTER);
	return bar;
}

static GtkWidget *make_line(void)
{
	GtkWidget *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, SPACE);

	gtk_widget_set_margin_start(line, SPACE);
	gtk_widget_set_margin_end(line, SPACE);
	return line;
}

static void make_row(struct ui_meters *m, struct row *r)
{
	GtkWidget *line = make_line();

	r->swatch = gtk_label_new(NULL);
	r->name = gtk_label_new(NULL);
	r->bar = make_bar();
	r->now = make_number(NULL);
	r->all = make_number(NULL);
	gtk_label_set_xalign(GTK_LABEL(r->name), 0);
	gtk_label_set_ellipsize(GTK_LABEL(r->name), PANGO_ELLIPSIZE_END);
	gtk_label_set_width_chars(GTK_LABEL(r->name), NAME_CHARS);
	gtk_widget_set_hexpand(r->name, TRUE);
	gtk_box_append(GTK_BOX(line), r->swatch);
	gtk_box_append(GTK_BOX(line), r->name);
	gtk_box_append(GTK_BOX(line), r->bar);
	gtk_box_append(GTK_BOX(line), r->now);
	gtk_box_append(GTK_BOX(line), r->all);
	r->row = gtk_list_box_row_new();
	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(r->row), FALSE);
	gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(r->row), line);
	gtk_list_box_append(GTK_LIST_BOX(m->list), r->row);
}

static void show_row(struct ui_meters *m, struct row *r, const struct ui_meter *meter)
{
	g_autofree char *spoken = g_strdup_printf("%s: %s %s, %s %s", meter->name, m->now,
						  meter->now, m->all, meter->all);

	gtk_widget_set_visible(r->swatch, meter->color != NULL);
	if (meter->color) {
		g_autofree char *markup =
			g_strdup_printf("<span color=\"%s\">■</span>", meter->color);

		gtk_label_set_markup(GTK_LABEL(r->swatch), markup);
	}
	gtk_label_set_text(GTK_LABEL(r->name), meter->name);
	gtk_widget_set_tooltip_text(r->name, meter->name);
	gtk_widget_set_visible(r->bar, meter->part >= 0);
	gtk_level_bar_set_value(GTK_LEVEL_BAR(r->bar), CLAMP(meter->part, 0, 1));
	gtk_label_set_text(GTK_LABEL(r->now), meter->now);
	gtk_label_set_text(GTK_LABEL(r->all), meter->all);
	gtk_accessible_update_property(GTK_ACCESSIBLE(r->row), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       spoken, -1);
	gtk_widget_set_visible(r->row, TRUE);
}

void ui_meters_set(struct ui_meters *m, const struct ui_meter *rows, guint count)
{
	count = MIN(count, UI_METERS_MAX);
	for (guint i = 0; i < count; i++) {
		if (i == m->count)
			make_row(m, &m->rows[m->count++]);
		show_row(m, &m->rows[i], &rows[i]);
	}
	for (guint i = count; i < m->count; i++)
		gtk_widget_set_visible(m->rows[i].row, FALSE);
	gtk_widget_set_visible(m->box, count > 0);
}

static GtkWidget *make_heading(const char *heading, const char *now, const char *all)
{
	GtkWidget *line = make_line(), *label = gtk_label_new(heading);
	GtkWidget *numbers[] = { make_number(now), make_number(all) };

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
	gtk_widget_set_tooltip_text(label, heading);
	gtk_widget_set_hexpand(label, TRUE);
	gtk_widget_add_css_class(label, "heading");
	gtk_box_append(GTK_BOX(line), label);
	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
		gtk_widget_add_css_class(numbers[i], "caption");
		gtk_widget_add_css_class(numbers[i], "dim-label");
		gtk_box_append(GTK_BOX(line), numbers[i]);
	}
	return line;
}

struct ui_meters *ui_meters_new(const char *heading, const char *now, const char *all)
{
	struct ui_meters *m = g_new0(struct ui_meters, 1);

	m->now = now;
	m->all = all;
	m->box = gtk_box_new(GTK_ORIENTATION_VERTICAL, SPACE);
	m->list = gtk_list_box_new();
	gtk_list_box_set_selection_mode(GTK_LIST_BOX(m->list), GTK_SELECTION_NONE);
	gtk_widget_add_css_class(m->list, "boxed-list");
	gtk_accessible_update_property(GTK_ACCESSIBLE(m->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       heading, -1);
	gtk_box_append(GTK_BOX(m->box), make_heading(heading, now, all));
	gtk_box_append(GTK_BOX(m->box), m->list);
	gtk_widget_set_visible(m->box, FALSE);
	g_object_set_data_full(G_OBJECT(m->box), "meters", m, g_free);
	return m;
}

GtkWidget *ui_meters_get_widget(struct ui_meters *m)
{
	return m->box;
}
