/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See random-program.h. */
#include "random-program.h"

#include <stdio.h>
#include <string.h>

#include <Zydis/Zydis.h>

#include "random-strides.h"

static uint64_t state64;

void rnd_start(uint64_t seed)
{
	state64 = seed;
}

uint32_t rnd(void)
{
	state64 = state64 * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state64 >> 33) ^ (uint32_t)(state64 >> 60);
}

uint32_t below(uint32_t n)
{
	return rnd() % n;
}

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

const uint32_t environments[4] = { DATA + 0x200, DATA + 0x220, DATA + 0xff0, DATA + 0x3ff0 };

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

void make_program(struct program *p, unsigned insns, const char *options)
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

void make_strides(struct program *p)
{
	memset(p, 0, sizeof(*p));
	p->strided = p->code32 = true;
	p->paging = below(4);
	p->user = p->paging && below(2);
	p->length = random_strides(p->code, p->gpr, DATA, below);
	p->code[p->length++] = 0xf4;
	p->start = anywhere(p);
}

/* -- what is known of one */

void print_program(const struct program *p)
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

uint32_t defined_flags(const struct program *p)
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
