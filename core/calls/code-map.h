/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which plugin's library an address is in. Libraries stay mapped, so entries are only added. */
#ifndef TSR_CALLS_CODE_MAP_H
#define TSR_CALLS_CODE_MAP_H

#include <stdint.h>

struct tsr_code {
	uintptr_t start, end;
	char *plugin; /* "ID VERSION" */
	char *file;   /* its last component */
};

/* The library that `symbol` is in is of that plugin. Adding one again does nothing. [any] */
void tsr_code_map_add(const void *symbol, const char *plugin);
/* NULL: no plugin's. Async-signal-safe. [any] */
const struct tsr_code *tsr_code_map_find(const void *address);

#endif
