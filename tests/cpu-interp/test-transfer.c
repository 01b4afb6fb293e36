/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gates, rings, tasks, virtual-8086 mode: each test sets up the tables, runs a few instructions and
 * looks at state and memory. */
#include <CUnit/Basic.h>

#include "../../plugins/cpu-interp/run.h"
#include "machine.h"
#include "unit.h"

#define CODE 0x1000u
#define HANDLER 0x2000u
#define USER_STACK 0x30000u
#define GP_HANDLER 0x2800u
#define EQ(a, b) CU_ASSERT_EQUAL((uint64_t)(a), (uint64_t)(b))

static struct machine *m;
static struct tsr_x86_state *s;

static void set_segment(unsigned n, unsigned selector)
{
	tsr_gla at = MACHINE_GDT + (selector & 0xfff8);
	uint32_t low = machine_peek(m, at, 4), high = machine_peek(m, at + 4, 4),
		 limit = (low & 0xffff) | (high & 0xf0000);

	s->segment[n] =
		(struct tsr_x86_segment){ (uint16_t)selector, (uint16_t)(high >> 8 & 0xf0ff),
					  high & 0x800000 ? limit << 12 | 0xfff : limit,
					  low >> 16 | (high & 0xff) << 16 | (high & 0xff000000) };
}

/* Protected mode at CODE in ring `cpl`, 32-bit; every exception has an interrupt gate to HANDLER +
 * 16 * vector. */
static void setup(unsigned cpl)
{
	machine_flat(m, cpl);
	machine_tables(m);
	for (unsigned v = 0; v < 32; v++)
		machine_idt(m, v, SEL_CODE0, HANDLER + 16 * v, 0x8e);
	set_segment(TSR_CS, cpl ? SEL_CODE3 : SEL_CODE0);
	for (unsigned i = 0; i < TSR_SEGMENTS; i++) {
		if (i != TSR_CS)
			set_segment(i, cpl ? SEL_DATA3 : SEL_DATA0);
	}
	s->eip = CODE;
	s->gpr[TSR_ESP] = USER_STACK;
	s->eflags = 0x202;
}

static uint32_t top(unsigned depth)
{
	return machine_peek(m, s->segment[TSR_SS].base + s->gpr[TSR_ESP] + 4 * depth, 4);
}

static bool at_handler(unsigned vector)
{
	return s->eip == HANDLER + 16 * vector && s->segment[TSR_CS].selector == SEL_CODE0;
}

static void expect_fault(unsigned vector, uint32_t code)
{
	CU_ASSERT(at_handler(vector));
	EQ(top(0), code);
	if (!at_handler(vector) || top(0) != code)
		printf("expected vector %u code %x; eip %x code %x\n", vector, code, s->eip,
		       top(0));
}

/* -- interrupts */
static void test_int_same_ring(void)
{
	setup(0);
	machine_idt(m, 0x40, SEL_CODE0, HANDLER, 0x8e);
	machine_code(m, CODE, "CD40");
	machine_code(m, HANDLER, "CF");
	machine_step(m, 1);
	EQ(s->eip, HANDLER);
	EQ(s->gpr[TSR_ESP], USER_STACK - 12);
	EQ(top(0), CODE + 2);
	EQ(top(1), SEL_CODE0);
	EQ(top(2), 0x202);
	EQ(s->eflags, 2);
	machine_step(m, 1);
	EQ(s->eip, CODE + 2);
	EQ(s->eflags, 0x202);
	EQ(s->gpr[TSR_ESP], USER_STACK);
}

