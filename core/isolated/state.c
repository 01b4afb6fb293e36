/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saved state: fields that are written are posted, fields that are read are asked for. */
#include "isolated/device-parts.h"

/* -- Writing */

static void post_field(uint32_t what, const char *name, uint64_t value, uint64_t bytes)
{
	device_post(&(struct iso_head){ .what = what,
					.length = (uint32_t)strlen(name),
					.a = { value, bytes } },
		    name);
}

static void put_uint(struct tsr_state_writer *w, const char *name, uint64_t value, unsigned bytes)
{
	post_field(ISO_PUT_UINT, name, value, bytes);
}

static void put_bytes(struct tsr_state_writer *w, const char *name, const void *data, size_t length)
{
	static const char too_long[] = "a field of its state is too long for an isolated device";
	size_t start = strlen(name) + 1;
	uint8_t both[ISO_DATA];

	if (start > ISO_DATA || length > ISO_DATA - start) {
		put_bytes(w, TSR_STATE_FAILURE, too_long, sizeof(too_long) - 1);
		return;
	}
	memcpy(both, name, start);
	if (length)
		memcpy(both + start, data, length);
	device_post(&(struct iso_head){ .what = ISO_PUT_BYTES,
					.length = (uint32_t)(start + length),
					.a = { length } },
		    both);
}

static void put_begin(struct tsr_state_writer *w, const char *group)
{
	post_field(ISO_PUT_BEGIN, group, 0, 0);
}

static void put_end(struct tsr_state_writer *w)
{
	post_field(ISO_PUT_END, "", 0, 0);
}

static const struct tsr_state_writer_ops writer_ops = { .size = sizeof(writer_ops),
							.uint = put_uint,
							.bytes = put_bytes,
							.begin = put_begin,
							.end = put_end };
struct tsr_state_writer device_writer = { &writer_ops };

/* -- Reading */

static bool get_uint(struct tsr_state_reader *r, const char *name, uint64_t *out, unsigned bytes)
{
	struct iso_message m = { .head = { .what = ISO_GET_UINT } };

	m.head.a[0] = bytes;
	device_set_text(&m, name);
	device_ask(&m);
	if (m.head.a[0])
		*out = m.head.a[1];
	return m.head.a[0];
}

static bool get_bytes(struct tsr_state_reader *r, const char *name, void *data, size_t length)
{
	struct iso_message m = { .head = { .what = ISO_GET_BYTES } };

	if (length > ISO_DATA)
		return false;
	m.head.a[0] = length;
	device_set_text(&m, name);
	device_ask(&m);
	if (m.head.a[0])
		memcpy(data, m.data, length);
	return m.head.a[0];
}

static int64_t get_length(struct tsr_state_reader *r, const char *name)
{
	return (int64_t)device_ask_about(ISO_GET_LENGTH, 0, name);
}

static bool get_begin(struct tsr_state_reader *r, const char *group)
{
	return device_ask_about(ISO_GET_BEGIN, 0, group);
}

static void get_end(struct tsr_state_reader *r)
{
	device_post_level(ISO_GET_END, 0, 0);
}

static const struct tsr_state_reader_ops reader_ops = { .size = sizeof(reader_ops),
							.uint = get_uint,
							.bytes = get_bytes,
							.length = get_length,
							.begin = get_begin,
							.end = get_end };
struct tsr_state_reader device_reader = { .ops = &reader_ops };
