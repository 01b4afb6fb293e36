/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads of one address space, of which one takes rights away that the other needs. */
#include "user.h"

#define AREA 0x60000000u
#define STACKS 0x63000000u
#define WORDS 8192u /* eight pages */
#define ROUNDS 60u

enum { CLONE_FLAGS = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 }; /* VM, FS, FILES, SIGHAND, THREAD */

static volatile uint32_t finished, faults, changes;
static volatile bool stop;

static void yield(void)
{
	CALL3(SYS_sched_yield, 0, 0, 0);
}

static void on_fault(int signal, uint32_t at, struct context *c)
{
	(void)signal;
	if (c->trapno != TRAP_PF || at - AREA >= WORDS * 4)
		leave(6);
	faults++;
	protect(at & -PAGE, PAGE, PROT_RW);
}

/* Counts each word up by one, in each round. Rights are changed before it. */
static void count(void)
{
	for (uint32_t round = 0; round < ROUNDS; round++) {
		uint32_t seen = changes;

		while (changes == seen)
			yield();
		for (uint32_t i = 0; i < WORDS; i++)
			*word(AREA + 4 * i) += 1;
	}
}

static void take_rights(void)
{
	static const int rights[] = { PROT_READ, PROT_NONE, PROT_RW };

	for (uint32_t i = 0; !stop; i++) {
		protect(AREA + i % 8 * PAGE, PAGE, rights[i % 3]);
		changes = i + 1;
		yield();
	}
}

/* A thread that runs `function`, then counts itself and ends. Its signals have its own stack, so
 * functions that fault run in the first thread only. */
__asm__(".pushsection .text\nstart_thread:\n\tpush %ebx\n\tpush %esi\n\tpush %edi\n\tpush %ebp\n\t"
	"mov 20(%esp), %edi\n\tmov 24(%esp), %ecx\n\tmov $0x10f00, %ebx\n\txor %edx, %edx\n\txor "
	"%esi, %esi\n\t"
	"mov $120, %eax\n\tint $0x80\n\ttest %eax, %eax\n\tjnz 1f\n\t"
	"call *%edi\n\tlock incl finished\n\txor %ebx, %ebx\n\tmov $1, %eax\n\tint $0x80\n\thlt\n"
	"1:\tpop %ebp\n\tpop %edi\n\tpop %esi\n\tpop %ebx\n\tret\n.popsection\n");
long start_thread(void (*function)(void), uint32_t stack);

static void wait_until_finished(uint32_t threads)
{
	while (finished < threads)
		yield();
}

static void rights_are_taken(void)
{
	uint32_t wrong = 0;

	area("threads: one takes away the rights that another needs");
	finished = faults = changes = 0;
	stop = false;
	map_at(AREA, WORDS * 4, PROT_RW);
	check(start_thread(take_rights, STACKS + 4 * PAGE) > 0, "clone");
	count();
	stop = true;
	wait_until_finished(1);
	protect(AREA, WORDS * 4, PROT_RW);
	for (uint32_t i = 0; i < WORDS; i++)
		wrong |= *word(AREA + 4 * i) ^ ROUNDS;
	check_equal(wrong, 0, "a sum");
	check(faults > 0, "no write has faulted");
}

/* Atomic sums, and plain ones in words that belong to one thread each. */
static void add(void)
{
	volatile uint32_t *mine = word((uint32_t)__builtin_frame_address(0) & -(4 * PAGE));

	*mine = 0;
	for (uint32_t i = 0; i < 20000; i++) {
		__asm__ volatile("lock incl 0x60000000\n\tlock addl $1, 0x60000ffe"
				 :
				 :
				 : "memory", "cc");
		*mine += 1;
	}
}

static void sums_are_atomic(void)
{
	area("threads: locked sums");
	finished = 0;
	map_at(AREA, 2 * PAGE, PROT_RW);
	for (uint32_t i = 0; i < 4; i++)
		check(start_thread(add, STACKS + (i + 1) * 4 * PAGE) > 0, "clone");
	wait_until_finished(4);
	check_equal(*word(AREA), 80000, "in a page");
	check_equal(*word(AREA + 0xffe), 80000, "over two pages");
	for (uint32_t i = 0; i < 4; i++)
		check_equal(*word(STACKS + i * 4 * PAGE), 20000, "a thread's own");
}

void check_threads(void)
{
	on_signal(SIGSEGV, on_fault);
	map_at(STACKS, 32 * PAGE, PROT_RW);
	rights_are_taken();
	sums_are_atomic();
	on_signal(SIGSEGV, NULL);
}
