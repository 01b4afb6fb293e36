/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What closing the window means: the user is asked, once or always, or the property decides. */
#include "ui.h"

static gboolean call_stop(TsrMachine *machine, gpointer data, GError **error)
{
	tsr_machine_stop(machine, TSR_EXIT_POWERED_OFF, "the window was closed");
	return TRUE;
}

void ui_closing_leave(struct ui *ui)
{
	gtk_widget_set_visible(GTK_WIDGET(ui->window), FALSE);
	ui->bus->emit(ui->host, "closed", NULL);
}

static void power_off(struct ui *ui)
{
	ui_calls_make(ui->calls, call_stop, NULL, NULL, NULL);
}

/* -- The questions */

static void do_response(struct ui *ui, const char *response)
{
	if (g_str_equal(response, "power-off"))
		power_off(ui);
	else if (g_str_equal(response, "suspend"))
		ui_power_suspend(ui);
	else if (g_str_equal(response, "leave"))
		ui_closing_leave(ui);
}

static void on_response(AdwMessageDialog *dialog, const char *response, gpointer window)
{
	struct ui *ui = ui_of_window(window);
	GtkWidget *remember = adw_message_dialog_get_extra_child(dialog);

	if (!ui)
		return;
	ui->dialog = NULL;
	if (remember && !g_str_equal(response, "cancel") &&
	    gtk_check_button_get_active(GTK_CHECK_BUTTON(remember)))
		ui_settings_set(ui->settings, UI_SETTING_CLOSING, response);
	do_response(ui, response);
}

/* NULL: it is asked already. */
static AdwMessageDialog *begin(struct ui *ui, const char *heading, const char *body)
{
	AdwMessageDialog *dialog;

	ui_grab_release(ui);
	if (ui->dialog) {
		gtk_window_present(GTK_WINDOW(ui->dialog));
		return NULL;
	}
	dialog = ADW_MESSAGE_DIALOG(adw_message_dialog_new(ui->window, NULL, body));
	ui->dialog = GTK_WIDGET(dialog);
	adw_message_dialog_format_heading(dialog, heading, ui->title);
	adw_message_dialog_add_response(dialog, "cancel", _("_Cancel"));
	adw_message_dialog_set_default_response(dialog, "cancel");
	adw_message_dialog_set_close_response(dialog, "cancel");
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_response), ui->window, 0);
	return dialog;
}

/* No control has the keyboard at first, so that Return gives the default answer; it would set the
 * check mark, which comes first, or give another answer. */
static void show(AdwMessageDialog *dialog)
{
	gtk_window_present(GTK_WINDOW(dialog));
	gtk_window_set_focus(GTK_WINDOW(dialog), NULL);
}

static void add_power_off(AdwMessageDialog *dialog)
{
	adw_message_dialog_add_response(dialog, "power-off", _("_Power Off"));
	adw_message_dialog_set_response_appearance(dialog, "power-off", ADW_RESPONSE_DESTRUCTIVE);
}

void ui_closing_ask_power_off(struct ui *ui)
{
	AdwMessageDialog *dialog =
		begin(ui, _("Power off “%s”?"),
		      _("The machine stops at once, as if it were unplugged. What the guest has "
			"not saved is lost."));

	if (!dialog)
		return;
	add_power_off(dialog);
	show(dialog);
}

static void ask_what(struct ui *ui)
{
	AdwMessageDialog *dialog = begin(
		ui, _("Close the window of “%s”?"),
		_("The machine can go on without a window, or be suspended and go on later where "
		  "it was. When it is powered off, what the guest has not saved is lost."));

	if (!dialog)
		return;
	adw_message_dialog_add_response(dialog, "leave", _("_Leave Running"));
	adw_message_dialog_add_response(dialog, "suspend", _("_Suspend"));
	add_power_off(dialog);
	adw_message_dialog_set_extra_child(
		dialog, gtk_check_button_new_with_mnemonic(_("_Do the same from now on")));
	show(dialog);
}

/* -- Closing */

/* What the user wants once and for all. */
static void close_as_preferred(struct ui *ui)
{
	const char *preferred = ui_settings_get(ui->settings, UI_SETTING_CLOSING);

	if (g_str_equal(preferred, "ask"))
		ask_what(ui);
	else if (g_str_equal(preferred, "power-off"))
		ui_closing_ask_power_off(ui);
	else
		do_response(ui, preferred);
}

/* A machine in the window's process would go on without any. */
static gboolean on_close_request(GtkWindow *window, gpointer data)
{
	struct ui *ui = data;

	if (!ui->machine)
		return FALSE;
	if (tsr_machine_get_state(ui->machine) == TSR_MACHINE_STOPPED)
		ui_closing_leave(ui);
	else if (g_str_equal(ui->closing, "leave"))
		ui_closing_leave(ui);
	else if (g_str_equal(ui->closing, "power-off") || !*ui->control)
		ui_closing_ask_power_off(ui);
	else
		close_as_preferred(ui);
	return TRUE;
}

void ui_closing_add(struct ui *ui)
{
	g_signal_connect(ui->window, "close-request", G_CALLBACK(on_close_request), ui);
}
