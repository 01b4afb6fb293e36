/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See watcher.h. The queue is two buffers: one is filled while the other is written. */
#include "monitor/watcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <tessera-glib/machine.h>

#define LOOK_US (200 * 1000) /* whether the reader is still there */
#define LOOK_MS 200
#define PATIENCE_US G_USEC_PER_SEC

struct tsr_watcher {
	int fd;
	struct tsr_patterns *patterns;
	GThread *thread;
	void (*ended)(gpointer user);
	gpointer user;
	/* Shared with the thread. */
	GMutex mutex;
	GCond filled;
	size_t room; /* of each buffer, bytes */
	uint8_t *filling;
	size_t length;
	uint64_t lost, lost_time_ns; /* since the last record that did fit */
	gboolean is_leaving, has_ended;
	gint64 until;     /* leaving: monotonic time */
	uint8_t *writing; /* the thread's */
};

/* -- Records */

static void append(struct tsr_watcher *w, const void *bytes, size_t length)
{
	if (length)
		memcpy(w->filling + w->length, bytes, length);
	w->length += length;
}

static gboolean put(struct tsr_watcher *w, struct tsr_monitor_record *record,
		    const struct tsr_monitor_event *event)
{
	static const uint8_t padding[8];
	size_t bytes =
		sizeof(*record) + record->device_length + record->what_length + record->data_length;

	record->size = (uint32_t)((bytes + 7) & ~(size_t)7);
	record->head = sizeof(*record);
	if (w->length + record->size > w->room)
		return FALSE;
	append(w, record, sizeof(*record));
	append(w, event->device, record->device_length);
	append(w, event->what, record->what_length);
	append(w, event->data, record->data_length);
	append(w, padding, record->size - bytes);
	return TRUE;
}

static uint16_t name_length(const char *name)
{
	return (uint16_t)(name ? strnlen(name, 255) : 0);
}

static gboolean put_event(struct tsr_watcher *w, const struct tsr_monitor_event *event,
			  uint64_t time_ns)
{
	return put(w,
		   &(struct tsr_monitor_record){
			   .kind = (uint8_t)event->kind,
			   .op = (uint8_t)event->op,
			   .width = (uint8_t)event->width,
			   .time_ns = time_ns,
			   .address = event->address,
			   .value = event->value,
			   .length = event->length,
			   .data_length = (uint32_t)MIN(event->data_length, TSR_MONITOR_DATA_MAX),
			   .device_length = name_length(event->device),
			   .what_length = name_length(event->what),
		   },
		   event);
}

/* Says how many are missing before anything later is queued. */
static gboolean put_lost(struct tsr_watcher *w)
{
	struct tsr_monitor_event lost = { .kind = TSR_MONITOR_LOST, .value = w->lost };

	if (w->lost && !put_event(w, &lost, w->lost_time_ns))
		return FALSE;
	w->lost = 0;
	return TRUE;
}

void tsr_watcher_tell(struct tsr_watcher *w, const struct tsr_monitor_event *event,
		      uint64_t time_ns)
{
	gboolean was_empty;

	g_mutex_lock(&w->mutex);
	was_empty = !w->length;
	if (!put_lost(w) || !put_event(w, event, time_ns)) {
		w->lost++;
		w->lost_time_ns = time_ns;
	}
	if (was_empty)
		g_cond_signal(&w->filled);
	g_mutex_unlock(&w->mutex);
}

gboolean tsr_watcher_put(struct tsr_watcher *w, const void *head, size_t head_length,
			 const void *data, size_t data_length, size_t spare)
{
	gboolean fits;

	g_mutex_lock(&w->mutex);
	fits = head_length + data_length + spare <= w->room - w->length;
	if (fits && !w->length)
		g_cond_signal(&w->filled);
	if (fits) {
		append(w, head, head_length);
		append(w, data, data_length);
	}
	g_mutex_unlock(&w->mutex);
	return fits;
}

/* -- The thread */

static gboolean is_over(struct tsr_watcher *w)
{
	gboolean over;

	g_mutex_lock(&w->mutex);
	over = w->is_leaving && g_get_monotonic_time() >= w->until;
	g_mutex_unlock(&w->mutex);
	return over;
}

