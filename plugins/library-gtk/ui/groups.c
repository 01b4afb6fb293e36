/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See groups.h. */
#include "ui/groups.h"

#include "model/name.h"
#include "model/text.h"
#include "ui/group.h"

struct _TsrGroups {
	GtkBox parent;
	TsrLibrary *library;
	GListModel *shown;
	GHashTable *groups; /* name, "" for none -> TsrGroup */
	gboolean open;
};

G_DEFINE_FINAL_TYPE(TsrGroups, tsr_groups, GTK_TYPE_BOX)

static int compare_names(gconstpointer a, gconstpointer b)
{
	return g_utf8_collate(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the groups of all machines in the library, in their order; "" first. */
static GPtrArray *list_names(TsrGroups *self)
{
	GListModel *machines = tsr_library_get_machines(self->library);
	g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < g_list_model_get_n_items(machines); i++) {
		g_autoptr(TsrLibraryMachine) machine = g_list_model_get_item(machines, i);
		g_autofree char *group = tsr_library_machine_get_group(machine);

		if (!group || !g_hash_table_add(known, group))
			continue;
		g_ptr_array_add(names, g_steal_pointer(&group));
	}
	g_ptr_array_sort(names, compare_names);
	g_ptr_array_insert(names, 0, g_strdup(""));
	return names;
}

static gboolean is_gone(gpointer name, gpointer group, gpointer names)
{
	if (g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
		return FALSE;
	gtk_box_remove(GTK_BOX(gtk_widget_get_parent(group)), group);
	return TRUE;
}

static GtkWidget *get_group(TsrGroups *self, const char *name)
{
	GtkWidget *group = g_hash_table_lookup(self->groups, name);

	if (!group) {
		group = tsr_group_new(tsr_library_get_settings(self->library), self->shown, name);
		tsr_group_set_open(TSR_GROUP(group), self->open);
		gtk_box_append(GTK_BOX(self), group);
		g_hash_table_insert(self->groups, g_strdup(name), group);
	}
	return group;
}

static void update(TsrGroups *self)
{
	g_autoptr(GPtrArray) names = list_names(self);
	GtkWidget *before = NULL;

	g_hash_table_foreach_remove(self->groups, is_gone, names);
	for (guint i = 0; i < names->len; i++) {
		GtkWidget *group = get_group(self, names->pdata[i]);

		gtk_box_reorder_child_after(GTK_BOX(self), group, before);
		before = group;
	}
}

static void on_groups_changed(TsrGroups *self)
{
	GHashTableIter iter;
	gpointer group;

	update(self);
	g_hash_table_iter_init(&iter, self->groups);
	while (g_hash_table_iter_next(&iter, NULL, &group))
		tsr_group_update(group);
}

void tsr_groups_set_machines(TsrGroups *self, TsrLibrary *library, GListModel *shown)
{
	self->library = g_object_ref(library);
	self->shown = g_object_ref(shown);
	g_signal_connect_object(tsr_library_get_machines(library), "items-changed",
				G_CALLBACK(update), self, G_CONNECT_SWAPPED | G_CONNECT_AFTER);
	g_signal_connect_object(tsr_library_get_settings(library), "groups-changed",
				G_CALLBACK(on_groups_changed), self, G_CONNECT_SWAPPED);
	update(self);
}

void tsr_groups_set_open(TsrGroups *self, gboolean open)
{
	GHashTableIter iter;
	gpointer group;

	self->open = open;
	g_hash_table_iter_init(&iter, self->groups);
	while (g_hash_table_iter_next(&iter, NULL, &group))
		tsr_group_set_open(group, open);
}

/* -- The question */

typedef struct {
	TsrLibraryMachine *machine;
	GtkEditable *entry;
} Question;

static void question_free(gpointer data, GClosure *closure)
{
	Question *question = data;

	g_object_unref(question->machine);
	g_free(question);
}

static void on_response(AdwMessageDialog *dialog, const char *response, gpointer data)
{
	Question *question = data;
	g_autofree char *name = NULL;

	if (!g_str_equal(response, "move"))
		return;
	name = tsr_library_clean_title(gtk_editable_get_text(question->entry));
	tsr_library_machine_set_group(question->machine, name);
}

static void on_suggestion(GtkButton *button, gpointer entry)
{
	gtk_editable_set_text(entry, gtk_button_get_label(button));
}

/* The entry, and a button for each group that there is. */
static GtkWidget *make_choices(TsrGroups *self, GtkWidget *entry)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12),
		  *window = gtk_scrolled_window_new(),
		  *list = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
	g_autoptr(GPtrArray) names = list_names(self);

	for (guint i = 1; i < names->len; i++) {
		GtkWidget *button = gtk_button_new_with_label(names->pdata[i]);

		gtk_widget_add_css_class(button, "flat");
		g_signal_connect(button, "clicked", G_CALLBACK(on_suggestion), entry);
		gtk_box_append(GTK_BOX(list), button);
	}
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(window), list);
	gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(window), TRUE);
	gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(window), 240);
	gtk_widget_set_visible(window, names->len > 1);
	gtk_box_append(GTK_BOX(box), entry);
	gtk_box_append(GTK_BOX(box), window);
	return box;
}

