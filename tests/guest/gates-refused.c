/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Delivery that a short cut for plain gates has to leave alone: TF, frames across pages, stacks
 * that fault or lie in a page table, a TSS or a stack segment that is too short, conforming code,
 * code that is not present, gates of 16 bits and task gates. Intel SDM volume 3, 6.12.1, 6.13, 6.15
 * (#TS, #NP, #SS), 7.3 (task gates), 17.3.2 (TF), and volume 2, INT n.
 */
#include "gates.h"

enum {
	SEL_STACK_TASK = SEL_FREE,
	SEL_CONFORMING = SEL_FREE + 8,
	SEL_ABSENT_CODE = SEL_FREE + 16,
	SEL_SHORT_TSS = SEL_FREE + 24,
	SEL_SHORT_STACK = SEL_FREE + 32,
	SEL_ROM_CODE = SEL_FREE + 40,
	SEL_PLAIN_TASK = SEL_FREE + 48
};
#define STACKS 16u /* first of the pages for stacks */
#define RAM 0x300000u
#define ROM 0xf0000u
#define PRESENT (PAGE_P | PAGE_RW)

static const struct wanted plain = { .vector = 0x90, .error = NONE };

/* INT 90h with the present stack, as plain ones are done. */
static void check_delivered(const char *name, unsigned ring, uint32_t esp, uint32_t eflags)
{
	struct wanted w = plain;

	w.eip = (uint32_t)int_90 + 2;
	probe_run(ring, int_90, eflags, esp);
	check(!probe_differences(ring, &w), name, "ring %u", ring);
}

static uint32_t user_esp(void)
{
	return (uint32_t)user_stack + 2048;
}

static uint32_t stack_gla(unsigned page)
{
	return PAGE_TABLE_GLA + (STACKS + page) * PAGE;
}

static void map_stack(unsigned page, uint32_t flags)
{
	gates_map(STACKS + page, flags ? (RAM + page * PAGE) | flags : 0);
}

/* -- TF: the handler runs without, and the trap comes after the first instruction after IRET */

static void fix_trap(uint32_t *frame)
{
	if (seen.vector == DB)
		frame[2] &= ~TF;
	else
		gates_table[1023] = seen.eflags; /* of the handler, which #DB overwrites */
}

static void single_step(unsigned ring, action *action, uint8_t access)
{
	gates_set(0x90, SEL_CODE, access | ACCESS_DPL3);
	gates_set(DB, SEL_CODE, access);
	gate_fix = fix_trap;
	probe_run(ring, action, TF | CF | IF, ring ? user_esp() : (uint32_t)probe_stack + 512);
	gate_fix = NULL;
	CHECK_EQUAL("INT n with TF: a delivery, a step", seen.count, 2);
	CHECK_EQUAL("INT n with TF: no TF in the handler", gates_table[1023] & (TF | RF), 0);
	CHECK_EQUAL("INT n with TF: IF as the gate says", gates_table[1023] & IF,
		    access == ACCESS_TRAP32 ? IF : 0);
	CHECK_EQUAL("INT n with TF: the step is #DB", seen.vector, DB);
	CHECK_EQUAL("INT n with TF: #DB after the jump", seen.frame[0], (uint32_t)probe_done);
	CHECK_EQUAL("INT n with TF: pushed by #DB", seen.frame[2], TF | CF | IF | 2);
	gates_table[1023] = 0;
}

/* -- Stacks */

static void crossing_frames(void)
{
	uint32_t old = main_tss.esp0;

	map_stack(0, PRESENT);
	map_stack(1, PRESENT);
	for (unsigned above = 0; above <= 20; above += 4) {
		main_tss.esp0 = stack_gla(1) + above;
		check_delivered("frame at the border of two pages", 3, user_esp(), IF);
		check_delivered("frame at the border of two pages", 0, stack_gla(1) + above, IF);
	}
	main_tss.esp0 = stack_gla(1) + 10;
	check_delivered("frame with a dword across two pages", 3, user_esp(), IF);
	gates_map(1023, RAM | PRESENT); /* linear FFFFF000h, too */
	main_tss.esp0 = 0;
	check_delivered("frame below 4 GiB", 3, user_esp(), IF);
	main_tss.esp0 = old;
	gates_map(1023, 0);
}

static struct tss32 stack_task;
static uint8_t task_stack[512] __attribute__((aligned(16)));
volatile uint32_t task_error, task_cr2, task_runs;

/* Called by stack_task_body: #PF while the frame is pushed. Its task maps the stack, and INT n is
 * done again. */
void stack_task_fix(void)
{
	map_stack(2, PRESENT);
}

static void start_task(struct tss32 *t, unsigned selector, void (*body)(void))
{
	*t = (struct tss32){ .cr3 = READ_CR(3),
			     .eip = (uint32_t)body,
			     .eflags = 2,
			     .esp = (uint32_t)task_stack + sizeof(task_stack),
			     .cs = SEL_CODE,
			     .ss = SEL_DATA,
			     .ds = SEL_DATA,
			     .es = SEL_DATA,
			     .iomap = sizeof(*t) };
	gdt[selector / 8] = descriptor((uint32_t)t, sizeof(*t) - 1, ACCESS_TSS32, 0);
	task_runs = 0;
}

static void faulting_stack(const char *name, uint32_t flags, uint32_t error)
{
	uint64_t old_gate = idt[PF];
	uint32_t old = main_tss.esp0;

	start_task(&stack_task, SEL_STACK_TASK, stack_task_body);
	main_tss.cr3 = READ_CR(3); /* the switch back loads it */
	idt[PF] = gate(SEL_STACK_TASK, 0, ACCESS_TASK_GATE, 0);
	map_stack(2, flags);
	map_stack(3, PRESENT); /* of which the handler notes a word */
	main_tss.esp0 = stack_gla(3);
	probe_run(3, int_90, IF | NT, user_esp());
	check(seen.count == 1 && task_runs == 1, name, "%u deliveries, %u faults", seen.count,
	      task_runs);
	CHECK_EQUAL("error code of the stack's fault", task_error, error);
	CHECK_EQUAL("CR2 of the stack's fault", task_cr2 & ~(PAGE - 1), stack_gla(2));
	CHECK_EQUAL("ESP after the second try", seen.esp, stack_gla(3) - 20);
	CHECK_EQUAL("pushed EIP after the second try", seen.frame[0], (uint32_t)int_90 + 2);
	idt[PF] = old_gate;
	main_tss.esp0 = old;
	__asm__ volatile("clts");
}

static uint32_t mapped_by_frame;

static void fix_read_mapped(uint32_t *frame)
{
	(void)frame;
	mapped_by_frame = *(const volatile uint32_t *)(PAGE_TABLE_GLA + 40 * PAGE);
}

/* The stack is the table, and the ESP of the frame an entry that maps page 40. */
static void stack_in_a_page_table(void)
{
	uint32_t old = main_tss.esp0, frame = (uint32_t)&gates_table[37];

	*(volatile uint32_t *)(RAM + 8 * PAGE) = 0xfeedf00d;
	*(volatile uint32_t *)(RAM + 9 * PAGE) = 0xfeedf00e;
	main_tss.esp0 = frame + 20;
	gate_fix = fix_read_mapped;
	for (unsigned i = 0; i < 4; i++) {
		check_delivered("stack in a page table", 3,
				(RAM + (8 + i % 2) * PAGE) | PRESENT | PAGE_A, 0);
		CHECK_EQUAL("the page that the frame maps", mapped_by_frame, 0xfeedf00d + i % 2);
		gates_map(40, 0);
	}
	gate_fix = NULL;
	main_tss.esp0 = old;
	for (unsigned i = 0; i < 43; i++)
		gates_map(i, 0);
}

/* -- Faults of the delivery itself: their handlers are conforming code and keep the ring's stack */

static void fix_leave(uint32_t *frame)
{
	frame[1] = (uint32_t)probe_leave;
}

static void check_refused(const char *name, unsigned vector, uint32_t error)
{
	gates_set(vector, SEL_CONFORMING, ACCESS_INT32);
	gate_fix = fix_leave;
	probe_run(3, int_90, IF, user_esp());
	gate_fix = NULL;
	check(seen.count == 1 && seen.vector == vector && seen.frame[0] == error, name,
	      "%u deliveries, vector %u, %x", seen.count, seen.vector, seen.frame[0]);
	CHECK_EQUAL("its pushed EIP", seen.frame[1], (uint32_t)int_90);
	CHECK_EQUAL("its pushed CS", seen.frame[2], SEL_USER_CODE);
	CHECK_EQUAL("its pushed EFLAGS", seen.frame[3], RF | IF | 2);
	CHECK_EQUAL("its CS", seen.cs, SEL_CONFORMING | 3);
	CHECK_EQUAL("its ESP", seen.esp, user_esp() - 16);
}

static void load_tss(unsigned selector, uint32_t limit)
{
	gdt[selector / 8] = descriptor((uint32_t)&main_tss, limit, ACCESS_TSS32, 0);
	__asm__ volatile("ltr %0" ::"r"((uint16_t)selector));
}

static void load_short_tss(void)
{
	load_tss(SEL_SHORT_TSS, 11);
}

static void short_tss(void)
{
	if (catch_call(load_short_tss)) {
		print("# LTR refuses a short TSS: its checks are left out\n");
		return;
	}
	check_delivered("TSS that ends with SS0", 3, user_esp(), IF);
	load_tss(SEL_SHORT_TSS, 8);
	check_refused("TSS without all of SS0 is #TS", TS, SEL_SHORT_TSS);
	load_tss(SEL_TSS, sizeof(main_tss) - 1);
}

static void short_stack(void)
{
	uint32_t old = main_tss.esp0, top = old & ~(PAGE - 1);

	gdt[SEL_SHORT_STACK / 8] = descriptor(0, (top >> 12) - 1, ACCESS_DATA, 12);
	main_tss.ss0 = SEL_SHORT_STACK;
	main_tss.esp0 = top;
	probe_run(3, int_90, IF, user_esp());
	check(seen.count == 1 && seen.esp == top - 20 && seen.ss == SEL_SHORT_STACK &&
		      seen.frame[3] == user_esp(),
	      "ESP0 at the limit", "%u, %x, %x", seen.count, seen.esp, seen.ss);
	main_tss.esp0 = top + 4;
	check_refused("ESP0 beyond the limit is #SS(SS0)", SS, SEL_SHORT_STACK);
	main_tss.ss0 = SEL_DATA;
	main_tss.esp0 = old;
}

/* -- Segments and gates */

static void conforming_code(void)
{
	gates_set(0x90, SEL_CONFORMING | 3, ACCESS_TRAP32 | ACCESS_DPL3);
	probe_run(3, int_90, IF | NT, user_esp());
	CHECK_EQUAL("conforming handler: CS has the ring", seen.cs, SEL_CONFORMING | 3);
	CHECK_EQUAL("conforming handler: SS stays", seen.ss, SEL_USER_DATA);
	CHECK_EQUAL("conforming handler: frame of three", seen.esp, user_esp() - 12);
	CHECK_EQUAL("conforming handler: EFLAGS", seen.eflags, IF | 2);
	CHECK_EQUAL("conforming handler: pushed EFLAGS", seen.frame[2], IF | NT | 2);
	CHECK_EQUAL("conforming handler: EFLAGS after", after.eflags, IF | NT | 2);
	CHECK_EQUAL("conforming handler: ESP after", after.esp, user_esp());
	gates_set(0x90, SEL_CODE, ACCESS_INT32 | ACCESS_DPL3);
}

static void absent_code(void)
{
	struct wanted w = { NP, SEL_ABSENT_CODE, (uint32_t)int_95, true, 0 };

	gdt[SEL_ABSENT_CODE / 8] = descriptor(0, 0xfffff, (ACCESS_CODE | 1) & ~0x80, 12);
	gates_set(0x95, SEL_ABSENT_CODE, ACCESS_INT32 | ACCESS_DPL3);
	gate_fix = fix_skip_error;
	for (unsigned ring = 0; ring <= 3; ring += 3) {
		probe_run(ring, int_95, IF, user_esp());
		check(!probe_differences(ring, &w), "code not present is #NP(CS)", "ring %u", ring);
	}
	gate_fix = NULL;
}

static void gates_of_16_bits(void)
{
	gdt[SEL_ROM_CODE / 8] = descriptor(ROM, 0xffff, ACCESS_CODE, 4);
	idt[0x95] = gate(SEL_ROM_CODE, (uint32_t)entry16 - ROM, ACCESS_INT16 | ACCESS_DPL3, 0);
	for (unsigned ring = 0; ring <= 3; ring += 3) {
		uint32_t top = ring ? main_tss.esp0 : user_esp();

		probe_run(ring, int_95, IF | NT, user_esp());
		CHECK_EQUAL("16-bit gate: ESP", seen.esp, top - (ring ? 10 : 6));
		CHECK_EQUAL("16-bit gate: pushed IP, CS", seen.frame[0],
			    (((uint32_t)int_95 + 2) & 0xffff) |
				    (uint32_t)(ring ? SEL_USER_CODE : SEL_CODE) << 16);
		CHECK_EQUAL("16-bit gate: pushed FLAGS", seen.frame[1] & 0xffff, IF | NT | 2);
		if (ring)
			CHECK_EQUAL("16-bit gate: pushed SP", seen.frame[1] >> 16,
				    user_esp() & 0xffff);
	}
}

static struct tss32 plain_task;

static void __attribute__((noreturn)) plain_task_body(void)
{
	for (;;) {
		task_runs++;
		task_error = plain_task.link & 0xffff;
		__asm__ volatile("clts; iretl" ::: "memory");
	}
}

static void task_gates(void)
{
	main_tss.cr3 = READ_CR(3);
	idt[0x95] = gate(SEL_PLAIN_TASK, 0, ACCESS_TASK_GATE | ACCESS_DPL3, 0);
	for (unsigned ring = 0; ring <= 3; ring += 3) {
		start_task(&plain_task, SEL_PLAIN_TASK, plain_task_body);
		after.esp = 0;
		probe_run(ring, int_95, IF, user_esp());
		__asm__ volatile("clts");
		check(task_runs == 1 && !seen.count, "INT n through a task gate", "%u, %u",
		      task_runs, seen.count);
		CHECK_EQUAL("task gate: link", task_error, SEL_TSS);
		CHECK_EQUAL("task gate: EIP saved", main_tss.eip, (uint32_t)int_95 + 2);
		CHECK_EQUAL("task gate: back with its stack", after.esp, user_esp());
		CHECK_EQUAL("task gate: back with EFLAGS", after.eflags, IF | 2);
	}
}

static void write_msr(uint32_t number, uint32_t value)
{
	__asm__ volatile("wrmsr" ::"c"(number), "a"(value), "d"(0));
}

void gates_refused(void)
{
	gdt[SEL_CONFORMING / 8] = descriptor(0, 0xfffff, ACCESS_CODE | 4 | 1, 12);
	write_msr(0x174, SEL_CODE);
	write_msr(0x175, (uint32_t)probe_stack + 512);
	write_msr(0x176, (uint32_t)sysenter_target);
	gate_fix = NULL;
	for (unsigned ring = 0; ring <= 3; ring += 3) {
		single_step(ring, int_90, ACCESS_TRAP32);
		single_step(ring, int_90, ACCESS_INT32);
	}
	crossing_frames();
	faulting_stack("stack page not present", 0, 2);
	faulting_stack("stack page read only, WP = 1", PAGE_P, 3);
	stack_in_a_page_table();
	short_tss();
	short_stack();
	conforming_code();
	absent_code();
	gates_of_16_bits();
	task_gates();
}
