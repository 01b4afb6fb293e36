/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Virtual-8086 mode: what IOPL decides, the ways in and out, and VME where it is announced (SDM
 * volume 3, chapter 20). */
#include "guest.h"

#define CODE_LINEAR 0x3000u
#define CODE_SEGMENT 0x300u
#define STACK_SEGMENT 0x100u
#define STACK_POINTER 0x0800u
#define STACK_LINEAR (STACK_SEGMENT * 16)
#define DATA_SEGMENT 0x500u
#define DATA_LINEAR (DATA_SEGMENT * 16)

#define VM 0x20000u
#define IF 0x200u
#define NT 0x4000u
#define VIF 0x80000u
#define VIP 0x100000u
#define IOPL3 0x3000u
#define CR4_VME 1u
#define CR4_PVI 2u

enum {
	SEL_WIDE_TSS = SEL_FREE,
	SEL_CODE16 = SEL_FREE + 8,
	SEL_RING1 = SEL_FREE + 16,
	SEL_TASK = SEL_FREE + 24
};

/* A TSS with VME's map of interrupts before its map of ports. */
static struct {
	struct tss32 tss; /* its own I/O bytes are unused */
	uint8_t redirect[32], ports[33];
} __attribute__((packed)) wide __attribute__((aligned(128)));

static struct tss32 task_tss __attribute__((aligned(128)));
static uint32_t frame[9];
extern const uint8_t trap_stubs[];

static void enter(void)
{
	v86_call(frame);
}

/* Runs `length` bytes of code at 300:0; returns the vector that ends it. */
static unsigned run(const uint8_t *code, unsigned length, uint32_t eflags)
{
	const uint32_t start[9] = {
		0,     CODE_SEGMENT, eflags | VM | 2, STACK_POINTER, STACK_SEGMENT,
		0x501, DATA_SEGMENT, 0x502,           0x503
	};

	for (unsigned i = 0; i < 9; i++)
		frame[i] = start[i];
	for (unsigned i = 0; i < 64; i++)
		((volatile uint8_t *)CODE_LINEAR)[i] = i < length ? code[i] : 0x90;
	return catch_call(enter) - 1;
}
#define RUN(eflags, ...) \
	run((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), eflags)

#define UD2 0x0f, 0x0b
#define STACK16(offset) (*(volatile uint16_t *)(STACK_LINEAR + (offset)))
#define DATA8(offset) (*(volatile uint8_t *)(DATA_LINEAR + (offset)))

/* -- What faults, and what does not */

