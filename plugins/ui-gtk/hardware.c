/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The editor of the machine's parts. It is the library's (`tessera hardware FOLDER`), in a process
 * of its own. Only a machine that has a folder for itself has one: then the state goes there, too.
 */
#include <glib/gstdio.h>

#include "ui.h"

/* The program that this window is a process of. */
#define SELF "/proc/self/exe"

static void on_ended(GObject *source, GAsyncResult *result, gpointer window)
{
	struct ui *ui = ui_of_window(window);
	g_autoptr(GError) why = NULL;
	g_autofree char *said = NULL;

	g_subprocess_communicate_utf8_finish(G_SUBPROCESS(source), result, NULL, &said, &why);
	if (ui && (why || !g_subprocess_get_successful(G_SUBPROCESS(source))))
		ui_window_tell(ui, _("The hardware editor could not be opened"), why);
	g_object_unref(window);
}

static void on_hardware(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	struct ui *ui = data;
	g_autofree char *folder = g_path_get_dirname(ui->suspend_to),
			*program = g_file_read_link(SELF, NULL);
	g_autoptr(GError) why = NULL;
	g_autoptr(GSubprocess) process =
		program ? g_subprocess_new(G_SUBPROCESS_FLAGS_STDERR_PIPE, &why, program,
					   "hardware", folder, NULL)
			: NULL;

	if (process)
		g_subprocess_communicate_utf8_async(process, NULL, NULL, on_ended,
						    g_object_ref(ui->window));
	else
		ui_window_tell(ui, _("The hardware editor could not be opened"), why);
}

void ui_hardware_add(struct ui *ui)
{
	static const GActionEntry entries[] = { { .name = "hardware", .activate = on_hardware } };

	g_action_map_add_action_entries(G_ACTION_MAP(ui->actions), entries, G_N_ELEMENTS(entries),
					ui);
	ui_actions_enable(ui, "hardware", ui->suspend_to && *ui->suspend_to && *ui->control);
}
