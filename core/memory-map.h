/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guest physical memory and the port space: regions with priorities, flattened so that a look-up is one array access. */
#ifndef TSR_MEMORY_MAP_H
#define TSR_MEMORY_MAP_H

#include <tessera/draft/phys.h>
#include <tessera/host.h>

#include "instance.h"

struct tsr_memory_map;
struct tsr_port_space;

enum region_kind { REGION_MEMORY, REGION_IO, REGION_ALIAS, REGION_PORTS };

struct tsr_region {
	enum region_kind kind;
	TsrInstance *owner; /* NULL: the machine itself (guest RAM) */
	char *name;
	uint64_t base, length;
	int priority;
	unsigned flags; /* enum tsr_memory_flags */
	bool enabled;
	uint8_t *bytes; /* MEMORY */
	uint8_t *dirty; /* MEMORY with dirty log: one byte a page */
	const struct tsr_io_ops *ops; /* IO, PORTS */
	void *self;
	struct tsr_region *target; /* ALIAS */
	uint64_t offset;
	struct tsr_memory_map *map;    /* one of these two */
	struct tsr_port_space *ports;
};

/* NULL with error when the host has not that much memory. */
struct tsr_memory_map *tsr_memory_map_new(uint64_t ram_size, GError **error);
void tsr_memory_map_free(struct tsr_memory_map *map);
/* Who is told of changes; either may be NULL. */
void tsr_memory_map_set_listener(struct tsr_memory_map *map, const struct tsr_phys_listener *listener, void *self);
void tsr_memory_map_reset(struct tsr_memory_map *map, bool clear_ram);
uint8_t *tsr_memory_map_ram(struct tsr_memory_map *map, uint64_t *size, int *fd);
/* Drops every region an instance has made. */
void tsr_memory_map_drop(struct tsr_memory_map *map, const TsrInstance *owner);
struct tsr_region *tsr_memory_map_add(struct tsr_memory_map *map, const struct tsr_region *template, struct tsr_error *error);
void tsr_memory_map_put_state(struct tsr_memory_map *map, struct tsr_state_writer *out);
void tsr_memory_map_get_state(struct tsr_memory_map *map, struct tsr_state_reader *in);

void tsr_memory_map_lookup(struct tsr_memory_map *map, tsr_gpa gpa, struct tsr_phys_page *page);
uint64_t tsr_memory_map_read(struct tsr_memory_map *map, tsr_gpa gpa, unsigned width);
void tsr_memory_map_write(struct tsr_memory_map *map, tsr_gpa gpa, uint64_t value, unsigned width);
bool tsr_memory_map_dma(struct tsr_memory_map *map, tsr_gpa at, void *bytes, uint64_t length, bool write);
void *tsr_memory_map_run(struct tsr_memory_map *map, tsr_gpa at, uint64_t *length, bool write);
void tsr_memory_map_written(struct tsr_memory_map *map, tsr_gpa at, uint64_t length);
/* Below 1 MiB: does RAM answer reads, and take writes, or what lies there otherwise? */
void tsr_memory_map_shadow(struct tsr_memory_map *map, tsr_gpa base, uint64_t length, bool read_ram, bool write_ram);
void tsr_memory_map_set_a20(struct tsr_memory_map *map, bool enabled);
bool tsr_memory_map_get_a20(const struct tsr_memory_map *map);
void tsr_memory_map_mark_dirty(struct tsr_memory_map *map, tsr_gpa gpa);

struct tsr_port_space *tsr_port_space_new(void);
void tsr_port_space_free(struct tsr_port_space *ports);
void tsr_port_space_drop(struct tsr_port_space *ports, const TsrInstance *owner);
struct tsr_region *tsr_port_space_add(struct tsr_port_space *ports, const struct tsr_region *template, struct tsr_error *error);
uint32_t tsr_port_read(struct tsr_port_space *ports, uint16_t port, unsigned width);
void tsr_port_write(struct tsr_port_space *ports, uint16_t port, uint32_t value, unsigned width);

void tsr_port_region_change(struct tsr_region *region, uint64_t base, bool enabled);

/* Both kinds. */
void tsr_region_move(struct tsr_region *region, uint64_t base);
void tsr_region_enable(struct tsr_region *region, bool enabled);

bool tsr_region_fetch_dirty(struct tsr_region *region, uint32_t first, uint32_t count, uint8_t *bitmap); /* host.h */

/* Handlers with widths split and joined (host.h, tsr_io_ops.widths). */
uint64_t tsr_io_dispatch_read(const struct tsr_region *region, uint64_t offset, unsigned width);
void tsr_io_dispatch_write(const struct tsr_region *region, uint64_t offset, uint64_t value, unsigned width);

extern const struct tsr_io tsr_io_table;
extern const struct tsr_memory tsr_memory_table;
extern const struct tsr_dma tsr_dma_table;
extern const struct tsr_phys tsr_phys_table;

#endif
