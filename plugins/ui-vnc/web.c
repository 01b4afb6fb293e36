/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A page that shows the machine in a browser: a small HTTP server (RFC 9112) for our page and the
 * files of noVNC, one request for a connection. All files are read at start, so that nothing is
 * opened later and no path of the host is looked up for a stranger. They are no secret; the
 * WebSocket is, and its address has a token of 128 random bits that is printed at start. A request
 * for it stays in the socket, where libvncserver reads it.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gio/gio.h>
#include <tessera/error.h>

#include "vnc.h"

#define HEAD_MOST 4095              /* bytes of a request; libvncserver takes no more either */
#define FILES_MOST ((gsize)8 << 20) /* bytes in all */
#define DEPTH_MOST 5
#define TOKEN_BYTES 16
#define SOCKET_PATH "/ws/"
#define RESOURCES "/org/tessera/ui-vnc/"
#define SEND_MS 10000

struct vnc_web {
	GHashTable *files; /* path: GBytes */
	gsize size;        /* of all */
	char token[2 * TOKEN_BYTES + 1];
};

/* -- Files */

static void add(struct vnc_web *web, const char *path, GBytes *bytes)
{
	web->size += g_bytes_get_size(bytes);
	g_hash_table_insert(web->files, g_strdup(path), bytes);
}

static bool add_resource(struct vnc_web *web, const char *path, const char *name)
{
	g_autofree char *from = g_strconcat(RESOURCES, name, NULL);
	GBytes *bytes = g_resources_lookup_data(from, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

	if (bytes)
		add(web, path, bytes);
	return bytes != NULL;
}

static void add_file(struct vnc_web *web, const char *path, const char *file)
{
	char *text;
	gsize length;

	if (g_file_get_contents(file, &text, &length, NULL))
		add(web, path, g_bytes_new_take(text, length));
}

/* Scripts in the folder and below. */
static void add_folder(struct vnc_web *web, const char *path, const char *folder, int depth)
{
	GDir *dir = depth ? g_dir_open(folder, 0, NULL) : NULL;
	const char *name;

	while (dir && web->size < FILES_MOST && (name = g_dir_read_name(dir))) {
		g_autofree char *below = g_strconcat(path, "/", name, NULL);
		g_autofree char *file = g_build_filename(folder, name, NULL);

		if (g_file_test(file, G_FILE_TEST_IS_DIR))
			add_folder(web, below, file, depth - 1);
		else if (g_str_has_suffix(name, ".js"))
			add_file(web, below, file);
	}
	if (dir)
		g_dir_close(dir);
}

static bool add_novnc(struct vnc_web *web, const char *folder, struct tsr_error *error)
{
	static const char *const parts[] = { "core", "vendor" };

	for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *path = g_strconcat("/novnc/", parts[i], NULL);
		g_autofree char *from = g_build_filename(folder, parts[i], NULL);

		add_folder(web, path, from, DEPTH_MOST);
	}
	if (g_hash_table_contains(web->files, "/novnc/core/rfb.js"))
		return true;
	return tsr_error_set(error, TSR_ERROR_NOT_FOUND,
			     "%s has no noVNC (core/rfb.js): install the package novnc, or name "
			     "its folder with novnc=FOLDER",
			     folder);
}

/* -- Answers, on the thread of a connection */

struct connection {
	int socket, wake;
	const gint *ending; /* atomic */
};

static bool wait(const struct connection *c, short events, int milliseconds)
{
	struct pollfd files[] = { { .fd = c->socket, .events = events },
				  { .fd = c->wake, .events = POLLIN } };

	return poll(files, G_N_ELEMENTS(files), milliseconds) > 0 && !g_atomic_int_get(c->ending);
}

static bool send_all(const struct connection *c, const void *data, gsize length)
{
	const char *at = data;

	while (length) {
		ssize_t n = send(c->socket, at, length, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0) {
			at += n;
			length -= (gsize)n;
		} else if (n == 0 || (errno != EAGAIN && errno != EINTR) ||
			   !wait(c, POLLOUT, SEND_MS)) {
			return false;
		}
	}
	return true;
}

static const char *type_of(const char *path)
{
	if (g_str_has_suffix(path, ".js"))
		return "text/javascript";
	return g_str_has_suffix(path, ".css") ? "text/css" : "text/html";
}

