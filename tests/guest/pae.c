/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PAE: three levels, the four directory-pointer entries and when they are read, 2 MiB pages, NX,
 * reserved bits, A and D bits (SDM volume 3, 4.4, 4.6 and 4.7).
 */
#include "guest.h"

#define P 1u
#define RW 2u
#define US 4u
#define A 0x20u
#define D 0x40u
#define PS 0x80u
#define G 0x100u
#define NX (1ull << 63)

#define PAGE 4096u
#define TEST 0x40000000u /* directory-pointer entry 1 */
#define RAM 0x300000u

#define CR4_PAE 0x20u
#define CR4_PGE 0x80u
#define CR4_PSE 0x10u
#define EFER 0xc0000080u

static uint64_t *const pointers = (uint64_t *)0x100020; /* 32-byte aligned is enough */
static uint64_t *const low_directory = (uint64_t *)0x101000;
static uint64_t *const low_table = (uint64_t *)0x102000;
static uint64_t *const directory = (uint64_t *)0x103000;
static uint64_t *const table = (uint64_t *)0x104000;
static uint64_t *const other_directory = (uint64_t *)0x105000;
static uint64_t *const other_table = (uint64_t *)0x106000;

static uint32_t access_gla, read_value;

static void do_read(void)
{
	read_value = *(volatile uint32_t *)access_gla;
}
static void do_write(void)
{
	*(volatile uint32_t *)access_gla = 0x5a5a5a5a;
}
static void do_call(void)
{
	__asm__ volatile("call *%0" ::"r"(access_gla) : "eax", "ecx", "edx", "memory");
}
static void do_user_call(void)
{
	__asm__ volatile("call *%0\n int $0x80" ::"r"(access_gla) : "eax", "memory");
}
static void do_user_read(void)
{
	read_value = *(volatile uint32_t *)access_gla;
	__asm__ volatile("int $0x80");
}

static void invlpg(uint32_t gla)
{
	__asm__ volatile("invlpg (%0)" ::"r"(gla) : "memory");
}
static void reload(void)
{
	WRITE_CR(3, READ_CR(3));
}
static void set_entry(unsigned page, uint64_t entry)
{
	*(volatile uint64_t *)&table[page] = entry;
	invlpg(TEST + page * PAGE);
}

static void expect_fault(const char *name, void (*f)(void), uint32_t gla, uint32_t error)
{
	access_gla = gla;
	expect(name, PF, error, f);
	CHECK_EQUAL("CR2", trap_cr2, gla);
}
static void expect_good(const char *name, void (*f)(void), uint32_t gla)
{
	access_gla = gla;
	expect_no_trap(name, f);
}

static void build(void)
{
	for (unsigned i = 0; i < 512; i++) {
		low_directory[i] = directory[i] = table[i] = other_directory[i] = other_table[i] =
			0;
		low_table[i] = i * PAGE | P | RW | US;
	}
	low_directory[0] = (uint32_t)low_table | P | RW | US;
	low_directory[1] = 0x200000 | P | RW | US | PS;
	low_directory[2] = 0x400000 | P | RW | US | PS;
	directory[0] = (uint32_t)table | P | RW | US;
	other_directory[0] = (uint32_t)other_table | P | RW | US;
	pointers[0] = (uint32_t)low_directory | P;
	pointers[1] = (uint32_t)directory | P;
	pointers[2] = pointers[3] = 0;
	for (unsigned i = 0; i < 8; i++)
		*(volatile uint32_t *)(RAM + i * PAGE) = 0x1000 + i;
	WRITE_CR(4, READ_CR(4) | CR4_PAE);
	WRITE_CR(3, (uint32_t)pointers);
	WRITE_CR(0, READ_CR(0) | 0x80010000);
}

