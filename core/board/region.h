/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A region: a range of guest physical memory or of ports, and what answers there. Memory map and
 * port space each keep a list of theirs and paint them into a flat array in order of priority.
 */
#ifndef TSR_BOARD_REGION_H
#define TSR_BOARD_REGION_H

#include <tessera/host.h>

#include "instance/instance.h"

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
	uint8_t *bytes;               /* MEMORY */
	uint8_t *dirty;               /* MEMORY with dirty log: one byte a page */
	const struct tsr_io_ops *ops; /* IO, PORTS */
	void *self;
	struct tsr_region *target; /* ALIAS */
	uint64_t offset;
	struct tsr_memory_map *map; /* one of these two */
	struct tsr_port_space *ports;
	/* Base, or enabled, has changed: paints where it was and where it is. */
	void (*repaint)(struct tsr_region *region, uint64_t old_base);
};

/* Calls by plugins (host.h); region may be NULL. [locked] */
void tsr_region_move(struct tsr_region *region, uint64_t base);
void tsr_region_enable(struct tsr_region *region, bool enabled);

/* -- Lists of regions in ascending priority, then age: of two at a place the later one wins. */

/* An enabled region of a plugin with the same priority that overlaps an enabled template; or NULL.
 */
struct tsr_region *tsr_region_find_conflict(GPtrArray *regions, const struct tsr_region *template);
/* A copy of the template in its place. */
struct tsr_region *tsr_region_insert(GPtrArray *regions, const struct tsr_region *template);

#endif
