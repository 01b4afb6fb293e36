/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See event.h. The public enums have the values of the stream, so nothing is translated. */
#include "watch/event.h"

#include <string.h>

#define NAME_MAX_BYTES 255u

_Static_assert((int)TSR_WATCH_KIND_SIGNAL == TSR_MONITOR_SIGNAL &&
		       (int)TSR_WATCH_KIND_SIGNAL + 1 == TSR_MONITOR_KINDS &&
		       (int)TSR_WATCH_KIND_LOST == TSR_MONITOR_LOST,
	       "a kind of the stream is missing in tessera-glib/watch.h");
_Static_assert((int)TSR_WATCH_OP_DONE == TSR_MONITOR_DONE &&
		       (int)TSR_WATCH_OP_DONE + 1 == TSR_MONITOR_OPS,
	       "an operation of the stream is missing in tessera-glib/watch.h");

G_DEFINE_BOXED_TYPE(TsrWatchEvent, tsr_watch_event, tsr_watch_event_ref, tsr_watch_event_unref)

/* A name is UTF-8, whatever a machine writes. Returns the place after its NUL. */
static char *put_name(const char **name, char *to, const uint8_t *from, size_t length)
{
	*name = memcpy(to, from, length);
	to[length] = '\0';
	if (!g_utf8_validate_len(to, length, NULL))
		for (size_t i = 0; i < length; i++)
			to[i] = g_ascii_isprint(to[i]) ? to[i] : '?';
	return to + length + 1;
}

TsrWatchEvent *tsr_watch_event_new(const struct tsr_monitor_record *r, const uint8_t *bytes,
				   uint64_t wall_ns)
{
	size_t device = MIN(r->device_length, NAME_MAX_BYTES);
	size_t what = MIN(r->what_length, NAME_MAX_BYTES);
	size_t size = sizeof(TsrWatchEvent) + device + 1 + what + 1 + r->data_length;
	TsrWatchEvent *e = g_atomic_rc_box_alloc(size);
	char *tail = (char *)(e + 1);

	*e = (TsrWatchEvent){ .record = *r, .wall_ns = wall_ns, .size = size };
	tail = put_name(&e->device, tail, bytes, device);
	tail = put_name(&e->what, tail, bytes + r->device_length, what);
	e->data = memcpy(tail, bytes + r->device_length + r->what_length, r->data_length);
	return e;
}

TsrWatchEvent *tsr_watch_event_ref(TsrWatchEvent *self)
{
	return g_atomic_rc_box_acquire(self);
}

void tsr_watch_event_unref(TsrWatchEvent *self)
{
	g_atomic_rc_box_release(self);
}

TsrWatchKind tsr_watch_event_get_kind(const TsrWatchEvent *self)
{
	return (TsrWatchKind)self->record.kind;
}

TsrWatchOp tsr_watch_event_get_op(const TsrWatchEvent *self)
{
	return (TsrWatchOp)self->record.op;
}

guint64 tsr_watch_event_get_time(const TsrWatchEvent *self)
{
	return self->record.time_ns;
}

guint64 tsr_watch_event_get_wall_time(const TsrWatchEvent *self)
{
	return self->wall_ns;
}

const char *tsr_watch_event_get_device(const TsrWatchEvent *self)
{
	return self->device;
}

const char *tsr_watch_event_get_what(const TsrWatchEvent *self)
{
	return self->what;
}

guint64 tsr_watch_event_get_address(const TsrWatchEvent *self)
{
	return self->record.address;
}

guint64 tsr_watch_event_get_value(const TsrWatchEvent *self)
{
	return self->record.value;
}

guint tsr_watch_event_get_width(const TsrWatchEvent *self)
{
	return self->record.width;
}

guint64 tsr_watch_event_get_length(const TsrWatchEvent *self)
{
	return self->record.length;
}

const guint8 *tsr_watch_event_get_data(const TsrWatchEvent *self, gsize *length)
{
	*length = self->record.data_length;
	return self->data;
}

gsize tsr_watch_event_get_size(const TsrWatchEvent *self)
{
	return self->size;
}
