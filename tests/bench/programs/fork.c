/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fork and wait. The process has a megabyte of touched memory, about what a shell has; the child
 * writes to 16 pages of it. Returns how many children ended as they should. */
#include "linux.h"

static char memory[256 * PAGE];

uint32_t work(uint32_t count)
{
	uint32_t good = 0;

	for (unsigned i = 0; i < sizeof(memory); i += PAGE)
		memory[i] = 1;
	while (count--) {
		long child = call0(SYS_fork);

		if (!child) {
			for (unsigned i = 0; i < 16 * PAGE; i += PAGE)
				memory[i]++;
			call3(SYS_exit, memory[0], 0, 0);
		}
		good += wait_for(child) == 2;
	}
	return good;
}
