/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The socket that viewers connect to. It is bound while the machine is built, which is before the
 * process may be confined. Addresses that other hosts can reach are refused without a password.
 */
#include <errno.h>
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tessera/error.h>

#include "../backends/unix-common/unix-listen.h"
#include "vnc.h"

#define UNIX_PREFIX "unix:"
#define DEFAULT_PORT 5900
#define BACKLOG 16

static const char *unix_path(const char *listen)
{
	return g_str_has_prefix(listen, UNIX_PREFIX) ? listen + strlen(UNIX_PREFIX) : NULL;
}

void vnc_listen_forget(const char *listen)
{
	const char *path = unix_path(listen);

	if (path)
		unlink(path);
}

/* -- TCP */

/* Only addresses in figures: a name could mean another host tomorrow. */
static GSocketAddress *parse_address(const char *text, struct tsr_error *error)
{
	g_autoptr(GSocketConnectable) place = g_network_address_parse(text, DEFAULT_PORT, NULL);
	GNetworkAddress *parsed = place ? G_NETWORK_ADDRESS(place) : NULL;
	const char *host = parsed ? g_network_address_get_hostname(parsed) : NULL;
	GSocketAddress *address = NULL;

	if (g_strcmp0(host, "localhost") == 0)
		host = "127.0.0.1";
	if (host)
		address = g_inet_socket_address_new_from_string(host,
								g_network_address_get_port(parsed));
	if (!address)
		tsr_error_set(error, TSR_ERROR_INVALID,
			      "listen=%s is neither ADDRESS:PORT, with an IPv4 address in figures "
			      "or an IPv6 address in brackets, nor unix:PATH",
			      text);
	return address;
}

static bool may_listen(GSocketAddress *address, bool has_password, struct tsr_error *error)
{
	GInetAddress *host = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address));

	if (has_password || g_inet_address_get_is_loopback(host))
		return true;
	return tsr_error_set(error, TSR_ERROR_INVALID,
			     "without a password only this host may connect: name the address "
			     "127.0.0.1 or ::1, or give password-file");
}

static int bind_tcp(GSocketAddress *address, const char *text, struct tsr_error *error)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GSocket) listener =
		g_socket_new(g_socket_address_get_family(address), G_SOCKET_TYPE_STREAM,
			     G_SOCKET_PROTOCOL_TCP, &why);
	int fd = -1;

	if (listener)
		g_socket_set_listen_backlog(listener, BACKLOG);
	if (listener && g_socket_bind(listener, address, TRUE, &why) &&
	    g_socket_listen(listener, &why))
		fd = dup(g_socket_get_fd(listener));
	if (fd < 0)
		tsr_error_set(error, TSR_ERROR_IO, "cannot listen on %s: %s", text,
			      why ? why->message : strerror(errno));
	return fd;
}

/* The port is the one that the host chose, if it was to. */
static char *describe(int fd)
{
	g_autoptr(GSocket) listener = g_socket_new_from_fd(dup(fd), NULL);
	g_autoptr(GSocketAddress) address =
		listener ? g_socket_get_local_address(listener, NULL) : NULL;

	return address ? g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(address)) : NULL;
}

static int listen_tcp(const char *text, bool has_password, char **where, struct tsr_error *error)
{
	g_autoptr(GSocketAddress) address = parse_address(text, error);
	int fd = -1;

	if (address && may_listen(address, has_password, error))
		fd = bind_tcp(address, text, error);
	if (fd >= 0)
		*where = describe(fd);
	return fd;
}

int vnc_listen(const char *listen, bool has_password, char **where, struct tsr_error *error)
{
	const char *path = unix_path(listen);
	int fd;

	if (!path)
		return listen_tcp(listen, has_password, where, error);
	fd = unix_listen(path, BACKLOG, true, error);
	if (fd >= 0)
		*where = g_strdup(listen);
	return fd;
}
