/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page faults: touches 256 new pages at a time. Returns how many were empty. */
#include "linux.h"

#define PAGES 256

uint32_t work(uint32_t count)
{
	uint32_t empty = 0;

	while (count--) {
		char *at = map(PAGES * PAGE);

		for (unsigned i = 0; i < PAGES; i++)
			empty += !at[i * PAGE]++;
		call3(SYS_munmap, (long)at, PAGES * PAGE, 0);
	}
	return empty;
}
