/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entry, console, checks, signals and mappings of the user-level programs. */
#include "user.h"

__asm__(".pushsection .text\n.globl _start\n_start:\n\tmov %esp, %eax\n\tand $-16, %esp\n\tsub "
	"$12, %esp\n\t"
	"push %eax\n\tcall user_main\n\thlt\n.popsection\n");

/* The sixth argument is in EBP, which the compiler may use. */
__asm__(".pushsection .text\n.globl linux_call\nlinux_call:\n\tpush %ebp\n\tpush %edi\n\tpush "
	"%esi\n\tpush %ebx\n\t"
	"mov 20(%esp), %eax\n\tmov 24(%esp), %ebx\n\tmov 28(%esp), %ecx\n\tmov 32(%esp), %edx\n\t"
	"mov 36(%esp), %esi\n\tmov 40(%esp), %edi\n\tmov 44(%esp), %ebp\n\tint $0x80\n\t"
	"pop %ebx\n\tpop %esi\n\tpop %edi\n\tpop %ebp\n\tret\n.popsection\n");

#define ALTERNATE_STACK 65536

static uint8_t alternate[ALTERNATE_STACK] __attribute__((aligned(16)));
static signal_function *functions[32];
static const char *current;
static unsigned checks, failures, failures_of_area;

/* -- what the compiler calls */

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

int memcmp(const void *a, const void *b, size_t length)
{
	const uint8_t *x = a, *y = b;

	for (size_t i = 0; i < length; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

/* -- console and checks */

static void say(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	CALL3(SYS_write, 1, text, length);
}

static void say_number(uint32_t value, unsigned base)
{
	char text[11], *p = text + sizeof(text) - 1;

	*p = 0;
	do
		*--p = "0123456789abcdef"[value % base];
	while (value /= base);
	say(p);
}

_Noreturn void leave(int status)
{
	for (;;)
		CALL3(SYS_exit_group, status, 0, 0);
}

static void end_area(void)
{
	if (current && !failures_of_area) {
		say("ok ");
		say(current);
		say("\n");
	}
	failures_of_area = 0;
}

void area(const char *name)
{
	end_area();
	current = name;
}

static bool failed(bool good, const char *what)
{
	checks++;
	if (good || (failures++, failures_of_area++ >= 20))
		return false;
	say("FAILED ");
	say(current);
	say(": ");
	say(what);
	return true;
}

void check(bool good, const char *what)
{
	if (failed(good, what))
		say("\n");
}

void check_equal(uint32_t is, uint32_t wanted, const char *what)
{
	if (!failed(is == wanted, what))
		return;
	say(": ");
	say_number(is, 16);
	say(" is not ");
	say_number(wanted, 16);
	say("\n");
}

/* -- signals */

/* struct siginfo: the address of a fault is its fourth word. struct ucontext: five words, then the
 * context. */
static void handler(int signal, const uint32_t *info, uint8_t *ucontext)
{
	functions[signal](signal, info[3], (struct context *)(ucontext + 20));
}

#define SA_SIGINFO 4u
#define SA_ONSTACK 0x08000000u
#define SA_NODEFER 0x40000000u

void on_signal(int signal, signal_function *f)
{
	struct {
		void *handler;
		uint32_t flags, restorer, mask[2];
	} action = { handler, SA_SIGINFO | SA_ONSTACK | SA_NODEFER, 0, { 0, 0 } };

	functions[signal] = f;
	if (!f)
		action.handler = NULL;
	CALL(SYS_rt_sigaction, signal, &action, 0, 8, 0, 0);
}

static void use_alternate_stack(void)
{
	struct {
		void *at;
		uint32_t flags, size;
	} stack = { alternate, 0, sizeof(alternate) };

	CALL3(SYS_sigaltstack, &stack, 0, 0);
}

/* -- memory */

static void expect_mapping(long result, uint32_t at, const char *what)
{
	if ((uint32_t)result == at)
		return;
	check_equal((uint32_t)result, at, what);
	leave(3);
}

void map_at(uint32_t at, uint32_t length, int protection)
{
	long result = CALL(SYS_mmap2, at, length, protection,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	expect_mapping(result, at, "mmap of memory");
}

int memory_file(uint32_t length)
{
	long file = CALL3(SYS_memfd_create, "user", 0, 0);

	if (file < 0 || CALL3(SYS_ftruncate, file, length, 0)) {
		check(false, "memfd_create");
		leave(3);
	}
	return (int)file;
}

void map_file(uint32_t at, uint32_t length, int protection, int flags, int file)
{
	long result = CALL(SYS_mmap2, at, length, protection, flags | MAP_FIXED, file, 0);

	expect_mapping(result, at, "mmap of a file");
}

void protect(uint32_t at, uint32_t length, int protection)
{
	expect_mapping(CALL3(SYS_mprotect, at, length, protection), 0, "mprotect");
}

int wait_for(long child)
{
	int status = -1;

	if (CALL3(SYS_waitpid, child, &status, 0) != child)
		return -1;
	return status & 0x7f ? 256 + (status & 0x7f) : status >> 8 & 0xff;
}

/* -- the program */

static const struct {
	const char *name;
	void (*run)(void);
} parts[] = {
	{ "faults", check_faults },   { "strings", check_strings },
	{ "pages", check_pages },     { "processes", check_processes },
	{ "code", check_code },       { "segments", check_segments },
	{ "threads", check_threads },
};

static bool is_wanted(const char *name, char *const *names)
{
	for (unsigned i = 0; names[i]; i++) {
		const char *a = name, *b = names[i];

		while (*a && *a == *b)
			a++, b++;
		if (*a == *b)
			return true;
	}
	return !names[0];
}

/* The arguments name parts; none: all. */
void user_main(long *stack)
{
	char *const *arguments = (char *const *)(stack + 2);

	use_alternate_stack();
	for (unsigned i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (is_wanted(parts[i].name, arguments))
			parts[i].run();
	end_area();
	say(failures ? "user: FAILED " : "user: PASSED ");
	if (failures) {
		say_number(failures, 10);
		say(" of ");
	}
	say_number(checks, 10);
	say("\n");
	leave(failures != 0);
}