static void instructions(void)
{
	/* clang-format off */
	static const struct {
		const char *name;
		uint8_t code[10];
		uint32_t eflags;
		unsigned vector;
		uint32_t error;
		uint32_t ip; /* of the trap; UD2 is the program's end */
	} rows[] = {
		{ "CLI, IOPL 0", { 0xfa, UD2 }, 0, GP, 0, 0 },
		{ "STI, IOPL 0", { 0xfb, UD2 }, 0, GP, 0, 0 },
		{ "PUSHF, IOPL 0", { 0x9c, UD2 }, 0, GP, 0, 0 },
		{ "PUSHFD, IOPL 0", { 0x66, 0x9c, UD2 }, 0, GP, 0, 0 },
		{ "POPF, IOPL 0", { 0x9d, UD2 }, 0, GP, 0, 0 },
		{ "IRET, IOPL 0", { 0xcf, UD2 }, 0, GP, 0, 0 },
		{ "INT 80h, IOPL 0", { 0xcd, 0x80, UD2 }, 0, GP, 0, 0 },
		{ "INT 80h, IOPL 2", { 0xcd, 0x80, UD2 }, 0x2000, GP, 0, 0 },
		{ "INT3 does not ask IOPL", { 0xcc, UD2 }, 0, BP, 0, 1 },
		{ "INTO to a DPL 0 gate", { 0xb8, 0xff, 0x7f, 0x40, 0xce, UD2 }, 0, GP, OF * 8 + 2, 4 },
		{ "REP OUTSB of no bytes asks the map of ports", { 0x31, 0xc9, 0xf3, 0x6e, UD2 }, IOPL3, GP, 0, 2 },
		{ "REP INSB of no bytes too", { 0x31, 0xc9, 0xf3, 0x6c, UD2 }, IOPL3, GP, 0, 2 },
		{ "CLI, IOPL 3", { 0xfa, UD2 }, IOPL3, UD, 0, 1 },
		{ "PUSHF POPF, IOPL 3", { 0x9c, 0x9d, UD2 }, IOPL3, UD, 0, 2 },
		{ "INT 80h, IOPL 3", { 0xcd, 0x80, UD2 }, IOPL3, 0x80, 0, 2 },
		{ "INT 21h to a DPL 0 gate, IOPL 3", { 0xcd, 0x21, UD2 }, IOPL3, GP, 0x21 * 8 + 2, 0 },
		{ "HLT", { 0xf4, UD2 }, IOPL3, GP, 0, 0 },
		{ "IN by a port without a bit", { 0xe4, 0x80, UD2 }, IOPL3, GP, 0, 0 },
		{ "OUT by a port without a bit", { 0xe6, 0x80, UD2 }, IOPL3, GP, 0, 0 },
		{ "OUTSB by a port without a bit", { 0xba, 0x80, 0, 0x6e, UD2 }, IOPL3, GP, 0, 3 },
		{ "MOV from CR0", { 0x0f, 0x20, 0xc0, UD2 }, IOPL3, GP, 0, 0 },
		{ "MOV from DR7", { 0x0f, 0x21, 0xf8, UD2 }, IOPL3, GP, 0, 0 },
		{ "LGDT", { 0x0f, 0x01, 0x16, 0, 0, UD2 }, IOPL3, GP, 0, 0 },
		{ "LIDT", { 0x0f, 0x01, 0x1e, 0, 0, UD2 }, IOPL3, GP, 0, 0 },
		{ "LMSW", { 0x0f, 0x01, 0xf0, UD2 }, IOPL3, GP, 0, 0 },
		{ "CLTS", { 0x0f, 0x06, UD2 }, IOPL3, GP, 0, 0 },
		{ "INVLPG", { 0x0f, 0x01, 0x3e, 0, 0, UD2 }, IOPL3, GP, 0, 0 },
		{ "WBINVD", { 0x0f, 0x09, UD2 }, IOPL3, GP, 0, 0 },
		{ "RDMSR", { 0x0f, 0x32, UD2 }, IOPL3, GP, 0, 0 },
		{ "SGDT", { 0x0f, 0x01, 0x06, 0, 0, UD2 }, 0, UD, 0, 5 },
		{ "SMSW", { 0x0f, 0x01, 0xe0, UD2 }, 0, UD, 0, 3 },
		{ "RDTSC", { 0x0f, 0x31, UD2 }, 0, UD, 0, 2 },
		{ "SLDT", { 0x0f, 0x00, 0xc0, UD2 }, IOPL3, UD, 0, 0 },
		{ "STR", { 0x0f, 0x00, 0xc8, UD2 }, IOPL3, UD, 0, 0 },
		{ "LLDT", { 0x0f, 0x00, 0xd0, UD2 }, IOPL3, UD, 0, 0 },
		{ "LTR", { 0x0f, 0x00, 0xd8, UD2 }, IOPL3, UD, 0, 0 },
		{ "VERR", { 0x0f, 0x00, 0xe0, UD2 }, IOPL3, UD, 0, 0 },
		{ "LAR", { 0x0f, 0x02, 0xc0, UD2 }, IOPL3, UD, 0, 0 },
		{ "LSL", { 0x0f, 0x03, 0xc0, UD2 }, IOPL3, UD, 0, 0 },
		{ "ARPL", { 0x63, 0xc0, UD2 }, IOPL3, UD, 0, 0 },
		{ "word at FFFFh", { 0xa1, 0xff, 0xff, UD2 }, 0, GP, 0, 0 },
		{ "byte at FFFFh", { 0xa0, 0xff, 0xff, UD2 }, 0, UD, 0, 3 },
		{ "32-bit address beyond 64 KiB", { 0x67, 0xa0, 0, 0, 1, 0, UD2 }, 0, GP, 0, 0 },
		{ "word at SS:FFFFh", { 0x36, 0xa1, 0xff, 0xff, UD2 }, 0, SS, 0, 0 },
		{ "push with SP = 1", { 0xbc, 1, 0, 0x50, UD2 }, 0, SS, 0, 3 },
		{ "push with SP = 0 wraps", { 0xbc, 0, 0, 0x50, UD2 }, 0, UD, 0, 4 },
		{ "jump beyond 64 KiB", { 0x66, 0xe9, 0, 0, 1, 0, UD2 }, 0, GP, 0, 0 },
		{ "BOUND", { 0xb8, 9, 0, 0x62, 0x06, 0, 0, UD2 }, 0, BR, 0, 3 },
		{ "DIV by zero", { 0x31, 0xc9, 0xf7, 0xf1, UD2 }, 0, DE, 0, 2 },
	};
	/* clang-format on */

	for (unsigned i = 0; i < 4; i++)
		DATA8(i) = 0;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned vector = run(rows[i].code, sizeof(rows[i].code), rows[i].eflags);

		check(vector == rows[i].vector && trap.error == rows[i].error &&
			      trap.eip == rows[i].ip,
		      rows[i].name, "vector %u, %x at %x; should be %u, %x at %x", vector,
		      trap.error, trap.eip, rows[i].vector, rows[i].error, rows[i].ip);
	}
}

