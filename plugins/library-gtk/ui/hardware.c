/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See hardware.h. The list is filled anew when the draft has been judged; the details only when
 * their part is another one than before, so that nothing is taken from under the user's keys. */
#include "ui/hardware.h"

#include "model/text.h"
#include "ui/dialogs.h"
#include "ui/hardware-add.h"
#include "ui/hardware-part.h"
#include "ui/hardware-row.h"
#include "ui/wiring.h"

#define WINDOW_DATA "hardware-window" /* of a machine: its window, not owned */

struct _TsrHardwareWindow {
	AdwWindow parent;
	TsrLibraryMachine *machine;
	TsrHardware *hardware;
	GSimpleActionGroup *actions;
	char *shown;     /* the part whose details are shown; "": the memory; NULL: none */
	char *signature; /* of what is shown */
	gboolean may_close, is_filling;
	gboolean is_new; /* what is shown was just added: its row shall be seen */

	AdwToastOverlay *toasts;
	GtkStack *pages;
	AdwStatusPage *damage_page;
	GtkListBox *list;
	GtkStack *views; /* details, wiring */
	AdwBin *details, *wiring;
	GtkToggleButton *wiring_button;
	GtkSpinner *spinner;
	GtkRevealer *message_revealer;
	GtkLabel *message;
	GtkWidget *show_button, *discard_button, *add_button, *save_button;
};

G_DEFINE_FINAL_TYPE(TsrHardwareWindow, tsr_hardware_window, ADW_TYPE_WINDOW)

static gboolean is_alive(TsrHardwareWindow *self)
{
	return tsr_library_machine_is_alive(self->machine);
}

/* -- Details */

static TsrWiringView *wiring_of(TsrHardwareWindow *self)
{
	GtkWidget *view = adw_bin_get_child(self->wiring);

	return view ? TSR_WIRING_VIEW(view) : NULL;
}

static void show_details(TsrHardwareWindow *self, const char *part)
{
	g_autofree char *name = g_strdup(part),
			*signature = *name ? tsr_hardware_part_signature(self->hardware, name)
					   : g_strdup_printf(
						     "%d", tsr_hardware_can_change(self->hardware));

	if (wiring_of(self))
		tsr_wiring_view_select(wiring_of(self), name);
	if (g_strcmp0(self->shown, name) == 0 && g_strcmp0(self->signature, signature) == 0)
		return;
	g_free(self->shown);
	g_free(self->signature);
	self->shown = g_steal_pointer(&name);
	self->signature = g_steal_pointer(&signature);
	if (!self->signature)
		adw_bin_set_child(self->details, NULL);
	else if (*self->shown)
		adw_bin_set_child(self->details, tsr_hardware_part_new(self->hardware, self->shown,
								       is_alive(self)));
	else
		adw_bin_set_child(self->details,
				  tsr_hardware_memory_new(self->hardware, is_alive(self)));
}

static void on_row_selected(GtkListBox *list, GtkListBoxRow *row, gpointer data)
{
	TsrHardwareWindow *self = data;

	if (row && !self->is_filling)
		show_details(self, tsr_hardware_row_part(row));
}

/* -- The list */

static void clear_list(TsrHardwareWindow *self)
{
	GtkWidget *child;

	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self->list))))
		gtk_list_box_remove(self->list, child);
}

static void select_shown(TsrHardwareWindow *self)
{
	GtkWidget *row = gtk_widget_get_first_child(GTK_WIDGET(self->list)), *first = row;

	while (row && g_strcmp0(tsr_hardware_row_part(GTK_LIST_BOX_ROW(row)), self->shown) != 0)
		row = gtk_widget_get_next_sibling(row);
	gtk_list_box_select_row(self->list, GTK_LIST_BOX_ROW(row ? row : first));
	show_details(self, tsr_hardware_row_part(GTK_LIST_BOX_ROW(row ? row : first)));
}

static gboolean has_focus(TsrHardwareWindow *self)
{
	GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(self));

	return focus && gtk_widget_is_ancestor(focus, GTK_WIDGET(self->list));
}

