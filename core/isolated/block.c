/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Block back ends that the device is connected to. A request goes over in pieces, of which
 * ISO_PIECES are under way at a time; the others wait here. They are posted: a call in which the
 * process ends has submitted nothing, unless it had more to post than fits.
 */
#include <glib.h>

#include "isolated/device-parts.h"

/* A request of the device. */
struct job {
	struct tsr_block_request *request;
	uint64_t sent;      /* bytes */
	bool is_sent;       /* all of it, or what follows was given up; before it, it waits */
	unsigned under_way; /* pieces */
	enum tsr_block_status status;
};

struct piece {
	bool is_used;
	bool is_drained; /* was sent before the drain that is under way */
	struct job *job; /* NULL: given up, but the core has not said yet that it is done */
	uint64_t at;     /* in its request */
	uint64_t length;
};

struct device_disk {
	GQueue waiting; /* struct job */
	struct piece pieces[ISO_PIECES];
};

static struct device_disk *disk_of(struct object *o)
{
	if (!o->disk) {
		o->disk = g_new0(struct device_disk, 1);
		g_queue_init(&o->disk->waiting);
	}
	return o->disk;
}

/* -- Data */

static bool moves_data(const struct tsr_block_request *r)
{
	return r->op == TSR_BLOCK_READ || r->op == TSR_BLOCK_WRITE;
}

static void copy_segment(bool is_read, uint8_t *segment, uint8_t *bytes, uint64_t length)
{
	if (is_read)
		memcpy(segment, bytes, length);
	else
		memcpy(bytes, segment, length);
}

/* Copies between the request's memory, from `at` on, and bytes. */
static void copy(const struct tsr_block_request *r, uint64_t at, uint8_t *bytes, uint64_t length)
{
	const struct tsr_block_segment whole = { r->buffer, r->length };
	const struct tsr_block_segment *segments = r->buffer ? &whole : r->segments;
	unsigned count = r->buffer ? 1 : r->segment_count;

	for (unsigned i = 0; length && i < count; i++) {
		const struct tsr_block_segment *s = &segments[i];
		uint64_t part;

		if (at >= s->length) {
			at -= s->length;
			continue;
		}
		part = MIN(length, s->length - at);
		copy_segment(r->op == TSR_BLOCK_READ, (uint8_t *)s->base + at, bytes, part);
		bytes += part;
		length -= part;
		at = 0;
	}
}

static bool fills_its_segments(const struct tsr_block_request *r)
{
	uint64_t left = r->length;

	for (unsigned i = 0; !r->buffer && i < r->segment_count; i++) {
		if (r->segments[i].length > left)
			return false;
		left -= r->segments[i].length;
	}
	return r->buffer || !left;
}

/* One that the back end refuses instead of the device crashing by it. */
static uint32_t operation(const struct tsr_block_request *r)
{
	return !moves_data(r) || fills_its_segments(r) ? (uint32_t)r->op : UINT32_MAX;
}

/* -- Pieces */

/* Posting may lead to calls of the device, so all else is done before. */
static void send_piece(struct object *o, unsigned number, struct job *job)
{
	const struct tsr_block_request *r = job->request;
	uint32_t op = operation(r);
	bool moves = op == TSR_BLOCK_READ || op == TSR_BLOCK_WRITE;
	uint64_t length = moves ? MIN(r->length - job->sent, ISO_DATA) : r->length;
	struct iso_head head = { .what = ISO_SUBMIT,
				 .id = o->id,
				 .a = { number, r->offset + job->sent, length,
					op | (uint64_t)r->flags << 32 } };
	uint8_t bytes[ISO_DATA];

	if (op == TSR_BLOCK_WRITE) {
		head.length = (uint32_t)length;
		copy(r, job->sent, bytes, length);
	}
	o->disk->pieces[number] =
		(struct piece){ .is_used = true, .job = job, .at = job->sent, .length = length };
	job->sent += length;
	job->under_way++;
	job->is_sent = job->sent == r->length;
	if (job->is_sent)
		g_queue_pop_head(&o->disk->waiting);
	device_post(&head, bytes);
}

static unsigned free_piece(const struct device_disk *d)
{
	unsigned number = 0;

	while (number < ISO_PIECES && d->pieces[number].is_used)
		number++;
	return number;
}

static void send_pieces(struct object *o)
{
	struct device_disk *d = disk_of(o);
	struct job *job;
	unsigned number;

	while ((job = g_queue_peek_head(&d->waiting)) && (number = free_piece(d)) < ISO_PIECES)
		send_piece(o, number, job);
}

