/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hardware task switches by JMP, CALL, IRET, INT and faults, with 32- and 16-bit TSS (SDM volume 3,
 * chapter 7). */
#include "guest.h"

enum {
	SEL_TASK_A = SEL_FREE,
	SEL_TASK16 = SEL_FREE + 8,
	SEL_TASK_GATE = SEL_FREE + 16,
	SEL_CODE16 = SEL_FREE + 24,
	SEL_TASK_BAD = SEL_FREE + 32,
	SEL_TASK_FAULT = SEL_FREE + 40,
	SEL_LDT = SEL_FREE + 48
};

static struct tss32 task_a, task_fault;
static struct {
	uint16_t link, sp0, ss0, sp1, ss1, sp2, ss2, ip, flags, ax, cx, dx, bx, sp, bp, si, di, es,
		cs, ss, ds, ldt;
} task16;
static uint8_t stack_a[1024] __attribute__((aligned(16))),
	stack_fault[1024] __attribute__((aligned(16)));
static uint32_t seen_eax, seen_eflags, seen_link, seen_cr0, seen_esp, runs;

static bool busy(unsigned selector)
{
	return gdt[selector / 8] >> 41 & 1;
}

static void init_task(struct tss32 *t, void (*entry)(void), uint8_t *stack_end)
{
	*t = (struct tss32){ 0 };
	t->eip = (uint32_t)entry;
	t->esp = (uint32_t)stack_end;
	t->eflags = 0x2;
	t->cs = SEL_CODE;
	t->ss = t->ds = t->es = t->fs = t->gs = SEL_DATA;
	t->cr3 = READ_CR(3);
	t->iomap = sizeof(*t);
}

/* Loops: each switch to it runs the body once and leaves by IRET (nested) or JMP. */
static void __attribute__((noreturn)) body_iret(void)
{
	for (;;) {
		uint32_t eax, eflags;
		__asm__ volatile("mov %%eax, %0\n pushfl\n popl %1" : "=m"(eax), "=r"(eflags));
		seen_eax = eax;
		seen_eflags = eflags;
		seen_link = task_a.link & 0xffff;
		seen_cr0 = READ_CR(0);
		runs++;
		__asm__ volatile("iretl" ::: "memory");
	}
}

static void __attribute__((noreturn)) body_jmp(void)
{
	for (;;) {
		runs++;
		__asm__ volatile("ljmp $0x28, $0" ::: "memory");
	}
}

static void call_task(void)
{
	__asm__ volatile("lcall $0x40, $0x1234" ::: "memory");
}
static void jmp_task(void)
{
	__asm__ volatile("ljmp $0x40, $0" ::: "memory");
}
static void call_task_gate(void)
{
	__asm__ volatile("lcall $0x50, $0" ::: "memory");
}
static void int_task_gate(void)
{
	__asm__ volatile("int $0xa0" ::: "memory");
}
static void call_bad_task(void)
{
	__asm__ volatile("lcall $0x60, $0" ::: "memory");
}
static void ltr_busy(void)
{
	__asm__ volatile("ltr %0" ::"r"((uint16_t)SEL_TSS));
}
static void iret_nt_bad_link(void)
{
	main_tss.link = SEL_DATA;
	__asm__ volatile("pushfl\n orl $0x4000, (%esp)\n popfl\n iretl");
}

static void nested_by_call(void (*call)(void), const char *name)
{
	init_task(&task_a, body_iret, stack_a + sizeof(stack_a));
	task_a.eax = 0xabcd0123;
	gdt[SEL_TASK_A / 8] = descriptor((uint32_t)&task_a, sizeof(task_a) - 1, ACCESS_TSS32, 0);
	WRITE_CR(0, READ_CR(0) & ~8u);
	runs = 0;
	expect_no_trap(name, call);
	CHECK_EQUAL("nested task ran once", runs, 1);
	CHECK_EQUAL("nested task: EAX from its TSS", seen_eax, 0xabcd0123);
	CHECK_EQUAL("nested task: NT set", seen_eflags & 0x4000, 0x4000);
	CHECK_EQUAL("nested task: link to the caller", seen_link, SEL_TSS);
	CHECK_EQUAL("a task switch sets TS", seen_cr0 & 8, 8);
	CHECK(!busy(SEL_TASK_A));
	CHECK(busy(SEL_TSS));
	/* The IRET left the task after its instruction. */
	expect_no_trap("second call goes on after the IRET", call);
	CHECK_EQUAL("nested task ran twice", runs, 2);
	__asm__ volatile("clts");
}

