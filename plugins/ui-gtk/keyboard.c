/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sends the keys of the host's keyboard to the guest by their position: GDK's hardware key codes on
 * X11 and Wayland are evdev codes plus 8. The window itself uses three combinations: those of
 * release.c, pressed and released, grab or release the pointer; Ctrl+Alt+Enter switches to full
 * screen; Ctrl+Alt+F10 opens the menu.
 */
#include <linux/input-event-codes.h>

#include "ui.h"

#define XKB_OFFSET 8u

static gboolean ctrl_is_down(const struct ui *ui)
{
	return ui->down[KEY_LEFTCTRL] || ui->down[KEY_RIGHTCTRL];
}

static gboolean alt_is_down(const struct ui *ui)
{
	return ui->down[KEY_LEFTALT] || ui->down[KEY_RIGHTALT];
}

static void send_key(struct ui *ui, guint code, gboolean down)
{
	ui->down[code] = down;
	ui_frames_wake(ui);
	tsr_machine_send_key(ui->machine, code, down);
}

void ui_keyboard_release_all(struct ui *ui)
{
	for (guint code = 0; code < G_N_ELEMENTS(ui->down); code++)
		if (ui->down[code])
			send_key(ui, code, FALSE);
	ui->chord = FALSE;
}

static gboolean on_key_pressed(GtkEventControllerKey *controller, guint keyval, guint keycode,
			       GdkModifierType state, gpointer data)
{
	struct ui *ui = data;
	guint code = keycode - XKB_OFFSET;

	if (keycode < XKB_OFFSET || code >= G_N_ELEMENTS(ui->down))
		return TRUE;
	if (code == KEY_ENTER && ctrl_is_down(ui) && alt_is_down(ui)) {
		ui_keyboard_release_all(ui);
		ui_fullscreen_toggle(ui);
		return TRUE;
	}
	if (code == KEY_F10 && ctrl_is_down(ui) && alt_is_down(ui)) {
		ui_keyboard_release_all(ui);
		ui_grab_release(ui);
		g_action_group_activate_action(G_ACTION_GROUP(ui->actions), "menu", NULL);
		return TRUE;
	}
	if (!ui->down[code]) /* otherwise the host repeats the key; the guest's keyboard does that
				itself */
		send_key(ui, code, TRUE);
	ui->chord = ui_release_is_pressed(ui, code);
	return TRUE;
}

static void on_key_released(GtkEventControllerKey *controller, guint keyval, guint keycode,
			    GdkModifierType state, gpointer data)
{
	struct ui *ui = data;
	guint code = keycode - XKB_OFFSET;

	if (keycode < XKB_OFFSET || code >= G_N_ELEMENTS(ui->down) || !ui->down[code])
		return;
	send_key(ui, code, FALSE);
	if (!ui->chord)
		return;
	ui->chord = FALSE;
	if (ui->grabbed)
		ui_grab_release(ui);
	else
		ui_grab_take(ui, gtk_event_controller_get_current_event(
					 GTK_EVENT_CONTROLLER(controller)));
}

static void on_focus_left(GtkEventControllerFocus *controller, gpointer data)
{
	struct ui *ui = data;

	if (!ui->machine)
		return;
	ui_keyboard_release_all(ui);
	ui_grab_release(ui);
}

void ui_keyboard_add(struct ui *ui)
{
	GtkEventController *keys = gtk_event_controller_key_new();
	GtkEventController *focus = gtk_event_controller_focus_new();

	gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
	g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key_pressed), ui);
	g_signal_connect(keys, "key-released", G_CALLBACK(on_key_released), ui);
	g_signal_connect(focus, "leave", G_CALLBACK(on_focus_left), ui);
	gtk_widget_add_controller(GTK_WIDGET(ui->screen), keys);
	gtk_widget_add_controller(GTK_WIDGET(ui->screen), focus);
}
