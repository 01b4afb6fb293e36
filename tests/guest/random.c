/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random instructions in real mode, at ring 3 with 32- and 16-bit segments, and in virtual-8086
 * mode: state in, state out, one line for each, without what the manuals leave undefined. The last
 * three once more with breakpoints on what they write and where they are, with pages that fault,
 * with x87, MMX and SSE instructions on such pages, and with alignment checks; and what CR4.VME
 * changes. `compare-random` patches `parameters` in the ROM and compares machines with each other;
 * as a test of its own it runs in lockstep. 64 KiB at CODE are INT3, so whatever is not far ends in
 * a trap.
 */
#include "random.h"

#define CODE 0x60000u
#define DATA 0x20000u
#define DATA_END 0x30200u
#define TF 0x100u
#define VM 0x20000u
#define AC_FLAG 0x40000u
#define MEMORY32(linear) (*(volatile uint32_t *)(linear))

PARAMETERS(1, 100, 17);

enum { SEL_T = SEL_FREE, SEL_REAL_CODE = 0x140, SEL_REAL_DATA = 0x148 };

/* How a test starts, in the order of POPA and IRET. */
struct start {
	uint32_t edi, esi, ebp, unused, ebx, edx, ecx, eax, eip, cs, eflags, esp, ss, es, ds, fs,
		gs;
};
struct start start;
/* How it ended. */
struct result {
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax, eip, cs, eflags, ss, es, ds, fs, gs,
		vector, error, high, dr6, cr2;
};
/* Modes of the parameters: all, then the protected ones with each of the other extras, then
 * virtual-8086 mode with CR4.VME. */
enum extra { NOTHING, BREAKPOINTS, PAGES, FLOAT, ALIGNMENT, EXTENSIONS };
enum { PROTECTED = MODES - 1, MODES_ALL = MODES + ALIGNMENT * PROTECTED + 1 };
static struct result result;
uint32_t real_esp;
struct {
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint16_t ss, es, fs, gs, ds, vector;
	uint32_t eflags;
} real_state;

void real_enter(void);
void protected_enter(void);
void v86_enter(void);
__asm__("	.text\n"
	"protected_enter:\n"
	"	movl $start, %esp\n"
	"	movw 52(%esp), %es\n	movw 60(%esp), %fs\n	movw 64(%esp), %gs\n	movw "
	"56(%esp), %ds\n"
	"v86_enter:\n"
	"	movl $start, %esp\n	popal\n	iretl\n"
	"	.data\n"
	"real_enter:\n"
	"	pushal\n"
	"	movl %esp, real_esp\n"
	"	lidtl real_idtr\n"
	"	ljmpl $0x140, $1f\n"
	"	.code16\n"
	"1:	movw $0x148, %ax\n	movw %ax, %ds\n	movw %ax, %es\n	movw %ax, %fs\n	movw %ax, "
	"%gs\n	movw %ax, %ss\n"
	"	movl %cr0, %eax\n	andb $0xfe, %al\n	movl %eax, %cr0\n"
	"	ljmpw $0, $2f\n"
	"2:	movw %cs:start + 48, %ss\n	movl %cs:start + 44, %esp\n"
	"	pushw %cs:start + 40\n	pushw %cs:start + 36\n	pushw %cs:start + 32\n"
	"	movw %cs:start + 52, %es\n	movw %cs:start + 56, %ds\n	movw %cs:start + "
	"60, %fs\n	movw %cs:start + 64, %gs\n"
	"	movl %cs:start, %edi\n	movl %cs:start + 4, %esi\n	movl %cs:start + 8, "
	"%ebp\n	movl %cs:start + 16, %ebx\n"
	"	movl %cs:start + 20, %edx\n	movl %cs:start + 24, %ecx\n	movl %cs:start + "
	"28, %eax\n"
	"	iretw\n"
	"	.balign 8\n"
	"real_stubs:\n"
	"	.set n, 0\n"
	"	.rept 256\n	pushw $n\n	jmp real_trap\n	.balign 8\n	.set n, n + 1\n	"
	".endr\n"
	"real_trap:\n"
	"	pushw %ds\n	pushw $0\n	popw %ds\n	popw real_state + 40\n	popw "
	"real_state + 42\n"
	"	movl %edi, real_state\n	movl %esi, real_state + 4\n	movl %ebp, real_state + "
	"8\n	movl %esp, real_state + 12\n"
	"	movl %ebx, real_state + 16\n	movl %edx, real_state + 20\n	movl %ecx, "
	"real_state + 24\n	movl %eax, real_state + 28\n"
	"	movw %ss, real_state + 32\n	movw %es, real_state + 34\n	movw %fs, "
	"real_state + 36\n	movw %gs, real_state + 38\n"
	"	movl %cr0, %eax\n	orb $1, %al\n	movl %eax, %cr0\n"
	"	ljmpl $8, $3f\n"
	"	.code32\n"
	"3:	movw $0x10, %ax\n	movw %ax, %ds\n	movw %ax, %es\n	movw %ax, %ss\n	movw %ax, "
	"%fs\n	movw %ax, %gs\n"
	"	movl real_esp, %esp\n"
	"	pushfl\n	popl real_state + 44\n	pushl $2\n	popfl\n"
	"	popal\n	ret\n"
	"	.text\n");
