/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See region.h. */
#include "board/region.h"

#define HOLE_START 0xa0000
#define HOLE_END 0x100000

void tsr_region_move(struct tsr_region *region, uint64_t base)
{
	uint64_t old;

	if (!region || region->base == base)
		return;
	old = region->base;
	region->base = base;
	if (region->enabled)
		region->repaint(region, old);
}

void tsr_region_enable(struct tsr_region *region, bool enabled)
{
	if (!region || region->enabled == enabled)
		return;
	region->enabled = enabled;
	region->repaint(region, region->base);
}

static void remove_aliases(GPtrArray *regions, const struct tsr_region *target)
{
	for (guint i = regions->len; i-- > 0;) {
		struct tsr_region *other = g_ptr_array_index(regions, i);

		if (other->kind == REGION_ALIAS && other->target == target) {
			tsr_region_enable(other, false);
			g_ptr_array_remove_index(regions, i);
		}
	}
}

void tsr_region_remove(struct tsr_region *region)
{
	GPtrArray *regions = region->among;

	tsr_region_enable(region, false);
	remove_aliases(regions, region);
	g_ptr_array_remove(regions, region);
}

static bool overlap(const struct tsr_region *a, const struct tsr_region *b)
{
	return a->base < b->base + b->length && b->base < a->base + a->length;
}

/* Of guest RAM, which has no owner, [A0000h, 100000h) may be covered. */
static bool overlap_ram(const struct tsr_region *region, const struct tsr_region *ram)
{
	uint64_t start = MAX(region->base, ram->base);
	uint64_t end = MIN(region->base + region->length, ram->base + ram->length);

	return start < end && (start < HOLE_START || end > HOLE_END);
}

static bool takes_from(const struct tsr_region *region, const struct tsr_region *other)
{
	if (!other->enabled || !region->owner || region->is_bar || other->is_bar)
		return false;
	if (!other->owner)
		return overlap_ram(region, other);
	return other->owner != region->owner && overlap(region, other);
}

const struct tsr_region *tsr_region_find_conflict(GPtrArray *regions,
						  const struct tsr_region *template)
{
	for (guint i = 0; template->enabled && i < regions->len; i++) {
		const struct tsr_region *other = g_ptr_array_index(regions, i);

		if (takes_from(template, other) ||
		    (other->enabled && other->owner && other->priority == template->priority &&
		     overlap(template, other)))
			return other;
	}
	return NULL;
}

bool tsr_region_check(const struct tsr_region *template, struct tsr_error *error)
{
	const unsigned known = TSR_MEMORY_ROM | TSR_MEMORY_DIRTY_LOG | TSR_MEMORY_DISABLED;
	const struct tsr_io_ops *ops = template->ops;

	if (template->flags & ~known)
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
				     "%s: this Tessera does not know the memory flags %xh",
				     template->name, template->flags & ~known);
	if (!ops || (ops->size >= TSR_SIZE_TO(struct tsr_io_ops, write) && !ops->flags))
		return true;
	return tsr_error_set(error, TSR_ERROR_INVALID,
			     "%s: its tsr_io_ops (size %u, flags %xh) are not those of this ABI: "
			     "set size to sizeof, and flags to 0",
			     template->name, ops->size, ops->flags);
}

const struct tsr_region *tsr_region_find_other(const struct tsr_region *region, uint64_t base)
{
	struct tsr_region wanted = *region;

	wanted.base = base;
	for (guint i = 0; i < region->among->len; i++)
		if (takes_from(&wanted, g_ptr_array_index(region->among, i)))
			return g_ptr_array_index(region->among, i);
	return NULL;
}

const char *tsr_region_owner_name(const struct tsr_region *region)
{
	return region->owner ? region->owner->config->name : "the machine";
}

struct tsr_region *tsr_region_insert(GPtrArray *regions, const struct tsr_region *template)
{
	struct tsr_region *region = g_memdup2(template, sizeof(*template));
	guint at = 0;

	for (guint i = 0; i < regions->len; i++) {
		struct tsr_region *other = g_ptr_array_index(regions, i);

		if (other->priority <= template->priority)
			at = i + 1;
	}
	region->name = g_strdup(template->name);
	region->among = regions;
	g_ptr_array_insert(regions, (int)at, region);
	return region;
}

void tsr_regions_set_aside(GPtrArray *regions, const TsrInstance *owner, GPtrArray *aside)
{
	for (guint i = regions->len; i-- > 0;) {
		struct tsr_region *region = g_ptr_array_index(regions, i);

		if (region->owner != owner)
			continue;
		region->place = i;
		g_ptr_array_add(aside, g_ptr_array_steal_index(regions, i));
	}
}

void tsr_regions_put_back(GPtrArray *regions, GPtrArray *aside)
{
	while (aside->len) {
		struct tsr_region *region = g_ptr_array_steal_index(aside, aside->len - 1);

		g_ptr_array_insert(regions, (int)region->place, region);
	}
}
