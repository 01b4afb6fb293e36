/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The row of the machine's devices below its screen. An icon lights up when its instance reports
 * the event "activity", or output; its popover has what can be done. The row is read again when a
 * medium has changed, after each change of the user's, and when a popover opens.
 */
#include "ui.h"

#include "devices.h"

#define LIT_MS 150u
#define LIT "accent"

static const struct {
	const char *icon, *name;
} kinds[] = {
	[UI_DEVICE_DISK] = { "drive-harddisk-symbolic", N_("Hard disk") },
	[UI_DEVICE_DISC] = { "media-optical-symbolic", N_("Disc drive") },
	[UI_DEVICE_NETWORK] = { "network-wired-symbolic", N_("Network") },
	[UI_DEVICE_SERIAL] = { "utilities-terminal-symbolic", N_("Serial line") },
};

static void read_again(struct ui *ui);

/* -- Changes */

struct change {
	char *instance, *property, *value;
};

static void change_free(gpointer data)
{
	struct change *change = data;

	g_free(change->instance);
	g_free(change->property);
	g_free(change->value);
	g_free(change);
}

static gboolean call_change(TsrMachine *machine, gpointer data, GError **error)
{
	struct change *change = data;

	return tsr_machine_set_instance_property(machine, change->instance, change->property,
						 change->value, error);
}

static void on_changed(struct ui *ui, gpointer data, const GError *error)
{
	struct change *change = data;
	g_autofree char *what = NULL;

	if (error && g_str_equal(change->property, "file"))
		what = *change->value ? g_strdup(_("The medium could not be inserted"))
				      : g_strdup(_("The medium could not be ejected"));
	else if (error)
		what = g_strdup(_("The cable could not be moved"));
	if (what)
		ui_window_tell(ui, what, error);
	read_again(ui);
}

static void change(struct ui *ui, const char *instance, const char *property, const char *value)
{
	struct change *change = g_new0(struct change, 1);

	change->instance = g_strdup(instance);
	change->property = g_strdup(property);
	change->value = g_strdup(value);
	ui_calls_make(ui->calls, call_change, on_changed, change, change_free);
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS /* GtkFileDialog is of 4.10 */

	static void
	on_file_response(GtkNativeDialog *dialog, int response, gpointer window)
{
	struct ui *ui = ui_of_window(window);
	g_autoptr(GFile) file = NULL;

	if (response == GTK_RESPONSE_ACCEPT)
		file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
	if (ui && file && g_file_peek_path(file))
		change(ui, g_object_get_data(G_OBJECT(dialog), "instance"), "file",
		       g_file_peek_path(file));
	g_object_unref(dialog);
}

static void on_insert(GtkWidget *button, gpointer window)
{
	const struct ui_device *device = g_object_get_data(G_OBJECT(button), "device");
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
		_("Insert a Medium"), window, GTK_FILE_CHOOSER_ACTION_OPEN, _("_Insert"), NULL);

	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	g_object_set_data_full(G_OBJECT(dialog), "instance", g_strdup(device->instance), g_free);
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_file_response), window, 0);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

G_GNUC_END_IGNORE_DEPRECATIONS

static void on_eject(GtkWidget *button, gpointer window)
{
	const struct ui_device *device = g_object_get_data(G_OBJECT(button), "device");

	change(ui_of_window(window), device->instance, "file", "");
}

static void on_cable(GtkWidget *button, gpointer window)
{
	const struct ui_device *device = g_object_get_data(G_OBJECT(button), "device");

	change(ui_of_window(window), device->instance, "link",
	       device->is_inside ? "false" : "true");
}

/* -- A file that is dropped onto the window goes into its first drive */

static gboolean on_drop(GtkDropTarget *target, const GValue *value, double x, double y,
			gpointer data)
{
	struct ui *ui = data;
	const char *path = g_file_peek_path(g_value_get_object(value));

	for (guint i = 0; path && ui->devices && i < ui->devices->len; i++) {
		const struct ui_device *device = g_ptr_array_index(ui->devices, i);

		if (device->kind != UI_DEVICE_DISC)
			continue;
		change(ui, device->instance, "file", path);
		return TRUE;
	}
	return FALSE;
}

/* -- Popovers */

static GtkWidget *add_button(struct ui *ui, GtkWidget *box, const struct ui_device *device,
			     const char *label, GCallback clicked)
{
	GtkWidget *button = gtk_button_new_with_mnemonic(label);

	g_object_set_data(G_OBJECT(button), "device", (gpointer)device);
	g_signal_connect_object(button, "clicked", clicked, ui->window, 0);
	gtk_box_append(GTK_BOX(box), button);
	return button;
}

static char *describe(const struct ui_device *device)
{
	if (device->kind == UI_DEVICE_NETWORK)
		return g_strdup(device->is_inside ? _("Cable plugged in") : _("Cable unplugged"));
	if (device->kind == UI_DEVICE_SERIAL)
		return g_strdup(_("Its console is beside the screen."));
	if (!device->is_inside)
		return g_strdup(_("No medium"));
	return g_filename_display_basename(device->file);
}

/* "Disc drive cdmedium0" */
static char *name_of(const struct ui_device *device)
{
	return g_strdup_printf("%s %s", _(kinds[device->kind].name), device->instance);
}

