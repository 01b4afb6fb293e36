/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See file.h. */
#include "recording/file.h"

#include <string.h>
#include <tessera-glib/machine.h>

struct tsr_recording {
	GBytes *bytes;
	char *name;
	GVariant *description;
	const uint8_t *at, *end; /* after the event that was read last */
	struct tsr_recording_event event;
	guint64 number;
};

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put32(uint8_t *p, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

uint64_t tsr_recording_sum(uint64_t sum, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		sum = (sum ^ bytes[i]) * 0x100000001b3u;
	return sum;
}

/* -- The front */

GByteArray *tsr_recording_front(GVariant *description)
{
	g_autoptr(GVariant) normal = g_variant_get_normal_form(description);
	g_autoptr(GVariant) other =
		G_BYTE_ORDER == G_BIG_ENDIAN ? g_variant_byteswap(normal) : g_variant_ref(normal);
	gsize size = g_variant_get_size(other);
	uint8_t front[TSR_RECORDING_FRONT];
	GByteArray *all = g_byte_array_new();

	memcpy(front, TSR_RECORDING_MAGIC, 8);
	put32(front + 8, TSR_RECORDING_FORMAT);
	put32(front + 12, (uint32_t)size);
	g_byte_array_append(all, front, sizeof(front));
	g_byte_array_append(all, g_variant_get_data(other), (guint)size);
	return all;
}

size_t tsr_recording_front_length(const uint8_t *front)
{
	if (memcmp(front, TSR_RECORDING_MAGIC, 8) != 0 || get32(front + 8) != TSR_RECORDING_FORMAT)
		return 0;
	return TSR_RECORDING_FRONT + (size_t)get32(front + 12);
}

/* -- Checks of a file */

static gboolean fail(const struct tsr_recording *r, GError **error, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

static gboolean fail(const struct tsr_recording *r, GError **error, const char *format, ...)
{
	g_autofree char *why = NULL;
	va_list args;

	va_start(args, format);
	why = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID, "%s: %s", r->name, why);
	return FALSE;
}

static gboolean check_front(struct tsr_recording *r, const uint8_t *bytes, gsize length,
			    GError **error)
{
	if (length < TSR_RECORDING_FRONT || memcmp(bytes, TSR_RECORDING_MAGIC, 8) != 0)
		return fail(r, error,
			    "this is no recording of a device; `tessera monitor --record` makes "
			    "them");
	if (get32(bytes + 8) > TSR_RECORDING_FORMAT || !get32(bytes + 8))
		return fail(r, error,
			    "its format is %u, and this version of Tessera knows 1 to %u; use the "
			    "version that made it, or a newer one",
			    get32(bytes + 8), TSR_RECORDING_FORMAT);
	if (get32(bytes + 12) > TSR_RECORDING_DESCRIPTION_MAX)
		return fail(r, error, "it is damaged: its description would have %u bytes",
			    get32(bytes + 12));
	if (get32(bytes + 12) > length - TSR_RECORDING_FRONT)
		return fail(r, error, "it is cut off in its description; record it again");
	return TRUE;
}

static gboolean take_description(struct tsr_recording *r, const uint8_t *bytes, GError **error)
{
	g_autoptr(GBytes) copy =
		g_bytes_new(bytes + TSR_RECORDING_FRONT, get32(bytes + 12)); /* is aligned */
	g_autoptr(GVariant) raw =
		g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE_VARDICT, copy, FALSE));

	if (!g_variant_is_normal_form(raw))
		return fail(r, error, "it is damaged: its description is none");
	r->description =
		G_BYTE_ORDER == G_BIG_ENDIAN ? g_variant_byteswap(raw) : g_variant_ref(raw);
	r->at = bytes + TSR_RECORDING_FRONT + get32(bytes + 12);
	return TRUE;
}

