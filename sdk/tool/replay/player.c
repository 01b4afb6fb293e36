/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The events of a recording, one after the other. See replay.h. */
#include "replay.h"

struct replay replay;

static const struct tsr_recording_event *next(void)
{
	return tsr_recording_peek(replay.recording);
}

static enum tsr_recording_way way(const struct tsr_recording_event *event)
{
	return tsr_recording_find(event->kind)->way;
}

/* Takes the next event. */
static struct tsr_recording_event take(void)
{
	struct tsr_recording_event event = *next();

	replay.outcome->event = tsr_recording_get_number(replay.recording);
	replay.outcome->time_ns = event.time_ns;
	replay.now_ns = fake.now = event.time_ns;
	if (event.kind == TSR_RECORDING_WALL)
		replay.wall = event.values[0];
	if (event.kind == TSR_RECORDING_WALL_NS)
		replay.wall = event.values[0] / 1000000000;
	tsr_recording_skip(replay.recording);
	return event;
}

/* The next event that is no reading of the time. */
static const struct tsr_recording_event *next_hard(void)
{
	while (way(next()) == TSR_RECORDING_SOFT)
		take();
	return next();
}

static void call(void);

/* What has come into the plugin before the next thing that it did or returned. A recording can end
 * in the middle of a call. */
static void go_on(void)
{
	while (way(next_hard()) == TSR_RECORDING_IN)
		call();
	if (next()->kind == TSR_RECORDING_END)
		check_skip("%s", ""); /* ends the process; the outcome has no difference */
}

/* -- Differences */

void replay_differ(const char *expected, const char *got)
{
	struct replay_outcome *o = replay.outcome;

	o->event = tsr_recording_get_number(replay.recording);
	o->time_ns = next()->time_ns;
	o->differs = TRUE;
	g_strlcpy(o->expected, expected, sizeof(o->expected));
	g_strlcpy(o->got, got, sizeof(o->got));
	check_fail("%s", got);
}

static _Noreturn void differ(const struct tsr_recording_event *got)
{
	g_autofree char *expected = replay_text(next());
	g_autofree char *other = replay_text(got);

	replay_differ(expected, other);
}

/* Data are what the plugin did only where it wrote them. */
static bool same_data(const struct tsr_recording_event *a, const struct tsr_recording_event *b)
{
	if (a->kind == TSR_RECORDING_DMA_READ || a->kind == TSR_RECORDING_RANDOM)
		return true;
	return a->length == b->length && (!a->length || memcmp(a->data, b->data, a->length) == 0);
}

/* Which values are the plugin's, a bit each; the others are answers. */
static unsigned compared_values(const struct tsr_recording_event *e)
{
	switch (e->kind) {
	case TSR_RECORDING_DMA_READ:
	case TSR_RECORDING_DMA_WRITE:
		return 3;
	case TSR_RECORDING_SUBMIT:
		return 0;
	case TSR_RECORDING_CALL: /* the number of a block request */
		return strcmp(replay_need_function(e), "submit") == 0 ? 5 : 7;
	default:
		return 7;
	}
}

static bool same(const struct tsr_recording_event *a, const struct tsr_recording_event *b)
{
	unsigned compared;

	if (a->kind != b->kind || a->object != b->object || !same_data(a, b))
		return false;
	compared = compared_values(a);
	for (unsigned i = 0; i < 3; i++)
		if ((compared >> i & 1) && a->values[i] != b->values[i])
			return false;
	return true;
}

/* -- Calls of the plugin */

static uint64_t cut(uint64_t value, uint64_t width)
{
	return width >= 8 ? value : value & ((1ull << (width * 8)) - 1);
}

static const struct tsr_region *region_of(const struct tsr_recording_event *e)
{
	return replay.regions[replay.region_of[e->object]].region;
}

static uint64_t call_read(const struct tsr_recording_event *e)
{
	const struct tsr_region *r = region_of(e);
	unsigned width = (unsigned)e->values[1];

	return cut(r->ops->read ? r->ops->read(r->self, e->values[0], width) : ~0ull, width);
}

static uint64_t call_write(const struct tsr_recording_event *e)
{
	const struct tsr_region *r = region_of(e);

	if (r->ops->write)
		r->ops->write(r->self, e->values[0], e->values[2], (unsigned)e->values[1]);
	return 0;
}

static uint64_t call_config_read(const struct tsr_recording_event *e)
{
	const struct replay_function *f = &replay.functions[e->object];
	unsigned offset = (unsigned)e->values[0], width = (unsigned)e->values[1];
	uint64_t value = 0;

	if (f->ops && TSR_HAS(f->ops, config_read))
		f->ops->config_read(f->self, offset, width);
	for (unsigned i = 0; i < width && offset + i < 256; i++)
		value |= (uint64_t)fake_pci_table.config_get(f->function, offset + i, 1) << (8 * i);
	return value;
}

static uint64_t call_config_written(const struct tsr_recording_event *e)
{
	const struct replay_function *f = &replay.functions[e->object];
	unsigned offset = (unsigned)e->values[0];

	tsr_pci_set_bytes(&fake_pci_table, f->function, offset, e->data, (unsigned)e->length);
	if (f->ops && TSR_HAS(f->ops, config_written))
		f->ops->config_written(f->self, offset, (unsigned)e->values[1]);
	return 0;
}

