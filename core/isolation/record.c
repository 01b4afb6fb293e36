/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The last known state of an isolated device: what its `save` wrote, as records one after the
 * other, and a reader of them. The device's process wrote them, so nothing of them is trusted; a
 * reader that finds them damaged finds no field.
 */
#include <string.h>

#include "isolation/proxy-parts.h"

void iso_record_add(GByteArray *record, const struct iso_head *head, const uint8_t *data)
{
	static const guint8 padding[8];

	g_byte_array_append(record, (const guint8 *)head, sizeof(*head));
	g_byte_array_append(record, data, head->length);
	g_byte_array_append(record, padding, iso_padded(head->length) - head->length);
}

/* A field of the record: its head, the bytes of its data; false: the record is at its end. */
static bool next(const GByteArray *record, guint *at, struct iso_head *head, const char **data)
{
	if (*at + sizeof(*head) > record->len)
		return false;
	memcpy(head, record->data + *at, sizeof(*head));
	if (head->length > record->len - *at - sizeof(*head))
		return false;
	*data = (const char *)record->data + *at + sizeof(*head);
	*at += (guint)sizeof(*head) + iso_padded(head->length);
	return true;
}

static bool has_name(const struct iso_head *head, const char *data, const char *name)
{
	size_t length = strlen(name);

	return head->length >= length && memcmp(data, name, length) == 0 &&
	       (head->length == length || !data[length]);
}

/* A field of the group that the reader is in; returns where what follows it begins, 0: none. */
static guint find(const struct iso_record_reader *r, uint32_t what, const char *name,
		  struct iso_head *head, const char **data)
{
	guint at = r->starts[r->depth];
	unsigned level = 0;

	while (next(r->record, &at, head, data)) {
		if (!level && head->what == what && has_name(head, *data, name))
			return at;
		if (head->what == ISO_PUT_BEGIN)
			level++;
		else if (head->what == ISO_PUT_END && level-- == 0)
			return 0;
	}
	return 0;
}

static bool get_uint(struct tsr_state_reader *r, const char *name, uint64_t *out, unsigned bytes)
{
	struct iso_head head;
	const char *data;

	if (!find((struct iso_record_reader *)r, ISO_PUT_UINT, name, &head, &data) ||
	    head.a[1] != bytes)
		return false;
	*out = head.a[0];
	return true;
}

/* Of a field whose bytes lie in memory that the guest sees: they are there. */
static const uint8_t *in_memory(struct tsr_state_reader *r, const char *name, uint64_t *length)
{
	struct iso_record_reader *reader = (struct iso_record_reader *)r;
	struct iso_head head;
	const char *data;

	if (!find(reader, ISO_PUT_MEMORY, name, &head, &data))
		return NULL;
	*length = head.a[0];
	return iso_memory_find(reader->proxy, &head);
}

static int64_t get_length(struct tsr_state_reader *r, const char *name)
{
	struct iso_head head;
	uint64_t length;
	const char *data;

	if (in_memory(r, name, &length))
		return (int64_t)length;
	if (!find((struct iso_record_reader *)r, ISO_PUT_BYTES, name, &head, &data))
		return -1;
	return (int64_t)head.length - (int64_t)strlen(name) - 1;
}

static bool get_bytes(struct tsr_state_reader *r, const char *name, void *to, size_t length)
{
	uint64_t there;
	const uint8_t *bytes = in_memory(r, name, &there);
	struct iso_head head;
	const char *data;

	if (bytes && there == length) {
		if (bytes != to)
			memmove(to, bytes, length);
		return true;
	}
	if (!find((struct iso_record_reader *)r, ISO_PUT_BYTES, name, &head, &data) ||
	    head.length != strlen(name) + 1 + length)
		return false;
	memcpy(to, data + strlen(name) + 1, length);
	return true;
}

static bool get_begin(struct tsr_state_reader *r, const char *group)
{
	struct iso_record_reader *reader = (struct iso_record_reader *)r;
	struct iso_head head;
	const char *data;
	guint start = find(reader, ISO_PUT_BEGIN, group, &head, &data);

	if (!start || reader->depth + 1 >= G_N_ELEMENTS(reader->starts))
		return false;
	reader->starts[++reader->depth] = start;
	return true;
}

static void get_end(struct tsr_state_reader *r)
{
	struct iso_record_reader *reader = (struct iso_record_reader *)r;

	reader->depth -= reader->depth > 0;
}

void iso_record_read(struct iso_record_reader *reader, struct iso_proxy *p, uint32_t version)
{
	static const struct tsr_state_reader_ops ops = { .size = sizeof(ops),
							 .uint = get_uint,
							 .bytes = get_bytes,
							 .length = get_length,
							 .begin = get_begin,
							 .end = get_end };

	*reader = (struct iso_record_reader){ .base = { .ops = &ops, .version = version },
					      .proxy = p,
					      .record = p->kept };
}
