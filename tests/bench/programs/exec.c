/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fork, exec of a static program and wait. The program is this one, which ends with status 2 where
 * it has no argument. Returns how many did. */
#include "linux.h"

uint32_t work(uint32_t count)
{
	static const char path[] = "/bench/exec";
	uint32_t good = 0;

	while (count--) {
		const char *arguments[] = { path, NULL };
		long child = call0(SYS_fork);

		if (!child) {
			call3(SYS_execve, (long)path, (long)arguments, 0);
			call3(SYS_exit, 1, 0, 0);
		}
		good += wait_for(child) == 2;
	}
	return good;
}
