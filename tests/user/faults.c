/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each instruction of a table uses memory in three pages, of which the one in the middle is absent,
 * unmapped or read only, at every place where its operand lies in it or beside it:
 *   - it faults if and only if the operand reaches that page in a way that is not allowed;
 *   - the handler finds CR2 in that page, where the operand begins there, and all registers, the
 *     x87's, MMX's and SSE's and the flags as they were before the instruction (SDM volume 3, 6.5:
 *     faults are restartable), and, if it stores at most one operand, memory too;
 *   - then the handler repairs the page and returns: the outcome is that of the instruction in
 *     memory where nothing fails.
 * Each instruction runs often in good memory before, so that an engine has made its best of it.
 */
#include "user.h"

#define AREA 0x60000000u /* three pages */
#define BAD (AREA + PAGE)
#define AWAY 0x60010000u /* good memory for what else an instruction needs */
#define CODE 0x60020000u
#define SLOT 64u
#define WARM 1500

enum { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI };
enum { PATTERN, RETURN, FXSAVE, FNSAVE, ENVIRONMENT, CONTROL, MXCSR, FLAGS, SMALL, DIVISOR };
enum { R = 1, W = 2, MANY = 4, ALIGNED = 8, NO_CR2 = 16, SEVERAL = 32 };

struct row {
	const char *name;
	uint8_t code[12], length;
	uint8_t base; /* the register that is the operand's address, plus bias */
	int16_t bias;
	uint16_t size;
	uint8_t access, content;
};

#define I(...) { __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ })

