/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See snapshot-method.h. */
#include "control/snapshot-method.h"

#include <gio/gunixfdlist.h>
#include <unistd.h>

/* A descriptor of the message, which the caller closes; -1: it has no such. */
static int take(GUnixFDList *files, gint32 handle)
{
	if (!files || handle < 0 || handle >= g_unix_fd_list_get_length(files))
		return -1;
	return g_unix_fd_list_get(files, handle, NULL);
}

/* NULL: one of them is not in the message. */
static GUnixFDList *take_layers(GUnixFDList *files, GVariant *handles)
{
	g_autoptr(GUnixFDList) layers = g_unix_fd_list_new();
	GVariantIter iter;
	gint32 handle;

	g_variant_iter_init(&iter, handles);
	while (g_variant_iter_next(&iter, "h", &handle)) {
		int fd = take(files, handle), added = -1;

		if (fd >= 0) {
			added = g_unix_fd_list_append(layers, fd, NULL);
			close(fd);
		}
		if (added < 0)
			return NULL;
	}
	return g_steal_pointer(&layers);
}

void tsr_control_snapshot(TsrControlled *self, GVariant *arguments,
			  GDBusMethodInvocation *invocation)
{
	GUnixFDList *files =
		g_dbus_message_get_unix_fd_list(g_dbus_method_invocation_get_message(invocation));
	g_autofree const char **disks = NULL, **paths = NULL;
	g_autoptr(GVariant) handles = NULL;
	g_autoptr(GUnixFDList) layers = NULL;
	g_autoptr(GError) error = NULL;
	const char *name;
	gint32 handle;
	int state;

	g_variant_get(arguments, "(h&s^a&s^a&s@ah)", &handle, &name, &disks, &paths, &handles);
	layers = take_layers(files, handles);
	state = take(files, handle);
	if (state < 0 || !layers)
		g_set_error(&error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "the message has no such descriptor");
	else
		tsr_machine_snapshot_fd(self->machine, state, name, disks, paths, layers, &error);
	if (state >= 0)
		close(state);
	if (error)
		g_dbus_method_invocation_return_gerror(invocation, error);
	else
		g_dbus_method_invocation_return_value(invocation, NULL);
}