/* -- The frame of nine */

static void frame_of_nine(void)
{
	unsigned vector = RUN(IF | NT | 0x8d5, 0x66, 0xbc, 0x78, 0x07, 0x34, 0x12,
			      0xf4); /* mov esp, 12340778h; hlt */

	CHECK_EQUAL("from virtual-8086 mode: vector", vector, GP);
	CHECK_EQUAL("pushed EIP", trap.eip, 6);
	CHECK_EQUAL("pushed CS", trap.cs & 0xffff, CODE_SEGMENT);
	CHECK_EQUAL("pushed EFLAGS", trap.eflags & ~0x10000u, VM | IF | NT | 0x8d7);
	CHECK_EQUAL("pushed ESP is the whole register", trap.esp, 0x12340778);
	CHECK_EQUAL("pushed SS", trap.ss & 0xffff, STACK_SEGMENT);
	CHECK_EQUAL("pushed ES", trap.v86_es & 0xffff, 0x501);
	CHECK_EQUAL("pushed DS", trap.v86_ds & 0xffff, DATA_SEGMENT);
	CHECK_EQUAL("pushed FS", trap.v86_fs & 0xffff, 0x502);
	CHECK_EQUAL("pushed GS", trap.v86_gs & 0xffff, 0x503);
	CHECK_EQUAL("DS is null in the handler", trap.ds & 0xffff, 0);
	CHECK_EQUAL("ES is null in the handler", trap.es & 0xffff, 0);
	CHECK_EQUAL("FS is null in the handler", trap.fs & 0xffff, 0);
	CHECK_EQUAL("GS is null in the handler", trap.gs & 0xffff, 0);
}

/* Which flags a handler starts with. */
uint32_t handler_flags;
void note_flags(void);
__asm__("	.text\n"
	"note_flags:\n"
	"	pushfl\n"
	"	movw $0x10, %ax\n	movw %ax, %ds\n"
	"	popl handler_flags\n"
	"	pushl $0x93\n	call catch_return\n");

static void gates(void)
{
	idt[0x92] = gate(SEL_CODE, (uint32_t)note_flags, ACCESS_TRAP32 | ACCESS_DPL3, 0);
	unsigned vector = RUN(IOPL3 | IF | NT | 1, 0xcd, 0x92);
	CHECK_EQUAL("trap gate from virtual-8086 mode", vector, 0x92);
	CHECK_EQUAL("trap gate: IF stays, NT and VM go, IOPL stays",
		    handler_flags & (IF | NT | VM | IOPL3 | 1), IF | IOPL3 | 1);
	idt[0x92] = gate(SEL_CODE, (uint32_t)note_flags, ACCESS_INT32 | ACCESS_DPL3, 0);
	RUN(IOPL3 | IF | NT | 1, 0xcd, 0x92);
	CHECK_EQUAL("interrupt gate: IF goes too", handler_flags & (IF | NT | VM | IOPL3 | 1),
		    IOPL3 | 1);

	gdt[SEL_RING1 / 8] = descriptor(0, 0xfffff, ACCESS_CODE | 0x20, 12);
	idt[0x92] = gate(SEL_RING1 | 1, (uint32_t)note_flags, ACCESS_INT32 | ACCESS_DPL3, 0);
	vector = RUN(IOPL3, 0xcd, 0x92);
	check(vector == GP && trap.error == SEL_RING1, "gate to ring 1 is #GP(selector)", "%u %x",
	      vector, trap.error);
	gdt[SEL_RING1 / 8] = descriptor(0, 0xfffff, ACCESS_CODE | 4, 12);
	idt[0x92] = gate(SEL_RING1, (uint32_t)note_flags, ACCESS_INT32 | ACCESS_DPL3, 0);
	vector = RUN(IOPL3, 0xcd, 0x92);
	check(vector == GP && trap.error == SEL_RING1, "gate to conforming code is #GP(selector)",
	      "%u %x", vector, trap.error);
}

