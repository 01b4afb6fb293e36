/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What else than pages can refuse an access: limits of segments of the LDT, alignment checks, and
 * single steps over accesses that fault. */
#include "user.h"

#define AREA 0x60000000u
#define SELECTOR(n) ((n) << 3 | 7)

struct user_desc {
	uint32_t entry, base, limit, flags;
};
enum { SEG_32BIT = 1, READ_ONLY = 1 << 3, EXPAND_DOWN = 2, NOT_PRESENT = 1 << 5, USEABLE = 1 << 6 };

static volatile unsigned faults, traps, alignments;
static volatile uint32_t last_trap, last_fault;
static int skip; /* bytes of an instruction that faults; 0: its page is repaired */

static void on_fault(int signal, uint32_t at, struct context *c)
{
	(void)signal;
	last_trap = c->trapno;
	last_fault = at;
	if (c->trapno == TRAP_AC)
		alignments++;
	else
		faults++;
	if (skip)
		c->eip += (uint32_t)skip;
	else
		protect(at & -PAGE, PAGE, PROT_RW);
	c->eflags &= ~(uint32_t)EFLAGS_AC;
}

static void on_trap(int signal, uint32_t at, struct context *c)
{
	(void)signal;
	(void)at;
	last_trap = c->trapno;
	traps++;
}

static void set_entry(uint32_t n, uint32_t limit, uint32_t flags)
{
	struct user_desc d = { n, AREA, limit, flags | SEG_32BIT | USEABLE };

	check_equal((uint32_t)CALL3(SYS_modify_ldt, 1, &d, sizeof(d)), 0, "modify_ldt");
}

/* mov %gs:(%ebx), %eax, three bytes; `otherwise` if it is skipped */
static __attribute__((noinline)) uint32_t by_gs(uint32_t selector, uint32_t at, uint32_t otherwise)
{
	__asm__ volatile(
		"mov %%gs, %%esi\n\tmov %%ecx, %%gs\n\tmov %%gs:(%%ebx), %%eax\n\tmov %%esi, %%gs"
		: "+a"(otherwise)
		: "b"(at), "c"(selector)
		: "esi", "memory");
	return otherwise;
}

static __attribute__((noinline)) void write_by_gs(uint32_t selector, uint32_t at, uint32_t value)
{
	__asm__ volatile(
		"mov %%gs, %%esi\n\tmov %%ecx, %%gs\n\tmov %%eax, %%gs:(%%ebx)\n\tmov %%esi, %%gs"
		:
		: "a"(value), "b"(at), "c"(selector)
		: "esi", "memory");
}

static void try_limit(uint32_t selector, uint32_t at, bool good)
{
	faults = 0;
	check_equal(by_gs(selector, at, 9), good ? *word(AREA + at) : 9, "a read");
	write_by_gs(selector, at, good ? *word(AREA + at) : 1);
	check_equal(faults, good ? 0 : 2, "faults of a segment");
	if (!good)
		check_equal(last_trap, TRAP_GP, "the exception");
}

static void limits_are_kept(void)
{
	area("segments: limits of the LDT");
	skip = 3;
	map_at(AREA, 4 * PAGE, PROT_RW);
	for (uint32_t at = 0; at < 4 * PAGE; at += 4)
		*word(AREA + at) = at + 77;
	for (uint32_t round = 0; round < 100; round++) {
		uint32_t limit = 2 * PAGE - 1 - round * 13;

		set_entry(1, limit, 0);
		try_limit(SELECTOR(1), limit - 3, true);
		try_limit(SELECTOR(1), limit - 2, false);
		try_limit(SELECTOR(1), limit + 1, false);
		try_limit(SELECTOR(1), 0xfffffffe, false);
		set_entry(2, limit, EXPAND_DOWN);
		try_limit(SELECTOR(2), limit + 1, true);
		try_limit(SELECTOR(2), limit, false);
		set_entry(1, limit, READ_ONLY);
		faults = 0;
		write_by_gs(SELECTOR(1), 0, 1);
		check_equal(faults, 1, "a write to what may only be read");
		check_equal(by_gs(SELECTOR(1), 4, 9), 81, "a read of it");
	}
}

