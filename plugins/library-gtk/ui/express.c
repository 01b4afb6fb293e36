/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See express.h. */
#include "ui/express.h"

#include "model/answers.h"
#include "model/installer.h"
#include "model/text.h"

struct _TsrExpress {
	AdwPreferencesGroup parent;
	GCancellable *cancellable; /* of the look at the disc */

	GtkSwitch *wanted_switch;
	GtkLabel *problem_label;
	AdwEntryRow *full_name_row, *user_name_row, *password_row, *host_name_row;
	AdwExpanderRow *place_row;
	AdwEntryRow *locale_row, *keymap_row, *time_zone_row, *mirror_row;
};

enum { PROP_READY = 1, N_PROPS };

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE(TsrExpress, tsr_express, ADW_TYPE_PREFERENCES_GROUP)

/* -- The answers */

static char *text_of(AdwEntryRow *row)
{
	return g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(row))));
}

static void get_answers(TsrExpress *self, struct tsr_answers *answers)
{
	*answers = (struct tsr_answers){
		.full_name = text_of(self->full_name_row),
		.user_name = text_of(self->user_name_row),
		.password = g_strdup(gtk_editable_get_text(GTK_EDITABLE(self->password_row))),
		.host_name = text_of(self->host_name_row),
		.locale = text_of(self->locale_row),
		.keymap = text_of(self->keymap_row),
		.time_zone = text_of(self->time_zone_row),
		.mirror = text_of(self->mirror_row),
	};
}

static void set_text(AdwEntryRow *row, const char *text)
{
	gtk_editable_set_text(GTK_EDITABLE(row), text);
}

static void propose(TsrExpress *self)
{
	struct tsr_answers answers;

	tsr_answers_propose(&answers);
	set_text(self->full_name_row, answers.full_name);
	set_text(self->user_name_row, answers.user_name);
	set_text(self->host_name_row, answers.host_name);
	set_text(self->locale_row, answers.locale);
	set_text(self->keymap_row, answers.keymap);
	set_text(self->time_zone_row, answers.time_zone);
	set_text(self->mirror_row, answers.mirror);
	tsr_answers_clear(&answers);
}

static gboolean is_wanted(TsrExpress *self)
{
	return gtk_widget_get_visible(GTK_WIDGET(self)) &&
	       gtk_switch_get_active(self->wanted_switch);
}

gboolean tsr_express_get_ready(TsrExpress *self)
{
	struct tsr_answers answers;
	gboolean ready;

	if (!is_wanted(self))
		return TRUE;
	get_answers(self, &answers);
	ready = tsr_answers_check(&answers) == NULL;
	tsr_answers_clear(&answers);
	return ready;
}

char *tsr_express_write(TsrExpress *self, GError **error)
{
	g_autofree char *hash = NULL;
	struct tsr_answers answers;
	char *text = NULL;

	if (!is_wanted(self))
		return NULL;
	get_answers(self, &answers);
	hash = tsr_installer_hash(answers.password, error);
	if (hash)
		text = tsr_answers_write(&answers, hash);
	tsr_answers_clear(&answers);
	return text;
}

/* -- What is shown */

static void show_place(TsrExpress *self)
{
	g_autofree char *text = g_strdup_printf(
				"%s · %s · %s · %s",
				gtk_editable_get_text(GTK_EDITABLE(self->locale_row)),
				gtk_editable_get_text(GTK_EDITABLE(self->keymap_row)),
				gtk_editable_get_text(GTK_EDITABLE(self->time_zone_row)),
				gtk_editable_get_text(GTK_EDITABLE(self->mirror_row))),
			*escaped = g_markup_escape_text(text, -1);

	adw_expander_row_set_subtitle(self->place_row, escaped);
}

