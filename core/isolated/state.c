/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saved state: fields that are written are posted, or kept in the shared memory after each call;
 * fields that are read are asked for. */
#include "isolated/device-parts.h"

/* -- Writing, by posts or to what is kept */

static struct iso_kept *kept; /* where the device's state goes after a call */
static bool is_spoilt;        /* it had no room, or the device gave up */

void device_keep_in(struct iso_kept *to)
{
	kept = to;
	kept->length = 0;
	is_spoilt = false;
}

bool device_has_kept(void)
{
	return !is_spoilt;
}

/* Room for a record with so much data; NULL: there is none. */
static uint8_t *add(const struct iso_head *head)
{
	uint8_t *to = kept->bytes + kept->length;
	uint32_t need = (uint32_t)sizeof(*head) + iso_padded(head->length);

	if (need > ISO_STATE - kept->length) {
		is_spoilt = true;
		return NULL;
	}
	memcpy(to, head, sizeof(*head));
	kept->length += need;
	return to + sizeof(*head);
}

static void put(struct tsr_state_writer *w, const struct iso_head *head, const void *data)
{
	uint8_t *to;

	if (w != &device_keeper) {
		device_post(head, data);
		return;
	}
	to = add(head);
	if (to)
		memcpy(to, data, head->length);
}

static void put_field(struct tsr_state_writer *w, uint32_t what, const char *name, uint64_t value,
		      uint64_t bytes)
{
	struct iso_head head = { .what = what,
				 .length = (uint32_t)strlen(name),
				 .a = { value, bytes } };

	put(w, &head, name);
}

static void put_uint(struct tsr_state_writer *w, const char *name, uint64_t value, unsigned bytes)
{
	put_field(w, ISO_PUT_UINT, name, value, bytes);
}

/* What lies in memory that the guest sees is there for the core, too. */
static bool put_memory(struct tsr_state_writer *w, const char *name, const void *data,
		       size_t length)
{
	struct iso_head head;

	if (!device_find_field(data, length, &head))
		return false;
	head.what = ISO_PUT_MEMORY;
	head.length = (uint32_t)strlen(name);
	put(w, &head, name);
	return true;
}

static void put_bytes(struct tsr_state_writer *w, const char *name, const void *data, size_t length)
{
	static const char too_long[] = "a field of its state is too long for an isolated device";
	size_t start = strlen(name) + 1;
	uint8_t both[ISO_DATA];

	if (put_memory(w, name, data, length))
		return;
	is_spoilt |= strcmp(name, TSR_STATE_FAILURE) == 0;
	if (start > ISO_DATA || length > ISO_DATA - start) {
		put_bytes(w, TSR_STATE_FAILURE, too_long, sizeof(too_long) - 1);
		return;
	}
	memcpy(both, name, start);
	if (length)
		memcpy(both + start, data, length);
	put(w,
	    &(struct iso_head){
		    .what = ISO_PUT_BYTES, .length = (uint32_t)(start + length), .a = { length } },
	    both);
}

static void put_begin(struct tsr_state_writer *w, const char *group)
{
	put_field(w, ISO_PUT_BEGIN, group, 0, 0);
}

static void put_end(struct tsr_state_writer *w)
{
	put_field(w, ISO_PUT_END, "", 0, 0);
}

static const struct tsr_state_writer_ops writer_ops = { .size = sizeof(writer_ops),
							.uint = put_uint,
							.bytes = put_bytes,
							.begin = put_begin,
							.end = put_end };
struct tsr_state_writer device_writer = { &writer_ops };
struct tsr_state_writer device_keeper = { &writer_ops };

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

/* A field that is to come to where m says. */
static bool get_memory(struct iso_message *m, const char *name)
{
	struct iso_head field = m->head;

	m->head.what = ISO_GET_MEMORY;
	device_set_text(m, name);
	device_ask(m);
	if (m->head.a[0])
		device_take_field(&field);
	return m->head.a[0];
}

static bool get_bytes(struct tsr_state_reader *r, const char *name, void *data, size_t length)
{
	struct iso_message m = { .head = { .what = ISO_GET_BYTES } };

	if (device_find_field(data, length, &m.head))
		return get_memory(&m, name);
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
	device_ask_about(ISO_GET_END, 0, NULL);
}

static const struct tsr_state_reader_ops reader_ops = { .size = sizeof(reader_ops),
							.uint = get_uint,
							.bytes = get_bytes,
							.length = get_length,
							.begin = get_begin,
							.end = get_end };
struct tsr_state_reader device_reader = { .ops = &reader_ops };