static void pages(void)
{
	expect_fault("page not present", do_read, TEST + 8, 0);
	set_entry(0, RAM | P | RW);
	expect_good("4 KiB page", do_read, TEST);
	CHECK_EQUAL("what is there", read_value, 0x1000);
	CHECK_EQUAL("A of the page", table[0] & (A | D), A);
	CHECK_EQUAL("A of the directory", directory[0] & (A | D), A);
	CHECK_EQUAL("no A in the pointers", pointers[1] & A, 0);
	expect_good("write", do_write, TEST);
	CHECK_EQUAL("D of the page", table[0] & (A | D), A | D);
	set_entry(1, RAM | P);
	expect_fault("write to a read-only page", do_write, TEST + PAGE, 3);
	access_gla = TEST;
	check(in_user(do_user_read) - 1 == PF && trap.error == 5, "user read of a supervisor page",
	      "%x", trap.error);
	directory[1] = RAM | P | RW | PS; /* RAM is not 2 MiB aligned: bits 20-13 are reserved */
	invlpg(TEST + 0x200000);
	expect_fault("2 MiB page with reserved bits", do_read, TEST + 0x200000, 9);
	directory[1] = 0x200000 | P | RW | PS;
	invlpg(TEST + 0x200000);
	expect_good("2 MiB page", do_read, TEST + 0x200000 + (RAM - 0x200000) + PAGE);
	CHECK_EQUAL("what is there", read_value, 0x1001);
	CHECK_EQUAL("its A", directory[1] & (A | D), A);
	expect_good("write", do_write, TEST + 0x200000 + (RAM - 0x200000) + 7 * PAGE);
	CHECK_EQUAL("its D", directory[1] & (A | D), A | D);
	WRITE_CR(4, READ_CR(4) & ~CR4_PSE);
	reload();
	expect_good("2 MiB pages do not ask CR4.PSE", do_read, TEST + 0x200000);
	set_entry(2, RAM | 1ull << 62 | P | RW);
	expect_fault("reserved bit 62 of a page", do_read, TEST + 2 * PAGE, 9);
	set_entry(2, RAM | 1ull << 40 | P | RW);
	expect_fault("address beyond the processor's 36 bits", do_write, TEST + 2 * PAGE, 0xb);
	set_entry(2, RAM | 1ull << 62 | RW);
	expect_fault("reserved bits do not matter when not present", do_read, TEST + 2 * PAGE, 0);
}

/* -- The four pointers are registers: read by MOV CR3, not by a walk. */

static void load_pointers(void)
{
	reload();
}
static void read_pointer2(void)
{
	read_value = *(volatile uint32_t *)0x80000000u;
}

static void pointer_registers(void)
{
	set_entry(3, (RAM + 3 * PAGE) | P | RW);
	other_table[3] = (RAM + 4 * PAGE) | P | RW;
	pointers[1] = (uint32_t)other_directory | P;
	invlpg(TEST + 3 * PAGE);
	expect_good("a pointer changed in memory", do_read, TEST + 3 * PAGE);
	CHECK_EQUAL("is not seen by INVLPG", read_value, 0x1003);
	reload();
	expect_good("it", do_read, TEST + 3 * PAGE);
	CHECK_EQUAL("is seen by MOV CR3", read_value, 0x1004);
	pointers[1] = (uint32_t)directory | P;
	reload();
	expect("pointer not present", PF, 0, read_pointer2);
	pointers[2] = (uint32_t)directory | P | RW; /* bit 1 is reserved */
	expect("pointer with a reserved bit: MOV CR3 is #GP(0)", GP, 0, load_pointers);
	expect_good("the old ones stay", do_read, TEST + 3 * PAGE);
	pointers[2] = (uint32_t)directory | RW;
	expect_no_trap("reserved bits do not matter when not present", load_pointers);
	pointers[2] = (uint32_t)directory | P | 1ull << 50;
	expect("pointer beyond 36 bits: MOV CR3 is #GP(0)", GP, 0, load_pointers);
	pointers[2] = (uint32_t)directory | P | 0x18; /* PWT, PCD */
	expect_no_trap("PWT and PCD may be set", load_pointers);
	access_gla = 0x80000000u + 3 * PAGE;
	expect_no_trap("the third GiB", do_read);
	CHECK_EQUAL("by the same tables", read_value, 0x1003);
	pointers[2] = 0;
	reload();
	/* Other CR0 and CR4 bits read them too. */
	pointers[2] = (uint32_t)directory | P;
	WRITE_CR(4, READ_CR(4) ^ CR4_PGE);
	expect_good("MOV CR4 that changes PGE reads them", do_read, 0x80000000u + 3 * PAGE);
	WRITE_CR(4, READ_CR(4) ^ CR4_PGE);
	pointers[2] = 0;
	reload();
}

static void global_pages(void)
{
	WRITE_CR(4, READ_CR(4) | CR4_PGE);
	set_entry(4, (RAM + 4 * PAGE) | P | RW | G);
	expect_good("global page", do_read, TEST + 4 * PAGE);
	set_entry(4, (RAM + 5 * PAGE) | P | RW | G);
	expect_good("INVLPG takes it away", do_read, TEST + 4 * PAGE);
	CHECK_EQUAL("it", read_value, 0x1005);
	WRITE_CR(4, READ_CR(4) & ~CR4_PGE);
}

/* -- NX */