static void test_int_from_ring3(void)
{
	setup(3);
	machine_idt(m, 0x80, SEL_CODE0, HANDLER, 0xef);
	machine_code(m, CODE, "CD80");
	machine_code(m, HANDLER, "CF");
	machine_step(m, 1);
	EQ(s->eip, HANDLER);
	EQ(s->cpl, 0);
	EQ(s->segment[TSR_SS].selector, SEL_DATA0);
	EQ(s->gpr[TSR_ESP], MACHINE_STACK0 - 20);
	EQ(top(0), CODE + 2);
	EQ(top(1), SEL_CODE3);
	EQ(top(2), 0x202);
	EQ(top(3), USER_STACK);
	EQ(top(4), SEL_DATA3);
	EQ(s->eflags, 0x202); /* a trap gate */
	machine_step(m, 1);
	EQ(s->cpl, 3);
	EQ(s->eip, CODE + 2);
	EQ(s->gpr[TSR_ESP], USER_STACK);
	EQ(s->segment[TSR_SS].selector, SEL_DATA3);
	EQ(s->segment[TSR_DS].selector, SEL_DATA3);
}

static void test_iret_drops_inner_segments(void)
{
	setup(0);
	machine_code(m, CODE, "CF");
	s->gpr[TSR_ESP] = USER_STACK - 20;
	machine_poke(m, USER_STACK - 20, 0x5000, 4);
	machine_poke(m, USER_STACK - 16, SEL_CODE3, 4);
	machine_poke(m, USER_STACK - 12, 0x202, 4);
	machine_poke(m, USER_STACK - 8, 0x31000, 4);
	machine_poke(m, USER_STACK - 4, SEL_DATA3, 4);
	machine_step(m, 1);
	EQ(s->eip, 0x5000);
	EQ(s->segment[TSR_DS].selector, 0);
	EQ(s->segment[TSR_DS].access & TSR_SEG_P, 0);
}

/* A 16-bit interrupt gate from ring 3 pushes five words on the 32-bit inner stack. */
static void test_int16_gate_from_ring3(void)
{
	setup(3);
	machine_idt(m, 0x80, SEL_CODE0, HANDLER, 0xe6);
	machine_code(m, CODE, "CD80");
	machine_step(m, 1);
	EQ(s->eip, HANDLER);
	EQ(s->gpr[TSR_ESP], MACHINE_STACK0 - 10);
	EQ(machine_peek(m, MACHINE_STACK0 - 10, 2), CODE + 2);
	EQ(machine_peek(m, MACHINE_STACK0 - 8, 2), SEL_CODE3);
	EQ(machine_peek(m, MACHINE_STACK0 - 6, 2), 0x202);
	EQ(machine_peek(m, MACHINE_STACK0 - 4, 2), USER_STACK & 0xffff);
	EQ(machine_peek(m, MACHINE_STACK0 - 2, 2), SEL_DATA3);
}

static void test_int_gate_dpl(void)
{
	setup(3);
	machine_idt(m, 0x41, SEL_CODE0, HANDLER, 0x8e);
	machine_code(m, CODE, "CD41");
	machine_step(m, 1);
	expect_fault(TSR_VECTOR_GP, 0x41 * 8 + 2);
	EQ(top(1), CODE);
	EQ(top(3), 0x10202); /* a fault sets RF */
}

static void test_int_gate_absent_and_beyond(void)
{
	setup(0);
	machine_idt(m, 0x41, SEL_CODE0, HANDLER, 0x0e);
	machine_code(m, CODE, "CD41");
	machine_step(m, 1);
	expect_fault(TSR_VECTOR_NP, 0x41 * 8 + 2);
	setup(0);
	s->idtr.limit = 0x1ff;
	machine_step(m, 1);
	expect_fault(TSR_VECTOR_GP, 0x41 * 8 + 2);
}

