/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See wizard.h. */
#include "ui/wizard.h"

#include "model/name.h"
#include "model/text.h"
#include "ui/dialogs.h"
#include "ui/express.h"
#include "ui/media-task.h"

#define CHOOSE "choose"
#define REVIEW "review"
#define WORKING "working"
#define MIB_OF_GIB 1024

struct _TsrWizard {
	AdwWindow parent;
	TsrLibrary *library;
	char *preset;
	struct tsr_medium *medium; /* NULL: it starts from nothing */
	GCancellable *cancellable; /* of what is under way */
	GSimpleActionGroup *actions;

	GtkStack *pages;
	GtkButton *back_button, *create_button;
	AdwPreferencesGroup *found_group;
	AdwEntryRow *name_row;
	AdwActionRow *system_row, *medium_row, *disk_row;
	GtkSpinButton *memory_spin, *disk_spin;
	GtkSwitch *network_switch;
	TsrExpress *express;
	GtkProgressBar *progress;
};

G_DEFINE_FINAL_TYPE(TsrWizard, tsr_wizard, ADW_TYPE_WINDOW)

static void enable(TsrWizard *self, const char *name, gboolean enabled)
{
	GAction *action = g_action_map_lookup_action(G_ACTION_MAP(self->actions), name);

	g_simple_action_set_enabled(G_SIMPLE_ACTION(action), enabled);
}

static gboolean is_at(TsrWizard *self, const char *page)
{
	return g_strcmp0(gtk_stack_get_visible_child_name(self->pages), page) == 0;
}

static void show_page(TsrWizard *self, const char *page)
{
	gboolean at_review = g_str_equal(page, REVIEW);

	gtk_stack_set_visible_child_name(self->pages, page);
	gtk_button_set_label(self->back_button, at_review ? _("_Back") : _("_Cancel"));
	gtk_widget_set_visible(GTK_WIDGET(self->create_button), at_review);
	if (at_review)
		gtk_widget_grab_focus(GTK_WIDGET(self->name_row));
}

/* -- The page to review */

static const struct tsr_system *chosen_system(TsrWizard *self)
{
	return self->medium ? self->medium->system : tsr_system_unknown();
}

static char *describe_system(const struct tsr_medium *medium)
{
	const char *name = medium && *medium->system->name ? medium->system->name : _("Unknown");

	if (medium && medium->is_64_bit)
		return g_strdup_printf(_("%s, for 64-bit computers. Machines of Tessera have 32 "
					 "bits: choose the disc for “i386” or “x86”."),
				       name);
	if (medium && !medium->is_bootable)
		return g_strdup_printf(_("%s. A machine cannot start from this disc."), name);
	return g_strdup(name);
}

static void set_subtitle(AdwActionRow *row, const char *text)
{
	g_autofree char *escaped = g_markup_escape_text(text, -1);

	adw_action_row_set_subtitle(row, escaped);
}

static gboolean has_debian(TsrWizard *self)
{
	return self->medium && self->medium->kind == TSR_MEDIUM_DISC &&
	       g_str_equal(self->medium->system->name, "Debian");
}

static void review(TsrWizard *self)
{
	const struct tsr_system *system = chosen_system(self);
	gboolean is_image = self->medium && self->medium->kind == TSR_MEDIUM_IMAGE;
	g_autofree char *description = describe_system(self->medium),
			*name = self->medium ? g_filename_display_name(self->medium->path) : NULL;

	gtk_editable_set_text(GTK_EDITABLE(self->name_row),
			      self->medium ? self->medium->title : _("New machine"));
	set_subtitle(self->system_row, description);
	gtk_widget_set_visible(GTK_WIDGET(self->medium_row), self->medium != NULL);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(self->medium_row),
				      is_image ? _("Disk image, of which a copy is made")
					       : _("Disc"));
	set_subtitle(self->medium_row, name ? name : "");
	gtk_widget_set_visible(GTK_WIDGET(self->disk_row), !is_image);
	gtk_spin_button_set_value(self->memory_spin, system->memory_mib);
	gtk_spin_button_set_value(self->disk_spin, (double)system->disk_mib / MIB_OF_GIB);
	gtk_switch_set_active(self->network_switch, !system->is_old);
	tsr_express_set_disc(self->express, has_debian(self) ? self->medium->path : NULL);
	show_page(self, REVIEW);
}

static void update_create(TsrWizard *self)
{
	g_autofree char *title =
		tsr_library_clean_title(gtk_editable_get_text(GTK_EDITABLE(self->name_row)));

	enable(self, "create", *title && tsr_express_get_ready(self->express));
}

static void on_name_changed(GtkEditable *row, gpointer data)
{
	update_create(data);
}

