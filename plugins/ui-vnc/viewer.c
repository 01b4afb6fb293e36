/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One connection. Its thread has a screen of libvncserver with this one client, so that nothing of
 * libvncserver is shared between threads but what is told below, and what waits for the viewer's
 * network, or computes for its encoding, delays no other. The picture is copied before it is
 * encoded: the guest goes on drawing into its display's memory, and the encoders of libvncserver
 * look at pixels more than once.
 *
 * Shared in libvncserver 0.9.14: the list of clients' mutex, which a new screen initializes anew
 * (so screens are made before threads run), and the list of security types, which a client that
 * connects changes without a lock (so that happens under one of ours).
 *
 * A web page may send what it likes to any port of its reader's host, and libvncserver takes
 * WebSockets where it expects RFB, so a connection that became one is closed, unless it came by
 * web.c, with a token.
 */
#include <poll.h>
#include <rfb/rfb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vnc.h"

#define FIRST_WIDTH 640
#define FIRST_HEIGHT 480
#define BYTES 4               /* of a pixel */
#define FIRST_PICTURE_MS 1000 /* until a viewer is told a size without one */
#define WAIT_MS 10000         /* for the viewer's network, in the middle of a message */
#define WRONG_PASSWORD_MS 2000
#define CHALLENGE 16     /* bytes, RFC 6143 7.2.2 */
#define VERSION_BYTES 12 /* RFC 6143 7.1.1 */

/* A picture that was not taken yet; pixels NULL: none. */
struct news {
	GBytes *pixels;
	guint width, height;
	guint left, top, right, bottom; /* what has changed; right and bottom are outside */
};

struct vnc_viewer {
	struct vnc_server *server;
	struct vnc_input *input;
	rfbScreenInfoPtr screen;
	int wake; /* an eventfd: there are news, or an end */
	/* the main loop */
	GThread *thread; /* NULL: not started */
	int hook;        /* the same connection, to end it */
	gint64 started_at;
	/* the thread */
	int socket;
	char *pixels; /* of the screen */
	bool knows_password;
	bool has_picture;
	bool is_told_size; /* of the picture since it was told one in the handshake */
	int told_width, told_height;
	/* both */
	gint ending, done, in; /* atomic */
	GMutex lock;
	struct news news; /* under the lock */
};

static GMutex security_types; /* see above */

/* -- What the viewer sends */

static void on_key(rfbBool down, rfbKeySym keysym, rfbClientPtr client)
{
	vnc_input_keysym(((struct vnc_viewer *)client->screen->screenData)->input, keysym, down);
}

static void on_pointer(int buttons, int x, int y, rfbClientPtr client)
{
	vnc_input_pointer(((struct vnc_viewer *)client->screen->screenData)->input,
			  (unsigned)buttons, x, y);
}

static void on_text(char *text, int length, rfbClientPtr client)
{
	if (length > 0)
		vnc_input_text(((struct vnc_viewer *)client->screen->screenData)->input, text,
			       (size_t)length);
}

/* A guess costs its connection two seconds, and there is a limited number of connections. */
static void wait_after_wrong_password(struct vnc_viewer *v)
{
	const gint64 until = g_get_monotonic_time() + WRONG_PASSWORD_MS * 1000;

	while (!g_atomic_int_get(&v->ending) && g_get_monotonic_time() < until)
		g_usleep(20 * 1000);
}

static rfbBool on_password(rfbClientPtr client, const char *response, int length)
{
	struct vnc_viewer *v = client->screen->screenData;
	g_autofree char *password = g_strdup(vnc_server_options(v->server)->password);
	unsigned char expected[CHALLENGE];
	unsigned different = 0;

	if (!password || length != CHALLENGE)
		return FALSE;
	memcpy(expected, client->authChallenge, CHALLENGE);
	rfbEncryptBytes(expected, password);
	for (int i = 0; i < CHALLENGE; i++)
		different |= expected[i] ^ (unsigned char)response[i];
	if (different)
		wait_after_wrong_password(v);
	v->knows_password = !different;
	return v->knows_password;
}

bool vnc_viewer_owns(const struct _rfbScreenInfo *screen)
{
	return screen->passwordCheck == on_password;
}

