/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The translator's tables at their fullest: blocks of as many instructions as a block may have,
 * each one of those that need the most host code, early exits, access sites or notes, in every kind
 * of code segment, with and without a budget. What comes out must be what the interpreter makes of
 * it. A table that is too small must cut the block shorter; it must never be overrun.
 */
#include <stdio.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "rig.h"
#include "unit.h"

#define BLOCK 64 /* BT_MAX_INSNS */
#define CODE 0x10000u
#define BASE 0x20000u  /* of data segments that are not flat */
#define OPERAND 0x100u /* offset in DS: ESI */
#define CELLS 0x700u   /* offset in DS: pointers for indirect calls */

/* How a row is encoded in 16-bit code. */
enum encoding {
	PLAIN,  /* as in 32-bit code, with both size prefixes */
	VECTOR, /* the operand-size prefix is part of the opcode: only the address-size prefix */
	ADDR16, /* the row is 16-bit code; 32-bit code adds the address-size prefix */
	ENCODING = 3,
	UNDEFINED = 4, /* it leaves arithmetic flags undefined */
};

static const struct row {
	const char *name;
	uint8_t encoding;
	uint8_t length;
	uint8_t code[8];
} rows[] = {
	{ "push dword [esi]", PLAIN, 2, { 0xff, 0x36 } },
	{ "push dword [104h]", PLAIN, 6, { 0xff, 0x35, 0x04, 0x01 } },
	{ "push word [bx+si]", ADDR16, 2, { 0xff, 0x30 } },
	{ "pop dword [esi]", PLAIN, 2, { 0x8f, 0x06 } },
	{ "div byte [100h]", PLAIN | UNDEFINED, 6, { 0xf6, 0x35, 0x00, 0x01 } },
	{ "div byte [si]", ADDR16 | UNDEFINED, 2, { 0xf6, 0x34 } },
	{ "div dword [esi+20h]", PLAIN | UNDEFINED, 3, { 0xf7, 0x76, 0x20 } },
	{ "idiv dword [esi+20h]", PLAIN | UNDEFINED, 3, { 0xf7, 0x7e, 0x20 } },
	{ "push word [100h]", ADDR16, 4, { 0xff, 0x36, 0x00, 0x01 } },
	{ "div byte [100h]", ADDR16 | UNDEFINED, 4, { 0xf6, 0x36, 0x00, 0x01 } },
	{ "movsb", ADDR16, 1, { 0xa4 } },
	{ "movsb", PLAIN, 1, { 0xa4 } },
	{ "movsd", PLAIN, 1, { 0xa5 } },
	{ "fs movsw", ADDR16, 2, { 0x64, 0xa5 } },
	{ "rep movsd", PLAIN, 2, { 0xf3, 0xa5 } },
	{ "repne scasb", PLAIN, 2, { 0xf2, 0xae } },
	{ "stosd", PLAIN, 1, { 0xab } },
	{ "lodsw", ADDR16, 1, { 0xad } },
	{ "cmpsb", PLAIN, 1, { 0xa6 } },
	{ "add [bx+si], al", ADDR16, 2, { 0x00, 0x00 } },
	{ "adc [bp+di+7], ah", ADDR16, 3, { 0x10, 0x63, 0x07 } },
	{ "lock adc [esi], eax", PLAIN, 3, { 0xf0, 0x11, 0x06 } },
	{ "lock cmpxchg8b [esi+8]", PLAIN, 5, { 0xf0, 0x0f, 0xc7, 0x4e, 0x08 } },
	{ "lock xadd [fs:esi], ah", PLAIN, 5, { 0xf0, 0x64, 0x0f, 0xc0, 0x26 } },
	{ "lock bts [esi], edx", PLAIN, 4, { 0xf0, 0x0f, 0xab, 0x16 } },
	{ "xchg ss:[esi], ah", PLAIN, 3, { 0x36, 0x86, 0x26 } },
	{ "mov [esi+ecx*8+78h], ebx", PLAIN, 4, { 0x89, 0x5c, 0xce, 0x78 } },
	{ "xlatb", PLAIN, 1, { 0xd7 } },
	{ "pushad", PLAIN, 1, { 0x60 } },
	{ "popad", PLAIN, 1, { 0x61 } },
	{ "pushfd", PLAIN, 1, { 0x9c } },
	{ "push es", PLAIN, 1, { 0x06 } },
	{ "pop fs", PLAIN, 2, { 0x0f, 0xa1 } },
	{ "mov fs, [esi+30h]", PLAIN, 3, { 0x8e, 0x66, 0x30 } },
	{ "mov [si], fs", ADDR16, 2, { 0x8c, 0x24 } },
	{ "leave", PLAIN, 1, { 0xc9 } },
	{ "cli", PLAIN, 1, { 0xfa } },
	{ "in al, dx", PLAIN, 1, { 0xec } },
	{ "out 80h, eax", PLAIN, 2, { 0xe7, 0x80 } },
	{ "rdtsc", PLAIN, 2, { 0x0f, 0x31 } },
	{ "fxsave [esi+100h]", VECTOR, 7, { 0x0f, 0xae, 0x86, 0x00, 0x01 } },
	{ "fxrstor [esi+100h]", VECTOR, 7, { 0x0f, 0xae, 0x8e, 0x00, 0x01 } },
	{ "fadd dword [esi+40h]", PLAIN, 3, { 0xd8, 0x46, 0x40 } },
	{ "fadd dword [bx+si+40h]", ADDR16, 3, { 0xd8, 0x40, 0x40 } },
	{ "fst qword [esi+80h]", PLAIN, 6, { 0xdd, 0x96, 0x80 } },
	{ "fstp tbyte [bp+si]", ADDR16, 2, { 0xdb, 0x3a } },
	{ "fldcw [esi+90h]", PLAIN, 6, { 0xd9, 0xae, 0x90 } },
	{ "fnstsw [si]", ADDR16, 2, { 0xdd, 0x3c } },
	{ "addps xmm7, [esi+40h]", VECTOR, 4, { 0x0f, 0x58, 0x7e, 0x40 } },
	{ "divsd xmm7, [esi+40h]", VECTOR, 5, { 0xf2, 0x0f, 0x5e, 0x7e, 0x40 } },
	{ "cvtpi2ps xmm0, [esi+40h]", VECTOR, 4, { 0x0f, 0x2a, 0x46, 0x40 } },
	{ "movups [esi+43h], xmm7", VECTOR, 4, { 0x0f, 0x11, 0x7e, 0x43 } },
	{ "movaps [esi+40h], xmm1", VECTOR, 4, { 0x0f, 0x29, 0x4e, 0x40 } },
	{ "ldmxcsr [esi+94h]", VECTOR, 7, { 0x0f, 0xae, 0x96, 0x94 } },
};