/* clang-format off */
static const struct row rows[] = {
	{ "mov r, m", I(0x8b, 0x03), EBX, 0, 4, R, PATTERN },
	{ "mov m, r", I(0x89, 0x03), EBX, 0, 4, W, PATTERN },
	{ "mov r8, m", I(0x8a, 0x23), EBX, 0, 1, R, PATTERN },
	{ "mov m, r8", I(0x88, 0x2b), EBX, 0, 1, W, PATTERN },
	{ "mov r16, m", I(0x66, 0x8b, 0x03), EBX, 0, 2, R, PATTERN },
	{ "mov m, r16", I(0x66, 0x89, 0x0b), EBX, 0, 2, W, PATTERN },
	{ "mov m, imm", I(0xc7, 0x43, 0x10, 1, 2, 3, 4), EBX, -16, 4, W, PATTERN },
	{ "mov r, [b + i * 4 + d]", I(0x8b, 0x94, 0x8b, 0x00, 0x10, 0, 0), EBX, -4096 - 12, 4, R, PATTERN },
	{ "mov r of its address", I(0x8b, 0x1b), EBX, 0, 4, R, PATTERN },
	{ "mov of two registers that are its address", I(0x8b, 0x0c, 0x0b), EBX, -3, 4, R, PATTERN },
	{ "movzx r, m8", I(0x0f, 0xb6, 0x03), EBX, 0, 1, R, PATTERN },
	{ "movsx r, m16", I(0x0f, 0xbf, 0x1b), EBX, 0, 2, R, PATTERN },
	{ "xchg m, r", I(0x87, 0x03), EBX, 0, 4, R | W, PATTERN },
	{ "xadd m, r", I(0x0f, 0xc1, 0x03), EBX, 0, 4, R | W, PATTERN },
	{ "cmpxchg m, r", I(0x0f, 0xb1, 0x0b), EBX, 0, 4, R | W, PATTERN },
	{ "lock cmpxchg m, r", I(0xf0, 0x0f, 0xb1, 0x0b), EBX, 0, 4, R | W, PATTERN },
	{ "cmpxchg8b m", I(0x0f, 0xc7, 0x0b), EBX, 0, 8, R | W, PATTERN },
	{ "add m, r", I(0x01, 0x03), EBX, 0, 4, R | W, PATTERN },
	{ "lock add m, r", I(0xf0, 0x01, 0x03), EBX, 0, 4, R | W, PATTERN },
	{ "add r, m", I(0x03, 0x03), EBX, 0, 4, R, PATTERN },
	{ "adc m, r", I(0x11, 0x0b), EBX, 0, 4, R | W, PATTERN },
	{ "sbb r, m", I(0x1b, 0x0b), EBX, 0, 4, R, PATTERN },
	{ "xor m, imm8", I(0x80, 0x33, 0x55), EBX, 0, 1, R | W, PATTERN },
	{ "cmp m, r", I(0x39, 0x0b), EBX, 0, 4, R, PATTERN },
	{ "test m, imm", I(0xf7, 0x03, 1, 2, 3, 4), EBX, 0, 4, R, PATTERN },
	{ "inc m", I(0xff, 0x03), EBX, 0, 4, R | W, PATTERN },
	{ "dec m16", I(0x66, 0xff, 0x0b), EBX, 0, 2, R | W, PATTERN },
	{ "neg m", I(0xf7, 0x1b), EBX, 0, 4, R | W, PATTERN },
	{ "not m8", I(0xf6, 0x13), EBX, 0, 1, R | W, PATTERN },
	{ "shl m, 1", I(0xd1, 0x23), EBX, 0, 4, R | W, PATTERN },
	{ "ror m, cl", I(0xd3, 0x0b), EBX, 0, 4, R | W, PATTERN },
	{ "rcl m, 1", I(0xd1, 0x13), EBX, 0, 4, R | W, PATTERN },
	{ "shld m, r, 5", I(0x0f, 0xa4, 0x03, 5), EBX, 0, 4, R | W, PATTERN },
	{ "bts m, imm", I(0x0f, 0xba, 0x2b, 7), EBX, 0, 4, R | W, PATTERN },
	{ "btr m, r beyond the operand", I(0x0f, 0xb3, 0x13), EBX, 4, 4, R | W, PATTERN }, /* EDX = -25 */
	{ "imul r, m", I(0x0f, 0xaf, 0x03), EBX, 0, 4, R, PATTERN },
	{ "mul m", I(0xf7, 0x23), EBX, 0, 4, R, PATTERN },
	{ "div m", I(0xf7, 0x33), EBX, 0, 4, R, DIVISOR },
	{ "sete m", I(0x0f, 0x94, 0x03), EBX, 0, 1, W, PATTERN },
	{ "cmove r, m without ZF", I(0x0f, 0x44, 0x03), EBX, 0, 4, R, PATTERN },
	{ "bsf r, m", I(0x0f, 0xbc, 0x03), EBX, 0, 4, R, PATTERN },
	{ "xlat", I(0xd7), EBX, -0x44, 1, R, PATTERN },
	{ "push r", I(0x50), ESP, 4, 4, W, PATTERN },
	{ "push esp", I(0x54), ESP, 4, 4, W, PATTERN },
	{ "push imm", I(0x6a, 0x85), ESP, 4, 4, W, PATTERN },
	{ "push r16", I(0x66, 0x50), ESP, 2, 2, W, PATTERN },
	{ "push m", I(0xff, 0x33), EBX, 0, 4, R, PATTERN },
	{ "push m to the bad page", I(0xff, 0x33), ESP, 4, 4, W, PATTERN },
	{ "pop r", I(0x5a), ESP, 0, 4, R, PATTERN },
	{ "pop esp", I(0x5c), ESP, 0, 4, R, PATTERN },
	{ "pop m", I(0x8f, 0x03), EBX, 0, 4, W, PATTERN },
	{ "pop m from the bad page", I(0x8f, 0x03), ESP, 0, 4, R, PATTERN },
	{ "pusha", I(0x60), ESP, 32, 32, W | MANY, PATTERN },
	{ "popa", I(0x61), ESP, 0, 32, R | NO_CR2 | SEVERAL, PATTERN },
	{ "pushf", I(0x9c), ESP, 4, 4, W, PATTERN },
	{ "popf", I(0x9d), ESP, 0, 4, R, FLAGS },
	{ "enter 0, 0", I(0xc8, 0, 0, 0), ESP, 4, 4, W, PATTERN },
	{ "leave", I(0xc9), EBP, 0, 4, R, PATTERN },
	{ "call m", I(0xff, 0x13), EBX, 0, 4, R, RETURN },
	{ "call r to the bad page", I(0xff, 0xd5), ESP, 4, 4, W, PATTERN },
	{ "jmp m", I(0xff, 0x23), EBX, 0, 4, R, RETURN },
	{ "ret", I(0xc3), ESP, 0, 4, R, RETURN },
	{ "ret 8", I(0xc2, 8, 0), ESP, 0, 4, R, RETURN },
	{ "movs to it", I(0xa5), EDI, 0, 4, W, PATTERN },
	{ "movs from it", I(0xa5), ESI, 0, 4, R, PATTERN },
	{ "stosb", I(0xaa), EDI, 0, 1, W, PATTERN },
	{ "stosd", I(0xab), EDI, 0, 4, W, PATTERN },
	{ "lodsw", I(0x66, 0xad), ESI, 0, 2, R, PATTERN },
	{ "scasd", I(0xaf), EDI, 0, 4, R, PATTERN },
	{ "cmpsd", I(0xa7), ESI, 0, 4, R, PATTERN },
	{ "fld m32", I(0xd9, 0x03), EBX, 0, 4, R, PATTERN },
	{ "fld m64", I(0xdd, 0x03), EBX, 0, 8, R, PATTERN },
	{ "fld m80", I(0xdb, 0x2b), EBX, 0, 10, R, PATTERN },
	{ "fst m32", I(0xd9, 0x13), EBX, 0, 4, W, PATTERN },
	{ "fstp m32", I(0xd9, 0x1b), EBX, 0, 4, W, PATTERN },
	{ "fstp m64", I(0xdd, 0x1b), EBX, 0, 8, W, PATTERN },
	{ "fstp m80", I(0xdb, 0x3b), EBX, 0, 10, W | MANY, PATTERN },
	{ "fild m16", I(0xdf, 0x03), EBX, 0, 2, R, PATTERN },
	{ "fistp m16", I(0xdf, 0x1b), EBX, 0, 2, W, PATTERN },
	{ "fistp m32", I(0xdb, 0x1b), EBX, 0, 4, W, PATTERN },
	{ "fistp m64", I(0xdf, 0x3b), EBX, 0, 8, W, PATTERN },
	{ "fbstp m80", I(0xdf, 0x33), EBX, 0, 10, W | MANY, PATTERN },
	{ "fadd m64", I(0xdc, 0x03), EBX, 0, 8, R, PATTERN },
	{ "ficomp m32", I(0xda, 0x1b), EBX, 0, 4, R, PATTERN },
	{ "fnstcw m", I(0xd9, 0x3b), EBX, 0, 2, W, PATTERN },
	{ "fnstsw m", I(0xdd, 0x3b), EBX, 0, 2, W, PATTERN },
	{ "fldcw m", I(0xd9, 0x2b), EBX, 0, 2, R, CONTROL },
	{ "fnstenv m", I(0xd9, 0x33), EBX, 0, 28, W | MANY, PATTERN },
	{ "fldenv m", I(0xd9, 0x23), EBX, 0, 28, R | NO_CR2, ENVIRONMENT },
	{ "fnsave m", I(0xdd, 0x33), EBX, 0, 108, W | MANY, PATTERN },
	{ "frstor m", I(0xdd, 0x23), EBX, 0, 108, R | NO_CR2, FNSAVE },
	{ "fxsave m", I(0x0f, 0xae, 0x03), EBX, 0, 512, W | MANY | ALIGNED, PATTERN },
	{ "fxrstor m", I(0x0f, 0xae, 0x0b), EBX, 0, 512, R | NO_CR2 | ALIGNED, FXSAVE },
	{ "stmxcsr m", I(0x0f, 0xae, 0x1b), EBX, 0, 4, W, PATTERN },
	{ "ldmxcsr m", I(0x0f, 0xae, 0x13), EBX, 0, 4, R, MXCSR },
	{ "movd mm, m", I(0x0f, 0x6e, 0x03), EBX, 0, 4, R, PATTERN },
	{ "movq mm, m", I(0x0f, 0x6f, 0x0b), EBX, 0, 8, R, PATTERN },
	{ "movq m, mm", I(0x0f, 0x7f, 0x0b), EBX, 0, 8, W, PATTERN },
	{ "movntq m, mm", I(0x0f, 0xe7, 0x0b), EBX, 0, 8, W, PATTERN },
	{ "paddb mm, m", I(0x0f, 0xfc, 0x0b), EBX, 0, 8, R, PATTERN },
	{ "cvtps2pi mm, m", I(0x0f, 0x2d, 0x03), EBX, 0, 8, R, SMALL },
	{ "cvtpi2ps xmm, m", I(0x0f, 0x2a, 0x03), EBX, 0, 8, R, PATTERN },
	{ "cvtsi2ss xmm, m", I(0xf3, 0x0f, 0x2a, 0x03), EBX, 0, 4, R, PATTERN },
	{ "cvttsd2si r, m", I(0xf2, 0x0f, 0x2c, 0x03), EBX, 0, 8, R, SMALL },
	{ "movups xmm, m", I(0x0f, 0x10, 0x03), EBX, 0, 16, R, PATTERN },
	{ "movups m, xmm", I(0x0f, 0x11, 0x03), EBX, 0, 16, W, PATTERN },
	{ "movaps m, xmm", I(0x0f, 0x29, 0x03), EBX, 0, 16, W | ALIGNED, PATTERN },
	{ "addps xmm, m", I(0x0f, 0x58, 0x03), EBX, 0, 16, R | ALIGNED, SMALL },
	{ "movdqu xmm, m", I(0xf3, 0x0f, 0x6f, 0x03), EBX, 0, 16, R, PATTERN },
	{ "movdqu m, xmm", I(0xf3, 0x0f, 0x7f, 0x03), EBX, 0, 16, W, PATTERN },
	{ "movss m, xmm", I(0xf3, 0x0f, 0x11, 0x03), EBX, 0, 4, W, PATTERN },
	{ "addsd xmm, m", I(0xf2, 0x0f, 0x58, 0x03), EBX, 0, 8, R, SMALL },
	{ "movlps xmm, m", I(0x0f, 0x12, 0x03), EBX, 0, 8, R, PATTERN },
	{ "movhps m, xmm", I(0x0f, 0x17, 0x03), EBX, 0, 8, W, PATTERN },
	{ "movnti m, r", I(0x0f, 0xc3, 0x03), EBX, 0, 4, W, PATTERN },
	{ "pinsrw xmm, m", I(0x66, 0x0f, 0xc4, 0x03, 1), EBX, 0, 2, R, PATTERN },
	{ "maskmovq mm, mm", I(0x0f, 0xf7, 0xd2), EDI, 0, 8, W, PATTERN }, /* MM2: all bytes */
	{ "fld1; mov m, r", I(0xd9, 0xe8, 0x89, 0x03), EBX, 0, 4, W | SEVERAL, PATTERN },
	{ "add; mov r, m; adc", I(0x01, 0xc9, 0x8b, 0x03, 0x11, 0xd1), EBX, 0, 4, R | SEVERAL, PATTERN },
	{ "four pushes", I(0x50, 0x51, 0x52, 0x53), ESP, 16, 16, W | MANY | SEVERAL, PATTERN },
	{ "four pops", I(0x58, 0x59, 0x5a, 0x5b), ESP, 0, 16, R | SEVERAL | NO_CR2, PATTERN },
	{ "dec; mov m, r; lea; jnz", I(0x49, 0x89, 0x0b, 0x8d, 0x5b, 0x04, 0x75, 0xf8), EBX, 0, 12, W | MANY | SEVERAL, PATTERN },
	{ "mov r, [esp]", I(0x8b, 0x04, 0x24), ESP, 0, 4, R, PATTERN },
};
/* clang-format on */