/* A 16-bit gate pushes nine words. */
uint16_t words[9];
void words_end(void);

static void gate16(void)
{
	/* mov dx, 10h; mov ds, dx; mov es, dx; jmp far 8:words_end */
	static const uint8_t code[] = { 0xba, 0x10, 0x00, 0x8e, 0xda, 0x8e, 0xc2, 0x66, 0xea };
	uint8_t *p = (uint8_t *)0x3800;

	for (unsigned i = 0; i < sizeof(code); i++)
		p[i] = code[i];
	*(uint32_t *)(p + sizeof(code)) = (uint32_t)words_end;
	*(uint16_t *)(p + sizeof(code) + 4) = SEL_CODE;
	gdt[SEL_CODE16 / 8] = descriptor(0, 0xffff, ACCESS_CODE, 0);
	idt[0x92] = gate(SEL_CODE16, 0x3800, ACCESS_INT16 | ACCESS_DPL3, 0);
	unsigned vector = RUN(IOPL3 | 1, 0xcd, 0x92);

	CHECK_EQUAL("16-bit gate from virtual-8086 mode", vector, 0x92);
	CHECK_EQUAL("16-bit gate: IP", words[0], 2);
	CHECK_EQUAL("16-bit gate: CS", words[1], CODE_SEGMENT);
	CHECK_EQUAL("16-bit gate: FLAGS", words[2], IOPL3 | 3);
	CHECK_EQUAL("16-bit gate: SP", words[3], STACK_POINTER);
	CHECK_EQUAL("16-bit gate: SS", words[4], STACK_SEGMENT);
	CHECK_EQUAL("16-bit gate: ES", words[5], 0x501);
	CHECK_EQUAL("16-bit gate: DS", words[6], DATA_SEGMENT);
	CHECK_EQUAL("16-bit gate: FS", words[7], 0x502);
	CHECK_EQUAL("16-bit gate: GS", words[8], 0x503);
}
__asm__("	.text\nwords_end:\n"
	"	movl $words, %edi\n	movl %esp, %esi\n	movl $9, %ecx\n	cld\n	rep movsw\n"
	"	pushl $0x93\n	call catch_return\n");

/* -- Flags within the mode */

