/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The script etc/table-loader: the firmware puts files into memory, adds addresses to their
 * pointers and computes checksums, in the order in which the calls are made. */
#ifndef FW_CFG_LOADER_H
#define FW_CFG_LOADER_H

#include "items.h"

#define LOADER_ENTRY 128u /* bytes */
#define LOADER_ENTRIES 16u

struct loader {
	uint8_t bytes[LOADER_ENTRIES * LOADER_ENTRY];
	unsigned entries;
	bool failed; /* there were more entries than room */
};

enum loader_zone { LOADER_HIGH = 1, LOADER_FSEG = 2 };

void loader_allocate(struct loader *l, const char *file, uint32_t alignment, enum loader_zone zone);
/* The dword at `offset` of `file` is an offset in `target` and becomes an address. */
void loader_pointer(struct loader *l, const char *file, uint32_t offset, const char *target);
/* The byte at `at` of `file` makes the sum of [start, start + length) zero. */
void loader_checksum(struct loader *l, const char *file, uint32_t at, uint32_t start,
		     uint32_t length);
/* Adds the script if there is anything in it; false if it is not complete or cannot be added. */
bool loader_add(const struct loader *l, struct fw_cfg_items *items);

#endif