/* -- The picture, on the viewer's thread */

/* XRGB8888: libvncserver assumes red in the lowest byte. */
static void set_format(rfbScreenInfoPtr screen)
{
	screen->serverFormat.depth = 24;
	screen->serverFormat.redShift = 16;
	screen->serverFormat.greenShift = 8;
	screen->serverFormat.blueShift = 0;
}

/* A client that scales has a picture of the old size, which libvncserver does not change. */
static void resize(struct vnc_viewer *v, guint width, guint height)
{
	rfbClientPtr client = v->screen->clientHead;
	const bool scales = client && client->scaledScreen != v->screen;

	free(v->pixels);
	v->pixels = g_malloc0((gsize)width * height * BYTES);
	rfbNewFramebuffer(v->screen, v->pixels, (int)width, (int)height, 8, 3, BYTES);
	set_format(v->screen);
	vnc_input_set_size(v->input, (int)width, (int)height);
	if (client && client->sock != RFB_INVALID_SOCKET)
		v->screen->setTranslateFunction(client);
	if (scales)
		rfbCloseClient(client);
}

static struct news take_news(struct vnc_viewer *v)
{
	struct news news;

	g_mutex_lock(&v->lock);
	news = v->news;
	v->news = (struct news){ 0 };
	g_mutex_unlock(&v->lock);
	return news;
}

static void copy(struct vnc_viewer *v, const struct news *news)
{
	const gsize stride = (gsize)news->width * BYTES;
	const gsize bytes = (gsize)(news->right - news->left) * BYTES;
	const char *from = g_bytes_get_data(news->pixels, NULL);

	for (guint y = news->top; y < news->bottom; y++)
		memcpy(v->pixels + y * stride + (gsize)news->left * BYTES,
		       from + y * stride + (gsize)news->left * BYTES, bytes);
	rfbMarkRectAsModified(v->screen, (int)news->left, (int)news->top, (int)news->right,
			      (int)news->bottom);
}

static void take_picture(struct vnc_viewer *v)
{
	struct news news = take_news(v);

	if (news.pixels) {
		if (!v->pixels || v->screen->width != (int)news.width ||
		    v->screen->height != (int)news.height)
			resize(v, news.width, news.height);
		copy(v, &news);
		v->has_picture = true;
		g_bytes_unref(news.pixels);
	} else if (!v->pixels) {
		resize(v, FIRST_WIDTH, FIRST_HEIGHT);
	}
}

/* -- The thread */

/* What the security handshake reads is there as a whole, so it does not wait with the lock. */
static bool handshake_can_go_on(struct vnc_viewer *v, rfbClientPtr client)
{
	const int wanted = client->state == RFB_PROTOCOL_VERSION ? VERSION_BYTES : 1;
	char bytes[VERSION_BYTES];
	ssize_t there = recv(v->socket, bytes, (size_t)wanted, MSG_PEEK | MSG_DONTWAIT);

	return there == wanted || there == 0;
}

static void process(struct vnc_viewer *v)
{
	rfbClientPtr client = v->screen->clientHead;
	const bool locked =
		client->state == RFB_PROTOCOL_VERSION || client->state == RFB_SECURITY_TYPE;

	if (!locked) {
		rfbProcessEvents(v->screen, 0);
		return;
	}
	if (!handshake_can_go_on(v, client)) {
		g_usleep(10 * 1000); /* the rest of a message is to come */
		return;
	}
	g_mutex_lock(&security_types);
	rfbProcessEvents(v->screen, 0);
	g_mutex_unlock(&security_types);
}

static bool is_let_in(const rfbClientRec *client)
{
	return client->state == RFB_INITIALISATION || client->state == RFB_INITIALISATION_SHARED ||
	       client->state == RFB_NORMAL;
}

/* False: the connection is over. */
static bool check(struct vnc_viewer *v)
{
	rfbClientPtr client = v->screen->clientHead;

	if (!client || client->sock == RFB_INVALID_SOCKET || g_atomic_int_get(&v->ending))
		return false;
	if (!is_let_in(client))
		return true;
	if (vnc_server_options(v->server)->password && !v->knows_password)
		return false;
	if (!g_atomic_int_get(&v->in)) {
		g_atomic_int_set(&v->in, TRUE);
		vnc_server_wake(v->server);
	}
	take_picture(v);
	return client->sock != RFB_INVALID_SOCKET;
}