static void switched_by_jmp(void)
{
	init_task(&task_a, body_jmp, stack_a + sizeof(stack_a));
	gdt[SEL_TASK_A / 8] = descriptor((uint32_t)&task_a, sizeof(task_a) - 1, ACCESS_TSS32, 0);
	runs = 0;
	expect_no_trap("JMP to a task and back", jmp_task);
	CHECK_EQUAL("jumped-to task ran", runs, 1);
	CHECK(!busy(SEL_TASK_A));
	CHECK(busy(SEL_TSS));
	CHECK_EQUAL("JMP sets no NT and no link", task_a.link & 0xffff, 0);
	__asm__ volatile("clts");
}

static void refused_tasks(void)
{
	gdt[SEL_TASK_A / 8] =
		descriptor((uint32_t)&task_a, sizeof(task_a) - 1, ACCESS_TSS32 | 2, 0);
	expect("CALL to a busy task is #GP(selector)", GP, SEL_TASK_A, call_task);
	gdt[SEL_TASK_A / 8] =
		descriptor((uint32_t)&task_a, sizeof(task_a) - 1, ACCESS_TSS32 & ~0x80, 0);
	expect("CALL to a task not present is #NP(selector)", NP, SEL_TASK_A, call_task);
	gdt[SEL_TASK_A / 8] = descriptor((uint32_t)&task_a, 0x66, ACCESS_TSS32, 0);
	expect("CALL to a TSS too short is #TS(selector)", TS, SEL_TASK_A, call_task);
	expect("LTR of a busy TSS is #GP(selector)", GP, SEL_TSS, ltr_busy);
	expect("IRET with NT and a link to data is #TS(link)", TS, SEL_DATA, iret_nt_bad_link);
	main_tss.link = 0;
}

/* A fault while the new task's registers are loaded is the new task's. */
static void bad_segment_in_new_task(void)
{
	init_task(&task_a, body_iret, stack_a + sizeof(stack_a));
	task_a.ds = 0xfff0;
	gdt[SEL_TASK_BAD / 8] = descriptor((uint32_t)&task_a, sizeof(task_a) - 1, ACCESS_TSS32, 0);
	unsigned vector = catch_call(call_bad_task) - 1;
	check(vector == TS && trap.error == 0xfff0, "DS beyond the GDT in a new task is #TS(DS)",
	      "%u %x", vector, trap.error);
	CHECK_EQUAL("the fault is raised in the new task, before its first instruction", trap.eip,
		    (uint32_t)body_iret);
	uint16_t tr;
	__asm__ volatile("str %0" : "=r"(tr));
	CHECK_EQUAL("TR is the new task's", tr, SEL_TASK_BAD);
	/* Back to the main task. */
	__asm__ volatile("pushfl\n andl $~0x4000, (%esp)\n popfl\n clts");
	gdt[SEL_TSS / 8] = descriptor((uint32_t)&main_tss, sizeof(main_tss) - 1, ACCESS_TSS32, 0);
	__asm__ volatile("ltr %0" ::"r"((uint16_t)SEL_TSS));
}

/* -- A fault through a task gate: the double fault handler of every serious system. */

static uint32_t fault_error;

static void __attribute__((noreturn)) body_fault(void)
{
	for (;;) {
		__asm__ volatile("popl %0\n mov %%esp, %1" : "=r"(fault_error), "=r"(seen_esp));
		runs++;
		main_tss.eip = (uint32_t)main_tss.edi;
		__asm__ volatile("iretl" ::: "memory");
	}
}

static void fault_with_gate(void)
{
	__asm__ volatile("mov $1f, %%edi\n mov $0xfff8, %%eax\n mov %%ax, %%es\n 1:" ::
				 : "eax", "edi");
}