static uint64_t call_expired(const struct tsr_recording_event *e)
{
	struct tsr_timer *timer = &replay.timers[e->object];

	timer->deadline = UINT64_MAX;
	timer->expired(timer->self, e->values[0]);
	return 0;
}

/* The board's reset has come before: it cleared the functions, and their pins. */
static uint64_t call_reset(const struct tsr_recording_event *e)
{
	for (unsigned i = 0; i < replay.function_count && (i + 1) * 256 <= e->length; i++) {
		tsr_pci_set_bytes(&fake_pci_table, replay.functions[i].function, 0,
				  (const uint8_t *)e->data + (size_t)i * 256, 256);
		if (e->values[0] != TSR_RESET_SOFT)
			replay.functions[i].level = 0;
	}
	if (replay.class->reset)
		replay.class->reset(replay.device, (enum tsr_reset)e->values[0]);
	return 1;
}

static uint64_t call_changed(const struct tsr_recording_event *e)
{
	g_autofree char *text = g_strndup(e->data, e->length);
	const char *value = memchr(e->data, 0, e->length) ? (const char *)e->data + strlen(text) + 1
							  : (const char *)e->data + e->length;
	g_autofree char *copy =
		g_strndup(value, e->length - (size_t)(value - (const char *)e->data));
	struct tsr_error error = { 0 };

	return fake_device_set(replay.device, text, copy, &error);
}

static uint64_t call_done(const struct tsr_recording_event *e)
{
	replay_job_done(e->values[0]);
	return 0;
}

static const struct {
	enum tsr_recording_kind kind;
	uint64_t (*call)(const struct tsr_recording_event *e);
	const unsigned *count; /* of what the object is one; NULL: it is none */
} calls[] = {
	{ TSR_RECORDING_READ, call_read, NULL },
	{ TSR_RECORDING_WRITE, call_write, NULL },
	{ TSR_RECORDING_CONFIG_READ, call_config_read, &replay.function_count },
	{ TSR_RECORDING_CONFIG_WRITTEN, call_config_written, &replay.function_count },
	{ TSR_RECORDING_EXPIRED, call_expired, &replay.timer_count },
	{ TSR_RECORDING_RESET, call_reset, NULL },
	{ TSR_RECORDING_CHANGED, call_changed, NULL },
	{ TSR_RECORDING_DONE, call_done, NULL },
	{ TSR_RECORDING_PORT, replay_need_call, NULL },
};

/* A recording may be made by hand, or be of a plugin that had more. */
static void check_call(const struct tsr_recording_event *e, const unsigned *count)
{
	bool is_access = e->kind == TSR_RECORDING_READ || e->kind == TSR_RECORDING_WRITE;
	bool is_config =
		e->kind == TSR_RECORDING_CONFIG_READ || e->kind == TSR_RECORDING_CONFIG_WRITTEN;
	uint64_t width = is_access || is_config ? e->values[1] : 1;

	if ((count && e->object >= *count) || (is_access && e->object >= REPLAY_THINGS) ||
	    (is_access && replay.region_of[e->object] >= replay.region_count) || !width ||
	    width > 8 || (is_config && (e->values[0] > 255 || e->length > 256 - e->values[0])))
		replay_differ("the recorded plugin has it", "the plugin does not have it");
}

static void dispatch(const struct tsr_recording_event *e, uint64_t *value)
{
	for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
		if (calls[i].kind != e->kind)
			continue;
		check_call(e, calls[i].count);
		*value = calls[i].call(e);
	}
}

static void note_call(guint64 number, const struct tsr_recording_event *e)
{
	g_autofree char *text = NULL;

	replay.outcome->during = number;
	if (!e)
		return;
	text = replay_text(e);
	g_strlcpy(replay.outcome->during_text, text, sizeof(replay.outcome->during_text));
}

/* One call with all that belongs to it. */
static void call(void)
{
	struct tsr_recording_event e = take(), outer = { 0 };
	guint64 number = replay.outcome->event, outer_number = replay.outcome->during;
	static struct tsr_recording_event current;
	uint64_t value = 0;

	outer = current;
	current = e;
	note_call(number, &e);
	dispatch(&e, &value);
	go_on();
	if (next()->kind != TSR_RECORDING_RETURN || next()->values[0] != value)
		differ(&(struct tsr_recording_event){ .kind = TSR_RECORDING_RETURN,
						      .values = { value } });
	take();
	current = outer;
	note_call(outer_number, outer_number ? &outer : NULL);
}

/* -- For the tables */

struct tsr_recording_event replay_expect(struct tsr_recording_event got)
{
	struct tsr_recording_event e;

	go_on();
	if (!same(next(), &got))
		differ(&got);
	e = take();
	while (way(next()) == TSR_RECORDING_IN) /* what it has caused */
		call();
	return e;
}

struct tsr_recording_event replay_result(const struct replay_need *need)
{
	go_on();
	if (next()->kind != TSR_RECORDING_RESULT || next()->object != replay_need_number(need))
		replay_differ("something else", "the end of a call to what it is connected to");
	return take();
}

uint64_t replay_soft(enum tsr_recording_kind kind, uint64_t otherwise)
{
	if (!replay.plays)
		return otherwise;
	if (next()->kind == kind)
		return take().values[0];
	return otherwise;
}

void replay_play(void)
{
	replay.plays = true;
	while (next()->kind != TSR_RECORDING_END)
		call();
}
