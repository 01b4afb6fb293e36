/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Single step, breakpoints, interrupt shadows, the order of traps (SDM volume 3, 17.2-17.3 and 6.9;
 * volume 3, 6.8.3). */
#include "guest.h"

static volatile unsigned steps, breaks;
static volatile uint32_t last_dr6, last_eip, break_eip;
static volatile bool keep_stepping;

#define TF 0x100u
#define RF 0x10000u

/* Counts #DB traps and goes on. */
static bool on_debug(struct frame *f)
{
	if (f->vector != DB)
		return false;
	last_dr6 = READ_DR(6);
	last_eip = f->eip;
	WRITE_DR(6, 0xffff0ff0);
	if (last_dr6 & 0x4000)
		steps++;
	if (last_dr6 & 15) {
		breaks++;
		break_eip = f->eip;
		f->eflags |= RF;
	}
	if (!keep_stepping)
		f->eflags &= ~TF;
	return true;
}

static void single_step(void)
{
	uint32_t after;

	keep_stepping = true;
	steps = 0;
	__asm__ volatile("pushfl\n orl $0x100, (%%esp)\n popfl\n"
			 "nop\n nop\n nop\n"
			 "pushfl\n andl $~0x100, (%%esp)\n popfl\n"
			 "1: movl $1b, %0"
			 : "=r"(after));
	/* After each nop, the PUSHF, the AND, and the POPF that clears TF (it was set when POPF
	 * began). */
	CHECK_EQUAL("single steps over nop, pushf, and, popf", steps, 6);
	CHECK_EQUAL("the last step is after POPF", last_eip, after);
	steps = 0;
	__asm__ volatile("mov $5, %%ecx\n mov $buffer, %%edi\n xorl %%eax, %%eax\n"
			 "pushfl\n orl $0x100, (%%esp)\n popfl\n"
			 "rep stosb\n"
			 "pushfl\n andl $~0x100, (%%esp)\n popfl\n" ::
				 : "ecx", "edi", "eax", "memory");
	CHECK_EQUAL("REP STOSB is a step per iteration", steps, 5 + 3);
	steps = 0;
	__asm__ volatile("pushfl\n orl $0x100, (%%esp)\n popfl\n"
			 "mov %%ss, %%eax\n" /* step 1 */
			 "mov %%eax, %%ss\n" /* no step */
			 "nop\n"             /* step 2, after the nop */
			 "pushfl\n andl $~0x100, (%%esp)\n popfl\n" ::
				 : "eax");
	CHECK_EQUAL("MOV SS holds the step off for one instruction", steps, 2 + 3);
	keep_stepping = false;
	WRITE_DR(6, 0xffff0ff3);
	__asm__ volatile("pushfl\n orl $0x100, (%esp)\n popfl\n nop");
	CHECK_EQUAL("a step leaves no older breakpoint in DR6", last_dr6, 0xffff4ff0);
}
uint8_t buffer[64];

static volatile uint32_t watched[4] __attribute__((aligned(16)));

static void data_breakpoints(void)
{
	uint32_t after;

	breaks = 0;
	WRITE_DR(0, watched);
	WRITE_DR(7, 0x400 | 2 | 0xd << 16); /* write, 4 bytes */
	(void)watched[0];
	CHECK_EQUAL("no write breakpoint on a read", breaks, 0);
	__asm__ volatile("movl $1, %1\n 1: movl $1b, %0" : "=r"(after), "=m"(watched[0]));
	CHECK_EQUAL("write breakpoint", breaks, 1);
	CHECK_EQUAL("write breakpoint is a trap", break_eip, after);
	CHECK_EQUAL("DR6.B0", last_dr6 & 0xf, 1);
	((volatile uint8_t *)watched)[3] = 1;
	CHECK_EQUAL("a byte within the four", breaks, 2);
	((volatile uint8_t *)watched)[4] = 1;
	CHECK_EQUAL("a byte beyond", breaks, 2);
	*(volatile uint32_t *)((uintptr_t)watched + 2) = 1;
	CHECK_EQUAL("an access that overlaps in part", breaks, 3);
	WRITE_DR(7, 0x400 | 2 | 0xf << 16); /* read or write */
	(void)watched[0];
	CHECK_EQUAL("read/write breakpoint on a read", breaks, 4);
	WRITE_DR(7, 0x400 | 2 | 0xd << 16);
	breaks = 0;
	__asm__ volatile("cld\n rep stosl" ::"a"(0), "c"(3), "D"(watched - 1) : "memory");
	CHECK_EQUAL("write breakpoint within REP STOSL", breaks, 1);
	WRITE_DR(7, 0x400);
	watched[0] = 3;
	CHECK_EQUAL("disabled breakpoint", breaks, 1);
}

static void execution_breakpoint(void)
{
	uint32_t at, executed = 0;

	breaks = 0;
	__asm__ volatile("movl $1f, %0" : "=r"(at));
	__asm__ volatile(
		"movl $1f, %%eax\n movl %%eax, %%db1\n movl $0x408, %%eax\n movl %%eax, %%db7\n"
		"1: incl %0\n"
		"movl $0x400, %%eax\n movl %%eax, %%db7"
		: "+m"(executed)::"eax");
	CHECK_EQUAL("execution breakpoint", breaks, 1);
	CHECK_EQUAL("DR6.B1", last_dr6 & 0xf, 2);
	CHECK_EQUAL("an execution breakpoint is a fault, RF lets it pass", executed, 1);
	CHECK_EQUAL("EIP of the fault", break_eip, READ_DR(1));
	(void)at;
}