struct cpu {
	uint32_t gpr[8], eflags;
	uint8_t fx[512] __attribute__((aligned(16)));
};

/* For the assembly code below. */
struct cpu in, out;
uint32_t code_at, saved_esp;
extern const uint8_t run_code_end[];
void run_code(void);

__asm__(".pushsection .text\nrun_code:\n\tpushal\n\tmov %esp, saved_esp\n\tfxrstor in+48\n\tpushl "
	"in+32\n\tpopfl\n\t"
	"mov in, %eax\n\tmov in+4, %ecx\n\tmov in+8, %edx\n\tmov in+12, %ebx\n\t"
	"mov in+20, %ebp\n\tmov in+24, %esi\n\tmov in+28, %edi\n\tmov in+16, %esp\n\t"
	"jmp *code_at\n"
	"run_code_end:\n\tmov %eax, out\n\tmov %ecx, out+4\n\tmov %edx, out+8\n\tmov %ebx, "
	"out+12\n\t"
	"mov %esp, out+16\n\tmov %ebp, out+20\n\tmov %esi, out+24\n\tmov %edi, out+28\n\t"
	"mov saved_esp, %esp\n\tpushfl\n\tpopl out+32\n\tfxsave out+48\n\t"
	"pushl $0x202\n\tpopfl\n\tfninit\n\tpopal\n\tret\n.popsection\n");

