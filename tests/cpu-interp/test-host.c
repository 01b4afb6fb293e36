/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * User-level instructions with random operands, in the interpreter and on the host processor:
 * registers, arithmetic flags, memory and the FXSAVE image must agree bit for bit. Only encodings
 * that mean the same in 64-bit mode are made. Arguments: seed, number of instructions.
 */
#define _GNU_SOURCE
#include <CUnit/Basic.h>
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "../../plugins/cpu-interp/run.h"
#include "machine.h"
#include "unit.h"

#define DATA 0x00c00000u /* the same address in the guest and in this process */
#define DATA_BYTES 0x2000u
#define CODE 0x1000u

struct native {
	uint64_t gpr[8]; /* RSP: unused */
	uint64_t flags;
	uint64_t host_rsp;
	uint8_t fx[512] __attribute__((aligned(16)));
};

/* Loads everything, jumps to `code`, which ends with an indirect jump to native_back, and stores
 * everything. */
void native_run(struct native *n, const void *code);
extern struct native *native_current;
struct native *native_current;
void native_back(void);
__asm__(".text\n"
	".globl native_run\n.type native_run, @function\n"
	"native_run:\n"
	"	pushq %rbx\n	pushq %rbp\n	pushq %r12\n	pushq %r13\n	pushq %r14\n	"
	"pushq %r15\n"
	"	movq %rsp, 72(%rdi)\n"
	"	movq %rsi, %r8\n"
	"	fninit\n"
	"	fxrstor64 80(%rdi)\n"
	"	pushq 64(%rdi)\n	popfq\n"
	"	movq (%rdi), %rax\n	movq 8(%rdi), %rcx\n	movq 16(%rdi), %rdx\n	movq "
	"24(%rdi), %rbx\n"
	"	movq 40(%rdi), %rbp\n	movq 48(%rdi), %rsi\n	movq 56(%rdi), %rdi\n"
	"	jmp *%r8\n"
	".globl native_back\n"
	"native_back:\n"
	"	movq native_current@GOTPCREL(%rip), %r8\n	movq (%r8), %r8\n"
	"	movq %rax, (%r8)\n	movq %rcx, 8(%r8)\n	movq %rdx, 16(%r8)\n	movq %rbx, "
	"24(%r8)\n"
	"	movq %rbp, 40(%r8)\n	movq %rsi, 48(%r8)\n	movq %rdi, 56(%r8)\n"
	"	movq 72(%r8), %rsp\n"
	"	pushfq\n	popq 64(%r8)\n"
	"	fxsave64 80(%r8)\n	fninit\n"
	"	cld\n"
	"	pushq $0x1f80\n	ldmxcsr (%rsp)\n	addq $8, %rsp\n"
	"	popq %r15\n	popq %r14\n	popq %r13\n	popq %r12\n	popq %rbp\n	"
	"popq %rbx\n"
	"	ret\n");

static uint64_t rng;
static uint64_t limit = 200000;

static uint64_t rnd(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng * 0x2545f4914f6cdd1du;
}

static uint32_t interesting(void)
{
	static const uint32_t table[] = { 0,          1,          2,         7,      0x7f,
					  0x80,       0xff,       0x7fff,    0x8000, 0xffff,
					  0x7fffffff, 0x80000000, 0xffffffff };

	return rnd() & 1 ? (uint32_t)(rnd() >> 16) : table[rnd() % (sizeof(table) / 4)];
}

/* -- instructions */
enum kind { K_MODRM = 1, K_IMM8 = 2, K_IMM = 4, K_GROUP3 = 8, K_NO_PREFIX = 16, K_MEM_ONLY = 32 };
struct template
{
	uint8_t map; /* 0, or 0x0f */
	uint8_t first, last, step;
	unsigned kind;
};

