/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A ring of frames for the guest. */
#include <string.h>

#include "net-user.h"

bool queue_push(struct frame_queue *q, const void *bytes, size_t length)
{
	struct queued_frame *frame = &q->frames[(q->first + q->count) % QUEUE_FRAMES];

	if (q->count == QUEUE_FRAMES || length > sizeof(frame->bytes))
		return false;
	memcpy(frame->bytes, bytes, length);
	frame->length = (uint16_t)length;
	q->count++;
	return true;
}

const struct queued_frame *queue_first(const struct frame_queue *q)
{
	return q->count ? &q->frames[q->first] : NULL;
}

void queue_pop(struct frame_queue *q)
{
	q->first = (q->first + 1) % QUEUE_FRAMES;
	q->count--;
}
