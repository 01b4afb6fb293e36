/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the performance page shows. The graph has parts of one processor of the host; the lists have
 * parts of the time that the guest's processor had of it, in the last second and since the
 * profile's start.
 */
#include <math.h>

#include "graph.h"
#include "meters.h"
#include "performance-names.h"
#include "performance.h"

#define LISTS (UI_TIME_SECTIONS + 2)

struct _UiPerformanceView {
	GtkWidget parent;
	GtkWidget *pages, *shown, *refused;
	GtkWidget *graph_place, *message, *hold, *anew, *save;
	GtkWidget *start, *end; /* the columns */
	struct ui_graph *graph;
	struct ui_meters *times[UI_TIME_SECTIONS], *exits, *cache;
	struct ui_performance_data *now, *before; /* NULL: there are none */
};

G_DEFINE_FINAL_TYPE(UiPerformanceView, ui_performance_view, GTK_TYPE_WIDGET)

enum { HELD, ANEW, SIGNALS };
static guint signals[SIGNALS];

/* The series of the graph; what is none of them is the last. */
static const char *const tiers[] = { "translated, hot", "translated", "runtime",
				     "interpreter",     "translator", "core" };
#define SERIES (G_N_ELEMENTS(tiers) + 1)

/* -- Numbers */

struct share {
	const char *name;
	double now, all; /* of the guest's time; now negative: not known yet */
	double load;     /* now, of a processor of the host */
};

static double divide(guint64 part, guint64 whole)
{
	return whole ? (double)part / (double)whole : 0;
}

static struct share make_share(const UiPerformanceView *v, UiTimeSection section, const char *name)
{
	guint64 ns = ui_performance_time(v->now, section, name), grown;
	struct share share = { .name = name, .now = -1, .all = divide(ns, v->now->cpu_ns) };

	if (!v->before)
		return share;
	grown = ns - ui_performance_time(v->before, section, name);
	share.now = divide(grown, v->now->cpu_ns - v->before->cpu_ns);
	share.load = divide(grown, v->now->elapsed_ns - v->before->elapsed_ns);
	return share;
}

static char *percent(double part)
{
	return part < 0 ? g_strdup("–") : g_strdup_printf(_("%.1f %%"), 100 * part);
}

static int compare(gconstpointer a, gconstpointer b)
{
	const struct share *x = a, *y = b;

	return x->all < y->all ? 1 : x->all > y->all ? -1 : g_strcmp0(x->name, y->name);
}

/* Of all names of a section, the largest first. */
static GArray *list_shares(const UiPerformanceView *v, UiTimeSection section)
{
	GArray *shares = g_array_new(FALSE, FALSE, sizeof(struct share));
	GHashTableIter i;
	gpointer name;

	g_hash_table_iter_init(&i, v->now->times[section]);
	while (g_hash_table_iter_next(&i, &name, NULL)) {
		struct share share = make_share(v, section, name);

		g_array_append_val(shares, share);
	}
	g_array_sort(shares, compare);
	return shares;
}

/* -- Lists of times */

static const char *color_of(UiTimeSection section, const char *name)
{
	for (guint i = 0; section == UI_TIME_TIERS && i < G_N_ELEMENTS(tiers); i++)
		if (g_str_equal(name, tiers[i]))
			return ui_graph_color(i);
	return section == UI_TIME_TIERS ? ui_graph_color(SERIES - 1) : NULL;
}

/* What does not fit into the list, as one share. */
static void join_rest(GArray *shares)
{
	struct share rest = { 0 };

	if (shares->len <= UI_METERS_MAX)
		return;
	for (guint i = UI_METERS_MAX - 1; i < shares->len; i++) {
		const struct share *share = &g_array_index(shares, struct share, i);

		rest.now = share->now < 0 ? -1 : rest.now + share->now;
		rest.all += share->all;
	}
	g_array_set_size(shares, UI_METERS_MAX - 1);
	g_array_append_val(shares, rest);
}

static void show_times(UiPerformanceView *v, UiTimeSection section)
{
	g_autoptr(GArray) shares = list_shares(v, section);
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	struct ui_meter rows[UI_METERS_MAX];

	join_rest(shares);
	for (guint i = 0; i < shares->len; i++) {
		const struct share *share = &g_array_index(shares, struct share, i);
		char *name = share->name ? ui_performance_name(share->name) : g_strdup(_("others"));
		char *now = percent(share->now), *all = percent(share->all);

		rows[i] = (struct ui_meter){
			.name = name,
			.color = share->name ? color_of(section, share->name) : NULL,
			.part = share->now < 0 ? share->all : share->now,
			.now = now,
			.all = all,
		};
		g_ptr_array_add(texts, name);
		g_ptr_array_add(texts, now);
		g_ptr_array_add(texts, all);
	}
	ui_meters_set(v->times[section], rows, shares->len);
}

