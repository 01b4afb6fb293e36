/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See recorder.h. Timers and functions of PCI have their taps here: only recordings need them. */
#include "monitor/recorder.h"

#include <string.h>

#include <tessera/pci.h>

#include "board/pci-bus.h"
#include "instance/instance.h"
#include "instance/lock.h"
#include "run/timekeeper.h"
#include "run/timers.h"

struct timer_tap {
	struct tsr_recorder *recorder;
	struct tsr_timer *timer;
	struct tsr_timer_target inner;
};

struct function_tap {
	struct tsr_recorder *recorder;
	struct tsr_pci_function *f;
	struct tsr_pci_ops ops; /* what the function has meanwhile */
	struct tsr_pci_target inner;
};

struct tsr_recorder {
	TsrMachine *machine;
	TsrInstance *instance;
	struct tsr_watcher *watcher;
	struct tsr_recorded_things *things;
	GArray *timers;    /* struct timer_tap */
	GArray *functions; /* struct function_tap */
	unsigned depth;    /* of calls into the device */
	bool is_over;
	uint64_t last_ns, numbers;
};

/* -- Events */

static void put(struct tsr_recorder *r, struct tsr_recording_event *event)
{
	uint8_t head[TSR_RECORDING_HEAD_MAX];
	size_t length;

	if (r->is_over)
		return;
	if (event->length > TSR_RECORDING_DATA_MAX) {
		tsr_recorder_end(r, TSR_RECORDING_END_LARGE);
		return;
	}
	event->time_ns = MAX(r->last_ns, tsr_timekeeper_now(r->machine->clock));
	length = tsr_recording_put(head, event, r->last_ns);
	r->last_ns = event->time_ns;
	if (!tsr_watcher_put(r->watcher, head, length, event->data, event->length,
			     sizeof(head))) /* for the end */
		tsr_recorder_end(r, TSR_RECORDING_END_LOST);
}

void tsr_recorder_enter(struct tsr_recorder *r, struct tsr_recording_event event)
{
	if (!r)
		return;
	put(r, &event);
	r->depth++;
}

void tsr_recorder_leave(struct tsr_recorder *r, uint64_t value)
{
	if (!r)
		return;
	r->depth--;
	put(r, &(struct tsr_recording_event){ .kind = TSR_RECORDING_RETURN, .values = { value } });
}

void tsr_recorder_call(struct tsr_recorder *r, struct tsr_recording_event event)
{
	if (r && tsr_machine_has_lock(r->machine) && r->depth)
		put(r, &event);
}

static GByteArray *join(const char *name, const char *value)
{
	GByteArray *data = g_byte_array_new();

	g_byte_array_append(data, (const guint8 *)name, (guint)strlen(name) + 1);
	g_byte_array_append(data, (const guint8 *)value, (guint)strlen(value));
	return data;
}

void tsr_recorder_call_text(struct tsr_recorder *r, enum tsr_recording_kind kind, const char *name,
			    const char *value)
{
	g_autoptr(GByteArray) data = r ? join(name, value) : NULL;

	if (!r)
		return;
	tsr_recorder_call(r, (struct tsr_recording_event){
				     .kind = kind, .data = data->data, .length = data->len });
}

uint64_t tsr_recorder_number(struct tsr_recorder *r)
{
	return ++r->numbers;
}

bool tsr_recorder_is_of(const struct tsr_recorder *r, const struct TsrInstance *instance)
{
	return r->instance == instance && !r->is_over;
}

const char *tsr_recorder_get_name(const struct tsr_recorder *r)
{
	return r->instance->config->name;
}

bool tsr_recorder_has_ended(const struct tsr_recorder *r)
{
	return tsr_watcher_has_ended(r->watcher) || !tsr_watcher_has_reader(r->watcher);
}

/* -- Timers */

static void on_expired(void *self, uint64_t deadline_ns)
{
	struct timer_tap tap = *(struct timer_tap *)self; /* the recording may end meanwhile */
	struct tsr_recorder *r = tap.recorder;

	tsr_recorder_enter(r,
			   (struct tsr_recording_event){
				   .kind = TSR_RECORDING_EXPIRED,
				   .object = tsr_recorded_things_find_timer(r->things, tap.timer),
				   .values = { deadline_ns } });
	tap.inner.expired(tap.inner.self, deadline_ns);
	tsr_recorder_leave(r, 0);
}

/* -- Functions of PCI */

static void on_config_read(void *self, unsigned offset, unsigned width)
{
	struct function_tap tap = *(struct function_tap *)self;
	uint64_t value = 0;
	const uint8_t *config;
	int intx;

	tsr_recorder_enter(tap.recorder, (struct tsr_recording_event){
						 .kind = TSR_RECORDING_CONFIG_READ,
						 .object = tsr_recorded_things_find_function(
							 tap.recorder->things, tap.f),
						 .values = { offset, width } });
	if (tap.inner.ops && TSR_HAS(tap.inner.ops, config_read))
		tap.inner.ops->config_read(tap.inner.self, offset, width);
	config = tsr_pci_function_look(tap.f, &intx);
	for (unsigned i = 0; i < width && offset + i < 256; i++)
		value |= (uint64_t)config[offset + i] << (8 * i);
	tsr_recorder_leave(tap.recorder, value);
}

