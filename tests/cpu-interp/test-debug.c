/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Single step, breakpoints, shadows, pins: what happens between two instructions. */
#include <CUnit/Basic.h>

#include "machine.h"
#include "unit.h"

#define CODE 0x1000u
#define HANDLER 0x2000u
#define STACK 0x30000u
#define EQ(a, b) CU_ASSERT_EQUAL((uint64_t)(a), (uint64_t)(b))

static struct machine *m;
static struct tsr_x86_state *s;

static void setup(const char *code)
{
	machine_flat(m, 0);
	machine_tables(m);
	for (unsigned v = 0; v < 256; v++)
		machine_idt(m, v, SEL_CODE0, HANDLER + 16 * v, 0x8e);
	memset(m->ram + HANDLER, 0x90, 16 * 256);
	for (unsigned i = 0; i < TSR_SEGMENTS; i++)
		s->segment[i].selector = i == TSR_CS ? SEL_CODE0 : SEL_DATA0;
	s->eip = CODE;
	s->gpr[TSR_ESP] = STACK;
	m->c->has_pins = false;
	m->c->pins = 0;
	s->debug_pending = 0;
	memset(m->ram + CODE, 0x90, 64);
	machine_code(m, CODE, code);
}

static bool at(unsigned vector)
{
	return s->eip == HANDLER + 16 * vector;
}

static uint32_t pushed_eip(void)
{
	return machine_peek(m, s->gpr[TSR_ESP], 4);
}

static void test_single_step(void)
{
	setup("40 40");
	s->eflags |= TSR_FLAG_TF;
	machine_step(m, 1);
	EQ(s->eip, CODE + 1); /* the trap is pending */
	machine_step(m, 1);
	CU_ASSERT(s->eip == HANDLER + 16 + 1); /* delivered, and the handler's NOP ran */
	EQ(pushed_eip(), CODE + 1);
	EQ(s->dr[6], 0xffff4ff0);
	EQ(machine_peek(m, s->gpr[TSR_ESP] + 8, 4), 2 | TSR_FLAG_TF);
	EQ(s->eflags & TSR_FLAG_TF, 0);
}

static void test_popf_sets_tf_after_next(void)
{
	setup("9D 40 40");
	s->gpr[TSR_ESP] = STACK - 4;
	machine_poke(m, STACK - 4, 0x102, 4);
	machine_step(m, 3);
	EQ(pushed_eip(), CODE + 2);
	EQ(s->gpr[TSR_EAX], 1);
}

static void test_int_swallows_step(void)
{
	setup("CD40");
	s->eflags |= TSR_FLAG_TF;
	machine_step(m, 2);
	EQ(s->eip, HANDLER + 16 * 0x40 + 1);
}

static void test_step_over_rep(void)
{
	setup("F3AA 40");
	s->gpr[TSR_ECX] = 3;
	s->gpr[TSR_EDI] = 0x5000;
	s->eflags |= TSR_FLAG_TF;
	m->c->has_pins = true; /* go on over a partial REP */
	machine_step(m, 1);
	EQ(s->gpr[TSR_ECX], 2);
	EQ(pushed_eip(), CODE); /* between iterations */
}

static void test_mov_ss_holds_trap(void)
{
	setup("8ED0 40 40"); /* mov ss, ax */
	s->gpr[TSR_EAX] = SEL_DATA0;
	s->eflags |= TSR_FLAG_TF;
	machine_step(m, 3);
	EQ(pushed_eip(), CODE + 3);
}

static void test_breakpoint_execute(void)
{
	setup("40 40 40");
	s->dr[0] = CODE + 1;
	s->dr[7] = 0x401;
	machine_step(m, 2);
	EQ(s->gpr[TSR_EAX], 1);
	CU_ASSERT(at(1));
	EQ(s->dr[6], 0xffff0ff1);
	EQ(pushed_eip(), CODE + 1);
	/* With RF in the image it goes on once. */
	machine_code(m, HANDLER + 16, "CF");
	machine_poke(m, s->gpr[TSR_ESP] + 8, 0x10002, 4);
	machine_step(m, 2);
	EQ(s->gpr[TSR_EAX], 2);
	EQ(s->eflags & TSR_FLAG_RF, 0);
}

static void test_breakpoint_write(void)
{
	setup("A300500000 40"); /* mov [5000], eax */
	s->dr[1] = 0x5002;
	s->dr[7] = 0x400 | 1 << 2 | 1 << 20; /* one byte, writes */
	machine_step(m, 2);
	EQ(pushed_eip(), CODE + 5);
	EQ(s->dr[6], 0xffff0ff2);
}

