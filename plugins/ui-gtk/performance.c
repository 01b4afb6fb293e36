/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The performance page: where the guest's time goes. The machine takes a profile while the page is
 * shown and not paused. One that was taken already is shown and left as it is: it is somebody
 * else's. The machine is asked a second after it has answered, so that a slow one has one question
 * to answer at most.
 */
#include "performance.h"

#define INTERVAL_MS 1000u

struct ui_performance {
	struct ui *ui;
	UiPerformanceView *view;
	gboolean is_mine; /* the profile: it was started here, and not stopped */
	guint tick;       /* 0: an answer is waited for, or nothing is asked */
	guint generation; /* of what was asked for; an older answer means nothing */
};

/* -- What is asked: on the calls' thread */

struct asking {
	guint generation;
	gboolean begins, anew; /* may start a profile; starts one in any case */
	gboolean has_started;
	char *profile, *stats;
};

static void asking_free(gpointer data)
{
	struct asking *a = data;

	g_free(a->profile);
	g_free(a->stats);
	g_free(a);
}

static gboolean is_running(TsrMachine *machine)
{
	g_autofree char *profile = tsr_machine_get_profile(machine, "tsv", NULL);

	return profile && g_str_has_prefix(profile, "running\t1");
}

static gboolean call_ask(TsrMachine *machine, gpointer data, GError **error)
{
	struct asking *a = data;

	if (a->anew)
		tsr_machine_stop_profile(machine, NULL);
	if (a->anew || (a->begins && !is_running(machine))) {
		if (!tsr_machine_start_profile(machine, NULL, error))
			return FALSE;
		a->has_started = TRUE;
	}
	a->profile = tsr_machine_get_profile(machine, "tsv", error);
	a->stats = a->profile ? tsr_machine_get_stats(machine) : NULL;
	return a->profile != NULL;
}

static gboolean call_stop(TsrMachine *machine, gpointer data, GError **error)
{
	return tsr_machine_stop_profile(machine, error);
}

/* -- On the main loop */

static void ask(struct ui_performance *p, gboolean begins, gboolean anew);

static gboolean on_tick(gpointer data)
{
	struct ui_performance *p = data;

	p->tick = 0;
	ask(p, FALSE, FALSE);
	return G_SOURCE_REMOVE;
}

static void stop_mine(struct ui_performance *p)
{
	if (p->is_mine)
		ui_calls_make(p->ui->calls, call_stop, NULL, NULL, NULL);
	p->is_mine = FALSE;
}

static void show(struct ui_performance *p, const struct asking *a)
{
	struct ui_performance_data *data = ui_performance_data_new(a->profile, a->stats);

	if (!data->is_running)
		p->is_mine = FALSE;
	ui_performance_view_allow_anew(p->view, p->is_mine || !data->is_running);
	ui_performance_view_say(p->view,
				!data->is_running ? _("The profile was stopped.")
				: p->is_mine      ? _("The profile ends when this page is left.")
					     : _("The profile was started elsewhere, and goes on "
						 "when this page is left."),
				FALSE);
	ui_performance_view_take(p->view, data);
}

static void tell(struct ui_performance *p, const struct asking *a, const GError *error)
{
	if (g_error_matches(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND) && a->begins)
		ui_performance_view_refuse(p->view, _("This machine's processor cannot tell where "
						      "its time goes."));
	else
		ui_performance_view_say(p->view, error->message, TRUE);
	ui_performance_view_allow_anew(p->view, FALSE);
}

static gboolean is_wanted(const struct ui_performance *p)
{
	return gtk_widget_get_mapped(GTK_WIDGET(p->view)) && !ui_performance_view_is_held(p->view);
}

static void on_answer(struct ui *ui, gpointer data, const GError *error)
{
	struct ui_performance *p = ui->performance;
	const struct asking *a = data;

	p->is_mine |= a->has_started;
	if (!is_wanted(p))
		stop_mine(p); /* it was started when the user had left already */
	if (a->generation != p->generation)
		return;
	if (error) {
		tell(p, a, error);
		return;
	}
	show(p, a);
	p->tick = g_timeout_add(INTERVAL_MS, on_tick, p);
}

static void ask(struct ui_performance *p, gboolean begins, gboolean anew)
{
	struct asking *a = g_new0(struct asking, 1);

	a->generation = p->generation;
	a->begins = begins;
	a->anew = anew;
	ui_calls_make(p->ui->calls, call_ask, on_answer, a, asking_free);
}

static void end(struct ui_performance *p)
{
	p->generation++;
	g_clear_handle_id(&p->tick, g_source_remove);
}

/* The page is shown, left, paused or not any more. */
static void update(struct ui_performance *p)
{
	end(p);
	if (is_wanted(p)) {
		ask(p, TRUE, FALSE);
		return;
	}
	stop_mine(p);
	ui_performance_view_say(p->view, _("Paused: no profile is taken for this page."), FALSE);
	ui_performance_view_allow_anew(p->view, FALSE);
}

static void on_changed(UiPerformanceView *view, gpointer performance)
{
	update(performance);
}

static void on_anew(UiPerformanceView *view, gpointer performance)
{
	end(performance);
	ask(performance, FALSE, TRUE);
}

/* -- Making it */

static void performance_free(gpointer data)
{
	struct ui_performance *p = data;

	g_clear_handle_id(&p->tick, g_source_remove);
	g_free(p);
}

static void add_page(struct ui *ui)
{
	struct ui_performance *p = g_new0(struct ui_performance, 1);
	GtkWidget *page = ui_performance_view_new(INTERVAL_MS);

	ui->performance = p;
	p->ui = ui;
	p->view = UI_PERFORMANCE_VIEW(page);
	g_object_set_data_full(G_OBJECT(page), "performance", p, performance_free);
	g_signal_connect(page, "held", G_CALLBACK(on_changed), p);
	g_signal_connect(page, "anew", G_CALLBACK(on_anew), p);
	g_signal_connect_after(page, "map", G_CALLBACK(on_changed), p);
	g_signal_connect_after(page, "unmap", G_CALLBACK(on_changed), p);
	gtk_stack_add_titled(GTK_STACK(ui->pages), page, "performance", _("Performance"));
}

static void on_performance(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	struct ui *ui = data;

	if (!ui->performance)
		add_page(ui);
	gtk_widget_set_visible(ui->switcher, TRUE);
	gtk_stack_set_visible_child_name(GTK_STACK(ui->pages), "performance");
}

static void on_save(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	ui_performance_save(data, g_variant_get_string(parameter, NULL));
}

void ui_performance_add(struct ui *ui)
{
	static const GActionEntry entries[] = {
		{ .name = "performance", .activate = on_performance },
		{ .name = "performance-save", .activate = on_save, .parameter_type = "s" },
	};

	g_action_map_add_action_entries(G_ACTION_MAP(ui->actions), entries, G_N_ELEMENTS(entries),
					ui);
}