static void fill_list(TsrHardwareWindow *self)
{
	const struct tsr_parts *parts = tsr_hardware_get_parts(self->hardware);
	const gboolean focus = has_focus(self);
	g_autofree char *memory = g_strdup(parts->memory);

	self->is_filling = TRUE;
	clear_list(self);
	gtk_list_box_append(self->list, tsr_hardware_memory_row_new(memory));
	for (guint i = 0; i < parts->parts->len; i++) {
		const struct tsr_part *part = g_ptr_array_index(parts->parts, i);

		if (part->exists)
			gtk_list_box_append(self->list, tsr_hardware_row_new(self->hardware, part));
	}
	select_shown(self);
	if (focus || self->is_new)
		gtk_widget_grab_focus(GTK_WIDGET(gtk_list_box_get_selected_row(self->list)));
	self->is_filling = FALSE;
	self->is_new = FALSE;
}

/* -- The picture of the wiring, which is made while it is shown */

static void on_chosen(TsrWiringView *view, const char *part, gpointer data)
{
	TsrHardwareWindow *self = data;
	g_autofree char *name = g_strdup(part);

	show_details(self, name);
	select_shown(self);
}

/* Its process answers. */
static gboolean runs(TsrHardwareWindow *self)
{
	TsrLibraryState state = tsr_library_machine_get_state(self->machine);

	return state == TSR_LIBRARY_RUNNING || state == TSR_LIBRARY_PAUSED;
}

static void fill_wiring(TsrHardwareWindow *self)
{
	const struct tsr_parts *parts = tsr_hardware_get_parts(self->hardware);
	TsrWiringView *old = wiring_of(self);
	g_autofree char *focused = old ? g_strdup(tsr_wiring_view_get_focused(old)) : NULL;
	GtkWidget *view = NULL;

	if (parts && gtk_toggle_button_get_active(self->wiring_button)) {
		view = tsr_wiring_view_new(parts, tsr_hardware_get_catalogue(self->hardware));
		tsr_wiring_view_select(TSR_WIRING_VIEW(view), self->shown);
		if (runs(self))
			tsr_wiring_view_watch(TSR_WIRING_VIEW(view),
					      tsr_library_machine_get_program(self->machine),
					      tsr_library_machine_get_socket(self->machine));
		g_signal_connect_object(view, "chosen", G_CALLBACK(on_chosen), self, 0);
	}
	adw_bin_set_child(self->wiring, view);
	if (view && focused)
		tsr_wiring_view_focus(TSR_WIRING_VIEW(view), focused);
	gtk_stack_set_visible_child_name(self->views, view ? "wiring" : "details");
}

static void on_wiring_toggled(GtkToggleButton *button, gpointer data)
{
	fill_wiring(data);
}

/* -- What it says */

static void enable(TsrHardwareWindow *self, const char *name, gboolean enabled)
{
	GAction *action = g_action_map_lookup_action(G_ACTION_MAP(self->actions), name);

	g_simple_action_set_enabled(G_SIMPLE_ACTION(action), enabled);
}

static void show_message(TsrHardwareWindow *self)
{
	const char *problem = tsr_hardware_get_problem(self->hardware);
	const gboolean is_read = tsr_hardware_get_parts(self->hardware) != NULL,
		       is_suspended = is_read && !tsr_hardware_can_change(self->hardware);

	if (is_suspended)
		problem = _("This machine is suspended: its state belongs to the parts as they "
			    "are. Resume it and shut it down, or discard its state, to change "
			    "them.");
	else if (!problem && is_read && is_alive(self))
		problem = _("This machine is running. What it cannot take while it does is "
			    "changed at its next start; you are told when you save.");
	gtk_widget_set_visible(self->discard_button, is_suspended);
	gtk_label_set_text(self->message, problem ? problem : "");
	gtk_revealer_set_reveal_child(self->message_revealer, problem != NULL);
	gtk_widget_set_visible(self->show_button, tsr_hardware_get_blamed(self->hardware) != NULL);
}

