/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Code that is made and changed while it runs often, by each way that programs have. */
#include "user.h"

#define CODE 0x60000000u  /* what runs */
#define ALIAS 0x61000000u /* where it is written */
#define ROUNDS 300u

typedef uint32_t function(void);

static volatile unsigned faults;

static void on_fault(int signal, uint32_t at, struct context *c)
{
	(void)signal;
	(void)c;
	faults++;
	protect(at & -PAGE, PAGE, PROT_RWX);
}

/* mov $value, %eax; ret */
static void write_constant(uint32_t at, uint32_t value)
{
	*(volatile uint8_t *)at = 0xb8;
	*word(at + 1) = value;
	*(volatile uint8_t *)(at + 5) = 0xc3;
}

static __attribute__((noinline)) uint32_t call(uint32_t at)
{
	return ((function *)at)();
}

static uint32_t call_often(uint32_t at)
{
	uint32_t total = 0;

	for (unsigned i = 0; i < 50; i++)
		total += call(at);
	return total;
}

static void is_written_where_it_runs(uint32_t at)
{
	area("code: written where it runs");
	map_at(CODE, 2 * PAGE, PROT_RWX);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		write_constant(at, round);
		check_equal(call_often(at), 50 * round, "code");
	}
}

/* A loop that adds 1 to the immediate of an instruction before it in the same page:
 * mov $0, %eax; incl 1(%edx); dec %ecx; jnz 0; ret */
static void changes_itself(void)
{
	static const uint8_t code[] = {
		0xb8, 0, 0, 0, 0, 0xff, 0x42, 0x01, 0x49, 0x75, 0xf5, 0xc3
	};
	uint32_t value, count = 500;

	area("code: changes itself");
	memcpy((void *)CODE, code, sizeof(code));
	__asm__ volatile("call *%%edx" : "=a"(value), "+c"(count) : "d"(CODE) : "memory");
	check_equal(value, 499, "the last round's");
	check_equal(*word(CODE + 1), 500, "memory");
}

static void is_protected_by_turns(void)
{
	area("code: writable and executable by turns");
	for (uint32_t round = 0; round < ROUNDS; round++) {
		protect(CODE, 2 * PAGE, PROT_RW);
		write_constant(CODE + PAGE - 3, round);
		protect(CODE, 2 * PAGE, PROT_READ | PROT_EXEC);
		check_equal(call_often(CODE + PAGE - 3), 50 * round, "code");
	}
}

static void is_repaired_by_a_handler(void)
{
	area("code: the handler of a fault makes it writable");
	on_signal(SIGSEGV, on_fault);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		faults = 0;
		write_constant(CODE + 16, round);
		check_equal(faults, 1, "faults");
		check_equal(call_often(CODE + 16), 50 * round, "code");
		protect(CODE, 2 * PAGE, PROT_READ | PROT_EXEC);
	}
	on_signal(SIGSEGV, NULL);
}

static void is_written_elsewhere(void)
{
	int file = memory_file(2 * PAGE);

	area("code: written through another mapping");
	map_file(CODE, 2 * PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, file);
	map_file(ALIAS, 2 * PAGE, PROT_RW, MAP_SHARED, file);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		write_constant(ALIAS + PAGE - 2, round);
		check_equal(call_often(CODE + PAGE - 2), 50 * round, "code");
	}
	CALL3(SYS_close, file, 0, 0);
}

static void is_other_memory(void)
{
	int file[2] = { memory_file(PAGE), memory_file(PAGE) };

	area("code: another page at its place");
	for (uint32_t i = 0; i < 2; i++) {
		map_file(ALIAS, PAGE, PROT_RW, MAP_SHARED, file[i]);
		write_constant(ALIAS + 64, i + 5);
	}
	for (uint32_t round = 0; round < ROUNDS; round++) {
		map_file(CODE, PAGE, PROT_READ | PROT_EXEC, round % 3 ? MAP_SHARED : MAP_PRIVATE,
			 file[round % 2]);
		check_equal(call_often(CODE + 64), 50 * (round % 2 + 5), "code");
	}
	CALL3(SYS_close, file[0], 0, 0);
	CALL3(SYS_close, file[1], 0, 0);
}

static void is_the_systems(void)
{
	int file = memory_file(PAGE);
	uint8_t code[6];

	area("code: a system call writes it");
	map_at(CODE, PAGE, PROT_RWX);
	map_file(ALIAS, PAGE, PROT_RW, MAP_SHARED, file);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		write_constant(ALIAS, round);
		memcpy(code, (void *)ALIAS, sizeof(code));
		CALL(SYS_pwrite64, file, code, sizeof(code), 0, 0, 0);
		CALL(180 /* pread64 */, file, CODE + 128, sizeof(code), 0, 0, 0);
		check_equal(call_often(CODE + 128), 50 * round, "code");
	}
	CALL3(SYS_close, file, 0, 0);
}

void check_code(void)
{
	is_written_where_it_runs(CODE + 128);
	is_written_where_it_runs(CODE + PAGE - 4);
	changes_itself();
	is_protected_by_turns();
	is_repaired_by_a_handler();
	is_written_elsewhere();
	is_other_memory();
	is_the_systems();
}
