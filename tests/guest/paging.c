/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paging: permissions, error codes, A and D bits, sizes, stale entries, accesses that cross pages
 * (SDM volume 3, chapter 4). */
#include "guest.h"

#define P 1u
#define RW 2u
#define US 4u
#define A 0x20u
#define D 0x40u
#define PS 0x80u
#define G 0x100u

#define PAGE 4096u
#define TEST_GLA 0x40000000u /* linear addresses under test: page directory entry 256 */
#define RAM 0x200000u        /* physical pages for them */

static uint32_t *const directory = (uint32_t *)0x100000;
static uint32_t *const low_table = (uint32_t *)0x101000;
static uint32_t *const table = (uint32_t *)0x102000;

static uint32_t access_gla;
static uint32_t read_value;

static void do_read(void)
{
	read_value = *(volatile uint32_t *)access_gla;
}
static void do_write(void)
{
	*(volatile uint32_t *)access_gla = 0x5a5a5a5a;
}
static void do_rmw(void)
{
	__asm__ volatile("addl $1, %0" : "+m"(*(volatile uint32_t *)access_gla));
}
static void do_push(void)
{
	__asm__ volatile("mov %%esp, %%ecx\n mov %0, %%esp\n pushl $77\n mov %%ecx, %%esp" ::"r"(
				 access_gla + 4)
			 : "ecx", "memory");
}
static void do_read_user(void)
{
	read_value = *(volatile uint32_t *)access_gla;
	__asm__ volatile("int $0x80");
}
static void do_write_user(void)
{
	*(volatile uint32_t *)access_gla = 0x5a5a5a5a;
	__asm__ volatile("int $0x80");
}

static void invlpg(uint32_t gla)
{
	__asm__ volatile("invlpg (%0)" ::"r"(gla) : "memory");
}

static void set_entry(uint32_t page, uint32_t entry)
{
	table[page] = entry;
	invlpg(TEST_GLA + page * PAGE);
}

static void build_tables(void)
{
	for (unsigned i = 0; i < 1024; i++) {
		directory[i] = 0;
		low_table[i] = i * PAGE | P | RW | US;
		table[i] = 0;
	}
	directory[0] = (uint32_t)low_table | P | RW | US;
	directory[256] = (uint32_t)table | P | RW | US;
	WRITE_CR(3, (uint32_t)directory);
	WRITE_CR(0, READ_CR(0) | 0x80000000);
}

static void expect_fault(const char *name, void (*f)(void), uint32_t gla, uint32_t error)
{
	access_gla = gla;
	expect(name, PF, error, f);
	CHECK_EQUAL("CR2", trap_cr2, gla);
}

static void expect_user(const char *name, void (*f)(void), uint32_t gla, uint32_t error)
{
	access_gla = gla;
	unsigned vector = in_user(f) - 1;

	if (error == NO_TRAP)
		check(vector == 0x80, name, "vector %u %x", vector, trap.error);
	else
		check(vector == PF && trap.error == error && trap_cr2 == gla, name,
		      "vector %u, %x, CR2 %x", vector, trap.error, trap_cr2);
}

static void permissions(void)
{
	set_entry(0, 0);
	expect_fault("read of a page not present", do_read, TEST_GLA + 8, 0);
	expect_fault("write to a page not present", do_write, TEST_GLA + 8, 2);
	expect_user("user read of a page not present", do_read_user, TEST_GLA, 4);
	expect_user("user write to a page not present", do_write_user, TEST_GLA, 6);
	set_entry(1, RAM | P);
	access_gla = TEST_GLA + PAGE;
	WRITE_CR(0, READ_CR(0) & ~0x10000u);
	expect_no_trap("supervisor write to a read-only page, WP = 0", do_write);
	CHECK_EQUAL("D set by it", table[1] & (A | D), A | D);
	set_entry(1, RAM | P);
	WRITE_CR(0, READ_CR(0) | 0x10000u);
	expect_fault("supervisor write to a read-only page, WP = 1", do_write, TEST_GLA + PAGE, 3);
	CHECK_EQUAL("no D from a refused write", table[1] & D, 0);
	expect_user("user read of a supervisor page", do_read_user, TEST_GLA + PAGE, 5);
	set_entry(2, RAM | P | US);
	expect_user("user read of a read-only user page", do_read_user, TEST_GLA + 2 * PAGE,
		    NO_TRAP);
	expect_user("user write to a read-only user page", do_write_user, TEST_GLA + 2 * PAGE, 7);
	directory[256] &= ~US;
	WRITE_CR(3, (uint32_t)directory);
	expect_user("the directory's U/S counts", do_read_user, TEST_GLA + 2 * PAGE, 5);
	directory[256] = (directory[256] | US) & ~RW;
	WRITE_CR(3, (uint32_t)directory);
	set_entry(3, RAM | P | RW | US);
	expect_user("the directory's R/W counts", do_write_user, TEST_GLA + 3 * PAGE, 7);
	directory[256] |= RW;
	WRITE_CR(3, (uint32_t)directory);
	expect_user("and not forever", do_write_user, TEST_GLA + 3 * PAGE, NO_TRAP);
	WRITE_CR(0, READ_CR(0) & ~0x10000u);
}

