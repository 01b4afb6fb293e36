/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random far transfers and segment loads among random descriptors, without and with pages that
 * fault: far calls, jumps and returns, IRET, INT, gates of every type, task switches, loads of
 * segment registers, LAR, LSL, VERR, VERW, ARPL, LLDT and LTR, from rings 0 to 3 and from
 * virtual-8086 mode. One instruction each, INT3 wherever it may land; registers, stacks,
 * descriptors, TSSs and page tables afterwards are one line. `compare-random --rom
 * random-transfers` shows what two machines answer differently; as a test of its own it runs in
 * lockstep.
 */
#include "random.h"

#define CODE 0x60000u
#define CODE_END 0x72000u /* INT3 up to here */
#define DATA 0x20000u
#define DATA_END 0x34000u
#define LDT 0x50000u         /* a page of its own */
#define INNER_STACK 0x51000u /* where it is is part of the result */
#define INNER_SIZE 1024u
#define TASKS 0x52fc0u /* one in 8 KiB, across a page's end */
#define ROWS 32u       /* of each random table */
#define TF 0x100u
#define NT 0x4000u
#define VM 0x20000u
#define GATES 0x30u /* vectors 30h to 3Fh are random gates */
#define MEMORY8(linear) (*(volatile uint8_t *)(linear))
#define MEMORY16(linear) (*(volatile uint16_t *)(linear))
#define MEMORY32(linear) (*(volatile uint32_t *)(linear))

PARAMETERS(11, 150, 6);

/* GDT: the random table from SEL_FREE on, then what the program itself needs. */
enum { SEL_LDT = SEL_FREE + 8 * ROWS, SEL_RESCUE = SEL_LDT + 8 };

/* How the instruction is entered. Modes of the parameters: these without, then with paging. */
enum entry { SAME_RING, OUTER_RING, TO_V86, ENTRIES, MODES_ALL = 2 * ENTRIES };

enum kind {
	FAR_CALL,
	FAR_JUMP,
	FAR_CALL_M,
	FAR_JUMP_M,
	RETF,
	RETF_N,
	IRET,
	INT,
	MOV_SREG,
	POP_SREG,
	LOAD_POINTER,
	LOOK,
	SYSTEM,
	KINDS
};

static struct start {
	uint32_t edi, esi, ebp, unused, ebx, edx, ecx, eax, eip, cs, eflags, esp, ss, es, ds, fs,
		gs, entry;
} start __attribute__((used));
static struct result {
	uint32_t edi, esi, ebp, ebx, edx, ecx, eax, ds, vector, error, eip, cs, eflags, ss, esp, es,
		fs, gs, outer[6], cr0, cr2, tr, ldt;
} result __attribute__((used));
static uint64_t *const ldt = (uint64_t *)LDT;
static struct tss32 rescue;
static uint8_t *const inner_stack = (uint8_t *)INNER_STACK;
static uint8_t rescue_stack[512] __attribute__((aligned(16)));
static uint32_t flat_esp __attribute__((used));
static uint64_t before[2][ROWS]; /* the random tables */
static struct {
	enum kind kind;
	uint8_t bytes[16];
	unsigned length, ring;
	bool v86, code32, data32, paging;
} test;

