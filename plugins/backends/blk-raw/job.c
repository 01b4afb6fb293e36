/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests on their way through a worker thread. Jobs are kept for reuse, so a busy disk allocates
 * nothing.
 *
 * The host's disk may hang while a drive is reset. A request is then given up: it ends at once with
 * an error, and nothing of it may reach the guest's memory any more, which the guest uses for
 * something else. Therefore whatever may wait moves data between the file and memory of the job's
 * own; the copy to or from the request's memory happens under the job's lock. What was given up
 * while a thread is in it makes its medium `stuck`: later requests wait until the thread is back,
 * so that an old write never overtakes a newer one, and a medium that hangs holds one thread only.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blk-raw.h"

#define ACTIVITY_NS 100000000u
#define AT_ONCE_MAX 65536u /* bytes */

struct job {
	struct job *next;
	struct blk_raw *owner;
	struct medium *medium;             /* NULL: fails with `status` */
	struct tsr_block_request *request; /* NULL: given up [locked] */
	struct tsr_block_request *ending;  /* given up, its `done` is to be called [locked] */
	enum tsr_block_op op;
	uint64_t offset, length;
	enum tsr_block_status status;
	int error; /* as the functions of the medium return it, 0: none */
	pthread_mutex_t lock;
	bool given_up, finished; /* [lock] */
	bool counted;            /* in medium->stuck [locked] */
	uint8_t *copy;           /* copy_size bytes */
	uint64_t copy_size;
	unsigned count;
	struct iovec pieces[SEGMENTS_MAX]; /* not to be used once it is given up */
};

/* -- On a worker's thread */

static bool make_copy(struct job *j)
{
	if (j->copy_size >= j->length)
		return true;
	free(j->copy);
	j->copy = malloc(j->length);
	j->copy_size = j->copy ? j->length : 0;
	return j->copy != NULL;
}

static void scatter(const struct job *j)
{
	const uint8_t *from = j->copy;

	for (unsigned i = 0; i < j->count; i++) {
		memcpy(j->pieces[i].iov_base, from, j->pieces[i].iov_len);
		from += j->pieces[i].iov_len;
	}
}

static void gather(const struct job *j)
{
	uint8_t *to = j->copy;

	for (unsigned i = 0; i < j->count; i++) {
		memcpy(to, j->pieces[i].iov_base, j->pieces[i].iov_len);
		to += j->pieces[i].iov_len;
	}
}

/* What the host has in memory goes straight to its place; shorter reads were tried at once. */
static bool read_without_waiting(struct job *j)
{
	bool done;

	if (j->length <= AT_ONCE_MAX)
		return false;
	pthread_mutex_lock(&j->lock);
	done = j->given_up ||
	       medium_read_cached(j->medium, j->offset, j->pieces, j->count, j->length);
	pthread_mutex_unlock(&j->lock);
	return done;
}

static int perform_read(struct job *j)
{
	struct iovec piece;
	int error;

	if (read_without_waiting(j))
		return 0;
	if (!make_copy(j))
		return ENOMEM;
	piece = (struct iovec){ j->copy, j->length };
	error = medium_read(j->medium, j->offset, &piece, 1);
	pthread_mutex_lock(&j->lock);
	if (!error && !j->given_up)
		scatter(j);
	pthread_mutex_unlock(&j->lock);
	return error;
}

static int perform_write(struct job *j)
{
	struct iovec piece;
	bool given_up;

	if (!make_copy(j))
		return ENOMEM;
	pthread_mutex_lock(&j->lock);
	given_up = j->given_up;
	if (!given_up)
		gather(j);
	pthread_mutex_unlock(&j->lock);
	piece = (struct iovec){ j->copy, j->length };
	return given_up ? 0 : medium_write(j->medium, j->offset, &piece, 1);
}

static int perform(struct job *j)
{
	switch (j->op) {
	case TSR_BLOCK_READ:
		return perform_read(j);
	case TSR_BLOCK_WRITE:
		return perform_write(j);
	case TSR_BLOCK_FLUSH:
		return medium_flush(j->medium);
	case TSR_BLOCK_DISCARD:
		return medium_discard(j->medium, j->offset, j->length);
	}
	return EINVAL;
}

static const char *const doing[] = {
	[TSR_BLOCK_READ] = "reading",
	[TSR_BLOCK_WRITE] = "writing",
	[TSR_BLOCK_FLUSH] = "flushing",
	[TSR_BLOCK_DISCARD] = "discarding",
};

