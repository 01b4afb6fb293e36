/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests of an isolated device to a block back end. They come in pieces, with their data, so the
 * back end reads and writes memory of the core, and nothing of a request has to be kept in the
 * device's process until it is done. When that process ends, its pieces are given up (`drain`): who
 * comes next makes again what its state says was under way, and that happens after them.
 */
#include <string.h>

#include "isolation/proxy-parts.h"

#define SECTOR 512

struct iso_request {
	struct tsr_block_request request;
	struct iso_object *peer; /* NULL: the process that wanted it has ended */
	uint32_t number;
	uint8_t data[ISO_DATA];
};

static const struct tsr_block *table_of(const struct iso_object *o)
{
	return o->to.table;
}

static struct iso_object *find(struct iso_proxy *p, const struct iso_head *head)
{
	struct iso_object *o = iso_objects_find(p, head->id, ISO_PEER);

	return o && o->peer == ISO_PEER_BLOCK ? o : NULL;
}

/* -- Requests */

static void deliver(const struct iso_object *o, const struct iso_request *r,
		    enum tsr_block_status status)
{
	struct iso_message m;

	iso_message_init(&m, ISO_BLOCK_DONE, o->id);
	m.head.a[0] = r->number;
	m.head.a[1] = (uint64_t)status;
	if (r->request.op == TSR_BLOCK_READ && status == TSR_BLOCK_OK) {
		m.head.length = (uint32_t)r->request.length;
		memcpy(m.data, r->data, m.head.length);
	}
	iso_proxy_tell(o->proxy, &m);
}

static void on_done(struct tsr_block_request *request, enum tsr_block_status status)
{
	struct iso_request *r = request->user;
	struct iso_object *o = r->peer;

	if (o) {
		o->requests[r->number] = NULL;
		deliver(o, r, status);
	}
	g_free(r);
}

static void on_refused(void *job)
{
	struct iso_request *r = job;

	on_done(&r->request, TSR_BLOCK_OUT_OF_RANGE);
}

/* What no device sends whose end of the channel is ours. */
static bool is_piece(const struct iso_object *o, const struct iso_head *head)
{
	uint64_t length = head->a[2];
	enum tsr_block_op op = (enum tsr_block_op)(uint32_t)head->a[3];

	if (head->a[0] >= ISO_PIECES || o->requests[head->a[0]])
		return false;
	if (op == TSR_BLOCK_WRITE)
		return head->length == length && length <= ISO_DATA;
	return !head->length && (op != TSR_BLOCK_READ || length <= ISO_DATA);
}

/* What every back end may rely on. */
static bool is_aligned(const struct tsr_block_request *r)
{
	return r->offset % SECTOR == 0 && r->length % SECTOR == 0 &&
	       r->length <= UINT64_MAX - r->offset;
}

bool iso_block_submit(struct iso_proxy *p, const struct iso_head *head, const uint8_t *data)
{
	struct iso_object *o = find(p, head);
	struct iso_request *r;
	bool moves;

	if (!o || !is_piece(o, head))
		return false;
	r = g_new0(struct iso_request, 1);
	r->request = (struct tsr_block_request){ .size = sizeof(r->request),
						 .flags = (uint32_t)(head->a[3] >> 32),
						 .op = (enum tsr_block_op)(uint32_t)head->a[3],
						 .offset = head->a[1],
						 .length = head->a[2],
						 .done = on_done,
						 .user = r };
	moves = r->request.op == TSR_BLOCK_READ || r->request.op == TSR_BLOCK_WRITE;
	r->request.buffer = moves ? r->data : NULL;
	memcpy(r->data, data, head->length);
	r->peer = o;
	r->number = (uint32_t)head->a[0];
	o->requests[r->number] = r;
	if (is_aligned(&r->request))
		table_of(o)->submit(o->to.self, &r->request);
	else
		p->t.worker->submit(p->host, NULL, on_refused, r, false);
	return true;
}

/* Returns whether there was one. */
static bool disown(struct iso_object *o)
{
	bool any = false;

	for (unsigned i = 0; i < ISO_PIECES; i++) {
		if (!o->requests[i])
			continue;
		o->requests[i]->peer = NULL;
		o->requests[i] = NULL;
		any = true;
	}
	return any;
}

void iso_block_abandon(struct iso_proxy *p)
{
	for (guint i = 0; i < p->objects->len; i++) {
		struct iso_object *o = g_ptr_array_index(p->objects, i);

		if (o->peer == ISO_PEER_BLOCK && disown(o))
			table_of(o)->drain(o->to.self);
	}
}

/* -- What else a device asks of its back end */

bool iso_block_drain(struct iso_proxy *p, struct iso_message *m)
{
	const struct iso_object *o = find(p, &m->head);

	if (o)
		table_of(o)->drain(o->to.self);
	iso_message_init(m, 0, 0);
	return o != NULL;
}

bool iso_block_info(struct iso_proxy *p, struct iso_message *m)
{
	const struct iso_object *o = find(p, &m->head);
	struct tsr_block_info info = { .size = sizeof(info) };

	if (!o)
		return false;
	table_of(o)->info(o->to.self, &info);
	iso_message_init(m, 0, 0);
	m->head.a[0] =
		(info.present ? ISO_IS_PRESENT : 0) | (info.read_only ? ISO_IS_READ_ONLY : 0);
	m->head.a[1] = info.length;
	m->head.a[2] = info.generation;
	return true;
}

/* A device that is made again begins as at power-on, but the guest has moved the tray since. */
bool iso_block_eject(struct iso_proxy *p, struct iso_message *m)
{
	const struct iso_object *o = find(p, &m->head);
	bool eject = m->head.a[0] != 0;

	if (!o)
		return false;
	iso_message_init(m, 0, 0);
	m->head.a[0] = !p->is_rebuilding && table_of(o)->eject(o->to.self, eject);
	return true;
}

/* The same with the door: what it says at first only counts if it loses its state. */
bool iso_block_lock(struct iso_proxy *p, const struct iso_head *head)
{
	struct iso_object *o = find(p, head);

	if (!o)
		return false;
	o->door = head->a[0] ? ISO_DOOR_LOCKED : ISO_DOOR_OPEN;
	if (!p->is_rebuilding)
		table_of(o)->lock(o->to.self, head->a[0] != 0);
	return true;
}

void iso_block_forget(struct iso_proxy *p)
{
	for (guint i = 0; i < p->objects->len; i++) {
		const struct iso_object *o = g_ptr_array_index(p->objects, i);

		if (o->door != ISO_DOOR_UNKNOWN)
			table_of(o)->lock(o->to.self, o->door == ISO_DOOR_LOCKED);
	}
}
