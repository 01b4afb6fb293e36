/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See event.h. */
#include "recording/event.h"

#define REGIONS "regions"
#define FUNCTIONS "functions"
#define TIMERS "timers"
#define LINES "lines"
#define NEEDS "needs"

/* clang-format off */
static const struct tsr_recording_row rows[] = {
	{ TSR_RECORDING_READ, "read", TSR_RECORDING_IN, REGIONS, { "offset", "width" } },
	{ TSR_RECORDING_WRITE, "write", TSR_RECORDING_IN, REGIONS, { "offset", "width", "value" } },
	{ TSR_RECORDING_CONFIG_READ, "config-read", TSR_RECORDING_IN, FUNCTIONS, { "offset", "width" } },
	{ TSR_RECORDING_CONFIG_WRITTEN, "config-written", TSR_RECORDING_IN, FUNCTIONS, { "offset", "width" } },
	{ TSR_RECORDING_EXPIRED, "expired", TSR_RECORDING_IN, TIMERS, { "deadline" } },
	{ TSR_RECORDING_RESET, "reset", TSR_RECORDING_IN, NULL, { "kind" } },
	{ TSR_RECORDING_CHANGED, "changed", TSR_RECORDING_IN, NULL, { NULL } },
	{ TSR_RECORDING_DONE, "done", TSR_RECORDING_IN, NULL, { "job" } },
	{ TSR_RECORDING_PORT, "port", TSR_RECORDING_IN, NEEDS, { "function", "first", "second" } },
	{ TSR_RECORDING_RETURN, "return", TSR_RECORDING_BACK, NULL, { "value" } },
	{ TSR_RECORDING_LINE, "line", TSR_RECORDING_OUT, LINES, { "level" } },
	{ TSR_RECORDING_INTX, "intx", TSR_RECORDING_OUT, FUNCTIONS, { "level" } },
	{ TSR_RECORDING_PCI_RESET, "pci-reset", TSR_RECORDING_OUT, FUNCTIONS, { NULL } },
	{ TSR_RECORDING_DMA_READ, "dma-read", TSR_RECORDING_OUT, NULL, { "address", "length", "good" } },
	{ TSR_RECORDING_DMA_WRITE, "dma-write", TSR_RECORDING_OUT, NULL, { "address", "length", "good" } },
	{ TSR_RECORDING_ARM, "arm", TSR_RECORDING_OUT, TIMERS, { "deadline" } },
	{ TSR_RECORDING_CANCEL, "cancel", TSR_RECORDING_OUT, TIMERS, { NULL } },
	{ TSR_RECORDING_RANDOM, "random", TSR_RECORDING_OUT, NULL, { "length" } },
	{ TSR_RECORDING_SUBMIT, "submit", TSR_RECORDING_OUT, NULL, { "job" } },
	{ TSR_RECORDING_DRAIN, "drain", TSR_RECORDING_OUT, NULL, { NULL } },
	{ TSR_RECORDING_CALL, "call", TSR_RECORDING_OUT, NEEDS, { "function", "first", "second" } },
	{ TSR_RECORDING_RESULT, "result", TSR_RECORDING_OUT, NEEDS, { "value" } },
	{ TSR_RECORDING_EMIT, "emit", TSR_RECORDING_OUT, NULL, { NULL } },
	{ TSR_RECORDING_POWER_OFF, "power-off", TSR_RECORDING_OUT, NULL, { NULL } },
	{ TSR_RECORDING_MACHINE_RESET, "machine-reset", TSR_RECORDING_OUT, NULL, { "kind" } },
	{ TSR_RECORDING_STOP, "stop", TSR_RECORDING_OUT, NULL, { "status" } },
	{ TSR_RECORDING_SET, "set", TSR_RECORDING_OUT, NULL, { NULL } },
	{ TSR_RECORDING_NOW, "now", TSR_RECORDING_SOFT, NULL, { "time" } },
	{ TSR_RECORDING_WALL, "wall", TSR_RECORDING_SOFT, NULL, { "time" } },
	{ TSR_RECORDING_WALL_NS, "wall-ns", TSR_RECORDING_SOFT, NULL, { "time" } },
	{ TSR_RECORDING_END, "end", TSR_RECORDING_LAST, NULL, { "reason", "events", "checksum" } },
};
/* clang-format on */

const struct tsr_recording_row *tsr_recording_find(enum tsr_recording_kind kind)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].kind == kind)
			return &rows[i];
	return NULL;
}

const char *tsr_recording_end_text(uint64_t end)
{
	static const char *const texts[] = {
		[TSR_RECORDING_END_STOPPED] = "it was stopped",
		[TSR_RECORDING_END_LIMIT] = "the file had the size that it may have (--limit)",
		[TSR_RECORDING_END_MACHINE] = "the machine ended",
		[TSR_RECORDING_END_LOST] =
			"events came faster than they could be written, and one was lost",
		[TSR_RECORDING_END_LOADED] = "a saved state was loaded into the machine",
		[TSR_RECORDING_END_REPLACED] = "another version was put in the device's place",
		[TSR_RECORDING_END_LARGE] = "an event had more than 16 MiB of data",
	};

	return end < G_N_ELEMENTS(texts) && texts[end] ? texts[end] : "of an unknown reason";
}

static size_t put_number(uint8_t *to, uint64_t value)
{
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		to[n++] = (uint8_t)(value | 0x80);
	to[n++] = (uint8_t)value;
	return n;
}

size_t tsr_recording_put(uint8_t to[TSR_RECORDING_HEAD_MAX],
			 const struct tsr_recording_event *event, uint64_t before_ns)
{
	size_t n = 0;

	to[n++] = (uint8_t)event->kind;
	n += put_number(to + n, event->time_ns > before_ns ? event->time_ns - before_ns : 0);
	n += put_number(to + n, event->object);
	for (guint i = 0; i < 3; i++)
		n += put_number(to + n, event->values[i]);
	return n + put_number(to + n, event->length);
}

struct cursor {
	const uint8_t *at, *end;
	gboolean is_damaged;
};

/* FALSE: it is not all there, or damaged. */
static gboolean take_number(struct cursor *c, uint64_t *out)
{
	*out = 0;
	for (unsigned shift = 0; c->at < c->end; shift += 7) {
		uint8_t byte = *c->at++;

		c->is_damaged = shift == 63 && byte > 1;
		if (c->is_damaged)
			return FALSE;
		*out |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return TRUE;
	}
	return FALSE;
}

static gboolean take_numbers(struct cursor *c, struct tsr_recording_event *event)
{
	uint64_t passed, length;

	if (!take_number(c, &passed) || !take_number(c, &event->object))
		return FALSE;
	for (guint i = 0; i < 3; i++)
		if (!take_number(c, &event->values[i]))
			return FALSE;
	if (!take_number(c, &length))
		return FALSE;
	c->is_damaged = length > TSR_RECORDING_DATA_MAX || event->time_ns + passed < passed;
	event->time_ns += passed;
	event->length = (size_t)length;
	event->data = c->at;
	return !c->is_damaged && length <= (uint64_t)(c->end - c->at);
}

gssize tsr_recording_take(const uint8_t *bytes, size_t length, struct tsr_recording_event *event)
{
	struct cursor c = { .at = bytes, .end = bytes + length };

	if (!length)
		return 0;
	event->kind = (enum tsr_recording_kind) * c.at++;
	if (!tsr_recording_find(event->kind))
		return -1;
	if (!take_numbers(&c, event))
		return c.is_damaged ? -1 : 0;
	return (gssize)(c.at - bytes) + (gssize)event->length;
}