#define ROWS (sizeof(rows) / sizeof(*rows))

enum { FLAT, USER, BASED, LIMITED, USER16, REAL, V86, MODES };
static const char *const mode_names[] = { "flat",        "user", "based",       "limited",
					  "16-bit user", "real", "virtual 8086" };

static bool code16(unsigned mode)
{
	return mode >= USER16;
}

/* -- programs */

struct program {
	uint8_t bytes[0xc00];
	unsigned length;
};

static void put(struct program *p, const void *bytes, unsigned length)
{
	memcpy(p->bytes + p->length, bytes, length);
	p->length += length;
}

static void put_row(struct program *p, const struct row *r, bool is16)
{
	unsigned encoding = r->encoding & ENCODING;

	if (is16 && encoding == PLAIN)
		put(p, "\x66", 1);
	if (is16 ? encoding != ADDR16 : encoding == ADDR16)
		put(p, "\x67", 1);
	put(p, r->code, r->length);
}

/* CALL [cell], to the next instruction. */
static void put_call(struct program *p, unsigned cell, bool is16, uint8_t *data, uint32_t start)
{
	uint32_t at = CELLS + 4 * cell, next;

	if (is16)
		put(p, "\xff\x16", 2);
	else
		put(p, "\xff\x15", 2);
	put(p, &at, is16 ? 2 : 4);
	next = start + p->length;
	memcpy(data + at, &next, 4);
}

