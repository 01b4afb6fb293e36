/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See display-methods.h. */
#include "control/display-methods.h"

#include <gio/gunixfdlist.h>

GVariant *tsr_control_refresh_display(TsrControlled *self, GVariant *arguments, GError **error)
{
	guint n = tsr_machine_get_n_displays(self->machine), display;
	TsrFrame frame = { 0 };
	gboolean newer;

	g_variant_get(arguments, "(ut)", &display, &frame.serial);
	if (display >= n) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
			    "the machine has no display %u; it has %u displays", display, n);
		return NULL;
	}
	newer = tsr_machine_refresh_display(self->machine, display, &frame);
	return g_variant_new("(bt(uu)(uuuu))", newer, frame.serial, frame.width, frame.height,
			     frame.damage_x, frame.damage_y, frame.damage_width,
			     frame.damage_height);
}

void tsr_control_open_display(TsrControlled *self, GVariant *arguments,
			      GDBusMethodInvocation *invocation)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GUnixFDList) list = NULL;
	guint display;
	int file;

	g_variant_get(arguments, "(u)", &display);
	file = tsr_machine_open_display(self->machine, display, &error);
	if (file < 0) {
		g_dbus_method_invocation_return_gerror(invocation, error);
		return;
	}
	list = g_unix_fd_list_new_from_array(&file, 1); /* takes it */
	g_dbus_method_invocation_return_value_with_unix_fd_list(invocation, g_variant_new("(h)", 0),
								list);
}