/* clang-format off */
static const struct template templates[] = {
	{ 0, 0x00, 0x38, 8, K_MODRM }, { 0, 0x01, 0x39, 8, K_MODRM }, { 0, 0x02, 0x3a, 8, K_MODRM }, { 0, 0x03, 0x3b, 8, K_MODRM },
	{ 0, 0x04, 0x3c, 8, K_IMM8 }, { 0, 0x05, 0x3d, 8, K_IMM }, { 0, 0x69, 0x69, 1, K_MODRM | K_IMM },
	{ 0, 0x6b, 0x6b, 1, K_MODRM | K_IMM8 }, { 0, 0x80, 0x80, 1, K_MODRM | K_IMM8 }, { 0, 0x81, 0x81, 1, K_MODRM | K_IMM },
	{ 0, 0x83, 0x83, 1, K_MODRM | K_IMM8 }, { 0, 0x84, 0x8b, 1, K_MODRM }, { 0, 0x91, 0x93, 1, 0 }, { 0, 0x95, 0x97, 1, 0 },
	{ 0, 0x98, 0x99, 1, 0 }, { 0, 0x9e, 0x9f, 1, 0 }, { 0, 0xa8, 0xa8, 1, K_IMM8 }, { 0, 0xa9, 0xa9, 1, K_IMM },
	{ 0, 0xb0, 0xb7, 1, K_IMM8 }, { 0, 0xb8, 0xbb, 1, K_IMM }, { 0, 0xc0, 0xc1, 1, K_MODRM | K_IMM8 }, { 0, 0xd0, 0xd3, 1, K_MODRM },
	{ 0, 0xf5, 0xf5, 1, 0 }, { 0, 0xf8, 0xf9, 1, 0 }, { 0, 0xf6, 0xf7, 1, K_MODRM | K_GROUP3 }, { 0, 0xfe, 0xfe, 1, K_MODRM },
	{ 0, 0xff, 0xff, 1, K_MODRM }, { 0, 0xd8, 0xdf, 1, K_MODRM | K_NO_PREFIX },
	{ 0x0f, 0x10, 0x17, 1, K_MODRM }, { 0x0f, 0x28, 0x2f, 1, K_MODRM }, { 0x0f, 0x40, 0x4f, 1, K_MODRM },
	{ 0x0f, 0x50, 0x6f, 1, K_MODRM }, { 0x0f, 0x70, 0x73, 1, K_MODRM | K_IMM8 }, { 0x0f, 0x74, 0x76, 1, K_MODRM },
	{ 0x0f, 0x77, 0x77, 1, 0 }, { 0x0f, 0x7e, 0x7f, 1, K_MODRM }, { 0x0f, 0x90, 0x9f, 1, K_MODRM },
	{ 0x0f, 0xa3, 0xa3, 1, K_MODRM }, { 0x0f, 0xa4, 0xa4, 1, K_MODRM | K_IMM8 }, { 0x0f, 0xa5, 0xa5, 1, K_MODRM },
	{ 0x0f, 0xab, 0xab, 1, K_MODRM }, { 0x0f, 0xac, 0xac, 1, K_MODRM | K_IMM8 }, { 0x0f, 0xad, 0xad, 1, K_MODRM },
	{ 0x0f, 0xaf, 0xaf, 1, K_MODRM }, { 0x0f, 0xb0, 0xb1, 1, K_MODRM }, { 0x0f, 0xb3, 0xb3, 1, K_MODRM },
	{ 0x0f, 0xb6, 0xb7, 1, K_MODRM }, { 0x0f, 0xba, 0xba, 1, K_MODRM | K_IMM8 }, { 0x0f, 0xbb, 0xbf, 1, K_MODRM },
	{ 0x0f, 0xc0, 0xc1, 1, K_MODRM }, { 0x0f, 0xc2, 0xc2, 1, K_MODRM | K_IMM8 }, { 0x0f, 0xc3, 0xc3, 1, K_MODRM },
	{ 0x0f, 0xc4, 0xc6, 1, K_MODRM | K_IMM8 }, { 0x0f, 0xc7, 0xc7, 1, K_MODRM | K_MEM_ONLY }, { 0x0f, 0xc8, 0xcb, 1, 0 },
	{ 0x0f, 0xd1, 0xff, 1, K_MODRM },
};
/* clang-format on */