/* -- Counters */

static char *grouped(guint64 number)
{
	return g_strdup_printf("%'" G_GUINT64_FORMAT, number);
}

/* What a counter has grown by in a second; NULL: not known yet. */
static char *growth(const UiPerformanceView *v, const char *name, guint64 value)
{
	double seconds = v->before ? (double)(v->now->elapsed_ns - v->before->elapsed_ns) / 1e9 : 0;
	guint64 old;

	if (seconds <= 0 || !ui_performance_counter(v->before, name, &old))
		return g_strdup("–");
	return g_strdup_printf(_("%.0f/s"), (double)(value - old) / seconds);
}

/* A counter of the machine: what it grows by, and what it is. FALSE: there is none. */
static gboolean add_counter(const UiPerformanceView *v, GArray *rows, GPtrArray *texts,
			    const char *counter, const char *name)
{
	guint64 value;
	struct ui_meter row = { .part = -1 };

	if (!ui_performance_counter(v->now, counter, &value))
		return FALSE;
	g_ptr_array_add(texts, g_strdup(name));
	row.name = g_ptr_array_index(texts, texts->len - 1);
	g_ptr_array_add(texts, growth(v, counter, value));
	row.now = g_ptr_array_index(texts, texts->len - 1);
	g_ptr_array_add(texts, grouped(value));
	row.all = g_ptr_array_index(texts, texts->len - 1);
	g_array_append_val(rows, row);
	return TRUE;
}

/* How often translated code was left, by the reason. */
static void show_exits(UiPerformanceView *v)
{
	static const char *const exits[] = { "look-up", "interpreter", "fault", "rest of a block" };
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct ui_meter));

	for (guint i = 0; i < G_N_ELEMENTS(exits); i++) {
		g_autofree char *counter = g_strconcat("exits: ", exits[i], NULL);
		g_autofree char *name = ui_performance_name(exits[i]);

		add_counter(v, rows, texts, counter, name);
	}
	ui_meters_set(v->exits, (const struct ui_meter *)rows->data, rows->len);
}

static void show_cache(UiPerformanceView *v)
{
	static const struct {
		const char *counter, *name;
	} counters[] = {
		{ "blocks translated", N_("Blocks translated") },
		{ "blocks invalidated", N_("Blocks thrown away") },
		{ "cache flushes", N_("Emptied as a whole") },
	};
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct ui_meter));
	guint64 size, used;

	if (ui_performance_counter(v->now, "code cache: bytes", &size) &&
	    ui_performance_counter(v->now, "code cache: bytes used", &used)) {
		struct ui_meter row = { .name = _("Used, of its size"),
					.part = divide(used, size) };

		g_ptr_array_add(texts, g_format_size_full(used, G_FORMAT_SIZE_IEC_UNITS));
		row.now = g_ptr_array_index(texts, 0);
		g_ptr_array_add(texts, g_format_size_full(size, G_FORMAT_SIZE_IEC_UNITS));
		row.all = g_ptr_array_index(texts, 1);
		g_array_append_val(rows, row);
	}
	for (guint i = 0; i < G_N_ELEMENTS(counters); i++)
		add_counter(v, rows, texts, counters[i].counter, _(counters[i].name));
	ui_meters_set(v->cache, (const struct ui_meter *)rows->data, rows->len);
}

/* -- The graph */

static void add_to_graph(UiPerformanceView *v)
{
	double values[UI_GRAPH_SERIES_MAX] = { 0 }, sum = 0;
	g_autoptr(GArray) shares = list_shares(v, UI_TIME_TIERS);
	g_autofree char *all = NULL;

	for (guint i = 0; i < shares->len; i++) {
		const struct share *share = &g_array_index(shares, struct share, i);
		guint s = 0;

		while (s < G_N_ELEMENTS(tiers) && !g_str_equal(tiers[s], share->name))
			s++;
		values[s] += share->load;
		sum += share->load;
	}
	all = g_strdup_printf(_("%.0f %% of a processor"), 100 * sum);
	ui_graph_add(v->graph, values, all);
}

/* -- For the page */

void ui_performance_view_take(UiPerformanceView *v, struct ui_performance_data *data)
{
	g_clear_pointer(&v->before, ui_performance_data_free);
	v->before = v->now;
	v->now = data;
	if (v->before && data->elapsed_ns <= v->before->elapsed_ns) { /* another, or it stands */
		gboolean stands = data->elapsed_ns == v->before->elapsed_ns;

		g_clear_pointer(&v->before, ui_performance_data_free);
		if (stands)
			return;
		ui_graph_clear(v->graph);
	}
	if (v->before)
		add_to_graph(v);
	for (guint i = 0; i < UI_TIME_SECTIONS; i++)
		show_times(v, i);
	show_exits(v);
	show_cache(v);
	gtk_stack_set_visible_child(GTK_STACK(v->pages), v->shown);
}

