/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See snapshots.h. A row has actions of its own, which know the snapshot's name; one command at a
 * time is under way, and the list is read anew after each. */
#include "ui/snapshots.h"

#include "model/snapshots.h"
#include "model/text.h"
#include "ui/dialogs.h"
#include "ui/picture.h"

#define INDENT 28       /* pixels for each level of the tree */
#define PICTURE_SIZE 80 /* pixels of the longer side */
#define ICON_SIZE 32    /* in place of a picture */
#define MARGIN 6        /* above and below it */
#define NO_PICTURE "snapshot-without-picture"
#define ROW_DATA "snapshot" /* of a row: Row */

struct _TsrSnapshots {
	AdwWindow parent;
	TsrLibraryMachine *machine;
	GCancellable *cancellable; /* nobody waits any more: the window is closed */
	GSimpleActionGroup *actions;
	GMenuModel *menu;
	gboolean busy;

	GtkStack *pages;
	GtkListBox *list;
	GtkSpinner *spinner;
	GtkButton *take_button;
};

G_DEFINE_FINAL_TYPE(TsrSnapshots, tsr_snapshots, ADW_TYPE_WINDOW)

typedef struct {
	TsrSnapshots *window; /* not owned: the row is in it */
	char *name, *note;
	GSimpleActionGroup *actions;
} Row;

static void row_free(gpointer data)
{
	Row *row = data;

	g_object_unref(row->actions);
	g_free(row->name);
	g_free(row->note);
	g_free(row);
}

static Row *row_of(gpointer widget)
{
	return g_object_get_data(widget, ROW_DATA);
}

/* -- Commands */

static void read_list(TsrSnapshots *self);
static void update(TsrSnapshots *self);

static void set_busy(TsrSnapshots *self, gboolean busy)
{
	self->busy = busy;
	gtk_spinner_set_spinning(self->spinner, busy);
	update(self);
}

static void on_done(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrSnapshots) self = data;
	g_autoptr(GError) why = NULL;
	g_autofree char *output = tsr_snapshots_run_finish(result, &why);

	if (g_cancellable_is_cancelled(self->cancellable))
		return;
	set_busy(self, FALSE);
	if (!output)
		tsr_dialog_tell(GTK_WIDGET(self), _("That did not work"), why->message);
	read_list(self);
}

/* last: NULL, or one more word. */
static void run(TsrSnapshots *self, const char *command, const char *name, const char *last)
{
	const char *const words[] = { command, "--", name, last, NULL };

	if (self->busy)
		return;
	set_busy(self, TRUE);
	tsr_snapshots_run(self->machine, words, self->cancellable, on_done, g_object_ref(self));
}

static void on_take(gpointer window, const char *name)
{
	run(window, "take", name, NULL);
}

static void do_take(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *name = g_date_time_format(now, "%Y-%m-%d %H:%M:%S");

	tsr_dialog_ask_title(data, _("Take a snapshot"), name, _("_Take"), on_take, data);
}

/* -- What a row does. The question's object is the row, which may leave the window meanwhile. */

static void on_go(gpointer row)
{
	const Row *r = row_of(row);
	const char *const words[] = { "go", "--discard", "--", r->name, NULL };

	if (!gtk_widget_get_root(row) || r->window->busy)
		return;
	set_busy(r->window, TRUE);
	tsr_snapshots_run(r->window->machine, words, r->window->cancellable, on_done,
			  g_object_ref(r->window));
}

static void run_row(gpointer row, const char *command, const char *last)
{
	if (gtk_widget_get_root(row))
		run(row_of(row)->window, command, row_of(row)->name, last);
}

static void on_delete(gpointer row)
{
	run_row(row, "delete", NULL);
}

static void on_rename(gpointer row, const char *name)
{
	run_row(row, "rename", name);
}

static void on_note(gpointer row, const char *note)
{
	run_row(row, "note", note);
}