static void answer(const struct connection *c, const char *status, const char *type,
		   const void *body, gsize length)
{
	g_autofree char *head = g_strdup_printf(
		"HTTP/1.1 %s\r\nContent-Type: %s; charset=utf-8\r\n"
		"Content-Length: %" G_GSIZE_FORMAT "\r\nConnection: close\r\n"
		"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
		"Referrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\n"
		"Content-Security-Policy: default-src 'self'; img-src 'self' data:; "
		"connect-src 'self' ws: wss:; style-src 'self' 'unsafe-inline'\r\n\r\n",
		status, type, length);

	if (send_all(c, head, strlen(head)))
		send_all(c, body, length);
}

static void answer_file(const struct vnc_web *web, const struct connection *c, const char *path)
{
	GBytes *file = g_hash_table_lookup(web->files, path);
	static const char none[] = "There is no such page.\n";

	if (file)
		answer(c, "200 OK", type_of(path), g_bytes_get_data(file, NULL),
		       g_bytes_get_size(file));
	else
		answer(c, "404 Not Found", "text/plain", none, strlen(none));
}

/* -- Requests, on the thread of a connection */

/* All of the head, which stays in the socket; its length, or 0. */
static gsize peek_head(const struct connection *c, char head[HEAD_MOST + 1])
{
	while (wait(c, POLLIN, -1)) {
		ssize_t n = recv(c->socket, head, HEAD_MOST, MSG_PEEK | MSG_DONTWAIT);
		const char *end;

		if (n == 0 || n == HEAD_MOST || (n < 0 && errno != EAGAIN))
			return 0;
		head[MAX(n, 0)] = '\0';
		end = strstr(head, "\r\n\r\n");
		if (end)
			return (gsize)(end - head) + 4;
		g_usleep(10 * 1000); /* the rest is to come */
	}
	return 0;
}

/* Takes as long whatever differs. */
static bool is_token(const struct vnc_web *web, const char *text)
{
	unsigned different = strlen(text) != 2 * TOKEN_BYTES;

	for (guint i = 0; !different && i < 2 * TOKEN_BYTES; i++)
		different |= (unsigned char)text[i] ^ (unsigned char)web->token[i];
	return !different;
}

/* (transfer full): the path of a GET without its query; NULL: something else. */
static char *path_of(const char *head)
{
	gsize length;

	if (!g_str_has_prefix(head, "GET /"))
		return NULL;
	head += strlen("GET ");
	length = strcspn(head, " ?#\r\n");
	return head[length] == '\r' || !head[length] ? NULL : g_strndup(head, length);
}

bool vnc_web_answer(const struct vnc_web *web, int socket, int wake, const gint *ending)
{
	const struct connection c = { socket, wake, ending };
	static const char wrong[] = "The token is wrong.\n";
	char head[HEAD_MOST + 1];
	gsize length = peek_head(&c, head);
	g_autofree char *path = length ? path_of(head) : NULL;

	if (!path)
		return false;
	if (g_str_has_prefix(path, SOCKET_PATH) && is_token(web, path + strlen(SOCKET_PATH)))
		return true;
	if (recv(socket, head, length, MSG_DONTWAIT) != (ssize_t)length)
		return false;
	if (g_str_has_prefix(path, SOCKET_PATH))
		answer(&c, "403 Forbidden", "text/plain", wrong, strlen(wrong));
	else
		answer_file(web, &c, path);
	shutdown(socket, SHUT_WR);
	return false;
}

/* -- Its life */

static bool make_token(struct vnc_web *web, struct tsr_error *error)
{
	unsigned char bytes[TOKEN_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return tsr_error_set(error, TSR_ERROR_FAILED,
				     "the host has no random numbers for a token");
	for (guint i = 0; i < TOKEN_BYTES; i++)
		g_snprintf(web->token + 2 * i, 3, "%02x", bytes[i]);
	return true;
}

char *vnc_web_address(const struct vnc_web *web, const char *where)
{
	return g_strdup_printf("http://%s/#%s", where, web->token);
}

struct vnc_web *vnc_web_new(const char *novnc, struct tsr_error *error)
{
	struct vnc_web *web = g_new0(struct vnc_web, 1);

	web->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					   (GDestroyNotify)g_bytes_unref);
	if (add_resource(web, "/", "page.html") && add_resource(web, "/page.css", "page.css") &&
	    add_resource(web, "/page.js", "page.js") && add_novnc(web, novnc, error) &&
	    make_token(web, error))
		return web;
	vnc_web_free(web);
	return NULL;
}

void vnc_web_free(struct vnc_web *web)
{
	if (!web)
		return;
	g_hash_table_unref(web->files);
	g_free(web);
}