static void finish(struct job *job)
{
	struct tsr_block_request *request = job->request;
	enum tsr_block_status status = job->status;

	g_free(job);
	request->done(request, status);
}

/* Of a request that fails the rest is not sent. */
static void end_piece(struct device_disk *d, struct job *job, enum tsr_block_status status)
{
	job->under_way--;
	if (status != TSR_BLOCK_OK && job->status == TSR_BLOCK_OK)
		job->status = status;
	if (job->status != TSR_BLOCK_OK && !job->is_sent) {
		g_queue_remove(&d->waiting, job);
		job->is_sent = true;
	}
	if (job->is_sent && !job->under_way)
		finish(job);
}

void device_block_done(struct object *o, struct iso_message *m)
{
	struct device_disk *d = disk_of(o);
	struct piece *place = &d->pieces[m->head.a[0]], piece = *place;
	enum tsr_block_status status = (enum tsr_block_status)m->head.a[1];

	*place = (struct piece){ .is_used = false };
	if (piece.job && piece.job->request->op == TSR_BLOCK_READ && status == TSR_BLOCK_OK)
		copy(piece.job->request, piece.at, m->data, piece.length);
	if (piece.job)
		end_piece(d, piece.job, status);
	send_pieces(o);
}

/* -- tessera.block/1 */

static void info(void *self, struct tsr_block_info *out)
{
	struct iso_message m = { .head = { .what = ISO_BLOCK_INFO,
					   .id = device_object(self)->id } };

	device_ask(&m);
	tsr_struct_fill(out, &(struct tsr_block_info){ .size = sizeof(*out),
						       .present = m.head.a[0] & ISO_IS_PRESENT,
						       .read_only = m.head.a[0] & ISO_IS_READ_ONLY,
						       .length = m.head.a[1],
						       .generation = (uint32_t)m.head.a[2] });
}

static void submit(void *self, struct tsr_block_request *request)
{
	struct object *o = self;
	struct job *job = g_new0(struct job, 1);

	job->request = request;
	g_queue_push_tail(&disk_of(o)->waiting, job);
	send_pieces(o);
}

static void listen(void *self, void (*changed)(void *user), void *user)
{
	struct object *o = self;

	o->medium_changed = changed;
	o->self = user;
	device_ask_about(ISO_CONNECT, o->id, NULL);
}

static bool eject(void *self, bool ejects)
{
	struct iso_message m = { .head = { .what = ISO_EJECT, .id = device_object(self)->id } };

	m.head.a[0] = ejects;
	device_ask(&m);
	return m.head.a[0];
}

static void lock(void *self, bool locked)
{
	device_post_level(ISO_LOCK, device_object(self)->id, locked);
}

/* Takes those that wait out of the queue; those of which nothing is under way are left in idle. */
static void give_up_waiting(struct device_disk *d, GQueue *idle)
{
	struct job *job;

	while ((job = g_queue_pop_head(&d->waiting))) {
		job->is_sent = true;
		job->status = TSR_BLOCK_IO_ERROR;
		if (!job->under_way)
			g_queue_push_tail(idle, job);
	}
}

/* What the back end has not ended is not waited for: its piece is used until it is done. */
static void give_up_pieces(struct device_disk *d)
{
	for (unsigned i = 0; i < ISO_PIECES; i++) {
		struct job *job = d->pieces[i].is_drained ? d->pieces[i].job : NULL;

		d->pieces[i].is_drained = false;
		d->pieces[i].job = job ? NULL : d->pieces[i].job;
		if (job)
			end_piece(d, job, TSR_BLOCK_IO_ERROR);
	}
}

/* A `done` may submit another request: that is not given up. */
static void drain(void *self)
{
	struct object *o = self;
	struct device_disk *d = disk_of(o);
	GQueue idle = G_QUEUE_INIT;
	bool any = false;
	struct job *job;

	give_up_waiting(d, &idle);
	for (unsigned i = 0; i < ISO_PIECES; i++)
		any |= d->pieces[i].is_drained = d->pieces[i].is_used;
	if (any)
		device_ask_about(ISO_DRAIN, o->id, NULL);
	give_up_pieces(d);
	while ((job = g_queue_pop_head(&idle)))
		finish(job);
}

/* The core has the back end seal its medium, and recognizes it. */
const struct tsr_block device_block = { .size = sizeof(device_block),
					.info = info,
					.submit = submit,
					.listen = listen,
					.eject = eject,
					.lock = lock,
					.drain = drain,
					.seal = NULL,
					.recognize = NULL };