static void on_clone(gpointer row, const char *title)
{
	g_autofree char *folder = tsr_snapshots_clone_folder(row_of(row)->window->machine, title);

	run_row(row, "clone", folder);
}

static char *quote(const char *format, const char *name)
{
	return g_strdup_printf(format, name);
}

static void ask_go(GSimpleAction *action, GVariant *parameter, gpointer row)
{
	g_autofree char *heading = quote(_("Go to “%s”?"), row_of(row)->name);

	tsr_dialog_ask(row, heading,
		       _("What the machine has done since its last snapshot is lost. Take a "
			 "snapshot first to keep it."),
		       _("_Go"), on_go, row);
}

static void ask_delete(GSimpleAction *action, GVariant *parameter, gpointer row)
{
	g_autofree char *heading = quote(_("Delete “%s”?"), row_of(row)->name);

	tsr_dialog_ask(row, heading,
		       _("The machine and the other snapshots stay as they are. You cannot go to "
			 "this one any more."),
		       _("_Delete"), on_delete, row);
}

static void ask_rename(GSimpleAction *action, GVariant *parameter, gpointer row)
{
	tsr_dialog_ask_title(row, _("Rename the snapshot"), row_of(row)->name, _("_Rename"),
			     on_rename, row);
}

static void ask_note(GSimpleAction *action, GVariant *parameter, gpointer row)
{
	tsr_dialog_ask_note(row, _("Note"), row_of(row)->note, _("_Save"), on_note, row);
}

static void ask_clone(GSimpleAction *action, GVariant *parameter, gpointer row)
{
	g_autofree char *title = quote(_("Clone of %s"), row_of(row)->name);

	tsr_dialog_ask_title(row, _("Clone that shares the disks"), title, _("_Clone"), on_clone,
			     row);
}

/* -- The list */

static void on_picture(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GtkImage) image = data;
	g_autoptr(GdkTexture) texture = tsr_picture_finish(result, NULL);

	if (!texture)
		return;
	gtk_widget_remove_css_class(GTK_WIDGET(image), NO_PICTURE);
	gtk_widget_set_size_request(GTK_WIDGET(image), -1, -1);
	gtk_image_set_pixel_size(image, PICTURE_SIZE);
	gtk_image_set_from_paintable(image, GDK_PAINTABLE(texture));
}

/* Twice as large as it is shown, for displays with a scale of 2. */
static void on_png(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GtkImage) image = data;
	g_autoptr(GBytes) png = g_file_load_bytes_finish(G_FILE(source), result, NULL, NULL);

	if (png)
		tsr_picture_load(png, 2 * PICTURE_SIZE, NULL, on_picture, g_steal_pointer(&image));
}

static GtkWidget *picture_new(TsrSnapshots *self, const struct tsr_snapshot *s)
{
	GtkWidget *image = gtk_image_new_from_icon_name("computer-symbolic");
	g_autoptr(GFile) file = g_file_new_for_path(s->picture);

	gtk_image_set_pixel_size(GTK_IMAGE(image), ICON_SIZE);
	gtk_widget_set_size_request(image, PICTURE_SIZE, PICTURE_SIZE * 3 / 4);
	gtk_widget_set_valign(image, GTK_ALIGN_CENTER);
	gtk_widget_set_margin_top(image, MARGIN);
	gtk_widget_set_margin_bottom(image, MARGIN);
	gtk_widget_add_css_class(image, NO_PICTURE);
	gtk_widget_set_margin_start(image, (int)(s->depth * INDENT));
	gtk_accessible_update_property(GTK_ACCESSIBLE(image), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       _("Picture of the screen"), -1);
	if (*s->picture)
		g_file_load_bytes_async(file, self->cancellable, on_png, g_object_ref(image));
	return image;
}

static GtkWidget *menu_new(TsrSnapshots *self, const struct tsr_snapshot *s)
{
	GtkWidget *button = gtk_menu_button_new();
	g_autofree char *label = quote(_("Menu of %s"), s->name);

	gtk_menu_button_set_icon_name(GTK_MENU_BUTTON(button), "view-more-symbolic");
	gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(button), self->menu);
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	gtk_widget_add_css_class(button, "flat");
	gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
				       -1);
	return button;
}

