/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random programs on cpu-bt against cpu-interp: registers, flags, FP state, memory, device writes
 * and the fault they end with must be the same. Usage: test-bt-random [SEED [COUNT [INSTRUCTIONS
 * [OPTIONS]]]]; without, a fixed seed. SEED "fresh": another one each time, printed. COUNT "60s":
 * programs for so many seconds; "10M": until so many instructions were executed. A word "loop"
 * among the options (rig.h has the others): programs run many times over, in blocks that are
 * linked; "runs": some instructions are there up to 80 times, so that blocks have the greatest
 * length; "calls": they call functions, which return in good and in odd ways; "strides": loops over
 * arrays instead (random-strides.c).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <Zydis/Zydis.h>

#include "random-strides.h"
#include "rig.h"

#define CODE 0x10000u /* page-aligned; the program runs from somewhere in it */
#define DATA 0x20000u /* four pages of data; the next is absent when paging is on */
#define STACK 0x30000u
#define CODE_BYTES 3072
#define PAGE_DIRECTORY 0x40000u
#define PAGE_TABLE 0x41000u
#define PAGE_TABLES 0x2000u /* bytes of both */
#define FUNCTIONS 3u
#define REFERENCES 64u

static uint64_t state64;

static uint32_t rnd(void)
{
	state64 = state64 * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state64 >> 33) ^ (uint32_t)(state64 >> 60);
}

static uint32_t below(uint32_t n)
{
	return rnd() % n;
}

/* -- programs */
struct program {
	bool code32, user, paging, limited, fp, loop;
	uint8_t code[CODE_BYTES];
	unsigned length;
	uint32_t start;
	unsigned level; /* function that is being made; 0: none */
	struct {
		unsigned at; /* four bytes in the code */
		unsigned
			level; /* of the function that they lead to; 0: to behind them and a byte */
		bool absolute;
	} reference[REFERENCES];
	unsigned references;
	bool strided;
	uint32_t gpr[8]; /* that it starts with, if it is strided */
};

