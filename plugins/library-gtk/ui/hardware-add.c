/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See hardware-add.h. Two pages: the plugins, and the connections of the one that was chosen. */
#include "ui/hardware-add.h"

#include <string.h>

#include "model/text.h"
#include "ui/dialogs.h"

#define DISK_GIB 8
#define DISK_GIB_MAX 2048
#define MIB_OF_GIB 1024
#define BLOCK "tessera.block/1"
#define NEW "+" /* of a choice: a new back end */

struct _TsrHardwareAdd {
	AdwWindow parent;
	TsrHardware *hardware;
	const struct tsr_plugin *plugin; /* of the catalogue, which the hardware keeps */
	GPtrArray *needs;                /* Choice, one for each need of the plugin */
	GtkDropDown *place;              /* NULL: it is plugged into nothing */
	GPtrArray *places;               /* "PART.NEED", for its rows but the last */
	GtkSpinButton *size;             /* NULL: there is no new disk */
	GtkStack *pages;
	AdwBin *options;
	GtkWidget *back, *add;
};

G_DEFINE_FINAL_TYPE(TsrHardwareAdd, tsr_hardware_add, ADW_TYPE_WINDOW)

static guint added_signal;

typedef struct {
	const struct tsr_plugin_need *need;
	const struct tsr_plugin *backend; /* that a new part would be of; NULL: none */
	GtkDropDown *widget;
	char **values;
} Choice;

static void choice_free(gpointer data)
{
	g_strfreev(((Choice *)data)->values);
	g_free(data);
}

static const char *chosen(const Choice *choice)
{
	guint selected = gtk_drop_down_get_selected(choice->widget);

	return selected < g_strv_length(choice->values) ? choice->values[selected] : "";
}

static gboolean is_disk(const struct tsr_plugin *plugin)
{
	return plugin && g_strv_contains((const char *const *)plugin->provides, BLOCK) &&
	       tsr_plugin_property_of(plugin, "file");
}

/* -- Adding */

/* image: of the new disk; NULL: there is none. */
static void connect_need(const struct tsr_edit *edit, const char *part, const Choice *choice,
			 const char *image)
{
	const char *value = chosen(choice);
	g_autofree char *backend = NULL;

	if (!*value)
		return;
	if (!g_str_equal(value, NEW)) {
		tsr_edit_connect(edit, part, choice->need->name, value);
		return;
	}
	backend = tsr_edit_add(edit, choice->backend);
	tsr_edit_connect(edit, part, choice->need->name, backend);
	if (image && is_disk(choice->backend))
		tsr_edit_set_key(edit, backend, "file", image);
}

static void plug_in(TsrHardwareAdd *self, const struct tsr_edit *edit, const char *part)
{
	guint selected = self->place ? gtk_drop_down_get_selected(self->place) : G_MAXUINT;
	const char *place, *dot;
	g_autofree char *user = NULL;

	if (selected >= self->places->len)
		return;
	place = g_ptr_array_index(self->places, selected);
	dot = strchr(place, '.');
	user = g_strndup(place, (gsize)(dot - place));
	tsr_edit_connect(edit, user, dot + 1, part);
}

static void add(TsrHardwareAdd *self, const char *image)
{
	struct tsr_edit edit;
	g_autofree char *part = NULL;

	tsr_hardware_edit(self->hardware, &edit);
	part = tsr_edit_add(&edit, self->plugin);
	for (guint i = 0; i < self->needs->len; i++)
		connect_need(&edit, part, g_ptr_array_index(self->needs, i), image);
	plug_in(self, &edit, part);
	tsr_hardware_edited(self->hardware);
	g_signal_emit(self, added_signal, 0, part);
	gtk_window_close(GTK_WINDOW(self));
}

static void on_disk_made(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrHardwareAdd) self = data;
	g_autoptr(GError) why = NULL;
	g_autofree char *image = tsr_hardware_make_disk_finish(result, &why);

	gtk_widget_set_sensitive(self->add, TRUE);
	if (!gtk_widget_get_visible(GTK_WIDGET(self)))
		return; /* closed meanwhile; the image goes with the draft */
	if (image)
		add(self, image);
	else
		tsr_dialog_tell(GTK_WIDGET(self), _("That did not work"), why->message);
}