static void test_inner_stack_faults(void)
{
	setup(3);
	machine_idt(m, 0x80, SEL_CODE0, HANDLER, 0xee);
	machine_code(m, CODE, "CD80");
	machine_poke(m, MACHINE_TSS + 8, SEL_DATA3,
		     4); /* wrong DPL: #TS(selector); its own delivery meets the same: #DF */
	machine_idt(m, TSR_VECTOR_TS, SEL_CONFORMING, HANDLER + 0xa0, 0x8e);
	machine_step(m, 1);
	EQ(s->eip, HANDLER + 0xa0);
	EQ(top(0), SEL_DATA3 & ~3u);
	setup(3);
	machine_idt(m, 0x80, SEL_CODE0, HANDLER, 0xee);
	machine_poke(m, MACHINE_TSS + 8, SEL_DATA3, 4);
	machine_idt(m, TSR_VECTOR_DF, SEL_CONFORMING, HANDLER + 0x80, 0x8e);
	machine_step(m, 1);
	EQ(s->eip, HANDLER + 0x80);
	EQ(top(0), 0);
}

static void test_triple_fault(void)
{
	setup(0);
	s->idtr.limit = 0;
	machine_code(m, CODE, "0F0B");
	EQ(machine_step(m, 1), TSR_X86_SHUTDOWN);
}

static void test_external_interrupt_ext_bit(void)
{
	struct tsr_x86_fault f = { .vector = 0x50 };

	setup(0);
	machine_refresh(m);
	EQ(cpu_deliver(m->c, TSR_EVENT_EXTERNAL, &f), TSR_X86_DONE);
	expect_fault(TSR_VECTOR_GP, 0x50 * 8 + 3);
}

/* The first byte comes, and with it an event: the instruction stops between two iterations. */
static uint32_t port_with_event(struct machine *of, uint16_t port, unsigned width)
{
	atomic_fetch_or(&of->c->attention, ATT_KICK);
	return 0x5a;
}

/* RF in the saved EFLAGS: set when a REP instruction has done iterations and has more to do (SDM
 * volume 3, 17.3.1.1). */
static void test_external_interrupt_in_rep_saves_rf(void)
{
	struct tsr_x86_fault f = { .vector = 0x40 };

	for (unsigned started = 0; started < 2; started++) {
		setup(0);
		machine_idt(m, 0x40, SEL_CODE0, HANDLER, 0x8e);
		machine_code(m, CODE, "F36C"); /* rep insb */
		s->gpr[TSR_ECX] = 3;
		s->gpr[TSR_EDI] = 0x5000;
		m->port_read = port_with_event;
		machine_refresh(m);
		if (started)
			machine_step(m, 1);
		m->port_read = NULL;
		EQ(s->gpr[TSR_ECX], started ? 2 : 3);
		EQ(s->eip, CODE);
		atomic_store(&m->c->attention, 0);
		EQ(cpu_deliver(m->c, TSR_EVENT_EXTERNAL, &f), TSR_X86_DONE);
		EQ(s->eip, HANDLER);
		EQ(top(0), CODE);
		EQ(top(2) & TSR_FLAG_RF, started ? TSR_FLAG_RF : 0);
	}
}

/* -- call gates */
static void test_call_gate32_parameters(void)
{
	setup(3);
	machine_gate(m, MACHINE_GDT + SEL_FREE, SEL_CODE0, HANDLER, 0xec, 2);
	machine_code(m, CODE, "9A 00000000 6300"); /* offset ignored */
	machine_code(m, HANDLER, "CA 0800");
	s->gpr[TSR_ESP] = USER_STACK - 8;
	machine_poke(m, USER_STACK - 8, 0x11111111, 4);
	machine_poke(m, USER_STACK - 4, 0x22222222, 4);
	machine_step(m, 1);
	EQ(s->eip, HANDLER);
	EQ(s->cpl, 0);
	EQ(s->gpr[TSR_ESP], MACHINE_STACK0 - 24);
	EQ(top(0), CODE + 7);
	EQ(top(1), SEL_CODE3);
	EQ(top(2), 0x11111111);
	EQ(top(3), 0x22222222);
	EQ(top(4), USER_STACK - 8);
	EQ(top(5), SEL_DATA3);
	machine_step(m, 1);
	EQ(s->cpl, 3);
	EQ(s->eip, CODE + 7);
	EQ(s->gpr[TSR_ESP], USER_STACK);
}

