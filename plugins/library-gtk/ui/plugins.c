/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See plugins.h. The details are made anew only when they would be others. */
#include "ui/plugins.h"

#include "model/plugins.h"
#include "model/text.h"
#include "ui/dialogs.h"
#include "ui/plugin-list.h"
#include "ui/plugin-page.h"

struct _TsrPluginsWindow {
	AdwWindow parent;
	TsrPlugins *plugins;
	GSimpleActionGroup *actions;
	char *shown;     /* the key of what is chosen; NULL: nothing */
	char *signature; /* of the details */
	gboolean is_filling;

	AdwToastOverlay *toasts;
	GtkWidget *install_button;
	GtkSpinner *spinner;
	GtkStack *pages;
	AdwStatusPage *problem_page;
	GtkSearchEntry *search_entry;
	GtkListBox *list;
	AdwBin *details;
};

G_DEFINE_FINAL_TYPE(TsrPluginsWindow, tsr_plugins_window, ADW_TYPE_WINDOW)

/* -- Details */

static const struct tsr_plugin *find_plugin(TsrPluginsWindow *self, const char *key)
{
	g_auto(GStrv) words = g_strsplit(key, " ", 2);
	const struct tsr_catalogue *catalogue = tsr_plugins_get_catalogue(self->plugins);

	return words[0] && words[1] ? tsr_catalogue_find(catalogue, words[0], words[1]) : NULL;
}

static void on_done(TsrPluginPage *page, const char *sentence, gpointer data)
{
	TsrPluginsWindow *self = data;

	adw_toast_overlay_add_toast(self->toasts, adw_toast_new(sentence));
}

static GtkWidget *refusal_new(const char *line)
{
	GtkWidget *page = adw_status_page_new();
	g_autofree char *subject = tsr_plugins_refused_subject(line),
			*title = g_markup_escape_text(subject, -1),
			*text = g_markup_escape_text(line, -1);

	adw_status_page_set_icon_name(ADW_STATUS_PAGE(page), "dialog-warning-symbolic");
	adw_status_page_set_title(ADW_STATUS_PAGE(page), title);
	adw_status_page_set_description(ADW_STATUS_PAGE(page), text);
	return page;
}

static void show_details(TsrPluginsWindow *self)
{
	const struct tsr_plugin *plugin = self->shown ? find_plugin(self, self->shown) : NULL;
	g_autofree char *signature =
		plugin ? tsr_plugins_signature(self->plugins, plugin) : g_strdup(self->shown);
	GtkWidget *page = adw_bin_get_child(self->details);

	if (g_strcmp0(signature, self->signature) != 0) {
		g_free(self->signature);
		self->signature = g_steal_pointer(&signature);
		page = NULL;
		if (plugin) {
			page = tsr_plugin_page_new(self->plugins, plugin);
			g_signal_connect_object(page, "done", G_CALLBACK(on_done), self, 0);
		} else if (self->shown) {
			page = refusal_new(self->shown);
		}
		adw_bin_set_child(self->details, page);
	} else if (TSR_IS_PLUGIN_PAGE(page)) {
		tsr_plugin_page_update(TSR_PLUGIN_PAGE(page));
	}
}

static void on_row_selected(GtkListBox *list, GtkListBoxRow *row, gpointer data)
{
	TsrPluginsWindow *self = data;

	if (!row || self->is_filling)
		return;
	g_free(self->shown);
	self->shown = g_strdup(tsr_plugin_list_key(row));
	show_details(self);
}

/* -- What it says */

static void fill_list(TsrPluginsWindow *self)
{
	self->is_filling = TRUE;
	tsr_plugin_list_fill(self->list, tsr_plugins_get_catalogue(self->plugins), &self->shown);
	self->is_filling = FALSE;
}

static void update(TsrPluginsWindow *self)
{
	const char *problem = tsr_plugins_get_problem(self->plugins);

	gtk_spinner_set_spinning(self->spinner, tsr_plugins_is_busy(self->plugins));
	gtk_widget_set_sensitive(self->install_button, !tsr_plugins_is_working(self->plugins));
	if (problem) {
		g_autofree char *escaped = g_markup_escape_text(problem, -1);

		adw_status_page_set_description(self->problem_page, escaped);
		gtk_stack_set_visible_child_name(self->pages, "problem");
	} else if (tsr_plugins_get_catalogue(self->plugins)) {
		fill_list(self);
		show_details(self);
		gtk_stack_set_visible_child_name(self->pages, "plugins");
	}
}

static void on_changed(TsrPlugins *plugins, gpointer data)
{
	update(data);
}

/* Machines and plugins may have changed meanwhile. */
static void on_active(TsrPluginsWindow *self)
{
	if (gtk_window_is_active(GTK_WINDOW(self)) && !tsr_plugins_is_working(self->plugins))
		tsr_plugins_read(self->plugins);
}

/* -- Installing */