static gboolean wants_disk(TsrHardwareAdd *self)
{
	for (guint i = 0; i < self->needs->len; i++) {
		const Choice *choice = g_ptr_array_index(self->needs, i);

		if (g_str_equal(chosen(choice), NEW) && is_disk(choice->backend))
			return TRUE;
	}
	return FALSE;
}

static void on_add(GtkButton *button, gpointer data)
{
	TsrHardwareAdd *self = data;
	guint64 gib = self->size ? (guint64)gtk_spin_button_get_value(self->size) : 0;

	if (!self->plugin)
		return;
	if (!wants_disk(self)) {
		add(self, NULL);
		return;
	}
	gtk_widget_set_sensitive(self->add, FALSE);
	tsr_hardware_make_disk(self->hardware, gib * MIB_OF_GIB, on_disk_made, g_object_ref(self));
}

/* -- The second page */

static void add_row(AdwPreferencesGroup *group, const char *title, const char *text,
		    GtkWidget *widget)
{
	GtkWidget *row = adw_action_row_new();

	adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
	adw_action_row_set_subtitle(ADW_ACTION_ROW(row), text);
	gtk_widget_set_valign(widget, GTK_ALIGN_CENTER);
	gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, title,
				       -1);
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), widget);
	adw_action_row_set_activatable_widget(ADW_ACTION_ROW(row), widget);
	adw_preferences_group_add(group, row);
}

static void add_need(TsrHardwareAdd *self, AdwPreferencesGroup *group,
		     const struct tsr_plugin_need *need)
{
	Choice *choice = g_new0(Choice, 1);
	g_autoptr(GStrvBuilder) values = g_strv_builder_new(), texts = g_strv_builder_new();
	g_autoptr(GPtrArray) providers = NULL;
	g_auto(GStrv) shown = NULL;
	struct tsr_edit edit;

	tsr_hardware_edit(self->hardware, &edit);
	choice->need = need;
	choice->backend = tsr_edit_find_backend(&edit, need);
	if (choice->backend) {
		g_autofree char *text = g_strdup_printf(_("New: %s"), choice->backend->name);

		g_strv_builder_add(values, NEW);
		g_strv_builder_add(texts, text);
	}
	providers = tsr_edit_list_providers(&edit, need);
	for (guint i = 0; i < providers->len; i++) {
		g_strv_builder_add(values, g_ptr_array_index(providers, i));
		g_strv_builder_add(texts, g_ptr_array_index(providers, i));
	}
	g_strv_builder_add(values, "");
	g_strv_builder_add(texts, _("Nothing"));
	choice->values = g_strv_builder_end(values);
	shown = g_strv_builder_end(texts);
	choice->widget = GTK_DROP_DOWN(gtk_drop_down_new_from_strings((const char *const *)shown));
	add_row(group, need->name, "", GTK_WIDGET(choice->widget));
	g_ptr_array_add(self->needs, choice);
}

static void add_place(TsrHardwareAdd *self, AdwPreferencesGroup *group)
{
	g_autoptr(GStrvBuilder) texts = g_strv_builder_new();
	g_auto(GStrv) shown = NULL;
	struct tsr_edit edit;

	g_clear_pointer(&self->places, g_ptr_array_unref);
	tsr_hardware_edit(self->hardware, &edit);
	self->places = tsr_edit_list_places(&edit, self->plugin);
	self->place = NULL;
	if (!self->places->len)
		return;
	for (guint i = 0; i < self->places->len; i++)
		g_strv_builder_add(texts, g_ptr_array_index(self->places, i));
	g_strv_builder_add(texts, _("Nothing"));
	shown = g_strv_builder_end(texts);
	self->place = GTK_DROP_DOWN(gtk_drop_down_new_from_strings((const char *const *)shown));
	add_row(group, _("Plugged into"), "", GTK_WIDGET(self->place));
}

static void add_size(TsrHardwareAdd *self, AdwPreferencesGroup *group)
{
	self->size = NULL;
	if (!wants_disk(self))
		return;
	self->size = GTK_SPIN_BUTTON(gtk_spin_button_new_with_range(1, DISK_GIB_MAX, 1));
	gtk_spin_button_set_value(self->size, DISK_GIB);
	add_row(group, _("Size of the new disk in GiB"),
		_("An empty image in the machine's folder, which takes space as the guest writes"),
		GTK_WIDGET(self->size));
}