static bool wanted(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *o, bool fp)
{
	switch (z->meta.category) {
	case ZYDIS_CATEGORY_BINARY:
	case ZYDIS_CATEGORY_BITBYTE:
	case ZYDIS_CATEGORY_CMOV:
	case ZYDIS_CATEGORY_CONVERT:
	case ZYDIS_CATEGORY_DATAXFER:
	case ZYDIS_CATEGORY_FLAGOP:
	case ZYDIS_CATEGORY_LOGICAL:
	case ZYDIS_CATEGORY_MISC:
	case ZYDIS_CATEGORY_POP:
	case ZYDIS_CATEGORY_PUSH:
	case ZYDIS_CATEGORY_ROTATE:
	case ZYDIS_CATEGORY_SEMAPHORE:
	case ZYDIS_CATEGORY_SETCC:
	case ZYDIS_CATEGORY_SHIFT:
	case ZYDIS_CATEGORY_STRINGOP:
	case ZYDIS_CATEGORY_DECIMAL:
	case ZYDIS_CATEGORY_SEGOP:
	case ZYDIS_CATEGORY_IO:
		break;
	case ZYDIS_CATEGORY_LOGICAL_FP:
	case ZYDIS_CATEGORY_MMX:
	case ZYDIS_CATEGORY_SSE:
	case ZYDIS_CATEGORY_X87_ALU:
		if (!fp)
			return false;
		break;
	default:
		return false;
	}
	switch (z->meta.isa_set) {
	case ZYDIS_ISA_SET_I86:
	case ZYDIS_ISA_SET_I186:
	case ZYDIS_ISA_SET_I386:
	case ZYDIS_ISA_SET_I486:
	case ZYDIS_ISA_SET_I486REAL:
	case ZYDIS_ISA_SET_PENTIUMREAL:
	case ZYDIS_ISA_SET_CMOV:
		break;
	case ZYDIS_ISA_SET_X87:
	case ZYDIS_ISA_SET_FXSAVE:
	case ZYDIS_ISA_SET_FCMOV:
	case ZYDIS_ISA_SET_PENTIUMMMX:
	case ZYDIS_ISA_SET_SSE:
	case ZYDIS_ISA_SET_SSE2:
	case ZYDIS_ISA_SET_SSE2MMX:
		if (!fp)
			return false;
		break;
	default:
		return false;
	}
	for (unsigned i = 0; i < z->operand_count; i++)
		if (o[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    (ZydisRegisterGetClass(o[i].reg.value) == ZYDIS_REGCLASS_CONTROL ||
		     ZydisRegisterGetClass(o[i].reg.value) == ZYDIS_REGCLASS_DEBUG ||
		     o[i].reg.value == ZYDIS_REGISTER_SS || o[i].reg.value == ZYDIS_REGISTER_CS))
			return false;
	return z->mnemonic != ZYDIS_MNEMONIC_CPUID && z->mnemonic != ZYDIS_MNEMONIC_ENTER &&
	       z->mnemonic != ZYDIS_MNEMONIC_CLFLUSH;
}

/* Where x87 environments lie, of 28 bytes: the last two cross into the next page. */
static const uint32_t environments[4] = { DATA + 0x200, DATA + 0x220, DATA + 0xff0, DATA + 0x3ff0 };

/* fp: every other instruction is one of the x87's */
static unsigned random_bytes(uint8_t *b, bool fp)
{
	static const uint8_t prefixes[] = { 0x66, 0x67, 0x66, 0x64, 0x65, 0x2e,
					    0x3e, 0x26, 0x36, 0xf0, 0xf2, 0xf3 };
	static const uint8_t mandatory[] = { 0x66, 0xf2, 0xf3 };
	unsigned n = 0;

	while (below(6) == 0 && n < 3)
		b[n++] = prefixes[below(sizeof(prefixes))];
	if (fp && below(16) == 0) { /* FXSAVE, FXRSTOR, LDMXCSR, STMXCSR */
		b[n] = 0x0f;
		b[n + 1] = 0xae;
		b[n + 2] = (uint8_t)(below(2) << 6 | below(4) << 3 | below(8));
		n += 3;
	} else if (fp &&
		   below(16) == 0) { /* FNSTENV, FLDENV of few places, if code is of 32 bits */
		uint32_t at = environments[below(4)];

		b[n] = 0xd9;
		b[n + 1] = below(2) ? 0x25 : 0x35;
		memcpy(b + n + 2, &at, sizeof(at));
		return 15;
	} else if (fp && below(6) == 0) { /* SSE arithmetic */
		b[n++] = mandatory[below(3)];
		b[n++] = 0x0f;
		b[n++] = (uint8_t)(0x51 + below(15));
	} else if (fp && below(2)) {
		b[n++] = (uint8_t)(0xd8 | below(8));
	} else if (below(3) == 0) {
		b[n++] = 0x0f;
	}
	for (unsigned i = n; i < 15; i++)
		b[i] = (uint8_t)rnd();
	if (below(2)) /* few displacements far away */
		for (unsigned i = n + 2; i < 15; i++)
			b[i] = (uint8_t)(below(4) ? 0 : rnd() & 0x1f);
	return 15;
}

static bool changes_esp(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *o)
{
	for (unsigned i = 0; i < z->operand_count; i++)
		if (o[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    o[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE &&
		    (o[i].reg.value == ZYDIS_REGISTER_ESP || o[i].reg.value == ZYDIS_REGISTER_SP))
			return true;
	return z->mnemonic == ZYDIS_MNEMONIC_POPA || z->mnemonic == ZYDIS_MNEMONIC_POPAD;
}

static bool random_insn(ZydisDecoder *d, struct program *p)
{
	ZydisDecodedInstruction z;
	ZydisDecodedOperand o[ZYDIS_MAX_OPERAND_COUNT];
	uint8_t b[15];

	for (unsigned tries = 0; tries < 1000; tries++) {
		random_bytes(b, p->fp);
		if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(d, b, sizeof(b), &z, o)) ||
		    !wanted(&z, o, p->fp) || (p->level && changes_esp(&z, o)))
			continue;
		memcpy(p->code + p->length, b, z.length);
		p->length += z.length;
		return true;
	}
	return false;
}

#define ROUNDS (DATA - 0x800) /* a counter */

/* DEC dword [ROUNDS]; JNZ start */
static void close_loop(struct program *p)
{
	uint32_t at = ROUNDS, back;

	p->code[p->length++] = 0xff;
	p->code[p->length++] = 0x0d;
	memcpy(p->code + p->length, &at, 4);
	p->length += 4;
	p->code[p->length++] = 0x0f;
	p->code[p->length++] = 0x85;
	back = 0 - (p->length + 4);
	memcpy(p->code + p->length, &back, 4);
	p->length += 4;
}

/* The last instruction, from `from` on, many times over: blocks of the greatest length, all of it
 * for one table. */
static void repeat(struct program *p, unsigned from)
{
	unsigned length = p->length - from, times = below(4) ? 0 : below(80);

	for (; times && p->length + length < CODE_BYTES - 128; times--) {
		memcpy(p->code + p->length, p->code + from, length);
		p->length += length;
	}
}

/* -- functions: each may call those behind it */
static void put(struct program *p, const void *bytes, unsigned length)
{
	memcpy(p->code + p->length, bytes, length);
	p->length += length;
}

static void refer(struct program *p, unsigned level, bool absolute)
{
	p->reference[p->references].at = p->length;
	p->reference[p->references].level = level;
	p->reference[p->references++].absolute = absolute;
	p->length += 4;
}

/* CALL f; or MOV EAX, f; CALL EAX; or PUSH of what is behind and RET. A NOP follows, which a
 * function may skip. */
static void random_call(struct program *p)
{
	unsigned to = p->level + 1 + below(FUNCTIONS - p->level), kind = below(8);

	if (p->references == REFERENCES)
		return;
	if (kind == 0) {
		put(p, (const uint8_t[]){ 0x68 }, 1);
		refer(p, 0, true);
		put(p, (const uint8_t[]){ 0xc3 }, 1);
	} else if (kind == 1) {
		put(p, (const uint8_t[]){ 0xb8 }, 1);
		refer(p, to, true);
		put(p, (const uint8_t[]){ 0xff, 0xd0 }, 2);
	} else {
		put(p, (const uint8_t[]){ 0xe8 }, 1);
		refer(p, to, false);
	}
	put(p, (const uint8_t[]){ 0x90 }, 1);
}

/* RET; or INC dword [ESP]; RET; or POP EDX; JMP EDX */
static void random_return(struct program *p)
{
	switch (below(6)) {
	case 0:
		put(p, (const uint8_t[]){ 0xff, 0x04, 0x24 }, 3);
		break;
	case 1:
		put(p, (const uint8_t[]){ 0x5a, 0xff, 0xe2 }, 3);
		return;
	default:
		break;
	}
	put(p, (const uint8_t[]){ 0xc3 }, 1);
}

static void make_functions(struct program *p, ZydisDecoder *d, unsigned start[FUNCTIONS + 1])
{
	for (p->level = 1; p->level <= FUNCTIONS; p->level++) {
		start[p->level] = p->length;
		for (unsigned i = below(4); i > 0; i--) {
			random_insn(d, p);
			if (p->level < FUNCTIONS && below(2))
				random_call(p);
		}
		random_return(p);
	}
}

static void resolve(struct program *p, const unsigned start[FUNCTIONS + 1])
{
	for (unsigned i = 0; i < p->references; i++) {
		unsigned at = p->reference[i].at, level = p->reference[i].level;
		uint32_t to = level ? start[level] : at + 5;

		to = p->reference[i].absolute ? p->start + to : to - (at + 4);
		memcpy(p->code + at, &to, 4);
	}
}

/* The translator remembers at which addresses code had better not use the window. */
static uint32_t anywhere(const struct program *p)
{
	return CODE + below(0x2000 - p->length);
}

static void make_program(struct program *p, unsigned insns, const char *options)
{
	bool loop = strstr(options, "loop"), runs = strstr(options, "runs"),
	     calls = strstr(options, "calls");
	unsigned start[FUNCTIONS + 1];
	ZydisDecoder d;
	unsigned skip = 0, at = 0, from;

	memset(p, 0, sizeof(*p));
	p->code32 = below(5) != 0 || calls;
	p->paging = below(2);
	p->user = p->paging && below(2);
	p->limited = below(6) == 0;
	p->fp = below(2);
	ZydisDecoderInit(&d,
			 p->code32 ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16,
			 p->code32 ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16);
	for (unsigned i = 0; i < insns; i++) {
		if (!skip && below(8) == 0) { /* a short jump over a few instructions */
			p->code[p->length++] = (uint8_t)(0x70 | below(16));
			at = p->length++;
			skip = 1 + below(3);
			continue;
		}
		from = p->length;
		if (!random_insn(&d, p))
			continue;
		if (skip && !--skip)
			p->code[at] = (uint8_t)(p->length - at - 1);
		else if (!skip && runs)
			repeat(p, from);
		if (!skip && calls && below(2))
			random_call(p);
	}
	if (skip)
		p->code[at] = (uint8_t)(p->length - at - 1);
	p->loop = loop && p->code32 && !p->limited;
	if (p->loop)
		close_loop(p);
	p->code[p->length++] = 0xf4;
	if (calls)
		make_functions(p, &d, start);
	if (strstr(options, "window"))
		p->start = anywhere(p);
	else
		p->start = CODE + (below(4) ? 0x100 : 0x1000 - below(p->length));
	resolve(p, start);
}

static void make_strides(struct program *p)
{
	memset(p, 0, sizeof(*p));
	p->strided = p->code32 = true;
	p->paging = below(4);
	p->user = p->paging && below(2);
	p->length = random_strides(p->code, p->gpr, DATA, below);
	p->code[p->length++] = 0xf4;
	p->start = anywhere(p);
}

/* -- state and memory */
static uint32_t random_value(void)
{
	static const uint32_t edges[] = {
		0,      1,      2,      0x7f,       0x80,       0xff,
		0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff
	};

	static const uint32_t selectors[] = { 0x10, 0x20, 0x23, 0x18, 0x1b, 3 };

	switch (below(5)) {
	case 4:
		return (rnd() & 0xffff0000) | selectors[below(6)];
	case 0:
		return edges[below(12)];
	case 1:
		return below(32);
	default:
		return rnd();
	}
}

static uint32_t random_pointer(void)
{
	switch (below(8)) {
	case 0:
		return DATA + 0x1000 * below(5) - below(16);
	case 1:
		return RIG_IO_BASE + below(0x2000);
	case 2:
		return CODE + below(0x1200);
	default:
		return DATA + below(0x4000);
	}
}

/* Numbers of all kinds, some registers empty, now and then unmasked exceptions. */
static void random_x87(struct tsr_x86_state *s)
{
	static const uint16_t exponents[] = { 0x3fff, 0x4000, 0xbffe, 0x7fff,
					      0,      0x0001, 0x7ffe, 0x401e };
	uint16_t fcw = 0x37f, fsw = (uint16_t)(below(8) << 11);
	uint32_t mxcsr = 0x1f80;

	if (below(3) == 0)
		fcw = (uint16_t)((rnd() & 0xf3f) | 0x40 | (below(2) ? 0x20 : 0));
	if (below(3) == 0)
		mxcsr = (rnd() & 0xffff) | (below(3) ? 0x800 : 0);
	memcpy(s->fx, &fcw, sizeof(fcw));
	memcpy(s->fx + 2, &fsw, sizeof(fsw));
	memcpy(s->fx + 24, &mxcsr, sizeof(mxcsr));
	s->fx[4] = below(4) ? 0xff : (uint8_t)rnd();
	for (unsigned i = 0; i < 8; i++) {
		uint64_t mantissa = (uint64_t)rnd() << 32 | rnd();
		uint16_t exponent = below(4) ? exponents[below(8)] : (uint16_t)rnd();

		if (below(2))
			mantissa = UINT64_C(1) << 63 | (uint64_t)below(8) << 60;
		memcpy(s->fx + 32 + 16 * i, &mantissa, sizeof(mantissa));
		memcpy(s->fx + 40 + 16 * i, &exponent, sizeof(exponent));
	}
}

static void random_state(struct tsr_x86_state *s, const struct program *p)
{
	/* of single and of double precision */
	static const uint32_t numbers[] = { 0,          0x80000000, 1,          0x3f800000,
					    0x3ff00000, 0x40080000, 0x7f800000, 0x7ff00000,
					    0x7f7fffff, 0x00800000 };

	if (p->fp && below(4))
		random_x87(s);
	for (unsigned i = 0; i < 8; i++)
		s->gpr[i] = (below(4) ? random_pointer() : random_value()) &
			    (p->fp && below(2) ? ~15u : ~0u);
	if (below(2))
		s->gpr[TSR_ECX] = below(64);
	s->gpr[TSR_ECX] &= 0xfffff; /* REP takes its time */
	s->gpr[TSR_ESP] = STACK + 0x1000 - 64 + 4 * below(30) - (below(8) ? 0 : below(4));
	s->eflags = 2 | (rnd() & (TSR_FLAGS_ARITHMETIC | (below(4) ? 0 : TSR_FLAG_DF)));
	if (p->strided) {
		memcpy(s->gpr, p->gpr, sizeof(s->gpr));
		s->gpr[TSR_ESP] = STACK + 0x800;
		s->eflags &= ~TSR_FLAG_DF;
	}
	s->eip = p->start;
	for (unsigned i = 0; i < 512 - 160 - 224; i++)
		s->fx[160 + i] = (uint8_t)rnd();
	for (unsigned i = 160; i < 288; i += 4)
		if (p->fp && below(2))
			memcpy(s->fx + i, &numbers[below(10)], 4);
	if (p->user) {
		s->cpl = 3;
		s->eflags |= 3 << 12;
		for (unsigned i = 0; i < TSR_SEGMENTS; i++) {
			s->segment[i].selector = i == TSR_CS ? 0x1b : 0x23;
			s->segment[i].access |= 0x60;
		}
	}
	if (!p->code32) {
		s->segment[TSR_CS].access &= (uint16_t)~TSR_SEG_DB;
		if (below(2))
			s->segment[TSR_SS].access &= (uint16_t)~TSR_SEG_DB;
	}
	s->segment[TSR_FS].base = below(2) ? 0x100 : 0xfffff000;
	if (p->limited) {
		s->segment[TSR_DS].base = 0x1000;
		s->segment[TSR_DS].limit = DATA + 0x1fff;
		s->segment[TSR_DS].access &= (uint16_t)~TSR_SEG_G;
		s->segment[TSR_ES].limit = DATA + 0x2fff;
		s->segment[TSR_GS].access &= below(2) ? 0xfffd : 0xffff;
	}
	if (p->paging) {
		s->cr0 |= TSR_CR0_PG | TSR_CR0_WP;
		s->cr3 = PAGE_DIRECTORY;
	}
}

static void put32(struct rig *rig, uint32_t at, uint32_t value)
{
	memcpy(rig->ram + at, &value, 4);
}

/* What set_up writes to PAGE_DIRECTORY and to PAGE_TABLE, which follows it. */
static const uint32_t *page_tables(const struct program *p)
{
	static uint32_t entry[PAGE_TABLES / 4];
	uint32_t *table = entry + 1024;

	entry[0] = PAGE_TABLE | 7;
	for (uint32_t i = 0; i < 1024; i++)
		table[i] = i << 12 | 7;
	table[(DATA + 0x4000) >> 12] = 0;
	table[(DATA + 0x3000) >> 12] = (DATA + 0x3000) | (p->user ? 5 : 1);
	table[(STACK + 0x1000) >> 12] = 0;
	return entry;
}

static void set_up(struct rig *rig, const struct program *p, const struct tsr_x86_state *s,
		   const uint8_t *data)
{
	struct tsr_error error;
	struct tsr_x86_state own;

	memcpy(rig->ram + DATA - 0x1000, data, 0x6000);
	memcpy(rig->ram + STACK, data + 0x6000, 0x1000);
	put32(rig, ROUNDS, p->loop ? 50 : 0);
	memset(rig->ram + CODE, 0xf4, 0x2000);
	memcpy(rig->ram + p->start, p->code, p->length);
	memcpy(rig->ram + PAGE_DIRECTORY, page_tables(p), PAGE_TABLES);
	rig->listener->written(rig->mmu.self, 0, RIG_RAM);
	rig_flat(rig, &own);
	rig->io_hash = 0;
	rig->cpu->set_state(rig->cpu_self, s, &error);
}

/* -- comparing */
static const char *const names[8] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi" };

static bool same_fp(const struct tsr_x86_state *a, const struct tsr_x86_state *b)
{
	if (memcmp(a->fx, b->fx, 5) || memcmp(a->fx + 6, b->fx + 6, 22) ||
	    memcmp(a->fx + 160, b->fx + 160, 128))
		return false;
	for (unsigned i = 0; i < 8; i++)
		if (memcmp(a->fx + 32 + 16 * i, b->fx + 32 + 16 * i, 10))
			return false;
	return true;
}

static bool same(struct rig *a, struct rig *b, uint32_t flags_mask, bool print)
{
	struct tsr_x86_state x, y;
	bool ok;

	x.size = sizeof(x);
	a->cpu->get_state(a->cpu_self, &x);
	y.size = sizeof(y);
	b->cpu->get_state(b->cpu_self, &y);
	ok = !memcmp(x.gpr, y.gpr, sizeof(x.gpr)) && x.eip == y.eip &&
	     !((x.eflags ^ y.eflags) & flags_mask) && x.cr2 == y.cr2 && same_fp(&x, &y) &&
	     a->io_hash == b->io_hash &&
	     !memcmp(a->ram + 0x5000, b->ram + 0x5000, RIG_RAM - 0x5000);
	if (ok || !print)
		return ok;
	for (unsigned i = 0; i < 8; i++)
		printf("  %s %08x %08x%s\n", names[i], x.gpr[i], y.gpr[i],
		       x.gpr[i] != y.gpr[i] ? " <--" : "");
	printf("  eip %08x %08x, eflags %08x %08x, cr2 %08x %08x, io %d, fp %d\n", x.eip, y.eip,
	       x.eflags, y.eflags, x.cr2, y.cr2, a->io_hash == b->io_hash, same_fp(&x, &y));
	for (uint32_t i = 0x5000, shown = 0; i < RIG_RAM && shown < 8; i++)
		if (a->ram[i] != b->ram[i])
			printf("  [%08x] %02x %02x\n", i, a->ram[i], b->ram[i]), shown++;
	if (!same_fp(&x, &y))
		for (unsigned i = 0; i < 288; i++)
			if (x.fx[i] != y.fx[i])
				printf("  fx[%u] %02x %02x\n", i, x.fx[i], y.fx[i]);
	return false;
}

static void print_program(const struct program *p)
{
	ZydisDisassembledInstruction z;

	printf("  %s-bit%s%s%s\n", p->code32 ? "32" : "16", p->user ? " user" : "",
	       p->paging ? " paging" : "", p->limited ? " limited" : "");
	for (unsigned at = 0; at < p->length; at += z.info.length) {
		if (!ZYAN_SUCCESS(ZydisDisassembleIntel(
			    p->code32 ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16,
			    p->start + at, p->code + at, p->length - at, &z)))
			break;
		printf("  %08x  ", p->start + at);
		for (unsigned i = 0; i < z.info.length; i++)
			printf("%02x", p->code[at + i]);
		printf("  %s\n", z.text);
	}
}

/* Flags that the program leaves undefined are not compared; where one is pushed by PUSHF or tested,
 * the seed is skipped by hand. */
static uint32_t defined_flags(const struct program *p)
{
	ZydisDecoder d;
	ZydisDecodedInstruction z;
	ZydisDecodedOperand o[ZYDIS_MAX_OPERAND_COUNT];
	uint32_t mask = ~0u;

	ZydisDecoderInit(&d,
			 p->code32 ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16,
			 ZYDIS_STACK_WIDTH_32);
	for (unsigned at = 0; at < p->length; at += z.length) {
		if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&d, p->code + at, p->length - at, &z, o)))
			break;
		if (z.cpu_flags)
			mask &= ~z.cpu_flags->undefined;
	}
	return mask;
}

