/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Full screen: the header bar leaves its place for the upper edge, where it appears when the
 * pointer touches the edge or the menu is opened, and goes when the pointer leaves it.
 */
#include "ui.h"

#define EDGE 2.0 /* logical pixels that count as the edge */

static gboolean is_in_use(struct ui *ui)
{
	GtkWidget *focus = gtk_window_get_focus(ui->window);

	/* The menu's focus, too, is within the header bar. */
	return focus && gtk_widget_is_ancestor(focus, ui->header);
}

static void reveal(struct ui *ui, gboolean shown)
{
	gtk_widget_set_visible(ui->edge, gtk_window_is_fullscreen(ui->window));
	gtk_revealer_set_reveal_child(GTK_REVEALER(ui->edge), shown);
}

static void on_motion(GtkEventControllerMotion *motion, double x, double y, gpointer data)
{
	struct ui *ui = data;

	if (!gtk_window_is_fullscreen(ui->window) || ui->grabbed)
		return;
	if (y <= EDGE)
		reveal(ui, TRUE);
	else if (y > gtk_widget_get_height(ui->header) && !is_in_use(ui))
		reveal(ui, FALSE);
}

static void on_focus_changed(GtkWindow *window, GParamSpec *property, gpointer data)
{
	struct ui *ui = data;

	if (gtk_window_is_fullscreen(window))
		reveal(ui, is_in_use(ui));
}

static void move_header(struct ui *ui, gboolean full)
{
	g_object_ref(ui->header);
	if (full) {
		gtk_box_remove(GTK_BOX(ui->top), ui->header);
		gtk_revealer_set_child(GTK_REVEALER(ui->edge), ui->header);
	} else {
		gtk_revealer_set_child(GTK_REVEALER(ui->edge), NULL);
		gtk_box_append(GTK_BOX(ui->top), ui->header);
	}
	g_object_unref(ui->header);
}

static void on_fullscreened(GtkWindow *window, GParamSpec *property, gpointer data)
{
	struct ui *ui = data;
	gboolean full = gtk_window_is_fullscreen(window);
	GAction *action = g_action_map_lookup_action(G_ACTION_MAP(ui->actions), "fullscreen");

	if (full != (gtk_widget_get_parent(ui->header) == ui->edge))
		move_header(ui, full);
	g_simple_action_set_state(G_SIMPLE_ACTION(action), g_variant_new_boolean(full));
	gtk_widget_grab_focus(GTK_WIDGET(ui->screen));
	reveal(ui, FALSE);
	gtk_widget_set_visible(ui->bottom, !full);
	if (full)
		ui_window_toast(ui, _("Ctrl+Alt+Enter leaves the full screen; the bar is at the "
				      "upper edge."));
}

void ui_fullscreen_toggle(struct ui *ui)
{
	ui->last_known = FALSE; /* the size of the surface changes under the pointer */
	if (gtk_window_is_fullscreen(ui->window))
		gtk_window_unfullscreen(ui->window);
	else
		gtk_window_fullscreen(ui->window);
}

void ui_fullscreen_add(struct ui *ui)
{
	GtkEventController *motion = gtk_event_controller_motion_new();

	gtk_event_controller_set_propagation_phase(motion, GTK_PHASE_CAPTURE);
	g_signal_connect(motion, "motion", G_CALLBACK(on_motion), ui);
	gtk_widget_add_controller(GTK_WIDGET(ui->window), motion);
	g_signal_connect(ui->window, "notify::fullscreened", G_CALLBACK(on_fullscreened), ui);
	g_signal_connect(ui->window, "notify::focus-widget", G_CALLBACK(on_focus_changed), ui);
}