static void on_installed(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrPluginsWindow) self = data;
	g_autoptr(GError) why = NULL;
	const gboolean done = tsr_plugins_finish(result, &why);

	if (!gtk_widget_get_visible(GTK_WIDGET(self)))
		return;
	if (done)
		adw_toast_overlay_add_toast(self->toasts,
					    adw_toast_new(_("The plugin is installed.")));
	else
		tsr_dialog_tell(GTK_WIDGET(self), _("The plugin was not installed"), why->message);
}

static void install(TsrPluginsWindow *self, GFile *file)
{
	g_autofree char *path = file ? g_file_get_path(file) : NULL;

	if (path)
		tsr_plugins_install(self->plugins, path, on_installed, g_object_ref(self));
	else
		tsr_dialog_tell(GTK_WIDGET(self), _("The plugin was not installed"),
				_("Only files on this computer can be installed."));
}

static void on_chosen(GtkNativeDialog *dialog, int response, gpointer data)
{
	g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));

	if (response == GTK_RESPONSE_ACCEPT)
		install(data, file);
	g_object_unref(dialog);
}

static void choose(TsrPluginsWindow *self, GtkFileChooserAction action)
{
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
		_("Install a plugin"), GTK_WINDOW(self), action, _("_Install"), NULL);

	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_chosen), self, 0);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

static void do_install_archive(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	choose(data, GTK_FILE_CHOOSER_ACTION_OPEN);
}

static void do_install_folder(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	choose(data, GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER);
}

static gboolean on_drop(GtkDropTarget *target, const GValue *value, double x, double y,
			gpointer data)
{
	install(data, g_value_get_object(value));
	return TRUE;
}

/* -- Life cycle */

void tsr_plugins_window_present(GtkApplication *application, GtkWindow *over, TsrLibrary *library)
{
	TsrPluginsWindow *self = NULL;

	for (GList *each = gtk_application_get_windows(application); each; each = each->next)
		if (TSR_IS_PLUGINS_WINDOW(each->data))
			self = each->data;
	if (!self) {
		self = g_object_new(TSR_TYPE_PLUGINS_WINDOW, "application", application,
				    "transient-for", over, NULL);
		self->plugins = tsr_plugins_new(library);
		g_signal_connect_object(self->plugins, "changed", G_CALLBACK(on_changed), self, 0);
		update(self);
	}
	gtk_window_present(GTK_WINDOW(self));
}

static void tsr_plugins_window_dispose(GObject *object)
{
	TsrPluginsWindow *self = TSR_PLUGINS_WINDOW(object);

	if (self->plugins)
		tsr_plugins_close(self->plugins);
	g_clear_object(&self->plugins);
	g_clear_object(&self->actions);
	G_OBJECT_CLASS(tsr_plugins_window_parent_class)->dispose(object);
}

static void tsr_plugins_window_finalize(GObject *object)
{
	TsrPluginsWindow *self = TSR_PLUGINS_WINDOW(object);

	g_free(self->shown);
	g_free(self->signature);
	G_OBJECT_CLASS(tsr_plugins_window_parent_class)->finalize(object);
}

static void tsr_plugins_window_class_init(TsrPluginsWindowClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = tsr_plugins_window_dispose;
	G_OBJECT_CLASS(class)->finalize = tsr_plugins_window_finalize;
	gtk_widget_class_set_template_from_resource(widget, "/org/tessera/Tessera/plugins.ui");
	gtk_widget_class_bind_template_child(widget, TsrPluginsWindow, toasts);
	gtk_widget_class_bind_template_child(widget, TsrPluginsWindow, install_button);
	gtk_widget_class_bind_template_child(widget, TsrPluginsWindow, spinner);
	gtk_widget_class_bind_template_child(widget, TsrPluginsWindow, pages);
	gtk_widget_class_bind_template_child(widget, TsrPluginsWindow, problem_page);
	gtk_widget_class_bind_template_child(widget, TsrPluginsWindow, search_entry);
	gtk_widget_class_bind_template_child(widget, TsrPluginsWindow, list);
	gtk_widget_class_bind_template_child(widget, TsrPluginsWindow, details);
}

static void tsr_plugins_window_init(TsrPluginsWindow *self)
{
	static const GActionEntry entries[] = {
		{ .name = "install-archive", .activate = do_install_archive },
		{ .name = "install-folder", .activate = do_install_folder },
	};
	GtkDropTarget *target = gtk_drop_target_new(G_TYPE_FILE, GDK_ACTION_COPY);

	self->actions = g_simple_action_group_new();
	g_action_map_add_action_entries(G_ACTION_MAP(self->actions), entries, G_N_ELEMENTS(entries),
					self);
	gtk_widget_insert_action_group(GTK_WIDGET(self), "plugins", G_ACTION_GROUP(self->actions));
	gtk_widget_init_template(GTK_WIDGET(self));
	tsr_plugin_list_begin(self->list, self->search_entry);
	g_signal_connect(self->list, "row-selected", G_CALLBACK(on_row_selected), self);
	g_signal_connect(self, "notify::is-active", G_CALLBACK(on_active), NULL);
	g_signal_connect(target, "drop", G_CALLBACK(on_drop), self);
	gtk_widget_add_controller(GTK_WIDGET(self), GTK_EVENT_CONTROLLER(target));
}
