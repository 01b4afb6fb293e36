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
	GQueue events;  /* TsrWatchEvent, the oldest first */
	gsize bytes;    /* of them */
	guint64 serial; /* of the latest event */
	struct ui_watch_counts counts;
	struct reader *reader; /* the one that reads now; NULL: none. It belongs to its thread. */
	gboolean has_ended;    /* its stream */
	char *wrong;           /* why it did; NULL: its writer closed it */
};

struct reader {
	struct ui_watch *watch; /* owned */
	TsrWatchReader *stream;
	int fd;   /* of the stream */
	int stop; /* an eventfd, which becomes readable */
};

/* -- What is kept, with the mutex */

static void event_unref(gpointer event)
{
	tsr_watch_event_unref(event);
}

static void drop_oldest(struct ui_watch *w)
{
	TsrWatchEvent *oldest = g_queue_pop_head(&w->events);

	w->bytes -= tsr_watch_event_get_size(oldest);
	event_unref(oldest);
}

static void keep(struct ui_watch *w, TsrWatchEvent *event)
{
	TsrWatchKind kind = tsr_watch_event_get_kind(event);

	w->serial++;
	w->bytes += tsr_watch_event_get_size(event);
	g_queue_push_tail(&w->events, event);
	if (kind < UI_WATCH_KINDS)
		w->counts.kinds[kind]++;
	else if (kind == TSR_WATCH_KIND_LOST)
		w->counts.lost += tsr_watch_event_get_value(event);
	while (w->events.length > UI_WATCH_EVENTS_MAX || w->bytes > UI_WATCH_BYTES_MAX)
		drop_oldest(w);
}

/* -- The thread */

/* FALSE: nobody reads this stream any more, or with error: it is none. */
static gboolean take_events(struct reader *r, GError **error)
{
	struct ui_watch *w = r->watch;
	TsrWatchEvent *event;
	GError *wrong = NULL;
	gboolean mine;

	g_mutex_lock(&w->mutex);
	mine = w->reader == r;
	while (mine && (event = tsr_watch_reader_next(r->stream, &wrong)))
		keep(w, event);
	g_mutex_unlock(&w->mutex);
	if (wrong)
		g_propagate_error(error, wrong);
	return mine && !wrong;
}

static gboolean wait_for_more(const struct reader *r)
{
	struct pollfd fds[] = { { .fd = r->fd, .events = POLLIN },
				{ .fd = r->stop, .events = POLLIN } };

	while (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
		; /* EINTR */
	return !fds[1].revents;
}

static void watch_clear(gpointer data)
{
	struct ui_watch *w = data;

	g_queue_clear_full(&w->events, event_unref);
	g_free(w->wrong);
	g_mutex_clear(&w->mutex);
}

static void watch_unref(gpointer watch)
{
	g_atomic_rc_box_release_full(watch, watch_clear);
}

static void reader_free(struct reader *r)
{
	g_object_unref(r->stream);
	close(r->fd);
	close(r->stop);
	watch_unref(r->watch);
	g_free(r);
}

static gpointer run(gpointer data)
{
	struct reader *r = data;
	struct ui_watch *w = r->watch;
	g_autoptr(GError) error = NULL;

	while (wait_for_more(r) && tsr_watch_reader_read(r->stream, &error) &&
	       take_events(r, &error))
		;
	g_mutex_lock(&w->mutex);
	if (w->reader == r) {
		w->reader = NULL;
		w->has_ended = TRUE;
		g_free(w->wrong);
		w->wrong = g_strdup(error ? error->message : NULL);
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
	r->fd = fd;
	r->stream = tsr_watch_reader_new(fd);
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

gboolean ui_watch_has_ended(struct ui_watch *w, char **wrong)
{
	gboolean ended;

	g_mutex_lock(&w->mutex);
	ended = w->has_ended;
	*wrong = ended ? g_strdup(w->wrong) : NULL;
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

GPtrArray *ui_watch_get_events(struct ui_watch *w, guint64 above, guint most, guint64 *last)
{
	GPtrArray *events = g_ptr_array_new_with_free_func(event_unref);
	guint n;

	g_mutex_lock(&w->mutex);
	n = (guint)MIN(MIN(w->serial - above, w->events.length), most);
	for (GList *at = g_queue_peek_nth_link(&w->events, w->events.length - n); at; at = at->next)
		g_ptr_array_add(events, tsr_watch_event_ref(at->data));
	if (last)
		*last = w->serial;
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