static void accessed_and_dirty(void)
{
	access_gla = TEST_GLA + 4 * PAGE;
	set_entry(4, RAM | P | RW);
	directory[256] &= ~A;
	WRITE_CR(3, (uint32_t)directory);
	CHECK_EQUAL("no A before an access", table[4] & (A | D), 0);
	do_read();
	CHECK_EQUAL("A, no D after a read", table[4] & (A | D), A);
	CHECK_EQUAL("A in the directory", directory[256] & A, A);
	do_write();
	CHECK_EQUAL("D after a write", table[4] & (A | D), A | D);
	table[4] &= ~(A | D);
	invlpg(access_gla);
	do_rmw();
	CHECK_EQUAL("A and D after read-modify-write", table[4] & (A | D), A | D);
	table[4] &= ~D;
	invlpg(access_gla);
	do_push();
	CHECK_EQUAL("D after a push", table[4] & D, D);
	CHECK_EQUAL("the push arrived", *(uint32_t *)RAM, 77);
}

static void large_pages(void)
{
	uint32_t old = directory[257];

	WRITE_CR(4, READ_CR(4) | 0x10);
	directory[257] = 0 | P | RW | PS;
	WRITE_CR(3, (uint32_t)directory);
	*(uint32_t *)(RAM + 0x1234) = 0xfeedface;
	access_gla = TEST_GLA + 0x400000 + RAM + 0x1234;
	do_read();
	CHECK_EQUAL("4 MiB page", read_value, 0xfeedface);
	CHECK_EQUAL("A, no D in a 4 MiB entry", directory[257] & (A | D), A);
	do_write();
	CHECK_EQUAL("D in a 4 MiB entry", directory[257] & (A | D), A | D);
	directory[257] |= 1 << 21;
	WRITE_CR(3, (uint32_t)directory);
	expect_fault("reserved bit 21 of a 4 MiB entry", do_read, access_gla, 9);
	WRITE_CR(4, READ_CR(4) & ~0x10u);
	directory[257] = old;
	WRITE_CR(3, (uint32_t)directory);
}

/* Entries may be stale until INVLPG or CR3, never longer. */
static void flushes(void)
{
	*(uint32_t *)RAM = 1;
	*(uint32_t *)(RAM + PAGE) = 2;
	access_gla = TEST_GLA + 5 * PAGE;
	set_entry(5, RAM | P | RW);
	do_read();
	set_entry(5, (RAM + PAGE) | P | RW);
	do_read();
	CHECK_EQUAL("INVLPG", read_value, 2);
	table[5] = RAM | P | RW;
	WRITE_CR(3, READ_CR(3));
	do_read();
	CHECK_EQUAL("MOV CR3", read_value, 1);
	table[5] = (RAM + PAGE) | P | RW;
	WRITE_CR(0, READ_CR(0) & 0x7fffffff);
	WRITE_CR(0, READ_CR(0) | 0x80000000);
	do_read();
	CHECK_EQUAL("CR0.PG off and on", read_value, 2);
	directory[258] = (uint32_t)table | P | RW;
	access_gla = TEST_GLA + 0x800000 + 5 * PAGE;
	do_read();
	CHECK_EQUAL("a directory entry that became present", read_value, 2);
	WRITE_CR(4, READ_CR(4) | 0x80);
	table[5] = RAM | P | RW | G;
	invlpg(access_gla);
	do_read();
	table[5] = 0;
	WRITE_CR(4, READ_CR(4) & ~0x80u);
	expect_fault("CR4.PGE change flushes global entries", do_read, access_gla, 0);
	directory[258] = 0;
	WRITE_CR(3, READ_CR(3));
}