static void update(TsrExpress *self)
{
	gboolean wanted = is_wanted(self);
	GtkWidget *const rows[] = {
		GTK_WIDGET(self->full_name_row), GTK_WIDGET(self->user_name_row),
		GTK_WIDGET(self->password_row),  GTK_WIDGET(self->host_name_row),
		GTK_WIDGET(self->place_row),
	};
	struct tsr_answers answers;
	const char *problem;

	get_answers(self, &answers);
	problem = wanted ? tsr_answers_check(&answers) : NULL;
	tsr_answers_clear(&answers);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		gtk_widget_set_visible(rows[i], wanted);
	gtk_label_set_text(self->problem_label, problem ? problem : "");
	gtk_widget_set_visible(GTK_WIDGET(self->problem_label), problem != NULL);
	show_place(self);
	g_object_notify_by_pspec(G_OBJECT(self), properties[PROP_READY]);
}

static void on_changed(GtkEditable *row, gpointer data)
{
	update(data);
}

static void on_wanted(GtkSwitch *wanted, GParamSpec *spec, gpointer data)
{
	TsrExpress *self = data;

	update(self);
	if (gtk_switch_get_active(wanted))
		gtk_widget_grab_focus(GTK_WIDGET(self->full_name_row));
}

/* -- The disc */

static void find_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	GError *error = NULL;

	if (tsr_installer_find(data, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void on_found(GObject *source, GAsyncResult *result, gpointer data)
{
	TsrExpress *self = TSR_EXPRESS(source);

	/* FALSE also when another disc was chosen meanwhile, or the wizard is gone. */
	if (!g_task_propagate_boolean(G_TASK(result), NULL))
		return;
	gtk_widget_set_visible(GTK_WIDGET(self), TRUE);
	update(self);
}

void tsr_express_set_disc(TsrExpress *self, const char *disc)
{
	g_autoptr(GTask) task = NULL;

	g_cancellable_cancel(self->cancellable);
	g_clear_object(&self->cancellable);
	gtk_widget_set_visible(GTK_WIDGET(self), FALSE);
	gtk_switch_set_active(self->wanted_switch, FALSE);
	update(self);
	if (!disc)
		return;
	self->cancellable = g_cancellable_new();
	task = g_task_new(self, self->cancellable, on_found, NULL);
	g_task_set_task_data(task, g_strdup(disc), g_free);
	g_task_run_in_thread(task, find_on_thread);
}

/* -- The widget */

static void tsr_express_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
	if (id == PROP_READY)
		g_value_set_boolean(value, tsr_express_get_ready(TSR_EXPRESS(object)));
	else
		G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void tsr_express_dispose(GObject *object)
{
	TsrExpress *self = TSR_EXPRESS(object);

	g_cancellable_cancel(self->cancellable);
	g_clear_object(&self->cancellable);
	G_OBJECT_CLASS(tsr_express_parent_class)->dispose(object);
}

static void tsr_express_class_init(TsrExpressClass *class)
{
	GObjectClass *object = G_OBJECT_CLASS(class);
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	object->get_property = tsr_express_get_property;
	object->dispose = tsr_express_dispose;
	properties[PROP_READY] = g_param_spec_boolean("ready", NULL, NULL, TRUE,
						      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
	g_object_class_install_properties(object, N_PROPS, properties);
	gtk_widget_class_set_template_from_resource(widget, "/org/tessera/Tessera/express.ui");
	gtk_widget_class_bind_template_child(widget, TsrExpress, wanted_switch);
	gtk_widget_class_bind_template_child(widget, TsrExpress, problem_label);
	gtk_widget_class_bind_template_child(widget, TsrExpress, full_name_row);
	gtk_widget_class_bind_template_child(widget, TsrExpress, user_name_row);
	gtk_widget_class_bind_template_child(widget, TsrExpress, password_row);
	gtk_widget_class_bind_template_child(widget, TsrExpress, host_name_row);
	gtk_widget_class_bind_template_child(widget, TsrExpress, place_row);
	gtk_widget_class_bind_template_child(widget, TsrExpress, locale_row);
	gtk_widget_class_bind_template_child(widget, TsrExpress, keymap_row);
	gtk_widget_class_bind_template_child(widget, TsrExpress, time_zone_row);
	gtk_widget_class_bind_template_child(widget, TsrExpress, mirror_row);
	gtk_widget_class_bind_template_callback(widget, on_changed);
	gtk_widget_class_bind_template_callback(widget, on_wanted);
}

static void tsr_express_init(TsrExpress *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	propose(self);
}