static void show_options(TsrHardwareAdd *self, const struct tsr_plugin *plugin)
{
	GtkWidget *page = adw_preferences_page_new(), *group = adw_preferences_group_new();
	g_autofree char *title = g_markup_escape_text(plugin->name, -1),
			*text = g_markup_escape_text(plugin->description, -1);

	self->plugin = plugin;
	g_ptr_array_set_size(self->needs, 0);
	adw_preferences_group_set_title(ADW_PREFERENCES_GROUP(group), title);
	adw_preferences_group_set_description(ADW_PREFERENCES_GROUP(group), text);
	adw_preferences_page_add(ADW_PREFERENCES_PAGE(page), ADW_PREFERENCES_GROUP(group));
	add_place(self, ADW_PREFERENCES_GROUP(group));
	for (guint i = 0; i < plugin->needs->len; i++)
		add_need(self, ADW_PREFERENCES_GROUP(group), g_ptr_array_index(plugin->needs, i));
	add_size(self, ADW_PREFERENCES_GROUP(group));
	adw_bin_set_child(self->options, page);
	gtk_stack_set_visible_child_name(self->pages, "options");
	gtk_widget_set_visible(self->back, TRUE);
	gtk_widget_set_visible(self->add, TRUE);
	gtk_widget_grab_focus(self->add);
}

/* -- The first page */

static void on_chosen(GtkListBox *list, GtkListBoxRow *row, gpointer data)
{
	const struct tsr_plugin *plugin = g_object_get_data(G_OBJECT(row), "plugin");

	if (plugin)
		show_options(data, plugin);
}

static void on_back(GtkButton *button, gpointer data)
{
	TsrHardwareAdd *self = data;

	gtk_stack_set_visible_child_name(self->pages, "plugins");
	gtk_widget_set_visible(self->back, FALSE);
	gtk_widget_set_visible(self->add, FALSE);
}

/* Of an assistive technology, which cannot activate a row. */
static void on_choose(GSimpleAction *action, GVariant *parameter, gpointer row)
{
	g_signal_emit_by_name(gtk_widget_get_parent(row), "row-activated", row);
}

static void add_action(GtkWidget *row)
{
	static const GActionEntry entries[] = { { .name = "choose", .activate = on_choose } };
	g_autoptr(GSimpleActionGroup) actions = g_simple_action_group_new();

	g_action_map_add_action_entries(G_ACTION_MAP(actions), entries, G_N_ELEMENTS(entries), row);
	gtk_widget_insert_action_group(row, "kind", G_ACTION_GROUP(actions));
}

static void add_plugin(GtkWidget *list, const char *title, const struct tsr_plugin *plugin)
{
	GtkWidget *row = adw_action_row_new();
	g_autofree char *text =
		g_strdup_printf("%s · %s %s", plugin->description, plugin->id, plugin->version);

	adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
	adw_action_row_set_subtitle(ADW_ACTION_ROW(row), text);
	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), TRUE);
	gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, title,
				       GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
	g_object_set_data(G_OBJECT(row), "plugin", (gpointer)plugin);
	add_action(row);
	gtk_list_box_append(GTK_LIST_BOX(list), row);
}

/* The newest version of each: another one is chosen at the part. */
static void add_plugins(TsrHardwareAdd *self, GtkWidget *list)
{
	const struct tsr_catalogue *catalogue = tsr_hardware_get_catalogue(self->hardware);
	const struct tsr_plugin *last = NULL, *card, *drive;
	struct tsr_edit edit;

	tsr_hardware_edit(self->hardware, &edit);
	card = tsr_edit_find_network_card(&edit);
	drive = tsr_edit_find_drive(&edit);
	if (card)
		add_plugin(list, _("Network card"), card);
	if (drive)
		add_plugin(list, _("Disk"), drive);
	for (guint i = 0; i < catalogue->plugins->len; i++) {
		const struct tsr_plugin *plugin = g_ptr_array_index(catalogue->plugins, i);

		if ((g_str_equal(plugin->kind, "device") || g_str_equal(plugin->kind, "backend")) &&
		    (!last || !g_str_equal(last->id, plugin->id)))
			add_plugin(list, plugin->name, plugin);
		last = plugin;
	}
}

