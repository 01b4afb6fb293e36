/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See hardware-control.h. Each control is a Control: the key of the part that it changes. Its name
 * for assistive technologies is what the command line calls it, PART.KEY. */
#include "ui/hardware-control.h"

#include <string.h>

#include "model/text.h"

typedef struct {
	TsrHardware *hardware;
	char *part, *key;
	char **values;  /* of a drop-down; "": none */
	GtkWidget *row; /* not owned */
} Control;

static void control_free(gpointer data, GClosure *closure)
{
	Control *c = data;

	g_object_unref(c->hardware);
	g_free(c->part);
	g_free(c->key);
	g_strfreev(c->values);
	g_free(c);
}

static Control *control_new(TsrHardware *hardware, const char *part, const char *key)
{
	Control *c = g_new0(Control, 1);

	c->hardware = g_object_ref(hardware);
	c->part = g_strdup(part);
	c->key = g_strdup(key);
	return c;
}

/* -- Edits */

static void set_property(const Control *c, const char *value)
{
	struct tsr_edit edit;

	tsr_hardware_edit(c->hardware, &edit);
	tsr_edit_set_property(&edit, c->part, c->key, value);
	tsr_hardware_edited(c->hardware);
}

static void on_switch(GtkSwitch *widget, GParamSpec *property, gpointer data)
{
	set_property(data, gtk_switch_get_active(widget) ? "true" : "false");
}

static void on_spin(GtkSpinButton *widget, gpointer data)
{
	g_autofree char *value = g_strdup_printf("%.0f", gtk_spin_button_get_value(widget));

	set_property(data, value);
}

static void on_entry(GtkEditable *widget, gpointer data)
{
	set_property(data, gtk_editable_get_text(widget));
}

static const char *chosen(GtkDropDown *widget, const Control *c)
{
	guint selected = gtk_drop_down_get_selected(widget);

	return selected < g_strv_length(c->values) ? c->values[selected] : "";
}

static void on_choice(GtkDropDown *widget, GParamSpec *property, gpointer data)
{
	set_property(data, chosen(widget, data));
}

static void on_connection(GtkDropDown *widget, GParamSpec *property, gpointer data)
{
	const Control *c = data;
	const char *other = chosen(widget, c);
	struct tsr_edit edit;

	tsr_hardware_edit(c->hardware, &edit);
	tsr_edit_connect(&edit, c->part, c->key, *other ? other : NULL);
	tsr_hardware_edited(c->hardware);
}

static void on_version(GtkDropDown *widget, GParamSpec *property, gpointer data)
{
	const Control *c = data;
	const char *range = chosen(widget, c);
	struct tsr_edit edit;

	tsr_hardware_edit(c->hardware, &edit);
	tsr_edit_set_version(&edit, c->part, *range ? range : NULL);
	tsr_hardware_edited(c->hardware);
}

static void on_key(GtkEditable *widget, gpointer data)
{
	const Control *c = data;
	const char *value = gtk_editable_get_text(widget);
	struct tsr_edit edit;

	tsr_hardware_edit(c->hardware, &edit);
	tsr_edit_set_key(&edit, c->part, c->key, *value ? value : NULL);
	tsr_hardware_edited(c->hardware);
}

static void on_memory(GtkSpinButton *widget, gpointer data)
{
	const Control *c = data;
	struct tsr_edit edit;

	tsr_hardware_edit(c->hardware, &edit);
	tsr_edit_set_memory(&edit, (guint)gtk_spin_button_get_value(widget));
	tsr_hardware_edited(c->hardware);
}

static void on_upgrades(GtkSwitch *widget, GParamSpec *property, gpointer data)
{
	const Control *c = data;
	struct tsr_edit edit;

	tsr_hardware_edit(c->hardware, &edit);
	tsr_edit_set_upgrades(&edit, gtk_switch_get_active(widget));
	tsr_hardware_edited(c->hardware);
}

static void on_remove(GtkButton *button, gpointer data)
{
	const Control *c = data;
	struct tsr_edit edit;

	tsr_hardware_edit(c->hardware, &edit);
	g_ptr_array_unref(tsr_edit_remove(&edit, c->part));
	tsr_hardware_edited(c->hardware);
}

/* -- Rows */

static void name_control(GtkWidget *widget, const Control *c)
{
	g_autofree char *name = g_strconcat(c->part, *c->part ? "." : "", c->key, NULL);

	gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
				       -1);
}

/* Takes the control, which lives as long as the widget's signal. */
static void add_control(const struct tsr_control_row *r, GtkWidget *widget, const char *signal,
			GCallback callback, Control *c)
{
	GtkWidget *row = adw_action_row_new();

	c->row = row;
	adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), r->title);
	adw_action_row_set_subtitle(ADW_ACTION_ROW(row), r->text);
	gtk_widget_set_valign(widget, GTK_ALIGN_CENTER);
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), widget);
	if (GTK_IS_SWITCH(widget))
		adw_action_row_set_activatable_widget(ADW_ACTION_ROW(row), widget);
	name_control(widget, c);
	g_signal_connect_data(widget, signal, callback, c, control_free, 0);
	adw_preferences_group_add(r->group, row);
}

