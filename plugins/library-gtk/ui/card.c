/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See card.h. The card follows its machine's properties, and asks nothing of it. */
#include "ui/card.h"

#include "model/text.h"
#include "ui/card-actions.h"
#include "ui/picture.h"
#include "ui/startup.h"

#define PICTURE_WIDTH 480 /* pixels: twice the card's, for displays with a scale of 2 */

struct _TsrLibraryCard {
	GtkFlowBoxChild parent;
	TsrLibraryMachine *machine;
	GSimpleActionGroup *actions;
	GCancellable *loading; /* of the picture */

	GtkPicture *picture;
	GtkImage *icon;
	GtkSpinner *spinner;
	GtkLabel *title_label, *state_label;
	GtkButton *main_button;
	GtkMenuButton *menu_button;
};

G_DEFINE_FINAL_TYPE(TsrLibraryCard, tsr_library_card, GTK_TYPE_FLOW_BOX_CHILD)

static const struct {
	const char *text;                /* of the state */
	const char *action;              /* of the button; NULL: it is hidden */
	const char *icon, *label, *name; /* the name for AT-SPI has the title */
	gboolean is_busy;
} looks[] = {
	[TSR_LIBRARY_OFF] = { N_("Off"), "machine.start", "media-playback-start-symbolic",
			      N_("Start"), N_("Start %s"), FALSE },
	[TSR_LIBRARY_STARTING] = { N_("Starting…"), NULL, NULL, NULL, NULL, TRUE },
	[TSR_LIBRARY_RUNNING] = { N_("Running"), "machine.suspend", "media-playback-pause-symbolic",
				  N_("Suspend"), N_("Suspend %s"), FALSE },
	[TSR_LIBRARY_PAUSED] = { N_("Paused"), "machine.resume", "media-playback-start-symbolic",
				 N_("Resume"), N_("Resume %s"), FALSE },
	[TSR_LIBRARY_SUSPENDING] = { N_("Suspending…"), NULL, NULL, NULL, NULL, TRUE },
	[TSR_LIBRARY_SUSPENDED] = { N_("Suspended"), "machine.resume",
				    "media-playback-start-symbolic", N_("Resume"), N_("Resume %s"),
				    FALSE },
	[TSR_LIBRARY_STOPPING] = { N_("Powering off…"), NULL, NULL, NULL, NULL, TRUE },
	[TSR_LIBRARY_DAMAGED] = { N_("Damaged"), NULL, NULL, NULL, NULL, FALSE },
};

/* -- Following the machine */

static void set_accessible_label(gpointer widget, const char *format, const char *title)
{
	g_autofree char *label = g_strdup_printf(format, title);

	gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
				       -1);
}

static void show_title(TsrLibraryCard *self)
{
	const char *title = tsr_library_machine_get_title(self->machine);

	gtk_label_set_text(self->title_label, title);
	gtk_widget_set_tooltip_text(GTK_WIDGET(self->title_label), title);
	set_accessible_label(self, "%s", title);
	set_accessible_label(self->menu_button, _("Menu of %s"), title);
}

/* Over the picture of a damaged machine, and where there is none. */
static void show_icon(TsrLibraryCard *self)
{
	gboolean is_damaged = tsr_library_machine_get_state(self->machine) == TSR_LIBRARY_DAMAGED;

	gtk_image_set_from_icon_name(self->icon,
				     is_damaged ? "dialog-warning-symbolic" : "computer-symbolic");
	gtk_widget_set_visible(GTK_WIDGET(self->icon),
			       is_damaged || !gtk_picture_get_paintable(self->picture));
}

static void show_button(TsrLibraryCard *self, TsrLibraryState state)
{
	const char *title = tsr_library_machine_get_title(self->machine);

	gtk_widget_set_visible(GTK_WIDGET(self->main_button), looks[state].action != NULL);
	gtk_actionable_set_action_name(GTK_ACTIONABLE(self->main_button), looks[state].action);
	if (!looks[state].action)
		return;
	gtk_button_set_icon_name(self->main_button, looks[state].icon);
	gtk_widget_set_tooltip_text(GTK_WIDGET(self->main_button), _(looks[state].label));
	set_accessible_label(self->main_button, _(looks[state].name), title);
}

/* What else there is to say about a state; NULL: nothing. */
static const char *remark_on(TsrLibraryCard *self, TsrLibraryState state)
{
	const char *problem = tsr_library_machine_get_problem(self->machine);

	if (problem || !tsr_library_machine_is_installing(self->machine))
		return problem;
	return state == TSR_LIBRARY_RUNNING ? _("installs its system")
					    : _("its system is not installed yet");
}

