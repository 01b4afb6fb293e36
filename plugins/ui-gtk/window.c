/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The window: its header bar, its screen, and how often the guest's picture is polled. While the
 * picture changes a lot, or after input, it is fetched with each frame of the window; otherwise
 * twelve times a second, so that the host can sleep while an idle guest blinks its cursor. A window
 * that is not visible fetches nothing.
 */
#include "ui.h"

#define AWAKE_TICKS 40 /* ticks without a change before polling becomes slow */
#define CHANGE_WORTH 4 /* ticks that a change adds; a cursor blinks every eight ticks */
#define SLOW_BEAT_MS 80u
#define CHANGES_TO_WAKE 3u /* successive slow polls with a change */

/* -- Frames */

static gboolean fetch_frame(struct ui *ui)
{
	g_autoptr(GBytes) pixels = tsr_machine_borrow_frame(ui->machine, 0, &ui->frame);

	if (!pixels)
		return FALSE;
	ui_screen_set_frame(ui->screen, pixels, ui->frame.width, ui->frame.height);
	return TRUE;
}

static gboolean on_slow_beat(gpointer data);

static gboolean on_tick(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
	struct ui *ui = data;

	ui->awake += fetch_frame(ui) ? CHANGE_WORTH - 1 : -1;
	ui->awake = MIN(ui->awake, AWAKE_TICKS);
	if (ui->awake > 0)
		return G_SOURCE_CONTINUE;
	ui->tick = 0;
	ui->changes = 0;
	ui->slow = g_timeout_add(SLOW_BEAT_MS, on_slow_beat, ui);
	return G_SOURCE_REMOVE;
}

void ui_window_wake(struct ui *ui)
{
	ui->awake = AWAKE_TICKS;
	if (!gtk_widget_get_mapped(GTK_WIDGET(ui->screen)))
		return;
	if (!ui->tick)
		ui->tick = gtk_widget_add_tick_callback(GTK_WIDGET(ui->screen), on_tick, ui, NULL);
	g_clear_handle_id(&ui->slow, g_source_remove);
}

static void stop_frames(struct ui *ui)
{
	if (ui->tick)
		gtk_widget_remove_tick_callback(GTK_WIDGET(ui->screen), ui->tick);
	ui->tick = 0;
	g_clear_handle_id(&ui->slow, g_source_remove);
}

static gboolean on_slow_beat(gpointer data)
{
	struct ui *ui = data;

	ui->changes = fetch_frame(ui) ? ui->changes + 1 : 0;
	if (ui->changes < CHANGES_TO_WAKE)
		return G_SOURCE_CONTINUE;
	ui->slow = 0;
	ui_window_wake(ui);
	return G_SOURCE_REMOVE;
}

static void on_map(GtkWidget *widget, gpointer data)
{
	ui_window_wake(data);
}

static void on_unmap(GtkWidget *widget, gpointer data)
{
	stop_frames(data);
}

/* -- Signals of the machine */

void ui_window_update_title(struct ui *ui)
{
	g_autofree char *title = NULL;
	TsrMachineState state = tsr_machine_get_state(ui->machine);
	const char *suffix = "";

	if (state == TSR_MACHINE_PAUSED)
		suffix = " (paused)";
	else if (ui->grabbed)
		suffix = " - Ctrl+Alt releases the mouse";
	title = g_strconcat(ui->title, suffix, NULL);
	gtk_window_set_title(ui->window, title);
}

static void on_state_changed(TsrMachine *machine, int state, gpointer data)
{
	struct ui *ui = data;
	gboolean paused = state == TSR_MACHINE_PAUSED;
	GAction *action = g_action_map_lookup_action(G_ACTION_MAP(ui->actions), "pause");

	g_simple_action_set_state(G_SIMPLE_ACTION(action), g_variant_new_boolean(paused));
	gtk_button_set_icon_name(GTK_BUTTON(ui->pause_button),
				 paused ? "media-playback-start-symbolic"
					: "media-playback-pause-symbolic");
	gtk_widget_set_tooltip_text(ui->pause_button, paused ? "Resume" : "Pause");
	if (state != TSR_MACHINE_RUNNING)
		ui_grab_release(ui);
	ui_window_update_title(ui);
}

/* After a change of mode the window takes the size of the picture, unless it is maximized or full
 * screen. */
static void on_display_changed(TsrMachine *machine, guint display, guint width, guint height,
			       gpointer data)
{
	struct ui *ui = data;

	if (display == 0 && !gtk_window_is_maximized(ui->window) &&
	    !gtk_window_is_fullscreen(ui->window))
		gtk_window_set_default_size(ui->window, -1, -1);
}

/* -- Closing */

static void on_close_response(GtkDialog *dialog, int response, gpointer data)
{
	struct ui *ui = data;

	ui->dialog = NULL;
	gtk_window_destroy(GTK_WINDOW(dialog));
	if (response == GTK_RESPONSE_ACCEPT && ui->machine)
		tsr_machine_stop(ui->machine, TSR_EXIT_POWERED_OFF, "the window was closed");
}