/* A ModRM byte and what follows: memory is [EBX + disp8/32], [EBX + ESI * scale + disp]; registers
 * avoid ESP and EBX-as-base. */
static unsigned put_modrm(uint8_t *to, unsigned kind, bool *memory)
{
	unsigned reg = rnd() & 7, n = 0;

	*memory = (kind & K_MEM_ONLY) || rnd() % 3 == 0;
	if (!*memory) {
		to[n++] = (uint8_t)(0xc0 | reg << 3 | (rnd() & 7));
		return n;
	}
	if (rnd() & 1) {
		to[n++] = (uint8_t)(0x40 | reg << 3 | 3);
		to[n++] = (uint8_t)(rnd() & 0x70);
	} else {
		to[n++] = (uint8_t)(0x80 | reg << 3 | 4);
		to[n++] = (uint8_t)((rnd() & 0xc0) | 6 << 3 | 3);
		uint32_t disp = rnd() & 0xf0;
		memcpy(to + n, &disp, 4);
		n += 4;
	}
	return n;
}

static unsigned put_instruction(uint8_t *to, bool *memory)
{
	static const uint8_t prefixes[] = { 0x66, 0xf2, 0xf3 };
	const struct template *t = &templates[rnd() % (sizeof(templates) / sizeof(templates[0]))];
	unsigned steps = (unsigned)(t->last - t->first) / t->step + 1, n = 0, prefix = rnd() % 6,
		 imm;
	bool wide = true;
	uint8_t opcode = (uint8_t)(t->first + rnd() % steps * t->step);

	*memory = false;
	if (!(t->kind & K_NO_PREFIX) && prefix < 3) {
		to[n++] = prefixes[prefix];
		wide = prefix != 0;
	}
	if (t->map)
		to[n++] = t->map;
	to[n++] = opcode;
	imm = t->kind & K_IMM8 ? 1 : t->kind & K_IMM ? (wide ? 4 : 2) : 0;
	if (t->kind & K_MODRM) {
		uint8_t *modrm = to + n;

		n += put_modrm(to + n, t->kind, memory);
		if ((t->kind & K_GROUP3) && !(modrm[0] & 0x30))
			imm = opcode & 1 ? (wide ? 4 : 2) : 1;
	}
	for (unsigned i = 0; i < imm; i++)
		to[n++] = (uint8_t)interesting();
	return n;
}

/* What the host must not run, or means something else there. */
static bool unsuitable(const uint8_t *bytes, unsigned length)
{
	ZydisDecoder decoder;
	ZydisDecodedInstruction in, in64;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
	ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_TZCNT, ZYAN_FALSE);
	ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_LZCNT, ZYAN_FALSE);
	if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, length, &in, operands)) ||
	    in.length != length)
		return true;
	for (unsigned i = 0; i < in.operand_count; i++) {
		const ZydisDecodedOperand *o = &operands[i];

		if (o->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    (o->reg.value == ZYDIS_REGISTER_ESP || o->reg.value == ZYDIS_REGISTER_SP))
			return true;
	}
	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, length, &in64, operands)))
		return true;
	switch (in.mnemonic) {
	case ZYDIS_MNEMONIC_BT:
	case ZYDIS_MNEMONIC_BTS:
	case ZYDIS_MNEMONIC_BTR:
	case ZYDIS_MNEMONIC_BTC:
		return (bytes[length - 1] >> 6 != 3) && in.raw.modrm.mod != 3 &&
		       in.opcode != 0xba; /* reaches anywhere */
	case ZYDIS_MNEMONIC_CALL:
	case ZYDIS_MNEMONIC_JMP:
	case ZYDIS_MNEMONIC_PUSH:
	case ZYDIS_MNEMONIC_POP:
	case ZYDIS_MNEMONIC_FLDENV:
	case ZYDIS_MNEMONIC_FRSTOR:
	case ZYDIS_MNEMONIC_FNSTENV:
	case ZYDIS_MNEMONIC_FNSAVE:
	case ZYDIS_MNEMONIC_FLDCW:
	case ZYDIS_MNEMONIC_MASKMOVQ:
	case ZYDIS_MNEMONIC_MASKMOVDQU:
		return true;
	case ZYDIS_MNEMONIC_TZCNT:
	case ZYDIS_MNEMONIC_LZCNT:
		return true;
	default:
		/* F3 0F BC and BD are TZCNT and LZCNT on the host. */
		return (in.mnemonic == ZYDIS_MNEMONIC_BSF || in.mnemonic == ZYDIS_MNEMONIC_BSR) &&
		       bytes[0] == 0xf3;
	}
}