static void fault_through_task_gate(void)
{
	uint64_t old = idt[GP];

	init_task(&task_fault, body_fault, stack_fault + sizeof(stack_fault));
	gdt[SEL_TASK_FAULT / 8] =
		descriptor((uint32_t)&task_fault, sizeof(task_fault) - 1, ACCESS_TSS32, 0);
	idt[GP] = gate(SEL_TASK_FAULT, 0, ACCESS_TASK_GATE, 0);
	runs = 0;
	expect_no_trap("#GP through a task gate comes back", fault_with_gate);
	CHECK_EQUAL("fault task ran", runs, 1);
	CHECK_EQUAL("fault task: error code on its stack", fault_error, 0xfff8);
	CHECK_EQUAL("fault task: stack after the error code", seen_esp,
		    (uint32_t)(stack_fault + sizeof(stack_fault)));
	idt[GP] = old;
	__asm__ volatile("clts");
}

/* -- 16-bit TSS */

void body16(void);
uint16_t seen16_ax, seen16_sp;
__asm__("	.text\n	.code16\n"
	"body16:\n"
	"	movw %ax, seen16_ax\n"
	"	movw %sp, seen16_sp\n"
	"	iretw\n"
	"	jmp body16\n"
	"	.code32\n");
static void call_task16(void)
{
	__asm__ volatile("lcall $0x48, $0" ::: "memory");
}

static void task_with_16_bit_tss(void)
{
	gdt[SEL_CODE16 / 8] = descriptor((uint32_t)body16 & ~0xfu, 0xffff, ACCESS_CODE, 0);
	gdt[SEL_TASK16 / 8] = descriptor((uint32_t)&task16, 0x2b, ACCESS_TSS16, 0);
	task16.ip = (uint16_t)((uint32_t)body16 & 0xf);
	task16.cs = SEL_CODE16;
	task16.flags = 2;
	task16.ss = task16.ds = task16.es = SEL_DATA;
	task16.sp = 0x7000;
	task16.ax = 0x4321;
	seen16_ax = 0;
	expect_no_trap("CALL to a task with a 16-bit TSS", call_task16);
	CHECK_EQUAL("16-bit task: AX", seen16_ax, 0x4321);
	CHECK_EQUAL("16-bit task: SP", seen16_sp, 0x7000);
	CHECK_EQUAL("16-bit task: saved IP is after its IRET", task16.ip > ((uint32_t)body16 & 0xf),
		    1);
	__asm__ volatile("clts");
}

/* T: a debug trap before the new task's first instruction. */
static void __attribute__((noreturn)) body_plain(void)
{
	__asm__ volatile("nop\n nop\n incl %%eax\n nop\n int $0x80" ::: "memory");
	__builtin_unreachable();
}

static void trap_of_the_new_task(void)
{
	init_task(&task_a, body_plain, stack_a + sizeof(stack_a));
	task_a.trap = 1;
	gdt[SEL_TASK_A / 8] = descriptor((uint32_t)&task_a, sizeof(task_a) - 1, ACCESS_TSS32, 0);
	WRITE_DR(6, 0);
	CHECK_EQUAL("JMP to a task with T set is #DB", catch_call(jmp_task) - 1, DB);
	CHECK_EQUAL("before its first instruction", trap.eip, (uint32_t)body_plain);
	CHECK_EQUAL("DR6.BT", READ_DR(6) & 0xe00f, 0x8000);
	gdt[SEL_TSS / 8] = descriptor((uint32_t)&main_tss, sizeof(main_tss) - 1, ACCESS_TSS32, 0);
	__asm__ volatile("clts\n ltr %0" ::"r"((uint16_t)SEL_TSS));
}

void guest_main(void)
{
	nested_by_call(call_task, "CALL to a task and IRET");
	gdt[SEL_TASK_GATE / 8] = gate(SEL_TASK_A, 0, ACCESS_TASK_GATE, 0);
	nested_by_call(call_task_gate, "CALL through a task gate and IRET");
	idt[0xa0] = gate(SEL_TASK_A, 0, ACCESS_TASK_GATE, 0);
	nested_by_call(int_task_gate, "INT through a task gate and IRET");
	switched_by_jmp();
	refused_tasks();
	bad_segment_in_new_task();
	fault_through_task_gate();
	task_with_16_bit_tss();
	trap_of_the_new_task();
}
