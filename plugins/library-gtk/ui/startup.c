/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See startup.h. On X11 the token has the time of the click, by which window managers know that
 * nobody steals the focus; on Wayland the compositor gives it out (xdg-activation). */
#include "ui/startup.h"

void tsr_startup_open_window(GtkWidget *over, TsrLibraryMachine *machine)
{
	g_autoptr(GdkAppLaunchContext) context =
		gdk_display_get_app_launch_context(gtk_widget_get_display(over));
	g_autoptr(GAppInfo) viewer = g_app_info_create_from_commandline(
		"tessera view", tsr_library_machine_get_title(machine),
		G_APP_INFO_CREATE_SUPPORTS_STARTUP_NOTIFICATION, NULL);
	g_autofree char *token = viewer ? g_app_launch_context_get_startup_notify_id(
						  G_APP_LAUNCH_CONTEXT(context), viewer, NULL)
					: NULL;

	tsr_library_machine_open_window(machine, token);
}