extern const uint8_t transfer_stubs[];
void transfer_enter(void);
void rescue_entry(void);
/* The offsets are those of struct start and struct result. */
__asm__("	.text\n"
	"transfer_enter:\n"
	"	pushal\n"
	"	movl %esp, flat_esp\n"
	"	cmpl $1, start + 68\n"
	"	je 2f\n"
	"	ja 1f\n"
	"	movw start + 48, %ss\n	movl start + 44, %esp\n"
	"	jmp 3f\n"
	"1:	pushl start + 64\n	pushl start + 60\n	pushl start + 56\n	pushl "
	"start + 52\n"
	"2:	pushl start + 48\n	pushl start + 44\n"
	"3:	pushl %cs:start + 40\n	pushl %cs:start + 36\n	pushl %cs:start + 32\n"
	"	cmpl $2, %cs:start + 68\n"
	"	je 4f\n"
	"	movw %cs:start + 52, %es\n	movw %cs:start + 56, %ds\n	movw %cs:start + "
	"60, %fs\n	movw %cs:start + 64, %gs\n"
	"4:	movl %cs:start, %edi\n	movl %cs:start + 4, %esi\n	movl %cs:start + 8, "
	"%ebp\n	movl %cs:start + 16, %ebx\n"
	"	movl %cs:start + 20, %edx\n	movl %cs:start + 24, %ecx\n	movl %cs:start + "
	"28, %eax\n"
	"	iretl\n"
	"	.balign 16\n"
	"transfer_stubs:\n"
	"	.set n, 0\n"
	"	.rept 256\n	pushl $n\n	jmp transfer_trap\n	.balign 16\n	.set n, n "
	"+ 1\n	.endr\n"
	"transfer_trap:\n"
	"	pushl %ds\n	pushl $0x10\n	popl %ds\n"
	"	movl %edi, result\n	movl %esi, result + 4\n	movl %ebp, result + 8\n	movl %ebx, "
	"result + 12\n"
	"	movl %edx, result + 16\n	movl %ecx, result + 20\n	movl %eax, result "
	"+ 24\n"
	"	popl result + 28\n	popl result + 32\n"
	"	movl $0, result + 36\n"
	"	movl result + 32, %ecx\n"
	"	cmpl $31, %ecx\n	ja 1f\n"
	"	movl $0x27d00, %eax\n	btl %ecx, %eax\n	jnc 1f\n"
	"	popl result + 36\n"
	"1:	popl result + 40\n	popl result + 44\n	popl result + 48\n"
	"	movw %ss, result + 52\n	movl %esp, result + 56\n"
	"2:	movw %es, result + 60\n	movw %fs, result + 64\n	movw %gs, result + 68\n"
	"	movw $0x10, %ax\n	movw %ax, %ss\n	movl flat_esp, %esp\n"
	"	movw %ax, %es\n	movw %ax, %fs\n	movw %ax, %gs\n"
	"	pushl $2\n	popfl\n"
	"	popal\n	ret\n"
	/* #DF comes here by a task gate; the error code is on the stack. */
	"rescue_entry:\n"
	"	movl $8, result + 32\n	popl result + 36\n"
	"	jmp 2b\n");

/* -- Tables */

static struct tss32 *task(unsigned i)
{
	return (struct tss32 *)(TASKS + 0x2000 * i);
}

