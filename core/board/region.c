/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See region.h. */
#include "board/region.h"

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

static bool overlap(const struct tsr_region *a, const struct tsr_region *b)
{
	return a->base < b->base + b->length && b->base < a->base + a->length;
}

struct tsr_region *tsr_region_find_conflict(GPtrArray *regions, const struct tsr_region *template)
{
	for (guint i = 0; template->enabled && i < regions->len; i++) {
		struct tsr_region *other = g_ptr_array_index(regions, i);

		if (other->enabled && other->owner && other->priority == template->priority &&
		    overlap(template, other))
			return other;
	}
	return NULL;
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
	g_ptr_array_insert(regions, (int)at, region);
	return region;
}
