/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bus monitor: a page with what crosses the borders of the machine's devices, as `tessera
 * monitor` shows it. The machine is watched while the page is shown and not paused, and only for
 * what is asked for: kinds are switched on and off, patterns are those of the command line.
 */
#include "monitor.h"

#include <errno.h>
#include <unistd.h>

#include "graph.h"
#include "monitor-list.h"

#define TICK_MS 250u
#define TYPING_MS 600u /* until what is written counts without Enter */
#define COLUMNS 4

struct ui_monitor {
	struct ui *ui;
	struct ui_watch *watch;
	struct ui_graph *graph;
	struct ui_monitor_list *list;
	GtkWidget *page, *pattern, *hold, *message;
	GtkWidget *kinds[UI_WATCH_KINDS]; /* toggle buttons */
	GtkWidget *rates[UI_WATCH_KINDS]; /* labels in them */
	guint64 shown;                    /* serial of the last event that is in the list */
	struct ui_watch_counts before;
	gint64 before_us; /* monotonic time of it */
	guint tick;       /* 0: the machine is not watched */
	guint typing;     /* timeout, after a change of the pattern; 0: none */
	guint generation; /* of what was asked for; an older answer means nothing */
};

/* The accesses to registers can be millions a second, so the user asks for them. */
static const struct {
	const char *pattern, *name;
	gboolean is_wanted; /* at first */
} kinds[UI_WATCH_KINDS] = {
	[TSR_WATCH_KIND_PORTS] = { "ports", N_("Ports"), FALSE },
	[TSR_WATCH_KIND_MMIO] = { "mmio", N_("Device memory"), FALSE },
	[TSR_WATCH_KIND_IRQ] = { "irq", N_("Interrupts"), TRUE },
	[TSR_WATCH_KIND_DMA] = { "dma", N_("DMA"), TRUE },
	[TSR_WATCH_KIND_PACKETS] = { "packets", N_("Packets"), TRUE },
	[TSR_WATCH_KIND_BLOCK] = { "block", N_("Disk requests"), TRUE },
	[TSR_WATCH_KIND_CHARS] = { "chars", N_("Characters"), TRUE },
	[TSR_WATCH_KIND_SIGNAL] = { "signal", N_("Signals"), TRUE },
};

static void say(struct ui_monitor *m, const char *text, gboolean is_error)
{
	gtk_label_set_text(GTK_LABEL(m->message), text);
	if (is_error)
		gtk_widget_add_css_class(m->message, "error");
	else
		gtk_widget_remove_css_class(m->message, "error");
}

static void show_new_events(struct ui_monitor *m)
{
	g_autoptr(GPtrArray) events =
		ui_watch_get_events(m->watch, m->shown, UI_MONITOR_LINES_MAX, &m->shown);

	if (events->len)
		ui_monitor_list_add(m->list, events);
}

/* -- Rates */

static void show_rates(struct ui_monitor *m, const struct ui_watch_counts *now)
{
	gint64 now_us = g_get_monotonic_time();
	double seconds = (double)MAX(now_us - m->before_us, 1) / G_USEC_PER_SEC, sum = 0;
	double rates[UI_WATCH_KINDS];
	g_autofree char *all = NULL;

	for (guint i = 0; i < UI_WATCH_KINDS; i++) {
		g_autofree char *text = NULL;

		rates[i] = (double)(now->kinds[i] - m->before.kinds[i]) / seconds;
		text = g_strdup_printf(_("%.0f/s"), rates[i]);
		gtk_label_set_text(GTK_LABEL(m->rates[i]), text);
		sum += rates[i];
	}
	all = g_strdup_printf(_("%.0f events a second"), sum);
	ui_graph_add(m->graph, rates, all);
	m->before = *now;
	m->before_us = now_us;
}

static void end(struct ui_monitor *m);

static void show_state(struct ui_monitor *m, const struct ui_watch_counts *counts)
{
	g_autofree char *wrong = NULL;
	g_autofree char *lost = g_strdup_printf("%" G_GUINT64_FORMAT, counts->lost);
	g_autofree char *text = NULL;

	if (ui_watch_has_ended(m->watch, &wrong)) {
		end(m);
		say(m, wrong ? wrong : _("The machine does not tell of anything any more."), TRUE);
		return;
	}
	text = counts->lost ? g_strdup_printf(_("%u events kept; %s came too fast and were left "
						"out"),
					      counts->kept, lost)
			    : g_strdup_printf(_("%u events kept"), counts->kept);
	say(m, text, FALSE);
}

static gboolean on_tick(gpointer data)
{
	struct ui_monitor *m = data;
	struct ui_watch_counts counts;

	ui_watch_get_counts(m->watch, &counts);
	show_new_events(m);
	show_rates(m, &counts);
	show_state(m, &counts);
	return G_SOURCE_CONTINUE;
}

/* -- Watching */

struct asking {
	int fd;
	char **patterns;
	guint generation;
};

static void asking_free(gpointer data)
{
	struct asking *a = data;

	close(a->fd);
	g_strfreev(a->patterns);
	g_free(a);
}

static gboolean call_watch(TsrMachine *machine, gpointer data, GError **error)
{
	struct asking *a = data;

	return tsr_machine_watch(machine, a->fd, (const char *const *)a->patterns, error);
}

static void on_watched(struct ui *ui, gpointer data, const GError *error)
{
	struct ui_monitor *m = ui->monitor;

	if (!error || m->generation != ((struct asking *)data)->generation)
		return;
	end(m);
	say(m, error->message, TRUE);
}

static gboolean is_wanted(const struct ui_monitor *m, guint kind)
{
	return gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(m->kinds[kind]));
}

/* What the user wrote is for the kinds that are on: where it names nothing itself, they are the
 * patterns; else the others are taken away. NULL: no kind is on. */
static char **make_patterns(const struct ui_monitor *m)
{
	g_auto(GStrv) words =
		g_strsplit_set(gtk_editable_get_text(GTK_EDITABLE(m->pattern)), " ,\t\n", -1);
	g_autoptr(GStrvBuilder) patterns = g_strv_builder_new();
	gboolean names = FALSE, any = FALSE;

	for (char **word = words; *word; word++) {
		if (**word)
			g_strv_builder_add(patterns, *word);
		names |= **word && **word != '!';
	}
	for (guint i = 0; i < UI_WATCH_KINDS; i++) {
		g_autofree char *not = g_strconcat("!", kinds[i].pattern, NULL);

		any |= is_wanted(m, i);
		if (is_wanted(m, i) != names)
			g_strv_builder_add(patterns, names ? not : kinds[i].pattern);
	}
	return any ? g_strv_builder_end(patterns) : NULL;
}

static void end(struct ui_monitor *m)
{
	m->generation++;
	ui_watch_end(m->watch);
	g_clear_handle_id(&m->tick, g_source_remove);
	for (guint i = 0; i < UI_WATCH_KINDS; i++)
		gtk_label_set_text(GTK_LABEL(m->rates[i]), "");
}

static void begin(struct ui_monitor *m, char **patterns)
{
	struct asking *a = g_new0(struct asking, 1);

	a->generation = ++m->generation;
	a->patterns = patterns;
	a->fd = ui_watch_begin(m->watch);
	if (a->fd < 0) {
		say(m, g_strerror(errno), TRUE);
		asking_free(a);
		return;
	}
	ui_watch_get_counts(m->watch, &m->before);
	m->before_us = g_get_monotonic_time();
	m->tick = g_timeout_add(TICK_MS, on_tick, m);
	ui_calls_make(m->ui->calls, call_watch, on_watched, a, asking_free);
}

/* Anew, with what is wanted now. */
static void update(struct ui_monitor *m)
{
	char **patterns = make_patterns(m);

	g_clear_handle_id(&m->typing, g_source_remove);
	end(m);
	if (gtk_widget_get_mapped(m->page) && patterns &&
	    !gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(m->hold))) {
		begin(m, patterns);
		return;
	}
	say(m,
	    patterns ? _("Paused: the machine is not watched.")
		     : _("Nothing is watched: choose a kind of event."),
	    FALSE);
	g_strfreev(patterns);
}

static void on_changed(GtkWidget *widget, gpointer monitor)
{
	update(monitor);
}

static gboolean on_typed(gpointer data)
{
	struct ui_monitor *m = data;

	m->typing = 0;
	update(m);
	return G_SOURCE_REMOVE;
}

static void on_typing(GtkEditable *pattern, gpointer data)
{
	struct ui_monitor *m = data;

	g_clear_handle_id(&m->typing, g_source_remove);
	m->typing = g_timeout_add(TYPING_MS, on_typed, m);
}

static void on_clear(GtkButton *button, gpointer data)
{
	struct ui_monitor *m = data;

	show_new_events(m);
	ui_watch_clear(m->watch);
	ui_monitor_list_clear(m->list);
	ui_graph_clear(m->graph);
}

/* -- Making it */

/* A switch, with the colour of its line in the graph, and the rate. */
static void add_kind(struct ui_monitor *m, GtkGrid *grid, guint kind)
{
	GtkWidget *button = gtk_toggle_button_new(), *swatch = ui_graph_swatch_new(kind);
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
	GtkWidget *name = gtk_label_new(_(kinds[kind].name));

	gtk_label_set_wrap(GTK_LABEL(name), TRUE); /* in a narrow window */
	gtk_label_set_lines(GTK_LABEL(name), 2);
	gtk_label_set_ellipsize(GTK_LABEL(name), PANGO_ELLIPSIZE_END);
	gtk_label_set_xalign(GTK_LABEL(name), 0);
	gtk_widget_set_tooltip_text(button, _(kinds[kind].name));
	m->kinds[kind] = button;
	m->rates[kind] = gtk_label_new(NULL);
	gtk_widget_set_hexpand(m->rates[kind], TRUE);
	gtk_widget_set_halign(m->rates[kind], GTK_ALIGN_END);
	gtk_widget_add_css_class(m->rates[kind], "numeric");
	gtk_box_append(GTK_BOX(box), swatch);
	gtk_box_append(GTK_BOX(box), name);
	gtk_box_append(GTK_BOX(box), m->rates[kind]);
	gtk_button_set_child(GTK_BUTTON(button), box);
	gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(button), kinds[kind].is_wanted);
	gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       _(kinds[kind].name), -1);
	gtk_grid_attach(grid, button, (int)kind % COLUMNS, (int)kind / COLUMNS, 1, 1);
	g_signal_connect(button, "toggled", G_CALLBACK(on_changed), m);
}

static void take_objects(struct ui_monitor *m, GtkBuilder *builder)
{
	m->page = GTK_WIDGET(gtk_builder_get_object(builder, "page"));
	m->pattern = GTK_WIDGET(gtk_builder_get_object(builder, "pattern"));
	m->hold = GTK_WIDGET(gtk_builder_get_object(builder, "hold"));
	m->message = GTK_WIDGET(gtk_builder_get_object(builder, "message"));
	gtk_box_append(GTK_BOX(gtk_builder_get_object(builder, "graph-place")),
		       ui_graph_get_widget(m->graph));
	m->list = ui_monitor_list_new(
		GTK_LIST_VIEW(gtk_builder_get_object(builder, "list")),
		GTK_SCROLLED_WINDOW(gtk_builder_get_object(builder, "scroller")));
	for (guint i = 0; i < UI_WATCH_KINDS; i++)
		add_kind(m, GTK_GRID(gtk_builder_get_object(builder, "kinds")), i);
	g_signal_connect(gtk_builder_get_object(builder, "clear"), "clicked", G_CALLBACK(on_clear),
			 m);
}

static void monitor_free(gpointer data)
{
	struct ui_monitor *m = data;

	g_clear_handle_id(&m->tick, g_source_remove);
	g_clear_handle_id(&m->typing, g_source_remove);
	ui_watch_free(m->watch);
	ui_monitor_list_free(m->list);
	g_free(m);
}

static void add_page(struct ui *ui)
{
	GtkBuilder *builder = gtk_builder_new_from_resource("/org/tessera/window/monitor.ui");
	struct ui_monitor *m = g_new0(struct ui_monitor, 1);

	ui->monitor = m;
	m->ui = ui;
	m->watch = ui_watch_new();
	m->graph = ui_graph_new(UI_GRAPH_RATES, _("Events a second over the last minute"),
				UI_WATCH_KINDS, TICK_MS);
	take_objects(m, builder);
	g_signal_connect(m->pattern, "changed", G_CALLBACK(on_typing), m);
	g_signal_connect(m->pattern, "activate", G_CALLBACK(on_changed), m);
	g_signal_connect(m->hold, "toggled", G_CALLBACK(on_changed), m);
	g_signal_connect_after(m->page, "map", G_CALLBACK(on_changed), m);
	g_signal_connect_after(m->page, "unmap", G_CALLBACK(on_changed), m);
	gtk_stack_add_titled(GTK_STACK(ui->pages), m->page, "monitor", _("Bus Monitor"));
	g_object_set_data_full(G_OBJECT(m->page), "monitor", m, monitor_free);
	g_object_unref(builder);
}

static void on_monitor(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	struct ui *ui = data;

	if (!ui->monitor)
		add_page(ui);
	gtk_widget_set_visible(ui->switcher, TRUE);
	gtk_stack_set_visible_child_name(GTK_STACK(ui->pages), "monitor");
}

static void on_save(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	struct ui *ui = data;

	if (ui->monitor)
		ui_monitor_save(ui, ui->monitor->watch, g_variant_get_string(parameter, NULL));
}

void ui_monitor_add(struct ui *ui)
{
	static const GActionEntry entries[] = {
		{ .name = "monitor", .activate = on_monitor },
		{ .name = "monitor-save", .activate = on_save, .parameter_type = "s" },
	};

	g_action_map_add_action_entries(G_ACTION_MAP(ui->actions), entries, G_N_ELEMENTS(entries),
					ui);
}