static void on_ready(TsrExpress *express, GParamSpec *spec, gpointer data)
{
	update_create(data);
}

static void on_name_activated(AdwEntryRow *row, gpointer data)
{
	gtk_widget_activate_action(data, "wizard.create", NULL);
}

/* -- The page to choose */

/* Takes the medium. */
static void take_medium(TsrWizard *self, struct tsr_medium *medium)
{
	tsr_medium_free(self->medium);
	self->medium = medium;
	review(self);
}

static void on_medium(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrWizard) self = data;
	g_autoptr(GError) why = NULL;
	struct tsr_medium *medium = tsr_media_read_finish(result, &why);

	if (medium)
		take_medium(self, medium);
	else if (!g_error_matches(why, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		tsr_dialog_tell(GTK_WIDGET(self), _("No machine can start from this"),
				why->message);
}

static void read_medium(TsrWizard *self, const char *path)
{
	tsr_media_read(path, self->cancellable, on_medium, g_object_ref(self));
}

static void on_found_activated(AdwActionRow *row, gpointer data)
{
	read_medium(data, g_object_get_data(G_OBJECT(row), "path"));
}

static void add_found(TsrWizard *self, const struct tsr_medium *medium)
{
	GtkWidget *row = adw_action_row_new(),
		  *image = gtk_image_new_from_icon_name("go-next-symbolic");
	g_autofree char *name = g_filename_display_basename(medium->path),
			*title = g_markup_escape_text(name, -1),
			*size = g_format_size(medium->bytes),
			*text = *medium->system->name
					? g_strdup_printf("%s · %s", medium->system->name, size)
					: g_strdup(size);

	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
	set_subtitle(ADW_ACTION_ROW(row), text);
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), image);
	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), TRUE);
	g_object_set_data_full(G_OBJECT(row), "path", g_strdup(medium->path), g_free);
	g_signal_connect(row, "activated", G_CALLBACK(on_found_activated), self);
	adw_preferences_group_add(self->found_group, row);
	gtk_widget_set_visible(GTK_WIDGET(self->found_group), TRUE);
}

static void on_found(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrWizard) self = data;
	g_autoptr(GPtrArray) media = tsr_media_list_finish(result, NULL);

	for (guint i = 0; media && i < media->len; i++)
		add_found(self, media->pdata[i]);
}

static void on_file_chosen(GtkNativeDialog *dialog, int response, gpointer data)
{
	g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
	g_autofree char *path = file ? g_file_get_path(file) : NULL;

	if (response == GTK_RESPONSE_ACCEPT && path)
		read_medium(data, path);
	g_object_unref(dialog);
}

static void on_choose_file(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
		_("Disc or disk image"), data, GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);

	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_file_chosen), data, 0);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

static void on_choose_nothing(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	take_medium(data, NULL);
}

/* -- Making it */

static void on_created(GObject *library, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrWizard) self = data;
	g_autoptr(GError) why = NULL;
	g_autoptr(TsrLibraryMachine) machine = tsr_library_create_finish(result, &why);

	/* The window is gone; a machine that was made just before that stays off. */
	if (g_cancellable_is_cancelled(self->cancellable))
		return;
	if (machine) {
		tsr_library_machine_start(machine);
		gtk_window_destroy(GTK_WINDOW(self));
		return;
	}
	show_page(self, REVIEW);
	tsr_dialog_tell(GTK_WIDGET(self), _("The machine could not be made"), why->message);
}

static void on_progress(gpointer user, double done)
{
	gtk_progress_bar_set_fraction(TSR_WIZARD(user)->progress, done);
}

static void on_create(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	TsrWizard *self = data;
	gboolean is_image = self->medium && self->medium->kind == TSR_MEDIUM_IMAGE;
	g_autoptr(GError) why = NULL;
	g_autofree char *title = tsr_library_clean_title(
				gtk_editable_get_text(GTK_EDITABLE(self->name_row))),
			*answers = tsr_express_write(self->express, &why);
	const struct tsr_new_machine machine = {
		.title = title,
		.details = (char *)chosen_system(self)->name,
		.memory_mib = (guint)gtk_spin_button_get_value_as_int(self->memory_spin),
		.disk_mib = (guint64)gtk_spin_button_get_value_as_int(self->disk_spin) * MIB_OF_GIB,
		.image = is_image ? self->medium->path : NULL,
		.has_network = gtk_switch_get_active(self->network_switch),
		.preset = self->preset,
		.installer = answers && self->medium ? self->medium->path : NULL,
		.answers = answers,
	};

	if (!is_at(self, REVIEW))
		return;
	if (answers && (!machine.disk_mib || !machine.has_network)) {
		tsr_dialog_tell(GTK_WIDGET(self), _("The machine could not be made"),
				_("An installation without questions needs a disk and the "
				  "network."));
		return;
	}
	if (why) {
		tsr_dialog_tell(GTK_WIDGET(self), _("The machine could not be made"), why->message);
		return;
	}
	gtk_progress_bar_set_fraction(self->progress, 0);
	show_page(self, WORKING);
	tsr_library_create(self->library, &machine,
			   self->medium && !is_image ? self->medium->path : NULL, on_progress, self,
			   self->cancellable, on_created, g_object_ref(self));
}

