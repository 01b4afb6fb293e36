/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See window.h. */
#include "ui/window.h"

#include <string.h>

#include "model/text.h"
#include "ui/dialogs.h"
#include "ui/groups.h"
#include "ui/import.h"
#include "ui/permission.h"
#include "ui/wizard.h"

#define SORT_NAME "name"
#define SORT_USED "used"

struct _TsrLibraryWindow {
	AdwApplicationWindow parent;
	TsrLibrary *library;
	char *preset;
	GtkFilter *filter;
	GtkSorter *sorter;
	GListModel *shown; /* filtered and sorted */
	gboolean by_use;
	char *wanted; /* what is searched for, case-folded; "": all */

	AdwToastOverlay *toasts;
	GtkToggleButton *search_button;
	GtkSearchBar *search_bar;
	GtkSearchEntry *search_entry;
	GtkStack *pages;
	TsrGroups *groups;
	AdwStatusPage *problem_page;
};

G_DEFINE_FINAL_TYPE(TsrLibraryWindow, tsr_library_window, ADW_TYPE_APPLICATION_WINDOW)

/* -- Which machines are shown, and in which order */

static gboolean is_wanted(gpointer machine, gpointer data)
{
	TsrLibraryWindow *self = data;
	g_autofree char *title = g_utf8_casefold(tsr_library_machine_get_title(machine), -1);

	return strstr(title, self->wanted) != NULL;
}

static int compare_machines(gconstpointer a, gconstpointer b, gpointer data)
{
	TsrLibraryWindow *self = data;
	TsrLibraryMachine *x = (gpointer)a, *y = (gpointer)b;
	gint64 used_x = tsr_library_machine_get_used(x), used_y = tsr_library_machine_get_used(y);

	if (self->by_use && used_x != used_y)
		return used_x < used_y ? 1 : -1;
	return g_utf8_collate(tsr_library_machine_get_title(x), tsr_library_machine_get_title(y));
}

static void show_page(TsrLibraryWindow *self)
{
	const char *page = "machines", *problem = tsr_library_get_problem(self->library);

	if (!tsr_library_get_loaded(self->library))
		page = "loading";
	else if (problem)
		page = "problem";
	else if (!g_list_model_get_n_items(tsr_library_get_machines(self->library)))
		page = "empty";
	else if (!g_list_model_get_n_items(self->shown))
		page = "nothing";
	adw_status_page_set_description(self->problem_page, problem);
	gtk_stack_set_visible_child_name(self->pages, page);
}

static void on_search_changed(GtkSearchEntry *entry, gpointer data)
{
	TsrLibraryWindow *self = data;

	g_free(self->wanted);
	self->wanted = g_utf8_casefold(gtk_editable_get_text(GTK_EDITABLE(entry)), -1);
	gtk_filter_changed(self->filter, GTK_FILTER_CHANGE_DIFFERENT);
	tsr_groups_set_open(self->groups, *self->wanted != '\0');
	show_page(self);
}

/* -- Actions */

static void on_sort_changed(GSimpleAction *action, GVariant *value, gpointer data)
{
	TsrLibraryWindow *self = data;
	const char *sort = g_variant_get_string(value, NULL);

	self->by_use = g_str_equal(sort, SORT_USED);
	g_simple_action_set_state(action, value);
	tsr_library_settings_set_sort(tsr_library_get_settings(self->library), sort);
	gtk_sorter_changed(self->sorter, GTK_SORTER_CHANGE_DIFFERENT);
}

static void on_search(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	TsrLibraryWindow *self = data;

	gtk_search_bar_set_search_mode(self->search_bar, TRUE);
	gtk_widget_grab_focus(GTK_WIDGET(self->search_entry));
}

/* The wizard, or the dialog that says why there is none. */
static GtkWindow *open_wizard(GtkWindow *window, const char *path)
{
	TsrLibraryWindow *self = TSR_LIBRARY_WINDOW(window);
	GtkWidget *wizard;

	if (!self->preset)
		return tsr_dialog_tell(GTK_WIDGET(self), _("No machine can be made"),
				       _("The preset “pc” is not installed. Install Tessera again, "
					 "or name its folder in TESSERA_MACHINE_PATH."));
	wizard = tsr_wizard_new(window, self->library, self->preset, path);
	gtk_window_present(GTK_WINDOW(wizard));
	return GTK_WINDOW(wizard);
}

static void on_new(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	open_wizard(data, NULL);
}

