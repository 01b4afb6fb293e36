/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See group.h. */
#include "ui/group.h"

#include "model/machine.h"
#include "model/text.h"
#include "ui/card.h"
#include "ui/dialogs.h"

struct _TsrGroup {
	GtkBox parent;
	TsrLibrarySettings *settings;
	char *name;
	GtkFilter *filter;
	GListModel *machines; /* those in the group */
	gboolean open;

	GtkWidget *header;
	GtkToggleButton *fold_button;
	GtkImage *arrow;
	GtkLabel *name_label, *count_label;
	GtkMenuButton *menu_button;
	GtkFlowBox *cards;
};

G_DEFINE_FINAL_TYPE(TsrGroup, tsr_group, GTK_TYPE_BOX)

/* -- What it shows */

static gboolean is_mine(gpointer machine, gpointer data)
{
	TsrGroup *self = data;
	g_autofree char *group = tsr_library_machine_get_group(machine);

	return g_str_equal(group ? group : "", self->name);
}

/* The toggle is down while the cards are shown. */
static void show_cards(TsrGroup *self)
{
	gboolean shown = !*self->name || gtk_toggle_button_get_active(self->fold_button);

	gtk_widget_set_visible(GTK_WIDGET(self->cards), shown);
	gtk_image_set_from_icon_name(self->arrow, shown ? "pan-down-symbolic" : "pan-end-symbolic");
}

static void show_count(TsrGroup *self)
{
	guint count = g_list_model_get_n_items(self->machines);
	g_autofree char *text = g_strdup_printf("%u", count);

	gtk_label_set_text(self->count_label, text);
	gtk_widget_set_visible(GTK_WIDGET(self), count > 0);
}

static void set_active(TsrGroup *self)
{
	gtk_toggle_button_set_active(
		self->fold_button,
		self->open || !tsr_library_settings_is_folded(self->settings, self->name));
	show_cards(self);
}

void tsr_group_set_open(TsrGroup *self, gboolean open)
{
	self->open = open;
	set_active(self);
}

void tsr_group_update(TsrGroup *self)
{
	gtk_filter_changed(self->filter, GTK_FILTER_CHANGE_DIFFERENT);
}

static void on_toggled(GtkToggleButton *button, gpointer data)
{
	TsrGroup *self = data;

	show_cards(self);
	if (self->settings && !self->open)
		tsr_library_settings_set_folded(self->settings, self->name,
						!gtk_toggle_button_get_active(button));
}

static void on_card_activated(GtkFlowBox *cards, GtkFlowBoxChild *card, gpointer data)
{
	tsr_library_card_activate(TSR_LIBRARY_CARD(card));
}

static GtkWidget *make_card(gpointer machine, gpointer data)
{
	return tsr_library_card_new(machine);
}

/* -- Its menu */

static void on_renamed(gpointer data, const char *name)
{
	TsrGroup *self = data;

	tsr_library_settings_rename_group(self->settings, self->name, name);
}

static void on_rename(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	TsrGroup *self = data;

	tsr_dialog_ask_title(GTK_WIDGET(self), _("Rename the group"), self->name, _("_Rename"),
			     on_renamed, self);
}

static void on_dissolve(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	TsrGroup *self = data;

	tsr_library_settings_rename_group(self->settings, self->name, NULL);
}

static void add_actions(TsrGroup *self)
{
	static const GActionEntry entries[] = {
		{ .name = "rename", .activate = on_rename },
		{ .name = "dissolve", .activate = on_dissolve },
	};
	g_autoptr(GSimpleActionGroup) actions = g_simple_action_group_new();

	g_action_map_add_action_entries(G_ACTION_MAP(actions), entries, G_N_ELEMENTS(entries),
					self);
	gtk_widget_insert_action_group(GTK_WIDGET(self), "group", G_ACTION_GROUP(actions));
	/* Assistive technologies find only what a widget has itself, and a box has no name. */
	gtk_widget_insert_action_group(GTK_WIDGET(self->cards), "group", G_ACTION_GROUP(actions));
}

/* -- The widget */

static void set_accessible_label(gpointer widget, const char *label)
{
	gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
				       -1);
}

static void show_name(TsrGroup *self)
{
	g_autofree char *menu = g_strdup_printf(_("Menu of the group %s"), self->name);

	gtk_widget_set_visible(self->header, *self->name != '\0');
	gtk_label_set_text(self->name_label, self->name);
	set_accessible_label(self->fold_button, self->name);
	set_accessible_label(self->menu_button, menu);
	set_accessible_label(self->cards, *self->name ? self->name : _("Machines"));
}

GtkWidget *tsr_group_new(TsrLibrarySettings *settings, GListModel *machines, const char *name)
{
	TsrGroup *self = g_object_new(TSR_TYPE_GROUP, NULL);

	self->name = g_strdup(name);
	self->filter = GTK_FILTER(gtk_custom_filter_new(is_mine, self, NULL));
	self->machines = G_LIST_MODEL(
		gtk_filter_list_model_new(g_object_ref(machines), g_object_ref(self->filter)));
	gtk_flow_box_bind_model(self->cards, self->machines, make_card, self, NULL);
	g_signal_connect_object(self->machines, "items-changed", G_CALLBACK(show_count), self,
				G_CONNECT_SWAPPED);
	add_actions(self);
	show_name(self);
	self->settings = g_object_ref(settings);
	set_active(self);
	show_count(self);
	return GTK_WIDGET(self);
}

static void tsr_group_dispose(GObject *object)
{
	TsrGroup *self = TSR_GROUP(object);

	if (self->machines) {
		gtk_flow_box_bind_model(self->cards, NULL, NULL, NULL, NULL);
		g_signal_handlers_disconnect_by_data(self->machines, self);
		gtk_filter_list_model_set_filter(GTK_FILTER_LIST_MODEL(self->machines), NULL);
	}
	g_clear_object(&self->machines);
	g_clear_object(&self->filter);
	g_clear_object(&self->settings);
	G_OBJECT_CLASS(tsr_group_parent_class)->dispose(object);
}

static void tsr_group_finalize(GObject *object)
{
	g_free(TSR_GROUP(object)->name);
	G_OBJECT_CLASS(tsr_group_parent_class)->finalize(object);
}

static void tsr_group_class_init(TsrGroupClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = tsr_group_dispose;
	G_OBJECT_CLASS(class)->finalize = tsr_group_finalize;
	gtk_widget_class_set_template_from_resource(widget, "/org/tessera/Tessera/group.ui");
	gtk_widget_class_bind_template_child(widget, TsrGroup, header);
	gtk_widget_class_bind_template_child(widget, TsrGroup, fold_button);
	gtk_widget_class_bind_template_child(widget, TsrGroup, arrow);
	gtk_widget_class_bind_template_child(widget, TsrGroup, name_label);
	gtk_widget_class_bind_template_child(widget, TsrGroup, count_label);
	gtk_widget_class_bind_template_child(widget, TsrGroup, menu_button);
	gtk_widget_class_bind_template_child(widget, TsrGroup, cards);
	gtk_widget_class_bind_template_callback(widget, on_toggled);
	gtk_widget_class_bind_template_callback(widget, on_card_activated);
}

static void tsr_group_init(TsrGroup *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
}
