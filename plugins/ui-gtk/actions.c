/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The actions of the window, and the main menu. What an action does is in the other files. */
#include "ui.h"

/* -- The machine */

static gboolean call_reset(TsrMachine *machine, gpointer data, GError **error)
{
	return tsr_machine_reset(machine, error);
}

static void on_reset(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	struct ui *ui = data;

	ui_calls_make(ui->calls, call_reset, ui_window_tell_failure,
		      _("The machine could not be reset"), NULL);
}

static gboolean call_pause(TsrMachine *machine, gpointer data, GError **error)
{
	return tsr_machine_pause(machine, error);
}

static gboolean call_resume(TsrMachine *machine, gpointer data, GError **error)
{
	return tsr_machine_resume(machine, error);
}

/* The handler of the machine's signal shows the new state. */
static void on_toggle_pause(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	struct ui *ui = data;

	if (tsr_machine_get_state(ui->machine) == TSR_MACHINE_PAUSED)
		ui_calls_make(ui->calls, call_resume, ui_window_tell_failure,
			      _("The machine could not be resumed"), NULL);
	else
		ui_calls_make(ui->calls, call_pause, ui_window_tell_failure,
			      _("The machine could not be paused"), NULL);
}

static void on_power_off(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	ui_closing_ask_power_off(data);
}

/* -- The window */

static void on_fullscreen(GSimpleAction *action, GVariant *state, gpointer data)
{
	ui_fullscreen_toggle(data);
}

static UiScale find_scale(const char *name)
{
	return g_str_equal(name, "fit")      ? UI_SCALE_FIT
	       : g_str_equal(name, "smooth") ? UI_SCALE_SMOOTH
					     : UI_SCALE_WHOLE;
}

static void on_scale(GSimpleAction *action, GVariant *state, gpointer data)
{
	struct ui *ui = data;
	const char *name = g_variant_get_string(state, NULL);

	g_simple_action_set_state(action, state);
	ui_screen_set_scale(ui->screen, find_scale(name));
	ui_settings_set(ui->settings, UI_SETTING_SCALE, name);
}

static void on_screenshot(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	ui_shot_save(data);
}

static void on_copy_screenshot(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	ui_shot_copy(data);
}

static void on_menu(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	struct ui *ui = data;

	gtk_widget_grab_focus(ui->menu_button);
	gtk_menu_button_popup(GTK_MENU_BUTTON(ui->menu_button));
}

/* -- Tables */

static const GActionEntry entries[] = {
	{ .name = "reset", .activate = on_reset },
	{ .name = "power-off", .activate = on_power_off },
	{ .name = "toggle-pause", .activate = on_toggle_pause },
	{ .name = "fullscreen", .state = "false", .change_state = on_fullscreen },
	{ .name = "screenshot", .activate = on_screenshot },
	{ .name = "copy-screenshot", .activate = on_copy_screenshot },
	{ .name = "scale", .parameter_type = "s", .state = "'sharp'", .change_state = on_scale },
	{ .name = "menu", .activate = on_menu },
};

void ui_actions_add(struct ui *ui, const char *scale)
{
	GAction *action;

	ui->actions = g_simple_action_group_new();
	g_action_map_add_action_entries(G_ACTION_MAP(ui->actions), entries, G_N_ELEMENTS(entries),
					ui);
	gtk_widget_insert_action_group(GTK_WIDGET(ui->window), "machine",
				       G_ACTION_GROUP(ui->actions));
	action = g_action_map_lookup_action(G_ACTION_MAP(ui->actions), "scale");
	g_simple_action_set_state(G_SIMPLE_ACTION(action), g_variant_new_string(scale));
	ui_screen_set_scale(ui->screen, find_scale(scale));
}

void ui_actions_enable(struct ui *ui, const char *name, gboolean enabled)
{
	GAction *action = g_action_map_lookup_action(G_ACTION_MAP(ui->actions), name);

	g_simple_action_set_enabled(G_SIMPLE_ACTION(action), enabled);
}

static void add_scaling(GMenu *menu)
{
	static const struct {
		const char *label, *action;
	} rows[] = {
		{ N_("_Whole Pixels"), "machine.scale::sharp" },
		{ N_("_Smooth"), "machine.scale::smooth" },
		{ N_("_Fit to Window"), "machine.scale::fit" },
	};
	g_autoptr(GMenu) scaling = g_menu_new();

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		g_menu_append(scaling, _(rows[i].label), rows[i].action);
	g_menu_append_submenu(menu, _("S_caling"), G_MENU_MODEL(scaling));
}

/* hidden_when: NULL, it is always shown. */
static void append(GMenu *menu, const char *label, const char *action, const char *hidden_when)
{
	g_autoptr(GMenuItem) item = g_menu_item_new(label, action);

	g_menu_item_set_attribute(item, "hidden-when", hidden_when ? "s" : NULL, hidden_when);
	g_menu_append_item(menu, item);
}

GMenuModel *ui_actions_menu(void)
{
	static const struct {
		int section;
		const char *label, *action, *hidden_when;
	} rows[] = {
		{ 0, N_("_Save Screenshot…"), "machine.screenshot", NULL },
		{ 0, N_("_Copy Screenshot"), "machine.copy-screenshot", NULL },
#ifdef HAVE_GSTREAMER
		{ 0, N_("_Record the Screen…"), "machine.record", "action-disabled" },
		{ 0, N_("Stop _Recording"), "machine.stop-recording", "action-disabled" },
#endif
		{ 0, N_("Type the C_lipboard"), "machine.paste", NULL },
		{ 1, N_("F_ull Screen"), "machine.fullscreen", NULL },
		{ 1, N_("_Bus Monitor"), "machine.monitor", NULL },
		{ 1, N_("_Performance"), "machine.performance", NULL },
		{ 1, N_("_Hardware…"), "machine.hardware", NULL },
		{ 2, N_("S_uspend"), "machine.suspend", NULL },
		{ 2, N_("Shut _Down"), "machine.shut-down", NULL },
		{ 2, N_("_Reset"), "machine.reset", NULL },
		{ 2, N_("Power _Off…"), "machine.power-off", NULL },
		{ 3, N_("_Preferences"), "machine.preferences", NULL },
		{ 3, N_("_Keyboard Shortcuts"), "machine.shortcuts", NULL },
		{ 3, N_("_Help"), "machine.help", NULL },
	};
	GMenu *menu = g_menu_new(), *sections[4];

	for (guint i = 0; i < G_N_ELEMENTS(sections); i++) {
		sections[i] = g_menu_new();
		g_menu_append_section(menu, NULL, G_MENU_MODEL(sections[i]));
	}
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		append(sections[rows[i].section], _(rows[i].label), rows[i].action,
		       rows[i].hidden_when);
	add_scaling(sections[1]);
	for (guint i = 0; i < G_N_ELEMENTS(sections); i++)
		g_object_unref(sections[i]);
	return G_MENU_MODEL(menu);
}