static Control *control_of(const struct tsr_control_row *row)
{
	return control_new(row->hardware, row->part, row->key);
}

static GtkWidget *entry_new(const char *value)
{
	GtkWidget *entry = gtk_entry_new();

	gtk_editable_set_text(GTK_EDITABLE(entry), value);
	gtk_editable_set_width_chars(GTK_EDITABLE(entry), 20);
	return entry;
}

static void add_choice(const struct tsr_control_row *row, char **values, char **texts,
		       const char *value, GCallback callback)
{
	GtkWidget *widget = gtk_drop_down_new_from_strings((const char *const *)texts);
	Control *c = control_of(row);

	c->values = values;
	for (guint i = 0; values[i]; i++)
		if (g_str_equal(values[i], value))
			gtk_drop_down_set_selected(GTK_DROP_DOWN(widget), i);
	add_control(row, widget, "notify::selected", callback, c);
}

static void add_switch(const struct tsr_control_row *row, gboolean on, GCallback callback)
{
	GtkWidget *widget = gtk_switch_new();

	gtk_switch_set_active(GTK_SWITCH(widget), on);
	add_control(row, widget, "notify::active", callback, control_of(row));
}

static void add_spin(const struct tsr_control_row *row, const struct tsr_control_range *range,
		     GCallback callback)
{
	GtkWidget *widget = gtk_spin_button_new_with_range(range->min, range->max, 1);

	gtk_spin_button_set_value(GTK_SPIN_BUTTON(widget), range->value);
	add_control(row, widget, "value-changed", callback, control_of(row));
}

/* -- A button that chooses a file for an entry */

static void on_file_chosen(GtkNativeDialog *dialog, int response, gpointer entry)
{
	g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
	g_autofree char *path = file ? g_file_get_path(file) : NULL;

	if (response == GTK_RESPONSE_ACCEPT && path)
		gtk_editable_set_text(GTK_EDITABLE(entry), path);
	g_object_unref(dialog);
}

static void on_choose_file(GtkButton *button, gpointer entry)
{
	GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(button));
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
		_("File"), GTK_WINDOW(root), GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);

	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_file_chosen), entry, 0);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

static void add_chooser(const Control *c, GtkWidget *entry)
{
	GtkWidget *button = gtk_button_new_from_icon_name("document-open-symbolic");
	g_autofree char *name = g_strdup_printf(_("Choose %s.%s"), c->part, c->key);

	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	gtk_widget_add_css_class(button, "flat");
	gtk_widget_set_tooltip_text(button, _("Choose a file"));
	gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
				       -1);
	g_signal_connect(button, "clicked", G_CALLBACK(on_choose_file), entry);
	adw_action_row_add_suffix(ADW_ACTION_ROW(c->row), button);
}

/* -- Controls */

void tsr_control_add_switch(const struct tsr_control_row *row, gboolean on)
{
	add_switch(row, on, G_CALLBACK(on_switch));
}

void tsr_control_add_spin(const struct tsr_control_row *row, const struct tsr_control_range *range)
{
	add_spin(row, range, G_CALLBACK(on_spin));
}

void tsr_control_add_entry(const struct tsr_control_row *row, const char *value, gboolean is_file)
{
	GtkWidget *widget = entry_new(value);
	Control *c = control_of(row);

	add_control(row, widget, "changed", G_CALLBACK(on_entry), c);
	if (is_file)
		add_chooser(c, widget);
}

void tsr_control_add_choice(const struct tsr_control_row *row, char **values, char **texts,
			    const char *value)
{
	add_choice(row, values, texts, value, G_CALLBACK(on_choice));
}

void tsr_control_add_connection(const struct tsr_control_row *row, char **values, char **texts,
				const char *value)
{
	add_choice(row, values, texts, value, G_CALLBACK(on_connection));
}

void tsr_control_add_version(const struct tsr_control_row *row, char **values, char **texts,
			     const char *value)
{
	add_choice(row, values, texts, value, G_CALLBACK(on_version));
}

void tsr_control_add_key(const struct tsr_control_row *row, const char *value, const char *initial)
{
	GtkWidget *entry = entry_new(value);

	gtk_entry_set_placeholder_text(GTK_ENTRY(entry), initial);
	add_control(row, entry, "changed", G_CALLBACK(on_key), control_of(row));
}

void tsr_control_add_memory(const struct tsr_control_row *row,
			    const struct tsr_control_range *range)
{
	add_spin(row, range, G_CALLBACK(on_memory));
}

void tsr_control_add_upgrades(const struct tsr_control_row *row, gboolean on)
{
	add_switch(row, on, G_CALLBACK(on_upgrades));
}

GtkWidget *tsr_control_remove_new(TsrHardware *hardware, const char *part)
{
	g_autofree char *label = g_strdup_printf(_("Remove %s"), part);
	GtkWidget *button = gtk_button_new_with_label(label);

	g_signal_connect_data(button, "clicked", G_CALLBACK(on_remove),
			      control_new(hardware, part, ""), control_free, 0);
	return button;
}
