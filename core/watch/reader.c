/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the stream of monitor/record.h, which a machine of another version may write. Nothing of it
 * is believed: each size is compared with what is there. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <tessera-glib/machine.h>

#include "watch/event.h"

#define CHUNK 65536
/* What headers and records of any version keep to. */
#define SIZE_MIN 8u
#define SIZE_MAX_BYTES (1u << 20)
#define DAMAGED UINT32_MAX

struct _TsrWatchReader {
	GObject parent;
	int fd;
	struct tsr_monitor_header header;
	gboolean has_header;
	GByteArray *bytes; /* from `at` on not yet taken */
	guint at;
};

G_DEFINE_FINAL_TYPE(TsrWatchReader, tsr_watch_reader, G_TYPE_OBJECT)

gboolean tsr_watch_reader_read(TsrWatchReader *self, GError **error)
{
	guint8 chunk[CHUNK];
	ssize_t n = read(self->fd, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return TRUE;
	if (n < 0) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO,
			    "cannot read the machine's stream: %s", g_strerror(errno));
		return FALSE;
	}
	if (self->at)
		g_byte_array_remove_range(self->bytes, 0, self->at);
	self->at = 0;
	g_byte_array_append(self->bytes, chunk, (guint)n);
	return n > 0;
}

/* The size that the header or record at the front has. 0: it is not all there; DAMAGED: it has no
 * size that one can have. */
static uint32_t front_size(const TsrWatchReader *self)
{
	uint32_t size, left = self->bytes->len - self->at;

	if (left < sizeof(size))
		return 0;
	memcpy(&size, self->bytes->data + self->at, sizeof(size));
	if (size < SIZE_MIN || size > SIZE_MAX_BYTES)
		return DAMAGED;
	return size > left ? 0 : size;
}

static gboolean take_header(TsrWatchReader *self, GError **error)
{
	uint32_t size = front_size(self);

	if (!size)
		return FALSE;
	if (size >= sizeof(self->header) && size != DAMAGED)
		memcpy(&self->header, self->bytes->data + self->at, sizeof(self->header));
	if (self->header.magic != TSR_MONITOR_MAGIC) {
		g_set_error_literal(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_VERSION,
				    "the machine writes another format; it is another version of "
				    "Tessera");
		return FALSE;
	}
	self->at += size;
	self->has_header = TRUE;
	return TRUE;
}

/* NULL: its sizes do not fit together. */
static TsrWatchEvent *read_record(const TsrWatchReader *self, uint32_t size)
{
	const uint8_t *bytes = self->bytes->data + self->at;
	struct tsr_monitor_record r;
	uint32_t head = size == DAMAGED ? 0 : bytes[offsetof(struct tsr_monitor_record, head)];

	if (head < sizeof(r) || head > size)
		return NULL;
	memcpy(&r, bytes, sizeof(r));
	if ((uint64_t)r.device_length + r.what_length + r.data_length > size - head)
		return NULL;
	return tsr_watch_event_new(&r, bytes + head,
				   self->header.wall_ns + r.time_ns - self->header.time_ns);
}

static gboolean is_known(const TsrWatchEvent *event)
{
	return event->record.kind < TSR_MONITOR_KINDS || event->record.kind == TSR_MONITOR_LOST;
}

TsrWatchEvent *tsr_watch_reader_next(TsrWatchReader *self, GError **error)
{
	TsrWatchEvent *event;
	uint32_t size;

	if (!self->has_header && !take_header(self, error))
		return NULL;
	while ((size = front_size(self)) != 0) {
		event = read_record(self, size);
		if (!event) {
			g_set_error_literal(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
					    "the machine's stream is damaged");
			return NULL;
		}
		self->at += size;
		if (is_known(event))
			return event;
		tsr_watch_event_unref(event);
	}
	return NULL;
}

TsrWatchReader *tsr_watch_reader_new(int fd)
{
	TsrWatchReader *self = g_object_new(TSR_TYPE_WATCH_READER, NULL);

	self->fd = fd;
	return self;
}

static void tsr_watch_reader_finalize(GObject *object)
{
	g_byte_array_unref(TSR_WATCH_READER(object)->bytes);
	G_OBJECT_CLASS(tsr_watch_reader_parent_class)->finalize(object);
}

static void tsr_watch_reader_class_init(TsrWatchReaderClass *class)
{
	G_OBJECT_CLASS(class)->finalize = tsr_watch_reader_finalize;
}

static void tsr_watch_reader_init(TsrWatchReader *self)
{
	self->fd = -1;
	self->bytes = g_byte_array_new();
}