static void on_folder_chosen(GtkNativeDialog *dialog, int response, gpointer data)
{
	TsrLibraryWindow *self = data;
	g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
	g_autofree char *path = file ? g_file_get_path(file) : NULL;

	if (response == GTK_RESPONSE_ACCEPT && path)
		tsr_library_set_folder(self->library, path);
	g_object_unref(dialog);
}

static void on_choose_folder(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	GtkFileChooserNative *dialog =
		gtk_file_chooser_native_new(_("Folder of the machines"), data,
					    GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, NULL, NULL);

	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_folder_chosen), data, 0);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

/* -- Files that are dropped, or chosen */

void tsr_library_window_import(TsrLibraryWindow *self, const char *const *paths)
{
	tsr_import_begin(GTK_WINDOW(self), self->library, self->preset, paths, open_wizard);
}

/* Takes the files that are on this computer, and says if others were among them. FALSE: all were.
 */
static gboolean import_files(TsrLibraryWindow *self, GSList *files)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_auto(GStrv) paths = NULL;
	guint others = 0;

	for (GSList *each = files; each; each = each->next) {
		g_autofree char *path = g_file_get_path(each->data);

		if (path)
			g_strv_builder_add(builder, path);
		else
			others++;
	}
	paths = g_strv_builder_end(builder);
	if (others)
		tsr_dialog_tell(GTK_WIDGET(self), _("This cannot be opened"),
				_("Only files on this computer can be dropped here."));
	tsr_library_window_import(self, (const char *const *)paths);
	return *paths != NULL;
}

static gboolean on_drop(GtkDropTarget *target, const GValue *value, double x, double y,
			gpointer data)
{
	GSList *files = gdk_file_list_get_files(g_value_get_boxed(value));
	const gboolean taken = import_files(data, files);

	g_slist_free(files);
	return taken;
}

static void on_import_chosen(GtkNativeDialog *dialog, int response, gpointer data)
{
	g_autoptr(GListModel) chosen = gtk_file_chooser_get_files(GTK_FILE_CHOOSER(dialog));
	GSList *files = NULL;

	for (guint i = g_list_model_get_n_items(chosen); i--;)
		files = g_slist_prepend(files, g_list_model_get_item(chosen, i));
	if (response == GTK_RESPONSE_ACCEPT)
		import_files(data, files);
	g_slist_free_full(files, g_object_unref);
	g_object_unref(dialog);
}

static void on_import(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
		_("Machine, disc or disk image"), data, GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);

	gtk_file_chooser_set_select_multiple(GTK_FILE_CHOOSER(dialog), TRUE);
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_import_chosen), data, 0);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

/* For other programs, over D-Bus: what a drop of those paths does. */
static void on_import_files(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	g_autofree const char **paths = g_variant_get_bytestring_array(parameter, NULL);

	tsr_library_window_import(data, paths);
}

static void add_actions(TsrLibraryWindow *self)
{
	static const GActionEntry entries[] = {
		{ .name = "new", .activate = on_new },
		{ .name = "import", .activate = on_import },
		{ .name = "import-files", .activate = on_import_files, .parameter_type = "aay" },
		{ .name = "search", .activate = on_search },
		{ .name = "choose-folder", .activate = on_choose_folder },
		{ .name = "sort",
		  .parameter_type = "s",
		  .state = "'" SORT_NAME "'",
		  .change_state = on_sort_changed },
	};
	g_autofree char *sort =
		tsr_library_settings_get_sort(tsr_library_get_settings(self->library));

	g_action_map_add_action_entries(G_ACTION_MAP(self), entries, G_N_ELEMENTS(entries), self);
	if (g_str_equal(sort, SORT_USED))
		g_action_group_change_action_state(G_ACTION_GROUP(self), "sort",
						   g_variant_new_string(sort));
}

