/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Code of user level without checks: a page fault finds the state as it was before the instruction,
 * also where translated code has put something off until later. Each program runs in both engines.
 */
#include <string.h>

#include <CUnit/Basic.h>

#include <tessera/draft/x86-facts.h>
#include <tessera/draft/x86-state.h>

#include "rig.h"
#include "unit.h"

#define CODE 0x10000u
#define DATA 0x20000u /* a page between two that are absent */
#define DIRECTORY 0x30000u
#define TABLE 0x31000u
#define KERNEL_STACK 0x8000u

static const char *const options = "window,unchecked";

struct program {
	const char *what;
	uint8_t code[32];
	uint32_t esp, ebx, ecx;
	uint32_t fault,
		cr2; /* EIP from CODE on, and address, of the page fault; 0: HLT is what faults */
};

/* clang-format off */
static const struct program programs[] = {
	{ "the third of four PUSHes", { 0x50, 0x51, 0x52, 0x53, 0xf4 }, DATA + 8, 0, 0, 2, DATA - 4 },
	{ "the third of four POPs", { 0x58, 0x59, 0x5a, 0x5b, 0xf4 }, DATA + 0xff8, 0, 0, 2, DATA + 0x1000 },
	{ "RET behind a POP", { 0x58, 0xc3, 0xf4 }, DATA + 0xffc, 0, 0, 1, DATA + 0x1000 },
	{ "CALL behind a PUSH", { 0x50, 0xe8, 0, 0, 0, 0, 0xf4 }, DATA + 4, 0, 0, 1, DATA - 4 },
	/* add ecx, ecx; mov eax, [ebx]; jc 0; hlt */
	{ "flags of the instruction before", { 0x01, 0xc9, 0x8b, 0x03, 0x72, 0xfa, 0xf4 }, DATA + 0x800, DATA + 0x1000, 0x80000000, 2, DATA + 0x1000 },
	/* dec ecx; mov [ebx], ecx; lea ebx, [ebx + 4]; jnz 0; hlt */
	{ "a loop that leaves its page", { 0x49, 0x89, 0x0b, 0x8d, 0x5b, 0x04, 0x75, 0xf8, 0xf4 }, DATA + 0x800, DATA + 0xff0, 100, 1, DATA + 0x1000 },
	/* xor [ebx], ecx; dec ecx; lea ebx, [ebx + 4]; jmp 0 */
	{ "a loop whose flags are its last round's", { 0x31, 0x0b, 0x49, 0x8d, 0x5b, 0x04, 0x75, 0xf8, 0xf4 }, DATA + 0x800, DATA + 0xff0, 100, 0, DATA + 0x1000 },
	{ "an operand in two pages", { 0x89, 0x0b, 0xf4 }, DATA + 0x800, DATA + 0xffe, 5, 0, DATA + 0x1000 },
	{ "a register's second byte", { 0x88, 0x2b, 0xf4 }, DATA + 0x800, DATA + 0x1000, 0x1234, 0, DATA + 0x1000 }, /* mov [ebx], ch */
	/* fld1; fld1; fadd qword [ebx]; hlt */
	{ "x87 pointers that are not written yet", { 0xd9, 0xe8, 0xd9, 0xe8, 0xdc, 0x03, 0xf4 }, DATA + 0x800, DATA + 0x1000, 0, 4, DATA + 0x1000 },
	/* fld1; movd [ebx], mm0; hlt */
	{ "an MMX register", { 0xd9, 0xe8, 0x0f, 0x7e, 0x03, 0xf4 }, DATA + 0x800, DATA + 0x1000, 0, 2, DATA + 0x1000 },
	{ "an address that wraps", { 0x8b, 0x43, 0x10, 0xf4 }, DATA + 0x800, 0xfffffff8, 0, 3, 0 }, /* mov eax, [ebx + 16]: there is memory */
	/* mov eax, [ebx + 0x20000000]; hlt */
	{ "a sum beyond 32 bits", { 0x8b, 0x83, 0, 0, 0, 0x20, 0xf4 }, DATA + 0x800, DATA + 0x10 - 0x20000000, 0, 6, 0 },
	/* mov [ebx*8 + DATA + 16], ecx; hlt */
	{ "an index beyond 32 bits", { 0x89, 0x0c, 0xdd, 0x10, 0x00, 0x02, 0x00, 0xf4 }, DATA + 0x800, 0xfffffffe, 5, 7, 0 },
	/* mov eax, [ebx*8 + 0x70000000]; hlt */
	{ "an index far beyond 32 bits", { 0x8b, 0x04, 0xdd, 0, 0, 0, 0x70, 0xf4 }, DATA + 0x800, 0xfffffffe, 0, 0, 0x6ffffff0 },
	/* mov eax, [ebx - 0x7fff0000]; hlt */
	{ "a sum below 0", { 0x8b, 0x83, 0x00, 0x00, 0x01, 0x80, 0xf4 }, DATA + 0x800, 0x100, 0, 0, 0x80010100 },
};
/* clang-format on */