/* A fault's frame holds the flags, undefined ones as well: made the same in both. */
static void forget_undefined_flags(struct rig *rig, uint32_t defined)
{
	struct tsr_x86_state s;
	uint32_t flags;

	s.size = sizeof(s);
	rig->cpu->get_state(rig->cpu_self, &s);
	if (s.eip < 0x3000 || s.eip >= 0x4000 || s.gpr[TSR_ESP] > RIG_RAM - 16)
		return;
	for (uint32_t at = s.gpr[TSR_ESP] + 8; at <= s.gpr[TSR_ESP] + 12;
	     at += 4) { /* without and with an error code */
		memcpy(&flags, rig->ram + at, sizeof(flags));
		flags &= defined;
		memcpy(rig->ram + at, &flags, sizeof(flags));
	}
}

static struct rig *running;

static void on_alarm(int signal)
{
	running->cpu->kick(running->cpu_self);
}

/* A REP over 4 GiB takes minutes: it is kicked out. */
static enum tsr_cpu_exit run_limited(struct rig *rig, uint64_t budget)
{
	struct itimerval limit = { .it_value.tv_usec = 300000 }, off = { 0 };
	enum tsr_cpu_exit exit;

	running = rig;
	setitimer(ITIMER_VIRTUAL, &limit, NULL);
	exit = rig->cpu->run(rig->cpu_self, budget);
	setitimer(ITIMER_VIRTUAL, &off, NULL);
	return exit;
}