static void update(TsrHardwareWindow *self)
{
	const char *damage = tsr_hardware_get_damage(self->hardware);
	const gboolean busy = tsr_hardware_is_busy(self->hardware),
		       can = tsr_hardware_can_change(self->hardware);

	gtk_spinner_set_spinning(self->spinner, busy);
	show_message(self);
	enable(self, "add", can);
	enable(self, "save",
	       can && !busy && tsr_hardware_is_changed(self->hardware) &&
		       !tsr_hardware_get_problem(self->hardware));
	if (damage) {
		g_autofree char *escaped = g_markup_escape_text(damage, -1);

		adw_status_page_set_description(self->damage_page, escaped);
		gtk_stack_set_visible_child_name(self->pages, "damaged");
		gtk_revealer_set_reveal_child(self->message_revealer, FALSE);
	} else if (tsr_hardware_get_parts(self->hardware)) {
		if (!busy) {
			fill_list(self);
			fill_wiring(self);
		}
		gtk_stack_set_visible_child_name(self->pages, "parts");
	}
}

static void on_changed(TsrHardware *hardware, gpointer data)
{
	update(data);
}

static void on_state_changed(GObject *machine, GParamSpec *property, gpointer data)
{
	TsrHardwareWindow *self = data;

	g_clear_pointer(&self->signature, g_free); /* what changes at once is another now */
	update(self);
}

/* -- Actions */

static void on_added(TsrHardwareAdd *dialog, const char *part, gpointer data)
{
	TsrHardwareWindow *self = data;

	g_free(self->shown);
	self->shown = g_strdup(part);
	self->is_new = TRUE;
	g_clear_pointer(&self->signature, g_free);
}

static void do_add(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	TsrHardwareWindow *self = data;
	GtkWidget *dialog = tsr_hardware_add_new(GTK_WINDOW(self), self->hardware);

	g_signal_connect_object(dialog, "added", G_CALLBACK(on_added), self, 0);
	gtk_window_present(GTK_WINDOW(dialog));
}

static void do_show_problem(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	TsrHardwareWindow *self = data;
	const char *blamed = tsr_hardware_get_blamed(self->hardware);

	if (!blamed)
		return;
	show_details(self, blamed);
	select_shown(self);
	gtk_widget_grab_focus(GTK_WIDGET(gtk_list_box_get_selected_row(self->list)));
}

static void on_discard_state(gpointer machine)
{
	tsr_library_machine_discard_state(machine);
}

static void do_discard_state(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	TsrHardwareWindow *self = data;
	g_autofree char *heading = g_strdup_printf(_("Discard the suspended state of “%s”?"),
						   tsr_library_machine_get_title(self->machine));

	tsr_dialog_ask(GTK_WIDGET(self), heading,
		       _("The machine will start as after a power failure. What the guest had not "
			 "saved is lost."),
		       _("_Discard"), on_discard_state, self->machine);
}

static void on_saved(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrHardwareWindow) self = data;
	g_autoptr(GError) why = NULL;
	g_autofree char *sentence = tsr_hardware_save_finish(result, &why);

	if (!gtk_widget_get_visible(GTK_WIDGET(self)))
		return;
	if (!sentence)
		tsr_dialog_tell(GTK_WIDGET(self), _("The parts were not saved"), why->message);
	else if (is_alive(self))
		tsr_dialog_tell(GTK_WIDGET(self), _("Saved"), sentence);
	else
		adw_toast_overlay_add_toast(self->toasts, adw_toast_new(sentence));
}

static void do_save(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	TsrHardwareWindow *self = data;

	tsr_hardware_save(self->hardware, on_saved, g_object_ref(self));
}

/* -- Closing */

static void on_discard(gpointer window)
{
	TSR_HARDWARE_WINDOW(window)->may_close = TRUE;
	gtk_window_close(window);
}

static gboolean tsr_hardware_window_close_request(GtkWindow *window)
{
	TsrHardwareWindow *self = TSR_HARDWARE_WINDOW(window);

	if (tsr_hardware_is_changed(self->hardware) && !self->may_close) {
		tsr_dialog_ask(GTK_WIDGET(self), _("Discard the changes?"),
			       _("The machine stays as it was before."), _("_Discard"), on_discard,
			       self);
		return GDK_EVENT_STOP;
	}
	tsr_hardware_close(self->hardware);
	return GTK_WINDOW_CLASS(tsr_hardware_window_parent_class)->close_request(window);
}

/* -- Life cycle */