extern const uint8_t real_stubs[];
static const struct __attribute__((packed)) {
	uint16_t limit;
	uint32_t base;
} real_idtr __attribute__((used)) = { 0x3ff, 0 };

static void load_idt(void)
{
	const struct __attribute__((packed)) {
		uint16_t limit;
		uint32_t base;
	} idtr = { sizeof(idt) - 1, (uint32_t)idt };

	__asm__ volatile("lidt %0" ::"m"(idtr));
}

/* -- Running one */

static void run_real(void)
{
	const uint16_t *top;

	for (unsigned i = 0; i < 256; i++)
		((volatile uint32_t *)0)[i] = (uint32_t)real_stubs + 8 * i;
	real_enter();
	load_idt();
	top = (const uint16_t *)((uint32_t)real_state.ss * 16 + (real_state.esp & 0xffff));
	result = (struct result){ real_state.edi,
				  real_state.esi,
				  real_state.ebp,
				  real_state.esp,
				  real_state.ebx,
				  real_state.edx,
				  real_state.ecx,
				  real_state.eax,
				  top[0],
				  top[1],
				  top[2],
				  real_state.ss,
				  real_state.es,
				  real_state.ds,
				  real_state.fs,
				  real_state.gs,
				  real_state.vector,
				  0,
				  real_state.eflags & 0x240000,
				  0,
				  0 };
}

static void run_protected(void)
{
	unsigned vector = catch_call(start.eflags & VM ? v86_enter : protected_enter) - 1;
	bool v86 = trap.eflags & VM;

	result = (struct result){ trap.edi,
				  trap.esi,
				  trap.ebp,
				  trap.esp,
				  trap.ebx,
				  trap.edx,
				  trap.ecx,
				  trap.eax,
				  trap.eip,
				  trap.cs & 0xffff,
				  trap.eflags,
				  trap.ss & 0xffff,
				  (v86 ? trap.v86_es : trap.es) & 0xffff,
				  (v86 ? trap.v86_ds : trap.ds) & 0xffff,
				  (v86 ? trap.v86_fs : trap.fs) & 0xffff,
				  (v86 ? trap.v86_gs : trap.gs) & 0xffff,
				  vector,
				  trap.error,
				  0,
				  0,
				  0 };
}

/* -- States */

/* Memory as each test finds it, and a copy of it beyond 1 MiB: what differs afterwards is what was
 * written. */
static void fill_memory(void)
{
	uint32_t x = 0x12345678, at = CODE, count = 0x4000;

	for (at = DATA; at < DATA_END; at += 4, x = x * 1664525 + 1013904223)
		MEMORY32(at) = MEMORY32(at + COPY) = at & 0x100 ? x : x >> (at & 24);
	for (unsigned i = 0; i < 2; i++, count = 0x4000) {
		at = CODE + COPY * i;
		__asm__ volatile("rep stosl" : "+D"(at), "+c"(count) : "a"(0xcccccccc) : "memory");
	}
}

