/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests on their way through a worker thread. Jobs are kept for reuse, so a busy disk allocates
 * nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blk-raw.h"

#define AT_ONCE_MAX 65536u /* bytes */

struct job {
	struct job *next;
	struct blk_raw *owner;
	struct medium *medium; /* NULL: fails with `status` */
	struct tsr_block_request *request;
	enum tsr_block_status status;
	int error; /* as the functions of the medium return it, 0: none */
	unsigned count;
	struct iovec pieces[SEGMENTS_MAX];
};

static int perform(struct job *j)
{
	const struct tsr_block_request *r = j->request;

	switch (r->op) {
	case TSR_BLOCK_READ:
		return medium_read(j->medium, r->offset, j->pieces, j->count);
	case TSR_BLOCK_WRITE:
		return medium_write(j->medium, r->offset, j->pieces, j->count);
	case TSR_BLOCK_FLUSH:
		return medium_flush(j->medium);
	case TSR_BLOCK_DISCARD:
		return medium_discard(j->medium, r->offset, r->length);
	}
	return EINVAL;
}

static const char *const doing[] = {
	[TSR_BLOCK_READ] = "reading",
	[TSR_BLOCK_WRITE] = "writing",
	[TSR_BLOCK_FLUSH] = "flushing",
	[TSR_BLOCK_DISCARD] = "discarding",
};

static void work(void *job)
{
	struct job *j = job;
	int error = j->medium ? perform(j) : 0;

	if (!error)
		return;
	j->status = TSR_BLOCK_IO_ERROR;
	j->error = error;
	tsr_log_at(j->owner->log, j->owner->host, TSR_LOG_ERROR, "%s: %s at byte %llu: %s",
		   j->medium->path, doing[j->request->op], (unsigned long long)j->request->offset,
		   medium_reason(error));
}

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

static void done(void *job)
{
	struct job *j = job;
	struct blk_raw *b = j->owner;
	struct tsr_block_request *request = j->request;
	enum tsr_block_status status = j->status;

	if (j->error)
		blk_raw_report_fault(b, j->medium, j->request->op, j->error);
	medium_unref(j->medium);
	j->next = b->free_jobs;
	b->free_jobs = j;
	request->done(request, status);
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
 * a thread. */
static bool read_at_once(struct job *j)
{
	const struct tsr_block_request *r = j->request;

	return j->medium && r->op == TSR_BLOCK_READ && r->length <= AT_ONCE_MAX &&
	       medium_read_cached(j->medium, r->offset, j->pieces, j->count, r->length);
}

/* Requests of a persistent medium may overtake each other; those of an overlay wait for its lock
 * anyway. */
void blk_raw_submit(struct blk_raw *b, struct tsr_block_request *request)
{
	struct job *j = b->free_jobs;

	if (j)
		b->free_jobs = j->next;
	else if (!(j = malloc(sizeof(*j))))
		abort();
	j->owner = b;
	j->request = request;
	j->status = check(b, request);
	j->error = 0;
	j->medium = j->status == TSR_BLOCK_OK ? medium_ref(b->medium) : NULL;
	j->count = j->medium ? fill_pieces(j->pieces, request) : 0;
	b->worker->submit(b->host, read_at_once(j) ? NULL : work, done, j,
			  j->medium && j->medium->overlay);
}

void blk_raw_free_jobs(struct blk_raw *b)
{
	while (b->free_jobs) {
		struct job *j = b->free_jobs;

		b->free_jobs = j->next;
		free(j);
	}
}