static void test_call_gate16_parameters(void)
{
	setup(3);
	machine_gate(m, MACHINE_GDT + SEL_FREE, SEL_CODE0, HANDLER, 0xe4, 1);
	machine_code(m, CODE, "9A 00000000 6300");
	s->gpr[TSR_ESP] = USER_STACK - 2;
	machine_poke(m, USER_STACK - 2, 0x1234, 2);
	machine_step(m, 1);
	EQ(s->gpr[TSR_ESP], MACHINE_STACK0 - 10);
	EQ(machine_peek(m, MACHINE_STACK0 - 10, 2), CODE + 7);
	EQ(machine_peek(m, MACHINE_STACK0 - 8, 2), SEL_CODE3);
	EQ(machine_peek(m, MACHINE_STACK0 - 6, 2), 0x1234);
	EQ(machine_peek(m, MACHINE_STACK0 - 4, 2), (USER_STACK - 2) & 0xffff);
}

static void test_jmp_gate_inner_refused(void)
{
	setup(3);
	machine_gate(m, MACHINE_GDT + SEL_FREE, SEL_CODE0, HANDLER, 0xec, 0);
	machine_code(m, CODE, "EA 00000000 6300");
	machine_step(m, 1);
	expect_fault(TSR_VECTOR_GP, SEL_CODE0);
}

static void test_far_jump_to_conforming(void)
{
	setup(3);
	machine_code(m, CODE, "EA 00500000 5000");
	machine_step(m, 1);
	EQ(s->eip, 0x5000);
	EQ(s->segment[TSR_CS].selector, SEL_CONFORMING | 3);
	EQ(s->cpl, 3);
}

static void test_far_jump_to_inner_refused(void)
{
	setup(3);
	machine_code(m, CODE, "EA 00500000 0800");
	machine_step(m, 1);
	expect_fault(TSR_VECTOR_GP, SEL_CODE0);
}

/* -- tasks */
#define NEW_TSS 0x14000u

static void setup_task(unsigned type)
{
	bool wide = type & 8;

	machine_descriptor(m, SEL_FREE, NEW_TSS, 0x67, 0x80 | type);
	memset(m->ram + NEW_TSS, 0, 0x68);
	if (wide) {
		machine_poke(m, NEW_TSS + 32, 0x6000, 4);
		machine_poke(m, NEW_TSS + 36, 0x3202, 4);
		for (unsigned i = 0; i < 8; i++)
			machine_poke(m, NEW_TSS + 40 + 4 * i, 0x1000000 * (i + 1), 4);
		machine_poke(m, NEW_TSS + 56, 0x40000, 4);
		for (unsigned i = 0; i < 6; i++)
			machine_poke(m, NEW_TSS + 72 + 4 * i, i == TSR_CS ? SEL_CODE0 : SEL_DATA0,
				     4);
	} else {
		machine_poke(m, NEW_TSS + 14, 0x6000, 2);
		machine_poke(m, NEW_TSS + 16, 0x202, 2);
		for (unsigned i = 0; i < 8; i++)
			machine_poke(m, NEW_TSS + 18 + 2 * i, 0x101 * (i + 1), 2);
		machine_poke(m, NEW_TSS + 26, 0x8000, 2);
		for (unsigned i = 0; i < 4; i++)
			machine_poke(m, NEW_TSS + 34 + 2 * i,
				     i == TSR_CS ? SEL_CODE0_16 : SEL_DATA0_16, 2);
	}
}