static void add_actions(TsrSnapshots *self, GtkWidget *widget, const struct tsr_snapshot *s)
{
	static const GActionEntry entries[] = {
		{ .name = "go", .activate = ask_go },
		{ .name = "clone", .activate = ask_clone },
		{ .name = "rename", .activate = ask_rename },
		{ .name = "note", .activate = ask_note },
		{ .name = "delete", .activate = ask_delete },
	};
	Row *row = g_new0(Row, 1);

	row->window = self;
	row->name = g_strdup(s->name);
	row->note = g_strdup(s->note);
	row->actions = g_simple_action_group_new();
	g_action_map_add_action_entries(G_ACTION_MAP(row->actions), entries, G_N_ELEMENTS(entries),
					widget);
	gtk_widget_insert_action_group(widget, "snapshot", G_ACTION_GROUP(row->actions));
	g_object_set_data_full(G_OBJECT(widget), ROW_DATA, row, row_free);
}

static GtkWidget *here_new(void)
{
	GtkWidget *label = gtk_label_new(_("Here"));

	gtk_widget_add_css_class(label, "accent");
	gtk_widget_add_css_class(label, "heading");
	return label;
}

static GtkWidget *row_new(TsrSnapshots *self, const struct tsr_snapshot *s)
{
	GtkWidget *row = adw_action_row_new();
	g_autofree char *title = g_markup_escape_text(s->name, -1),
			*subtitle = g_strjoin("\n", s->details, *s->note ? s->note : NULL, NULL),
			*escaped = g_markup_escape_text(subtitle, -1);

	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
	adw_action_row_set_subtitle(ADW_ACTION_ROW(row), escaped);
	adw_action_row_add_prefix(ADW_ACTION_ROW(row), picture_new(self, s));
	if (s->is_current)
		adw_action_row_add_suffix(ADW_ACTION_ROW(row), here_new());
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), menu_new(self, s));
	gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, s->name,
				       GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
				       s->is_current ? _("the machine is here") : s->details, -1);
	add_actions(self, row, s);
	return row;
}

static void show_list(TsrSnapshots *self, const char *text)
{
	g_autoptr(GPtrArray) snapshots = tsr_snapshots_parse(text);
	GtkWidget *child;

	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self->list))))
		gtk_list_box_remove(self->list, child);
	for (guint i = 0; i < snapshots->len; i++)
		gtk_list_box_append(self->list, row_new(self, g_ptr_array_index(snapshots, i)));
	gtk_stack_set_visible_child_name(self->pages, snapshots->len ? "list" : "empty");
	update(self);
}

static void on_list(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrSnapshots) self = data;
	g_autoptr(GError) why = NULL;
	g_autofree char *text = tsr_snapshots_run_finish(result, &why);

	if (g_cancellable_is_cancelled(self->cancellable))
		return;
	if (text)
		show_list(self, text);
	else
		tsr_dialog_tell(GTK_WIDGET(self), _("The snapshots cannot be read"), why->message);
}

static void read_list(TsrSnapshots *self)
{
	static const char *const words[] = { "list", "--gvariant", NULL };

	tsr_snapshots_run(self->machine, words, self->cancellable, on_list, g_object_ref(self));
}

/* -- What can be done now */

static void enable(GSimpleActionGroup *group, const char *name, gboolean enabled)
{
	GAction *action = g_action_map_lookup_action(G_ACTION_MAP(group), name);

	g_simple_action_set_enabled(G_SIMPLE_ACTION(action), enabled);
}

static void update_row(TsrSnapshots *self, const Row *row)
{
	static const char *const always[] = { "clone", "rename", "note" };
	const gboolean alive = tsr_library_machine_is_alive(self->machine);

	for (guint i = 0; i < G_N_ELEMENTS(always); i++)
		enable(row->actions, always[i], !self->busy);
	enable(row->actions, "go", !self->busy && !alive);
	enable(row->actions, "delete", !self->busy && !alive);
}