static void accept_files(TsrLibraryWindow *self)
{
	GtkDropTarget *target = gtk_drop_target_new(GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

	g_signal_connect(target, "drop", G_CALLBACK(on_drop), self);
	gtk_widget_add_controller(GTK_WIDGET(self), GTK_EVENT_CONTROLLER(target));
}

/* -- The window */

static void on_failed(TsrLibraryWindow *self, const char *sentence)
{
	tsr_dialog_tell(GTK_WIDGET(self), _("That did not work"), sentence);
}

static void on_refused(TsrLibraryWindow *self, TsrLibraryMachine *machine, guint permission,
		       const char *sentence)
{
	tsr_permission_ask(GTK_WIDGET(self), machine, permission, sentence);
}

/* Thumbnails cost the machines time, which a window that nobody sees does not take. */
static void on_toplevel_state(TsrLibraryWindow *self)
{
	GdkSurface *surface = gtk_native_get_surface(GTK_NATIVE(self));
	gboolean is_seen =
		surface && gdk_surface_get_mapped(surface) &&
		!(gdk_toplevel_get_state(GDK_TOPLEVEL(surface)) & GDK_TOPLEVEL_STATE_MINIMIZED);

	tsr_library_set_live(self->library, is_seen);
}

static void tsr_library_window_realize(GtkWidget *widget)
{
	GTK_WIDGET_CLASS(tsr_library_window_parent_class)->realize(widget);
	g_signal_connect_object(gtk_native_get_surface(GTK_NATIVE(widget)), "notify::state",
				G_CALLBACK(on_toplevel_state), widget, G_CONNECT_SWAPPED);
	g_signal_connect_object(gtk_native_get_surface(GTK_NATIVE(widget)), "notify::mapped",
				G_CALLBACK(on_toplevel_state), widget, G_CONNECT_SWAPPED);
}

static void connect_library(TsrLibraryWindow *self)
{
	GListModel *machines = tsr_library_get_machines(self->library);

	self->filter = GTK_FILTER(gtk_custom_filter_new(is_wanted, self, NULL));
	self->sorter = GTK_SORTER(gtk_custom_sorter_new(compare_machines, self, NULL));
	self->shown = G_LIST_MODEL(gtk_sort_list_model_new(
		G_LIST_MODEL(gtk_filter_list_model_new(g_object_ref(machines),
						       g_object_ref(self->filter))),
		g_object_ref(self->sorter)));
	tsr_groups_set_machines(self->groups, self->library, self->shown);
	g_signal_connect_object(self->library, "notify::loaded", G_CALLBACK(show_page), self,
				G_CONNECT_SWAPPED);
	g_signal_connect_object(machines, "items-changed", G_CALLBACK(show_page), self,
				G_CONNECT_SWAPPED | G_CONNECT_AFTER);
	g_signal_connect_object(self->library, "failed", G_CALLBACK(on_failed), self,
				G_CONNECT_SWAPPED);
	g_signal_connect_object(self->library, "refused", G_CALLBACK(on_refused), self,
				G_CONNECT_SWAPPED);
}

TsrLibraryWindow *tsr_library_window_new(GtkApplication *application, TsrLibrary *library,
					 const char *preset)
{
	TsrLibraryWindow *self =
		g_object_new(TSR_TYPE_LIBRARY_WINDOW, "application", application, NULL);

	self->library = g_object_ref(library);
	self->preset = g_strdup(preset);
	connect_library(self);
	add_actions(self);
	accept_files(self);
	show_page(self);
	return self;
}

static void tsr_library_window_dispose(GObject *object)
{
	TsrLibraryWindow *self = TSR_LIBRARY_WINDOW(object);

	if (self->library)
		tsr_library_set_live(self->library, FALSE);
	g_clear_object(&self->shown);
	g_clear_object(&self->filter);
	g_clear_object(&self->sorter);
	g_clear_object(&self->library);
	g_clear_pointer(&self->preset, g_free);
	G_OBJECT_CLASS(tsr_library_window_parent_class)->dispose(object);
}

static void tsr_library_window_finalize(GObject *object)
{
	g_free(TSR_LIBRARY_WINDOW(object)->wanted);
	G_OBJECT_CLASS(tsr_library_window_parent_class)->finalize(object);
}

static void tsr_library_window_class_init(TsrLibraryWindowClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = tsr_library_window_dispose;
	G_OBJECT_CLASS(class)->finalize = tsr_library_window_finalize;
	widget->realize = tsr_library_window_realize;
	gtk_widget_class_set_template_from_resource(widget, "/org/tessera/Tessera/window.ui");
	gtk_widget_class_bind_template_child(widget, TsrLibraryWindow, toasts);
	gtk_widget_class_bind_template_child(widget, TsrLibraryWindow, search_button);
	gtk_widget_class_bind_template_child(widget, TsrLibraryWindow, search_bar);
	gtk_widget_class_bind_template_child(widget, TsrLibraryWindow, search_entry);
	gtk_widget_class_bind_template_child(widget, TsrLibraryWindow, pages);
	gtk_widget_class_bind_template_child(widget, TsrLibraryWindow, groups);
	gtk_widget_class_bind_template_child(widget, TsrLibraryWindow, problem_page);
	gtk_widget_class_bind_template_callback(widget, on_search_changed);
}

static void tsr_library_window_init(TsrLibraryWindow *self)
{
	g_type_ensure(TSR_TYPE_GROUPS);
	self->wanted = g_strdup("");
	gtk_widget_init_template(GTK_WIDGET(self));
}