void ui_window_ask_close(struct ui *ui)
{
	if (ui->dialog) {
		gtk_window_present(GTK_WINDOW(ui->dialog));
		return;
	}
	ui_grab_release(ui);
	G_GNUC_BEGIN_IGNORE_DEPRECATIONS
	ui->dialog = gtk_message_dialog_new(
		ui->window, GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT, GTK_MESSAGE_QUESTION,
		GTK_BUTTONS_NONE, "Power off “%s”?", ui->title);
	gtk_message_dialog_format_secondary_text(
		GTK_MESSAGE_DIALOG(ui->dialog),
		"The machine stops at once, as if it were unplugged. What the guest has not "
		"saved is lost.");
	gtk_dialog_add_buttons(GTK_DIALOG(ui->dialog), "_Cancel", GTK_RESPONSE_CANCEL, "_Power Off",
			       GTK_RESPONSE_ACCEPT, NULL);
	gtk_dialog_set_default_response(GTK_DIALOG(ui->dialog), GTK_RESPONSE_CANCEL);
	gtk_widget_add_css_class(
		gtk_dialog_get_widget_for_response(GTK_DIALOG(ui->dialog), GTK_RESPONSE_ACCEPT),
		"destructive-action");
	G_GNUC_END_IGNORE_DEPRECATIONS
	g_signal_connect(ui->dialog, "response", G_CALLBACK(on_close_response), ui);
	gtk_window_present(GTK_WINDOW(ui->dialog));
}

static gboolean on_close_request(GtkWindow *window, gpointer data)
{
	struct ui *ui = data;

	if (!ui->machine || tsr_machine_get_state(ui->machine) == TSR_MACHINE_STOPPED)
		return FALSE;
	if (ui->leaves) {
		gtk_widget_set_visible(GTK_WIDGET(window), FALSE);
		ui->bus->emit(ui->host, "closed", NULL);
	} else {
		ui_window_ask_close(ui);
	}
	return TRUE;
}

/* -- Making it */

static GtkWidget *header_button(const char *icon, const char *tooltip, const char *action)
{
	GtkWidget *button = gtk_button_new_from_icon_name(icon);

	gtk_widget_set_tooltip_text(button, tooltip);
	gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
	gtk_widget_set_focus_on_click(button, FALSE);
	return button;
}

static GtkWidget *make_header(struct ui *ui)
{
	GtkWidget *header = gtk_header_bar_new(), *menu = gtk_menu_button_new();
	g_autoptr(GMenuModel) model = ui_actions_menu();

	gtk_menu_button_set_icon_name(GTK_MENU_BUTTON(menu), "open-menu-symbolic");
	gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(menu), model);
	gtk_widget_set_tooltip_text(menu, "Menu");
	gtk_widget_set_focus_on_click(menu, FALSE);
	ui->pause_button = header_button("media-playback-pause-symbolic", "Pause", "machine.pause");
	gtk_header_bar_pack_start(GTK_HEADER_BAR(header), ui->pause_button);
	gtk_header_bar_pack_start(GTK_HEADER_BAR(header),
				  header_button("view-refresh-symbolic", "Reset", "machine.reset"));
	gtk_header_bar_pack_end(GTK_HEADER_BAR(header), menu);
	gtk_header_bar_pack_end(GTK_HEADER_BAR(header),
				header_button("view-fullscreen-symbolic",
					      "Full screen (Ctrl+Alt+Enter)",
					      "machine.fullscreen"));
	return header;
}

void ui_window_create(struct ui *ui, gboolean smooth)
{
	GtkWidget *overlay = gtk_overlay_new();

	ui->window = GTK_WINDOW(gtk_window_new());
	ui->screen = UI_SCREEN(ui_screen_new());
	gtk_window_set_titlebar(ui->window, make_header(ui));
	gtk_overlay_set_child(GTK_OVERLAY(overlay), GTK_WIDGET(ui->screen));
	gtk_overlay_add_overlay(GTK_OVERLAY(overlay), ui_banner_new(ui));
	gtk_window_set_child(ui->window, overlay);
	gtk_window_set_icon_name(ui->window, "tessera");
	ui_actions_add(ui, smooth);
	ui_keyboard_add(ui);
	ui_pointer_add(ui);
	g_signal_connect(ui->window, "close-request", G_CALLBACK(on_close_request), ui);
	g_signal_connect(ui->screen, "map", G_CALLBACK(on_map), ui);
	g_signal_connect(ui->screen, "unmap", G_CALLBACK(on_unmap), ui);
	g_signal_connect(ui->machine, "state-changed", G_CALLBACK(on_state_changed), ui);
	g_signal_connect(ui->machine, "display-changed", G_CALLBACK(on_display_changed), ui);
	ui_banner_look_back(ui);
	ui_window_update_title(ui);
	gtk_window_set_focus(ui->window, GTK_WIDGET(ui->screen));
	gtk_window_present(ui->window);
}

void ui_window_destroy(struct ui *ui)
{
	GdkDisplay *display;

	if (!ui->window)
		return;
	display = gtk_widget_get_display(GTK_WIDGET(ui->window));
	g_signal_handlers_disconnect_by_data(ui->machine, ui);
	ui->machine = NULL;
	ui->grabbed = FALSE;
	stop_frames(ui);
	if (ui->dialog)
		gtk_window_destroy(GTK_WINDOW(ui->dialog));
	gtk_window_destroy(ui->window);
	ui->window = NULL;
	g_clear_object(&ui->actions);
	gdk_display_sync(
		display); /* makes the window disappear now, not when the main loop runs again */
}