/* What a program is made of: rows first and second in turns; or first once, and then second. */
struct mix {
	unsigned first, second;
	bool once;
};

static const struct row *row_at(const struct mix *m, unsigned i)
{
	return &rows[(m->once ? i > 0 : i & 1) ? m->second : m->first];
}

/* Blocks that end at their greatest length, by an indirect call and by a HLT. */
static void make_program(struct program *p, const struct mix *m, bool is16, uint8_t *data,
			 uint32_t start)
{
	p->length = 0;
	for (unsigned i = 0; i < BLOCK; i++)
		put_row(p, row_at(m, i), is16);
	for (unsigned i = 0; i + 1 < BLOCK; i++)
		put_row(p, row_at(m, i), is16);
	put_call(p, 0, is16, data, start);
	for (unsigned i = 0; i < BLOCK / 2; i++)
		put_row(p, row_at(m, i), is16);
	put(p, "\xf4", 1);
}

static void make_data(uint8_t *data)
{
	static const float ones[4] = { 1, 1, 1, 1 };

	memset(data, 0, 0x1000);
	for (unsigned i = 0; i < 0x800; i++)
		data[i] = (uint8_t)(i * 7);
	data[OPERAND] = 3;
	memcpy(data + OPERAND + 0x20, &(uint32_t){ 0x7fffffff }, 4);
	memcpy(data + OPERAND + 0x30, &(uint16_t){ 0x10 }, 2);
	memcpy(data + OPERAND + 0x40, ones, sizeof(ones));
	memcpy(data + OPERAND + 0x90, &(uint16_t){ 0x37f }, 2);
	memcpy(data + OPERAND + 0x94, &(uint32_t){ 0x1f80 }, 4);
}

/* -- the machine before a program */

static struct tsr_x86_segment segment(uint32_t base, uint32_t limit, unsigned access)
{
	return (struct tsr_x86_segment){ .selector = (uint16_t)(base >> 4),
					 .base = base,
					 .limit = limit,
					 .access = (uint16_t)access };
}

static void set_segments(struct tsr_x86_state *s, unsigned mode)
{
	bool paragraph = mode >= REAL;
	unsigned ring = mode == USER16 || mode == V86 ? 0x60 : 0, big = mode < USER16 ? 0x4000 : 0;
	uint32_t limit = paragraph ? 0xffff : mode == BASED ? UINT32_MAX : 0xefff;

	for (unsigned i = 0; i < TSR_SEGMENTS; i++) {
		s->segment[i] = segment(i == TSR_CS   ? CODE
					: i == TSR_SS ? BASE + 0x10000
						      : BASE,
					limit, 0x93 | big | ring);
		if (!paragraph)
			s->segment[i].selector = ring ? 0x23 : 0x10;
	}
	if (!paragraph)
		s->segment[TSR_CS] = segment(CODE, UINT32_MAX, 0x809b | big | ring);
	if (!paragraph)
		s->segment[TSR_CS].selector = ring ? 0x1b : 8;
}

static void set_mode(struct tsr_x86_state *s, unsigned mode)
{
	s->eip = CODE;
	if (mode == USER || mode == USER16 || mode == V86)
		s->cpl = 3;
	if (mode == USER)
		for (unsigned i = 0; i < TSR_SEGMENTS; i++) {
			s->segment[i].selector = i == TSR_CS ? 0x1b : 0x23;
			s->segment[i].access |= 0x60;
		}
	if (mode >= BASED) {
		set_segments(s, mode);
		s->eip = 0;
	}
	if (mode == REAL) {
		s->cr0 &= ~(uint32_t)TSR_CR0_PE;
		s->idtr.limit = 0x3ff;
	}
	s->eflags = 2 | (mode == V86 ? TSR_FLAG_VM : 0) | TSR_FLAG_IOPL;
}

