/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* i386 Linux, as far as the programs of the system row use it (arch/x86/entry/syscalls). */
#ifndef LINUX_H
#define LINUX_H

#include "bench.h"

#define PAGE 4096

enum {
	SYS_exit = 1,
	SYS_fork = 2,
	SYS_read = 3,
	SYS_write = 4,
	SYS_open = 5,
	SYS_close = 6,
	SYS_waitpid = 7,
	SYS_execve = 11,
	SYS_getpid = 20,
	SYS_kill = 37,
	SYS_pipe = 42,
	SYS_getppid = 64,
	SYS_mmap = 90,
	SYS_munmap = 91,
	SYS_mprotect = 125,
	SYS_rt_sigaction = 174,
};

enum { PROT_READ = 1, PROT_WRITE = 2, MAP_PRIVATE = 2, MAP_ANONYMOUS = 0x20, SIGUSR1 = 10 };

static inline long call0(long number)
{
	return linux_call(number, 0, 0, 0, 0);
}

static inline long call3(long number, long a, long b, long c)
{
	return linux_call(number, a, b, c, 0);
}

static inline char *map(size_t length)
{
	struct {
		long at, length, protection, flags, file, offset;
	} arguments = {
		0, (long)length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0
	};

	return (char *)call3(SYS_mmap, (long)&arguments, 0, 0);
}

/* The status with which a child ended, or 255 if a signal ended it. */
static inline unsigned wait_for(long child)
{
	int status = -1;

	call3(SYS_waitpid, child, (long)&status, 0);
	return status & 0x7f ? 255 : (unsigned)status >> 8 & 0xff;
}

#endif