static void put32(struct rig *rig, uint32_t at, uint32_t value)
{
	memcpy(rig->ram + at, &value, sizeof(value));
}

static void set_up(struct rig *rig, const struct program *p)
{
	struct tsr_x86_state s;
	struct tsr_error error;

	put32(rig, DIRECTORY, TABLE | 7);
	for (uint32_t i = 0; i < 1024; i++)
		put32(rig, TABLE + 4 * i, i << 12 | 7);
	put32(rig, TABLE + 4 * ((DATA - 0x1000) >> 12), 0);
	put32(rig, TABLE + 4 * ((DATA + 0x1000) >> 12), 0);
	memset(rig->ram + DATA, 0x11, 0x1000);
	memcpy(rig->ram + CODE, p->code, sizeof(p->code));
	rig->listener->written(rig->mmu.self, 0, RIG_RAM);
	rig_flat(rig, &s);
	s.cpl = 3;
	for (unsigned i = 0; i < TSR_SEGMENTS; i++) {
		s.segment[i].selector = i == TSR_CS ? 0x1b : 0x23;
		s.segment[i].access |= 0x60;
	}
	for (unsigned i = 0; i < 8; i++)
		s.gpr[i] = 0x01010101 * (i + 1);
	s.gpr[TSR_ESP] = p->esp;
	s.gpr[TSR_EBX] = p->ebx;
	s.gpr[TSR_ECX] = p->ecx;
	s.eip = CODE;
	s.cr0 |= TSR_CR0_PG | TSR_CR0_WP;
	s.cr3 = DIRECTORY;
	CU_ASSERT_TRUE(rig->cpu->set_state(rig->cpu_self, &s, &error));
}

static struct tsr_x86_state run(struct rig *rig, const struct program *p)
{
	struct tsr_x86_state s = { .size = sizeof(s) };

	set_up(rig, p);
	CU_ASSERT_EQUAL(rig_run(rig), TSR_CPU_HALTED);
	rig->cpu->get_state(rig->cpu_self, &s);
	return s;
}

static uint32_t frame_word(const struct rig *rig, const struct tsr_x86_state *s, unsigned n)
{
	uint32_t word;

	memcpy(&word, rig->ram + s->gpr[TSR_ESP] + 4 * n, sizeof(word));
	return word;
}

static void compare(struct rig *a, struct rig *b, const struct program *p)
{
	struct tsr_x86_state x = run(a, p), y = run(b, p);

	if (memcmp(x.gpr, y.gpr, sizeof(x.gpr)) || x.eip != y.eip || x.eflags != y.eflags ||
	    memcmp(x.fx, y.fx, 160) || memcmp(a->ram, b->ram, RIG_RAM))
		CU_FAIL(p->what);
	CU_ASSERT_EQUAL(x.gpr[TSR_ESP], KERNEL_STACK - 24);
	CU_ASSERT_EQUAL(frame_word(a, &x, 1), CODE + p->fault);
	if (p->cr2)
		CU_ASSERT_EQUAL(x.cr2, p->cr2);
}

