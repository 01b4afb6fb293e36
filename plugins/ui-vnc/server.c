/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The main loop's side: it lets viewers in, fetches the machine's frames for all of them, and sends
 * their input to the machine. Frames are fetched as often as the guest's picture changes, or
 * rarely, and not at all while nobody looks.
 *
 * Connections that were not let in yet are limited in number and time, apart from those that were:
 * whoever opens many keeps out others for ten seconds at most, and takes nothing from those who
 * look already.
 */
#define _GNU_SOURCE /* accept4 */
#include <glib-unix.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vnc.h"

#define VIEWERS_MOST 8u
#define STRANGERS_MOST 8u /* not let in yet */
#define CONNECTIONS (VIEWERS_MOST + STRANGERS_MOST)
#define STRANGER_SECONDS 10
#define FAST_MS 20u
#define SLOW_MS 80u
#define AWAKE_BEATS 40 /* without a change before fetching becomes slow */
#define CHANGE_WORTH 4 /* beats that a change adds; a cursor blinks every eight */
#define EVENTS_MOST 4u /* of input in a beat: 200 a second, as a fast mouse sends */

struct vnc_server {
	TsrMachine *machine;
	const struct vnc_options *options;
	int listener;
	guint listener_source;
	int wake; /* an eventfd */
	guint wake_source;
	struct vnc_viewer *viewers[CONNECTIONS];
	bool looks[CONNECTIONS]; /* it was let in, and is shown frames */
	guint beat, beat_ms;     /* 0: nobody is connected */
	int awake;
	guint events; /* of input since the last beat */
	/* the last frame; NULL: none yet */
	GBytes *pixels;
	TsrFrame frame;
};

const struct vnc_options *vnc_server_options(const struct vnc_server *server)
{
	return server->options;
}

void vnc_server_wake(struct vnc_server *server)
{
	const uint64_t one = 1;
	ssize_t put = write(server->wake, &one, sizeof(one));

	(void)put;
}

/* -- Frames */

static bool anybody(const bool flags[CONNECTIONS])
{
	for (guint i = 0; i < CONNECTIONS; i++)
		if (flags[i])
			return true;
	return false;
}

static bool fetch(struct vnc_server *s)
{
	GBytes *pixels = tsr_machine_borrow_frame(s->machine, s->options->display, &s->frame);

	if (!pixels)
		return false;
	g_clear_pointer(&s->pixels, g_bytes_unref);
	s->pixels = pixels;
	for (guint i = 0; i < CONNECTIONS; i++)
		if (s->looks[i])
			vnc_viewer_show(s->viewers[i], pixels, &s->frame);
	return true;
}

/* It sees all of the frame first. */
static void start_to_look(struct vnc_server *s, guint index)
{
	TsrFrame all;

	fetch(s);
	s->looks[index] = true;
	all = s->frame;
	all.damage_x = all.damage_y = 0;
	all.damage_width = all.width;
	all.damage_height = all.height;
	if (s->pixels)
		vnc_viewer_show(s->viewers[index], s->pixels, &all);
}

/* -- Connections */

static void end_viewer(struct vnc_server *s, guint index)
{
	struct vnc_viewer *viewer = s->viewers[index];

	vnc_viewer_stop(viewer);
	vnc_input_release(vnc_viewer_input(viewer), s->machine);
	s->looks[index] = false;
}

static guint count(const struct vnc_server *s, bool in)
{
	guint n = 0;

	for (guint i = 0; i < CONNECTIONS; i++)
		n += vnc_viewer_is_started(s->viewers[i]) && s->looks[i] == in;
	return n;
}

/* One that comes in is one too many if there are enough. */
static void look_after(struct vnc_server *s, guint index)
{
	struct vnc_viewer *viewer = s->viewers[index];
	const gint64 age = g_get_monotonic_time() - vnc_viewer_started_at(viewer);
	const bool comes = vnc_viewer_is_in(viewer) && !s->looks[index];
	const bool late = !vnc_viewer_is_in(viewer) && age > STRANGER_SECONDS * G_USEC_PER_SEC;

	if (vnc_viewer_is_done(viewer) || late || (comes && count(s, true) >= VIEWERS_MOST))
		end_viewer(s, index);
	else if (comes)
		start_to_look(s, index);
}

static gboolean on_connection(gint fd, GIOCondition condition, gpointer data);

/* Others wait in the backlog. */
static void listen_if_there_is_room(struct vnc_server *s)
{
	const bool room = count(s, false) < STRANGERS_MOST;

	if (room && !s->listener_source)
		s->listener_source = g_unix_fd_add(s->listener, G_IO_IN, on_connection, s);
	else if (!room)
		g_clear_handle_id(&s->listener_source, g_source_remove);
}