static void wait_for_something(struct vnc_viewer *v, bool messages)
{
	struct pollfd files[] = { { .fd = messages ? v->socket : -1, .events = POLLIN },
				  { .fd = v->wake, .events = POLLIN } };
	uint64_t count;
	ssize_t got;

	poll(files, G_N_ELEMENTS(files), messages ? -1 : FIRST_PICTURE_MS);
	if (files[1].revents) {
		got = read(v->wake, &count, sizeof(count));
		(void)got;
	}
}

/* What a viewer is told next is the size of the picture, so there should be one. */
static void wait_for_picture(struct vnc_viewer *v)
{
	const gint64 until = g_get_monotonic_time() + FIRST_PICTURE_MS * 1000;

	while (!v->has_picture && check(v) && g_get_monotonic_time() < until)
		wait_for_something(v, false);
}

/* A size that changed between the handshake and the message in which a viewer says that it can take
 * another is told now. */
static void tell_size(struct vnc_viewer *v, rfbClientPtr client)
{
	if (client->state != RFB_NORMAL) {
		v->told_width = v->screen->width;
		v->told_height = v->screen->height;
	} else if (client->useNewFBSize && !v->is_told_size) {
		v->is_told_size = true;
		client->newFBSizePending |=
			v->told_width != v->screen->width || v->told_height != v->screen->height;
	}
}

/* NULL: it is none, and closed. */
static rfbClientPtr make_client(struct vnc_viewer *v)
{
	const struct vnc_web *web = vnc_server_options(v->server)->web;
	rfbClientPtr client;

	if (web && !vnc_web_answer(web, v->socket, v->wake, &v->ending)) {
		close(v->socket);
		return NULL;
	}
	client = rfbNewClient(v->screen, v->socket);
	if (client && (client->sslctx || !client->wsctx != !web))
		rfbCloseClient(client);
	return client;
}

static void serve(struct vnc_viewer *v)
{
	rfbClientPtr client = make_client(v);

	if (!client)
		return;
	while (check(v)) {
		if (client->state == RFB_INITIALISATION)
			wait_for_picture(v);
		tell_size(v, client);
		process(v);
		if (!v->screen->clientHead)
			return;
		tell_size(v, client);
		wait_for_something(v, true);
	}
}

/* Leaves the screen for the next connection. */
static void clean(struct vnc_viewer *v)
{
	while (v->screen->clientHead) {
		rfbCloseClient(v->screen->clientHead);
		rfbClientConnectionGone(v->screen->clientHead);
	}
	FD_ZERO(&v->screen->allFds);
	v->screen->maxFd = 0;
	g_clear_pointer(&v->pixels, free);
	v->screen->frameBuffer = NULL;
	g_clear_pointer(&v->news.pixels, g_bytes_unref);
}

static gpointer run(gpointer data)
{
	struct vnc_viewer *v = data;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL); /* SIGPIPE among them */
	serve(v);
	g_atomic_int_set(&v->done, TRUE);
	vnc_server_wake(v->server);
	return NULL;
}

struct vnc_input *vnc_viewer_input(struct vnc_viewer *viewer)
{
	return viewer->input;
}

bool vnc_viewer_is_absolute(const struct vnc_viewer *viewer)
{
	return vnc_server_options(viewer->server)->absolute;
}

/* -- The main loop's side */

static void wake(struct vnc_viewer *v)
{
	const uint64_t one = 1;
	ssize_t put = write(v->wake, &one, sizeof(one));

	(void)put;
}

static void merge(struct news *news, const TsrFrame *frame)
{
	news->left = MIN(news->left, frame->damage_x);
	news->top = MIN(news->top, frame->damage_y);
	news->right = MAX(news->right, frame->damage_x + frame->damage_width);
	news->bottom = MAX(news->bottom, frame->damage_y + frame->damage_height);
}