void tsr_groups_ask(GtkWidget *card, TsrLibraryMachine *machine)
{
	TsrGroups *self = TSR_GROUPS(gtk_widget_get_ancestor(card, TSR_TYPE_GROUPS));
	GtkWidget *entry = gtk_entry_new(), *dialog;
	g_autofree char *group = tsr_library_machine_get_group(machine);
	Question *question = g_new0(Question, 1);

	dialog = adw_message_dialog_new(
		GTK_WINDOW(gtk_widget_get_root(card)), _("Move to a group"),
		_("A new name makes a new group. Without a name it belongs to none."));
	question->machine = g_object_ref(machine);
	question->entry = GTK_EDITABLE(entry);
	gtk_editable_set_text(GTK_EDITABLE(entry), group ? group : "");
	gtk_entry_set_activates_default(GTK_ENTRY(entry), TRUE);
	gtk_entry_set_max_length(GTK_ENTRY(entry), TSR_LIBRARY_TITLE_CHARACTERS);
	gtk_accessible_update_property(GTK_ACCESSIBLE(entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       _("Group"), -1);
	adw_message_dialog_set_extra_child(ADW_MESSAGE_DIALOG(dialog), make_choices(self, entry));
	adw_message_dialog_add_responses(ADW_MESSAGE_DIALOG(dialog), "cancel", _("_Cancel"), "move",
					 _("_Move"), NULL);
	adw_message_dialog_set_default_response(ADW_MESSAGE_DIALOG(dialog), "move");
	adw_message_dialog_set_response_appearance(ADW_MESSAGE_DIALOG(dialog), "move",
						   ADW_RESPONSE_SUGGESTED);
	g_signal_connect_data(dialog, "response", G_CALLBACK(on_response), question, question_free,
			      0);
	gtk_window_present(GTK_WINDOW(dialog));
	gtk_widget_grab_focus(entry);
}

/* -- The widget */

static void tsr_groups_dispose(GObject *object)
{
	TsrGroups *self = TSR_GROUPS(object);
	GtkWidget *child;

	g_hash_table_remove_all(self->groups);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_box_remove(GTK_BOX(self), child);
	g_clear_object(&self->shown);
	g_clear_object(&self->library);
	G_OBJECT_CLASS(tsr_groups_parent_class)->dispose(object);
}

static void tsr_groups_finalize(GObject *object)
{
	g_hash_table_unref(TSR_GROUPS(object)->groups);
	G_OBJECT_CLASS(tsr_groups_parent_class)->finalize(object);
}

static void tsr_groups_class_init(TsrGroupsClass *class)
{
	G_OBJECT_CLASS(class)->dispose = tsr_groups_dispose;
	G_OBJECT_CLASS(class)->finalize = tsr_groups_finalize;
}

static void tsr_groups_init(TsrGroups *self)
{
	gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
	self->groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}
