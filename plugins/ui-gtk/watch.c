/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See watch.h. */
#define _GNU_SOURCE
#include "watch.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PIPE_BYTES (1 << 20) /* what an unprivileged process may have */

/* A GRcBox of the page and of the threads that read for it. */
struct ui_watch {
	GMutex mutex;
	GQueue events; /* struct ui_event, the oldest first */
	gsize bytes;   /* of them */
	guint64 serial;
	struct ui_watch_counts counts;
	struct reader *reader; /* the one that reads now; NULL: none. It belongs to its thread. */
	gboolean has_ended;    /* its stream */
	const char *wrong;
};

struct reader {
	struct ui_watch *watch; /* owned */
	struct monitor_stream stream;
	int stop; /* an eventfd, which becomes readable */
};

/* -- Events */

static void event_unref(gpointer event)
{
	g_atomic_rc_box_release(event);
}

static struct ui_event *event_new(const struct monitor_event *from)
{
	gsize device = strlen(from->device) + 1, what = strlen(from->what) + 1;
	gsize bytes = sizeof(struct ui_event) + device + what + from->record.data_length;
	struct ui_event *e = g_atomic_rc_box_alloc(bytes);
	char *tail = (char *)(e + 1);

	*e = (struct ui_event){ .event = *from, .bytes = bytes };
	e->event.device = memcpy(tail, from->device, device);
	e->event.what = memcpy(tail + device, from->what, what);
	e->event.data = (const uint8_t *)tail + device + what;
	if (from->record.data_length)
		memcpy(tail + device + what, from->data, from->record.data_length);
	return e;
}

/* -- What is kept, with the mutex */

static void drop_oldest(struct ui_watch *w)
{
	struct ui_event *oldest = g_queue_pop_head(&w->events);

	w->bytes -= oldest->bytes;
	event_unref(oldest);
}

static void keep(struct ui_watch *w, const struct monitor_event *event, guint64 wall_ns)
{
	struct ui_event *e = event_new(event);

	e->wall_ns = wall_ns;
	e->serial = ++w->serial;
	w->bytes += e->bytes;
	g_queue_push_tail(&w->events, e);
	while (w->events.length > UI_WATCH_EVENTS_MAX || w->bytes > UI_WATCH_BYTES_MAX)
		drop_oldest(w);
	if (event->record.kind < TSR_MONITOR_KINDS)
		w->counts.kinds[event->record.kind]++;
	else if (event->record.kind == TSR_MONITOR_LOST)
		w->counts.lost += event->record.value;
}

/* -- The thread */

/* FALSE: nobody reads this stream any more. */
static gboolean take_events(struct reader *r, const char **wrong)
{
	struct ui_watch *w = r->watch;
	struct monitor_event event;
	gboolean mine;

	g_mutex_lock(&w->mutex);
	mine = w->reader == r;
	while (mine && monitor_stream_next(&r->stream, &event, wrong))
		keep(w, &event, monitor_stream_wall(&r->stream, event.record.time_ns));
	g_mutex_unlock(&w->mutex);
	return mine;
}

static gboolean wait_for_more(const struct reader *r)
{
	struct pollfd fds[] = { { .fd = r->stream.fd, .events = POLLIN },
				{ .fd = r->stop, .events = POLLIN } };

	while (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
		; /* EINTR */
	return !fds[1].revents;
}

static void watch_clear(gpointer data)
{
	struct ui_watch *w = data;

	g_queue_clear_full(&w->events, event_unref);
	g_mutex_clear(&w->mutex);
}

static void watch_unref(gpointer watch)
{
	g_atomic_rc_box_release_full(watch, watch_clear);
}

static void reader_free(struct reader *r)
{
	close(r->stream.fd);
	close(r->stop);
	monitor_stream_finish(&r->stream);
	watch_unref(r->watch);
	g_free(r);
}

static gpointer run(gpointer data)
{
	struct reader *r = data;
	struct ui_watch *w = r->watch;
	const char *wrong = NULL;

	while (wait_for_more(r) && monitor_stream_read(&r->stream, &wrong) &&
	       take_events(r, &wrong) && !wrong)
		;
	g_mutex_lock(&w->mutex);
	if (w->reader == r) {
		w->reader = NULL;
		w->has_ended = TRUE;
		w->wrong = wrong;
	}
	g_mutex_unlock(&w->mutex);
	reader_free(r);
	return NULL;
}

/* -- For the page */

static gboolean start_reader(struct ui_watch *w, int fd)
{
	struct reader *r = g_new0(struct reader, 1);
	GThread *thread;

	r->watch = g_atomic_rc_box_acquire(w);
	r->stop = eventfd(0, EFD_CLOEXEC);
	monitor_stream_init(&r->stream, fd);
	g_mutex_lock(&w->mutex);
	w->reader = r;
	w->has_ended = FALSE;
	thread = g_thread_try_new("bus-monitor", run, r, NULL);
	if (!thread)
		w->reader = NULL;
	g_mutex_unlock(&w->mutex);
	if (thread)
		g_thread_unref(thread);
	else
		reader_free(r);
	return thread != NULL;
}

int ui_watch_begin(struct ui_watch *w)
{
	int ends[2];

	ui_watch_end(w);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES); /* fewer bytes do, too */
	if (start_reader(w, ends[0]))
		return ends[1];
	close(ends[1]);
	errno = EAGAIN;
	return -1;
}

/* The thread looks at nothing of a reader that is not the watch's any more, but its own. */
void ui_watch_end(struct ui_watch *w)
{
	g_mutex_lock(&w->mutex);
	if (w->reader)
		eventfd_write(w->reader->stop, 1);
	w->reader = NULL;
	w->has_ended = FALSE;
	g_mutex_unlock(&w->mutex);
}

gboolean ui_watch_has_ended(struct ui_watch *w, const char **wrong)
{
	gboolean ended;

	g_mutex_lock(&w->mutex);
	ended = w->has_ended;
	*wrong = w->wrong;
	g_mutex_unlock(&w->mutex);
	return ended;
}

void ui_watch_clear(struct ui_watch *w)
{
	g_mutex_lock(&w->mutex);
	g_queue_clear_full(&w->events, event_unref);
	w->bytes = 0;
	g_mutex_unlock(&w->mutex);
}

void ui_watch_get_counts(struct ui_watch *w, struct ui_watch_counts *counts)
{
	g_mutex_lock(&w->mutex);
	*counts = w->counts;
	counts->kept = w->events.length;
	g_mutex_unlock(&w->mutex);
}

GPtrArray *ui_watch_get_events(struct ui_watch *w, guint64 above, guint most)
{
	GPtrArray *events = g_ptr_array_new_with_free_func(event_unref);
	GList *from;
	guint n = 0;

	g_mutex_lock(&w->mutex);
	for (from = w->events.tail; from && n < most; from = from->prev, n++)
		if (((struct ui_event *)from->data)->serial <= above)
			break;
	for (GList *at = from ? from->next : w->events.head; at; at = at->next)
		g_ptr_array_add(events, g_atomic_rc_box_acquire(at->data));
	g_mutex_unlock(&w->mutex);
	return events;
}

struct ui_watch *ui_watch_new(void)
{
	struct ui_watch *w = g_atomic_rc_box_new0(struct ui_watch);

	g_mutex_init(&w->mutex);
	g_queue_init(&w->events);
	return w;
}

void ui_watch_free(struct ui_watch *w)
{
	ui_watch_end(w);
	watch_unref(w);
}