static void read_dr_general_detect(void)
{
	WRITE_DR(7, 0x2400);
	(void)READ_DR(0);
}

static void general_detect(void)
{
	trap_hook = NULL;
	WRITE_DR(6, 0xffff0ff0);
	expect("DR7.GD: MOV DR is #DB", DB, 0, read_dr_general_detect);
	CHECK_EQUAL("the handler runs with GD clear", READ_DR(7) & 0x2000, 0);
	CHECK_EQUAL("DR6.BD", READ_DR(6) & 0x2000, 0x2000);
	WRITE_DR(7, 0x400);
	trap_hook = on_debug;
}

static void icebp(void)
{
	__asm__ volatile(".byte 0xf1");
}

static void read_dr4(void)
{
	__asm__ volatile(".byte 0x0f, 0x21, 0xe0");
}

static void odd_ones(void)
{
	trap_hook = NULL;
	WRITE_DR(6, 0xffff0ff0);
	expect("ICEBP is #DB", DB, 0, icebp);
	CHECK_EQUAL("ICEBP leaves DR6.BS clear", READ_DR(6) & 0x4000, 0);
	WRITE_CR(4, READ_CR(4) & ~8u);
	expect_no_trap("DR4 is DR6 with CR4.DE = 0", read_dr4);
	WRITE_CR(4, READ_CR(4) | 8);
	expect("DR4 is #UD with CR4.DE = 1", UD, 0, read_dr4);
	WRITE_CR(4, READ_CR(4) & ~8u);
	trap_hook = on_debug;
}

/* -- Interrupts: the PIT's through the PIC, as INTR */

static volatile uint32_t interrupts, interrupt_eip;

static bool on_interrupt(struct frame *f)
{
	if (f->vector != 0x20)
		return false;
	interrupts++;
	interrupt_eip = f->eip;
	outb(0x20, 0x20);
	return true;
}

static void init_pic(void)
{
	outb(0x20, 0x11);
	outb(0x21, 0x20);
	outb(0x21, 4);
	outb(0x21, 1);
	outb(0xa0, 0x11);
	outb(0xa1, 0x28);
	outb(0xa1, 2);
	outb(0xa1, 1);
	outb(0x21, 0xfe);
	outb(0xa1, 0xff);
}

static void wait_for_request(void)
{
	outb(0x43, 0x30);
	outb(0x40, 100);
	outb(0x40, 0);
	do
		outb(0x20, 0x0a); /* OCW3: read the request register */
	while (!(inb(0x20) & 1));
}

static void interrupt_shadow(void)
{
	uint32_t after;

	trap_hook = on_interrupt;
	init_pic();
	wait_for_request();
	interrupts = 0;
	__asm__ volatile("sti\n nop\n 1: nop\n cli\n movl $1b, %0" : "=r"(after)::"memory");
	CHECK_EQUAL("STI takes a waiting interrupt", interrupts, 1);
	CHECK_EQUAL("after the instruction that follows STI", interrupt_eip, after);
	wait_for_request();
	interrupts = 0;
	__asm__ volatile("sti\n cli\n nop\n nop" ::: "memory");
	CHECK_EQUAL("STI, CLI: no interrupt in between", interrupts, 0);
	__asm__ volatile("mov %%ss, %%eax\n sti\n mov %%eax, %%ss\n nop\n 1: cli\n movl $1b, %0"
			 : "=r"(after)::"eax", "memory");
	CHECK_EQUAL("STI, MOV SS: one interrupt", interrupts, 1);
	wait_for_request();
	interrupts = 0;
	__asm__ volatile("sti\n hlt\n 1: cli\n movl $1b, %0" : "=r"(after)::"memory");
	CHECK_EQUAL("STI, HLT wakes", interrupts, 1);
	CHECK_EQUAL("after the HLT", interrupt_eip, after);
	trap_hook = on_debug;
}

/* The INT family pushes RF as 0: it was cleared when the instruction began (SDM volume
 * 3, 17.3.1.1). */
static void breakpoint_instruction(void)
{
	__asm__ volatile("int3");
}
static void enter_with_rf(void)
{
	user_call((uint32_t)breakpoint_instruction, SEL_USER_CODE,
		  (uint32_t)user_stack + sizeof(user_stack), SEL_USER_DATA, 0x2 | RF);
}

static void int3_pushes_no_rf(void)
{
	trap_hook = NULL;
	CHECK_EQUAL("INT3 with RF set", catch_call(enter_with_rf) - 1, BP);
	CHECK_EQUAL("INT3 pushes RF as 0", trap.eflags & RF, 0);
	trap_hook = on_debug;
}

void guest_main(void)
{
	trap_hook = on_debug;
	single_step();
	data_breakpoints();
	execution_breakpoint();
	general_detect();
	odd_ones();
	int3_pushes_no_rf();
	interrupt_shadow();
}