/* All of memory's accesses go by a segment of the LDT with a limit, then by a flat one again. */
static __attribute__((noinline)) uint32_t by_ds(uint32_t selector, uint32_t at)
{
	uint32_t value;

	__asm__ volatile(
		"mov %%ds, %%esi\n\tmov %%ecx, %%ds\n\tmov (%%ebx), %%eax\n\tmov %%esi, %%ds"
		: "=a"(value)
		: "0"(9), "b"(at), "c"(selector)
		: "esi", "memory");
	return value;
}

static void data_segment_has_a_limit(void)
{
	uint32_t flat;

	area("segments: DS of the LDT and flat by turns");
	__asm__("mov %%ds, %0" : "=r"(flat));
	skip = 2;
	*word(AREA + PAGE) = 1234;
	for (uint32_t round = 0; round < 200; round++) {
		uint32_t limit = PAGE + round % 8;

		set_entry(3, limit, 0);
		faults = 0;
		check_equal(by_ds(flat, AREA + PAGE), 1234, "flat");
		check_equal(by_ds(SELECTOR(3), PAGE), round % 8 >= 3 ? 1234 : 9, "with a limit");
		check_equal(faults, round % 8 < 3, "faults");
	}
}

/* A round trip through a stack with AC set: the accesses of the compiler's own code are aligned. */
static __attribute__((noinline)) uint32_t with_ac(uint32_t at, uint32_t value)
{
	__asm__ volatile("pushfl\n\torl $0x40000, (%%esp)\n\tpopfl\n\tmov (%%ebx), %%eax\n\tmov "
			 "%%eax, (%%ebx)\n\t"
			 "pushfl\n\tandl $~0x40000, (%%esp)\n\tpopfl"
			 : "+a"(value)
			 : "b"(at)
			 : "memory", "cc");
	return value;
}

static void alignment_is_checked(void)
{
	area("segments: alignment checks");
	skip = 2;
	for (uint32_t round = 0; round < 600; round++) {
		uint32_t odd = round % 5 == 4 ? 1 + round % 3 : 0;

		*word(AREA + 64) = 0x01010101;
		*word(AREA + 68) = 0x01010101;
		alignments = 0;
		check_equal(with_ac(AREA + 64 + odd, 7), odd ? 7 : 0x01010101, "a read");
		check_equal(alignments, odd != 0, "alignment checks");
	}
	alignments = faults = 0;
	protect(AREA + PAGE, PAGE, PROT_NONE);
	with_ac(AREA + PAGE - 2, 7); /* #AC is for an access that pages allow: SDM volume 3, 6.9 */
	check_equal(faults + alignments, 2, "an access that is wrong by both");
	protect(AREA + PAGE, PAGE, PROT_RW);
}

static void steps_over_faults(void)
{
	area("segments: single steps over accesses that fault");
	skip = 0;
	for (uint32_t round = 0; round < 100; round++) {
		uint32_t value = round, at = AREA + PAGE + 4 * round;

		*word(at) = 5;
		protect(AREA + PAGE, PAGE, PROT_NONE);
		faults = traps = 0;
		__asm__ volatile("pushfl\n\torl $0x100, (%%esp)\n\tpopfl\n\t"
				 "addl %%eax, (%%ebx)\n\tmov (%%ebx), %%eax\n\t"
				 "pushfl\n\tandl $~0x100, (%%esp)\n\tpopfl"
				 : "+a"(value)
				 : "b"(at)
				 : "memory", "cc");
		check_equal(value, round + 5, "the sum");
		check_equal(faults, 1, "faults");
		check_equal(traps, 5, "steps");
		check_equal(last_trap, TRAP_DB, "the exception");
		check_equal(last_fault, at, "where");
	}
}

void check_segments(void)
{
	on_signal(SIGSEGV, on_fault);
	on_signal(SIGBUS, on_fault);
	on_signal(SIGTRAP, on_trap);
	limits_are_kept();
	data_segment_has_a_limit();
	alignment_is_checked();
	steps_over_faults();
	on_signal(SIGSEGV, NULL);
	on_signal(SIGBUS, NULL);
	on_signal(SIGTRAP, NULL);
}