static const struct row *row;
static uint8_t before[3 * PAGE], wanted[3 * PAGE];
static struct cpu wanted_cpu;
static struct {
	volatile unsigned count;
	struct context c;
	uint8_t fx[512];
	bool memory;
} fault;

static void put32(uint32_t at, uint32_t value)
{
	memcpy((void *)at, &value, 4);
}

/* -- one run */

static void content(uint8_t *at)
{
	static const uint32_t environment[] = { 0xffff037f, 0xffff0000, 0xffffffff, 0,
						0,          0,          0xffff0000 };
	static const uint32_t control = 0x027f, mxcsr = 0x1fa0, flags = 0x246, divisor = 0xffffffff;
	static const float one = 1.0f;
	uint32_t back = (uint32_t)run_code_end;

	switch (row->content) {
	case RETURN:
		memcpy(at, &back, 4);
		break;
	case FXSAVE:
		memcpy(at, in.fx, 512);
		at[40] ^= 0x11;
		break;
	case FNSAVE:
	case ENVIRONMENT:
		memcpy(at, environment, sizeof(environment));
		break;
	case CONTROL:
		memcpy(at, &control, 2);
		break;
	case MXCSR:
		memcpy(at, &mxcsr, 4);
		break;
	case FLAGS:
		memcpy(at, &flags, 4);
		break;
	case DIVISOR:
		memcpy(at, &divisor, 4);
		break;
	case SMALL:
		for (unsigned i = 0; i < row->size; i += 4)
			memcpy(at + i, &one, 4);
		break;
	}
}

