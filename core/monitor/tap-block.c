/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests of a drive to the back end that holds its medium ("tessera.block/1"). While a tap is
 * set, the back end gets a copy of the request, whose `done` tells and passes on; a request that
 * was submitted before goes its own way.
 */
#include <string.h>

#include <tessera/block.h>

#include "monitor/tap-link.h"
#include "recording/interfaces.h"

#include "monitor/tap-block.inc"

struct tapped {
	const struct tsr_tap_link *link;
	struct tsr_block_request *outer; /* the drive's */
	uint64_t number;
	uint64_t recorded;              /* its number in the recording, 0: it is in none */
	struct tsr_block_request inner; /* last: it has the size that the drive's has */
};

static void tell(const struct tapped *t, enum tsr_monitor_op op, unsigned status)
{
	tsr_hub_tell(t->link->hub, &(struct tsr_monitor_event){
					   .kind = TSR_MONITOR_BLOCK,
					   .op = op,
					   .width = status,
					   .device = t->link->user,
					   .what = t->link->need,
					   .address = t->outer->offset,
					   .length = t->outer->length,
					   .value = t->number,
				   });
}

/* -- Recordings */

static const struct tsr_block *inner_of(const struct tsr_tap_link *link)
{
	return link->inner;
}

static void append_number(GByteArray *to, uint64_t value)
{
	uint8_t bytes[8];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	g_byte_array_append(to, bytes, sizeof(bytes));
}

static void append_contents(GByteArray *to, const struct tsr_block_request *request)
{
	const struct tsr_block_segment whole = { request->buffer, request->length };
	const struct tsr_block_segment *pieces = request->buffer ? &whole : request->segments;
	unsigned count = request->buffer ? 1 : request->segment_count;

	for (unsigned i = 0; i < count; i++)
		g_byte_array_append(to, pieces[i].base, (guint)pieces[i].length);
}

static void record_submit(struct tapped *t, struct tsr_recorder *recorder)
{
	g_autoptr(GByteArray) data = g_byte_array_new();

	t->recorded = tsr_recorder_number(recorder);
	append_number(data, t->outer->offset);
	append_number(data, t->outer->length);
	if (t->outer->op == TSR_BLOCK_WRITE)
		append_contents(data, t->outer);
	tsr_tap_link_call(t->link, recorder, TSR_RECORDING_BLOCK_SUBMIT, t->recorded,
			  (uint64_t)t->outer->op, data->data, data->len);
}

/* NULL: it is not recorded. */
static struct tsr_recorder *record_done(const struct tapped *t, enum tsr_block_status status)
{
	struct tsr_recorder *recorder = t->recorded ? tsr_tap_link_recorder(t->link) : NULL;
	g_autoptr(GByteArray) data = NULL;

	if (!recorder)
		return NULL;
	data = g_byte_array_new();
	if (t->outer->op == TSR_BLOCK_READ && status == TSR_BLOCK_OK)
		append_contents(data, t->outer);
	tsr_tap_link_enter(t->link, recorder, TSR_RECORDING_BLOCK_DONE, t->recorded,
			   (uint64_t)status, data->data, data->len);
	return recorder;
}

/* -- Requests */

static void on_done(struct tsr_block_request *request, enum tsr_block_status status)
{
	struct tapped *t = request->user;
	struct tsr_recorder *recorder = record_done(t, status);

	tell(t, TSR_MONITOR_DONE, (unsigned)status);
	t->outer->done(t->outer, status);
	tsr_recorder_leave(recorder, 0);
	g_free(t);
}

static enum tsr_monitor_op op_of(const struct tsr_block_request *request)
{
	switch (request->op) {
	case TSR_BLOCK_READ:
		return TSR_MONITOR_READ;
	case TSR_BLOCK_WRITE:
		return TSR_MONITOR_WRITE;
	case TSR_BLOCK_FLUSH:
		return TSR_MONITOR_FLUSH;
	case TSR_BLOCK_DISCARD:
		return TSR_MONITOR_DISCARD;
	}
	return TSR_MONITOR_OPS;
}

static void tapped_submit(void *self, struct tsr_block_request *request)
{
	struct tsr_tap_link *link = tsr_tap_link_find(&tsr_tap_block, self);
	size_t size = MAX(request->size, sizeof(*request));
	struct tapped *t = g_malloc0(offsetof(struct tapped, inner) + size);

	t->link = link;
	t->outer = request;
	t->number = ++link->requests;
	memcpy(&t->inner, request, request->size);
	t->inner.done = on_done;
	t->inner.user = t;
	tell(t, op_of(request), 0);
	if (tsr_tap_link_recorder(link))
		record_submit(t, tsr_tap_link_recorder(link));
	((const struct tsr_block *)link->inner)->submit(self, &t->inner);
}

/* -- Other calls, for recordings */

static void tapped_info(void *self, struct tsr_block_info *info)
{
	const struct tsr_tap_link *link = tsr_tap_link_find(&tsr_tap_block, self);
	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);
	struct tsr_block_info known = { .size = sizeof(known) };
	g_autoptr(GByteArray) data = g_byte_array_new();

	inner_of(link)->info(self, info);
	tsr_struct_fill(&known, info);
	append_number(data, known.length);
	append_number(data, known.generation);
	tsr_tap_link_call(link, recorder, TSR_RECORDING_BLOCK_INFO, 0, 0, NULL, 0);
	tsr_tap_link_result(link, recorder,
			    (uint64_t)known.present | (uint64_t)known.read_only << 1, data->data,
			    data->len);
}

/* The user's listener, which the link has. */
static void on_changed(void *user)
{
	const struct tsr_tap_link *link = user;
	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);

	tsr_tap_link_enter(link, recorder, TSR_RECORDING_BLOCK_CHANGED, 0, 0, NULL, 0);
	link->changed(link->to);
	tsr_recorder_leave(recorder, 0);
}

static void linked_listen(void *self, void (*changed)(void *user), void *user)
{
	struct tsr_tap_link *link = tsr_tap_link_find(&tsr_tap_block, self);

	link->changed = changed;
	link->to = user;
	inner_of(link)->listen(self, changed ? on_changed : NULL, link);
}
