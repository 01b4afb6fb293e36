/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entry of a benchmark program, for i386 and x86-64 Linux: `PROGRAM COUNT` prints work(COUNT). */
#include "bench.h"

#ifdef __x86_64__
enum { SYS_write = 1, SYS_exit = 60 };

long linux_call(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}

__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall bench_main\n\thlt\n");
#else
enum { SYS_write = 4, SYS_exit = 1 };

long linux_call(long number, long a, long b, long c, long d)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"(number), "b"(a), "c"(b), "d"(c), "S"(d)
			 : "memory");
	return result;
}

__asm__(".globl _start\n_start:\n\tmov %esp, %eax\n\tand $-16, %esp\n\tsub $12, %esp\n\t"
	"push %eax\n\tcall bench_main\n\thlt\n");
#endif

/* gcc calls these where it recognises a loop. */

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
	void *start = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length)::"memory");
	return start;
}

void *memset(void *to, int value, size_t length)
{
	void *start = to;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(length) : "a"(value) : "memory");
	return start;
}

static uint32_t number(const char *text)
{
	uint32_t value = 0;

	while (*text)
		value = value * 10 + (uint32_t)(*text++ - '0');
	return value;
}

void bench_main(long *stack)
{
	char line[9];
	uint32_t sum;

	if (stack[0] != 2)
		linux_call(SYS_exit, 2, 0, 0, 0);
	sum = work(number(((char **)(stack + 1))[1]));
	for (unsigned i = 0; i < 8; i++)
		line[i] = "0123456789abcdef"[sum >> (28 - 4 * i) & 15];
	line[8] = '\n';
	linux_call(SYS_write, 1, (long)line, sizeof(line), 0);
	linux_call(SYS_exit, 0, 0, 0, 0);
}