void ui_performance_view_refuse(UiPerformanceView *v, const char *sentence)
{
	adw_status_page_set_description(ADW_STATUS_PAGE(v->refused), sentence);
	gtk_stack_set_visible_child(GTK_STACK(v->pages), v->refused);
}

void ui_performance_view_say(UiPerformanceView *v, const char *sentence, gboolean is_error)
{
	gtk_label_set_text(GTK_LABEL(v->message), sentence);
	if (is_error)
		gtk_widget_add_css_class(v->message, "error");
	else
		gtk_widget_remove_css_class(v->message, "error");
}

gboolean ui_performance_view_is_held(UiPerformanceView *v)
{
	return gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(v->hold));
}

void ui_performance_view_allow_anew(UiPerformanceView *v, gboolean allowed)
{
	gtk_widget_set_sensitive(v->anew, allowed);
}

/* -- Its life */

static void on_hold(UiPerformanceView *v)
{
	g_signal_emit(v, signals[HELD], 0);
}

static void on_anew(UiPerformanceView *v)
{
	g_signal_emit(v, signals[ANEW], 0);
}

/* The page itself has none; without this the keys would go on to the guest. */
static gboolean ui_performance_view_grab_focus(GtkWidget *widget)
{
	return gtk_widget_grab_focus(UI_PERFORMANCE_VIEW(widget)->hold);
}

static void ui_performance_view_dispose(GObject *object)
{
	UiPerformanceView *v = UI_PERFORMANCE_VIEW(object);

	g_clear_pointer(&v->pages, gtk_widget_unparent);
	g_clear_pointer(&v->now, ui_performance_data_free);
	g_clear_pointer(&v->before, ui_performance_data_free);
	G_OBJECT_CLASS(ui_performance_view_parent_class)->dispose(object);
}

static void ui_performance_view_class_init(UiPerformanceViewClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
	GType type = G_TYPE_FROM_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = ui_performance_view_dispose;
	widget->grab_focus = ui_performance_view_grab_focus;
	signals[HELD] =
		g_signal_new("held", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
	signals[ANEW] =
		g_signal_new("anew", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
	gtk_widget_class_set_layout_manager_type(widget, GTK_TYPE_BIN_LAYOUT);
	gtk_widget_class_set_template_from_resource(widget, "/org/tessera/window/performance.ui");
#define BIND(member) gtk_widget_class_bind_template_child(widget, UiPerformanceView, member)
	BIND(pages);
	BIND(shown);
	BIND(refused);
	BIND(graph_place);
	BIND(message);
	BIND(hold);
	BIND(anew);
	BIND(save);
	BIND(start);
	BIND(end);
#undef BIND
	gtk_widget_class_bind_template_callback(widget, on_hold);
	gtk_widget_class_bind_template_callback(widget, on_anew);
}

/* The lists, in the order in which they stand in their columns. */
static void add_lists(UiPerformanceView *v)
{
	const struct {
		struct ui_meters **list;
		GtkWidget *column;
		const char *heading;
	} lists[LISTS] = {
		{ &v->times[UI_TIME_TIERS], v->start, _("Time by Tier") },
		{ &v->times[UI_TIME_MODES], v->start, _("Time by Mode") },
		{ &v->cache, v->start, _("Code Cache") },
		{ &v->exits, v->start, _("Exits") },
		{ &v->times[UI_TIME_DEVICES], v->end, _("Time by Device") },
		{ &v->times[UI_TIME_CAUSES], v->end, _("Time by Cause") },
	};

	for (guint i = 0; i < LISTS; i++) {
		*lists[i].list = ui_meters_new(lists[i].heading, _("now"), _("in all"));
		gtk_box_append(GTK_BOX(lists[i].column), ui_meters_get_widget(*lists[i].list));
	}
}

static void ui_performance_view_init(UiPerformanceView *v)
{
	gtk_widget_init_template(GTK_WIDGET(v));
	add_lists(v);
}

GtkWidget *ui_performance_view_new(guint interval_ms)
{
	UiPerformanceView *v = g_object_new(UI_TYPE_PERFORMANCE_VIEW, NULL);

	v->graph = ui_graph_new(UI_GRAPH_SHARES, _("Time of a processor over the last minute"),
				SERIES, interval_ms);
	gtk_box_append(GTK_BOX(v->graph_place), ui_graph_get_widget(v->graph));
	return GTK_WIDGET(v);
}