static void look_after_all(struct vnc_server *s)
{
	for (guint i = 0; i < CONNECTIONS; i++)
		if (vnc_viewer_is_started(s->viewers[i]))
			look_after(s, i);
	listen_if_there_is_room(s);
}

static guint drain_all(struct vnc_server *s)
{
	guint taken = 0;

	for (guint i = 0; i < CONNECTIONS && s->events + taken < EVENTS_MOST; i++)
		if (s->looks[i])
			taken += vnc_input_drain(vnc_viewer_input(s->viewers[i]), s->machine,
						 EVENTS_MOST - s->events - taken);
	s->events += taken;
	return taken;
}

/* -- Events of the main loop */

static void set_beat(struct vnc_server *s, guint ms);

static gboolean on_beat(gpointer data)
{
	struct vnc_server *s = data;
	guint source = s->beat;

	s->events = 0;
	look_after_all(s);
	if (drain_all(s))
		s->awake = AWAKE_BEATS;
	if (anybody(s->looks))
		s->awake += fetch(s) ? CHANGE_WORTH - 1 : -1;
	s->awake = CLAMP(s->awake, 0, AWAKE_BEATS);
	if (!count(s, true) && !count(s, false))
		set_beat(s, 0);
	else
		set_beat(s, s->awake ? FAST_MS : SLOW_MS);
	return s->beat == source ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void set_beat(struct vnc_server *s, guint ms)
{
	if (s->beat && s->beat_ms == ms)
		return;
	if (s->beat && g_main_current_source() &&
	    g_source_get_id(g_main_current_source()) == s->beat)
		s->beat = 0; /* on_beat removes it */
	else
		g_clear_handle_id(&s->beat, g_source_remove);
	s->beat_ms = ms;
	if (ms)
		s->beat = g_timeout_add(ms, on_beat, s);
}

static gboolean on_wake(gint fd, GIOCondition condition, gpointer data)
{
	struct vnc_server *s = data;
	uint64_t n;
	ssize_t got = read(fd, &n, sizeof(n));

	(void)got;
	look_after_all(s);
	if (drain_all(s) || !s->pixels)
		s->awake = AWAKE_BEATS;
	if (s->beat)
		set_beat(s, s->awake ? FAST_MS : SLOW_MS);
	return G_SOURCE_CONTINUE;
}

static void admit(struct vnc_server *s, int socket)
{
	for (guint i = 0; i < CONNECTIONS; i++) {
		if (vnc_viewer_is_started(s->viewers[i]))
			continue;
		if (vnc_viewer_start(s->viewers[i], socket) && !s->beat)
			set_beat(s, SLOW_MS);
		return;
	}
	close(socket);
}

static gboolean on_connection(gint fd, GIOCondition condition, gpointer data)
{
	struct vnc_server *s = data;
	int socket = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (socket < 0)
		return G_SOURCE_CONTINUE;
	admit(s, socket);
	if (count(s, false) < STRANGERS_MOST)
		return G_SOURCE_CONTINUE;
	s->listener_source = 0;
	return G_SOURCE_REMOVE;
}

/* -- Its life */

struct vnc_server *vnc_server_new(TsrMachine *machine, const struct vnc_options *options,
				  int listener)
{
	struct vnc_server *s = g_new0(struct vnc_server, 1);
	bool good = true;

	s->machine = machine;
	s->options = options;
	s->listener = listener;
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	for (guint i = 0; i < CONNECTIONS; i++) {
		s->viewers[i] = vnc_viewer_new(s);
		good &= s->viewers[i] != NULL;
	}
	if (!good || s->wake < 0) {
		vnc_server_free(s);
		return NULL;
	}
	g_unix_set_fd_nonblocking(listener, TRUE, NULL);
	listen_if_there_is_room(s);
	s->wake_source = g_unix_fd_add(s->wake, G_IO_IN, on_wake, s);
	return s;
}

void vnc_server_free(struct vnc_server *server)
{
	struct vnc_server *s = server;

	g_clear_handle_id(&s->listener_source, g_source_remove);
	g_clear_handle_id(&s->wake_source, g_source_remove);
	set_beat(s, 0);
	close(s->listener);
	for (guint i = 0; i < CONNECTIONS; i++) {
		if (s->viewers[i] && vnc_viewer_is_started(s->viewers[i]))
			end_viewer(s, i);
		vnc_viewer_free(s->viewers[i]);
	}
	g_clear_pointer(&s->pixels, g_bytes_unref);
	if (s->wake >= 0)
		close(s->wake);
	g_free(s);
}
