/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See tap-regions.h. A tap is a handler that calls the plugin's: it stands in the region while
 * somebody watches, so that an access to another region is as it always was. A tap that was taken
 * away is kept for the next time, because the handler that takes it away may be inside of it.
 */
#include "monitor/tap-regions.h"

#include "board/memory-map.h"
#include "board/port-space.h"
#include "monitor/recorder.h"

struct tap {
	struct tsr_io_ops ops; /* what the region has meanwhile */
	struct tsr_hub *hub;
	const struct tsr_region *region;
	const struct tsr_io_ops *inner; /* the plugin's */
	void *self;
};

struct tsr_tap_regions {
	struct tsr_hub *hub;
	GHashTable *taps; /* region -> struct tap; the region may be gone */
};

static void tell(const struct tap *tap, enum tsr_monitor_op op, uint64_t offset, uint64_t value,
		 unsigned width)
{
	const struct tsr_region *r = tap->region;

	tsr_hub_tell(tap->hub,
		     &(struct tsr_monitor_event){
			     .kind = r->kind == REGION_PORTS ? TSR_MONITOR_PORTS : TSR_MONITOR_MMIO,
			     .op = op,
			     .width = width,
			     .device = r->owner->config->name,
			     .what = r->name,
			     .address = r->base + offset,
			     .value = value,
		     });
}

static uint64_t cut(uint64_t value, unsigned width)
{
	return width >= 8 ? value : value & ((1ull << (width * 8)) - 1);
}

static struct tsr_recorder *record(const struct tap *tap, enum tsr_recording_kind kind,
				   uint64_t offset, unsigned width, uint64_t value)
{
	struct tsr_recorder *recorder = tsr_hub_recorder_of(tap->hub, tap->region->owner);

	if (recorder)
		tsr_recorder_enter(recorder,
				   (struct tsr_recording_event){
					   .kind = kind,
					   .object = tsr_recorded_things_find_region(
						   tsr_recorder_get_things(recorder), tap->region),
					   .values = { offset, width, value } });
	return recorder;
}

static uint64_t tap_read(void *self, uint64_t offset, unsigned width)
{
	const struct tap *tap = self;
	struct tsr_recorder *recorder = record(tap, TSR_RECORDING_READ, offset, width, 0);
	uint64_t value = tap->inner->read ? tap->inner->read(tap->self, offset, width) : ~0ull;

	tsr_recorder_leave(recorder, cut(value, width));
	tell(tap, TSR_MONITOR_READ, offset, cut(value, width), width);
	return value;
}

/* Told before what it causes. */
static void tap_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	const struct tap *tap = self;
	struct tsr_recorder *recorder;

	tell(tap, TSR_MONITOR_WRITE, offset, cut(value, width), width);
	recorder = record(tap, TSR_RECORDING_WRITE, offset, width, cut(value, width));
	if (tap->inner->write)
		tap->inner->write(tap->self, offset, value, width);
	tsr_recorder_leave(recorder, 0);
}

static void put_on(struct tsr_tap_regions *taps, struct tsr_region *r)
{
	struct tap *tap = g_hash_table_lookup(taps->taps, r);

	if (!tap) {
		tap = g_new0(struct tap, 1);
		g_hash_table_insert(taps->taps, r, tap);
	}
	tap->ops = (struct tsr_io_ops){ .size = sizeof(tap->ops),
					.widths = r->ops->widths,
					.read = tap_read,
					.write = tap_write };
	tap->hub = taps->hub;
	tap->region = r;
	tap->inner = r->ops;
	tap->self = r->self;
	r->self = tap;
	r->ops = &tap->ops;
}

static void take_off(struct tsr_region *r)
{
	struct tap *tap = r->self;

	r->ops = tap->inner;
	r->self = tap->self;
}

static void update(struct tsr_tap_regions *taps, GPtrArray *regions, enum tsr_monitor_kind kind)
{
	for (guint i = 0; i < regions->len; i++) {
		struct tsr_region *r = g_ptr_array_index(regions, i);
		bool wanted, is_on;

		if (!r->ops || !r->owner)
			continue;
		wanted = tsr_hub_recorder_of(taps->hub, r->owner) ||
			 tsr_hub_wants(taps->hub, kind, r->owner->config->name, r->name);
		is_on = r->ops->read == tap_read;
		if (wanted && !is_on)
			put_on(taps, r);
		else if (!wanted && is_on)
			take_off(r);
	}
}

void tsr_tap_regions_update(struct tsr_tap_regions *taps, TsrMachine *m)
{
	update(taps, tsr_port_space_get_regions(m->ports), TSR_MONITOR_PORTS);
	update(taps, tsr_memory_map_get_regions(m->memory), TSR_MONITOR_MMIO);
}

struct tsr_tap_regions *tsr_tap_regions_new(struct tsr_hub *hub)
{
	struct tsr_tap_regions *taps = g_new0(struct tsr_tap_regions, 1);

	taps->hub = hub;
	taps->taps = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	return taps;
}

void tsr_tap_regions_free(struct tsr_tap_regions *taps)
{
	g_hash_table_unref(taps->taps);
	g_free(taps);
}
