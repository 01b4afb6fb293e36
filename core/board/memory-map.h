/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guest physical memory: regions with priorities, flattened so that a look-up is one array access.
 */
#ifndef TSR_BOARD_MEMORY_MAP_H
#define TSR_BOARD_MEMORY_MAP_H

#include <tessera/draft/phys.h>
#include <tessera/state.h>
#include <tessera/host.h>

#include "board/region.h"

/* NULL with error when the host has not that much memory. */
struct tsr_memory_map *tsr_memory_map_new(uint64_t ram_size, GError **error);
void tsr_memory_map_free(struct tsr_memory_map *map);
/* Is called on changes; NULL for both: no listener. */
void tsr_memory_map_set_listener(struct tsr_memory_map *map,
				 const struct tsr_phys_listener *listener, void *self);
void tsr_memory_map_reset(struct tsr_memory_map *map, bool clear_ram);
/* Guest RAM, one linear mapping. size may be NULL. */
uint8_t *tsr_memory_map_ram(struct tsr_memory_map *map, uint64_t *size);
/* Its file; the map keeps it. */
int tsr_memory_map_ram_fd(const struct tsr_memory_map *map);
/* Drops every region that an instance has made. */
void tsr_memory_map_drop(struct tsr_memory_map *map, const TsrInstance *owner);
/* As tsr_port_space_set_aside and _put_back. */
GPtrArray *tsr_memory_map_set_aside(struct tsr_memory_map *map, const TsrInstance *owner);
void tsr_memory_map_put_back(struct tsr_memory_map *map, GPtrArray *aside);
/* In a forked process: what is written to guest RAM from now on stays in it. False: it cannot be.
 */
bool tsr_memory_map_detach_copy(struct tsr_memory_map *map);
/* A region from the template; NULL with error when the memory is taken. */
struct tsr_region *tsr_memory_map_add(struct tsr_memory_map *map, const struct tsr_region *template,
				      struct tsr_error *error);
/* The same for a template of memory whose bytes are allocated here. */
struct tsr_region *tsr_memory_map_add_bytes(struct tsr_memory_map *map,
					    const struct tsr_region *template,
					    struct tsr_error *error);
/* All of them; the list belongs to the map. [locked] */
GPtrArray *tsr_memory_map_get_regions(const struct tsr_memory_map *map);
void tsr_memory_map_put_state(struct tsr_memory_map *map, struct tsr_state_writer *out);
void tsr_memory_map_get_state(struct tsr_memory_map *map, struct tsr_state_reader *in);

void tsr_memory_map_lookup(struct tsr_memory_map *map, tsr_gpa gpa, struct tsr_phys_page *page);
uint64_t tsr_memory_map_read(struct tsr_memory_map *map, tsr_gpa gpa, unsigned width);
void tsr_memory_map_write(struct tsr_memory_map *map, tsr_gpa gpa, uint64_t value, unsigned width);
bool tsr_memory_map_dma(struct tsr_memory_map *map, tsr_gpa at, void *bytes, uint64_t length,
			bool write);
void *tsr_memory_map_run(struct tsr_memory_map *map, tsr_gpa at, uint64_t *length, bool write);
void tsr_memory_map_written(struct tsr_memory_map *map, tsr_gpa at, uint64_t length);
/* Below 1 MiB: whether RAM answers reads and takes writes, or the regions that cover it. */
void tsr_memory_map_shadow(struct tsr_memory_map *map, tsr_gpa base, uint64_t length, bool read_ram,
			   bool write_ram);
void tsr_memory_map_set_a20(struct tsr_memory_map *map, bool enabled);
bool tsr_memory_map_get_a20(const struct tsr_memory_map *map);
void tsr_memory_map_mark_dirty(struct tsr_memory_map *map, tsr_gpa gpa);

bool tsr_region_fetch_dirty(struct tsr_region *region, uint32_t first, uint32_t count,
			    uint8_t *bitmap); /* host.h */

#endif