static GtkWidget *list_new(TsrHardwareAdd *self)
{
	GtkWidget *scrolled = gtk_scrolled_window_new(), *clamp = adw_clamp_new(),
		  *list = gtk_list_box_new();

	gtk_list_box_set_selection_mode(GTK_LIST_BOX(list), GTK_SELECTION_NONE);
	gtk_widget_add_css_class(list, "boxed-list");
	gtk_widget_set_valign(list, GTK_ALIGN_START);
	gtk_widget_set_margin_top(list, 18);
	gtk_widget_set_margin_bottom(list, 18);
	gtk_widget_set_margin_start(list, 18);
	gtk_widget_set_margin_end(list, 18);
	gtk_accessible_update_property(GTK_ACCESSIBLE(list), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       _("Kinds of parts"), -1);
	add_plugins(self, list);
	g_signal_connect(list, "row-activated", G_CALLBACK(on_chosen), self);
	adw_clamp_set_child(ADW_CLAMP(clamp), list);
	gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
				       GTK_POLICY_AUTOMATIC);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), clamp);
	return scrolled;
}

/* -- Life cycle */

static GtkWidget *header_new(TsrHardwareAdd *self)
{
	GtkWidget *header = adw_header_bar_new();

	self->back = gtk_button_new_with_mnemonic(_("_Back"));
	self->add = gtk_button_new_with_mnemonic(_("_Add part"));
	gtk_widget_add_css_class(self->add, "suggested-action");
	gtk_widget_set_visible(self->back, FALSE);
	gtk_widget_set_visible(self->add, FALSE);
	g_signal_connect(self->back, "clicked", G_CALLBACK(on_back), self);
	g_signal_connect(self->add, "clicked", G_CALLBACK(on_add), self);
	adw_header_bar_pack_start(ADW_HEADER_BAR(header), self->back);
	adw_header_bar_pack_end(ADW_HEADER_BAR(header), self->add);
	return header;
}

GtkWidget *tsr_hardware_add_new(GtkWindow *over, TsrHardware *hardware)
{
	TsrHardwareAdd *self = g_object_new(TSR_TYPE_HARDWARE_ADD, "transient-for", over, NULL);
	GtkWidget *column = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);

	self->hardware = g_object_ref(hardware);
	self->pages = GTK_STACK(gtk_stack_new());
	self->options = ADW_BIN(adw_bin_new());
	gtk_widget_set_vexpand(GTK_WIDGET(self->pages), TRUE);
	gtk_stack_add_named(self->pages, list_new(self), "plugins");
	gtk_stack_add_named(self->pages, GTK_WIDGET(self->options), "options");
	gtk_box_append(GTK_BOX(column), header_new(self));
	gtk_box_append(GTK_BOX(column), GTK_WIDGET(self->pages));
	adw_window_set_content(ADW_WINDOW(self), column);
	return GTK_WIDGET(self);
}

static void tsr_hardware_add_dispose(GObject *object)
{
	TsrHardwareAdd *self = TSR_HARDWARE_ADD(object);

	g_clear_object(&self->hardware);
	g_clear_pointer(&self->places, g_ptr_array_unref);
	g_clear_pointer(&self->needs, g_ptr_array_unref);
	G_OBJECT_CLASS(tsr_hardware_add_parent_class)->dispose(object);
}

static void tsr_hardware_add_class_init(TsrHardwareAddClass *class)
{
	G_OBJECT_CLASS(class)->dispose = tsr_hardware_add_dispose;
	added_signal = g_signal_new("added", TSR_TYPE_HARDWARE_ADD, G_SIGNAL_RUN_LAST, 0, NULL,
				    NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void tsr_hardware_add_init(TsrHardwareAdd *self)
{
	self->needs = g_ptr_array_new_with_free_func(choice_free);
	gtk_window_set_modal(GTK_WINDOW(self), TRUE);
	gtk_window_set_title(GTK_WINDOW(self), _("Add a part"));
	gtk_window_set_default_size(GTK_WINDOW(self), 560, 560);
}
