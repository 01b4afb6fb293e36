/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See monitor-list.h. */
#include "monitor-list.h"

#include <string.h>

#include <tessera-glib/watch.h>

#define LINE_BYTES_MAX 400u

struct ui_monitor_list {
	GtkScrolledWindow *scroller;
	GtkStringList *lines;
	gboolean follows; /* its end: the user has not left it */
	guint frames;     /* until it is scrolled to its end; 0: it was */
};

static char *line_of(const TsrWatchEvent *e)
{
	g_autofree char *text = tsr_watch_event_to_text(e);

	return g_utf8_make_valid(text, (gssize)MIN(strlen(text), LINE_BYTES_MAX));
}

static guint count_lines(struct ui_monitor_list *l)
{
	return g_list_model_get_n_items(G_LIST_MODEL(l->lines));
}

static gboolean is_at_end(struct ui_monitor_list *l)
{
	GtkAdjustment *a = gtk_scrolled_window_get_vadjustment(l->scroller);
	double left = gtk_adjustment_get_upper(a) - gtk_adjustment_get_value(a);

	return left <= 1.5 * gtk_adjustment_get_page_size(a);
}

/* New lines have a place only after the list was laid out with them. */
static gboolean on_frame(GtkWidget *scroller, GdkFrameClock *clock, gpointer data)
{
	struct ui_monitor_list *l = data;
	GtkAdjustment *a = gtk_scrolled_window_get_vadjustment(l->scroller);

	if (--l->frames)
		return G_SOURCE_CONTINUE;
	if (count_lines(l)) /* GTK 4.8 complains of a list without lines */
		gtk_adjustment_set_value(a, gtk_adjustment_get_upper(a));
	return G_SOURCE_REMOVE;
}

static void follow_end(struct ui_monitor_list *l)
{
	if (!l->frames)
		gtk_widget_add_tick_callback(GTK_WIDGET(l->scroller), on_frame, l, NULL);
	l->frames = 2;
}

void ui_monitor_list_add(struct ui_monitor_list *l, GPtrArray *events)
{
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	guint have = count_lines(l), sum = have + events->len;

	if (!l->frames)
		l->follows = is_at_end(l);
	for (guint i = 0; i < events->len; i++)
		g_ptr_array_add(texts, line_of(g_ptr_array_index(events, i)));
	g_ptr_array_add(texts, NULL);
	if (sum > UI_MONITOR_LINES_MAX)
		gtk_string_list_splice(l->lines, 0, MIN(sum - UI_MONITOR_LINES_MAX, have), NULL);
	gtk_string_list_splice(l->lines, count_lines(l), 0, (const char *const *)texts->pdata);
	if (l->follows)
		follow_end(l);
}

void ui_monitor_list_clear(struct ui_monitor_list *l)
{
	gtk_string_list_splice(l->lines, 0, count_lines(l), NULL);
}

/* -- Making it */

static void on_setup(GtkListItemFactory *factory, GtkListItem *item, gpointer unused)
{
	GtkWidget *label = gtk_label_new(NULL);

	/* they are columns of English, from the left in every language */
	gtk_widget_set_direction(label, GTK_TEXT_DIR_LTR);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_list_item_set_child(item, label);
}

static void on_bind(GtkListItemFactory *factory, GtkListItem *item, gpointer unused)
{
	gtk_label_set_text(GTK_LABEL(gtk_list_item_get_child(item)),
			   gtk_string_object_get_string(gtk_list_item_get_item(item)));
}

static void show_in(struct ui_monitor_list *l, GtkListView *list)
{
	GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
	GtkNoSelection *model;

	l->lines = gtk_string_list_new(NULL);
	model = gtk_no_selection_new(G_LIST_MODEL(l->lines)); /* owns the lines */
	g_signal_connect(factory, "setup", G_CALLBACK(on_setup), NULL);
	g_signal_connect(factory, "bind", G_CALLBACK(on_bind), NULL);
	gtk_list_view_set_factory(list, factory);
	gtk_list_view_set_model(list, GTK_SELECTION_MODEL(model));
	g_object_unref(factory);
	g_object_unref(model);
}

struct ui_monitor_list *ui_monitor_list_new(GtkListView *list, GtkScrolledWindow *scroller)
{
	struct ui_monitor_list *l = g_new0(struct ui_monitor_list, 1);

	l->scroller = scroller;
	l->follows = TRUE;
	show_in(l, list);
	return l;
}

void ui_monitor_list_free(struct ui_monitor_list *l)
{
	g_free(l);
}