static void flags(void)
{
	RUN(IOPL3 | IF, 0xfa, 0x9c, UD2); /* cli; pushf */
	CHECK_EQUAL("CLI clears IF, PUSHF shows IOPL", STACK16(STACK_POINTER - 2), IOPL3 | 2);
	CHECK_EQUAL("IF in the frame", trap.eflags & IF, 0);
	RUN(IOPL3, 0xfb, 0x90, 0xfa, 0x6a, 0x02, 0x9d, 0x9c,
	    UD2); /* sti; nop; cli; push 2; popf; pushf */
	CHECK_EQUAL("POPF leaves IOPL", STACK16(STACK_POINTER - 2), IOPL3 | 2);
	RUN(IOPL3, 0x66, 0x9c, UD2); /* pushfd */
	CHECK_EQUAL("PUSHFD shows neither VM nor RF", STACK16(STACK_POINTER - 2), 0);
	RUN(IOPL3, 0x66, 0x6a, 0x02, 0x66, 0x9d, UD2); /* pushd 2; popfd */
	CHECK_EQUAL("POPFD leaves VM", trap.eflags & (VM | IOPL3), VM | IOPL3);
	unsigned vector = RUN(IOPL3, 0x6a, 0x03, 0x68, 0x00, 0x03, 0x6a, 0x09, 0xcf, 0xf4,
			      UD2); /* flags 3, 300:9; iret */
	check(vector == UD && trap.eip == 9, "IRET within the mode", "%u at %x", vector, trap.eip);
	CHECK_EQUAL("IRET takes CF, leaves VM and IOPL", trap.eflags & (VM | IOPL3 | 1),
		    VM | IOPL3 | 1);
	vector = RUN(IOPL3, 0x66, 0x6a, 0x03, 0x66, 0x68, 0, 3, 0xff, 0xff, 0x66, 0x6a, 0x0e, 0x66,
		     0xcf, UD2);
	check(vector == UD && trap.eip == 14 && trap.cs == CODE_SEGMENT, "IRETD within the mode",
	      "%u at %x:%x", vector, trap.cs, trap.eip);
	/* jmp 300:7; call 301:2 */
	vector = RUN(0, 0xea, 0x07, 0x00, 0x00, 0x03, 0xf4, 0xf4, 0x9a, 0x02, 0x00, 0x01, 0x03,
		     0xf4, 0xf4, 0xf4, 0xf4, 0xf4, 0xf4, UD2);
	check(vector == UD && trap.cs == 0x301 && trap.eip == 2,
	      "far jump and call load paragraphs", "%u at %x:%x", vector, trap.cs, trap.eip);
	CHECK_EQUAL("far call pushes IP", STACK16(STACK_POINTER - 4), 12);
	CHECK_EQUAL("far call pushes CS", STACK16(STACK_POINTER - 2), CODE_SEGMENT);
	DATA8(0x15) = 0x5c;
	RUN(0, 0xb8, 0x01, 0x05, 0x8e, 0xd8, 0xa0, 0x05, 0x00,
	    UD2); /* mov ax, 501h; mov ds, ax; mov al, [5] */
	CHECK_EQUAL("MOV DS loads a paragraph", trap.eax & 0xff, 0x5c);
}

/* -- Ports */

static void load_wide_tss(void)
{
	wide.tss.esp0 = main_tss.esp0;
	wide.tss.ss0 = SEL_DATA;
	wide.tss.iomap = offsetof(__typeof__(wide), ports);
	for (unsigned i = 0; i < sizeof(wide.ports); i++)
		wide.ports[i] = 0xff;
	gdt[SEL_WIDE_TSS / 8] = descriptor((uint32_t)&wide, sizeof(wide) - 1, ACCESS_TSS32, 0);
	__asm__ volatile("ltr %0" ::"r"((uint16_t)SEL_WIDE_TSS));
}

static void ports(void)
{
	load_wide_tss();
	wide.ports[16] = 0xfe;
	unsigned vector = RUN(0, 0xe6, 0x80, UD2);
	CHECK_EQUAL("OUT by a port with a clear bit, IOPL 0", vector, UD);
	vector = RUN(IOPL3, 0xe7, 0x80, UD2);
	check(vector == GP && trap.eip == 0, "OUT of a word needs both bits", "%u", vector);
	vector = RUN(IOPL3, 0xe6, 0x81, UD2);
	check(vector == GP && trap.eip == 0, "the next port's bit is set", "%u", vector);
}

/* -- Ways in */

static void user_iret_vm(void)
{
	__asm__ volatile("pushl $0x23\n pushl $user_stack + 4096\n pushl $0x20002\n pushl $0x1b\n "
			 "pushl $1f\n iretl\n"
			 "1: int $0x80");
}

static void jump_to_task(void)
{
	__asm__ volatile("ljmp %0, $0" ::"i"(SEL_TASK));
}