static GtkWidget *make_popover(struct ui *ui, const struct ui_device *device)
{
	GtkWidget *popover = gtk_popover_new();
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
	g_autofree char *name = name_of(device), *text = describe(device);
	GtkWidget *title = gtk_label_new(name), *what = gtk_label_new(text);

	gtk_widget_add_css_class(title, "heading");
	gtk_label_set_ellipsize(GTK_LABEL(what), PANGO_ELLIPSIZE_MIDDLE);
	gtk_label_set_max_width_chars(GTK_LABEL(what), 40);
	gtk_box_append(GTK_BOX(box), title);
	gtk_box_append(GTK_BOX(box), what);
	if (device->kind == UI_DEVICE_DISC)
		add_button(ui, box, device, _("_Insert…"), G_CALLBACK(on_insert));
	if (device->kind == UI_DEVICE_DISC && device->is_inside)
		add_button(ui, box, device, _("_Eject"), G_CALLBACK(on_eject));
	if (device->kind == UI_DEVICE_NETWORK)
		add_button(ui, box, device,
			   device->is_inside ? _("_Unplug the Cable") : _("_Plug the Cable In"),
			   G_CALLBACK(on_cable));
	gtk_popover_set_child(GTK_POPOVER(popover), box);
	return popover;
}

/* -- Icons */

static gboolean on_dark(gpointer icon)
{
	gtk_widget_remove_css_class(icon, LIT);
	g_object_set_data(icon, "lit", NULL);
	return G_SOURCE_REMOVE;
}

static void light(GtkWidget *icon)
{
	if (g_object_get_data(G_OBJECT(icon), "lit"))
		return;
	gtk_widget_add_css_class(icon, LIT);
	g_object_set_data(G_OBJECT(icon), "lit", icon);
	g_timeout_add_full(G_PRIORITY_LOW, LIT_MS, on_dark, g_object_ref(icon), g_object_unref);
}

static void on_event(TsrMachine *machine, const char *instance, const char *event,
		     const char *detail, gpointer data)
{
	struct ui *ui = data;
	GtkWidget *icon = g_hash_table_lookup(ui->icons, instance);

	if (g_str_equal(event, "media-changed"))
		read_again(ui);
	else if (icon && (g_str_equal(event, "activity") || g_str_equal(event, "output")))
		light(icon);
}

/* A drive without a medium and a cable that is unplugged are dim. */
static void add_icon(struct ui *ui, const struct ui_device *device)
{
	GtkWidget *button = gtk_menu_button_new();
	GtkWidget *icon = gtk_image_new_from_icon_name(kinds[device->kind].icon);
	g_autofree char *name = name_of(device), *text = describe(device);
	g_autofree char *tip = g_strdup_printf("%s: %s", name, text);

	gtk_menu_button_set_child(GTK_MENU_BUTTON(button), icon);
	gtk_menu_button_set_direction(GTK_MENU_BUTTON(button), GTK_ARROW_UP);
	gtk_menu_button_set_popover(GTK_MENU_BUTTON(button), make_popover(ui, device));
	gtk_widget_add_css_class(button, "flat");
	gtk_widget_set_focus_on_click(button, FALSE);
	gtk_widget_set_tooltip_text(button, tip);
	gtk_widget_set_opacity(icon, device->is_inside ? 1 : 0.4);
	gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
				       GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
	gtk_box_append(GTK_BOX(ui->row), button);
	g_hash_table_insert(ui->icons, g_strdup(device->instance), icon);
}

static void on_read(struct ui *ui, gpointer data, const GError *error)
{
	GtkWidget *child;

	g_hash_table_remove_all(ui->icons);
	while ((child = gtk_widget_get_first_child(ui->row)))
		gtk_box_remove(GTK_BOX(ui->row), child);
	g_clear_pointer(&ui->devices, g_ptr_array_unref);
	ui->devices = g_ptr_array_ref(data);
	for (guint i = 0; i < ui->devices->len; i++) {
		const struct ui_device *device = g_ptr_array_index(ui->devices, i);

		add_icon(ui, device);
		if (device->kind == UI_DEVICE_SERIAL)
			ui_console_add(ui, device->instance);
	}
}

static void read_again(struct ui *ui)
{
	ui_calls_make(ui->calls, ui_devices_list, on_read,
		      g_ptr_array_new_with_free_func(ui_device_free),
		      (GDestroyNotify)g_ptr_array_unref);
}

void ui_row_add(struct ui *ui)
{
	GtkDropTarget *drop = gtk_drop_target_new(G_TYPE_FILE, GDK_ACTION_COPY);

	ui->icons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_signal_connect(ui->machine, "event", G_CALLBACK(on_event), ui);
	g_signal_connect(drop, "drop", G_CALLBACK(on_drop), ui);
	gtk_widget_add_controller(GTK_WIDGET(ui->screen), GTK_EVENT_CONTROLLER(drop));
	read_again(ui);
}

void ui_row_remove(struct ui *ui)
{
	g_clear_pointer(&ui->icons, g_hash_table_unref);
	g_clear_pointer(&ui->devices, g_ptr_array_unref);
}
