/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See plugin-page.h. */
#include "ui/plugin-page.h"

#include <string.h>

#include "model/text.h"
#include "ui/dialogs.h"

struct _TsrPluginPage {
	AdwBin parent;
	TsrPlugins *plugins;
	char *id, *version;
	char *kept; /* who uses it; NULL: nobody */
	gboolean is_removable;
	GSimpleActionGroup *actions;

	AdwPreferencesGroup *facts, *users, *others, *removal;
	AdwActionRow *removal_row;
};

G_DEFINE_FINAL_TYPE(TsrPluginPage, tsr_plugin_page, ADW_TYPE_BIN)

static guint done_signal;

static void tell(TsrPluginPage *self, char *sentence)
{
	g_signal_emit(self, done_signal, 0, sentence);
	g_free(sentence);
}

/* -- Rows */

static GtkWidget *row_new(const char *title, const char *text)
{
	GtkWidget *row = adw_action_row_new();

	adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
	adw_action_row_set_subtitle(ADW_ACTION_ROW(row), text);
	adw_action_row_set_subtitle_lines(ADW_ACTION_ROW(row), 0);
	adw_preferences_row_set_title_selectable(ADW_PREFERENCES_ROW(row), FALSE);
	gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, title,
				       GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
	return row;
}

static void add_fact(TsrPluginPage *self, const char *title, const char *text)
{
	if (*text)
		adw_preferences_group_add(self->facts, row_new(title, text));
}

static char *abi_of(const struct tsr_plugin *p)
{
	if (strchr(p->abi_newest, '.'))
		return g_strdup_printf(_("%s to %s"), p->abi_oldest, p->abi_newest);
	/* Translators: versions, such as “1.0 to every 1.*” */
	return g_strdup_printf(_("%s to every %s.*"), p->abi_oldest, p->abi_newest);
}

static void add_facts(TsrPluginPage *self, const struct tsr_plugin *p)
{
	g_autofree char *folder = g_path_get_dirname(p->manifest),
			*provides = g_strjoinv(", ", p->provides), *abi = abi_of(p),
			*name = g_markup_escape_text(p->name, -1),
			*description = g_markup_escape_text(p->description, -1);

	adw_preferences_group_set_title(self->facts, name);
	adw_preferences_group_set_description(self->facts, description);
	add_fact(self, _("Identifier"), p->id);
	add_fact(self, _("Version"), p->version);
	add_fact(self, _("Vendor"), p->vendor);
	add_fact(self, _("Licence"), p->licence);
	add_fact(self, _("Binary interface (ABI)"), abi);
	add_fact(self, _("Language"), p->language);
	add_fact(self, _("Provides"), provides);
	add_fact(self, _("Folder"), folder);
}

/* -- Other versions of running machines */

typedef struct {
	TsrPluginPage *page; /* not owned: the button is in it */
	TsrLibraryMachine *machine;
	char *part;
} Upgrade;

static void upgrade_free(gpointer data, GClosure *closure)
{
	Upgrade *upgrade = data;

	g_object_unref(upgrade->machine);
	g_free(upgrade->part);
	g_free(upgrade);
}

static void on_upgraded(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrPluginPage) self = data;
	g_autoptr(GError) why = NULL;
	GtkWidget *over = GTK_WIDGET(gtk_widget_get_root(GTK_WIDGET(self)));

	if (!over)
		return; /* the window is closed */
	if (tsr_plugins_finish(result, &why))
		tell(self,
		     g_strdup_printf(_("%s %s has taken its place."), self->id, self->version));
	else
		tsr_dialog_tell(over, _("The device was not upgraded"), why->message);
}

static void on_upgrade(GtkButton *button, gpointer data)
{
	const Upgrade *u = data;

	tsr_plugins_upgrade(u->page->plugins, u->machine, u->part, u->page->version, on_upgraded,
			    g_object_ref(u->page));
}

static GtkWidget *upgrade_button_new(TsrPluginPage *self, const struct tsr_plugin_user *user)
{
	GtkWidget *button = gtk_button_new_with_mnemonic(_("_Use this version"));
	g_autofree char *label =
		g_strdup_printf(_("Use %s for %s of %s"), self->version, user->part,
				tsr_library_machine_get_title(user->machine));
	Upgrade *upgrade = g_new0(Upgrade, 1);

	upgrade->page = self;
	upgrade->machine = g_object_ref(user->machine);
	upgrade->part = g_strdup(user->part);
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
				       -1);
	g_signal_connect_data(button, "clicked", G_CALLBACK(on_upgrade), upgrade, upgrade_free, 0);
	gtk_widget_set_sensitive(button, !tsr_plugins_is_working(self->plugins));
	return button;
}

/* -- Users */

static void add_user(TsrPluginPage *self, const struct tsr_plugin_user *user)
{
	const char *title = tsr_library_machine_get_title(user->machine);
	g_autofree char *name = g_strdup_printf(_("%s of %s"), user->part, title);
	const gboolean is_this = g_str_equal(user->version, self->version);
	GtkWidget *row;

	if (is_this) {
		adw_preferences_group_add(
			self->users, row_new(name, user->runs ? _("running") : _("in its file")));
	} else if (user->runs) {
		row = row_new(name, user->version);
		adw_action_row_add_suffix(ADW_ACTION_ROW(row), upgrade_button_new(self, user));
		adw_preferences_group_add(self->others, row);
		gtk_widget_set_visible(GTK_WIDGET(self->others), TRUE);
	}
}