/* -- The window */

static void on_back(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	TsrWizard *self = data;

	if (is_at(self, REVIEW))
		show_page(self, CHOOSE);
	else
		gtk_window_close(GTK_WINDOW(self));
}

GtkWidget *tsr_wizard_new(GtkWindow *over, TsrLibrary *library, const char *preset,
			  const char *path)
{
	TsrWizard *self = g_object_new(TSR_TYPE_WIZARD, "transient-for", over, NULL);

	self->library = g_object_ref(library);
	self->preset = g_strdup(preset);
	tsr_media_list(self->cancellable, on_found, g_object_ref(self));
	if (path)
		read_medium(self, path);
	return GTK_WIDGET(self);
}

/* Cancels what is under way, which has references to the wizard. */
static gboolean tsr_wizard_close_request(GtkWindow *window)
{
	g_cancellable_cancel(TSR_WIZARD(window)->cancellable);
	return GTK_WINDOW_CLASS(tsr_wizard_parent_class)->close_request(window);
}

static void tsr_wizard_dispose(GObject *object)
{
	TsrWizard *self = TSR_WIZARD(object);

	g_cancellable_cancel(self->cancellable);
	g_clear_object(&self->library);
	g_clear_pointer(&self->medium, tsr_medium_free);
	g_clear_object(&self->actions);
	G_OBJECT_CLASS(tsr_wizard_parent_class)->dispose(object);
}

static void tsr_wizard_finalize(GObject *object)
{
	TsrWizard *self = TSR_WIZARD(object);

	g_object_unref(self->cancellable);
	g_free(self->preset);
	G_OBJECT_CLASS(tsr_wizard_parent_class)->finalize(object);
}

static void tsr_wizard_class_init(TsrWizardClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = tsr_wizard_dispose;
	G_OBJECT_CLASS(class)->finalize = tsr_wizard_finalize;
	GTK_WINDOW_CLASS(class)->close_request = tsr_wizard_close_request;
	gtk_widget_class_set_template_from_resource(widget, "/org/tessera/Tessera/wizard.ui");
	gtk_widget_class_bind_template_child(widget, TsrWizard, pages);
	gtk_widget_class_bind_template_child(widget, TsrWizard, back_button);
	gtk_widget_class_bind_template_child(widget, TsrWizard, create_button);
	gtk_widget_class_bind_template_child(widget, TsrWizard, found_group);
	gtk_widget_class_bind_template_child(widget, TsrWizard, name_row);
	gtk_widget_class_bind_template_child(widget, TsrWizard, system_row);
	gtk_widget_class_bind_template_child(widget, TsrWizard, medium_row);
	gtk_widget_class_bind_template_child(widget, TsrWizard, disk_row);
	gtk_widget_class_bind_template_child(widget, TsrWizard, memory_spin);
	gtk_widget_class_bind_template_child(widget, TsrWizard, disk_spin);
	gtk_widget_class_bind_template_child(widget, TsrWizard, network_switch);
	gtk_widget_class_bind_template_child(widget, TsrWizard, express);
	gtk_widget_class_bind_template_child(widget, TsrWizard, progress);
	gtk_widget_class_bind_template_callback(widget, on_name_changed);
	gtk_widget_class_bind_template_callback(widget, on_ready);
	gtk_widget_class_bind_template_callback(widget, on_name_activated);
}

static void tsr_wizard_init(TsrWizard *self)
{
	static const GActionEntry entries[] = {
		{ .name = "back", .activate = on_back },
		{ .name = "create", .activate = on_create },
		{ .name = "choose-file", .activate = on_choose_file },
		{ .name = "choose-nothing", .activate = on_choose_nothing },
	};

	g_type_ensure(TSR_TYPE_EXPRESS);
	self->cancellable = g_cancellable_new();
	self->actions = g_simple_action_group_new();
	g_action_map_add_action_entries(G_ACTION_MAP(self->actions), entries, G_N_ELEMENTS(entries),
					self);
	gtk_widget_insert_action_group(GTK_WIDGET(self), "wizard", G_ACTION_GROUP(self->actions));
	gtk_widget_init_template(GTK_WIDGET(self));
}
