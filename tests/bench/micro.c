/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The seven micro-measures of Adams and Agesen ("A Comparison of Software and Hardware Techniques
 * for x86 Virtualization", ASPLOS 2006, section 6.3) as a bare-metal program, built with
 * tests/guest/start.S and guest.c: it does BATCHES times BATCH operations of row ROW, or with RUN=0
 * only what surrounds them, and ends. micro.py takes the difference of the two in processor time of
 * the whole process. The guest's TSC would not do: the guest's clock leaves out what the host gives
 * to others, and catches up.
 *
 * Differences from the paper: SYSENTER and SYSEXIT for SYSCALL and SYSRET, and MOV to CR0, which
 * turns TS on and off, for the write to CR8, since an i686 has neither. Each page-table entry is in
 * use before it is changed; where the monitor drops what it knew of it, its next use is counted.
 */
#include "../guest/guest.h"

#define BATCH 1000
#define P 1u
#define RW 2u
#define US 4u
#define PAGE 4096u
#define TEST_GLA 0x40000000u /* linear addresses of the pages: page directory entry 256 */
#define RAM 0x200000u        /* the physical page behind all of them, and the one after it */

enum { MSR_SYSENTER_CS = 0x174, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP };

static uint32_t *const directory = (uint32_t *)0x100000;
static uint32_t *const low_table = (uint32_t *)0x101000;
static uint32_t *const table = (uint32_t *)0x102000;
static uint8_t kernel_stack[4096] __attribute__((aligned(16)));

static void write_msr(uint32_t msr, uint32_t value)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"(value), "d"(0));
}

/* -- Entries that do the least: unlike those of guest.c they keep no frame. */

extern const uint8_t sysenter_entry[], divide_entry[], page_entry[];

__asm__(".globl sysenter_entry, divide_entry, page_entry\n"
	"sysenter_entry:\n\tsysexit\n"
	/* DIV ECX has two bytes */
	"divide_entry:\n\taddl $2, (%esp)\n\tiretl\n"
	/* makes the page present: table[CR2 >> 12 & 1023] = RAM | P | RW | US */
	"page_entry:\n\tpushl %eax\n\tmovl %cr2, %eax\n\tshrl $12, %eax\n\tandl $1023, %eax\n"
	"\tmovl $0x200007, 0x102000(,%eax,4)\n\tpopl %eax\n\taddl $4, %esp\n\tiretl\n");

/* -- The measures. `prepare` is done for each batch. */

static void nothing(void)
{
}

static void run_syscall(void)
{
	for (unsigned i = 0; i < BATCH; i++)
		__asm__ volatile("movl %%esp, %%ecx\n\tmovl $1f, %%edx\n\tsysenter\n1:" ::
					 : "ecx", "edx", "memory");
}

static void run_in(void)
{
	for (unsigned i = 0; i < BATCH; i++)
		inb(0x80);
}

static void run_control(void)
{
	uint32_t cr0 = READ_CR(0) & ~8u;

	for (unsigned i = 0; i < BATCH / 2; i++) {
		WRITE_CR(0, cr0 | 8);
		WRITE_CR(0, cr0);
	}
}

static void __attribute__((noinline, noclone)) callee(void)
{
	__asm__ volatile("" ::: "memory");
}

static void run_call(void)
{
	for (unsigned i = 0; i < BATCH; i++)
		callee();
}

static void flush(void)
{
	WRITE_CR(3, (uint32_t)directory);
}

static void no_pages(void)
{
	for (unsigned i = 0; i < BATCH; i++)
		table[i] = 0;
	flush();
}

static void run_page_fault(void)
{
	for (unsigned i = 0; i < BATCH; i++)
		(void)*(volatile uint32_t *)(TEST_GLA + i * PAGE);
}

static void run_divide(void)
{
	for (unsigned i = 0; i < BATCH; i++)
		__asm__ volatile("divl %%ecx" ::"a"(1), "d"(0), "c"(0) : "cc");
}

/* All pages come into use, so that whoever traces the table has reason to. */
static void use_pages(void)
{
	flush();
	run_page_fault();
}

static void run_entries(void)
{
	static uint32_t other = PAGE;

	other ^= PAGE;
	for (unsigned i = 0; i < BATCH; i++)
		*(volatile uint32_t *)&table[i] = (RAM + other) | P | RW | US;
}

/* In the order of micro.py. */
static const struct {
	void (*prepare)(void);
	void (*run)(void);
	bool user;
} rows[] = {
	{ nothing, run_syscall, true },      { nothing, run_in, false },
	{ nothing, run_control, false },     { nothing, run_call, false },
	{ no_pages, run_page_fault, false }, { nothing, run_divide, false },
	{ use_pages, run_entries, false },
};

static void run_user(void)
{
	if (RUN)
		rows[ROW].run();
	__asm__ volatile("int $0x80");
}

static void batch(void)
{
	rows[ROW].prepare();
	if (rows[ROW].user)
		in_user(run_user);
	else if (RUN)
		rows[ROW].run();
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
	flush();
	WRITE_CR(0, READ_CR(0) | 0x80000000);
}

void guest_main(void)
{
	build_tables();
	write_msr(MSR_SYSENTER_CS, SEL_CODE);
	write_msr(MSR_SYSENTER_ESP, (uint32_t)kernel_stack + sizeof(kernel_stack));
	write_msr(MSR_SYSENTER_EIP, (uint32_t)sysenter_entry);
	idt[DE] = gate(SEL_CODE, (uint32_t)divide_entry, ACCESS_INT32, 0);
	idt[PF] = gate(SEL_CODE, (uint32_t)page_entry, ACCESS_INT32, 0);
	for (unsigned i = 0; i < BATCHES; i++)
		batch();
}