static void finish(struct job *j)
{
	pthread_mutex_lock(&j->lock);
	j->finished = true;
	pthread_mutex_unlock(&j->lock);
}

static void work(void *job)
{
	struct job *j = job;
	int error = j->medium ? perform(j) : 0;

	finish(j);
	if (!error)
		return;
	j->status = TSR_BLOCK_IO_ERROR;
	j->error = error;
	tsr_log_at(j->owner->log, j->owner->host, TSR_LOG_ERROR, "%s: %s at byte %llu: %s",
		   j->medium->path, doing[j->op], (unsigned long long)j->offset,
		   medium_reason(error));
}

/* -- With the machine's lock */

/* Once for a medium and a kind of request: a guest repeats what fails. */
void blk_raw_report_fault(struct blk_raw *b, struct medium *m, enum tsr_block_op op, int error)
{
	char text[512];

	if (m->faults & 1u << op)
		return;
	m->faults |= 1u << op;
	snprintf(text, sizeof(text), "%s: %s: %s%s", m->path, doing[op], medium_reason(error),
		 op == TSR_BLOCK_FLUSH ? "; writes may be lost, and flushes fail from now on" : "");
	b->bus->emit(b->host, "fault", text);
	if (m == b->medium && (op == TSR_BLOCK_FLUSH || !(m->faults & 1u << TSR_BLOCK_FLUSH)))
		b->properties->set_string(b->host, "fault", text);
}

/* For lamps: at most ten times a second. */
static void tell_activity(struct blk_raw *b)
{
	uint64_t now = b->clock ? b->clock->now(b->host) : 0;

	if (now < b->active_ns + ACTIVITY_NS)
		return;
	b->active_ns = now;
	b->bus->emit(b->host, "activity", "");
}

static struct job *new_job(struct blk_raw *b)
{
	struct job *j = b->free_jobs;

	if (j) {
		b->free_jobs = j->next;
		return j;
	}
	j = calloc(1, sizeof(*j));
	if (!j)
		abort();
	pthread_mutex_init(&j->lock, NULL);
	return j;
}

static void put_away(struct blk_raw *b, struct job *j)
{
	medium_unref(j->medium);
	j->next = b->free_jobs;
	b->free_jobs = j;
}

static void append(struct job **list, struct job *j)
{
	while (*list)
		list = &(*list)->next;
	j->next = NULL;
	*list = j;
}

static void take_out(struct job **list, const struct job *j)
{
	while (*list != j)
		list = &(*list)->next;
	*list = j->next;
}

static void begin(struct job *j);

/* Those whose medium answers again. */
static void begin_waiting(struct blk_raw *b)
{
	struct job *list = b->waiting;

	b->waiting = NULL;
	while (list) {
		struct job *j = list;

		list = j->next;
		if (j->medium && j->medium->stuck)
			append(&b->waiting, j);
		else
			begin(j);
	}
}

static void done(void *job)
{
	struct job *j = job;
	struct blk_raw *b = j->owner;
	struct tsr_block_request *request = j->request;
	enum tsr_block_status status = j->status;
	bool was_stuck = j->counted;

	take_out(&b->under_way, j);
	tell_activity(b);
	if (j->error)
		blk_raw_report_fault(b, j->medium, j->op, j->error);
	if (was_stuck)
		j->medium->stuck--;
	put_away(b, j);
	if (request)
		request->done(request, status);
	if (was_stuck)
		begin_waiting(b);
}

/* Whether the segments hold exactly the request: an overlay trusts their lengths. */
static bool fills_its_segments(const struct tsr_block_request *r)
{
	uint64_t left = r->length;

	if (r->buffer || (r->op != TSR_BLOCK_READ && r->op != TSR_BLOCK_WRITE))
		return true;
	for (unsigned i = 0; i < r->segment_count; i++) {
		if (r->segments[i].length > left)
			return false;
		left -= r->segments[i].length;
	}
	return !left;
}

static enum tsr_block_status check(const struct blk_raw *b, const struct tsr_block_request *r)
{
	const struct medium *m = b->medium;
	bool writes = r->op == TSR_BLOCK_WRITE || r->op == TSR_BLOCK_DISCARD;

