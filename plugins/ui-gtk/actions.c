/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The menu, and what each of its entries does to the machine or to the window. */
#include "ui.h"

void ui_show_error(struct ui *ui, const char *what, GError *error)
{
	GtkWidget *dialog;

	G_GNUC_BEGIN_IGNORE_DEPRECATIONS
	dialog = gtk_message_dialog_new(ui->window,
					GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT,
					GTK_MESSAGE_ERROR, GTK_BUTTONS_CLOSE, "%s", what);
	gtk_message_dialog_format_secondary_text(GTK_MESSAGE_DIALOG(dialog), "%s",
						 error ? error->message : "");
	G_GNUC_END_IGNORE_DEPRECATIONS
	g_signal_connect(dialog, "response", G_CALLBACK(gtk_window_destroy), NULL);
	gtk_window_present(GTK_WINDOW(dialog));
}

static void on_reset(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	struct ui *ui = data;
	g_autoptr(GError) error = NULL;

	if (!tsr_machine_reset(ui->machine, &error))
		ui_show_error(ui, "The machine could not be reset", error);
}

static void on_power_off(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	ui_window_ask_close(data);
}

static void on_pause(GSimpleAction *action, GVariant *state, gpointer data)
{
	struct ui *ui = data;
	gboolean pause = g_variant_get_boolean(state);
	g_autoptr(GError) error = NULL;

	/* The handler of the machine's signal sets the new state. */
	if (!(pause ? tsr_machine_pause : tsr_machine_resume)(ui->machine, &error))
		ui_show_error(ui,
			      pause ? "The machine could not be paused"
				    : "The machine could not be resumed",
			      error);
}

void ui_actions_toggle_fullscreen(struct ui *ui)
{
	ui->last_known = FALSE; /* the size of the surface changes under the pointer */
	if (gtk_window_is_fullscreen(ui->window))
		gtk_window_unfullscreen(ui->window);
	else
		gtk_window_fullscreen(ui->window);
}

static void on_fullscreen(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	ui_actions_toggle_fullscreen(data);
}

static void on_ctrl_alt_delete(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	ui_keyboard_send_ctrl_alt_delete(data);
}

static void on_scale(GSimpleAction *action, GVariant *state, gpointer data)
{
	struct ui *ui = data;

	g_simple_action_set_state(action, state);
	ui_screen_set_smooth(ui->screen, g_str_equal(g_variant_get_string(state, NULL), "smooth"));
}

/* -- Screenshot */

static void on_screenshot_response(GtkNativeDialog *dialog, int response, gpointer data)
{
	struct ui *ui = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GFile) file = NULL;
	g_autofree char *path = NULL;

	G_GNUC_BEGIN_IGNORE_DEPRECATIONS
	if (response == GTK_RESPONSE_ACCEPT)
		file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
	G_GNUC_END_IGNORE_DEPRECATIONS
	path = file ? g_file_get_path(file) : NULL;
	if (path && ui->machine && !tsr_machine_screenshot(ui->machine, 0, path, &error))
		ui_show_error(ui, "The screenshot could not be saved", error);
	g_object_unref(dialog);
}

static void on_screenshot(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	struct ui *ui = data;
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *time = g_date_time_format(now, "%Y-%m-%d-%H%M%S");
	g_autofree char *name =
		g_strdup_printf("%s-%s.png", tsr_machine_get_name(ui->machine), time);
	GtkFileChooserNative *dialog;

	G_GNUC_BEGIN_IGNORE_DEPRECATIONS
	dialog = gtk_file_chooser_native_new("Save Screenshot", ui->window,
					     GTK_FILE_CHOOSER_ACTION_SAVE, "_Save", "_Cancel");
	gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), name);
	G_GNUC_END_IGNORE_DEPRECATIONS
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	g_signal_connect(dialog, "response", G_CALLBACK(on_screenshot_response), ui);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

/* -- Tables */

static const GActionEntry entries[] = {
	{ .name = "reset", .activate = on_reset },
	{ .name = "power-off", .activate = on_power_off },
	{ .name = "pause", .state = "false", .change_state = on_pause },
	{ .name = "fullscreen", .activate = on_fullscreen },
	{ .name = "screenshot", .activate = on_screenshot },
	{ .name = "ctrl-alt-delete", .activate = on_ctrl_alt_delete },
	{ .name = "scale", .parameter_type = "s", .state = "'sharp'", .change_state = on_scale },
};

void ui_actions_add(struct ui *ui, gboolean smooth)
{
	ui->actions = g_simple_action_group_new();
	g_action_map_add_action_entries(G_ACTION_MAP(ui->actions), entries, G_N_ELEMENTS(entries),
					ui);
	gtk_widget_insert_action_group(GTK_WIDGET(ui->window), "machine",
				       G_ACTION_GROUP(ui->actions));
	g_action_group_change_action_state(G_ACTION_GROUP(ui->actions), "scale",
					   g_variant_new_string(smooth ? "smooth" : "sharp"));
}

GMenuModel *ui_actions_menu(void)
{
	static const struct {
		int section;
		const char *label, *action;
	} rows[] = {
		{ 0, "Send Ctrl+Alt+_Delete", "machine.ctrl-alt-delete" },
		{ 0, "_Screenshot…", "machine.screenshot" },
		{ 1, "_Full Screen (Ctrl+Alt+Enter)", "machine.fullscreen" },
		{ 1, "Shar_p Scaling", "machine.scale::sharp" },
		{ 1, "S_mooth Scaling", "machine.scale::smooth" },
		{ 2, "_Pause", "machine.pause" },
		{ 2, "_Reset", "machine.reset" },
		{ 2, "Power _Off…", "machine.power-off" },
	};
	GMenu *menu = g_menu_new(), *sections[3];

	for (guint i = 0; i < G_N_ELEMENTS(sections); i++) {
		sections[i] = g_menu_new();
		g_menu_append_section(menu, NULL, G_MENU_MODEL(sections[i]));
	}
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		g_menu_append(sections[rows[i].section], rows[i].label, rows[i].action);
	for (guint i = 0; i < G_N_ELEMENTS(sections); i++)
		g_object_unref(sections[i]);
	return G_MENU_MODEL(menu);
}