/* FALSE: the reader has gone, or time is over. */
static gboolean write_all(struct tsr_watcher *w, const uint8_t *bytes, size_t length)
{
	while (length) {
		struct pollfd poll_fd = { .fd = w->fd, .events = POLLOUT };
		ssize_t n;

		if (is_over(w))
			return FALSE;
		if (poll(&poll_fd, 1, LOOK_MS) <= 0)
			continue;
		n = write(w->fd, bytes, length);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return FALSE;
		bytes += MAX(n, 0);
		length -= (size_t)MAX(n, 0);
	}
	return TRUE;
}

gboolean tsr_watcher_has_reader(const struct tsr_watcher *w)
{
	struct pollfd poll_fd = { .fd = w->fd };

	return poll(&poll_fd, 1, 0) <= 0 || !(poll_fd.revents & (POLLERR | POLLHUP | POLLNVAL));
}

/* Waits for records. FALSE: there are none, and the watch ends. */
static gboolean take(struct tsr_watcher *w, size_t *length)
{
	uint8_t *taken;

	g_mutex_lock(&w->mutex);
	while (!w->length && !w->is_leaving &&
	       (g_cond_wait_until(&w->filled, &w->mutex, g_get_monotonic_time() + LOOK_US) ||
		tsr_watcher_has_reader(w)))
		;
	if (w->lost)
		put_lost(w);
	*length = w->length;
	taken = w->filling;
	w->filling = w->writing;
	w->writing = taken;
	w->length = 0;
	if (w->lost)
		put_lost(w);
	g_mutex_unlock(&w->mutex);
	return *length > 0;
}

static gpointer run(gpointer data)
{
	struct tsr_watcher *w = data;
	gboolean tell;
	size_t length;
	sigset_t pipes;

	sigemptyset(&pipes);
	sigaddset(&pipes, SIGPIPE); /* a reader that has gone is an error of write */
	pthread_sigmask(SIG_BLOCK, &pipes, NULL);
	while (take(w, &length) && write_all(w, w->writing, length))
		;
	g_mutex_lock(&w->mutex);
	w->has_ended = TRUE;
	tell = !w->is_leaving;
	g_mutex_unlock(&w->mutex);
	if (tell)
		w->ended(w->user);
	return NULL;
}

/* -- Life */

static void release(struct tsr_watcher *w)
{
	close(w->fd);
	g_free(w->filling);
	g_free(w->writing);
	g_cond_clear(&w->filled);
	g_mutex_clear(&w->mutex);
	g_free(w);
}

struct tsr_watcher *tsr_watcher_new(int fd, struct tsr_patterns *patterns, const void *front,
				    size_t front_length, size_t room, void (*ended)(gpointer user),
				    gpointer user, GError **error)
{
	struct tsr_watcher *w = g_new0(struct tsr_watcher, 1);

	w->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (w->fd < 0 || fcntl(w->fd, F_SETFL, fcntl(w->fd, F_GETFL) | O_NONBLOCK) != 0) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO,
			    "cannot write to the watcher's descriptor: %s", g_strerror(errno));
		g_free(w);
		return NULL;
	}
	g_mutex_init(&w->mutex);
	g_cond_init(&w->filled);
	w->room = room / 2;
	w->filling = g_malloc(w->room);
	w->writing = g_malloc(w->room);
	w->ended = ended;
	w->user = user;
	append(w, front, front_length);
	w->thread = g_thread_try_new("watcher", run, w, error);
	if (!w->thread) {
		release(w);
		return NULL;
	}
	w->patterns = patterns;
	return w;
}

void tsr_watcher_free(struct tsr_watcher *w)
{
	g_mutex_lock(&w->mutex);
	w->is_leaving = TRUE;
	w->until = g_get_monotonic_time() + PATIENCE_US;
	g_cond_signal(&w->filled);
	g_mutex_unlock(&w->mutex);
	g_thread_join(w->thread);
	g_clear_pointer(&w->patterns, tsr_patterns_free);
	release(w);
}

const struct tsr_patterns *tsr_watcher_get_patterns(const struct tsr_watcher *w)
{
	return w->patterns;
}

gboolean tsr_watcher_has_ended(struct tsr_watcher *w)
{
	gboolean ended;

	g_mutex_lock(&w->mutex);
	ended = w->has_ended;
	g_mutex_unlock(&w->mutex);
	return ended;
}