	/* NOLINTNEXTLINE(bugprone-sizeof-expression): the size of a pointer is meant */
	if (r->size < TSR_SIZE_TO(struct tsr_block_request, segments) || r->flags ||
	    (unsigned)r->op > TSR_BLOCK_DISCARD)
		return TSR_BLOCK_UNSUPPORTED;
	if (!m || b->tray_open)
		return TSR_BLOCK_NO_MEDIUM;
	if (r->op == TSR_BLOCK_FLUSH)
		return TSR_BLOCK_OK;
	if (writes && m->read_only)
		return TSR_BLOCK_READ_ONLY;
	if (r->offset > m->length || r->length > m->length - r->offset || r->offset % SECTOR ||
	    r->length % SECTOR || r->segment_count > SEGMENTS_MAX || !fills_its_segments(r))
		return TSR_BLOCK_OUT_OF_RANGE;
	return TSR_BLOCK_OK;
}

static unsigned fill_pieces(struct iovec *pieces, const struct tsr_block_request *r)
{
	if (r->op != TSR_BLOCK_READ && r->op != TSR_BLOCK_WRITE)
		return 0;
	if (r->buffer) {
		pieces[0] = (struct iovec){ r->buffer, r->length };
		return 1;
	}
	for (unsigned i = 0; i < r->segment_count; i++)
		pieces[i] = (struct iovec){ r->segments[i].base, r->segments[i].length };
	return r->segment_count;
}

/* A short read whose bytes the host has in memory is done on the spot: that costs less than waking
 * a thread. Requests of an overlay keep their order. */
static bool read_at_once(struct job *j)
{
	const struct tsr_block_request *r = j->request;

	return j->medium && r->op == TSR_BLOCK_READ && r->length <= AT_ONCE_MAX &&
	       (!j->medium->overlay || !j->owner->under_way) &&
	       medium_read_cached(j->medium, r->offset, j->pieces, j->count, r->length);
}

/* Requests of a persistent medium may overtake each other; those of an overlay wait for its lock
 * anyway. */
static void begin(struct job *j)
{
	struct blk_raw *b = j->owner;
	bool at_once = read_at_once(j);

	j->finished = at_once || !j->medium;
	append(&b->under_way, j);
	b->worker->submit(b->host, at_once ? NULL : work, done, j, j->medium && j->medium->overlay);
}

void blk_raw_submit(struct blk_raw *b, struct tsr_block_request *request)
{
	struct job *j = new_job(b);

	j->owner = b;
	j->request = request;
	j->ending = NULL;
	j->op = request->op;
	j->offset = request->offset;
	j->length = request->length;
	j->status = check(b, request);
	j->error = 0;
	j->given_up = j->counted = false;
	j->medium = j->status == TSR_BLOCK_OK ? medium_ref(b->medium) : NULL;
	j->count = j->medium ? fill_pieces(j->pieces, request) : 0;
	if (j->medium && j->medium->stuck)
		append(&b->waiting, j);
	else
		begin(j);
}

/* -- Giving up */

static void give_up(struct job *j)
{
	bool finished;

	if (!j->request)
		return;
	j->ending = j->request;
	j->request = NULL;
	pthread_mutex_lock(&j->lock);
	j->given_up = true;
	finished = j->finished;
	pthread_mutex_unlock(&j->lock);
	j->counted = !finished && j->medium;
	if (j->counted)
		j->medium->stuck++;
}

static struct tsr_block_request *next_ending(struct blk_raw *b)
{
	for (struct job *j = b->under_way; j; j = j->next) {
		struct tsr_block_request *request = j->ending;

		j->ending = NULL;
		if (request)
			return request;
	}
	return NULL;
}

/* A drive may submit another request from inside `done`: that is not given up. */
void blk_raw_give_up(struct blk_raw *b)
{
	struct job *waiting = b->waiting;
	struct tsr_block_request *request;

	for (struct job *j = b->under_way; j; j = j->next)
		give_up(j);
	b->waiting = NULL;
	while ((request = next_ending(b)))
		request->done(request, TSR_BLOCK_IO_ERROR);
	while (waiting) {
		struct job *j = waiting;

		waiting = j->next;
		request = j->request;
		put_away(b, j);
		request->done(request, TSR_BLOCK_IO_ERROR);
	}
}

void blk_raw_free_jobs(struct blk_raw *b)
{
	while (b->free_jobs) {
		struct job *j = b->free_jobs;

		b->free_jobs = j->next;
		pthread_mutex_destroy(&j->lock);
		free(j->copy);
		free(j);
	}
}