static void ways_in(void)
{
	unsigned vector = in_user(user_iret_vm) - 1;

	check(vector == 0x80 && !(trap.eflags & VM), "IRET at CPL 3 cannot set VM", "%u %x", vector,
	      trap.eflags);
	((volatile uint8_t *)CODE_LINEAR)[0] = 0x0f;
	((volatile uint8_t *)CODE_LINEAR)[1] = 0x0b;
	task_tss.esp0 = main_tss.esp0;
	task_tss.ss0 = SEL_DATA;
	task_tss.eflags = VM | 2;
	task_tss.cs = CODE_SEGMENT;
	task_tss.ss = STACK_SEGMENT;
	task_tss.ds = task_tss.es = task_tss.fs = task_tss.gs = 0x1234;
	task_tss.esp = STACK_POINTER;
	task_tss.iomap = sizeof(task_tss);
	gdt[SEL_TASK / 8] = descriptor((uint32_t)&task_tss, sizeof(task_tss) - 1, ACCESS_TSS32, 0);
	vector = catch_call(jump_to_task) - 1;
	check(vector == UD && trap.cs == CODE_SEGMENT && trap.eflags & VM,
	      "a task switch may enter the mode", "%u %x %x", vector, trap.cs, trap.eflags);
	CHECK_EQUAL("with its segments", trap.v86_ds & 0xffff, 0x1234);
	gdt[SEL_WIDE_TSS / 8] = descriptor((uint32_t)&wide, sizeof(wide) - 1, ACCESS_TSS32, 0);
	__asm__ volatile("ltr %0" ::"r"((uint16_t)SEL_WIDE_TSS));
}

/* -- VME */

static bool has_vme(void)
{
	uint32_t a = 1, b, c, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	return d & 2;
}

static void redirect(unsigned vector, bool to_8086)
{
	if (to_8086)
		wide.redirect[vector / 8] &= (uint8_t) ~(1 << vector % 8);
	else
		wide.redirect[vector / 8] |= (uint8_t)(1 << vector % 8);
}

static void vme_interrupts(void)
{
	*(volatile uint32_t *)(0x60 * 4) =
		CODE_SEGMENT << 16 | 0x20; /* 300:20 is NOP up to 300:40 */
	*(volatile uint16_t *)(CODE_LINEAR + 0x40) = 0x0b0f;
	redirect(0x60, true);
	unsigned vector = RUN(IOPL3 | IF | 1, 0xcd, 0x60);
	check(vector == UD && trap.eip == 0x40, "VME: redirected INT, IOPL 3", "%u at %x", vector,
	      trap.eip);
	CHECK_EQUAL("its FLAGS", STACK16(STACK_POINTER - 2), IOPL3 | IF | 3);
	CHECK_EQUAL("its IP", STACK16(STACK_POINTER - 6), 2);
	CHECK_EQUAL("it clears IF", trap.eflags & (IF | VM), VM);
	vector = RUN(IF | VIF | 1, 0xcd, 0x60);
	check(vector == UD && trap.eip == 0x40, "VME: redirected INT, IOPL 0", "%u at %x", vector,
	      trap.eip);
	CHECK_EQUAL("its FLAGS show VIF as IF, IOPL 3", STACK16(STACK_POINTER - 2), IOPL3 | IF | 3);
	CHECK_EQUAL("it clears VIF, not IF", trap.eflags & (IF | VIF | IOPL3), IF);
	vector = RUN(IF | 1, 0xcd, 0x60);
	CHECK_EQUAL("with VIF clear, IF in FLAGS is clear", STACK16(STACK_POINTER - 2), IOPL3 | 3);
	redirect(0x60, false);
	vector = RUN(0, 0xcd, 0x60);
	check(vector == GP && trap.error == 0, "VME: INT not redirected, IOPL 0, is #GP(0)",
	      "%u %x", vector, trap.error);
	idt[0x90] = gate(SEL_CODE, (uint32_t)trap_stubs + 16 * 0x90, ACCESS_INT32 | ACCESS_DPL3, 0);
	redirect(0x90, false);
	vector = RUN(IOPL3, 0xcd, 0x90);
	CHECK_EQUAL("VME: INT not redirected, IOPL 3, takes the gate", vector, 0x90);
}