static void test_task_jmp32(void)
{
	setup(0);
	setup_task(9);
	s->gpr[TSR_EBX] = 0xabcdef01;
	machine_code(m, CODE, "EA 00000000 6000");
	machine_step(m, 1);
	EQ(s->eip, 0x6000);
	EQ(s->gpr[TSR_ECX], 0x2000000);
	EQ(s->gpr[TSR_ESP], 0x40000);
	EQ(s->eflags, 0x3202);
	EQ(s->tr.selector, SEL_FREE);
	EQ(s->tr.access & 0xf, 11);
	CU_ASSERT(s->cr0 & TSR_CR0_TS);
	EQ(machine_peek(m, MACHINE_TSS + 32, 4), CODE + 7);
	EQ(machine_peek(m, MACHINE_TSS + 52, 4), 0xabcdef01);
	EQ(machine_peek(m, MACHINE_GDT + SEL_FREE + 5, 1), 0x8b); /* busy */
	EQ(machine_peek(m, MACHINE_GDT + SEL_TSS + 5, 1), 0x89);  /* free */
}

static void test_task_call_and_iret(void)
{
	setup(0);
	setup_task(9);
	machine_code(m, CODE, "9A 00000000 6000");
	machine_code(m, 0x6000, "CF");
	machine_step(m, 1);
	EQ(s->eip, 0x6000);
	CU_ASSERT(s->eflags & TSR_FLAG_NT);
	EQ(machine_peek(m, NEW_TSS, 2), SEL_TSS);
	EQ(machine_peek(m, MACHINE_GDT + SEL_TSS + 5, 1), 0x8b);
	machine_step(m, 1);
	EQ(s->eip, CODE + 7);
	EQ(s->tr.selector, SEL_TSS);
	EQ(s->gpr[TSR_ESP], USER_STACK);
	EQ(machine_peek(m, MACHINE_GDT + SEL_FREE + 5, 1), 0x89);
	EQ(machine_peek(m, NEW_TSS + 32, 4), 0x6001);
	EQ(machine_peek(m, NEW_TSS + 36, 4) & TSR_FLAG_NT, 0);
}

static void test_task_jmp16(void)
{
	setup(0);
	setup_task(1);
	machine_code(m, CODE, "EA 00000000 6000");
	machine_step(m, 1);
	EQ(s->eip, 0x6000);
	EQ(s->gpr[TSR_ECX] & 0xffff, 0x202);
	EQ(s->segment[TSR_CS].selector, SEL_CODE0_16);
	EQ(s->segment[TSR_FS].selector, 0);
}

static void test_task_gate_with_error_code(void)
{
	setup(0);
	setup_task(9);
	machine_gate(m, MACHINE_IDT + 8 * TSR_VECTOR_GP, SEL_FREE, 0, 0x85, 0);
	machine_code(m, CODE, "8EC0"); /* mov es, ax */
	s->gpr[TSR_EAX] = 0x2f8;
	machine_descriptor(m, 0x2f8, 0, 0, 0); /* not present, and a system type */
	machine_step(m, 1);
	EQ(s->eip, 0x6000);
	EQ(s->gpr[TSR_ESP], 0x40000 - 4);
	EQ(top(0), 0x2f8);
	EQ(machine_peek(m, MACHINE_TSS + 32, 4), CODE); /* the faulting instruction */
}

static void test_task_busy_refused(void)
{
	setup(0);
	setup_task(11);
	machine_code(m, CODE, "EA 00000000 6000");
	machine_step(m, 1);
	expect_fault(TSR_VECTOR_GP, SEL_FREE);
}

static void test_task_bad_ss_faults_in_new_task(void)
{
	setup(0);
	setup_task(9);
	machine_poke(m, NEW_TSS + 72 + 4 * TSR_SS, SEL_DATA3, 4);
	machine_poke(m, NEW_TSS + 4, MACHINE_STACK0, 4);
	machine_poke(m, NEW_TSS + 8, SEL_DATA0, 4);
	machine_gate(m, MACHINE_IDT + 8 * TSR_VECTOR_TS, SEL_TSS, 0, 0x85,
		     0); /* back into the old task, which is free again */
	machine_code(m, CODE, "EA 00000000 6000");
	machine_step(m, 1);
	EQ(s->tr.selector, SEL_TSS);
	EQ(machine_peek(m, NEW_TSS + 32, 4), 0x6000);
	EQ(top(0), SEL_DATA3 & ~3u);
}