static gboolean check_end(const struct tsr_recording *r, const uint8_t *last, guint64 number,
			  GError **error)
{
	gsize length;
	const uint8_t *bytes = g_bytes_get_data(r->bytes, &length);
	const struct tsr_recording_event *e = &r->event;
	uint64_t sum = tsr_recording_sum(TSR_RECORDING_SUM_START, bytes, (size_t)(last - bytes));

	if (e->values[1] != number - 1 || e->values[2] != sum)
		return fail(r, error, "it is damaged: its checksum is wrong; record it again");
	if (r->at != bytes + length)
		return fail(r, error, "it is damaged: something stands behind its end");
	return TRUE;
}

/* As tsr_recording_take(): 0, what comes is cut off; less, it is no event. */
static gssize take_event(struct tsr_recording *r)
{
	gssize used = tsr_recording_take(r->at, (size_t)(r->end - r->at), &r->event);

	r->number++;
	if (used > 0)
		r->at += used;
	return used;
}

static gboolean check_events(struct tsr_recording *r, GError **error)
{
	int depth = 0;

	for (;;) {
		const uint8_t *before = r->at;
		const struct tsr_recording_row *row;
		gssize used = take_event(r);

		if (used <= 0)
			return fail(r, error,
				    used < 0 ? "it is damaged at event %" G_GUINT64_FORMAT
					     : "it is cut off at event %" G_GUINT64_FORMAT
					       ": the recording was not ended; record it again",
				    r->number);
		row = tsr_recording_find(r->event.kind);
		if (row->way == TSR_RECORDING_LAST)
			return check_end(r, before, r->number, error);
		depth += row->way == TSR_RECORDING_IN;
		depth -= row->way == TSR_RECORDING_BACK;
		if (depth < 0 || (!depth && row->way >= TSR_RECORDING_OUT))
			return fail(r, error,
				    "it is damaged: event %" G_GUINT64_FORMAT
				    " belongs to no call of the device",
				    r->number);
	}
}

/* Before the first event, at the time at which the recording began. */
static void rewind_events(struct tsr_recording *r, const uint8_t *first)
{
	g_autoptr(GVariant) time = tsr_recording_lookup(r, "time", "t");

	r->at = first;
	r->number = 0;
	r->event.time_ns = time ? g_variant_get_uint64(time) : 0;
}

/* -- Reading */

struct tsr_recording *tsr_recording_new(GBytes *bytes, const char *name, GError **error)
{
	struct tsr_recording *r = g_new0(struct tsr_recording, 1);
	gsize length;
	const uint8_t *data = g_bytes_get_data(bytes, &length), *first;

	r->bytes = g_bytes_ref(bytes);
	r->name = g_strdup(name);
	if (!data) /* there are no bytes */
		data = (const uint8_t *)"";
	r->end = data + length;
	if (check_front(r, data, length, error) && take_description(r, data, error)) {
		first = r->at;
		rewind_events(r, first);
		if (check_events(r, error)) {
			rewind_events(r, first);
			take_event(r);
			return r;
		}
	}
	tsr_recording_free(r);
	return NULL;
}

struct tsr_recording *tsr_recording_open(const char *path, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, &why);
	g_autoptr(GBytes) bytes = NULL;

	if (!file) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO,
			    "cannot read the recording: %s", why->message);
		return NULL;
	}
	bytes = g_mapped_file_get_bytes(file);
	return tsr_recording_new(bytes, path, error);
}

void tsr_recording_free(struct tsr_recording *r)
{
	if (!r)
		return;
	g_clear_pointer(&r->description, g_variant_unref);
	g_bytes_unref(r->bytes);
	g_free(r->name);
	g_free(r);
}

GVariant *tsr_recording_get_description(const struct tsr_recording *r)
{
	return r->description;
}

GVariant *tsr_recording_lookup(const struct tsr_recording *r, const char *name, const char *type)
{
	return g_variant_lookup_value(r->description, name, G_VARIANT_TYPE(type));
}

const struct tsr_recording_event *tsr_recording_peek(struct tsr_recording *r)
{
	return &r->event;
}

void tsr_recording_skip(struct tsr_recording *r)
{
	if (r->event.kind != TSR_RECORDING_END)
		take_event(r);
}

guint64 tsr_recording_get_number(const struct tsr_recording *r)
{
	return r->number;
}
