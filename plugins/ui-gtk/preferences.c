/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The preferences, which are the same for the windows of all machines, and the list of shortcuts.
 */
#include "help.h"
#include "ui.h"

struct choice {
	const char *value, *label;
};

static const struct choice scales[] = {
	{ "sharp", N_("Whole pixels") },
	{ "smooth", N_("Smooth") },
	{ "fit", N_("Fit to window") },
	{ NULL, NULL },
};

static const struct choice closings[] = {
	{ "ask", N_("Ask") },
	{ "leave", N_("Leave the machine running") },
	{ "suspend", N_("Suspend the machine") },
	{ "power-off", N_("Power off, after a question") },
	{ NULL, NULL },
};

/* As release.c has them. */
static const struct choice *release_keys(void)
{
	static struct choice choices[8];

	for (guint i = 0; i + 1 < G_N_ELEMENTS(choices); i++)
		if (!ui_release_get(i, &choices[i].value, &choices[i].label))
			break;
	return choices;
}

static void on_selected(AdwComboRow *row, GParamSpec *property, gpointer window)
{
	struct ui *ui = ui_of_window(window);
	const struct choice *choices = g_object_get_data(G_OBJECT(row), "choices");
	const char *value = choices[adw_combo_row_get_selected(row)].value;

	if (!ui)
		return;
	if (choices == scales)
		g_action_group_change_action_state(G_ACTION_GROUP(ui->actions), "scale",
						   g_variant_new_string(value));
	else
		ui_settings_set(ui->settings,
				choices == closings ? UI_SETTING_CLOSING : UI_SETTING_RELEASE,
				value);
}

static GtkWidget *make_row(struct ui *ui, const char *title, const struct choice *choices,
			   const char *value)
{
	GtkWidget *row = adw_combo_row_new();
	GtkStringList *labels = gtk_string_list_new(NULL);
	guint selected = 0;

	for (guint i = 0; choices[i].value; i++) {
		gtk_string_list_append(labels, _(choices[i].label));
		if (g_str_equal(choices[i].value, value))
			selected = i;
	}
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
	adw_combo_row_set_model(ADW_COMBO_ROW(row), G_LIST_MODEL(labels));
	adw_combo_row_set_selected(ADW_COMBO_ROW(row), selected);
	g_object_set_data(G_OBJECT(row), "choices", (gpointer)choices);
	g_signal_connect_object(row, "notify::selected", G_CALLBACK(on_selected), ui->window, 0);
	g_object_unref(labels);
	return row;
}

static void add_group(GtkWidget *page, const char *title, const char *description, GtkWidget *row)
{
	GtkWidget *group = adw_preferences_group_new();

	adw_preferences_group_set_title(ADW_PREFERENCES_GROUP(group), title);
	adw_preferences_group_set_description(ADW_PREFERENCES_GROUP(group), description);
	adw_preferences_group_add(ADW_PREFERENCES_GROUP(group), row);
	adw_preferences_page_add(ADW_PREFERENCES_PAGE(page), ADW_PREFERENCES_GROUP(group));
}

static void on_preferences(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	struct ui *ui = data;
	GtkWidget *window = adw_preferences_window_new(), *page = adw_preferences_page_new();
	g_autoptr(GVariant) scale =
		g_action_group_get_action_state(G_ACTION_GROUP(ui->actions), "scale");

	add_group(page, _("Screen"), _("How the picture fills the window."),
		  make_row(ui, _("Scaling"), scales, g_variant_get_string(scale, NULL)));
	add_group(page, _("Mouse"),
		  _("What is pressed to give the mouse to the guest, and to take it back."),
		  make_row(ui, _("Keys for the mouse"), release_keys(),
			   ui_settings_get(ui->settings, UI_SETTING_RELEASE)));
	add_group(page, _("Closing"), _("What happens to a machine when its window is closed."),
		  make_row(ui, _("Closing the window"), closings,
			   ui_settings_get(ui->settings, UI_SETTING_CLOSING)));
	adw_preferences_window_add(ADW_PREFERENCES_WINDOW(window), ADW_PREFERENCES_PAGE(page));
	adw_preferences_window_set_search_enabled(ADW_PREFERENCES_WINDOW(window), FALSE);
	gtk_window_set_title(GTK_WINDOW(window), _("Preferences"));
	gtk_window_set_modal(GTK_WINDOW(window), TRUE);
	gtk_window_set_transient_for(GTK_WINDOW(window), ui->window);
	gtk_window_present(GTK_WINDOW(window));
}

static void on_shortcuts(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	struct ui *ui = data;
	GtkBuilder *builder = gtk_builder_new_from_resource("/org/tessera/window/shortcuts.ui");
	GtkWindow *window = GTK_WINDOW(gtk_builder_get_object(builder, "shortcuts"));

	g_object_set(gtk_builder_get_object(builder, "release"), "accelerator",
		     ui_release_accelerator(ui), NULL);
	gtk_window_set_transient_for(window, ui->window);
	gtk_window_present(window);
	g_object_unref(builder);
}

static void on_help(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	tsr_help_show(((struct ui *)data)->window, NULL);
}

void ui_preferences_add(struct ui *ui)
{
	static const GActionEntry entries[] = {
		{ .name = "preferences", .activate = on_preferences },
		{ .name = "shortcuts", .activate = on_shortcuts },
		{ .name = "help", .activate = on_help },
	};

	g_action_map_add_action_entries(G_ACTION_MAP(ui->actions), entries, G_N_ELEMENTS(entries),
					ui);
}