/* -- virtual-8086 mode */
static void setup_v86(unsigned iopl_value)
{
	setup(0);
	s->eflags = 0x20202 | iopl_value << 12;
	s->cpl = 3;
	for (unsigned i = 0; i < TSR_SEGMENTS; i++)
		s->segment[i] = (struct tsr_x86_segment){ 0x100, 0xf3, 0xffff, 0x1000 };
	s->eip = 0x10;
	s->gpr[TSR_ESP] = 0x800;
}

static void test_v86_fault_and_iret(void)
{
	setup_v86(0);
	machine_code(m, 0x1010, "FA"); /* cli: #GP(0) */
	machine_code(m, HANDLER + 16 * TSR_VECTOR_GP, "83C404 CF");
	machine_step(m, 1);
	expect_fault(TSR_VECTOR_GP, 0);
	EQ(s->cpl, 0);
	EQ(s->eflags & TSR_FLAG_VM, 0);
	EQ(s->gpr[TSR_ESP], MACHINE_STACK0 - 40);
	EQ(top(1), 0x10);
	EQ(top(2), 0x100);
	EQ(top(3), 0x30202);
	EQ(top(4), 0x800);
	EQ(top(5), 0x100);
	EQ(top(9), 0x100);
	EQ(s->segment[TSR_DS].selector, 0);
	machine_step(m, 2);
	EQ(s->eip, 0x10);
	CU_ASSERT(s->eflags & TSR_FLAG_VM);
	EQ(s->segment[TSR_DS].base, 0x1000);
	EQ(s->gpr[TSR_ESP], 0x800);
	EQ(s->cpl, 3);
}

static void test_v86_int_by_iopl(void)
{
	setup_v86(3);
	machine_idt(m, 0x21, SEL_CODE0, HANDLER, 0xee);
	machine_code(m, 0x1010, "CD21");
	machine_step(m, 1);
	EQ(s->eip, HANDLER);
	EQ(top(0), 0x12);
	setup_v86(0);
	machine_step(m, 1);
	expect_fault(TSR_VECTOR_GP, 0);
}

static void test_v86_vme_redirection(void)
{
	setup_v86(0);
	s->cr4 |= TSR_CR4_VME;
	machine_poke(m, MACHINE_TSS + 0x66, 0x68 + 32,
		     2); /* the redirection map, all clear, lies at 68h */
	memset(m->ram + MACHINE_TSS + 0x68, 0, 32);
	machine_poke(m, 0x21 * 4, 0x01000040, 4);
	machine_code(m, 0x1010, "CD21");
	machine_step(m, 1);
	EQ(s->eip, 0x40);
	EQ(s->segment[TSR_CS].base, 0x1000);
	EQ(s->gpr[TSR_ESP], 0x800 - 6);
	EQ(machine_peek(m, 0x1000 + 0x800 - 6, 2), 0x12);
	EQ(machine_peek(m, 0x1000 + 0x800 - 2, 2), 0x3002);
	CU_ASSERT(s->eflags & TSR_FLAG_VM);
}

static void test_v86_no_protected_instructions(void)
{
	setup_v86(3);
	machine_code(m, 0x1010, "0F00C8"); /* str ax */
	machine_step(m, 1);
	CU_ASSERT(at_handler(TSR_VECTOR_UD));
}

/* -- real mode */
static void test_real_mode_int(void)
{
	machine_real(m);
	s->segment[TSR_SS].base = 0x4000;
	s->segment[TSR_SS].selector = 0x400;
	s->gpr[TSR_ESP] = 0x12340100;
	s->eip = 0x600;
	s->eflags = 0x246;
	machine_poke(m, 0x10 * 4, 0xf0001234, 4);
	machine_code(m, 0x600, "CD10");
	machine_step(m, 1);
	EQ(s->eip, 0x1234);
	EQ(s->segment[TSR_CS].base, 0xf0000);
	EQ(s->gpr[TSR_ESP], 0x123400fa);
	EQ(machine_peek(m, 0x40fa, 2), 0x602);
	EQ(machine_peek(m, 0x40fe, 2), 0x246);
	EQ(s->eflags, 0x46);
}

