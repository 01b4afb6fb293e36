/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See hardware-row.h. */
#include "ui/hardware-row.h"

#include "model/text.h"

#define PART_DATA "part" /* of a row: its name; "": the memory */

const char *tsr_hardware_row_part(GtkListBoxRow *row)
{
	return g_object_get_data(G_OBJECT(row), PART_DATA);
}

/* Of an assistive technology, which cannot select. */
static void on_show(GSimpleAction *action, GVariant *parameter, gpointer row)
{
	gtk_list_box_select_row(GTK_LIST_BOX(gtk_widget_get_parent(row)), row);
}

static void add_action(GtkWidget *row)
{
	static const GActionEntry entries[] = { { .name = "show", .activate = on_show } };
	g_autoptr(GSimpleActionGroup) actions = g_simple_action_group_new();

	g_action_map_add_action_entries(G_ACTION_MAP(actions), entries, G_N_ELEMENTS(entries), row);
	gtk_widget_insert_action_group(row, "part", G_ACTION_GROUP(actions));
}

static GtkWidget *row_new(const char *part, const char *title, const char *text, gboolean is_wrong)
{
	GtkWidget *row = adw_action_row_new();
	GtkWidget *icon = is_wrong ? gtk_image_new_from_icon_name("dialog-warning-symbolic") : NULL;

	adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
	adw_action_row_set_subtitle(ADW_ACTION_ROW(row), text);
	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), TRUE);
	if (icon)
		adw_action_row_add_suffix(ADW_ACTION_ROW(row), icon);
	gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       *part ? part : title, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
				       text, -1);
	g_object_set_data_full(G_OBJECT(row), PART_DATA, g_strdup(part), g_free);
	add_action(row);
	return row;
}

GtkWidget *tsr_hardware_row_new(TsrHardware *hardware, const struct tsr_part *part)
{
	const char *blamed = tsr_hardware_get_blamed(hardware);
	const struct tsr_plugin *plugin =
		tsr_catalogue_find(tsr_hardware_get_catalogue(hardware), part->id,
				   *part->version ? part->version : NULL);
	const gboolean is_wrong = g_strcmp0(blamed, part->name) == 0;
	g_autofree char *text = NULL;

	if (is_wrong)
		text = g_strdup(tsr_hardware_get_problem(hardware));
	else
		text = g_strdup_printf("%s: %s %s", part->name, part->id, part->version);
	return row_new(part->name, plugin ? plugin->name : part->id, text, is_wrong);
}

GtkWidget *tsr_hardware_memory_row_new(const char *memory)
{
	return row_new("", _("Memory"), memory, FALSE);
}
