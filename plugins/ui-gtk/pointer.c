/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mouse. A click on the screen gives it to the guest; from then on its relative movement is
 * sent. Its absolute position is sent too, for machines with a tablet.
 */
#include "ui.h"

/* Translates GDK's button numbers to the button bits of tsr_machine_send_pointer. */
static guint button_mask(guint button)
{
	static const guint masks[] = { 0, 1, 4, 2, 0, 0, 0, 0, 8, 16 };

	return button < G_N_ELEMENTS(masks) ? masks[button] : 0;
}

/* Adds to the rest and takes its whole part out; the fraction is kept for the next time. */
static int take_whole(double *rest, double more)
{
	int whole;

	*rest += more;
	whole = (int)*rest;
	*rest -= whole;
	return whole;
}

static void send_absolute(struct ui *ui, double x, double y)
{
	graphene_rect_t area;
	double u, v;

	ui_screen_get_area(ui->screen, &area);
	if (area.size.width < 1 || area.size.height < 1)
		return;
	u = CLAMP((x - area.origin.x) / area.size.width, 0, 1);
	v = CLAMP((y - area.origin.y) / area.size.height, 0, 1);
	tsr_machine_send_pointer_absolute(ui->machine, (guint)(u * 65535), (guint)(v * 65535), 0,
					  ui->buttons);
}

static void on_motion(GtkEventControllerMotion *controller, double x, double y, gpointer data)
{
	struct ui *ui = data;
	GdkEvent *event = gtk_event_controller_get_current_event(GTK_EVENT_CONTROLLER(controller));
	double surface_x = x, surface_y = y;
	int dx, dy;

	if (event)
		gdk_event_get_position(event, &surface_x, &surface_y);
	ui_frames_wake(ui);
	send_absolute(ui, x, y);
	if (ui->grabbed && ui->last_known && !ui->warped) {
		dx = take_whole(&ui->rest_x, surface_x - ui->last_x);
		dy = take_whole(&ui->rest_y, surface_y - ui->last_y);
		if (dx || dy)
			tsr_machine_send_pointer(ui->machine, dx, dy, 0, ui->buttons);
	}
	ui->last_x = surface_x;
	ui->last_y = surface_y;
	ui->last_known = TRUE;
	if (ui->grabbed)
		ui_grab_moved(ui);
}

static void send_buttons(struct ui *ui)
{
	tsr_machine_send_pointer(ui->machine, 0, 0, 0, ui->buttons);
}

static void on_pressed(GtkGestureClick *gesture, int presses, double x, double y, gpointer data)
{
	struct ui *ui = data;
	GdkEvent *event = gtk_event_controller_get_current_event(GTK_EVENT_CONTROLLER(gesture));

	gtk_widget_grab_focus(GTK_WIDGET(ui->screen));
	if (!ui->grabbed) {
		ui_grab_take(ui, event);
		return; /* this click only grabs the pointer */
	}
	ui->buttons |=
		button_mask(gtk_gesture_single_get_current_button(GTK_GESTURE_SINGLE(gesture)));
	send_buttons(ui);
}

static void on_released(GtkGestureClick *gesture, int presses, double x, double y, gpointer data)
{
	struct ui *ui = data;
	guint mask =
		button_mask(gtk_gesture_single_get_current_button(GTK_GESTURE_SINGLE(gesture)));

	if (!(ui->buttons & mask))
		return;
	ui->buttons &= ~mask;
	send_buttons(ui);
}

static gboolean on_scroll(GtkEventControllerScroll *controller, double dx, double dy, gpointer data)
{
	struct ui *ui = data;
	int wheel = take_whole(&ui->rest_wheel, -dy);

	if (ui->grabbed && wheel)
		tsr_machine_send_pointer(ui->machine, 0, 0, wheel, ui->buttons);
	return TRUE;
}

void ui_pointer_release_all(struct ui *ui)
{
	if (!ui->buttons)
		return;
	ui->buttons = 0;
	send_buttons(ui);
}

void ui_pointer_add(struct ui *ui)
{
	GtkEventController *motion = gtk_event_controller_motion_new();
	GtkEventController *scroll =
		gtk_event_controller_scroll_new(GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);
	GtkGesture *click = gtk_gesture_click_new();

	gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(click), 0);
	g_signal_connect(motion, "motion", G_CALLBACK(on_motion), ui);
	g_signal_connect(scroll, "scroll", G_CALLBACK(on_scroll), ui);
	g_signal_connect(click, "pressed", G_CALLBACK(on_pressed), ui);
	g_signal_connect(click, "released", G_CALLBACK(on_released), ui);
	gtk_widget_add_controller(GTK_WIDGET(ui->screen), motion);
	gtk_widget_add_controller(GTK_WIDGET(ui->screen), scroll);
	gtk_widget_add_controller(GTK_WIDGET(ui->screen), GTK_EVENT_CONTROLLER(click));
}
