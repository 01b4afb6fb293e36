/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See monitor-counts.h. */
#include "program/monitor-counts.h"

#include <string.h>

struct monitor_counts {
	GHashTable *table; /* "GROUP\tDEVICE[.WHAT]" -> struct monitor_count */
	uint64_t lost;
};

static const char *const group_names[] = {
	[MONITOR_ACCESSES] = "access",
	[MONITOR_DMA] = "dma",
	[MONITOR_LINES] = "line",
	[MONITOR_LINKS] = "link",
};

struct monitor_counts *monitor_counts_new(void)
{
	struct monitor_counts *counts = g_new0(struct monitor_counts, 1);

	counts->table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return counts;
}

void monitor_counts_free(struct monitor_counts *counts)
{
	g_hash_table_unref(counts->table);
	g_free(counts);
}

static char *key(enum monitor_group group, const char *device, const char *what)
{
	return g_strconcat(group_names[group], "\t", device, what ? "." : NULL, what, NULL);
}

static void count(struct monitor_counts *counts, char *owned_key, uint64_t bytes)
{
	struct monitor_count *c = g_hash_table_lookup(counts->table, owned_key);

	if (!c) {
		c = g_new0(struct monitor_count, 1);
		g_hash_table_insert(counts->table, owned_key, c);
	} else {
		g_free(owned_key);
	}
	c->events++;
	c->bytes += bytes;
}

/* Accesses and DMA are counted by device. */
static void count_traffic(struct monitor_counts *counts, const TsrWatchEvent *e)
{
	const char *device = tsr_watch_event_get_device(e);

	if (tsr_watch_event_get_kind(e) != TSR_WATCH_KIND_DMA)
		count(counts, key(MONITOR_ACCESSES, device, NULL), tsr_watch_event_get_width(e));
	else if (tsr_watch_event_get_op(e) !=
		 TSR_WATCH_OP_MAP_WRITE) /* what it wrote comes later */
		count(counts, key(MONITOR_DMA, device, NULL), tsr_watch_event_get_length(e));
}

void monitor_counts_add(struct monitor_counts *counts, const TsrWatchEvent *e)
{
	const char *device = tsr_watch_event_get_device(e), *what = tsr_watch_event_get_what(e);

	switch (tsr_watch_event_get_kind(e)) {
	case TSR_WATCH_KIND_PORTS:
	case TSR_WATCH_KIND_MMIO:
	case TSR_WATCH_KIND_DMA:
		count_traffic(counts, e);
		break;
	case TSR_WATCH_KIND_IRQ:
		if (tsr_watch_event_get_value(e))
			count(counts, key(MONITOR_LINES, device, what), 0);
		break;
	case TSR_WATCH_KIND_PACKETS:
	case TSR_WATCH_KIND_CHARS:
	case TSR_WATCH_KIND_BLOCK:
		if (tsr_watch_event_get_op(e) != TSR_WATCH_OP_DONE)
			count(counts, key(MONITOR_LINKS, device, what),
			      tsr_watch_event_get_length(e));
		break;
	case TSR_WATCH_KIND_LOST:
		counts->lost += tsr_watch_event_get_value(e);
		break;
	case TSR_WATCH_KIND_SIGNAL:
		break;
	}
}

const struct monitor_count *monitor_counts_find(const struct monitor_counts *counts,
						enum monitor_group group, const char *device,
						const char *what)
{
	g_autofree char *name = key(group, device, what);

	return g_hash_table_lookup(counts->table, name);
}

uint64_t monitor_counts_lost(const struct monitor_counts *counts)
{
	return counts->lost;
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
	return strcmp(a, b);
}

void monitor_counts_take_rates(struct monitor_counts *counts, double seconds, GString *text)
{
	GList *names = g_list_sort(g_hash_table_get_keys(counts->table), compare_texts);

	for (GList *name = names; name; name = name->next) {
		const struct monitor_count *c = g_hash_table_lookup(counts->table, name->data);

		g_string_append_printf(text, "%s\t%.1f\t%.0f\n", (const char *)name->data,
				       (double)c->events / seconds, (double)c->bytes / seconds);
	}
	if (counts->lost)
		g_string_append_printf(text, "lost\t\t%.1f\t0\n", (double)counts->lost / seconds);
	g_list_free(names);
	g_hash_table_remove_all(counts->table);
	counts->lost = 0;
}
