/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See code-map.h. */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include "calls/code-map.h"

#include <glib.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>

#define LIBRARIES 256 /* more have no names */

static struct {
	GMutex mutex;
	struct tsr_code at[LIBRARIES];
	atomic_uint count;
} map;

struct search {
	uintptr_t symbol;
	struct tsr_code found;
};

static int look(struct dl_phdr_info *info, size_t size, void *data)
{
	struct search *search = data;
	uintptr_t start = UINTPTR_MAX, end = 0;

	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type != PT_LOAD)
			continue;
		start = MIN(start, info->dlpi_addr + segment->p_vaddr);
		end = MAX(end, info->dlpi_addr + segment->p_vaddr + segment->p_memsz);
	}
	if (search->symbol < start || search->symbol >= end)
		return 0;
	search->found = (struct tsr_code){ .start = start,
					   .end = end,
					   .file = g_path_get_basename(info->dlpi_name) };
	return 1;
}

void tsr_code_map_add(const void *symbol, const char *plugin)
{
	struct search search = { .symbol = (uintptr_t)symbol };

	g_mutex_lock(&map.mutex);
	if (!tsr_code_map_find(symbol) && map.count < LIBRARIES && dl_iterate_phdr(look, &search)) {
		search.found.plugin = g_strdup(plugin);
		map.at[map.count] = search.found;
		atomic_fetch_add(&map.count, 1);
	}
	g_mutex_unlock(&map.mutex);
}

const struct tsr_code *tsr_code_map_find(const void *address)
{
	unsigned count = atomic_load(&map.count);

	for (unsigned i = 0; i < count; i++)
		if ((uintptr_t)address >= map.at[i].start && (uintptr_t)address < map.at[i].end)
			return &map.at[i];
	return NULL;
}