static void make_descriptors(enum mode mode)
{
	uint8_t big = mode == RING3_32 ? 4 : 0;
	const uint64_t rows[] = {
		descriptor(CODE, 0xffff, ACCESS_CODE | ACCESS_DPL3 | 1, big),
		descriptor(DATA, 0xffff, ACCESS_DATA | ACCESS_DPL3 | 1, big),
		descriptor(DATA + 0x40, 0x7fff, ACCESS_DATA | ACCESS_DPL3 | 1, big),
		descriptor(DATA + 0x80, 0xffff, 0xf1, big), /* read only */
		descriptor(DATA + 0xc0, 0x3fff, 0xf7, 0),   /* expands down */
		descriptor(DATA + 0x100, 0xffff, ACCESS_DATA | ACCESS_DPL3 | 1, big),
		descriptor(CODE, 0xffff, 0x9f, big), /* conforming */
		descriptor(DATA, 0xffff, 0x73, big), /* not present */
		descriptor(DATA, 0xff, ACCESS_LDT, 0),
		descriptor(CODE, 0xffff, 0xf9, big), /* execute only */
		descriptor(DATA, 0xfffff, ACCESS_DATA | 1, big | 8),
		gate(SEL_CODE, 0, ACCESS_CALL32, 0),
		descriptor(DATA, 0x2b, ACCESS_TSS16, 0),
		gate(SEL_CODE, 0, 0xe0, 0), /* a type that is reserved */
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		gdt[SEL_T / 8 + i] = rows[i];
	gdt[SEL_REAL_CODE / 8] = descriptor(0, 0xffff, ACCESS_CODE | 1, 0);
	gdt[SEL_REAL_DATA / 8] = descriptor(0, 0xffff, ACCESS_DATA | 1, 0);
}

static uint32_t random_register(void)
{
	return random_below(12) ? random_value() : SEL_T + 8 * random_below(16) + random_below(4);
}

static void make_state(const struct instruction *in, enum mode mode)
{
	uint32_t eflags = (random_word() & 0x8d5) | (random_below(4) ? 0 : 0x400) |
			  (random_below(32) ? 0 : 0x4000) | 2;
	bool flat = mode == REAL || mode == V86;

	start = (struct start){ random_register(),
				random_register(),
				random_register(),
				0,
				random_register(),
				random_register(),
				random_register(),
				random_register(),
				random_below(16) ? random_below(0xff00) : 0xffff - random_below(18),
				CODE / 16,
				eflags,
				(random_word() & 0xfffe) | 0x40,
				DATA / 16 + 8,
				DATA / 16 + 4,
				DATA / 16,
				DATA / 16 + 12,
				DATA / 16 + 16 };
	if (!random_below(8))
		start.esp++;
	if (!random_below(3))
		start.esp = random_below(2) ? 0xfffe - random_below(12) : 0x40 + random_below(16);
	if (in->repeated)
		start.ecx &= random_below(8) ? 0x3f : 0xffff;
	if (is_far_transfer(in) || may_loop(in) || !random_below(8))
		start.eflags |= TF;
	if (mode == V86)
		start.eflags |= VM | (random_below(2) ? 0x3000 : 0);
	if (!flat) {
		start.cs = SEL_T | 3;
		start.ds = (SEL_T + 8) | 3;
		start.es = (SEL_T + 16) | 3;
		start.fs = (SEL_T + 24) | 3;
		start.gs = random_below(4) ? (SEL_T + 32) | 3 : 0;
		start.ss = (SEL_T + 40) | 3;
	}
}

/* A frame for IRET that comes back by single-stepping. */
static void make_frame(const struct instruction *in, enum mode mode)
{
	uint32_t at = DATA + (mode == REAL || mode == V86 ? 0x80 : 0x100) + start.esp;

	if (in->opcode != 0xcf || start.esp > 0xfff0)
		return;
	if (in->data32)
		*(volatile uint32_t *)(at + 8) = (random_word() & 0x3f7fd7) | TF;
	else
		*(volatile uint16_t *)(at + 4) = (uint16_t)random_word() | TF;
}

static void put_code(const struct instruction *in)
{
	for (unsigned i = 0; i < in->length; i++)
		*(volatile uint8_t *)(CODE + ((start.eip + i) & 0xffff)) = in->bytes[i];
}

/* -- Lines */

static uint32_t memory_digest(void)
{
	return memory_difference(memory_difference(2166136261u, DATA, DATA_END, false), CODE,
				 CODE + 0x10000, false);
}

static uint32_t result_digest(uint32_t hash)
{
	for (unsigned i = 0; i < sizeof(result) / 4; i++)
		hash = mix(hash, ((const uint32_t *)&result)[i]);
	return hash;
}

static void mask_undefined(const struct instruction *in)
{
	uint32_t undefined = 0x8d5 & ~defined_flags(in, start.ecx);

	/* A fault of its own leaves the flags, but not that of a division, nor one of fetching what
	 * follows. */
	if (result.vector == DE || result.eip != start.eip) {
		result.eflags &= ~undefined;
		if (!(start.eflags & VM) && result.ss == DATA / 16 + 8)
			*(volatile uint16_t *)(start.ss * 16 + ((result.esp + 4) & 0xffff)) &=
				(uint16_t)~undefined;
	}
}

static uint32_t image[128] __attribute__((aligned(16))); /* of FXSAVE */

static void print_float(void)
{
	print("  mem fcw=%x ftw=%x fip=%x fcs=%x fdp=%x fds=%x mxcsr=%x\n", image[0], image[1],
	      image[2], image[3], image[4], image[5], image[6]);
	for (unsigned i = 8; i < 72; i += 4)
		print("  mem r%u=%x:%x:%x:%x\n", i / 4 - 2, image[i + 3], image[i + 2],
		      image[i + 1], image[i]);
}

static uint32_t line(uint32_t number, const struct instruction *in, bool with_float)
{
	uint32_t memory = memory_digest();
	uint32_t all = result_digest(memory);

	print("%u ", number);
	for (unsigned i = 0; i < in->length; i++)
		print("%c%c", "0123456789abcdef"[in->bytes[i] >> 4],
		      "0123456789abcdef"[in->bytes[i] & 15]);
	print(" v=%u %x\n", result.vector, all);
	if (!parameters.verbose)
		return all;
	print("  in a=%x c=%x d=%x b=%x sp=%x bp=%x si=%x di=%x ip=%x f=%x gs=%x\n", start.eax,
	      start.ecx, start.edx, start.ebx, start.esp, start.ebp, start.esi, start.edi,
	      start.eip, start.eflags, start.gs);
	if (with_float)
		print_float();
	print("  out a=%x c=%x d=%x b=%x sp=%x bp=%x si=%x di=%x ip=%x f=%x cs=%x ss=%x ds=%x "
	      "es=%x fs=%x gs=%x",
	      result.eax, result.ecx, result.edx, result.ebx, result.esp, result.ebp, result.esi,
	      result.edi, result.eip, result.eflags, result.cs, result.ss, result.ds, result.es,
	      result.fs, result.gs);
	print(" e=%x high=%x dr6/pages=%x cr2=%x mem=%x\n", result.error, result.high, result.dr6,
	      result.cr2, memory);
	return all;
}

/* -- Breakpoints */

/* The first doubleword that was written, or the top of the stack. */
static uint32_t written(void)
{
	for (uint32_t at = DATA; at < DATA_END; at += 4)
		if (MEMORY32(at) != MEMORY32(at + COPY))
			return at;
	return (start.eflags & VM ? start.ss * 16 : DATA + 0x100) + start.esp;
}

static void set_breakpoints(uint32_t at)
{
	static const uint32_t lengths[] = { 0, 1, 3 };
	uint32_t length = lengths[random_below(3)], kind = random_below(2) ? 1 : 3, dr7 = 0x400;

	WRITE_DR(0, (at + random_below(4)) & ~length);
	dr7 |= (random_below(2) ? 1 : 2) | kind << 16 | length << 18;
	WRITE_DR(1, at & ~3u); /* reported with the others, enabled or not */
	dr7 |= (random_below(2) ? 0 : 4) | 0xdu << 20;
	WRITE_DR(2, CODE + start.eip);
	dr7 |= random_below(8) ? 0 : 0x10;
	WRITE_DR(6, 0);
	WRITE_DR(7, dr7);
	if (!random_below(4))
		start.eflags |= TF;
	if (!random_below(4))
		start.eflags |= 0x10000;
}

/* -- Pages */

/* Operands, stack and code at the ends of pages. */
static void move_to_page_ends(enum mode mode)
{
	if (mode == V86)
		start.ss = start.ds = start.es = start.fs = start.gs = DATA / 16;
	for (uint32_t *reg = &start.edi; reg <= &start.eax; reg++)
		if (random_below(2))
			*reg = (random_below(15) + 1) * 0x1000 - random_below(10);
	if (random_below(2))
		start.esp = (random_below(15) + 1) * 0x1000 + random_below(24) - 12;
	if (!random_below(8))
		start.eip = (random_below(15) + 1) * 0x1000 - random_below(6);
}

static void make_pages(void)
{
	pages_build();
	for (unsigned n = 1 + random_below(8); n--;)
		page_spoil(DATA + 0x1000 * random_below(17));
	if (!random_below(4))
		page_spoil(CODE + (start.eip & 0xf000) + (random_below(2) ? 0x1000 : 0));
}

/* What was made of A and D, and what the accesses were. */
static uint32_t pages_digest(bool parts)
{
	/* what is read before a segment's or descriptor's fault is not defined, nor how far a long
	 * operand is before a page's */
	uint32_t early = result.vector >= TS &&
					 (result.vector <= GP || (result.vector == PF && parts))
				 ? 0x20
				 : 0,
		 hash = 0;

	for (uint32_t at = DATA; at < DATA_END; at += 0x1000)
		hash = mix(hash, *page_entry(at) | early);
	return hash;
}

/* -- x87, MMX and SSE */

/* Registers of all kinds, exceptions masked, as FXSAVE has them. */
static void load_float(void)
{
	static const uint16_t exponents[] = { 0, 0x3fff, 0x4000, 0x403e, 0x7fff, 0xbfff, 0xffff };

	for (unsigned i = 0; i < 128; i++)
		image[i] = random_word();
	image[0] = (0x7f | (random_word() & 0xf00)) |
		   (random_word() & 0x3f00) << 16; /* FCW, FSW: TOP and conditions */
	image[1] = random_below(2) ? 0xff : random_below(2) ? 0 : random_word() & 0xff;
	image[2] = image[3] = image[4] = image[5] = 0;
	image[6] = 0x1f80;
	for (unsigned i = 0; i < 8; i++)
		image[10 + 4 * i] =
			random_below(2) ? exponents[random_below(7)] : 0x3ff0 + random_below(32);
	for (unsigned i = 0; i < 8; i++)
		if (random_below(4))
			image[9 + 4 * i] |= 0x80000000;
	WRITE_CR(4, READ_CR(4) | 0x600);
	__asm__ volatile("fxrstor %0" ::"m"(image));
}

static uint32_t float_digest(void)
{
	uint32_t hash = 0;

	__asm__ volatile("fxsave %0" : "=m"(image));
	image[1] &= 0xff; /* FOP: models differ */
	if (result.vector >= TS &&
	    result.vector <=
		    AC) /* whether a store that faults has set the pointers is not defined */
		image[2] = image[3] = image[4] = image[5] = 0;
	for (unsigned i = 0; i < 72; i++)
		hash = mix(hash, image[i]);
	return hash;
}

/* -- Virtual-8086 mode extensions (SDM volume 3, 20.3) */

static void extended_instruction(struct instruction *in)
{
	static const uint8_t opcodes[] = { 0xfa, 0xfb, 0x9c, 0x9d, 0xcf, 0xcd, 0xcd, 0xcc, 0xce };

	*in = (struct instruction){ .opcode = opcodes[random_below(sizeof(opcodes))] };
	if (!random_below(4)) {
		in->bytes[in->length++] = 0x66;
		in->data32 = true;
	}
	in->prefixes = in->length;
	in->bytes[in->length++] = (uint8_t)in->opcode;
	if (in->opcode == 0xcd)
		in->bytes[in->length++] = (uint8_t)random_word();
}

/* A popped image, VIF, VIP and IOPL, the 8086 program's vectors, and which interrupts go there:
 * half of them in the TSS' last bytes. */
static void make_extensions(void)
{
	start.eflags &= ~0x3000u;
	start.eflags |= (random_word() & 0x180200) | (random_below(3) ? 0 : 0x3000);
	for (unsigned i = 0; i < sizeof(main_tss.io); i++)
		main_tss.io[i] = (uint8_t)random_word();
	for (unsigned i = 0; i < 256; i++)
		((volatile uint32_t *)0)[i] = CODE << 12 | random_below(0xff00);
	WRITE_CR(4, READ_CR(4) | 1);
}

static bool has_pages(enum extra extra)
{
	return extra == PAGES || extra == FLOAT;
}

static bool has_float(enum extra extra, uint32_t number)
{
	return extra == FLOAT || (extra == ALIGNMENT && number % 4 == 0);
}

static void prepare(uint32_t number, enum mode mode, enum extra extra, struct instruction *in)
{
	random_seed(parameters.seed * 1000003 + number * 4 + mode);
	do {
		if (has_float(extra, number))
			random_float(in, mode);
		else if (extra == EXTENSIONS && random_below(8))
			extended_instruction(in);
		else
			random_instruction(in, mode);
		make_state(in, mode);
		if (has_pages(extra))
			move_to_page_ends(mode);
	} while (undefined_result(in, start.ecx));
	make_descriptors(mode);
	for (unsigned i = 0; has_pages(extra) && i < 6; i++)
		gdt[SEL_T / 8 + i] &= ~0xff0000ull; /* bases at the beginning of a page */
	make_frame(in, mode);
	put_code(in);
}

/* Returns a digest of the result. */
static uint32_t test(uint32_t number, enum mode mode, enum extra extra)
{
	struct instruction in;
	uint32_t cr0 = READ_CR(0), cr4 = READ_CR(4);
	bool paged = has_pages(extra), floats = has_float(extra, number);

	prepare(number, mode, extra, &in);
	if (extra == BREAKPOINTS) {
		uint32_t at;

		run_protected();
		at = written();
		memory_digest();
		prepare(number, mode, extra, &in);
		set_breakpoints(at);
	}
	if (floats)
		load_float();
	if (extra == EXTENSIONS)
		make_extensions();
	if (extra == ALIGNMENT) {
		start.eflags |= AC_FLAG;
		WRITE_CR(0, cr0 | 0x40000);
	}
	if (paged) {
		make_pages();
		WRITE_CR(0, pages_cr0(cr0));
	}
	if (mode == REAL)
		run_real();
	else
		run_protected();
	if (extra == BREAKPOINTS) {
		result.dr6 = READ_DR(6);
		for (unsigned i = 0; i < 4; i++)
			if (!(READ_DR(7) >> 2 * i &
			      3)) /* may or may not be set (SDM volume 3, 17.2.3) */
				result.dr6 &= ~(1u << i);
		WRITE_DR(7, 0x400);
	}
	WRITE_CR(0, cr0);
	WRITE_CR(4, cr4);
	if (paged) {
		result.cr2 = result.vector == PF
				     ? READ_CR(2) & ~0xfffu
				     : 0; /* which part of a pointer is read first is not defined */
		result.dr6 = pages_digest(extra == FLOAT);
	}
	if (floats)
		result.high = float_digest();
	mask_undefined(&in);
	return line(number, &in, floats);
}

/* What the unpatched program gives; where Bochs differs: docs/SUITES.md. */
static const struct known known[MODES_ALL] = {
	{ "random instructions in real mode", 0xcadcc866 },
	{ "random instructions at ring 3, 32-bit", 0xc0372094 },
	{ "random instructions at ring 3, 16-bit", 0x9e229c15 },
	{ "random instructions in virtual-8086 mode", 0xcc7fa963 },
	{ "random instructions at ring 3, 32-bit, with breakpoints", 0xa656428c },
	{ "random instructions at ring 3, 16-bit, with breakpoints", 0x6d4ad8c6 },
	{ "random instructions in virtual-8086 mode, with breakpoints", 0x573daf97 },
	{ "random instructions at ring 3, 32-bit, with page faults", 0x1c73dba7 },
	{ "random instructions at ring 3, 16-bit, with page faults", 0xe3b97fa0 },
	{ "random instructions in virtual-8086 mode, with page faults", 0x2fe34171 },
	{ "random x87 and SSE at ring 3, 32-bit, with page faults", 0xe758ef4c },
	{ "random x87 and SSE at ring 3, 16-bit, with page faults", 0x34faadf8 },
	{ "random x87 and SSE in virtual-8086 mode, with page faults", 0x523e7ba9 },
	{ "random instructions at ring 3, 32-bit, with alignment checks", 0x308c4f6f },
	{ "random instructions at ring 3, 16-bit, with alignment checks", 0xd0e47c1 },
	{ "random instructions in virtual-8086 mode, with alignment checks", 0xe927d9d0 },
	{ "random instructions with virtual-8086 mode extensions", 0xcd8ed4af },
};

static uint32_t run_mode(uint32_t number, unsigned mode)
{
	if (mode < MODES)
		return test(number, mode, NOTHING);
	if (mode == MODES_ALL - 1)
		return test(number, V86, EXTENSIONS);
	return test(number, RING3_32 + (mode - MODES) % PROTECTED,
		    BREAKPOINTS + (mode - MODES) / PROTECTED);
}

void guest_main(void)
{
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
	fill_memory();
	random_modes(known, MODES_ALL, 1, run_mode);
}