static uint64_t rdmsr(uint32_t msr)
{
	uint64_t value;

	__asm__ volatile("rdmsr" : "=A"(value) : "c"(msr));
	return value;
}
static void wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" ::"A"(value), "c"(msr) : "memory");
}

static bool has_nx(void)
{
	uint32_t a = 0x80000001, b, c, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	return d >> 20 & 1;
}

static void no_execute(void)
{
	if (!has_nx()) {
		print("# no NX\n");
		return;
	}
	*(volatile uint8_t *)(RAM + 6 * PAGE) = 0xc3;
	set_entry(6, (RAM + 6 * PAGE) | P | RW | US | NX);
	expect_fault("NX is reserved without EFER.NXE", do_read, TEST + 6 * PAGE, 9);
	wrmsr(EFER, rdmsr(EFER) | 0x800);
	reload();
	expect_good("with it: read", do_read, TEST + 6 * PAGE);
	expect_fault("with it: fetch", do_call, TEST + 6 * PAGE, 0x11);
	access_gla = TEST + 6 * PAGE;
	check(in_user(do_user_call) - 1 == PF && trap.error == 0x15, "user fetch", "%x",
	      trap.error);
	set_entry(6, (RAM + 6 * PAGE) | P | RW | US);
	expect_good("without NX: fetch", do_call, TEST + 6 * PAGE);
	set_entry(6, (RAM + 6 * PAGE) | P | RW | US | NX);
	expect_fault("NX again", do_call, TEST + 6 * PAGE, 0x11);
	directory[0] |= NX;
	set_entry(6, (RAM + 6 * PAGE) | P | RW | US);
	reload();
	expect_fault("NX of the directory", do_call, TEST + 6 * PAGE, 0x11);
	directory[0] &= ~NX;
	reload();
	expect_good("fetch", do_call, TEST + 6 * PAGE);
	set_entry(7, 0);
	expect_fault("fetch of a page not present", do_call, TEST + 7 * PAGE, 0x10);
	/* An instruction that goes on in a page that may not be executed: CALL to RAM + 6 * PAGE's
	 * last byte. */
	*(volatile uint8_t *)(RAM + 7 * PAGE - 1) = 0x90;
	set_entry(7, (RAM + 7 * PAGE) | P | RW | NX);
	access_gla = TEST + 7 * PAGE - 1;
	expect("execution runs into an NX page", PF, 0x11, do_call);
	CHECK_EQUAL("CR2 is the page's start", trap_cr2, TEST + 7 * PAGE);
	*(volatile uint8_t *)(RAM + 7 * PAGE - 1) = 0xb8;
	expect("half an instruction in an NX page", PF, 0x11, do_call);
	CHECK_EQUAL("CR2 is the second half", trap_cr2, TEST + 7 * PAGE);
	CHECK_EQUAL("EIP is the first", trap.eip, TEST + 7 * PAGE - 1);
	wrmsr(EFER, rdmsr(EFER) & ~0x800ull);
	reload();
	expect_fault("NXE off: reserved again", do_read, TEST + 7 * PAGE, 9);
	set_entry(7, RAM | P);
	expect_fault("a fetch's error code has no bit 4 without NXE", do_call, TEST + 8 * PAGE, 0);
}

/* -- Entries of 8 bytes are written in halves by guests. */
static void halves(void)
{
	volatile uint32_t *entry = (volatile uint32_t *)&table[8];

	set_entry(8, 0);
	entry[1] = 0;
	entry[0] = (RAM + 2 * PAGE) | P | RW;
	expect_good("an entry written in two halves", do_read, TEST + 8 * PAGE);
	CHECK_EQUAL("it", read_value, 0x1002);
	__asm__ volatile("lock cmpxchg8b %0"
			 : "+m"(table[8])
			 : "a"(entry[0]), "d"(entry[1]), "b"((RAM + 3 * PAGE) | P | RW), "c"(0)
			 : "memory");
	invlpg(TEST + 8 * PAGE);
	expect_good("by CMPXCHG8B", do_read, TEST + 8 * PAGE);
	CHECK_EQUAL("it", read_value, 0x1003);
}

static void clear_pae(void)
{
	WRITE_CR(4, READ_CR(4) & ~CR4_PAE);
}

static void leaving(void)
{
	WRITE_CR(0, READ_CR(0) & ~0x80000000u);
	expect_no_trap("without paging PAE can go", clear_pae);
	CHECK_EQUAL("memory as it was", *(volatile uint32_t *)(RAM + PAGE), 0x1001);
}

void guest_main(void)
{
	build();
	pages();
	pointer_registers();
	global_pages();
	no_execute();
	halves();
	leaving();
}
