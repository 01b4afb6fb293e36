/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A banner over the screen that says what is wrong with the machine: a device or back end that
 * cannot do its work, a guest whose processor shut down. It shows the last of them, until the user
 * closes it.
 */
#include "ui.h"

struct fault {
	char *instance, *what; /* what: NULL, none */
};

G_GNUC_BEGIN_IGNORE_DEPRECATIONS /* GtkInfoBar since 4.10; AdwBanner would need libadwaita */

	static void
	show(struct ui *ui, const char *text)
{
	gtk_label_set_text(GTK_LABEL(ui->banner_label), text);
	gtk_widget_set_visible(ui->banner, TRUE);
	gtk_info_bar_set_revealed(GTK_INFO_BAR(ui->banner), TRUE);
}

static void show_fault(struct ui *ui, const char *instance, const char *what)
{
	g_autofree char *text =
		g_strdup_printf(_("%s of this machine has failed: %s."), instance, what);

	show(ui, text);
}

static void on_device_fault(TsrMachine *machine, const char *instance, const char *what,
			    gpointer data)
{
	show_fault(data, instance, what);
}

static void on_guest_panicked(TsrMachine *machine, const char *why, gpointer data)
{
	g_autofree char *text = g_strdup_printf(
		_("The guest's processor has shut down: %s. The machine was reset or "
		  "stopped."),
		why);

	show(data, text);
}

static void on_response(GtkInfoBar *bar, int response, gpointer data)
{
	gtk_info_bar_set_revealed(bar, FALSE);
	gtk_widget_set_visible(GTK_WIDGET(bar), FALSE);
}

GtkWidget *ui_banner_new(struct ui *ui)
{
	ui->banner = gtk_info_bar_new();
	ui->banner_label = gtk_label_new(NULL);
	gtk_label_set_wrap(GTK_LABEL(ui->banner_label), TRUE);
	gtk_label_set_xalign(GTK_LABEL(ui->banner_label), 0);
	gtk_widget_set_hexpand(ui->banner_label, TRUE);
	gtk_info_bar_add_child(GTK_INFO_BAR(ui->banner), ui->banner_label);
	gtk_info_bar_set_message_type(GTK_INFO_BAR(ui->banner), GTK_MESSAGE_WARNING);
	gtk_info_bar_set_show_close_button(GTK_INFO_BAR(ui->banner), TRUE);
	gtk_widget_set_valign(ui->banner, GTK_ALIGN_START);
	gtk_widget_set_visible(ui->banner, FALSE);
	g_signal_connect(ui->banner, "response", G_CALLBACK(on_response), ui);
	g_signal_connect(ui->machine, "device-fault", G_CALLBACK(on_device_fault), ui);
	g_signal_connect(ui->machine, "guest-panicked", G_CALLBACK(on_guest_panicked), ui);
	return ui->banner;
}

/* Back ends have the last fault in a property. */

static gboolean look_for_fault(TsrMachine *machine, gpointer data, GError **error)
{
	g_autoptr(GVariant) status = tsr_machine_get_status(machine);
	g_autoptr(GVariant) faults =
		g_variant_lookup_value(status, "faults", G_VARIANT_TYPE("a{ss}"));
	struct fault *fault = data;

	if (faults && g_variant_n_children(faults))
		g_variant_get_child(faults, g_variant_n_children(faults) - 1, "{ss}",
				    &fault->instance, &fault->what);
	return TRUE;
}

static void on_fault_found(struct ui *ui, gpointer data, const GError *error)
{
	struct fault *fault = data;

	if (fault->what)
		show_fault(ui, fault->instance, fault->what);
}

static void fault_free(gpointer data)
{
	struct fault *fault = data;

	g_free(fault->instance);
	g_free(fault->what);
	g_free(fault);
}

void ui_banner_look_back(struct ui *ui)
{
	ui_calls_make(ui->calls, look_for_fault, on_fault_found, g_new0(struct fault, 1),
		      fault_free);
}

G_GNUC_END_IGNORE_DEPRECATIONS