/* -- operands */
static void random_fx(uint8_t fx[512], bool masked)
{
	uint16_t fcw = (uint16_t)((rnd() & 0x0f00) | 0x40 | (masked ? 0x3f : rnd() & 0x3f));
	uint16_t fsw = (uint16_t)((rnd() & 7) << 11 | (rnd() & 0x4700));
	uint32_t mxcsr = (uint32_t)(0x1f80 | (rnd() & 0x6000) | (rnd() % 8 == 0 ? 0x8000 : 0) |
				    (rnd() % 8 == 0 ? 0x40 : 0));
	/* clang-format off */
	static const uint64_t special[] = {
		0, 0x8000000000000000, 0x3ff0000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001,
		1, 0x000fffffffffffff, 0x7fefffffffffffff, 0x3f8000003f800000, 0x7f8000007f800001, 0x00000001807fffff, 0xff7fffff00800000,
	};
	/* clang-format on */

	memset(fx, 0, 512);
	memcpy(fx, &fcw, 2);
	memcpy(fx + 2, &fsw, 2);
	fx[4] = rnd() & 1 ? 0xff : (uint8_t)rnd();
	memcpy(fx + 24, &mxcsr, 4);
	for (unsigned i = 0; i < 8; i++) {
		uint64_t mantissa = rnd() % 4 ? rnd() | 1ull << 63 : rnd();
		uint16_t exponent = (uint16_t)(rnd() % 3 ? 0x3ff0 + rnd() % 32 : rnd());

		if (rnd() % 8 == 0)
			mantissa = rnd() & 1 ? 0 : 1ull << 63,
			exponent = (uint16_t)(rnd() & 1 ? 0x7fff : 0);
		memcpy(fx + 32 + 16 * i, &mantissa, 8);
		memcpy(fx + 40 + 16 * i, &exponent, 2);
		for (unsigned k = 0; k < 2; k++) {
			uint64_t value = rnd() & 1 ? rnd() : special[rnd() % 14];

			memcpy(fx + 160 + 16 * i + 8 * k, &value, 8);
		}
	}
}

static struct {
	struct machine *m;
	uint8_t *data, *code;
	uint64_t ran[3][256], skipped;
} h;

static void code_end(uint8_t *at)
{
	void (*back)(void) = native_back;

	at[0] = 0xff; /* jmp *0(%rip) */
	at[1] = 0x25;
	memset(at + 2, 0, 4);
	memcpy(at + 6, &back, 8);
}

static void report(const uint8_t *bytes, unsigned length, const char *what, uint64_t got,
		   uint64_t want)
{
	ZydisDecoder decoder;
	ZydisDecodedInstruction in;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisFormatter formatter;
	char text[128] = "?";

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
	ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
	if (ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, length, &in, operands)))
		ZydisFormatterFormatInstruction(&formatter, &in, operands, in.operand_count_visible,
						text, sizeof(text), 0, NULL);
	printf("%s:", text);
	for (unsigned i = 0; i < length; i++)
		printf(" %02x", bytes[i]);
	printf(": %s %llx, host %llx\n", what, (unsigned long long)got, (unsigned long long)want);
}

