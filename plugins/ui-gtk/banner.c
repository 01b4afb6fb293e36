/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A banner over the screen that says what is wrong with the machine: a device or back end that
 * cannot do its work, a guest whose processor shut down. It shows the last of them, until the user
 * closes it.
 */
#include "ui.h"

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
		g_strdup_printf("%s of this machine has failed: %s.", instance, what);

	show(ui, text);
}

static void on_device_fault(TsrMachine *machine, const char *instance, const char *what,
			    gpointer data)
{
	show_fault(data, instance, what);
}

static void on_guest_panicked(TsrMachine *machine, const char *why, gpointer data)
{
	g_autofree char *text =
		g_strdup_printf("The guest's processor has shut down: %s. The machine was reset or "
				"stopped.",
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
void ui_banner_look_back(struct ui *ui)
{
	g_auto(GStrv) instances = tsr_machine_list_instances(ui->machine);

	for (char **name = instances; *name; name++) {
		g_autofree char *fault =
			tsr_machine_get_instance_property(ui->machine, *name, "fault", NULL);

		if (fault && *fault)
			show_fault(ui, *name, fault);
	}
}

G_GNUC_END_IGNORE_DEPRECATIONS