/* How far a REP that overwrites itself gets before it is fetched again is a matter of interrupts.
 */
static bool overwrites_itself(struct rig *rig, const struct program *p)
{
	bool rep = false;

	for (unsigned i = 1; i < p->length; i++) {
		bool string =
			(p->code[i] & 0xfc) == 0xa4 || (p->code[i] >= 0xaa && p->code[i] <= 0xaf);

		for (unsigned k = 1; string && k <= 3 && k <= i; k++)
			rep |= p->code[i - k] == 0xf3 || p->code[i - k] == 0xf2;
	}
	return rep && memcmp(rig->ram + p->start, p->code, p->length);
}

/* A wild store into the page tables, without INVLPG: when it takes effect is the engine's choice
 * (Intel SDM volume 3, 4.10.2.3). A and D (bits 5 and 6) are the processor's. */
static bool overwrites_page_tables(struct rig *rig, const struct program *p)
{
	const uint32_t *before = page_tables(p),
		       *after = (const uint32_t *)(rig->ram + PAGE_DIRECTORY);

	for (unsigned i = 0; p->paging && i < PAGE_TABLES / 4; i++)
		if ((before[i] ^ after[i]) & ~0x60u)
			return true;
	return false;
}

static uint64_t executed(struct rig *rig)
{
	struct tsr_x86_state s;

	s.size = sizeof(s);
	rig->cpu->get_state(rig->cpu_self, &s);
	return s.instructions;
}