static void vme_flags(void)
{
	unsigned vector = RUN(VIF | IF, 0xfa, 0x9c, UD2); /* cli; pushf */
	check(vector == UD && (trap.eflags & (VIF | IF)) == IF, "VME: CLI clears VIF", "%u %x",
	      vector, trap.eflags);
	CHECK_EQUAL("VME: PUSHF shows VIF as IF", STACK16(STACK_POINTER - 2), IOPL3 | 2);
	vector = RUN(0, 0xfb, 0x9c, UD2); /* sti; pushf */
	check(vector == UD && (trap.eflags & (VIF | IF)) == VIF, "VME: STI sets VIF", "%u %x",
	      vector, trap.eflags);
	CHECK_EQUAL("VME: PUSHF shows it", STACK16(STACK_POINTER - 2), IOPL3 | IF | 2);
	vector = RUN(VIP, 0xfb, UD2);
	check(vector == GP && trap.eip == 0 && !(trap.eflags & VIF), "VME: STI with VIP is #GP(0)",
	      "%u %x", vector, trap.eflags);
	vector = RUN(VIP | VIF, 0xfa, UD2);
	check(vector == GP && !trap.error && !trap.eip &&
		      (trap.eflags & (VIP | VIF)) == (VIP | VIF),
	      "VME: VIF and VIP before an instruction are #GP(0)", "%u %x", vector, trap.eflags);
	vector = RUN(VIP, 0xfa, UD2);
	check(vector == UD && (trap.eflags & (VIP | VIF)) == VIP, "VME: CLI with VIP", "%u %x",
	      vector, trap.eflags);
	vector = RUN(IF, 0x68, 0x01, 0x02, 0x9d, UD2); /* push 201h; popf */
	check(vector == UD && (trap.eflags & (VIF | IF | IOPL3 | 1)) == (VIF | IF | 1),
	      "VME: POPF sets VIF, leaves IF and IOPL", "%u %x", vector, trap.eflags);
	vector = RUN(VIP, 0x68, 0x00, 0x02, 0x9d, UD2);
	check(vector == GP && trap.eip == 3, "VME: POPF of IF with VIP is #GP(0)", "%u at %x",
	      vector, trap.eip);
	vector = RUN(0, 0x68, 0x00, 0x01, 0x9d, UD2);
	check(vector == GP && trap.eip == 3, "VME: POPF of TF is #GP(0)", "%u at %x", vector,
	      trap.eip);
	vector = RUN(0, 0x66, 0x9c, UD2);
	CHECK_EQUAL("VME: PUSHFD, IOPL 0, is #GP", vector, GP);
	vector = RUN(0, 0x66, 0x9d, UD2);
	CHECK_EQUAL("VME: POPFD, IOPL 0, is #GP", vector, GP);
	vector = RUN(VIF, 0x6a, 0x03, 0x68, 0x00, 0x03, 0x6a, 0x09, 0xcf, 0xf4, UD2);
	check(vector == UD && trap.eip == 9 && (trap.eflags & (VIF | 1)) == 1,
	      "VME: IRET takes VIF from IF", "%u %x", vector, trap.eflags);
	vector = RUN(0, 0x66, 0xcf, UD2);
	CHECK_EQUAL("VME: IRETD, IOPL 0, is #GP", vector, GP);
	vector = RUN(IOPL3 | VIF | IF, 0xfa, 0x9c, UD2);
	check(vector == UD && (trap.eflags & (VIF | IF)) == VIF, "VME: CLI with IOPL 3 clears IF",
	      "%u %x", vector, trap.eflags);
}

/* Protected mode's virtual interrupts. */
static void user_entry(void)
{
	__asm__ volatile("int $0x80");
}
static void enter_user_with_vif_and_vip(void)
{
	user_call((uint32_t)user_entry, SEL_USER_CODE, (uint32_t)user_stack + sizeof(user_stack),
		  SEL_USER_DATA, 2 | VIF | VIP);
}

static void pvi(void)
{
	WRITE_CR(4, READ_CR(4) & ~CR4_PVI);
	CHECK_EQUAL("VIF and VIP without PVI", catch_call(enter_user_with_vif_and_vip) - 1, 0x80);
	WRITE_CR(4, READ_CR(4) | CR4_PVI);
	CHECK_EQUAL("PVI: VIF and VIP before an instruction are #GP",
		    catch_call(enter_user_with_vif_and_vip) - 1, GP);
	CHECK_EQUAL("at that instruction", trap.eip, (uint32_t)user_entry);
	WRITE_CR(4, READ_CR(4) & ~CR4_PVI);
}

static void vme(void)
{
	if (!has_vme()) {
		print("# no VME\n");
		return;
	}
	WRITE_CR(4, READ_CR(4) | CR4_VME);
	vme_interrupts();
	vme_flags();
	pvi();
	WRITE_CR(4, READ_CR(4) & ~CR4_VME);
}

void guest_main(void)
{
	instructions();
	frame_of_nine();
	gates();
	gate16();
	flags();
	ports();
	ways_in();
	vme();
}