static void test_breakpoint_read_not_write(void)
{
	setup("A100500000 40"); /* mov eax, [5000] */
	s->dr[1] = 0x5000;
	s->dr[7] = 0x400 | 1 << 2 | 1 << 20;
	machine_step(m, 2);
	EQ(s->eip, CODE + 6);
	setup("A100500000 40");
	s->dr[1] = 0x5000;
	s->dr[7] = 0x400 | 1 << 2 | 3 << 20;
	machine_step(m, 2);
	EQ(pushed_eip(), CODE + 5);
}

static void test_breakpoint_port(void)
{
	setup("E460 40");
	s->cr4 |= TSR_CR4_DE;
	s->dr[3] = 0x60;
	s->dr[7] = 0x400 | 1 << 6 | 2 << 28;
	machine_step(m, 2);
	EQ(pushed_eip(), CODE + 2);
	EQ(s->dr[6], 0xffff0ff8);
}

static void test_general_detect(void)
{
	setup("0F21C0"); /* mov eax, dr0 */
	s->dr[7] = 0x2400;
	machine_step(m, 1);
	CU_ASSERT(at(1));
	EQ(pushed_eip(), CODE);
	EQ(s->dr[6], 0xffff2ff0);
	EQ(s->dr[7], 0x400);
}

static void test_icebp(void)
{
	setup("F1");
	machine_step(m, 1);
	CU_ASSERT(at(1));
	EQ(pushed_eip(), CODE + 1);
}

/* -- pins */
static int acknowledged;

static int acknowledge(void *self)
{
	acknowledged++;
	return 0x50;
}

static const struct tsr_intack intack = { .size = sizeof(intack), .acknowledge = acknowledge };

static void setup_pins(const char *code, uint32_t pins)
{
	setup(code);
	m->c->has_pins = true;
	m->c->pins = pins;
	m->c->intack = &intack;
	acknowledged = 0;
}

static void test_interrupt_taken(void)
{
	setup_pins("40", 1u << TSR_CPU_INTR);
	s->eflags |= TSR_FLAG_IF;
	machine_step(m, 1);
	EQ(s->eip, HANDLER + 16 * 0x50 + 1);
	EQ(s->gpr[TSR_EAX], 0);
	EQ(acknowledged, 1);
	EQ(pushed_eip(), CODE);
}

static void test_interrupt_masked(void)
{
	setup_pins("40", 1u << TSR_CPU_INTR);
	machine_step(m, 1);
	EQ(s->gpr[TSR_EAX], 1);
	EQ(acknowledged, 0);
}

static void test_sti_shadow(void)
{
	setup_pins("FB 40 40", 1u << TSR_CPU_INTR);
	machine_step(m, 3);
	EQ(s->gpr[TSR_EAX], 1); /* one instruction after STI */
	EQ(acknowledged, 1);
	EQ(pushed_eip(), CODE + 2);
}

static void test_sti_cli_takes_none(void)
{
	setup_pins("FB FA 40 40", 1u << TSR_CPU_INTR);
	machine_step(m, 4);
	EQ(acknowledged, 0);
	EQ(s->gpr[TSR_EAX], 2);
}

static void test_mov_ss_shadow_holds_nmi(void)
{
	setup_pins("8ED0 40 40", 0);
	s->gpr[TSR_EAX] = SEL_DATA0;
	machine_step(m, 1);
	s->nmi_pending = 1;
	machine_step(m, 1);
	EQ(s->eip, CODE + 3);
	machine_step(m, 1);
	EQ(s->eip, HANDLER + 16 * 2 + 1);
	EQ(s->nmi_blocked, 1);
}

/* The first instruction of an NMI's handler is done, IRET is the next, and another NMI waits. */
static void in_nmi_handler(const char *code)
{
	setup_pins(code, 0);
	s->nmi_pending = 1;
	machine_code(m, HANDLER + 32, "40 CF");
	machine_step(m, 1);
	s->nmi_pending = 1;
}

static void test_nmi_blocks_until_iret(void)
{
	in_nmi_handler("40");
	machine_step(m, 1); /* IRET */
	EQ(s->nmi_blocked, 0);
	machine_step(m, 1);
	EQ(s->eip, HANDLER + 32 + 1);
}