/* Both with the same budgets: exactly so many instructions, wherever that is in a block. False:
 * they differ. *halted: to the end. */
static bool run_sliced(struct rig *a, struct rig *b, uint32_t flags_mask, bool *halted)
{
	*halted = false;
	for (unsigned slices = 0; slices < 200 && !*halted; slices++) {
		uint64_t budget = 1 + rnd() % 20;
		enum tsr_cpu_exit exit = run_limited(b, budget), other = run_limited(a, budget);

		if (exit == TSR_CPU_KICKED || other == TSR_CPU_KICKED)
			return true;
		if (other != exit || executed(a) != executed(b) || !same(a, b, flags_mask, false))
			return false;
		*halted = exit == TSR_CPU_HALTED;
	}
	return true;
}

static bool one(struct rig *a, struct rig *b, uint64_t seed, unsigned insns, const char *options,
		uint64_t *total)
{
	static uint8_t data[0x7000];
	static struct program p;
	struct tsr_x86_state s;
	bool good, halted = true, sliced = strstr(options, "budget");
	uint64_t before;

	state64 = seed;
	if (strstr(options, "strides"))
		make_strides(&p);
	else
		make_program(&p, insns, options);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] =
			p.fp && i % 16 / 2 == 5 ? 0 : (uint8_t)rnd(); /* a good MXCSR for FXRSTOR */
	for (unsigned i = 0; i < 4; i++) /* control words that unmask nothing */
		data[environments[i] - (DATA - 0x1000)] |= 0x3f;
	rig_flat(b, &s);
	random_state(&s, &p);
	set_up(a, &p, &s, data);
	set_up(b, &p, &s, data);
	before = executed(b);
	good = !sliced || run_sliced(a, b, defined_flags(&p), &halted);
	/* wild stores may make a program that never ends */
	if (good && (sliced ? !halted
			    : run_limited(a, UINT64_MAX) != TSR_CPU_HALTED ||
				      run_limited(b, UINT64_MAX) != TSR_CPU_HALTED)) {
		memcpy(a->ram, b->ram, RIG_RAM);
		return true;
	}
	before = executed(b) - before;
	forget_undefined_flags(a, defined_flags(&p));
	forget_undefined_flags(b, defined_flags(&p));
	*total += before < 100 * insns
			  ? before
			  : 100 * insns; /* a few that go round for long do not count for all */
	if (good && same(a, b, defined_flags(&p), false))
		return true;
	good = overwrites_itself(b, &p) || overwrites_page_tables(a, &p) ||
	       overwrites_page_tables(b, &p);
	if (!good) {
		printf("seed %llu differs (cpu-bt, cpu-interp):\n", (unsigned long long)seed);
		print_program(&p);
		same(a, b, defined_flags(&p), true);
	}
	memcpy(a->ram, b->ram,
	       RIG_RAM); /* what lies there would be a difference of the next program */
	return good;
}