static void on_config_written(void *self, unsigned offset, unsigned width)
{
	struct function_tap tap = *(struct function_tap *)self;
	int intx;

	tsr_recorder_enter(
		tap.recorder,
		(struct tsr_recording_event){
			.kind = TSR_RECORDING_CONFIG_WRITTEN,
			.object = tsr_recorded_things_find_function(tap.recorder->things, tap.f),
			.values = { offset, width },
			.data = tsr_pci_function_look(tap.f, &intx) + offset,
			.length = MIN(width, 256 - offset) });
	if (tap.inner.ops && TSR_HAS(tap.inner.ops, config_written))
		tap.inner.ops->config_written(tap.inner.self, offset, width);
	tsr_recorder_leave(tap.recorder, 0);
}

/* -- Calls of the core */

static void on_reset(void *user, enum tsr_reset kind)
{
	struct tsr_recorder *r = user;
	g_autoptr(GByteArray) data = g_byte_array_new();

	for (guint i = 0; i < r->functions->len; i++) {
		int intx;

		g_byte_array_append(
			data,
			tsr_pci_function_look(g_array_index(r->functions, struct function_tap, i).f,
					      &intx),
			256);
	}
	tsr_recorder_enter(r, (struct tsr_recording_event){ .kind = TSR_RECORDING_RESET,
							    .values = { (uint64_t)kind },
							    .data = data->data,
							    .length = data->len });
}

static void on_changed(void *user, const char *property, const char *value)
{
	g_autoptr(GByteArray) data = join(property, value);

	tsr_recorder_enter(user, (struct tsr_recording_event){ .kind = TSR_RECORDING_CHANGED,
							       .data = data->data,
							       .length = data->len });
}

static void on_call_done(void *user, bool good)
{
	tsr_recorder_leave(user, good);
}

/* -- Life */

static void make_taps(struct tsr_recorder *r)
{
	GPtrArray *timers = tsr_recorded_things_get_timers(r->things);
	GPtrArray *functions = tsr_recorded_things_get_functions(r->things);

	for (guint i = 0; i < timers->len; i++) {
		struct timer_tap tap = { .recorder = r, .timer = timers->pdata[i] };

		g_array_append_val(r->timers, tap);
	}
	for (guint i = 0; i < functions->len; i++) {
		struct function_tap tap = { .recorder = r,
					    .f = functions->pdata[i],
					    .ops = { .size = sizeof(tap.ops),
						     .config_written = on_config_written,
						     .config_read = on_config_read } };

		g_array_append_val(r->functions, tap);
	}
}

struct tsr_recorder *tsr_recorder_new(TsrMachine *m, struct TsrInstance *instance)
{
	struct tsr_recorder *r = g_new0(struct tsr_recorder, 1);

	r->machine = m;
	r->instance = instance;
	r->things = tsr_recorded_things_new(m, instance);
	r->timers = g_array_new(FALSE, FALSE, sizeof(struct timer_tap));
	r->functions = g_array_new(FALSE, FALSE, sizeof(struct function_tap));
	make_taps(r);
	return r;
}

const struct tsr_recorded_things *tsr_recorder_get_things(const struct tsr_recorder *r)
{
	return r->things;
}

static void put_taps_on(struct tsr_recorder *r)
{
	for (guint i = 0; i < r->timers->len; i++) {
		struct timer_tap *tap = &g_array_index(r->timers, struct timer_tap, i);

		tap->inner = tsr_timers_set_target(tap->timer,
						   (struct tsr_timer_target){ on_expired, tap });
	}
	for (guint i = 0; i < r->functions->len; i++) {
		struct function_tap *tap = &g_array_index(r->functions, struct function_tap, i);

		tap->inner = tsr_pci_function_set_target(tap->f,
							 (struct tsr_pci_target){ &tap->ops, tap });
	}
	r->instance->watch = (struct tsr_instance_watch){
		.reset = on_reset, .changed = on_changed, .done = on_call_done, .user = r
	};
}

static void take_taps_off(struct tsr_recorder *r)
{
	for (guint i = 0; i < r->timers->len; i++) {
		struct timer_tap *tap = &g_array_index(r->timers, struct timer_tap, i);

		tsr_timers_set_target(tap->timer, tap->inner);
	}
	for (guint i = 0; i < r->functions->len; i++) {
		struct function_tap *tap = &g_array_index(r->functions, struct function_tap, i);

		tsr_pci_function_set_target(tap->f, tap->inner);
	}
	r->instance->watch = (struct tsr_instance_watch){ .reset = NULL };
}

void tsr_recorder_begin(struct tsr_recorder *r, struct tsr_watcher *watcher)
{
	r->watcher = watcher;
	r->last_ns = tsr_timekeeper_now(r->machine->clock);
	put_taps_on(r);
}

void tsr_recorder_end(struct tsr_recorder *r, enum tsr_recording_end why)
{
	struct tsr_recording_event end = { .kind = TSR_RECORDING_END, .values = { why } };
	uint8_t head[TSR_RECORDING_HEAD_MAX];

	if (!r || r->is_over)
		return;
	r->is_over = true;
	take_taps_off(r);
	tsr_watcher_put(r->watcher, head, tsr_recording_put(head, &end, 0), NULL, 0, 0);
}

struct tsr_watcher *tsr_recorder_free(struct tsr_recorder *r)
{
	struct tsr_watcher *watcher = r->watcher;

	tsr_recorded_things_free(r->things);
	g_array_unref(r->timers);
	g_array_unref(r->functions);
	g_free(r);
	return watcher;
}
