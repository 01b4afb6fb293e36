/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See monitor-recording.h. */
#include "program/monitor-recording.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "program/program.h"

struct monitor_recording {
	char *path, *part; /* part: its name until it is complete */
	FILE *file;
	guint64 limit, written, events;
	uint64_t sum;
	GByteArray *rest; /* the beginning of an event, or of the front */
	gboolean has_front;
	struct tsr_recording_event event; /* its time is that of the last event */
	enum tsr_recording_end end;       /* 0: it goes on */
	int failure;                      /* errno */
	const char *wrong;
};

struct monitor_recording *monitor_recording_new(const char *path, guint64 limit)
{
	struct monitor_recording *r = g_new0(struct monitor_recording, 1);

	r->path = g_strdup(path);
	r->part = g_strconcat(path, ".part", NULL);
	r->limit = limit;
	r->sum = TSR_RECORDING_SUM_START;
	r->file = fopen(r->part, "wbe");
	r->rest = g_byte_array_new();
	if (r->file)
		return r;
	monitor_recording_free(r);
	return NULL;
}

static void put(struct monitor_recording *r, const guint8 *bytes, gsize length)
{
	if (!r->failure && fwrite(bytes, 1, length, r->file) != length)
		r->failure = errno;
	r->sum = tsr_recording_sum(r->sum, bytes, length);
	r->written += length;
}

/* Once. Its time is that of the last event. */
static void finish(struct monitor_recording *r, enum tsr_recording_end why)
{
	struct tsr_recording_event end = { .kind = TSR_RECORDING_END,
					   .values = { why, r->events, r->sum } };
	uint8_t head[TSR_RECORDING_HEAD_MAX];

	if (r->end)
		return;
	r->end = why;
	if (r->has_front)
		put(r, head, tsr_recording_put(head, &end, 0));
}

/* The front at the beginning of `length` bytes. Returns its bytes; 0: more are needed. */
static gsize take_front(struct monitor_recording *r, const guint8 *bytes, gsize length)
{
	gsize front = length < TSR_RECORDING_FRONT ? 0 : tsr_recording_front_length(bytes);

	if (length >= TSR_RECORDING_FRONT && !front)
		r->wrong = "the machine writes another format; it is another version of Tessera";
	if (!front || front > length)
		return 0;
	r->has_front = TRUE;
	put(r, bytes, front);
	return front;
}

static gsize take_event(struct monitor_recording *r, const guint8 *bytes, gsize length)
{
	gssize used = tsr_recording_take(bytes, length, &r->event);

	if (used < 0)
		r->wrong = "the machine's stream is damaged";
	if (used <= 0)
		return 0;
	if (r->event.kind == TSR_RECORDING_END) {
		finish(r, (enum tsr_recording_end)r->event.values[0]);
		return 0;
	}
	if (r->written + (gsize)used + TSR_RECORDING_HEAD_MAX > r->limit) {
		finish(r, TSR_RECORDING_END_LIMIT);
		return 0;
	}
	put(r, bytes, (gsize)used);
	r->events++;
	return (gsize)used;
}

gboolean monitor_recording_add(struct monitor_recording *r, const guint8 *bytes, gsize length)
{
	gsize at = 0, used;

	g_byte_array_append(r->rest, bytes, (guint)length);
	do {
		uint64_t before = r->event.time_ns;

		used = (r->has_front ? take_event : take_front)(r, r->rest->data + at,
								r->rest->len - at);
		if (!used)
			r->event.time_ns = before;
		at += used;
	} while (used);
	g_byte_array_remove_range(r->rest, 0, (guint)at);
	return !r->end && !r->wrong && !r->failure;
}

void monitor_recording_end(struct monitor_recording *r, enum tsr_recording_end why)
{
	finish(r, why);
}

static gboolean close_file(struct monitor_recording *r)
{
	FILE *file = g_steal_pointer(&r->file);

	if (fclose(file) != 0 && !r->failure)
		r->failure = errno;
	if (!r->failure && rename(r->part, r->path) != 0)
		r->failure = errno;
	return !r->failure;
}

int monitor_recording_report(struct monitor_recording *r)
{
	finish(r, TSR_RECORDING_END_STOPPED);
	if (r->wrong)
		return program_fail(TSR_EXIT_MACHINE_FAILED, "%s", r->wrong);
	if (!r->has_front)
		return program_fail(TSR_EXIT_MACHINE_FAILED,
				    "the machine ended before anything was "
				    "recorded");
	if (!close_file(r))
		return program_fail(TSR_EXIT_MACHINE_FAILED, "cannot write %s: %s", r->path,
				    g_strerror(r->failure));
	fprintf(stderr,
		"tessera: %s: %" G_GUINT64_FORMAT " events in %" G_GUINT64_FORMAT
		" KiB, %.3f s of guest time; %s\n",
		r->path, r->events, (r->written + 1023) >> 10, (double)r->event.time_ns / 1e9,
		tsr_recording_end_text(r->end));
	return 0;
}

void monitor_recording_free(struct monitor_recording *r)
{
	if (r->file) {
		fclose(r->file);
		unlink(r->part);
	}
	g_byte_array_unref(r->rest);
	g_free(r->path);
	g_free(r->part);
	g_free(r);
}