/* unmasked: x87 and SSE division by zero, so that each FP instruction has its check. */
static void set_up(struct rig *rig, unsigned mode, bool unmasked, const struct program *p,
		   const uint8_t *data)
{
	static const uint32_t gpr[8] = {
		[TSR_EAX] = 7,     [TSR_ECX] = 2,       [TSR_EBX] = 0x40, [TSR_ESP] = 0x8000,
		[TSR_EBP] = 0x500, [TSR_ESI] = OPERAND, [TSR_EDI] = 0x300
	};
	struct tsr_x86_state s;

	memset(rig->ram, 0, 0x60000);
	rig_flat(rig, &s);
	memcpy(rig->ram + (mode >= BASED ? BASE : 0), data, 0x1000);
	memcpy(rig->ram + CODE, p->bytes, p->length);
	for (unsigned v = 0; v < 256 && mode == REAL;
	     v++) /* to the same HLT as a gate of rig_flat */
		memcpy(rig->ram + 0x1000 + 4 * v, &(uint32_t){ 0x3000 + 16 * v }, 4);
	rig->listener->written(rig->mmu.self, 0, RIG_RAM);
	rig->io_hash = 0;
	set_mode(&s, mode);
	memcpy(s.gpr, gpr, sizeof(gpr));
	memcpy(s.fx, &(uint16_t){ unmasked ? 0x37b : 0x37f }, 2);
	memcpy(s.fx + 24, &(uint32_t){ unmasked ? 0x1d80 : 0x1f80 }, 4);
	s.fx[4] = 0x40; /* one x87 register in use */
	rig->cpu->set_state(rig->cpu_self, &s, NULL);
}

/* -- comparing */

/* To the HLT at the end, or in the handler of a fault, or to a shutdown where the stack is at
 * fault. */
static enum tsr_cpu_exit run(struct rig *rig, uint64_t slice)
{
	enum tsr_cpu_exit exit = TSR_CPU_BUDGET;

	for (unsigned i = 0; i < 4000 && exit == TSR_CPU_BUDGET; i++)
		exit = rig->cpu->run(rig->cpu_self, slice);
	return exit;
}

static bool same(struct rig *a, struct rig *b, bool undefined)
{
	struct tsr_x86_state x, y;
	uint32_t mask = undefined ? ~(uint32_t)TSR_FLAGS_ARITHMETIC : ~0u;

	x.size = sizeof(x);
	a->cpu->get_state(a->cpu_self, &x);
	y.size = sizeof(y);
	b->cpu->get_state(b->cpu_self, &y);
	return !memcmp(x.gpr, y.gpr, sizeof(x.gpr)) && x.eip == y.eip &&
	       !((x.eflags ^ y.eflags) & mask) && !memcmp(x.fx, y.fx, 5) &&
	       !memcmp(x.fx + 160, y.fx + 160, 128) && a->io_hash == b->io_hash &&
	       !memcmp(a->ram, b->ram, 0x60000);
}

/* The program runs twice: translated, and linked. */
static bool agree(struct rig *bt, struct rig *interpreter, unsigned mode, const struct mix *m,
		  bool unmasked, uint64_t slice)
{
	static struct program p;
	static uint8_t data[0x1000];
	enum tsr_cpu_exit exit;
	bool undefined = (rows[m->first].encoding | rows[m->second].encoding) & UNDEFINED, good;

	make_data(data);
	make_program(&p, m, code16(mode), data, mode >= BASED ? 0 : CODE);
	set_up(interpreter, mode, unmasked, &p, data);
	exit = run(interpreter, slice);
	good = exit == TSR_CPU_HALTED || exit == TSR_CPU_SHUTDOWN;
	for (unsigned i = 0; i < 2 && good; i++) {
		set_up(bt, mode, unmasked, &p, data);
		good = run(bt, slice) == exit && same(bt, interpreter, undefined);
	}
	if (!good)
		printf("\n  %s / %s, %s%s, budget %lld: differs\n", rows[m->first].name,
		       rows[m->second].name, mode_names[mode], unmasked ? ", unmasked" : "",
		       (long long)slice);
	return good;
}

static uint64_t cut_short; /* blocks of the last run of every_row */