static void prepare(int32_t offset)
{
	static const uint32_t values[8] = { 0x87654344, 3, 0xffffffe7, 0x60018000,
					    0x60017000, 0, 0x60016000, 0x60015000 };

	memcpy(in.gpr, values, sizeof(values));
	in.gpr[EBP] = (uint32_t)run_code_end;
	in.gpr[row->base] = BAD + (uint32_t)offset + (uint32_t)(int32_t)row->bias;
	in.eflags = 0x293; /* CF, AF, SF, IF */
	code_at = CODE + SLOT * (uint32_t)(row - rows);
	for (unsigned i = 0; i < sizeof(before); i++)
		before[i] = (uint8_t)(i * 7 + (i >> 8) * 3 + 0x41) | 1;
	content(before + PAGE + offset);
	memcpy((void *)AREA, before, sizeof(before));
}

/* The last-instruction pointers and what is reserved do not count. */
static bool same_fx(const uint8_t *a, const uint8_t *b)
{
	return !memcmp(a, b, 5) && !memcmp(a + 24, b + 24, 4) && !memcmp(a + 32, b + 32, 256);
}

static bool is_write_only(void)
{
	return (row->access & (R | W)) == W;
}

static void on_fault(int signal, uint32_t at, struct context *c)
{
	(void)signal;
	fault.c = *c;
	fault.c.cr2 = at;
	memcpy(fault.fx, c->fpstate + FXSAVE_AT, sizeof(fault.fx));
	if (fault.count++ > 3)
		leave(4);
	map_at(BAD, PAGE, PROT_RW);
	memcpy((void *)BAD, before + PAGE, PAGE);
	fault.memory = !memcmp((void *)AREA, before, sizeof(before));
}

static void check_fault(int32_t offset)
{
	const struct context *c = &fault.c;
	uint32_t start = BAD + (uint32_t)offset, first = start < BAD ? BAD : start;
	const uint32_t gpr[8] = { c->eax,           c->ecx, c->edx, c->ebx,
				  c->esp_at_signal, c->ebp, c->esi, c->edi };

	check_equal(c->trapno, TRAP_PF, row->name);
	check(c->cr2 - BAD < PAGE, row->name);
	if (!(row->access & (MANY | NO_CR2)))
		check_equal(c->cr2, first, row->name);
	check(c->err & ERR_U, row->name);
	if (is_write_only() || !(row->access & W))
		check_equal(c->err & ERR_W, row->access & W, row->name);
	if (!(row->access & MANY))
		check(fault.memory, row->name);
	if (row->access & SEVERAL)
		return;
	check_equal(c->eip, code_at, row->name);
	for (unsigned i = 0; i < 8; i++)
		check_equal(gpr[i], in.gpr[i], row->name);
	check_equal(c->eflags & ~(uint32_t)EFLAGS_RF, in.eflags, row->name);
	check(same_fx(fault.fx, in.fx), row->name);
}