static void crossing(void)
{
	uint32_t *first = (uint32_t *)(RAM + PAGE - 4), *second = (uint32_t *)(RAM + 2 * PAGE);

	/* Linear neighbours that are not physical neighbours. */
	set_entry(6, RAM | P | RW);
	set_entry(7, (RAM + 2 * PAGE) | P | RW);
	*first = 0x11223344;
	*second = 0x55667788;
	access_gla = TEST_GLA + 7 * PAGE - 2;
	do_read();
	CHECK_EQUAL("read across pages", read_value, 0x77881122);
	do_write();
	CHECK_EQUAL("write across pages, first", *first, 0x5a5a3344);
	CHECK_EQUAL("write across pages, second", *second, 0x55665a5a);
	set_entry(7, (RAM + 2 * PAGE) | P);
	WRITE_CR(0, READ_CR(0) | 0x10000u);
	*first = 0x11223344;
	access_gla = TEST_GLA + 7 * PAGE - 2;
	expect("write across, second page read-only", PF, 3, do_write);
	CHECK_EQUAL("CR2 is the second page's start", trap_cr2, TEST_GLA + 7 * PAGE);
	CHECK_EQUAL("nothing half written", *first, 0x11223344);
	expect("read-modify-write across, second page read-only", PF, 3, do_rmw);
	CHECK_EQUAL("nothing half modified", *first, 0x11223344);
	WRITE_CR(0, READ_CR(0) & ~0x10000u);
	set_entry(7, 0);
	expect("read across, second page absent", PF, 0, do_read);
	CHECK_EQUAL("CR2 of the absent second page", trap_cr2, TEST_GLA + 7 * PAGE);
	set_entry(7, (RAM + 2 * PAGE) | P | RW);
	set_entry(6, 0);
	expect("write across, first page absent", PF, 2, do_write);
	CHECK_EQUAL("CR2 is the access's address", trap_cr2, access_gla);
}

/* Code: fetched pages, across pages, remapped under a running program. */
static void call_test(void)
{
	uint32_t eax;

	__asm__ volatile("call *%1" : "=a"(eax) : "r"(access_gla) : "memory");
	read_value = eax;
}

static void put_code(uint32_t physical, uint32_t value)
{
	uint8_t *p = (uint8_t *)physical;

	p[0] = 0xb8; /* mov $value, %eax; ret */
	*(uint32_t *)(p + 1) = value;
	p[5] = 0xc3;
}

static void code_pages(void)
{
	put_code(RAM, 0x1111);
	put_code(RAM + PAGE, 0x2222);
	access_gla = TEST_GLA + 8 * PAGE;
	set_entry(8, RAM | P | RW);
	call_test();
	CHECK_EQUAL("code in a page", read_value, 0x1111);
	set_entry(8, (RAM + PAGE) | P | RW);
	call_test();
	CHECK_EQUAL("other code at the same address", read_value, 0x2222);
	set_entry(8, RAM | P | RW);
	set_entry(9, RAM | P | RW);
	put_code(TEST_GLA + 9 * PAGE, 0x3333);
	call_test();
	CHECK_EQUAL("code written through an alias", read_value, 0x3333);
	set_entry(8, 0);
	expect_fault("fetch from an absent page", call_test, TEST_GLA + 8 * PAGE, 0);
	/* An instruction across two pages whose second is absent. */
	set_entry(8, RAM | P | RW);
	set_entry(9, 0);
	put_code(RAM + PAGE - 3, 0x4444);
	access_gla = TEST_GLA + 9 * PAGE - 3;
	expect("fetch across, second page absent", PF, 0, call_test);
	CHECK_EQUAL("CR2 of the fetch", trap_cr2, TEST_GLA + 9 * PAGE);
	CHECK_EQUAL("EIP of the fetch", trap.eip, TEST_GLA + 9 * PAGE - 3);
	/* The rest of the instruction lies in the physical page after, which put_code wrote. */
	set_entry(9, (RAM + PAGE) | P | RW);
	call_test();
	CHECK_EQUAL("fetch across two pages", read_value, 0x4444);
}

