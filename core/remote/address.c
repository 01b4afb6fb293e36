/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See address.h. Both sides have this file: the library as a client, the program as a server. */
#include "remote/address.h"

#include <string.h>
#include <sys/un.h>

#include <tessera-glib/machine.h>

#define CONNECT_SECONDS 10
#define CONNECT_PAUSE_MS 20

const char *tsr_remote_socket_path(const char *where)
{
	return g_str_has_prefix(where, "unix:") ? where + strlen("unix:") : where;
}

char *tsr_remote_address(const char *where, GError **error)
{
	const char *path = tsr_remote_socket_path(where);
	g_autofree char *absolute = g_canonicalize_filename(path, NULL);
	g_autofree char *escaped = g_dbus_address_escape_value(absolute);

	if (*path && strlen(absolute) < sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return g_strdup_printf("unix:path=%s", escaped);
	g_set_error(
		error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
		"\"%s\" is not a control socket: give unix:PATH, with a path of at most 107 bytes",
		where);
	return NULL;
}

/* A connection to a socket whose queue of new clients is full fails with EAGAIN. */
static GDBusConnection *connect_patiently(const char *address, GDBusConnectionFlags flags,
					  GError **error)
{
	gint64 until = g_get_monotonic_time() + CONNECT_SECONDS * G_TIME_SPAN_SECOND;

	for (;;) {
		g_autoptr(GError) why = NULL;
		GDBusConnection *connection = g_dbus_connection_new_for_address_sync(
			address, flags | G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL,
			&why);

		if (connection)
			return connection;
		if (!g_error_matches(why, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ||
		    g_get_monotonic_time() > until) {
			g_propagate_error(error, g_steal_pointer(&why));
			return NULL;
		}
		g_usleep(CONNECT_PAUSE_MS * 1000);
	}
}

GDBusConnection *tsr_remote_connect(const char *where, GDBusConnectionFlags flags, GError **error)
{
	g_autofree char *address = tsr_remote_address(where, error);
	g_autoptr(GError) why = NULL;
	GDBusConnection *connection;

	if (!address)
		return NULL;
	connection = connect_patiently(address, flags, &why);
	if (connection)
		g_dbus_connection_set_exit_on_close(connection, FALSE);
	else
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
			    "no machine answers at %s: %s", where, why->message);
	return connection;
}

void tsr_remote_register_errors(void)
{
	static const GDBusErrorEntry errors[] = {
		{ TSR_MACHINE_ERROR_FAILED, "org.tessera.Error.Failed" },
		{ TSR_MACHINE_ERROR_INVALID, "org.tessera.Error.Invalid" },
		{ TSR_MACHINE_ERROR_NOT_FOUND, "org.tessera.Error.NotFound" },
		{ TSR_MACHINE_ERROR_STATE, "org.tessera.Error.State" },
		{ TSR_MACHINE_ERROR_IO, "org.tessera.Error.Io" },
		{ TSR_MACHINE_ERROR_VERSION, "org.tessera.Error.Version" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(errors); i++)
		g_dbus_error_register_error(TSR_MACHINE_ERROR, errors[i].error_code,
					    errors[i].dbus_error_name);
}
