/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. RAM below 1 MiB that shadows what else lies there, as the chipset decides (the i440FX's
 * PAM registers).
 */
#ifndef TESSERA_DRAFT_SHADOW_RAM_H
#define TESSERA_DRAFT_SHADOW_RAM_H

#include "../host.h"
#include "draft.h"

/* "tessera.shadow-ram/1": for the memory controller. */
#define TSR_SHADOW_RAM "tessera.shadow-ram/1"
struct tsr_shadow_ram {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Where reads and writes of a range go: read_ram, write_ram: to RAM if true, otherwise to
	 * what else lies there. `base` and `length` are bytes, multiples of 4096, and the range
	 * ends at 1 MiB or below; another one is a mistake, and nothing changes. [locked] */
	void (*set)(const struct tsr_host *host, tsr_gpa base, uint64_t length, bool read_ram,
		    bool write_ram);
};

#endif