static void tables_in_themselves(void)
{
	directory[300] = (uint32_t)directory | P | RW;
	WRITE_CR(3, READ_CR(3));
	volatile uint32_t *view = (volatile uint32_t *)(300u << 22);
	CHECK_EQUAL("the table seen through itself", view[256 * 1024 + 2] & ~(A | D),
		    table[2] & ~(A | D));
	view[256 * 1024 + 10] = RAM | P | RW;
	*(uint32_t *)RAM = 0x600d;
	access_gla = TEST_GLA + 10 * PAGE;
	do_read();
	CHECK_EQUAL("an entry made through the recursive map", read_value, 0x600d);
	view[256 * 1024 + 10] = (RAM + PAGE) | P | RW;
	*(uint32_t *)(RAM + PAGE) = 0x600e;
	invlpg(access_gla);
	do_read();
	CHECK_EQUAL("and changed through it", read_value, 0x600e);
	directory[300] = 0;
	WRITE_CR(3, READ_CR(3));
}

/* A task switch by JMP reads the new TSS; by CALL it writes the link, too. */
static void task_entry(void)
{
	__asm__ volatile("int $0x80");
}
static void jmp_task(void)
{
	__asm__ volatile("ljmp $0x40, $0");
}
static void call_task(void)
{
	__asm__ volatile("lcall $0x40, $0");
}

static void load_task_register(void)
{
	gdt[SEL_TSS / 8] = descriptor((uint32_t)&main_tss, sizeof(main_tss) - 1, ACCESS_TSS32, 0);
	gdt[SEL_FREE / 8] = descriptor(TEST_GLA + 20 * PAGE, sizeof(main_tss) - 1, ACCESS_TSS32, 0);
	__asm__ volatile("ltr %w0; clts" ::"r"(SEL_TSS));
}

static void read_only_tss(void)
{
	uint32_t cr0 = READ_CR(0);

	*(struct tss32 *)(RAM + 20 * PAGE) =
		(struct tss32){ .cr3 = READ_CR(3),
				.eip = (uint32_t)task_entry,
				.eflags = 2,
				.esp = (uint32_t)user_stack + sizeof(user_stack),
				.cs = SEL_CODE,
				.ss = SEL_DATA,
				.ds = SEL_DATA,
				.es = SEL_DATA,
				.esp0 = main_tss.esp0,
				.ss0 = SEL_DATA,
				.iomap = sizeof(main_tss) };
	set_entry(20, (RAM + 20 * PAGE) | P);
	WRITE_CR(0, cr0 | 0x10000);
	load_task_register();
	expect("JMP to a task whose TSS is read only", 0x80, 0, jmp_task);
	CHECK_EQUAL("the page of the TSS is accessed, not dirty", table[20] & (A | D), A);
	load_task_register();
	expect("CALL to a task whose TSS is read only", PF, 3, call_task);
	CHECK_EQUAL("CR2 of the link", trap_cr2, TEST_GLA + 20 * PAGE);
	CHECK_EQUAL("the task is not busy", gdt[SEL_FREE / 8] >> 41 & 1, 0);
	WRITE_CR(0, cr0);
	load_task_register();
}

/* A limit is checked before the page after it. */
static void run_off_the_segment(void)
{
	__asm__ volatile("lcall $0x48, $0xfff");
}

static void limit_before_page(void)
{
	gdt[SEL_FREE / 8 + 1] = descriptor(TEST_GLA + 22 * PAGE, 0xfff, ACCESS_CODE | 1, 4);
	*(uint8_t *)(RAM + 22 * PAGE + 0xfff) = 0x90;
	set_entry(22, (RAM + 22 * PAGE) | P | RW);
	set_entry(23, 0);
	expect("off the segment's end, next page absent", GP, 0, run_off_the_segment);
	CHECK_EQUAL("EIP is the limit and one", trap.eip, 0x1000);
}

void guest_main(void)
{
	build_tables();
	permissions();
	accessed_and_dirty();
	large_pages();
	flushes();
	crossing();
	code_pages();
	tables_in_themselves();
	read_only_tss();
	limit_before_page();
}