static TsrHardwareWindow *window_new(GtkApplication *application, GtkWindow *over,
				     TsrLibraryMachine *machine)
{
	TsrHardwareWindow *self = g_object_new(TSR_TYPE_HARDWARE_WINDOW, "application", application,
					       "transient-for", over, NULL);
	g_autofree char *title =
		g_strdup_printf(_("Hardware of %s"), tsr_library_machine_get_title(machine));

	gtk_window_set_title(GTK_WINDOW(self), title);
	self->machine = g_object_ref(machine);
	self->hardware = tsr_hardware_new(machine);
	g_signal_connect_object(self->hardware, "changed", G_CALLBACK(on_changed), self, 0);
	g_signal_connect_object(machine, "notify::state", G_CALLBACK(on_state_changed), self, 0);
	g_object_set_data(G_OBJECT(machine), WINDOW_DATA, self);
	update(self);
	return self;
}

void tsr_hardware_window_present(GtkApplication *application, GtkWindow *over,
				 TsrLibraryMachine *machine)
{
	TsrHardwareWindow *self = g_object_get_data(G_OBJECT(machine), WINDOW_DATA);

	if (!self)
		self = window_new(application, over, machine);
	gtk_window_present(GTK_WINDOW(self));
}

static void tsr_hardware_window_dispose(GObject *object)
{
	TsrHardwareWindow *self = TSR_HARDWARE_WINDOW(object);

	if (self->machine)
		g_object_set_data(G_OBJECT(self->machine), WINDOW_DATA, NULL);
	if (self->hardware)
		tsr_hardware_close(self->hardware);
	g_clear_object(&self->hardware);
	g_clear_object(&self->machine);
	g_clear_object(&self->actions);
	G_OBJECT_CLASS(tsr_hardware_window_parent_class)->dispose(object);
}

static void tsr_hardware_window_finalize(GObject *object)
{
	TsrHardwareWindow *self = TSR_HARDWARE_WINDOW(object);

	g_free(self->shown);
	g_free(self->signature);
	G_OBJECT_CLASS(tsr_hardware_window_parent_class)->finalize(object);
}

static void tsr_hardware_window_class_init(TsrHardwareWindowClass *class)
{
	static const struct {
		const char *name;
		gssize offset;
	} children[] = {
#define CHILD(name) { #name, G_STRUCT_OFFSET(TsrHardwareWindow, name) }
		CHILD(toasts),         CHILD(pages),
		CHILD(damage_page),    CHILD(list),
		CHILD(details),        CHILD(spinner),
		CHILD(message),        CHILD(show_button),
		CHILD(discard_button), CHILD(message_revealer),
		CHILD(add_button),     CHILD(save_button),
		CHILD(views),          CHILD(wiring),
		CHILD(wiring_button),
#undef CHILD
	};
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = tsr_hardware_window_dispose;
	G_OBJECT_CLASS(class)->finalize = tsr_hardware_window_finalize;
	GTK_WINDOW_CLASS(class)->close_request = tsr_hardware_window_close_request;
	gtk_widget_class_set_template_from_resource(widget, "/org/tessera/Tessera/hardware.ui");
	for (guint i = 0; i < G_N_ELEMENTS(children); i++)
		gtk_widget_class_bind_template_child_full(widget, children[i].name, FALSE,
							  children[i].offset);
}

static void tsr_hardware_window_init(TsrHardwareWindow *self)
{
	static const GActionEntry entries[] = {
		{ .name = "add", .activate = do_add },
		{ .name = "save", .activate = do_save },
		{ .name = "show-problem", .activate = do_show_problem },
		{ .name = "discard-state", .activate = do_discard_state },
	};

	self->actions = g_simple_action_group_new();
	g_action_map_add_action_entries(G_ACTION_MAP(self->actions), entries, G_N_ELEMENTS(entries),
					self);
	gtk_widget_insert_action_group(GTK_WIDGET(self), "hardware", G_ACTION_GROUP(self->actions));
	gtk_widget_init_template(GTK_WIDGET(self));
	g_signal_connect(self->list, "row-selected", G_CALLBACK(on_row_selected), self);
	g_signal_connect(self->wiring_button, "toggled", G_CALLBACK(on_wiring_toggled), self);
}
