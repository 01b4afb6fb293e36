/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A disk in memory that does nothing until it has been asked some times how long it is, which the
 * mover does whenever its guest waits: so a request is under way when the mover's process is
 * killed, however long the next one takes to start. A write reaches the disk when it is done.
 * Requests of segments, which isolated devices do not send, it refuses.
 */
#include <stdlib.h>
#include <string.h>

#include <tessera/block.h>
#include <tessera/tessera.h>

#define LENGTH (512u << 10) /* bytes */
#define LATE 20u            /* calls of info */
#define REQUESTS 64u

struct late {
	const struct tsr_host *host;
	const struct tsr_clock *clock;
	struct tsr_timer *timer;
	struct tsr_block_request *requests[REQUESTS];
	struct tsr_block_request *taken[REQUESTS]; /* are being done */
	unsigned count, asked;
	uint8_t contents[LENGTH];
};

static enum tsr_block_status perform(struct late *l, const struct tsr_block_request *r)
{
	if (r->op == TSR_BLOCK_FLUSH)
		return TSR_BLOCK_OK;
	if (r->offset > LENGTH || r->length > LENGTH - r->offset || !r->buffer)
		return TSR_BLOCK_OUT_OF_RANGE;
	if (r->op == TSR_BLOCK_READ)
		memcpy(r->buffer, l->contents + r->offset, r->length);
	else
		memcpy(l->contents + r->offset, r->buffer, r->length);
	return TSR_BLOCK_OK;
}

/* Their `done` may submit others. */
static unsigned take_all(struct late *l)
{
	unsigned count = l->count;

	memcpy(l->taken, l->requests, sizeof(l->taken));
	l->count = l->asked = 0;
	return count;
}

/* The last one first, as any order is allowed: an old write that was not given up overwrites a
 * newer one. */
static void on_late(void *self, uint64_t deadline_ns)
{
	struct late *l = self;
	struct tsr_block_request *r;
	unsigned count;

	for (count = take_all(l); count--;) {
		r = l->taken[count];
		r->done(r, perform(l, r));
	}
}

/* -- tessera.block/1 */

static void info(void *self, struct tsr_block_info *out)
{
	struct late *l = self;

	if (l->count && ++l->asked == LATE)
		l->clock->arm(l->timer, l->clock->now(l->host));
	tsr_struct_fill(out, &(struct tsr_block_info){
				     .size = sizeof(*out), .present = true, .length = LENGTH });
}

static void submit(void *self, struct tsr_block_request *request)
{
	struct late *l = self;

	if (l->count == REQUESTS)
		abort();
	l->requests[l->count++] = request;
}

static void listen(void *self, void (*changed)(void *user), void *user)
{
}

static bool eject(void *self, bool ejects)
{
	return false;
}

static void lock(void *self, bool locked)
{
}

static void drain(void *self)
{
	struct late *l = self;
	unsigned count;

	l->clock->cancel(l->timer);
	for (count = take_all(l); count--;)
		l->taken[count]->done(l->taken[count], TSR_BLOCK_IO_ERROR);
}

static const struct tsr_block block = { .size = sizeof(block),
					.info = info,
					.submit = submit,
					.listen = listen,
					.eject = eject,
					.lock = lock,
					.drain = drain };

/* -- Life cycle */

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct late *l = self;

	l->host = host;
	l->clock = host->get(host, TSR_CLOCK);
	l->timer = l->clock->timer_new(host, on_late, l);
	return true;
}

static const void *get_interface(void *self, const char *interface)
{
	return strcmp(interface, TSR_BLOCK) ? NULL : &block;
}

static const struct tsr_device_class late_class = {
	.size = sizeof(late_class),
	.instance_size = sizeof(struct late),
	.attach = attach,
	.get_interface = get_interface,
};

TSR_DEVICE_PLUGIN(late_class);
