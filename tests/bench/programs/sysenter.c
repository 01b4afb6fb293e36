/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The least system call, through the kernel's entry in the vDSO, which is SYSENTER where the
 * processor has it; C libraries call that. Returns how many times the answer was the same. */
#include "linux.h"

#define AT_SYSINFO 32

static long vdso_entry(void)
{
	static long pairs[64][2];
	long file = call3(SYS_open, (long)"/proc/self/auxv", 0, 0);

	call3(SYS_read, file, (long)pairs, sizeof(pairs));
	for (unsigned i = 0; i < 64 && pairs[i][0]; i++)
		if (pairs[i][0] == AT_SYSINFO)
			return pairs[i][1];
	return 0;
}

uint32_t work(uint32_t count)
{
	long entry = vdso_entry(), parent = call0(SYS_getppid), result;
	uint32_t same = 0;

	while (entry && count--) {
		__asm__ volatile("call *%1"
				 : "=a"(result)
				 : "r"(entry), "0"(SYS_getppid)
				 : "memory");
		same += result == parent;
	}
	return same;
}