static bool is_in_bad_page(int32_t offset)
{
	return offset > -(int32_t)row->size && offset < (int32_t)PAGE;
}

static void spoil(int protection)
{
	if (protection < 0)
		CALL3(SYS_munmap, BAD, PAGE, 0);
	else
		protect(BAD, PAGE, protection);
}

/* protection -1: nothing is mapped there. */
static void try(int32_t offset, int protection)
{
	bool bad = is_in_bad_page(offset) && (protection != PROT_READ || row->access & W);

	map_at(AREA, 3 * PAGE, PROT_RW);
	prepare(offset);
	run_code();
	wanted_cpu = out;
	memcpy(wanted, (void *)AREA, sizeof(wanted));
	prepare(offset);
	fault.count = 0;
	spoil(protection);
	run_code();
	if (!bad)
		protect(BAD, PAGE, PROT_RW);
	check_equal(fault.count, bad, row->name);
	if (fault.count)
		check_fault(offset);
	if (!fault.count && protection < 0)
		return;
	check(!memcmp(wanted, (void *)AREA, sizeof(wanted)), row->name);
	check(!memcmp(out.gpr, wanted_cpu.gpr, sizeof(out.gpr)), row->name);
	check_equal(out.eflags & ~(uint32_t)EFLAGS_RF, wanted_cpu.eflags, row->name);
	check(same_fx(out.fx, wanted_cpu.fx), row->name);
}

static void check_row(void)
{
	static const int protections[] = { PROT_NONE, PROT_READ, -1 };
	const int32_t size = row->size, end = (int32_t)PAGE;
	const int32_t offsets[] = { -size,      1 - size,       -(size / 2), -1, 0,
				    end - size, end - size + 1, end - 1,     end };

	map_at(AREA, 3 * PAGE, PROT_RW);
	prepare(64);
	for (unsigned i = 0; i < WARM; i++) {
		if (row->content != PATTERN)
			content((uint8_t *)BAD + 64);
		run_code();
	}
	for (unsigned i = 0; i < sizeof(offsets) / sizeof(*offsets); i++) {
		int32_t offset = row->access & ALIGNED ? offsets[i] & ~15 : offsets[i];

		for (unsigned k = 0; k < 3; k++)
			if (protections[k] >= 0 || is_in_bad_page(offset))
				try(offset, protections[k]);
	}
}

/* -- all */

static void make_fx(void)
{
	static const uint8_t half[10] = { 0, 0, 0, 0, 0, 0, 0, 0x80, 0xfe, 0x3f };

	__asm__ volatile("fninit\n\tfxsave %0" : "=m"(in.fx));
	in.fx[4] = 0xe0; /* TOP 5 */
	in.fx[3] = 0x28;
	in.fx[24] = 0x80;
	in.fx[25] = 0x1f;
	for (unsigned i = 0; i < 8; i++)
		memcpy(in.fx + 32 + 16 * i, half, sizeof(half));
	in.fx[32 + 16] ^= 0x40;
	for (unsigned i = 160; i < 288; i++)
		in.fx[i] = i % 4 == 3 ? 0x3f : (uint8_t)i;
	__asm__ volatile("fxrstor %0\n\tfxsave %0\n\tfninit" : "+m"(in.fx));
}

static void write_code(void)
{
	map_at(CODE, 4 * PAGE, PROT_RWX);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint32_t at = CODE + SLOT * i, end = at + rows[i].length;

		memcpy((void *)at, rows[i].code, rows[i].length);
		*(uint8_t *)end = 0xe9;
		put32(end + 1, (uint32_t)run_code_end - (end + 5));
	}
	protect(CODE, 4 * PAGE, PROT_READ | PROT_EXEC);
}

void check_faults(void)
{
	area("faults");
	on_signal(SIGSEGV, on_fault);
	map_at(AWAY, 16 * PAGE, PROT_RW);
	for (uint32_t at = AWAY; at < AWAY + 16 * PAGE; at += 4)
		*word(at) = (uint32_t)run_code_end;
	make_fx();
	write_code();
	for (row = rows; row < rows + sizeof(rows) / sizeof(*rows); row++)
		check_row();
	on_signal(SIGSEGV, NULL);
}
