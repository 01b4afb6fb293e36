/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A page of code at several linear addresses, as a library is in the processes that use it: blocks
 * of user level are made once and know from where they run. Each program runs in both engines. */
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include <tessera/draft/x86-facts.h>
#include <tessera/draft/x86-state.h>

#include "rig.h"
#include "unit.h"

#define CODE 0x10000u
#define STACK 0x20800u
#define STACK_IN_CODE (CODE + 0xf00) /* stores to its page are made by C */
#define ABSENT 0x28000u
#define FRAME 0x50000u  /* the page that is mapped at */
#define COPIES 0x6a000u /* and the pages behind, some of them beyond the next 64 KiB */
#define COPY_COUNT 12u
#define DIRECTORY 0x30000u
#define TABLE 0x31000u
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

struct bytes {
	const uint8_t *from, *to;
};

#define PROGRAM(name, text) \
	extern const uint8_t name##_start[], name##_end[]; \
	__asm__(".pushsection .rodata\n\t.code32\n" #name "_start:\n" text "\n" #name \
		"_end:\n\t.code64\n\t.popsection"); \
	static const struct bytes name = { name##_start, name##_end }

/* Calls the function at each of its addresses, in many rounds. */
PROGRAM(caller, "	movl $1500, %edi\n"
		"1:	movl $0x6a000, %ebx\n"
		"	movl $12, %esi\n"
		"2:	call *%ebx\n"
		"	addl $0x1000, %ebx\n"
		"	decl %esi\n"
		"	jnz 2b\n"
		"	decl %edi\n"
		"	jnz 1b\n"
		"	hlt");
/* Calls it often at one address and then a few times at each of the others. */
PROGRAM(favourite, "	movl $5000, %edi\n"
		   "1:	movl $0x6a000, %ebx\n"
		   "	call *%ebx\n"
		   "	decl %edi\n"
		   "	jnz 1b\n"
		   "	movl $11, %esi\n"
		   "2:	addl $0x1000, %ebx\n"
		   "	call *%ebx\n"
		   "	call *%ebx\n"
		   "	decl %esi\n"
		   "	jnz 2b\n"
		   "	hlt");
/* The same, and changes a byte of the function by another address after each round. */
PROGRAM(changer, "	movl $40, %edi\n"
		 "1:	movl $0x6a000, %ebx\n"
		 "	movl $12, %esi\n"
		 "2:	call *%ebx\n"
		 "	addl $0x1000, %ebx\n"
		 "	decl %esi\n"
		 "	jnz 2b\n"
		 "	incb 0x50008\n"
		 "	decl %edi\n"
		 "	jnz 1b\n"
		 "	hlt");
/* What it pushes depends on where it is; so does what it jumps to. */
PROGRAM(function, "	call 1f\n"
		  "1:	popl %ecx\n"
		  "	addl $1, %eax\n"
		  "	addl %ecx, %eax\n"
		  "	movl $3, %edx\n"
		  "2:	call 3f\n"
		  "	roll $1, %eax\n"
		  "	decl %edx\n"
		  "	jnz 2b\n"
		  "	leal 4f-1b(%ecx), %edx\n"
		  "	jmp *%edx\n"
		  "3:	addl (%esp), %eax\n"
		  "	ret\n"
		  "	nop\n"
		  "4:	pushl %eax\n"
		  "	popl %eax\n"
		  "	cmpl $0, %eax\n"
		  "	jz 5f\n"
		  "	ret\n"
		  "5:	incl %eax\n"
		  "	ret");
/* Its last instruction begins at the end of its page and ends in that of the next copy. */
PROGRAM(straddler, "	addl $0x12345678, %eax\n"
		   "	call 1f\n"
		   "	ret\n"
		   "	.fill 0x700 - 11, 1, 0x90\n"
		   "1:	movl (%esp), %ecx\n"
		   "	addl %ecx, %eax\n"
		   "	jmp 2f\n"
		   "	.fill 0xffb - 0x707, 1, 0x90\n"
		   "2:	ret\n"
		   "	.fill 4, 1, 0x90");
/* Faults at its third copy: a page that is absent, an instruction of the kernel, a breakpoint. */
#define FAULTS_AT_3(text) \
	"	incl %eax\n" \
	"	call 1f\n" \
	"1:	popl %ecx\n" \
	"	addl $0x11111111, %edx\n" \
	"	cmpl $3, %eax\n" \
	"	jz 2f\n" \
	"	ret\n" \
	"2:	" text
PROGRAM(absent, FAULTS_AT_3("movl 0x28000, %ecx"));
PROGRAM(privileged, FAULTS_AT_3("hlt"));
PROGRAM(interpreted, FAULTS_AT_3("int3"));
/* Numbers of the x87, whose pointers contain where they were used. */
PROGRAM(x87, "	call 1f\n"
	     "1:	popl %ecx\n"
	     "	fld1\n"
	     "	fsts 0x20100\n"
	     "	jmp 2f\n"
	     "2:	fnstenv 0x20200\n"
	     "	faddp\n"
	     "	addl 0x2020c, %eax\n"
	     "	ret");
/* A jump of 16 bits leaves the page, to another one for each copy. */
PROGRAM(short_jumps, "	incl %eax\n"
		     "	.byte 0x66, 0xeb, 0x7c\n" /* jmp, 16 bits, to 80h */
		     "	call 1f\n"
		     "1:	popl %ecx\n"
		     "	addl %ecx, %eax\n"
		     "	ret");

static void put32(struct rig *rig, uint32_t at, uint32_t value)
{
	memcpy(rig->ram + at, &value, sizeof(value));
}

static void set_up(struct rig *rig, const struct bytes *code, const struct bytes *page,
		   uint32_t stack)
{
	struct tsr_x86_state s;
	struct tsr_error error;

	put32(rig, DIRECTORY, TABLE | 7);
	for (uint32_t i = 0; i < 1024; i++)
		put32(rig, TABLE + 4 * i, i << 12 | 7);
	put32(rig, TABLE + 4 * (ABSENT >> 12), 0);
	for (uint32_t i = 0; i <= COPY_COUNT; i++)
		put32(rig, TABLE + 4 * ((COPIES >> 12) + i), FRAME | 7);
	memcpy(rig->ram + CODE, code->from, (size_t)(code->to - code->from));
	memcpy(rig->ram + FRAME, page->from, (size_t)(page->to - page->from));
	for (uint8_t i = 0; i < COPY_COUNT; i++) { /* add eax, i; ret */
		uint8_t landing[] = { 0x83, 0xc0, i, 0xc3 };

		memcpy(rig->ram + ((COPIES + (i << 12) + 0x80) & 0xffff), landing, sizeof(landing));
	}
	rig->listener->written(rig->mmu.self, 0, RIG_RAM);
	rig_flat(rig, &s);
	s.cpl = 3;
	for (unsigned i = 0; i < TSR_SEGMENTS; i++) {
		s.segment[i].selector = i == TSR_CS ? 0x1b : 0x23;
		s.segment[i].access |= 0x60;
	}
	s.gpr[TSR_ESP] = stack;
	s.eip = CODE;
	s.cr0 |= TSR_CR0_PG | TSR_CR0_WP;
	s.cr3 = DIRECTORY;
	CU_ASSERT_TRUE(rig->cpu->set_state(rig->cpu_self, &s, &error));
}

static struct tsr_x86_state run(struct rig *rig, const struct bytes *code, const struct bytes *page,
				uint32_t stack)
{
	struct tsr_x86_state s = { .size = sizeof(s) };

	set_up(rig, code, page, stack);
	CU_ASSERT_EQUAL(rig_run(rig), TSR_CPU_HALTED);
	rig->cpu->get_state(rig->cpu_self, &s);
	return s;
}

static struct rig *new_rig(bool translating, const char *options)
{
	struct rig *rig = rig_new(translating, options);

	if (!rig) /* it has said why */
		exit(EXIT_FAILURE);
	return rig;
}

/* The same registers and memory, with return addresses and frames of faults in it. */
static void both_with(uint32_t stack, const char *options, const struct bytes *code,
		      const struct bytes *page, uint64_t *blocks, uint64_t *passages)
{
	struct rig *a = new_rig(true, options), *b = new_rig(false, "");
	struct tsr_x86_state x, y;

	x = run(a, code, page, stack);
	y = run(b, code, page, stack);
	if (memcmp(x.gpr, y.gpr, sizeof(x.gpr)) || x.eip != y.eip || x.eflags != y.eflags ||
	    x.cr2 != y.cr2 || memcmp(x.fx, y.fx, 160) || memcmp(a->ram, b->ram, RIG_RAM))
		CU_FAIL(options);
	*blocks = rig_stat(a, "blocks shared by addresses");
	*passages = rig_stat(a, "passages to and from them");
	rig_free(a);
	rig_free(b);
}

static void both(const char *options, const struct bytes *code, const struct bytes *page,
		 uint64_t *blocks, uint64_t *passages)
{
	both_with(STACK_IN_CODE, options, code, page, blocks, passages);
	both_with(STACK, options, code, page, blocks, passages);
}

static const char *const modes[] = { "",
				     "shared",
				     "shared,nobmi2",
				     "shared,wrap",
				     "shared,nochain",
				     "shared,interrupts",
				     "shared,cramped",
				     "shared,called" };

static void code_knows_where_it_runs(void)
{
	uint64_t blocks, passages;

	for (unsigned i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		both(modes[i], &caller, &function, &blocks, &passages);
		CU_ASSERT(blocks >= 4 && blocks < 80); /* again after each that became hot */
	}
	both("noshare", &caller, &function, &blocks, &passages);
	CU_ASSERT_EQUAL(blocks, 0);
	CU_ASSERT_EQUAL(passages, 0);
}

/* Blocks that run often are made again for their address: there are ways from one kind to the
 * other. */
static void code_of_both_kinds_meets(void)
{
	uint64_t blocks, passages;

	both("shared", &caller, &function, &blocks, &passages);
	CU_ASSERT(passages > 0);
}

/* The function has four blocks; those of other addresses are not hot before they were sampled. */
static void heat_is_earned_at_each_address(void)
{
	struct rig *rig = new_rig(true, "");

	run(rig, &favourite, &function, STACK);
	CU_ASSERT(rig_stat(rig, "blocks translated as hot") >= 2);
	CU_ASSERT(rig_stat(rig, "blocks translated as hot") <= 8);
	CU_ASSERT(rig_stat(rig, "blocks shared by addresses") >= 4);
	rig_free(rig);
}

static void code_is_changed_under_all_its_addresses(void)
{
	uint64_t blocks, passages;

	for (unsigned i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		both(modes[i], &changer, &function, &blocks, &passages);
		CU_ASSERT(blocks > 0);
	}
}

static void faults_know_where_they_were(void)
{
	static const struct bytes *const pages[] = { &absent, &privileged, &interpreted, NULL };
	uint64_t blocks, passages;

	for (unsigned i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		for (const struct bytes *const *page = pages; *page; page++) {
			both(modes[i], &caller, *page, &blocks, &passages);
			CU_ASSERT(blocks > 0);
		}
	}
}

static void what_cannot_be_shared_is_not(void)
{
	static const struct bytes *const pages[] = { &straddler, &x87, &short_jumps, NULL };
	uint64_t blocks, passages;

	for (unsigned i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		for (const struct bytes *const *page = pages; *page; page++)
			both(modes[i], &caller, *page, &blocks, &passages);
}

/* A cache of 64 KiB, which is flushed while there are passages in it. */
static void cache_is_flushed(void)
{
	uint64_t blocks, passages;

	both("shared,tiny", &caller, &function, &blocks, &passages);
	both("shared,tiny", &changer, &function, &blocks, &passages);
	CU_ASSERT(blocks > 0);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(code_knows_where_it_runs),
		UNIT_ROW(code_of_both_kinds_meets),
		UNIT_ROW(heat_is_earned_at_each_address),
		UNIT_ROW(code_is_changed_under_all_its_addresses),
		UNIT_ROW(faults_know_where_they_were),
		UNIT_ROW(what_cannot_be_shared_is_not),
		UNIT_ROW(cache_is_flushed),
		CU_TEST_INFO_NULL,
	};

	return unit_run("cpu-bt, code at several addresses", tests);
}