static uint32_t one_of(const uint32_t *values, unsigned count)
{
	return values[random_below(count)];
}
#define ONE_OF(...) \
	one_of((const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)

/* Mostly an entry of the tables, mostly with `rpl`. */
static uint16_t random_selector(unsigned rpl)
{
	if (!random_below(24))
		return (uint16_t)ONE_OF(0, 1, 3, 4, SEL_DATA, SEL_USER_DATA, SEL_TSS, SEL_LDT,
					0x1f8, 0x200, 0xfffc, 0x104);
	if (!random_below(6))
		rpl = random_below(4);
	if (!random_below(5))
		return (uint16_t)(8 * random_below(ROWS) | 4 | rpl);
	return (uint16_t)(SEL_FREE + 8 * random_below(ROWS) + rpl);
}

/* Of code in virtual-8086 mode. */
static uint16_t v86_code(void)
{
	return (uint16_t)(CODE / 16 + random_below(16));
}

static uint32_t random_offset(void)
{
	if (!random_below(24))
		return ONE_OF(0x10000, 0xffffffff, 0xffff0000, 0xffff, 0x20000, 0x1ffff);
	return random_below(0xff00);
}

static uint32_t code_limit(void)
{
	return random_below(6) ? 0xffff : ONE_OF(0xfff, 0x7fff, 0x1ffff, 0, 0xfffff);
}

static uint64_t code_row(unsigned type, unsigned dpl, unsigned big)
{
	return descriptor(CODE + 16 * random_below(16), code_limit(),
			  (uint8_t)(0x90 | type | dpl << 5), (uint8_t)big);
}

static uint64_t data_row(unsigned type, unsigned dpl, unsigned big)
{
	uint32_t limit = type & 4          ? ONE_OF(0x3f, 0xfff, 0x3fff)
			 : random_below(4) ? 0xffff
					   : ONE_OF(0x7fff, 0xfff, 0x13fff);

	return descriptor(DATA + 16 * random_below(16), limit, (uint8_t)(0x90 | type | dpl << 5),
			  (uint8_t)big);
}

static uint64_t task_row(unsigned type, unsigned dpl)
{
	uint32_t limit = random_below(8) ? 0x67 : ONE_OF(0x66, 0x2b, 0x2a, 0x1000);

	return descriptor((uint32_t)task(random_below(3)), limit, (uint8_t)(0x80 | type | dpl << 5),
			  0);
}

static uint64_t gate_row(unsigned type, unsigned dpl)
{
	return gate(random_selector(random_below(4)), random_offset(),
		    (uint8_t)(0x80 | type | dpl << 5),
		    (uint8_t)random_below(random_below(4) ? 4 : 32));
}

/* Sixteen entries of use, the rest anything. */
static uint64_t random_row(unsigned i)
{
	unsigned big = random_below(4) ? 4 : 0, dpl = i & 3;
	uint64_t row;

	if (i < 4) {
		row = code_row(0xa + random_below(2), dpl, big);
	} else if (i < 8) {
		row = data_row(2 + random_below(2), dpl, big);
	} else if (i < 10) {
		row = gate_row(ONE_OF(4, 0xc), 3);
	} else if (i == 10) {
		row = task_row(9, random_below(4));
	} else if (i == 11) {
		row = task_row(1, random_below(4));
	} else if (i == 12) {
		row = gate_row(5, 3);
	} else if (i == 13) {
		row = code_row(0xe + random_below(2), random_below(4), big);
	} else {
		dpl = random_below(4);
		switch (random_below(6)) {
		case 0:
			row = code_row(8 + random_below(8), dpl, big);
			break;
		case 1:
		case 2:
			row = data_row(random_below(8), dpl, big);
			break;
		case 3:
			row = gate_row(ONE_OF(4, 0xc, 5, 6, 7, 0xe, 0xf), dpl);
			break;
		case 4:
			row = task_row(ONE_OF(1, 3, 9, 0xb), dpl);
			break;
		default:
			row = descriptor(LDT, 8 * ROWS - 1,
					 (uint8_t)(0x80 | ONE_OF(2, 2, 0, 8, 0xa, 0xd) | dpl << 5),
					 0);
		}
	}
	if (!random_below(24))
		row &= ~(1ull << 47);
	return row;
}

/* A good stack for that ring, now and then another. */
static uint32_t stack_selector(unsigned ring)
{
	return random_below(8) ? SEL_FREE + 8 * (4 + ring) + ring : random_selector(ring);
}

static uint32_t stack_pointer(void)
{
	return random_below(8) ? 0x200 + (random_word() & 0xdfc)
			       : ONE_OF(0, 2, 4, 8, 0x10, 0xffff, 0xfffe, 0x10002, 0x1001, 0x7ffe);
}

static void make_task(struct tss32 *t)
{
	unsigned ring = random_below(4);
	uint32_t stack = INNER_STACK + INNER_SIZE;

	*t = (struct tss32){ .link = random_selector(0),
			     .esp0 = stack,
			     .ss0 = SEL_DATA,
			     .esp1 = stack_pointer(),
			     .ss1 = stack_selector(1),
			     .cr3 = PAGE_DIRECTORY,
			     .esp2 = stack_pointer(),
			     .ss2 = stack_selector(2),
			     .eip = random_offset(),
			     .eflags = (random_word() & 0xcd5) | 2,
			     .eax = random_word(),
			     .esp = stack_pointer(),
			     .cs = SEL_FREE + 8 * ring + ring,
			     .ss = stack_selector(ring),
			     .es = random_selector(ring),
			     .ds = random_selector(ring),
			     .fs = random_selector(ring),
			     .gs = random_selector(ring),
			     .ldt = random_below(8) ? SEL_LDT : random_selector(0),
			     .trap = (uint16_t)!random_below(16),
			     .iomap = 0x68 };
	if (!random_below(8))
		t->cs = random_selector(random_below(4));
	if (!random_below(16)) {
		t->eflags |= VM;
		t->cs = v86_code();
	}
}

/* The same fields in a 16-bit TSS: as the 32-bit ones would be read, but for the stack of ring 0,
 * which must be good. */
static void make_task16(void *t)
{
	uint16_t *w = t;

	for (unsigned i = 0; i < 22; i++)
		w[i] = i >= 17 ? random_selector(0) : (uint16_t)(random_word() & 0xefe);
	w[1] = (uint16_t)(INNER_STACK + INNER_SIZE);
	w[2] = SEL_DATA;
	w[8] = (uint16_t)((random_word() & 0x4d5) | 2);
	w[18] = (uint16_t)(SEL_FREE + 8 * (random_below(4)));
	w[18] |= w[18] >> 3 & 3;
	w[19] = (uint16_t)(w[18] + 0x20);
	w[21] = SEL_LDT;
}

static void make_tables(void)
{
	uint32_t stack = INNER_STACK + INNER_SIZE;

	for (unsigned i = 0; i < ROWS; i++) {
		gdt[SEL_FREE / 8 + i] = random_row(i);
		ldt[i] = random_row(i);
	}
	gdt[SEL_LDT / 8] = descriptor(LDT, 8 * ROWS - 1, ACCESS_LDT, 0);
	gdt[SEL_RESCUE / 8] = descriptor((uint32_t)&rescue, sizeof(rescue) - 1, ACCESS_TSS32, 0);
	gdt[SEL_TSS / 8] = descriptor((uint32_t)&main_tss, sizeof(main_tss) - 1, ACCESS_TSS32, 0);
	gdt[SEL_CODE / 8] |= 1ull << 40;
	for (unsigned i = 0; i < 16; i++)
		idt[GATES + i] = gate_row(ONE_OF(5, 6, 7, 0xe, 0xf, 0xe, 0xf, 4),
					  random_below(4) ? 3 : random_below(4));
	make_task(task(0));
	make_task(task(1));
	make_task16(task(2));
	main_tss = (struct tss32){ .link = random_selector(0),
				   .esp0 = stack,
				   .ss0 = SEL_DATA,
				   .esp1 = stack_pointer(),
				   .ss1 = stack_selector(1),
				   .esp2 = stack_pointer(),
				   .ss2 = stack_selector(2),
				   .cr3 = PAGE_DIRECTORY,
				   .iomap = sizeof(main_tss) };
	if (!random_below(24)) {
		main_tss.ss0 = random_selector(0);
		main_tss.esp0 = stack_pointer();
	}
	rescue = (struct tss32){ .cr3 = PAGE_DIRECTORY,
				 .esp0 = stack,
				 .ss0 = SEL_DATA,
				 .eip = (uint32_t)rescue_entry,
				 .eflags = 2,
				 .esp = (uint32_t)rescue_stack + sizeof(rescue_stack),
				 .cs = SEL_CODE,
				 .ss = SEL_DATA,
				 .ds = SEL_DATA,
				 .es = SEL_DATA,
				 .fs = SEL_DATA,
				 .gs = SEL_DATA,
				 .iomap = sizeof(rescue) };
	for (unsigned i = 0; i < 512; i += 4)
		MEMORY32(inner_stack + 512 + i) = 0x5a5a5a5a;
	__asm__ volatile("ltr %w0; lldt %w1" ::"r"(SEL_TSS), "r"(SEL_LDT));
}

/* -- Pages */

/* Those that may be absent, read only or the supervisor's: stacks, pointers, code, LDT, TSSs. */
static const uint32_t pages[] = { 0x20000, 0x20000, 0x20000, 0x21000, 0x21000, 0x22000, CODE,
				  0x61000, 0x64000, 0x65000, 0x68000, 0x6c000, LDT,     0x52000,
				  0x53000, 0x54000, 0x55000, 0x56000, 0x57000 };

static void make_pages(void)
{
	pages_build();
	for (unsigned n = random_below(4); n--;)
		page_spoil(pages[random_below(sizeof(pages) / sizeof(pages[0]))]);
}

/* -- The instruction and what it finds */

static uint32_t row_base(uint16_t selector)
{
	uint64_t d = (selector & 4 ? ldt : gdt)[selector >> 3];

	return (uint32_t)(d >> 16 & 0xffffff) | (uint32_t)(d >> 56) << 24;
}

static bool row_big(uint16_t selector)
{
	return (selector & 4 ? ldt : gdt)[selector >> 3] >> 54 & 1;
}

static void put(uint8_t byte)
{
	test.bytes[test.length++] = byte;
}

static void put_number(uint32_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		put((uint8_t)(value >> 8 * i));
}

/* Offset (2 or 4 bytes), selector. */
static void put_pointer(bool data32)
{
	put_number(random_offset(), data32 ? 4 : 2);
	put_number(test.v86 ? v86_code() : random_selector(test.ring), 2);
}

/* [disp] in DS, where a far pointer lies. */
static void put_memory(unsigned reg)
{
	uint32_t last = 0x10000 - (test.data32 ? 6 : 4); /* whether the selector wraps at 64 KiB
							    with 16-bit addresses is not defined */
	uint32_t at = random_below(16) ? 0x1000 + random_below(0x800)
		      : test.code32    ? last + random_below(8)
				       : last;
	uint32_t linear = (test.v86 ? start.ds << 4 : row_base((uint16_t)start.ds)) + at;

	put((uint8_t)((test.code32 ? 0x05 : 0x06) | reg << 3));
	put_number(at, test.code32 ? 4 : 2);
	if (test.data32)
		MEMORY32(linear) = random_offset();
	else
		MEMORY16(linear) = (uint16_t)random_offset();
	MEMORY16(linear + (test.data32 ? 4 : 2)) =
		test.v86 ? v86_code() : random_selector(test.ring);
}

static void put_segment_load(void)
{
	unsigned prefix = random_below(3);

	if (test.kind == MOV_SREG) {
		start.eax = random_selector(test.ring);
		put(0x8e);
		put((uint8_t)(0xc0 | ONE_OF(0, 2, 3, 4, 5, 2) << 3)); /* ... from (E)AX */
	} else if (test.kind == POP_SREG) {
		uint32_t op = ONE_OF(0x07, 0x17, 0x1f, 0xa1, 0xa9);

		if (op > 0x80)
			put(0x0f);
		put((uint8_t)op);
	} else {
		if (prefix)
			put(0x0f);
		put((uint8_t)(prefix ? ONE_OF(0xb2, 0xb4, 0xb5) : ONE_OF(0xc4, 0xc5)));
		put_memory(random_below(8));
	}
}

static void put_look(void)
{
	start.ecx = random_selector(test.ring);
	switch (random_below(4)) {
	case 0:
		put(0x63);
		break;
	case 1:
		put(0x0f);
		put(0x00);
		put((uint8_t)(0xc1 | ONE_OF(4, 5) << 3));
		return;
	default:
		put(0x0f);
		put((uint8_t)ONE_OF(2, 3));
	}
	put(random_below(2) ? 0xc1 : 0xd1); /* ... of (E)CX */
}

static void make_code(void)
{
	test.length = 0;
	test.data32 = test.code32;
	if (!random_below(4)) {
		put(0x66);
		test.data32 = !test.data32;
	}
	switch (test.kind) {
	case FAR_CALL:
	case FAR_JUMP:
		put(test.kind == FAR_CALL ? 0x9a : 0xea);
		put_pointer(test.data32);
		break;
	case FAR_CALL_M:
	case FAR_JUMP_M:
		put(0xff);
		put_memory(test.kind == FAR_CALL_M ? 3 : 5);
		break;
	case RETF:
		put(0xcb);
		break;
	case RETF_N:
		put(0xca);
		put_number(random_below(4) ? random_below(16) : random_below(0x10000), 2);
		break;
	case IRET:
		put(0xcf);
		break;
	case INT:
		put(0xcd);
		put((uint8_t)(random_below(16) ? GATES + random_below(16) : random_below(256)));
		break;
	case MOV_SREG:
	case POP_SREG:
	case LOAD_POINTER:
		put_segment_load();
		break;
	case LOOK:
		put_look();
		break;
	default:
		start.eax = random_below(2) ? SEL_FREE + 8 * (10 + random_below(22))
					    : random_selector(0);
		put(0x0f);
		put(0x00);
		put((uint8_t)(0xc0 | ONE_OF(2, 3) << 3));
	}
}

/* Two to nine words or doublewords on the stack, as far and interrupt returns expect them. */
static void make_frame(void)
{
	uint32_t linear =
		test.v86 ? start.ss * 16 + (start.esp & 0xffff)
			 : row_base((uint16_t)start.ss) +
				   (row_big((uint16_t)start.ss) ? start.esp : start.esp & 0xffff);
	unsigned size = test.data32 ? 4 : 2, n = 0, ring = test.ring + random_below(4 - test.ring);
	uint32_t words[12];

	if (linear < DATA || linear > DATA_END - 64)
		return;
	if (test.kind == POP_SREG) {
		words[n++] = random_selector(test.ring);
	} else {
		/* to virtual-8086 mode not beyond 64 KiB: Bochs goes there, and raises #GP
		 * afterwards */
		words[n++] = random_offset() & (test.v86 ? 0xffff : 0xffffffff);
		words[n++] = test.v86          ? v86_code()
			     : random_below(3) ? SEL_FREE + 8 * ring + ring
					       : random_selector(ring);
		if (test.kind == IRET) {
			words[n++] = (random_word() & 0x243fd5) | 2;
			if (!random_below(6)) {
				words[n - 1] |= VM;
				words[n - 2] = v86_code();
				words[n - 3] &= 0xffff;
			}
		}
		words[n++] = stack_pointer();
		words[n++] = random_below(3) ? stack_selector(ring) : random_selector(ring);
		for (unsigned i = 0; i < 4; i++)
			words[n++] = random_word() & 0xffff;
	}
	for (unsigned i = 0; i < n; i++) {
		MEMORY16(linear + i * size) = (uint16_t)words[i];
		if (size == 4)
			MEMORY16(linear + i * size + 2) = (uint16_t)(words[i] >> 16);
	}
}

static void make_test(enum entry entry)
{
	unsigned ring = entry == SAME_RING ? 0 : entry == TO_V86 ? 3 : 1 + random_below(3);
	uint32_t cs = SEL_FREE + 8 * ring + ring;
	uint32_t eflags = (random_word() & 0x2434d5) | 2 | (random_below(8) ? 0 : TF) |
			  (random_below(12) ? 0 : NT);

	test.ring = ring;
	test.v86 = entry == TO_V86;
	test.kind = random_below(KINDS);
	start = (struct start){ random_word(),
				random_word(),
				random_word(),
				0,
				random_word(),
				random_word(),
				random_word(),
				random_word(),
				0x100 + random_below(0xe00),
				cs,
				eflags,
				0x300 + (random_word() & 0xcfe),
				SEL_FREE + 8 * (4 + ring) + ring,
				SEL_FREE + 8 * 7 + 3,
				SEL_FREE + 8 * (4 + ring) + ring,
				0,
				random_below(8) ? SEL_FREE + 8 * 7 + 3 : 0,
				entry };
	if (test.v86) {
		start.cs = CODE / 16 + 1;
		start.eflags = (eflags & ~NT) | VM | (random_below(4) ? 0x3000 : 0);
		start.ss = DATA / 16 + 8;
		start.ds = DATA / 16 + 4;
		start.es = DATA / 16;
		start.fs = start.gs = DATA / 16 + 1;
	}
	test.code32 = !test.v86 && row_big((uint16_t)start.cs);
}

/* The entries that the program enters by must be there. */
static void repair_tables(void)
{
	uint16_t used[] = { (uint16_t)start.cs, (uint16_t)start.ss, (uint16_t)start.ds,
			    (uint16_t)start.es };

	for (unsigned i = 0; i < 4 && !test.v86; i++) {
		uint64_t *d = &gdt[used[i] >> 3];

		*d |= 1ull << 47;
		*d = (*d & ~0xf00000000ffffull) | 0xffff;
	}
}

/* -- Lines */

static uint32_t digest(uint32_t hash, const void *memory, unsigned bytes)
{
	for (unsigned i = 0; i < bytes / 4; i++)
		hash = mix(hash, ((const uint32_t *)memory)[i]);
	return hash;
}

static uint32_t memory_digest(uint32_t hash, bool verbose)
{
	return memory_difference(memory_difference(hash, DATA, DATA_END, verbose), CODE, CODE_END,
				 verbose);
}

static void fill_memory(void)
{
	uint32_t x = 0x12345678;

	for (uint32_t at = DATA; at < DATA_END; at += 4, x = x * 1664525 + 1013904223)
		MEMORY32(at) = MEMORY32(at + COPY) = x >> 4;
	for (uint32_t at = CODE; at < CODE_END; at += 4)
		MEMORY32(at) = MEMORY32(at + COPY) = 0xcccccccc;
}

/* Accessed and busy bits. */
static void print_changes(const char *name, const uint64_t *now, const uint64_t *then)
{
	for (unsigned i = 0; i < ROWS; i++)
		if (now[i] != then[i])
			print(" %s[%x]:%x->%x", name, 8 * i, (uint32_t)(then[i] >> 40) & 0xff,
			      (uint32_t)(now[i] >> 40) & 0xff);
}

/* What the trap's frame has of an outer ring and of virtual-8086 mode. */
static void read_outer(void)
{
	unsigned words = result.eflags & VM ? 6 : result.cs & 3 ? 2 : 0;
	uint32_t at = result.esp;

	for (unsigned i = 0; i < 6; i++)
		result.outer[i] = 0;
	if (result.vector == DF || (result.ss & 0xffff) != SEL_DATA)
		return;
	for (unsigned i = 0; i < words; i++)
		result.outer[i] = i ? MEMORY16(at + 4 * i) : MEMORY32(at);
}

/*
 * In which order a new task's segment registers are loaded is not defined, so which of several
 * faults it begins with and which segments are accessed then; nor whether a handler finds a stack.
 */
static bool undefined_result_of_task(void)
{
	uint32_t task_register = result.tr == SEL_RESCUE ? rescue.link : result.tr;

	return task_register != SEL_TSS &&
	       (result.vector == DF || (result.vector >= TS && result.vector <= PF));
}

/* Whether what is given up for a double fault has set accessed bits is not defined. */
static void mask_accessed(uint64_t *rows)
{
	for (unsigned i = 0; i < ROWS; i++)
		if (rows[i] >> 44 & 1)
			rows[i] |= 1ull << 40;
}

static uint32_t line(uint32_t number)
{
	uint32_t hash, tables;

	print("%u ", number);
	for (unsigned i = 0; i < test.length; i++)
		print("%c%c", "0123456789abcdef"[test.bytes[i] >> 4],
		      "0123456789abcdef"[test.bytes[i] & 15]);
	if (undefined_result_of_task()) {
		print(" not loaded\n");
		memory_digest(0, false);
		return 0;
	}
	if (result.vector == DF) {
		mask_accessed(&gdt[SEL_FREE / 8]);
		mask_accessed(ldt);
	}
	tables = digest(digest(2166136261u, &gdt[SEL_FREE / 8], 8 * ROWS), ldt, 8 * ROWS);
	for (unsigned i = 0; i < 3; i++)
		tables = digest(tables, task(i), sizeof(struct tss32));
	tables = digest(tables, &main_tss, sizeof(main_tss));
	if (test.paging) {
		for (unsigned i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
			if (result.vector >= TS &&
			    result.vector <= GP) /* how far pointers and frames are read before is
						    not defined */
				*page_entry(pages[i]) |= 0x20;
			tables = mix(tables, *page_entry(pages[i]));
		}
	}
	hash = mix(digest(tables, &result, sizeof(result)), digest(0, inner_stack + 512, 512));
	print(" v=%u ring %u%s", result.vector, test.ring,
	      test.v86      ? " v86"
	      : test.code32 ? ""
			    : " 16-bit");
	if (parameters.verbose)
		print("\n  in a=%x c=%x sp=%x ip=%x f=%x cs=%x ss=%x ds=%x\n", start.eax, start.ecx,
		      start.esp, start.eip, start.eflags, start.cs, start.ss, start.ds);
	hash = memory_digest(hash, parameters.verbose);
	if (!parameters.verbose) {
		print(" %x\n", hash);
		return hash;
	}
	print("  out v=%u e=%x cs=%x ip=%x f=%x ss=%x sp=%x ds=%x es=%x fs=%x gs=%x outer %x %x %x "
	      "%x %x %x cr0=%x cr2=%x tr=%x ldt=%x"
	      " a=%x c=%x d=%x b=%x bp=%x si=%x di=%x",
	      result.vector, result.error, result.cs, result.eip, result.eflags, result.ss,
	      result.esp, result.ds, result.es, result.fs, result.gs, result.outer[0],
	      result.outer[1], result.outer[2], result.outer[3], result.outer[4], result.outer[5],
	      result.cr0, result.cr2, result.tr, result.ldt, result.eax, result.ecx, result.edx,
	      result.ebx, result.ebp, result.esi, result.edi);
	print_changes("gdt", &gdt[SEL_FREE / 8], before[0]);
	print_changes("ldt", ldt, before[1]);
	for (unsigned i = 0; test.paging && i < sizeof(pages) / sizeof(pages[0]); i++)
		print(" page[%x]=%x", pages[i], *page_entry(pages[i]) & 0xfff);
	print(" tss=%x %x %x %x stack=%x all=%x\n", digest(0, task(0), sizeof(rescue)),
	      digest(0, task(1), sizeof(rescue)), digest(0, task(2), sizeof(rescue)),
	      digest(0, &main_tss, sizeof(main_tss)), digest(0, inner_stack + 512, 512), hash);
	return hash;
}

static uint32_t run_test(uint32_t number, enum entry entry, bool paging)
{
	uint32_t cr0 = READ_CR(0);

	random_seed(parameters.seed * 1000003 + number * 4 + entry);
	test.paging = paging;
	make_tables();
	make_test(entry);
	repair_tables();
	make_code();
	make_frame();
	for (unsigned i = 0; i < test.length; i++)
		MEMORY8((test.v86 ? start.cs << 4 : row_base((uint16_t)start.cs)) + start.eip + i) =
			test.bytes[i];
	for (unsigned i = 0; i < ROWS; i++) {
		before[0][i] = gdt[SEL_FREE / 8 + i];
		before[1][i] = ldt[i];
	}
	result = (struct result){ 0 };
	if (paging) {
		make_pages();
		WRITE_CR(0, pages_cr0(cr0));
	}
	transfer_enter();
	result.cr0 = READ_CR(0);
	WRITE_CR(0, cr0);
	result.cr2 =
		result.vector == PF
			? READ_CR(2) & 0xfffff000
			: 0; /* which part of a pointer or frame is read first is not defined */
	__asm__ volatile("str %0; sldt %1; clts" : "=r"(result.tr), "=r"(result.ldt));
	read_outer();
	result.cs &=
		0xffff; /* the upper half of what is pushed for a segment register is not defined */
	result.ds &= 0xffff;
	return line(number);
}

/* What the unpatched program gives, here and in Bochs 2.7. */
static const struct known known[MODES_ALL] = {
	{ "random transfers from ring 0", 0xf2994e14 },
	{ "random transfers from rings 1 to 3", 0x3c15fe70 },
	{ "random transfers from virtual-8086 mode", 0x2f85d9ec },
	{ "random transfers from ring 0, with page faults", 0x146e1de2 },
	{ "random transfers from rings 1 to 3, with page faults", 0x946ddc3e },
	{ "random transfers from virtual-8086 mode, with page faults", 0xe643521a },
};

static uint32_t run_mode(uint32_t number, unsigned mode)
{
	return run_test(number, mode % ENTRIES, mode >= ENTRIES);
}

void guest_main(void)
{
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
	fill_memory();
	for (unsigned i = 0; i < 256; i++)
		idt[i] = gate(SEL_CODE, (uint32_t)transfer_stubs + 16 * i,
			      ACCESS_INT32 | (i >= 0x80 || i == BP ? ACCESS_DPL3 : 0), 0);
	idt[DF] = gate(SEL_RESCUE, 0, ACCESS_TASK_GATE, 0);
	random_modes(known, MODES_ALL, 11, run_mode);
}
