/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The least system call, through INT 80h. Returns how many times the answer was the same. */
#include "linux.h"

uint32_t work(uint32_t count)
{
	long parent = call0(SYS_getppid);
	uint32_t same = 0;

	while (count--)
		same += call0(SYS_getppid) == parent;
	return same;
}