static void update(TsrSnapshots *self)
{
	TsrLibraryState state = tsr_library_machine_get_state(self->machine);

	for (GtkWidget *row = gtk_widget_get_first_child(GTK_WIDGET(self->list)); row;
	     row = gtk_widget_get_next_sibling(row))
		if (row_of(row))
			update_row(self, row_of(row));
	enable(self->actions, "take",
	       !self->busy && (state == TSR_LIBRARY_OFF || state == TSR_LIBRARY_SUSPENDED ||
			       state == TSR_LIBRARY_RUNNING || state == TSR_LIBRARY_PAUSED));
}

static void on_state_changed(GObject *machine, GParamSpec *property, gpointer data)
{
	update(data);
}

/* -- Life cycle */

GtkWidget *tsr_snapshots_new(GtkWindow *over, TsrLibraryMachine *machine)
{
	TsrSnapshots *self = g_object_new(TSR_TYPE_SNAPSHOTS, "transient-for", over, NULL);
	g_autofree char *title =
		quote(_("Snapshots of %s"), tsr_library_machine_get_title(machine));

	gtk_window_set_title(GTK_WINDOW(self), title);
	self->machine = g_object_ref(machine);
	g_signal_connect_object(machine, "notify::state", G_CALLBACK(on_state_changed), self, 0);
	update(self);
	read_list(self);
	return GTK_WIDGET(self);
}

static void tsr_snapshots_dispose(GObject *object)
{
	TsrSnapshots *self = TSR_SNAPSHOTS(object);

	g_cancellable_cancel(self->cancellable);
	g_clear_object(&self->machine);
	g_clear_object(&self->actions);
	G_OBJECT_CLASS(tsr_snapshots_parent_class)->dispose(object);
}

static void tsr_snapshots_finalize(GObject *object)
{
	TsrSnapshots *self = TSR_SNAPSHOTS(object);

	g_object_unref(self->cancellable);
	G_OBJECT_CLASS(tsr_snapshots_parent_class)->finalize(object);
}

/* What is under way goes on, but nobody is told. */
static gboolean tsr_snapshots_close_request(GtkWindow *window)
{
	g_cancellable_cancel(TSR_SNAPSHOTS(window)->cancellable);
	return GTK_WINDOW_CLASS(tsr_snapshots_parent_class)->close_request(window);
}

static void tsr_snapshots_class_init(TsrSnapshotsClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = tsr_snapshots_dispose;
	G_OBJECT_CLASS(class)->finalize = tsr_snapshots_finalize;
	GTK_WINDOW_CLASS(class)->close_request = tsr_snapshots_close_request;
	gtk_widget_class_set_template_from_resource(widget, "/org/tessera/Tessera/snapshots.ui");
	gtk_widget_class_bind_template_child(widget, TsrSnapshots, pages);
	gtk_widget_class_bind_template_child(widget, TsrSnapshots, list);
	gtk_widget_class_bind_template_child(widget, TsrSnapshots, spinner);
	gtk_widget_class_bind_template_child(widget, TsrSnapshots, take_button);
	gtk_widget_class_bind_template_child_full(widget, "snapshot_menu", FALSE,
						  G_STRUCT_OFFSET(TsrSnapshots, menu));
}

static void tsr_snapshots_init(TsrSnapshots *self)
{
	static const GActionEntry entries[] = { { .name = "take", .activate = do_take } };

	self->cancellable = g_cancellable_new();
	self->actions = g_simple_action_group_new();
	g_action_map_add_action_entries(G_ACTION_MAP(self->actions), entries, G_N_ELEMENTS(entries),
					self);
	gtk_widget_insert_action_group(GTK_WIDGET(self), "snapshots",
				       G_ACTION_GROUP(self->actions));
	gtk_widget_init_template(GTK_WIDGET(self));
}
