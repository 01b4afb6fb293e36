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

void monitor_counts_add(struct monitor_counts *counts, const struct monitor_event *e)
{
	const struct tsr_monitor_record *r = &e->record;

	if (r->kind == TSR_MONITOR_LOST)
		counts->lost += r->value;
	else if (r->kind == TSR_MONITOR_PORTS || r->kind == TSR_MONITOR_MMIO)
		count(counts, key(MONITOR_ACCESSES, e->device, NULL), r->width);
	else if (r->kind == TSR_MONITOR_DMA && r->op != TSR_MONITOR_MAP_WRITE)
		/* what it wrote comes later */
		count(counts, key(MONITOR_DMA, e->device, NULL), r->length);
	else if (r->kind == TSR_MONITOR_IRQ && r->value)
		count(counts, key(MONITOR_LINES, e->device, e->what), 0);
	else if (r->kind == TSR_MONITOR_PACKETS || r->kind == TSR_MONITOR_CHARS ||
		 (r->kind == TSR_MONITOR_BLOCK && r->op != TSR_MONITOR_DONE))
		count(counts, key(MONITOR_LINKS, e->device, e->what), r->length);
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