void vnc_viewer_show(struct vnc_viewer *viewer, GBytes *pixels, const TsrFrame *frame)
{
	struct news *news = &viewer->news;

	if (g_bytes_get_size(pixels) < (gsize)frame->width * frame->height * BYTES)
		return;
	g_mutex_lock(&viewer->lock);
	if (!news->pixels)
		*news = (struct news){ .left = G_MAXUINT, .top = G_MAXUINT };
	else if (news->width != frame->width || news->height != frame->height)
		*news = (struct news){ .pixels = news->pixels,
				       .right = frame->width,
				       .bottom = frame->height };
	news->width = frame->width;
	news->height = frame->height;
	merge(news, frame);
	g_bytes_ref(pixels);
	g_clear_pointer(&news->pixels, g_bytes_unref);
	news->pixels = pixels;
	g_mutex_unlock(&viewer->lock);
	wake(viewer);
}

bool vnc_viewer_is_started(const struct vnc_viewer *viewer)
{
	return viewer->thread != NULL;
}

bool vnc_viewer_is_done(const struct vnc_viewer *viewer)
{
	return g_atomic_int_get(&viewer->done);
}

bool vnc_viewer_is_in(const struct vnc_viewer *viewer)
{
	return g_atomic_int_get(&viewer->in);
}

gint64 vnc_viewer_started_at(const struct vnc_viewer *viewer)
{
	return viewer->started_at;
}

bool vnc_viewer_start(struct vnc_viewer *viewer, int socket)
{
	viewer->socket = socket;
	viewer->hook = dup(socket);
	viewer->ending = viewer->done = viewer->in = FALSE;
	viewer->knows_password = viewer->has_picture = viewer->is_told_size = false;
	viewer->started_at = g_get_monotonic_time();
	vnc_input_open(viewer->input);
	if (viewer->hook >= 0 && socket < FD_SETSIZE)
		viewer->thread = g_thread_try_new("vnc-viewer", run, viewer, NULL);
	if (viewer->thread)
		return true;
	if (viewer->hook >= 0)
		close(viewer->hook);
	close(socket);
	return false;
}

void vnc_viewer_stop(struct vnc_viewer *viewer)
{
	g_atomic_int_set(&viewer->ending, TRUE);
	vnc_input_close(viewer->input);
	shutdown(viewer->hook, SHUT_RDWR);
	wake(viewer);
	g_thread_join(viewer->thread);
	viewer->thread = NULL;
	clean(viewer);
	close(viewer->hook);
}

static void set_up(struct vnc_viewer *v)
{
	rfbScreenInfoPtr s = v->screen;

	s->screenData = v;
	s->desktopName = g_intern_string("Tessera");
	s->cursor = NULL; /* the guest draws its own */
	s->port = s->ipv6port = 0;
	s->socketState = RFB_SOCKET_READY; /* it listens nowhere */
	s->alwaysShared = TRUE;
	s->maxClientWait = WAIT_MS;
	s->deferUpdateTime = s->deferPtrUpdateTime = 0;
	s->permitFileTransfer = FALSE;
	s->fdQuota = 1;
	s->kbdAddEvent = on_key;
	s->ptrAddEvent = on_pointer;
	s->setXCutText = on_text;
	s->setXCutTextUTF8 = on_text;
	s->passwordCheck = on_password;
	s->authPasswdData = (void *)vnc_server_options(v->server)->password;
	set_format(s);
}

struct vnc_viewer *vnc_viewer_new(struct vnc_server *server)
{
	struct vnc_viewer *v = g_new0(struct vnc_viewer, 1);

	v->server = server;
	g_mutex_init(&v->lock);
	v->input = vnc_input_new(server);
	v->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	v->screen = rfbGetScreen(NULL, NULL, FIRST_WIDTH, FIRST_HEIGHT, 8, 3, BYTES);
	if (v->wake >= 0 && v->screen) {
		set_up(v);
		return v;
	}
	vnc_viewer_free(v);
	return NULL;
}

void vnc_viewer_free(struct vnc_viewer *viewer)
{
	if (!viewer)
		return;
	if (viewer->screen)
		rfbScreenCleanup(viewer->screen);
	if (viewer->wake >= 0)
		close(viewer->wake);
	vnc_input_free(viewer->input);
	g_mutex_clear(&viewer->lock);
	g_free(viewer);
}