static void test_real_mode_limit_fault(void)
{
	machine_real(m);
	machine_poke(m, 13 * 4, 0x00000700, 4);
	s->eip = 0x600;
	s->gpr[TSR_ESP] = 0x800;
	machine_code(m, 0x600, "A1FFFF"); /* mov ax, [ffff] */
	machine_step(m, 1);
	EQ(s->eip, 0x700);
	EQ(s->gpr[TSR_ESP], 0x7fa); /* no error code */
	EQ(machine_peek(m, 0x7fa, 2), 0x600);
}

/* -- SYSENTER */
static void test_sysenter_sysexit(void)
{
	setup(3);
	s->sysenter_cs = SEL_CODE0;
	s->sysenter_esp = 0x22000;
	s->sysenter_eip = HANDLER;
	machine_code(m, CODE, "0F34");
	machine_code(m, HANDLER, "0F35");
	machine_step(m, 1);
	EQ(s->cpl, 0);
	EQ(s->eip, HANDLER);
	EQ(s->segment[TSR_SS].selector, SEL_CODE0 + 8);
	EQ(s->gpr[TSR_ESP], 0x22000);
	EQ(s->eflags & TSR_FLAG_IF, 0);
	s->gpr[TSR_ECX] = USER_STACK;
	s->gpr[TSR_EDX] = 0x5000;
	machine_step(m, 1);
	EQ(s->cpl, 3);
	EQ(s->eip, 0x5000);
	EQ(s->segment[TSR_CS].selector, SEL_CODE0 + 16 + 3);
	s->sysenter_cs = 0;
	s->eip = CODE;
	machine_step(m, 1);
	expect_fault(TSR_VECTOR_GP, 0);
}

int main(void)
{
	/* clang-format off */
	static const CU_TestInfo tests[] = {
		UNIT_ROW(test_int_same_ring), UNIT_ROW(test_int_from_ring3), UNIT_ROW(test_iret_drops_inner_segments),
		UNIT_ROW(test_int16_gate_from_ring3), UNIT_ROW(test_int_gate_dpl), UNIT_ROW(test_int_gate_absent_and_beyond),
		UNIT_ROW(test_inner_stack_faults), UNIT_ROW(test_triple_fault), UNIT_ROW(test_external_interrupt_ext_bit),
		UNIT_ROW(test_external_interrupt_in_rep_saves_rf),
		UNIT_ROW(test_call_gate32_parameters), UNIT_ROW(test_call_gate16_parameters), UNIT_ROW(test_jmp_gate_inner_refused),
		UNIT_ROW(test_far_jump_to_conforming), UNIT_ROW(test_far_jump_to_inner_refused), UNIT_ROW(test_task_jmp32),
		UNIT_ROW(test_task_call_and_iret), UNIT_ROW(test_task_jmp16), UNIT_ROW(test_task_gate_with_error_code), UNIT_ROW(test_task_busy_refused),
		UNIT_ROW(test_task_bad_ss_faults_in_new_task), UNIT_ROW(test_v86_fault_and_iret), UNIT_ROW(test_v86_int_by_iopl),
		UNIT_ROW(test_v86_vme_redirection), UNIT_ROW(test_v86_no_protected_instructions), UNIT_ROW(test_real_mode_int),
		UNIT_ROW(test_real_mode_limit_fault), UNIT_ROW(test_sysenter_sysexit), CU_TEST_INFO_NULL,
	};
	/* clang-format on */

	m = machine_new(NULL);
	s = &m->state;
	int status = unit_run("transfers", tests);

	machine_free(m);
	return status;
}
