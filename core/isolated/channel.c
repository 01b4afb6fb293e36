/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device's end of the channel. */
#include <string.h>
#include <unistd.h>

#include "isolated/device-parts.h"

struct device device = { .ram_fd = -1, .memory_fd = -1 };

static void put_message(struct iso_message *m, enum iso_kind kind)
{
	struct iso_shared *shared = device.shared;

	m->head.kind = kind;
	memcpy(&shared->message.head, &m->head, sizeof(m->head));
	memcpy(shared->message.data, m->data, m->head.length);
}

/* m becomes what comes next: an answer, a reply or a call. */
static void pass_turn(struct iso_message *m)
{
	struct iso_shared *shared = device.shared;

	iso_give(shared, ISO_CORE);
	if (!iso_wait(shared, ISO_DEVICE, 0) || !iso_copy(m, &shared->message))
		_exit(1);
	if (!shared->posted_length) /* the core has taken what was posted */
		device.writes = 0;
}

static void exchange(struct iso_message *m, enum iso_kind kind)
{
	put_message(m, kind);
	pass_turn(m);
}

void device_serve(void)
{
	struct iso_message m = { .head = { .length = 0 } };

	m.head.a[0] = 1;
	exchange(&m, ISO_REPLY);
	for (;;) {
		uint64_t call = device.shared->call, done = 0;

		device.turn++;
		device.call(&m);
		if (call)
			done = device.keep(call);
		put_message(&m, ISO_REPLY);
		if (call)
			atomic_store(&device.shared->done, done);
		pass_turn(&m);
	}
}

/* What the question leads to may call the device in between. */
void device_ask(struct iso_message *m)
{
	enum iso_kind kind = ISO_QUESTION;

	for (;;) {
		exchange(m, kind);
		if (m->head.kind == ISO_ANSWER)
			return;
		device.call(m);
		kind = ISO_REPLY;
	}
}

void device_set_text(struct iso_message *m, const char *text)
{
	size_t length = strlen(text);

	m->head.length = (uint32_t)(length < ISO_DATA ? length : ISO_DATA - 1);
	memcpy(m->data, text, m->head.length);
}

const char *device_text(struct iso_message *m)
{
	m->data[m->head.length < ISO_DATA ? m->head.length : ISO_DATA - 1] = 0;
	return (const char *)m->data;
}

uint64_t device_ask_about(uint32_t what, uint32_t id, const char *text)
{
	struct iso_message m;

	m.head = (struct iso_head){ .what = what, .id = id };
	if (text)
		device_set_text(&m, text);
	device_ask(&m);
	return m.head.a[0];
}

const uint8_t *device_post(const struct iso_head *head, const void *data)
{
	struct iso_shared *shared = device.shared;
	uint32_t need = (uint32_t)sizeof(*head) + iso_padded(head->length);
	uint8_t *to;

	if (need > ISO_POSTED)
		return NULL;
	if (shared->posted_length + need > ISO_POSTED)
		device_ask_about(ISO_FLUSH, 0, NULL);
	to = shared->posted + shared->posted_length;
	memcpy(to, head, sizeof(*head));
	if (data)
		memcpy(to + sizeof(*head), data, head->length);
	shared->posted_length += need;
	return to + sizeof(*head);
}

void device_post_level(uint32_t what, uint32_t id, uint64_t value)
{
	device_post(&(struct iso_head){ .what = what, .id = id, .a = { value } }, NULL);
}

struct object *device_make(struct iso_message *m, struct tsr_error *error)
{
	struct object *o;

	device_ask(m);
	if (!m->head.a[0] || m->head.id >= OBJECTS_MAX) {
		tsr_error_set(error, (enum tsr_error_code)m->head.a[1], "%s", device_text(m));
		return NULL;
	}
	o = &device.objects[m->head.id];
	*o = (struct object){ .id = m->head.id, .level = -1, .peer = (enum iso_peer)m->head.a[1] };
	return o;
}