static void test_nmi_comes_right_after_iret(void)
{
	in_nmi_handler("40 40 40");
	machine_step(m, 2); /* IRET, and the handler's first again */
	EQ(s->eip, HANDLER + 32 + 1);
	EQ(pushed_eip(), CODE);
}

static void test_dr6_tells_of_one_exception(void)
{
	setup("F1 90 90");
	s->dr[6] = 0xffff0ff0 | 1 << 14 | 3; /* of earlier ones */
	machine_step(m, 1);
	EQ(s->dr[6], 0xffff0ff0 | 1 << 14);
	setup("90 90 90");
	s->dr[6] = 0xffff0ff0 | 2;
	s->dr[0] = CODE + 1;
	s->dr[7] = 0x402;
	machine_step(m, 2);
	EQ(s->dr[6], 0xffff0ff0 | 1);
	s->dr[7] = 0x400;
}

/* A data breakpoint that MOV SS holds off, and INT1 is the next: one #DB for both. */
static void test_held_breakpoint_joins_icebp(void)
{
	setup("8E1500500000 F1 40");
	machine_poke(m, 0x5000, SEL_DATA0, 2);
	s->dr[6] = 0xffff0ff0;
	s->dr[1] = 0x5000;
	s->dr[7] = 0x400 | 3 << 2 | 3 << 20; /* read or write, one byte */
	machine_step(m, 3);
	EQ(s->eip, HANDLER + 16 + 1);
	EQ(s->gpr[TSR_ESP], STACK - 12);
	EQ(pushed_eip(), CODE + 7);
	EQ(s->dr[6], 0xffff0ff0 | 2);
	s->dr[7] = 0x400;
}

static void test_halt_wakes(void)
{
	setup_pins("FB F4 40", 0);
	EQ(machine_step(m, 5), TSR_X86_HALT);
	EQ(s->halted, 1);
	m->c->pins = 1u << TSR_CPU_INTR;
	machine_step(m, 1);
	EQ(s->halted, 0);
	EQ(pushed_eip(), CODE + 2);
}

static void test_halt_with_interrupt_waiting(void)
{
	setup_pins("FB F4 40", 1u << TSR_CPU_INTR);
	EQ(machine_step(m, 3), TSR_X86_DONE);
	EQ(acknowledged, 1);
	EQ(s->halted, 0);
	EQ(pushed_eip(), CODE + 2);
}

static void test_rep_interrupted(void)
{
	setup_pins("F3A4", 0);
	s->gpr[TSR_ECX] = 4;
	s->gpr[TSR_ESI] = 0x5000;
	s->gpr[TSR_EDI] = 0x6000;
	s->eflags |= TSR_FLAG_IF;
	s->shadow = TSR_SHADOW_STI; /* the first iteration comes before the interrupt */
	m->c->pins = 1u << TSR_CPU_INTR;
	machine_step(m, 1);
	EQ(s->gpr[TSR_ECX], 3);
	EQ(pushed_eip(), CODE);
	EQ(acknowledged, 1);
}

int main(void)
{
	/* clang-format off */
	static const CU_TestInfo tests[] = {
		UNIT_ROW(test_single_step), UNIT_ROW(test_popf_sets_tf_after_next), UNIT_ROW(test_int_swallows_step), UNIT_ROW(test_step_over_rep),
		UNIT_ROW(test_mov_ss_holds_trap), UNIT_ROW(test_breakpoint_execute), UNIT_ROW(test_breakpoint_write),
		UNIT_ROW(test_breakpoint_read_not_write), UNIT_ROW(test_breakpoint_port), UNIT_ROW(test_general_detect), UNIT_ROW(test_icebp),
		UNIT_ROW(test_interrupt_taken), UNIT_ROW(test_interrupt_masked), UNIT_ROW(test_sti_shadow), UNIT_ROW(test_sti_cli_takes_none),
		UNIT_ROW(test_mov_ss_shadow_holds_nmi), UNIT_ROW(test_nmi_blocks_until_iret), UNIT_ROW(test_nmi_comes_right_after_iret),
		UNIT_ROW(test_dr6_tells_of_one_exception), UNIT_ROW(test_held_breakpoint_joins_icebp),
		UNIT_ROW(test_halt_wakes), UNIT_ROW(test_halt_with_interrupt_waiting),
		UNIT_ROW(test_rep_interrupted),
		CU_TEST_INFO_NULL,
	};
	/* clang-format on */

	m = machine_new(NULL);
	s = &m->state;
	int status = unit_run("between instructions", tests);

	machine_free(m);
	return status;
}
