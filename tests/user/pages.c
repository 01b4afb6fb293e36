/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a kernel does to pages under code that runs often: the code sees it at its next access. */
#include "user.h"

#define AREA 0x60000000u
#define OTHER 0x62000000u
#define PAGES 64u
#define ROUNDS 40u

static volatile unsigned faults, bus_errors;
static volatile uint32_t last_fault;
static int
	repair; /* the protection that the handler gives the page; -1: it skips the instruction */

static void on_fault(int signal, uint32_t at, struct context *c)
{
	if (signal == SIGBUS)
		bus_errors++;
	else
		faults++;
	last_fault = at;
	if (repair < 0)
		c->eip += 2; /* of the accesses of touch() and poke() */
	else
		protect(at & -PAGE, PAGE, repair);
}

/* Accesses of two bytes of code: mov (%ebx), %eax and mov %eax, (%ebx). */
static __attribute__((noinline)) uint32_t touch(uint32_t at, uint32_t otherwise)
{
	__asm__ volatile("mov (%%ebx), %%eax" : "+a"(otherwise) : "b"(at) : "memory");
	return otherwise;
}

static __attribute__((noinline)) void poke(uint32_t at, uint32_t value)
{
	__asm__ volatile("mov %%eax, (%%ebx)" : : "a"(value), "b"(at) : "memory");
}

static __attribute__((noinline)) uint32_t sum(uint32_t at, uint32_t words)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < words; i++)
		total = total * 31 + *word(at + 4 * i);
	return total;
}

static __attribute__((noinline)) void fill(uint32_t at, uint32_t words, uint32_t value)
{
	for (uint32_t i = 0; i < words; i++)
		*word(at + 4 * i) = value + i;
}

static void protection_is_repaired(void)
{
	static const int from[] = { PROT_NONE, PROT_READ };

	area("pages: each page faults once and is repaired");
	repair = PROT_RW;
	map_at(AREA, PAGES * PAGE, PROT_RW);
	for (unsigned round = 0; round < ROUNDS; round++) {
		fill(AREA, PAGES * PAGE / 4, round);
		protect(AREA, PAGES * PAGE, from[round % 2]);
		faults = 0;
		fill(AREA, PAGES * PAGE / 4, round + 1);
		check_equal(faults, PAGES, "faults of writes");
		check_equal(last_fault, AREA + (PAGES - 1) * PAGE, "the last one");
		protect(AREA + 7 * PAGE, PAGE, PROT_READ);
		faults = 0;
		check_equal(*word(AREA + 7 * PAGE + 8), round + 1 + 7 * PAGE / 4 + 2, "a word");
		check_equal(faults, 0, "faults of a read");
	}
}

static void mappings_move(void)
{
	area("pages: mremap moves what is there");
	repair = -1;
	for (unsigned round = 0; round < ROUNDS; round++) {
		map_at(AREA, 8 * PAGE, PROT_RW);
		fill(AREA, 2 * PAGE, round);
		check_equal((uint32_t)CALL(SYS_mremap, AREA, 8 * PAGE, 8 * PAGE, 3, OTHER, 0),
			    OTHER, "mremap");
		faults = 0;
		for (uint32_t page = 0; page < 8; page++) {
			check_equal(touch(OTHER + page * PAGE, 1), round + page * PAGE / 4,
				    "moved");
			check_equal(touch(AREA + page * PAGE, 0x1234), 0x1234, "nothing is left");
			poke(AREA + page * PAGE, 5);
		}
		check_equal(faults, 16, "faults");
		map_at(OTHER, 8 * PAGE, PROT_NONE);
	}
}

static void contents_are_dropped(void)
{
	area("pages: MADV_DONTNEED, and other memory at the same place");
	repair = -1;
	map_at(AREA, 8 * PAGE, PROT_RW);
	for (unsigned round = 0; round < ROUNDS; round++) {
		faults = 0;
		fill(AREA, 2 * PAGE, 77);
		CALL3(SYS_madvise, AREA + PAGE, 2 * PAGE, 4);
		check_equal(touch(AREA, 0), 77, "kept");
		check_equal(touch(AREA + PAGE + 4, 1), 0, "dropped");
		check_equal(touch(AREA + 2 * PAGE + 4, 1), 0, "dropped");
		poke(AREA + PAGE, round);
		check_equal(touch(AREA + PAGE, 0), round, "written again");
		map_at(AREA + 3 * PAGE, PAGE, PROT_RW);
		check_equal(touch(AREA + 3 * PAGE, 1), 0, "replaced");
		check_equal(touch(AREA + 4 * PAGE, 1), 77 + PAGE, "beside it");
		check_equal(faults, 0, "faults");
	}
}

