/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Address spaces that share pages until one of them writes, and that change into each other. */
#include "user.h"

#define AREA 0x60000000u
#define WORDS (16 * PAGE / 4)
#define CHILDREN 24u

static __attribute__((noinline)) void fill(uint32_t value)
{
	for (uint32_t i = 0; i < WORDS; i++)
		*word(AREA + 4 * i) = value + i;
}

static __attribute__((noinline)) bool holds(uint32_t value)
{
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < WORDS; i++)
		wrong |= *word(AREA + 4 * i) ^ (value + i);
	return !wrong;
}

static void yield(void)
{
	CALL3(SYS_sched_yield, 0, 0, 0);
}

/* Writes every page in turn with the other side, and never sees what that has written. */
static bool write_alone(uint32_t mine)
{
	bool good = holds(1);

	for (uint32_t round = 0; round < 5; round++) {
		fill(mine + round);
		yield();
		good = good && holds(mine + round);
		yield();
	}
	return good;
}

static void both_sides_write(void)
{
	area("processes: both sides of a fork write");
	map_at(AREA, 16 * PAGE, PROT_RW);
	for (uint32_t round = 0; round < 20; round++) {
		long child;

		fill(1);
		child = CALL3(SYS_fork, 0, 0, 0);
		if (!child)
			leave(write_alone(1000 + round) ? 7 : 8);
		check(write_alone(2000 + round), "the parent's memory");
		check_equal((uint32_t)wait_for(child), 7, "the child's memory");
	}
}

static void crowds_are_apart(void)
{
	long children[CHILDREN];

	area("processes: many with other contents at the same place");
	for (unsigned round = 0; round < 3; round++) {
		fill(1);
		for (uint32_t i = 0; i < CHILDREN; i++) {
			children[i] = CALL3(SYS_fork, 0, 0, 0);
			if (!children[i])
				leave(write_alone((i + 2) * 0x10000) ? 7 : 8);
		}
		for (uint32_t i = 0; i < CHILDREN; i++)
			check_equal((uint32_t)wait_for(children[i]), 7, "a child's memory");
		check(holds(1), "the parent's memory");
	}
}

/* A child of vfork has its parent's memory and stack, so all of it is one function. */
__asm__(".pushsection .text\nvfork_and_write:\n\tmov $190, %eax\n\tint $0x80\n\ttest %eax, "
	"%eax\n\tjnz 1f\n\t"
	"mov $0x60000000, %edx\n\tmov $0x4000, %ecx\n2:\taddl $5, (%edx)\n\tadd $4, %edx\n\tdec "
	"%ecx\n\tjnz 2b\n\t"
	"mov $9, %ebx\n\tmov $252, %eax\n\tint $0x80\n1:\tret\n.popsection\n");

long vfork_and_write(void);

static void vfork_shares(void)
{
	area("processes: vfork writes its parent's memory");
	for (uint32_t round = 0; round < 20; round++) {
		fill(round);
		check_equal((uint32_t)wait_for(vfork_and_write()), 9, "the child's status");
		check(holds(round + 5), "memory");
	}
}

/* -- a child that is traced, whose memory and code its parent changes */

enum { PTRACE_TRACEME = 0, PTRACE_PEEK = 2, PTRACE_POKE = 5, PTRACE_CONT = 7, PTRACE_STEP = 9 };

static long trace(unsigned what, long child, uint32_t at, uint32_t data)
{
	return CALL(SYS_ptrace, what, child, at, data, 0, 0);
}

static void trap(void)
{
	__asm__ volatile("int3" ::: "memory");
}

/* mov $N, %eax; ret, which the parent changes */
#define CODE 0x60100000u

static bool is_traced(void)
{
	uint32_t (*code)(void) = (uint32_t(*)(void))CODE;
	uint32_t total = 0;

	trace(PTRACE_TRACEME, 0, 0, 0);
	for (uint32_t round = 0; round < 10; round++) {
		for (uint32_t i = 0; i < 300; i++)
			total += code() ^ *word(AREA);
		trap();
	}
	return total == 0;
}

static int stopped(long child)
{
	int status = 0;

	CALL3(SYS_waitpid, child, &status, 0);
	return status;
}

static void change(long child, uint32_t value)
{
	trace(PTRACE_POKE, child, AREA, value);
	trace(PTRACE_POKE, child, CODE + 1, value);
	trace(PTRACE_STEP, child, 0, 0);
	check_equal((uint32_t)stopped(child), 0x57f, "a step");
}

static void code_is_poked(void)
{
	static const uint8_t code[] = { 0xb8, 5, 0, 0, 0, 0xc3 };
	long child;

	area("processes: a parent changes its child's code and memory");
	map_at(CODE, PAGE, PROT_RW);
	memcpy((void *)CODE, code, sizeof(code));
	protect(CODE, PAGE, PROT_READ | PROT_EXEC);
	*word(AREA) = 5;
	child = CALL3(SYS_fork, 0, 0, 0);
	if (!child)
		leave(is_traced() ? 7 : 8);
	for (uint32_t round = 0; round < 10; round++) {
		check_equal((uint32_t)stopped(child), 0x57f, "a stop");
		change(child, 0x01010101 * round);
		trace(PTRACE_CONT, child, 0, 0);
	}
	check_equal((uint32_t)stopped(child), 7 << 8, "the child's memory");
	check_equal(*word(AREA), 5, "the parent's memory");
	check_equal(((uint32_t(*)(void))CODE)(), 5, "the parent's code");
}

void check_processes(void)
{
	both_sides_write();
	crowds_are_apart();
	vfork_shares();
	code_is_poked();
}
