/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "surroundings.h"

#include <stdlib.h>
#include <string.h>

/* -- A serial line */

static struct {
	const struct tsr_chardev_port *port;
	bool full;
} serial;

void serial_start(void)
{
	memset(&serial, 0, sizeof(serial));
}

static void serial_connect(void *self, const struct tsr_chardev_port *port)
{
	serial.port = port;
}

static size_t serial_write(void *self, const uint8_t *bytes, size_t length)
{
	if (serial.full)
		return 0;
	for (size_t i = 0; i < length; i++)
		compare_log(LOG_STIMULUS, 1, 0, bytes[i]);
	return length;
}

/* A hint that bytes can be delivered, which may come more often. */
static void serial_ready(void *self)
{
}

const struct tsr_chardev serial_table = {
	.size = sizeof(serial_table),
	.connect = serial_connect,
	.write = serial_write,
	.ready = serial_ready,
};

void serial_stimulate(uint64_t *seed)
{
	uint8_t bytes[4];
	size_t room = serial.port ? serial.port->room(serial.port->to) : 0;

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)fake_random(seed);
	compare_log(LOG_STIMULUS, 0, 2, room);
	if (room)
		serial.port->receive(serial.port->to, bytes,
				     room < sizeof(bytes) ? room : sizeof(bytes));
	serial.full = fake_random(seed) % 4 == 0;
}

/* -- A network */

static const struct tsr_net_port *net_port;

void net_start(void)
{
	net_port = NULL;
}

static void net_connect(void *self, const struct tsr_net_port *port)
{
	net_port = port;
}

static void net_send(void *self, const uint8_t *frame, size_t length)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < length; i++)
		sum = sum * 31 + frame[i];
	compare_log(LOG_STIMULUS, 0, length, sum);
}

static void net_ready(void *self)
{
}

const struct tsr_net net_table = {
	.size = sizeof(net_table),
	.connect = net_connect,
	.send = net_send,
	.ready = net_ready,
};

void net_stimulate(uint64_t *seed)
{
	uint8_t frame[TSR_NET_FRAME_MAX];
	size_t length = 60 + fake_random(seed) % (sizeof(frame) - 60);
	bool ready = net_port && net_port->can_receive(net_port->to);

	memset(frame, (int)(fake_random(seed) & 0xff), sizeof(frame));
	memset(frame, 0xff, 6); /* to all */
	compare_log(LOG_STIMULUS, 2, length, ready);
	if (ready)
		net_port->receive(net_port->to, frame, length);
}

/* -- Media */

struct medium media[MEDIA];

void media_start(void)
{
	memset(media, 0, sizeof(media));
	for (unsigned m = 0; m < MEDIA; m++) {
		for (unsigned i = 0; i < MEDIUM_BYTES; i++)
			media[m].bytes[i] = (uint8_t)(i * 7 + (i >> 9) * 13 + m);
		media[m].present = true;
		media[m].read_only = m == DISC;
	}
}

static void medium_info(void *self, struct tsr_block_info *info)
{
	struct medium *m = self;

	tsr_struct_fill(info, &(struct tsr_block_info){ .size = sizeof(*info),
							.present = m->present,
							.read_only = m->read_only,
							.length = m->present ? MEDIUM_BYTES : 0,
							.generation = m->generation });
}

static void medium_submit(void *self, struct tsr_block_request *request)
{
	struct medium *m = self;

	if (m->waiting_count == sizeof(m->waiting) / sizeof(m->waiting[0]))
		abort();
	m->waiting[m->waiting_count++] = request;
}

static void transfer(struct medium *m, const struct tsr_block_request *r)
{
	struct tsr_block_segment whole = { r->buffer, r->length };
	const struct tsr_block_segment *segments = r->buffer ? &whole : r->segments;
	unsigned count = r->buffer ? 1 : r->segment_count;
	uint64_t at = r->offset;

	for (unsigned i = 0; i < count; i++) {
		if (r->op == TSR_BLOCK_READ)
			memcpy(segments[i].base, m->bytes + at, segments[i].length);
		else
			memcpy(m->bytes + at, segments[i].base, segments[i].length);
		at += segments[i].length;
	}
}

static enum tsr_block_status outcome(const struct medium *m, const struct tsr_block_request *r)
{
	if (!m->present)
		return TSR_BLOCK_NO_MEDIUM;
	if (r->op == TSR_BLOCK_FLUSH)
		return TSR_BLOCK_OK;
	if (r->offset > MEDIUM_BYTES || r->length > MEDIUM_BYTES - r->offset)
		return TSR_BLOCK_OUT_OF_RANGE;
	return r->op != TSR_BLOCK_READ && m->read_only ? TSR_BLOCK_READ_ONLY : TSR_BLOCK_OK;
}

static void medium_finish_one(struct medium *m)
{
	struct tsr_block_request *r = m->waiting[0];
	enum tsr_block_status status = outcome(m, r);

	memmove(m->waiting, m->waiting + 1, --m->waiting_count * sizeof(r));
	if (status == TSR_BLOCK_OK && (r->op == TSR_BLOCK_READ || r->op == TSR_BLOCK_WRITE))
		transfer(m, r);
	compare_log(LOG_STIMULUS, r->op, r->offset, status);
	r->done(r, status);
}

static void medium_drain(void *self)
{
	struct medium *m = self;

	while (m->waiting_count)
		medium_finish_one(m);
}

static void medium_listen(void *self, void (*changed)(void *user), void *user)
{
	struct medium *m = self;

	m->changed = changed;
	m->changed_user = user;
}

static bool medium_eject(void *self, bool eject)
{
	struct medium *m = self;

	if (eject && m->locked)
		return false;
	m->present = !eject;
	m->generation++;
	if (m->changed)
		m->changed(m->changed_user);
	return true;
}

static void medium_lock(void *self, bool locked)
{
	((struct medium *)self)->locked = locked;
}

const struct tsr_block medium_table = {
	.size = sizeof(medium_table),
	.info = medium_info,
	.submit = medium_submit,
	.listen = medium_listen,
	.eject = medium_eject,
	.lock = medium_lock,
	.drain = medium_drain,
};

void media_settle(void)
{
	for (unsigned m = 0; m < MEDIA; m++)
		medium_drain(&media[m]);
}

void media_stimulate(uint64_t *seed)
{
	struct medium *m = &media[fake_random(seed) % MEDIA];

	if (m->waiting_count)
		medium_finish_one(m);
	else if (m == &media[DISC] && fake_random(seed) % 16 == 0)
		medium_eject(m, m->present);
}