/* When is it enough? */
struct limit {
	uint64_t programs, instructions;
	time_t until;
};

static struct limit limit_of(const char *text)
{
	struct limit l = { .programs = UINT64_MAX,
			   .instructions = UINT64_MAX,
			   .until = time(NULL) + (365 << 16) };
	char *unit;
	uint64_t n = strtoull(text, &unit, 0);

	if (*unit == 's')
		l.until = time(NULL) + (time_t)n;
	else if (*unit == 'M')
		l.instructions = n * 1000000;
	else
		l.programs = n;
	return l;
}

int main(int argc, char **argv)
{
	bool fresh = argc > 1 && !strcmp(argv[1], "fresh");
	uint64_t seed = fresh      ? (uint64_t)time(NULL) * 1000003 + (uint64_t)getpid()
			: argc > 1 ? strtoull(argv[1], NULL, 0)
				   : 1;
	struct limit limit = limit_of(argc > 2 ? argv[2] : "1500");
	unsigned insns = argc > 3 ? (unsigned)atoi(argv[3]) : 12, failures = 0;
	const char *options = argc > 4 ? argv[4] : "";
	struct rig *a = rig_new(true, options), *b = rig_new(false, "");
	uint64_t programs = 0, instructions = 0;

	if (!a || !b)
		return 1;
	printf("seed %llu, %u instructions, %s\n", (unsigned long long)seed, insns,
	       *options ? options : "no options");
	fflush(stdout);
	signal(SIGVTALRM, on_alarm);
	for (; programs < limit.programs && instructions < limit.instructions && failures < 3 &&
	       time(NULL) < limit.until;
	     programs++) {
		if (!one(a, b, seed + programs, insns, options, &instructions))
			failures++;
	}
	printf("%llu programs, %llu instructions, %u differ\n", (unsigned long long)programs,
	       (unsigned long long)instructions, failures);
	if (strstr(options, "unchecked")) {
		uint64_t signals = rig_stat(a, "signals of code without checks");

		printf("%llu signals of code without checks, %llu blocks\n", (unsigned long long)signals, (unsigned long long)rig_stat(a, "blocks without checks"));
		failures += !signals;
	}
	rig_free(a);
	rig_free(b);
	return failures != 0;
}