/* Twice: the second time the pages are mapped. */
static void faults_find_the_state_before_the_instruction(void)
{
	struct rig *a = rig_new(true, options), *b = rig_new(false, "");

	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < sizeof(programs) / sizeof(*programs); i++)
			compare(a, b, &programs[i]);
	CU_ASSERT(rig_stat(a, "blocks without checks") >= 8);
	CU_ASSERT(rig_stat(a, "signals of code without checks") >= 8);
	rig_free(a);
	rig_free(b);
}

/* A short loop's body comes several times in its block: it ends, or faults, in each of them. */
static void loop_ends_after(uint32_t rounds, bool faults)
{
	/* mov [ebx], ecx; lea ebx, [ebx + 4]; sub ecx, 1; jnz 0; hlt */
	struct program p = { "a loop that ends in any round",
			     { 0x89, 0x0b, 0x8d, 0x5b, 0x04, 0x83, 0xe9, 0x01, 0x75, 0xf6, 0xf4 },
			     .esp = DATA + 0x800,
			     .ebx = DATA,
			     .ecx = rounds,
			     .fault = 10 };
	struct rig *a = rig_new(true, options), *b = rig_new(false, "");

	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	if (faults) {
		p.ebx = DATA + 0x1000 - 4 * rounds;
		p.ecx = 100;
		p.fault = 0;
		p.cr2 = DATA + 0x1000;
	}
	compare(a, b, &p);
	CU_ASSERT(rig_stat(a, "blocks without checks") > 0);
	rig_free(a);
	rig_free(b);
}

static void a_loop_ends_in_any_round(void)
{
	for (uint32_t rounds = 1; rounds < 10; rounds++) {
		loop_ends_after(rounds, false);
		loop_ends_after(rounds, true);
	}
}

/* What is no plain memory is not asked for again and again by signals. */
static void a_block_that_uses_a_device_gets_checks(void)
{
	/* mov eax, [ebx]; dec ecx; jnz 0; hlt */
	static const struct program p = { "a device",
					  { 0x8b, 0x03, 0x49, 0x75, 0xfb, 0xf4 },
					  DATA + 0x800,
					  RIG_IO_BASE,
					  200,
					  0,
					  0 };
	struct rig *a = rig_new(true, options);
	struct tsr_x86_state s;

	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	s = run(a, &p);
	CU_ASSERT_EQUAL(s.gpr[TSR_ECX], 0);
	CU_ASSERT_EQUAL(a->io_reads, 200);
	CU_ASSERT_EQUAL(rig_stat(a, "blocks that got checks again"), 1);
	CU_ASSERT(rig_stat(a, "signals of code without checks") <= 2);
	rig_free(a);
}

/* A sum that the guest would have cut to 32 bits is found by a signal, but not again and again. */
static void a_block_whose_sums_wrap_cuts_them(void)
{
	/* mov eax, [ebx + 0x20000000]; dec ecx; jnz 0; hlt */
	static const struct program p = { "a sum beyond 32 bits",
					  { 0x8b, 0x83, 0, 0, 0, 0x20, 0x49, 0x75, 0xf7, 0xf4 },
					  DATA + 0x800,
					  DATA - 0x20000000,
					  200,
					  9,
					  0 };
	struct rig *a = rig_new(true, options), *b = rig_new(false, "");

	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	compare(a, b, &p);
	CU_ASSERT_EQUAL(rig_stat(a, "blocks that cut sums to 32 bits"), 1);
	CU_ASSERT_EQUAL(rig_stat(a, "blocks that got checks again"), 0);
	CU_ASSERT(rig_stat(a, "signals of code without checks") <= 3);
	rig_free(a);
	rig_free(b);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "faults find the state before the instruction",
		  faults_find_the_state_before_the_instruction },
		{ "a loop ends in any round", a_loop_ends_in_any_round },
		{ "a block that uses a device gets checks",
		  a_block_that_uses_a_device_gets_checks },
		{ "a block whose sums wrap cuts them", a_block_whose_sums_wrap_cuts_them },
		CU_TEST_INFO_NULL,
	};

	return unit_run("cpu-bt without checks", tests);
}