static void files_are_truncated(void)
{
	int file = memory_file(8 * PAGE);

	area("pages: a file that is truncated is SIGBUS");
	repair = -1;
	map_file(AREA, 8 * PAGE, PROT_RW, MAP_SHARED, file);
	for (unsigned round = 0; round < ROUNDS; round++) {
		fill(AREA, 2 * PAGE, round);
		check_equal(touch(AREA + 5 * PAGE, 0), round + 5 * PAGE / 4, "a word");
		CALL3(SYS_ftruncate, file, 5 * PAGE, 0);
		bus_errors = 0;
		check_equal(touch(AREA + 5 * PAGE, 3), 3, "behind the end");
		poke(AREA + 6 * PAGE + 12, 3);
		check_equal(bus_errors, 2, "bus errors");
		check_equal(last_fault, AREA + 6 * PAGE + 12, "where");
		check_equal(touch(AREA + 5 * PAGE - 4, 0), round + 5 * PAGE / 4 - 1,
			    "before the end");
		CALL3(SYS_ftruncate, file, 8 * PAGE, 0);
		check_equal(touch(AREA + 5 * PAGE, 3), 0, "behind the old end");
	}
	map_at(AREA, 8 * PAGE, PROT_NONE);
	CALL3(SYS_close, file, 0, 0);
}

static void files_have_aliases(void)
{
	int file = memory_file(4 * PAGE);

	area("pages: two mappings of a file, and a private one");
	repair = PROT_RW;
	map_file(AREA, 4 * PAGE, PROT_RW, MAP_SHARED, file);
	map_file(OTHER, 4 * PAGE, PROT_RW, MAP_SHARED, file);
	for (unsigned round = 0; round < ROUNDS; round++) {
		map_file(OTHER + 8 * PAGE, 4 * PAGE, PROT_RW, MAP_PRIVATE, file);
		fill(AREA, PAGE, round);
		check_equal(sum(OTHER, PAGE), sum(AREA, PAGE), "the other mapping");
		check_equal(sum(OTHER + 8 * PAGE, PAGE), sum(AREA, PAGE), "the private one");
		poke(OTHER + 8 * PAGE, 99);
		check_equal(touch(AREA, 0), round, "not the file's");
		protect(OTHER, PAGE, PROT_READ);
		faults = 0;
		poke(OTHER + 16, 1234);
		check_equal(faults, 1, "faults");
		check_equal(touch(AREA + 16, 0), 1234, "written behind it");
		poke(AREA + 4, 55);
		check_equal(touch(OTHER + 8 * PAGE + 4, 0), round + 1, "a copy of its own");
		check_equal(touch(OTHER + 9 * PAGE, 0), touch(AREA + PAGE, 1), "not copied");
	}
	map_at(OTHER, 16 * PAGE, PROT_NONE);
	CALL3(SYS_close, file, 0, 0);
}

/* The kernel writes into a page that the program may only read: the page is another one then. */
static void kernel_writes_what_is_read_only(void)
{
	int file = memory_file(PAGE), memory;
	uint32_t value;

	area("pages: writes by the kernel");
	repair = -1;
	memory = (int)CALL3(SYS_open, "/proc/self/mem", 2, 0);
	check(memory >= 0, "/proc/self/mem");
	fill(AREA, 0, 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		map_file(AREA, PAGE, PROT_READ, MAP_PRIVATE, file);
		faults = 0;
		check_equal(touch(AREA + 8, 1), 0, "the file's");
		value = round + 5;
		check_equal((uint32_t)CALL(SYS_pwrite64, memory, &value, 4, AREA + 8, 0, 0), 4,
			    "pwrite");
		check_equal(touch(AREA + 8, 1), value, "written by the kernel");
		poke(AREA + 8, 1);
		check_equal(faults, 1, "faults");
		check_equal((uint32_t)CALL3(SYS_pipe, AREA, 0, 0), (uint32_t)-EFAULT,
			    "a system call");
	}
	map_at(AREA, PAGE, PROT_NONE);
	check_equal((uint32_t)CALL3(SYS_pipe, AREA, 0, 0), (uint32_t)-EFAULT, "a system call");
	CALL3(SYS_close, memory, 0, 0);
	CALL3(SYS_close, file, 0, 0);
}

/* The stack grows by jumps that reach below all that was used. */
static __attribute__((noinline)) uint32_t deep(uint32_t depth, uint32_t step)
{
	volatile uint8_t room[40000];

	room[step % sizeof(room)] = (uint8_t)depth;
	if (!depth)
		return 1;
	return deep(depth - 1, step * 7 + 1) + room[step % sizeof(room)];
}

static void stack_grows(void)
{
	area("pages: the stack grows");
	repair = -1;
	faults = 0;
	for (uint32_t round = 0; round < 10; round++)
		check_equal(deep(16 * round, round), 1 + 0 + 8 * round * (16 * round + 1),
			    "the sum of the depths");
	check_equal(faults, 0, "faults");
}

void check_pages(void)
{
	on_signal(SIGSEGV, on_fault);
	on_signal(SIGBUS, on_fault);
	protection_is_repaired();
	mappings_move();
	contents_are_dropped();
	files_are_truncated();
	files_have_aliases();
	kernel_writes_what_is_read_only();
	stack_grows();
	on_signal(SIGSEGV, NULL);
	on_signal(SIGBUS, NULL);
}
