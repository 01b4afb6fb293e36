/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The window: made of window.ui and of what the other files add to it; its title; what it says. */
#include "ui.h"

#define TOAST_SECONDS 4

/* -- What it says */

void ui_window_toast(struct ui *ui, const char *sentence)
{
	AdwToast *toast = adw_toast_new("");
	g_autofree char *escaped = g_markup_escape_text(sentence, -1);

	adw_toast_set_title(toast, escaped);
	adw_toast_set_timeout(toast, TOAST_SECONDS);
	adw_toast_overlay_add_toast(ui->toasts, toast);
}

void ui_window_tell(struct ui *ui, const char *what, const GError *error)
{
	const char *why = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
				  ? _("The machine does not answer. If it does later, this is "
				      "done then.")
			  : error ? error->message
				  : NULL;
	GtkWidget *dialog = adw_message_dialog_new(ui->window, what, why);

	ui_grab_release(ui);
	adw_message_dialog_add_response(ADW_MESSAGE_DIALOG(dialog), "close", _("_Close"));
	gtk_window_present(GTK_WINDOW(dialog));
}

void ui_window_tell_failure(struct ui *ui, gpointer what, const GError *error)
{
	if (error)
		ui_window_tell(ui, what, error);
}

struct ui *ui_of_window(gpointer window)
{
	return g_object_get_data(window, "ui");
}

/* -- Its title */

void ui_window_update_title(struct ui *ui)
{
	const char *subtitle = "";
	g_autofree char *title = NULL;

	if (!ui->window)
		return;
	if (tsr_machine_get_state(ui->machine) == TSR_MACHINE_PAUSED)
		subtitle = _("Paused");
	if (ui->grabbed)
		subtitle = ui_release_hint(ui);
	if (ui_calls_are_late(ui->calls))
		subtitle = _("Waiting for the machine…");
	adw_window_title_set_title(ui->title_widget, ui->title);
	adw_window_title_set_subtitle(ui->title_widget, subtitle);
	title = g_strconcat(ui->title, *subtitle ? " - " : "", subtitle, NULL);
	gtk_window_set_title(ui->window, title);
}

static void on_state_changed(TsrMachine *machine, int state, gpointer data)
{
	struct ui *ui = data;
	gboolean paused = state == TSR_MACHINE_PAUSED;
	const char *name = paused ? _("Resume") : _("Pause");

	gtk_button_set_icon_name(GTK_BUTTON(ui->pause_button),
				 paused ? "media-playback-start-symbolic"
					: "media-playback-pause-symbolic");
	gtk_widget_set_tooltip_text(ui->pause_button, name);
	gtk_accessible_update_property(GTK_ACCESSIBLE(ui->pause_button),
				       GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
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

/* -- Making it */

/* What is shown has the keyboard. */
static void on_page(GtkStack *pages, GParamSpec *property, gpointer data)
{
	GtkWidget *page = gtk_stack_get_visible_child(pages);

	if (page)
		gtk_widget_grab_focus(page);
}

/* Objects of window.ui stay with their parents, which stay with the window. */
static void take_objects(struct ui *ui, GtkBuilder *builder)
{
	const struct {
		const char *name;
		gpointer place;
	} objects[] = {
		{ "window", &ui->window },
		{ "header", &ui->header },
		{ "top", &ui->top },
		{ "overlay", &ui->overlay },
		{ "edge", &ui->edge },
		{ "bottom", &ui->bottom },
		{ "row", &ui->row },
		{ "pages", &ui->pages },
		{ "switcher", &ui->switcher },
		{ "send", &ui->send_button },
		{ "typing", &ui->typing },
		{ "typing-bar", &ui->typing_bar },
		{ "recording", &ui->recording },
		{ "recording-time", &ui->recording_time },
		{ "recording-mark", &ui->recording_mark },
		{ "menu", &ui->menu_button },
		{ "pause", &ui->pause_button },
		{ "title", &ui->title_widget },
		{ "toasts", &ui->toasts },
	};

	for (guint i = 0; i < G_N_ELEMENTS(objects); i++)
		*(GObject **)objects[i].place = gtk_builder_get_object(builder, objects[i].name);
}

static void build(struct ui *ui)
{
	GtkBuilder *builder = gtk_builder_new_from_resource("/org/tessera/window/window.ui");
	g_autoptr(GMenuModel) menu = ui_actions_menu();

	take_objects(ui, builder);
	g_object_set_data(G_OBJECT(ui->window), "ui", ui);
	ui->screen = UI_SCREEN(ui_screen_new());
	gtk_stack_add_titled(GTK_STACK(ui->pages), GTK_WIDGET(ui->screen), "screen", _("Screen"));
	gtk_overlay_add_overlay(GTK_OVERLAY(ui->overlay), ui_banner_new(ui));
	gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(ui->menu_button), menu);
	g_object_unref(builder);
}

void ui_window_create(struct ui *ui, const char *scale)
{
	build(ui);
	ui_actions_add(ui, scale);
	ui_send_add(ui);
	ui_power_add(ui);
	ui_preferences_add(ui);
	ui_monitor_add(ui);
	ui_performance_add(ui);
	ui_hardware_add(ui);
	ui_record_add(ui);
	ui_keyboard_add(ui);
	ui_pointer_add(ui);
	ui_fullscreen_add(ui);
	ui_closing_add(ui);
	ui_ended_add(ui);
	ui_undo_add(ui);
	ui_frames_add(ui);
	g_signal_connect(ui->pages, "notify::visible-child", G_CALLBACK(on_page), ui);
	g_signal_connect(ui->machine, "state-changed", G_CALLBACK(on_state_changed), ui);
	g_signal_connect(ui->machine, "display-changed", G_CALLBACK(on_display_changed), ui);
	ui_row_add(ui);
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
	ui_record_end(ui);
	g_signal_handlers_disconnect_by_data(ui->machine, ui);
	ui->machine = NULL;
	ui->grabbed = FALSE;
	ui_frames_stop(ui);
	ui_row_remove(ui);
	if (ui->dialog)
		gtk_window_destroy(GTK_WINDOW(ui->dialog));
	g_object_set_data(G_OBJECT(ui->window), "ui", NULL);
	gtk_window_destroy(ui->window);
	ui->window = NULL;
	g_clear_object(&ui->actions);
	g_clear_pointer(&ui->keys, ui_keys_free);
	gdk_display_sync(
		display); /* makes the window disappear now, not when the main loop runs again */
}