static void show_state(TsrLibraryCard *self)
{
	TsrLibraryState state = tsr_library_machine_get_state(self->machine);
	const char *problem = tsr_library_machine_get_problem(self->machine),
		   *remark = remark_on(self, state);
	g_autofree char *text = remark ? g_strdup_printf("%s · %s", _(looks[state].text), remark)
				       : g_strdup(_(looks[state].text));

	gtk_label_set_text(self->state_label, text);
	gtk_widget_set_tooltip_text(GTK_WIDGET(self->state_label), problem);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
				       text, -1);
	gtk_spinner_set_spinning(self->spinner, looks[state].is_busy);
	show_icon(self);
	show_button(self, state);
	/* A picture of the past is dimmed. */
	gtk_widget_set_opacity(GTK_WIDGET(self->picture),
			       state == TSR_LIBRARY_RUNNING || state == TSR_LIBRARY_PAUSED ? 1.0
											   : 0.5);
	tsr_card_actions_update(self->actions, self->machine);
}

static void on_picture(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrLibraryCard) self = data;
	g_autoptr(GError) why = NULL;
	g_autoptr(GdkTexture) texture = tsr_picture_finish(result, &why);

	if (g_error_matches(why, G_IO_ERROR, G_IO_ERROR_CANCELLED) || !self->machine)
		return;
	gtk_picture_set_paintable(self->picture, texture ? GDK_PAINTABLE(texture) : NULL);
	show_icon(self);
}

static void show_picture(TsrLibraryCard *self)
{
	GBytes *png = tsr_library_machine_get_picture(self->machine);

	if (self->loading)
		g_cancellable_cancel(self->loading);
	g_clear_object(&self->loading);
	if (!png) {
		gtk_picture_set_paintable(self->picture, NULL);
		show_icon(self);
		return;
	}
	self->loading = g_cancellable_new();
	tsr_picture_load(png, PICTURE_WIDTH, self->loading, on_picture, g_object_ref(self));
}

/* -- The widget */

void tsr_library_card_activate(TsrLibraryCard *self)
{
	TsrLibraryState state = tsr_library_machine_get_state(self->machine);

	if (state == TSR_LIBRARY_RUNNING)
		tsr_startup_open_window(GTK_WIDGET(self), self->machine);
	else if (looks[state].action)
		tsr_library_machine_start(self->machine);
}

GtkWidget *tsr_library_card_new(TsrLibraryMachine *machine)
{
	TsrLibraryCard *self = g_object_new(TSR_TYPE_LIBRARY_CARD, NULL);

	self->machine = g_object_ref(machine);
	self->actions = tsr_card_actions_new(GTK_WIDGET(self), machine);
	gtk_widget_insert_action_group(GTK_WIDGET(self), "machine", G_ACTION_GROUP(self->actions));
	g_signal_connect_object(machine, "notify::title", G_CALLBACK(show_title), self,
				G_CONNECT_SWAPPED);
	g_signal_connect_object(machine, "notify::state", G_CALLBACK(show_state), self,
				G_CONNECT_SWAPPED);
	g_signal_connect_object(machine, "notify::problem", G_CALLBACK(show_state), self,
				G_CONNECT_SWAPPED);
	g_signal_connect_object(machine, "notify::installing", G_CALLBACK(show_state), self,
				G_CONNECT_SWAPPED);
	g_signal_connect_object(machine, "notify::picture", G_CALLBACK(show_picture), self,
				G_CONNECT_SWAPPED);
	show_title(self);
	show_state(self);
	show_picture(self);
	return GTK_WIDGET(self);
}

static void tsr_library_card_dispose(GObject *object)
{
	TsrLibraryCard *self = TSR_LIBRARY_CARD(object);

	if (self->loading)
		g_cancellable_cancel(self->loading);
	g_clear_object(&self->loading);
	g_clear_object(&self->machine);
	g_clear_object(&self->actions);
	G_OBJECT_CLASS(tsr_library_card_parent_class)->dispose(object);
}

static void tsr_library_card_class_init(TsrLibraryCardClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = tsr_library_card_dispose;
	gtk_widget_class_set_template_from_resource(widget, "/org/tessera/Tessera/card.ui");
	gtk_widget_class_bind_template_child(widget, TsrLibraryCard, picture);
	gtk_widget_class_bind_template_child(widget, TsrLibraryCard, icon);
	gtk_widget_class_bind_template_child(widget, TsrLibraryCard, spinner);
	gtk_widget_class_bind_template_child(widget, TsrLibraryCard, title_label);
	gtk_widget_class_bind_template_child(widget, TsrLibraryCard, state_label);
	gtk_widget_class_bind_template_child(widget, TsrLibraryCard, main_button);
	gtk_widget_class_bind_template_child(widget, TsrLibraryCard, menu_button);
}

static void tsr_library_card_init(TsrLibraryCard *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
}
