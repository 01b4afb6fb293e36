/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See monitor-stream.h. */
#include "program/monitor-stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 65536
#define HEADER_MIN ((uint32_t)sizeof(struct tsr_monitor_header))
#define RECORD_MAX (1u << 20) /* of any version */

void monitor_stream_init(struct monitor_stream *stream, int fd)
{
	*stream = (struct monitor_stream){ .fd = fd, .bytes = g_byte_array_new() };
}

void monitor_stream_finish(struct monitor_stream *stream)
{
	g_byte_array_unref(stream->bytes);
}

gboolean monitor_stream_read(struct monitor_stream *stream, const char **wrong)
{
	guint8 chunk[CHUNK];
	ssize_t n = read(stream->fd, chunk, sizeof(chunk));

	*wrong = NULL;
	if (n < 0)
		return errno == EINTR;
	if (stream->at)
		g_byte_array_remove_range(stream->bytes, 0, stream->at);
	stream->at = 0;
	g_byte_array_append(stream->bytes, chunk, (guint)n);
	return n > 0;
}

/* The size that the header or record at the front has; 0: it is not all there. */
static uint32_t front_size(const struct monitor_stream *stream)
{
	uint32_t size = 0, left = stream->bytes->len - stream->at;

	if (left >= sizeof(size))
		memcpy(&size, stream->bytes->data + stream->at, sizeof(size));
	return size >= sizeof(size) && size <= RECORD_MAX && size > left ? 0 : size;
}

static gboolean take_header(struct monitor_stream *stream, const char **wrong)
{
	uint32_t size = front_size(stream);

	if (!size)
		return FALSE;
	memcpy(&stream->header, stream->bytes->data + stream->at,
	       MIN(size, (uint32_t)sizeof(stream->header)));
	stream->at += size;
	stream->has_header = TRUE;
	if (size < HEADER_MIN || stream->header.magic != TSR_MONITOR_MAGIC)
		*wrong = "the machine writes another format; it is another version of Tessera";
	return !*wrong;
}

static void copy_name(char to[256], const uint8_t *from, uint16_t length)
{
	length = MIN(length, 255);
	memcpy(to, from, length);
	to[length] = '\0';
}

static gboolean take_record(struct monitor_stream *stream, struct monitor_event *event,
			    uint32_t size)
{
	const uint8_t *bytes = stream->bytes->data + stream->at;
	struct tsr_monitor_record *r = &event->record;
	uint32_t head = size > 7 ? bytes[offsetof(struct tsr_monitor_record, head)] : 0;
	uint64_t names;

	*event = (struct monitor_event){ .device = stream->device, .what = stream->what };
	if (head < sizeof(*r) || head > size)
		return FALSE;
	memcpy(r, bytes, sizeof(*r));
	names = (uint64_t)r->device_length + r->what_length;
	if (names + r->data_length > size - head)
		return FALSE;
	copy_name(stream->device, bytes + head, r->device_length);
	copy_name(stream->what, bytes + head + r->device_length, r->what_length);
	event->data = bytes + head + names;
	stream->at += size;
	return TRUE;
}

gboolean monitor_stream_next(struct monitor_stream *stream, struct monitor_event *event,
			     const char **wrong)
{
	uint32_t size;

	*wrong = NULL;
	if (!stream->has_header && !take_header(stream, wrong))
		return FALSE;
	size = front_size(stream);
	if (!size)
		return FALSE;
	if (take_record(stream, event, size))
		return TRUE;
	*wrong = "the machine's stream is damaged";
	return FALSE;
}

uint64_t monitor_stream_wall(const struct monitor_stream *stream, uint64_t time_ns)
{
	return stream->header.wall_ns + time_ns - stream->header.time_ns;
}
