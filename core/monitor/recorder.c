/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See recorder.h. Timers and functions of PCI have their taps here: only recordings need them. */
#include "monitor/recorder.h"

#include <string.h>

#include <tessera/pci.h>

#include "board/lines.h"
#include "board/memory-map.h"
#include "board/pci-bus.h"
#include "board/port-space.h"
#include "instance/instance.h"
#include "instance/lock.h"
#include "manifest/plugin.h"
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

struct line {
	char *resource;
	int level;
};

struct need {
	char *name, *interface;
};

struct tsr_recorder {
	TsrMachine *machine;
	TsrInstance *instance;
	struct tsr_watcher *watcher;
	GPtrArray *regions;    /* struct tsr_region */
	GArray *timers;        /* struct timer_tap */
	GArray *functions;     /* struct function_tap */
	GArray *lines, *needs; /* struct line, struct need */
	unsigned depth;        /* of calls into the device */
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

	tsr_recorder_enter(
		r, (struct tsr_recording_event){ .kind = TSR_RECORDING_EXPIRED,
						 .object = tsr_recorder_find_timer(r, tap.timer),
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

	tsr_recorder_enter(tap.recorder,
			   (struct tsr_recording_event){
				   .kind = TSR_RECORDING_CONFIG_READ,
				   .object = tsr_recorder_find_function(tap.recorder, tap.f),
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

	tsr_recorder_enter(tap.recorder,
			   (struct tsr_recording_event){
				   .kind = TSR_RECORDING_CONFIG_WRITTEN,
				   .object = tsr_recorder_find_function(tap.recorder, tap.f),
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

/* -- What the device has */

static void add_regions(struct tsr_recorder *r, GPtrArray *regions)
{
	for (guint i = 0; i < regions->len; i++) {
		struct tsr_region *region = g_ptr_array_index(regions, i);

		if (region->owner == r->instance && region->ops)
			g_ptr_array_add(r->regions, region);
	}
}

static void add_line(void *user, const char *resource, int level)
{
	struct line line = { g_strdup(resource), level };

	g_array_append_val(((struct tsr_recorder *)user)->lines, line);
}

static void add_timers(struct tsr_recorder *r)
{
	g_autoptr(GPtrArray) timers = tsr_timers_list(r->machine->clock, r->instance);

	for (guint i = 0; i < timers->len; i++) {
		struct timer_tap tap = { .recorder = r, .timer = timers->pdata[i] };

		g_array_append_val(r->timers, tap);
	}
}

static void add_functions(struct tsr_recorder *r)
{
	g_autoptr(GPtrArray) functions = tsr_pci_bus_list(r->machine->pci, r->instance);

	for (guint i = 0; i < functions->len; i++) {
		struct function_tap tap = { .recorder = r,
					    .f = functions->pdata[i],
					    .ops = { .size = sizeof(tap.ops),
						     .config_written = on_config_written,
						     .config_read = on_config_read } };

		g_array_append_val(r->functions, tap);
	}
}

/* Those that are connected. */
static void add_needs(struct tsr_recorder *r)
{
	const TsrInstanceConfig *config = r->instance->config;
	GPtrArray *needs = tsr_plugin_get_needs(config->plugin);

	for (guint i = 0; i < needs->len; i++) {
		const TsrNeed *need = needs->pdata[i];
		const char *provider = g_hash_table_lookup(config->connections, need->name);
		TsrInstanceConfig *other =
			provider ? tsr_config_find(r->machine->config, provider) : NULL;
		struct need row = { g_strdup(need->name), NULL };

		row.interface = g_strdup(other ? tsr_need_choose(need, other->plugin) : NULL);
		g_array_append_val(r->needs, row);
	}
}

struct tsr_recorder *tsr_recorder_new(TsrMachine *m, struct TsrInstance *instance)
{
	struct tsr_recorder *r = g_new0(struct tsr_recorder, 1);

	r->machine = m;
	r->instance = instance;
	r->regions = g_ptr_array_new();
	r->timers = g_array_new(FALSE, FALSE, sizeof(struct timer_tap));
	r->functions = g_array_new(FALSE, FALSE, sizeof(struct function_tap));
	r->lines = g_array_new(FALSE, FALSE, sizeof(struct line));
	r->needs = g_array_new(FALSE, FALSE, sizeof(struct need));
	add_regions(r, tsr_port_space_get_regions(m->ports));
	add_regions(r, tsr_memory_map_get_regions(m->memory));
	tsr_lines_each(m->lines, instance, add_line, r);
	add_timers(r);
	add_functions(r);
	add_needs(r);
	return r;
}

/* -- Their description */

static GVariant *describe_regions(const struct tsr_recorder *r)
{
	g_auto(GVariantBuilder) list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("as"));

	for (guint i = 0; i < r->regions->len; i++) {
		const struct tsr_region *region = g_ptr_array_index(r->regions, i);

		g_variant_builder_add(&list, "s", region->name);
	}
	return g_variant_builder_end(&list);
}

static GVariant *describe_timers(const struct tsr_recorder *r)
{
	g_auto(GVariantBuilder) list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("at"));

	for (guint i = 0; i < r->timers->len; i++)
		g_variant_builder_add(&list, "t",
				      tsr_timers_get_deadline(
					      g_array_index(r->timers, struct timer_tap, i).timer));
	return g_variant_builder_end(&list);
}

static GVariant *describe_functions(const struct tsr_recorder *r)
{
	g_auto(GVariantBuilder) list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(ayb)"));

	for (guint i = 0; i < r->functions->len; i++) {
		int intx;
		const uint8_t *config = tsr_pci_function_look(
			g_array_index(r->functions, struct function_tap, i).f, &intx);

		g_variant_builder_add(
			&list, "(@ayb)",
			g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, config, 256, 1), intx);
	}
	return g_variant_builder_end(&list);
}

static GVariant *describe_lines(const struct tsr_recorder *r)
{
	g_auto(GVariantBuilder) list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(sb)"));

	for (guint i = 0; i < r->lines->len; i++)
		g_variant_builder_add(&list, "(sb)",
				      g_array_index(r->lines, struct line, i).resource,
				      g_array_index(r->lines, struct line, i).level);
	return g_variant_builder_end(&list);
}

/* An interface of "" is that of a need which is not connected. */
static GVariant *describe_needs(const struct tsr_recorder *r)
{
	g_auto(GVariantBuilder) list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(ss)"));

	for (guint i = 0; i < r->needs->len; i++) {
		const struct need *need = &g_array_index(r->needs, struct need, i);

		g_variant_builder_add(&list, "(ss)", need->name,
				      need->interface ? need->interface : "");
	}
	return g_variant_builder_end(&list);
}

void tsr_recorder_describe(const struct tsr_recorder *r, GVariantDict *description)
{
	g_variant_dict_insert_value(description, "regions", describe_regions(r));
	g_variant_dict_insert_value(description, "timers", describe_timers(r));
	g_variant_dict_insert_value(description, "functions", describe_functions(r));
	g_variant_dict_insert_value(description, "lines", describe_lines(r));
	g_variant_dict_insert_value(description, "needs", describe_needs(r));
}

/* -- Life */

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

	for (guint i = 0; i < r->lines->len; i++)
		g_free(g_array_index(r->lines, struct line, i).resource);
	for (guint i = 0; i < r->needs->len; i++) {
		g_free(g_array_index(r->needs, struct need, i).name);
		g_free(g_array_index(r->needs, struct need, i).interface);
	}
	g_ptr_array_unref(r->regions);
	g_array_unref(r->timers);
	g_array_unref(r->functions);
	g_array_unref(r->lines);
	g_array_unref(r->needs);
	g_free(r);
	return watcher;
}

/* -- Numbers */

uint64_t tsr_recorder_find_region(const struct tsr_recorder *r, const struct tsr_region *region)
{
	guint i = r->regions->len;

	return g_ptr_array_find(r->regions, region, &i) ? i : r->regions->len;
}

uint64_t tsr_recorder_find_timer(const struct tsr_recorder *r, const struct tsr_timer *timer)
{
	guint i = 0;

	while (i < r->timers->len && g_array_index(r->timers, struct timer_tap, i).timer != timer)
		i++;
	return i;
}

uint64_t tsr_recorder_find_function(const struct tsr_recorder *r, const struct tsr_pci_function *f)
{
	guint i = 0;

	while (i < r->functions->len && g_array_index(r->functions, struct function_tap, i).f != f)
		i++;
	return i;
}

uint64_t tsr_recorder_find_line(const struct tsr_recorder *r, const char *resource)
{
	guint i = 0;

	while (i < r->lines->len &&
	       strcmp(g_array_index(r->lines, struct line, i).resource, resource) != 0)
		i++;
	return i;
}

uint64_t tsr_recorder_find_need(const struct tsr_recorder *r, const char *need)
{
	guint i = 0;

	while (i < r->needs->len && strcmp(g_array_index(r->needs, struct need, i).name, need) != 0)
		i++;
	return i;
}
