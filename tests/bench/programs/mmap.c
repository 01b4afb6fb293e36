/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mmap, one touched page of sixteen, mprotect, munmap. Returns how many calls succeeded. */
#include "linux.h"

#define LENGTH (16 * PAGE)

uint32_t work(uint32_t count)
{
	uint32_t good = 0;

	while (count--) {
		char *at = map(LENGTH);

		at[count % 16 * PAGE] = 1;
		good += !call3(SYS_mprotect, (long)at, LENGTH, PROT_READ);
		good += !call3(SYS_munmap, (long)at, LENGTH, 0);
	}
	return good;
}