static bool compare(const uint8_t *bytes, unsigned length, const struct native *n,
		    const uint32_t *before)
{
	static const char *const names[] = {
		"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"
	};
	const struct tsr_x86_state *s = &h.m->state;
	bool same = true;

	for (unsigned i = 0; i < 8; i++) {
		if (i != TSR_ESP && s->gpr[i] != (uint32_t)n->gpr[i]) {
			report(bytes, length, names[i], s->gpr[i], n->gpr[i]);
			same = false;
		}
	}
	if ((s->eflags ^ n->flags) & TSR_FLAGS_ARITHMETIC) {
		report(bytes, length, "flags", s->eflags & TSR_FLAGS_ARITHMETIC,
		       n->flags & TSR_FLAGS_ARITHMETIC);
		same = false;
	}
	if (memcmp(h.m->ram + DATA, h.data, DATA_BYTES)) {
		report(bytes, length, "memory", 0, 0);
		same = false;
	}
	for (unsigned i = 0; i < 288; i++) {
		if ((i >= 6 && i < 24) || (i >= 28 && i < 32))
			continue;
		if (s->fx[i] != n->fx[i]) {
			char what[32];

			snprintf(what, sizeof(what), "fx[%u]", i);
			report(bytes, length, what, s->fx[i], n->fx[i]);
			same = false;
			break;
		}
	}
	return same;
}

static bool run_one(void)
{
	struct tsr_x86_state *s = &h.m->state;
	uint8_t bytes[32];
	uint32_t before[8];
	struct native n;
	unsigned length;
	bool memory, masked = rnd() & 1;

	do
		length = put_instruction(bytes, &memory);
	while (unsuitable(bytes, length));
	memset(&n, 0, sizeof(n));
	random_fx(n.fx, masked);
	for (unsigned i = 0; i < 8; i++)
		before[i] = interesting();
	before[TSR_ESP] = 0x8000;
	if (memory) {
		before[TSR_EBX] = DATA + 0x800 + (rnd() % 4 ? 0 : rnd() & 0x7f0);
		before[TSR_ESI] = rnd() & 0x30;
	}
	n.flags = 0x202 | (rnd() & TSR_FLAGS_ARITHMETIC);
	for (unsigned i = 0; i < 8; i++)
		n.gpr[i] = before[i];
	for (unsigned i = 0; i < 32; i++) {
		uint64_t value = rnd() & 1 ? rnd() : interesting();

		memcpy(h.data + 0x800 + 8 * (rnd() & 0x7f), &value, 8);
	}
	memcpy(h.m->ram + DATA, h.data, DATA_BYTES);
	memcpy(h.m->ram + CODE, bytes, length);
	memset(h.m->ram + CODE + length, 0x90, 16);
	memcpy(s->gpr, before, sizeof(before));
	s->eflags = (uint32_t)n.flags & ~TSR_FLAG_IF;
	s->eip = CODE;
	memcpy(s->fx, n.fx, 512);
	s->gdtr.limit = s->idtr.limit = 0; /* any fault is a triple fault */
	machine_refresh(h.m);
	if (cpu_step(h.m->c, 1, NULL) == TSR_X86_SHUTDOWN || s->eip != CODE + length) {
		h.skipped++;
		return true;
	}
	memcpy(h.code, bytes, length);
	code_end(h.code + length);
	native_current = &n;
	native_run(&n, h.code);
	h.ran[bytes[0] == 0x0f ? 1 : 0][bytes[0] == 0x0f ? bytes[1] : bytes[0]]++;
	return compare(bytes, length, &n, before);
}

static void test_random(void)
{
	unsigned wrong = 0;

	for (uint64_t i = 0; i < limit && wrong < 20; i++)
		wrong += !run_one();
	printf("%llu instructions, %llu of them faulted\n", (unsigned long long)limit,
	       (unsigned long long)h.skipped);
	CU_ASSERT_EQUAL(wrong, 0);
}

int main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		{ "random instructions agree", test_random },
		CU_TEST_INFO_NULL,
	};

	rng = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
	if (argc > 2)
		limit = strtoull(argv[2], NULL, 0);
	printf("seed %llu\n", (unsigned long long)rng);
	rng = rng * 0x9e3779b97f4a7c15u | 1;
	h.m = machine_new(NULL);
	h.data = mmap((void *)(uintptr_t)DATA, DATA_BYTES, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	h.code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	if (h.data == MAP_FAILED || h.code == MAP_FAILED)
		return 77;
	int status = unit_run("the host processor", tests);

	machine_free(h.m);
	return status;
}
