/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Those loads of the benchmark that no shell command makes: a static i386 Linux program without
 * libc, so that any gcc can build it.
 *
 *	loads NAME COUNT      x87 sse2 syscall fault fork pipe integer
 */
#include <stdint.h>

#define PAGE 4096

enum {
	SYS_exit = 1,
	SYS_fork = 2,
	SYS_read = 3,
	SYS_write = 4,
	SYS_execve = 11,
	SYS_pipe = 42,
	SYS_getppid = 64,
	SYS_munmap = 91,
	SYS_waitpid = 7,
	SYS_mmap2 = 192
};

double fp_x87(unsigned count);
double fp_sse2(unsigned count);

static long call(long number, long a, long b, long c, long d, long e, long f)
{
	long result;

	__asm__ volatile("push %%ebp\n\tmov %7, %%ebp\n\tint $0x80\n\tpop %%ebp"
			 : "=a"(result)
			 : "0"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e), "m"(f)
			 : "memory");
	return result;
}

static void say(const char *text)
{
	unsigned length = 0;

	while (text[length])
		length++;
	call(SYS_write, 1, (long)text, length, 0, 0, 0);
}

static void load_syscall(unsigned count)
{
	while (count--)
		call(SYS_getppid, 0, 0, 0, 0, 0, 0);
}

/* Touches 256 new pages at a time. */
static void load_fault(unsigned count)
{
	while (count--) {
		long at = call(SYS_mmap2, 0, 256 * PAGE, 3, 0x22, -1, 0);

		for (unsigned i = 0; i < 256; i++)
			*(volatile char *)(at + i * PAGE) = 1;
		call(SYS_munmap, at, 256 * PAGE, 0, 0, 0, 0);
	}
}

static void load_fork(unsigned count)
{
	static char *const arguments[] = { (char *)"/bin/true", 0 };
	int status;

	while (count--) {
		long child = call(SYS_fork, 0, 0, 0, 0, 0, 0);

		if (!child) {
			call(SYS_execve, (long)"/bench/loads",
			     (long)(char *[]){ (char *)"loads", (char *)"none", (char *)"0", 0 }, 0,
			     0, 0, 0);
			call(SYS_execve, (long)arguments[0], (long)arguments, 0, 0, 0, 0);
			call(SYS_exit, 1, 0, 0, 0, 0, 0);
		}
		call(SYS_waitpid, child, (long)&status, 0, 0, 0, 0);
	}
}

static void load_pipe(unsigned count)
{
	int there[2], back[2];
	char byte = 0;

	call(SYS_pipe, (long)there, 0, 0, 0, 0, 0);
	call(SYS_pipe, (long)back, 0, 0, 0, 0, 0);
	if (!call(SYS_fork, 0, 0, 0, 0, 0, 0)) {
		for (unsigned i = 0; i < count; i++) {
			call(SYS_read, there[0], (long)&byte, 1, 0, 0, 0);
			call(SYS_write, back[1], (long)&byte, 1, 0, 0, 0);
		}
		call(SYS_exit, 0, 0, 0, 0, 0, 0);
	}
	for (unsigned i = 0; i < count; i++) {
		call(SYS_write, there[1], (long)&byte, 1, 0, 0, 0);
		call(SYS_read, back[0], (long)&byte, 1, 0, 0, 0);
	}
}

/* A sieve and a pointer chase: loads, stores, branches. */
static void load_integer(unsigned count)
{
	static uint8_t sieve[65536];
	static uint32_t next[4096];
	volatile uint32_t sink;
	uint32_t at = 0;

	for (unsigned i = 0; i < 4096; i++)
		next[i] = (i * 1103515245u + 12345u) & 4095;
	while (count--) {
		for (unsigned i = 0; i < sizeof(sieve); i++)
			sieve[i] = 1;
		for (unsigned i = 2; i < 256; i++)
			for (unsigned k = i * i; sieve[i] && k < sizeof(sieve); k += i)
				sieve[k] = 0;
		for (unsigned i = 0; i < 65536; i++)
			at = next[at ^ (i & 4095)];
	}
	sink = at;
	(void)sink;
}

static void load_x87(unsigned count)
{
	volatile double sink = fp_x87(count);

	(void)sink;
}

static void load_sse2(unsigned count)
{
	volatile double sink = fp_sse2(count);

	(void)sink;
}

static void load_none(unsigned count)
{
}

static const struct {
	const char *name;
	void (*run)(unsigned count);
} loads[] = {
	{ "none", load_none },       { "x87", load_x87 },         { "sse2", load_sse2 },
	{ "syscall", load_syscall }, { "fault", load_fault },     { "fork", load_fork },
	{ "pipe", load_pipe },       { "integer", load_integer },
};

static int equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static unsigned number(const char *text)
{
	unsigned value = 0;

	while (*text)
		value = value * 10 + (unsigned)(*text++ - '0');
	return value;
}

__attribute__((used)) void loads_main(long *stack)
{
	char **arguments = (char **)(stack + 1);

	for (unsigned i = 0; stack[0] == 3 && i < sizeof(loads) / sizeof(loads[0]); i++) {
		if (equal(arguments[1], loads[i].name)) {
			loads[i].run(number(arguments[2]));
			call(SYS_exit, 0, 0, 0, 0, 0, 0);
		}
	}
	say("usage: loads NAME COUNT\n");
	call(SYS_exit, 2, 0, 0, 0, 0, 0);
}

__asm__(".globl _start\n_start:\n\tmov %esp, %eax\n\tand $-16, %esp\n\tsub $12, %esp\n\tpush "
	"%eax\n\tcall loads_main\n");
