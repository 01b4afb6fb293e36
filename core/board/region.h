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
	bool is_bar;                  /* of PCI: the guest places it, over whatever it likes */
	GPtrArray *among;             /* the list that it is in */
	guint place;                  /* where it was in that, while it is set aside */
	uint8_t *bytes;               /* MEMORY */
	uint32_t rom_image;           /* MEMORY with an option ROM: bytes of its image; else 0 */
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
/* Hides and frees it, and its aliases. [locked] */
void tsr_region_remove(struct tsr_region *region);

/* -- Lists of regions in ascending priority, then age: of two at a place the later one wins. */

/* What an enabled template would take from others: a region that is enabled and overlaps it, of
 * another instance or with the same priority, or guest RAM outside of A0000h to FFFFFh, where
 * windows and ROMs lie over it. BARs take from everybody, and everybody from BARs. NULL: nothing.
 */
const struct tsr_region *tsr_region_find_conflict(GPtrArray *regions,
						  const struct tsr_region *template);
/* The same for a region that is in its list, if it was enabled at `base`. Only regions of others
 * count. */
const struct tsr_region *tsr_region_find_other(const struct tsr_region *region, uint64_t base);
/* Whose it is, for messages. */
const char *tsr_region_owner_name(const struct tsr_region *region);
/* Whether what a plugin asks for is known here: its handlers, if there are any, have the size of
 * ABI 1.2 at least, and all flags are known. False and error. */
bool tsr_region_check(const struct tsr_region *template, struct tsr_error *error);
/* Moves what an instance has from a list to the end of another, and back to where it was: what has
 * come into the list in between is gone again. Nothing is painted. */
void tsr_regions_set_aside(GPtrArray *regions, const TsrInstance *owner, GPtrArray *aside);
void tsr_regions_put_back(GPtrArray *regions, GPtrArray *aside);
/* A copy of the template in its place. */
struct tsr_region *tsr_region_insert(GPtrArray *regions, const struct tsr_region *template);

#endif