static void add_users(TsrPluginPage *self)
{
	const struct tsr_plugin_users *users = tsr_plugins_get_users(self->plugins);

	for (guint i = 0; users && i < users->users->len; i++) {
		const struct tsr_plugin_user *user = g_ptr_array_index(users->users, i);

		if (g_str_equal(user->id, self->id))
			add_user(self, user);
	}
	for (guint i = 0; users && i < users->unread->len; i++)
		adw_preferences_group_add(
			self->users,
			row_new(tsr_library_machine_get_title(g_ptr_array_index(users->unread, i)),
				_("What it is made of could not be read.")));
	if (!users)
		adw_preferences_group_set_description(self->users, _("Looking…"));
	else if (!self->kept)
		adw_preferences_group_set_description(self->users, _("No machine of the library."));
}

/* -- Removing */

static void on_removed(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrPluginPage) self = data;
	g_autoptr(GError) why = NULL;
	GtkWidget *over = GTK_WIDGET(gtk_widget_get_root(GTK_WIDGET(self)));

	if (!over)
		return;
	if (tsr_plugins_finish(result, &why))
		tell(self, g_strdup_printf(_("%s %s was removed."), self->id, self->version));
	else
		tsr_dialog_tell(over, _("The plugin was not removed"), why->message);
}

static void on_remove(gpointer data)
{
	TsrPluginPage *self = data;
	const struct tsr_plugin plugin = { .id = self->id, .version = self->version };

	tsr_plugins_remove(self->plugins, &plugin, on_removed, g_object_ref(self));
}

static void ask_remove(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	TsrPluginPage *self = data;
	g_autofree char *heading = g_strdup_printf(_("Remove %s %s?"), self->id, self->version);

	tsr_dialog_ask(GTK_WIDGET(self), heading,
		       _("Its files are deleted. No machine of the library uses it; snapshots "
			 "and machines elsewhere were not looked at."),
		       _("_Remove"), on_remove, self);
}

static void show_removal(TsrPluginPage *self)
{
	g_autofree char *text = self->kept ? g_strdup_printf(_("Used by %s"), self->kept) : NULL;

	gtk_widget_set_visible(GTK_WIDGET(self->removal), self->is_removable);
	adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(self->removal_row), FALSE);
	adw_action_row_set_subtitle(self->removal_row, text ? text : "");
	gtk_accessible_update_property(GTK_ACCESSIBLE(self->removal_row),
				       GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text ? text : "", -1);
}

/* -- Life cycle */

static void enable_below(GtkWidget *widget, gboolean enabled)
{
	if (GTK_IS_BUTTON(widget)) {
		gtk_widget_set_sensitive(widget, enabled);
		return;
	}
	for (GtkWidget *child = gtk_widget_get_first_child(widget); child;
	     child = gtk_widget_get_next_sibling(child))
		enable_below(child, enabled);
}

void tsr_plugin_page_update(TsrPluginPage *self)
{
	const gboolean can = !tsr_plugins_is_working(self->plugins);
	GAction *remove = g_action_map_lookup_action(G_ACTION_MAP(self->actions), "remove");

	g_simple_action_set_enabled(G_SIMPLE_ACTION(remove),
				    can && !self->kept && tsr_plugins_get_users(self->plugins));
	enable_below(GTK_WIDGET(self->others), can);
}

GtkWidget *tsr_plugin_page_new(TsrPlugins *plugins, const struct tsr_plugin *plugin)
{
	TsrPluginPage *self = g_object_new(TSR_TYPE_PLUGIN_PAGE, NULL);

	self->plugins = g_object_ref(plugins);
	self->id = g_strdup(plugin->id);
	self->version = g_strdup(plugin->version);
	self->is_removable = plugin->is_removable;
	self->kept = tsr_plugins_name_users(plugins, plugin);
	gtk_widget_set_visible(GTK_WIDGET(self->others), FALSE);
	add_facts(self, plugin);
	add_users(self);
	show_removal(self);
	tsr_plugin_page_update(self);
	return GTK_WIDGET(self);
}

static void tsr_plugin_page_dispose(GObject *object)
{
	TsrPluginPage *self = TSR_PLUGIN_PAGE(object);

	g_clear_object(&self->plugins);
	g_clear_object(&self->actions);
	G_OBJECT_CLASS(tsr_plugin_page_parent_class)->dispose(object);
}

static void tsr_plugin_page_finalize(GObject *object)
{
	TsrPluginPage *self = TSR_PLUGIN_PAGE(object);

	g_free(self->id);
	g_free(self->version);
	g_free(self->kept);
	G_OBJECT_CLASS(tsr_plugin_page_parent_class)->finalize(object);
}

static void tsr_plugin_page_class_init(TsrPluginPageClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = tsr_plugin_page_dispose;
	G_OBJECT_CLASS(class)->finalize = tsr_plugin_page_finalize;
	done_signal = g_signal_new("done", TSR_TYPE_PLUGIN_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
				   NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
	gtk_widget_class_set_template_from_resource(widget, "/org/tessera/Tessera/plugin-page.ui");
	gtk_widget_class_bind_template_child(widget, TsrPluginPage, facts);
	gtk_widget_class_bind_template_child(widget, TsrPluginPage, users);
	gtk_widget_class_bind_template_child(widget, TsrPluginPage, others);
	gtk_widget_class_bind_template_child(widget, TsrPluginPage, removal);
	gtk_widget_class_bind_template_child(widget, TsrPluginPage, removal_row);
}

static void tsr_plugin_page_init(TsrPluginPage *self)
{
	static const GActionEntry entries[] = { { .name = "remove", .activate = ask_remove } };

	self->actions = g_simple_action_group_new();
	g_action_map_add_action_entries(G_ACTION_MAP(self->actions), entries, G_N_ELEMENTS(entries),
					self);
	gtk_widget_insert_action_group(GTK_WIDGET(self), "plugin", G_ACTION_GROUP(self->actions));
	gtk_widget_init_template(GTK_WIDGET(self));
}