static unsigned every_row(const char *options, uint64_t slice)
{
	struct rig *bt = rig_new(true, options), *interpreter = rig_new(false, "");
	unsigned failures = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(bt);
	CU_ASSERT_PTR_NOT_NULL_FATAL(interpreter);
	for (unsigned mode = 0; mode < MODES; mode++)
		for (unsigned k = 0; k < 4 * ROWS; k++) {
			struct mix m = { k / 4, k & 2 ? (k / 4 + 7) % ROWS : k / 4, false };

			failures += !agree(bt, interpreter, mode, &m, k & 1, slice);
		}
	cut_short = rig_stat(bt, "blocks cut short");
	rig_free(bt);
	rig_free(interpreter);
	return failures;
}

/* -- tests */

static unsigned row_named(const char *name, uint8_t encoding)
{
	for (unsigned i = 0; i < ROWS; i++)
		if (!strcmp(rows[i].name, name) && (rows[i].encoding & ENCODING) == encoding)
			return i;
	CU_FAIL_FATAL("no such row");
	return 0;
}

/* Two early exits each, in one block with a budget: more than twice as many notes of the count as a
 * block has instructions. */
static void early_exits_of_a_whole_block(void)
{
	static const char *const programs[][2] = { { "div byte [100h]", "add [bx+si], al" },
						   { "push word [100h]", "push word [100h]" },
						   { "div byte [100h]", "div byte [100h]" },
						   { "movsb", "movsb" } };

	for (unsigned i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		struct mix m = { row_named(programs[i][0], ADDR16),
				 row_named(programs[i][1], ADDR16), true };
		struct rig *bt = rig_new(true, ""), *interpreter = rig_new(false, "");

		CU_ASSERT_TRUE(agree(bt, interpreter, REAL, &m, false, 1000000000));
		rig_free(bt);
		rig_free(interpreter);
	}
}

static void without_a_budget(void)
{
	CU_ASSERT_EQUAL(every_row("", UINT64_MAX), 0);
	CU_ASSERT_EQUAL(every_row("nogroups", UINT64_MAX), 0);
	CU_ASSERT_EQUAL(every_row("inline,nogroups", UINT64_MAX), 0);
	CU_ASSERT_EQUAL(every_row("window", UINT64_MAX), 0);
	CU_ASSERT_EQUAL(every_row("window,nogroups", UINT64_MAX), 0);
}

static void without_bmi2(void)
{
	CU_ASSERT_EQUAL(every_row("nobmi2,nogroups", UINT64_MAX), 0);
	CU_ASSERT_EQUAL(every_row("nobmi2,nogroups,inline", UINT64_MAX), 0);
	CU_ASSERT_EQUAL(every_row("nobmi2", 1000000), 0);
}

static void with_a_budget(void)
{
	CU_ASSERT_EQUAL(every_row("", 1000000), 0);
	CU_ASSERT_EQUAL(every_row("nogroups", 1000000), 0);
	CU_ASSERT(cut_short > 0);
	CU_ASSERT_EQUAL(every_row("nogroups", 37), 0);
	CU_ASSERT_EQUAL(every_row("inline", 1000000), 0);
}

/* Where no real block is too long for a table, the table is made smaller. */
static void with_small_tables(void)
{
	CU_ASSERT_EQUAL(every_row("cramped,nogroups", UINT64_MAX), 0);
	CU_ASSERT(cut_short > 0);
	CU_ASSERT_EQUAL(every_row("cramped", 1000000), 0);
	CU_ASSERT(cut_short > 0);
	CU_ASSERT_EQUAL(every_row("cramped,inline", 1000000), 0);
	CU_ASSERT_EQUAL(every_row("cramped,window", 1000000), 0);
}

static void in_lockstep(void)
{
	CU_ASSERT_EQUAL(every_row("lockstep,nogroups", UINT64_MAX), 0);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(early_exits_of_a_whole_block),
		UNIT_ROW(without_a_budget),
		UNIT_ROW(without_bmi2),
		UNIT_ROW(with_a_budget),
		UNIT_ROW(with_small_tables),
		UNIT_ROW(in_lockstep),
		CU_TEST_INFO_NULL,
	};

	return unit_run("cpu-bt, bounds", tests);
}
