/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Suspending the machine to a file and ending it, and its power button. A machine whose folder is
 * known is suspended to where the library looks for it; any other, to a file that the user names.
 */
#include "ui.h"

/* -- Suspending */

/* The guest goes on where it was when the state cannot be written. */
static gboolean call_suspend(TsrMachine *machine, gpointer path, GError **error)
{
	gboolean ran = tsr_machine_get_state(machine) == TSR_MACHINE_RUNNING;
	g_autofree char *why = g_strdup_printf("it is suspended in %s", (char *)path);

	if (ran && !tsr_machine_pause(machine, error))
		return FALSE;
	if (!tsr_machine_save(machine, path, error)) {
		if (ran)
			tsr_machine_resume(machine, NULL);
		return FALSE;
	}
	tsr_machine_stop(machine, TSR_EXIT_POWERED_OFF, why);
	return TRUE;
}

static void on_suspended(struct ui *ui, gpointer path, const GError *error)
{
	ui_actions_enable(ui, "suspend", TRUE);
	if (error)
		ui_window_tell(ui, _("The machine could not be suspended, and goes on"), error);
}

static void suspend_to(struct ui *ui, const char *path)
{
	ui_actions_enable(ui, "suspend", FALSE);
	ui_window_toast(ui, _("The machine is being suspended…"));
	ui_calls_make(ui->calls, call_suspend, on_suspended, g_strdup(path), g_free);
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
		suspend_to(ui, g_file_peek_path(file));
	g_object_unref(dialog);
}

static void ask_where(struct ui *ui)
{
	GtkFileChooserNative *dialog =
		gtk_file_chooser_native_new(_("Suspend to File"), ui->window,
					    GTK_FILE_CHOOSER_ACTION_SAVE, _("_Suspend"), NULL);

	gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), "suspended.state");
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_file_response), ui->window, 0);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

G_GNUC_END_IGNORE_DEPRECATIONS

void ui_power_suspend(struct ui *ui)
{
	if (*ui->suspend_to)
		suspend_to(ui, ui->suspend_to);
	else
		ask_where(ui);
}

static void on_suspend(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	ui_power_suspend(data);
}

/* -- The power button */

/* The first instance that has one. */
static gboolean find_button(TsrMachine *machine, gpointer found, GError **error)
{
	g_auto(GStrv) names = tsr_machine_list_instances(machine);

	for (char **name = names; *name; name++) {
		g_autofree char *value =
			tsr_machine_get_instance_property(machine, *name, "power-button", NULL);

		if (value && !*(char **)found)
			*(char **)found = g_strdup(*name);
	}
	return TRUE;
}

static void on_button_found(struct ui *ui, gpointer found, const GError *error)
{
	ui->button = g_steal_pointer((char **)found);
	ui_actions_enable(ui, "shut-down", ui->button != NULL);
}

static void found_free(gpointer found)
{
	g_free(*(char **)found);
	g_free(found);
}

static gboolean call_button(TsrMachine *machine, gpointer instance, GError **error)
{
	return tsr_machine_set_instance_property(machine, instance, "power-button", "true", error);
}

static void on_pressed(struct ui *ui, gpointer instance, const GError *error)
{
	if (error)
		ui_window_tell(ui, _("The power button could not be pressed"), error);
	else
		ui_window_toast(ui, _("The guest was asked to shut down."));
}

static void on_shut_down(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	struct ui *ui = data;

	ui_calls_make(ui->calls, call_button, on_pressed, g_strdup(ui->button), g_free);
}

void ui_power_add(struct ui *ui)
{
	static const GActionEntry entries[] = {
		{ .name = "suspend", .activate = on_suspend },
		{ .name = "shut-down", .activate = on_shut_down },
	};

	g_action_map_add_action_entries(G_ACTION_MAP(ui->actions), entries, G_N_ELEMENTS(entries),
					ui);
	ui_actions_enable(ui, "shut-down", FALSE);
	ui_calls_make(ui->calls, find_button, on_button_found, g_new0(char *, 1), found_free);
}
