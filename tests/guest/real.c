/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Real mode: transfers, 64 KiB limits, stack and string wrap, big real mode, the A20 gate (SDM
 * volume 3, 20.1). A program is a piece of 16-bit code in .data, which lies below 64 KiB: CS is 0.
 * It runs until it traps; the stubs below note the state and come back.
 */
#include "guest.h"

#define STACK_LINEAR 0x10000u
#define STACK_POINTER 0x2000u
#define DATA_LINEAR 0x20000u

/* What a trap found: of the program, and of the frame of three words on its stack. */
struct real_state {
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint16_t ss, ds, es, vector;
};
struct real_state real_state;
uint32_t real_esp, real_entry;
uint16_t real_start_sp;
static struct {
	uint16_t ip, cs, flags;
} stacked;

void real_enter(void);
__asm__("	.data\n"
	"real_enter:\n"
	"	pushal\n"
	"	movl %esp, real_esp\n"
	"	lidtl real_idtr\n"
	"	ljmpl $0x48, $1f\n"
	"	.code16\n"
	"1:	movw $0x50, %ax\n	movw %ax, %ds\n	movw %ax, %es\n	movw %ax, %fs\n	movw %ax, "
	"%gs\n	movw %ax, %ss\n"
	"	movl %cr0, %eax\n	andb $0xfe, %al\n	movl %eax, %cr0\n"
	"	ljmpw $0, $2f\n"
	"2:	xorw %ax, %ax\n	movw %ax, %fs\n	movw %ax, %gs\n"
	"	movw $0x1000, %ax\n	movw %ax, %ss\n	movl $0, %esp\n	movw %fs:real_start_sp, "
	"%sp\n"
	"	movw $0x2000, %ax\n	movw %ax, %ds\n	movw %ax, %es\n"
	"	pushw $2\n	popfw\n"
	"	pushw %fs:real_entry + 2\n	pushw %fs:real_entry\n"
	"	xorl %eax, %eax\n	movl $0x11111111, %ebx\n	movl $0x22222222, "
	"%ecx\n	movl $0x33333333, %edx\n"
	"	movl $0x44444444, %esi\n	movl $0x55555555, %edi\n	movl $0x66666666, "
	"%ebp\n"
	"	lretw\n"
	"	.balign 8\n"
	"real_stubs:\n"
	"	.set n, 0\n"
	"	.rept 256\n	pushw $n\n	jmp real_trap\n	.balign 8\n	.set n, n + 1\n	"
	".endr\n"
	"real_trap:\n"
	"	pushw %ds\n"
	"	pushw $0\n	popw %ds\n"
	"	popw real_state + 34\n" /* DS */
	"	popw real_state + 38\n" /* the vector */
	"	movl %edi, real_state\n	movl %esi, real_state + 4\n	movl %ebp, real_state + "
	"8\n	movl %esp, real_state + 12\n"
	"	movl %ebx, real_state + 16\n	movl %edx, real_state + 20\n	movl %ecx, "
	"real_state + 24\n	movl %eax, real_state + 28\n"
	"	movw %ss, real_state + 32\n	movw %es, real_state + 36\n"
	"	movl %cr0, %eax\n	orb $1, %al\n	movl %eax, %cr0\n"
	"	ljmpl $8, $3f\n"
	"	.code32\n"
	"3:	movw $0x10, %ax\n	movw %ax, %ds\n	movw %ax, %es\n	movw %ax, %ss\n	movw %ax, "
	"%fs\n	movw %ax, %gs\n"
	"	movl real_esp, %esp\n"
	"	cld\n	popal\n	ret\n"
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

/* Runs 16-bit code of this file; returns the vector that ended it. */
static unsigned run(const uint8_t *code)
{
	const uint16_t *top;

	for (unsigned i = 0; i < 256; i++)
		((volatile uint32_t *)0)[i] = (uint32_t)real_stubs + 8 * i;
	real_entry = (uint32_t)code;
	real_enter();
	load_idt();
	top = (const uint16_t *)((uint32_t)real_state.ss * 16 + (real_state.esp & 0xffff));
	stacked.ip = top[0];
	stacked.cs = top[1];
	stacked.flags = top[2];
	return real_state.vector;
}

/* A program ends with UD2 (labelled NAME_end) unless it traps earlier, at NAME_at. */
#define PROGRAM(name, body) \
	extern const uint8_t name[], name##_end[]; \
	__asm__("	.data\n	.code16\n" #name ":\n" body "\n" #name \
		"_end:	ud2\n	.code32\n	.text\n")

#define MEMORY8(linear) (*(volatile uint8_t *)(linear))
#define MEMORY16(linear) (*(volatile uint16_t *)(linear))
#define MEMORY32(linear) (*(volatile uint32_t *)(linear))

static void expect_end(const char *name, const uint8_t *code, const uint8_t *end)
{
	unsigned vector = run(code);

	check(vector == UD && stacked.ip == (uint16_t)(uintptr_t)end && stacked.cs == 0, name,
	      "vector %u at %x:%x", vector, stacked.cs, stacked.ip);
}
#define EXPECT_END(name, program) expect_end(name, program, program##_end)

/* -- Limits: a row's first instruction faults, or the program goes through. */

#define FAULTS(X) \
	X(word_ffff, "word at FFFFh is #GP", "movw 0xffff, %ax", GP) \
	X(byte_ffff, "byte at FFFFh is there", "movb 0xffff, %al", UD) \
	X(dword_fffd, "dword at FFFDh is #GP", "movl 0xfffd, %eax", GP) \
	X(dword_fffc, "dword at FFFCh is there", "movl 0xfffc, %eax", UD) \
	X(word_ss_ffff, "word at SS:FFFFh is #SS", "movw %ss:0xffff, %ax", SS) \
	X(beyond_64k, "32-bit address beyond 64 KiB is #GP", \
	  "movl $0x10000, %esi\n	movb (%esi), %al", GP) \
	X(write_ffff, "write of a word at FFFFh is #GP", "movw %ax, 0xffff", GP) \
	X(cs_ffff, "word at CS:FFFFh is #GP", "movw %cs:0xffff, %ax", GP) \
	X(cs_write, "CS can be written", "movw %ax, %cs:0x7000", UD) \
	X(stos_ffff, "STOSW at FFFFh is #GP", "movl $0xffff, %edi\n	stosw", GP) \
	X(fld_fffc, "FLD m80 across FFFFh is #GP", "fldt 0xfffc", GP) \
	X(arpl, "ARPL is #UD", "arpl %ax, %ax", UD) \
	X(lar, "LAR is #UD", "lar %ax, %ax", UD) \
	X(sldt, "SLDT is #UD", "sldt %ax", UD) \
	X(ltr, "LTR is #UD", "ltr %ax", UD) \
	X(verr, "VERR is #UD", "verr %ax", UD) \
	X(lldt, "LLDT is #UD", "lldt %ax", UD) \
	X(lock_nop, "LOCK NOP is #UD", ".byte 0xf0, 0x90", UD) \
	X(mov_cs, "MOV to CS is #UD", ".byte 0x8e, 0xc8", UD) \
	X(lds_register, "LDS from a register is #UD", ".byte 0xc5, 0xc0", UD) \
	X(bound_register, "BOUND with a register is #UD", ".byte 0x62, 0xc0", UD) \
	X(fe7, "FE /7 is #UD", ".byte 0xfe, 0xf8", UD) \
	X(ff7, "FF /7 is #UD", ".byte 0xff, 0xf8", UD) \
	X(sysexit, "SYSEXIT is #GP", "sysexit", GP) \
	X(too_long, "16 bytes is #GP", ".fill 15, 1, 0x2e\n	nop", GP) \
	X(fifteen, "15 bytes is not", ".fill 14, 1, 0x2e\n	nop", UD) \
	X(divide, "DIV by zero is #DE", "xorw %cx, %cx\n	divw %cx", DE) \
	X(div_large, "DIV with a large quotient is #DE", "movw $1, %cx\n	divw %cx", DE) \
	X(idiv_min, "IDIV of 8000h by -1 is #DE", \
	  "movw $0x8000, %ax\n	cwd\n	movw $-1, %cx\n	idivw %cx", DE) \
	X(aam0, "AAM 0 is #DE", "aam $0", DE) \
	X(icebp, "ICEBP", ".byte 0xf1", DB) \
	X(int3, "INT3", "int3", BP) \
	X(into, "INTO", "movb $0x7f, %al\n	incb %al\n	into", OF)

#define PROGRAM_ROW(name, text, body, vector) PROGRAM(name, body);
FAULTS(PROGRAM_ROW)

static void faults(void)
{
#define ROW(name, text, body, vector) { text, name, name##_end, vector },
	static const struct {
		const char *name;
		const uint8_t *code, *end;
		unsigned vector;
	} rows[] = { FAULTS(ROW) };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned vector = run(rows[i].code);

		check(vector == rows[i].vector, rows[i].name, "vector %u at %x:%x", vector,
		      stacked.cs, stacked.ip);
	}
}

/* -- Transfers */

PROGRAM(calls, "	lcallw $0, $far_target\n"
	       "	movw %sp, %bx\n"
	       "	pushw $0\n	pushw $near_target\n	lretw\n"
	       "far_target:	movw $0x1234, %ax\n	movw %sp, %cx\n	lretw\n"
	       "	hlt\n"
	       "near_target:	calll near32\n	jmp 1f\n"
	       "near32:	movw %sp, %dx\n	retl\n"
	       "1:	lcalll $0, $far32\n	jmp 2f\n"
	       "far32:	movw %sp, %si\n	lretl $4\n"
	       "2:	movw %sp, %di");

static void transfers(void)
{
	EXPECT_END("far calls and returns, 16- and 32-bit", calls);
	CHECK_EQUAL("far call pushes two words", real_state.ecx & 0xffff, STACK_POINTER - 4);
	CHECK_EQUAL("far return takes them", real_state.ebx & 0xffff, STACK_POINTER);
	CHECK_EQUAL("32-bit near call pushes a dword", real_state.edx & 0xffff, STACK_POINTER - 4);
	CHECK_EQUAL("32-bit far call pushes two dwords", real_state.esi & 0xffff,
		    STACK_POINTER - 8);
	CHECK_EQUAL("RETF 4", real_state.edi & 0xffff, STACK_POINTER + 4);
}

PROGRAM(interrupts, "	movw $0, %ax\n	movw %ax, %es\n"
		    "	movw $handler, %es:0x60 * 4\n	movw $0, %es:0x60 * 4 + 2\n"
		    "	pushw $0x4ed7\n	popfw\n" /* NT, OF, DF, IF, SF, ZF, AF, PF, CF */
		    "	int $0x60\n"
		    "	pushfw\n	popw %dx\n"
		    "	jmp 1f\n"
		    "handler:	pushfw\n	popw %bx\n	movzwl %sp, %esi\n	movw "
		    "%ss:4(%esi), %cx\n"
		    "	andb $0xfe, %ss:4(%esi)\n	movw %ss:2(%esi), %di\n	iretw\n"
		    "1:	cli");

static void software_interrupt(void)
{
	EXPECT_END("INT through the table", interrupts);
	CHECK_EQUAL("INT pushes FLAGS", real_state.ecx & 0xffff, 0x4ed7);
	CHECK_EQUAL("INT clears IF and TF, leaves NT", real_state.ebx & 0xffff, 0x4cd7);
	CHECK_EQUAL("INT pushes CS", real_state.edi & 0xffff, 0);
	CHECK_EQUAL("INT pushes three words", real_state.esi & 0xffff, STACK_POINTER - 6);
	CHECK_EQUAL("IRET loads FLAGS", real_state.edx & 0xffff, 0x4ed6);
}

PROGRAM(idt_limit, "	lidtw %cs:short_idt\n	int $0x40\n	jmp 1f\nshort_idt:	.word "
		   "0xff\n	.long 0\n1:");

static void table_limit(void)
{
	unsigned vector = run(idt_limit);

	check(vector == GP, "INT beyond IDTR's limit is #GP", "%u at %x", vector, stacked.ip);
}

PROGRAM(iretd,
	"	pushfl\n	popl %eax\n	orl $0x3000, %eax\n	pushl %eax\n	pushl "
	"$0\n	pushl $1f\n	iretl\n"
	"1:	pushfl\n	popl %ebx\n"
	"	pushl $0x00060002\n	popfl\n	pushfl\n	popl %ecx\n" /* RF and VM cannot be
										set */
	"	pushw $0x7002\n	popfw\n	pushfw\n	popw %dx");

static void flags(void)
{
	EXPECT_END("IRETD and POPFD", iretd);
	CHECK_EQUAL("IRETD sets IOPL", real_state.ebx & 0x3000, 0x3000);
	CHECK_EQUAL("POPFD ignores RF and VM", real_state.ecx & 0x30000, 0);
	CHECK_EQUAL("POPF sets IOPL and NT", real_state.edx & 0xf000, 0x7000);
}

/* -- The stack */

PROGRAM(pusha_wrap,
	"	movw $0, %sp\n	pushaw\n	movw %sp, 0x7000\n	popaw\n	movw %sp, %cx");
PROGRAM(pusha_order, "	movw $1, %ax\n	movw $2, %cx\n	movw $3, %dx\n	movw $4, %bx\n	movw $5, "
		     "%bp\n	movw $6, %si\n"
		     "	movw $7, %di\n	pushaw");
PROGRAM(push_sp, "	pushw %sp\n	popw %ax\n	pushl %esp\n	popl %ebx\n	movw "
		 "$0x100, %sp\n	pushw $0x77\n"
		 "	popw %sp\n	movw %sp, %cx\n	movw $0x2000, %sp");
PROGRAM(enter_nested, "	movw $0x1800, %bp\n	movw $0xaaaa, %ss:0x17fe\n	enter $16, $2\n	"
		      "movw %sp, %cx\n	movw %bp, %dx\n"
		      "	movw %ss:0x1ffe, %si\n	movw %ss:0x1ffc, %di\n	movw %ss:0x1ffa, %bx\n	"
		      "leave\n	movw %sp, %ax");
PROGRAM(push_wraps, "	movw $0, %sp\n	pushw $0x1234\n	movw %sp, %ax\n	movw $2, %sp\n	pushl "
		    "$0x55667788\n	int3");
PROGRAM(push_segment, "	movl $0xdeadbeef, %eax\n	movl %eax, %ss:0x1ffc\n	pushl %ds\n	"
		      "movw %sp, %cx\n	popl %ebx\n"
		      "	movl %eax, %ss:0x1ffc\n	.byte 0x66, 0x0f, 0xa0\n	popl %edx\n	"
		      "pushl %eax\n	pushw $0x3000\n	popw %fs\n"
		      "	pushl $0x77774000\n	popl %fs\n	movl %fs, %esi\n"
		      "	movw $0x5000, %ss:0xfffe\n	movw $0xfffe, %sp\n	popl %fs\n	"
		      "movl %fs, %edi\n	movw %sp, %bp\n	movw $0x2000, %sp");
PROGRAM(popa_end, "	movw $0xfff9, %sp\n	popaw");
PROGRAM(high_esp, "	movl $0x77770100, %esp\n	pushw %ax\n	movl %esp, %ebx\n	"
		  "callw 1f\n1:	popw %cx\n	movl %esp, %edx\n"
		  "	movl $0x2000, %esp");

static void stack(void)
{
	MEMORY16(STACK_LINEAR + 0xfffe) = 0;
	EXPECT_END("PUSHA and POPA across 0", pusha_wrap);
	CHECK_EQUAL("PUSHA wraps SP", MEMORY16(DATA_LINEAR + 0x7000), 0xfff0);
	CHECK_EQUAL("POPA wraps it back", real_state.ecx & 0xffff, 0);
	EXPECT_END("PUSHA", pusha_order);
	bool order = true;
	static const uint16_t want[8] = { 7, 6, 5, STACK_POINTER, 4, 3, 2, 1 };
	for (unsigned i = 0; i < 8; i++)
		order &= MEMORY16(STACK_LINEAR + STACK_POINTER - 16 + 2 * i) == want[i];
	check(order, "order of PUSHA", "");
	EXPECT_END("PUSH SP, POP SP", push_sp);
	CHECK_EQUAL("PUSH SP pushes the old value", real_state.eax & 0xffff, STACK_POINTER);
	CHECK_EQUAL("PUSH ESP does too", real_state.ebx, STACK_POINTER);
	CHECK_EQUAL("POP SP", real_state.ecx & 0xffff, 0x77);
	EXPECT_END("ENTER 16, 2", enter_nested);
	CHECK_EQUAL("ENTER: BP", real_state.edx & 0xffff, STACK_POINTER - 2);
	CHECK_EQUAL("ENTER: SP", real_state.ecx & 0xffff, STACK_POINTER - 6 - 16);
	CHECK_EQUAL("ENTER pushes BP", real_state.esi & 0xffff, 0x1800);
	CHECK_EQUAL("ENTER copies the outer frame pointer", real_state.edi & 0xffff, 0xaaaa);
	CHECK_EQUAL("ENTER pushes its own", real_state.ebx & 0xffff, STACK_POINTER - 2);
	CHECK_EQUAL("LEAVE", real_state.eax & 0xffff, STACK_POINTER);
	CHECK_EQUAL("dword push that straddles 0 is #SS", run(push_wraps), SS);
	CHECK_EQUAL("word push at SP = 0", real_state.eax & 0xffff, 0xfffe);
	EXPECT_END("PUSH and POP of segments, 32 bits", push_segment);
	CHECK_EQUAL("PUSH DS moves ESP by 4", real_state.ecx & 0xffff, STACK_POINTER - 4);
	CHECK_EQUAL("and writes two bytes", real_state.ebx, 0xdead2000);
	CHECK_EQUAL("PUSH FS too", real_state.edx, 0xdead0000);
	CHECK_EQUAL("POP FS ignores the upper half", real_state.esi, 0x4000);
	CHECK_EQUAL("and reads two bytes", real_state.edi, 0x5000);
	CHECK_EQUAL("but moves SP by 4", real_state.ebp & 0xffff, 2);
	CHECK_EQUAL("POPA with SP's slot across the end is #SS",
		    run(popa_end) == SS ? stacked.ip : 0, (uint32_t)popa_end_end - 1);
	EXPECT_END("a 16-bit stack leaves ESP's upper half", high_esp);
	CHECK_EQUAL("push", real_state.ebx, 0x777700fe);
	CHECK_EQUAL("call, pop", real_state.edx, 0x777700fe);
}

/* -- Strings with 16-bit addresses */

PROGRAM(movs_wrap, "	cld\n	movl $0x1234fffe, %esi\n	movl $0x5678fffc, %edi\n	"
		   "movl $0x10003, %ecx\n	rep movsw");
PROGRAM(stos_down, "	std\n	movl $2, %edi\n	movl $0xabcd0004, %ecx\n	movb $0x99, "
		   "%al\n	rep stosb\n	cld");
PROGRAM(stos32, "	cld\n	movl $0x100, %edi\n	movl $3, %ecx\n	movl $0x01020304, "
		"%eax\n	addr32 rep stosl");
PROGRAM(cx_zero, "	cld\n	movl $0x10000, %ecx\n	rep movsb\n	movl %ecx, %ebx\n	"
		 "jcxz 1f\n	int3\n"
		 "1:	movl $0x10001, %ecx\n2:	incw %ax\n	loopw 2b\n	movl $0x10000, "
		 "%ecx\n	jecxz 3f\n	jmp 4f\n3:	hlt\n4:");
PROGRAM(cmps, "	cld\n	movl $0xfffe, %esi\n	movl $0xfffe, %edi\n	movw $6, %cx\n	repe "
	      "cmpsb\n	setz %al");
PROGRAM(rep_fault, "	cld\n	movw $0xfffd, %di\n	movw $4, %cx\n	rep stosw\n	int3");

static void strings(void)
{
	for (unsigned i = 0; i < 0x10000; i++)
		MEMORY8(DATA_LINEAR + i) = (uint8_t)i;
	EXPECT_END("REP MOVSW wraps SI and DI", movs_wrap);
	CHECK_EQUAL("ESI's upper half stays", real_state.esi, 0x12340004);
	CHECK_EQUAL("EDI's upper half stays", real_state.edi, 0x56780002);
	CHECK_EQUAL("ECX's upper half stays", real_state.ecx, 0x10000);
	CHECK_EQUAL("what was moved", MEMORY32(DATA_LINEAR + 0xfffc), 0x0100fffe);
	CHECK_EQUAL("and after the wrap", MEMORY16(DATA_LINEAR), 0x0302);
	EXPECT_END("REP STOSB downwards wraps DI", stos_down);
	CHECK_EQUAL("EDI", real_state.edi, 0xfffe);
	CHECK_EQUAL("ECX", real_state.ecx, 0xabcd0000);
	CHECK_EQUAL("top byte", MEMORY8(DATA_LINEAR + 0xffff), 0x99);
	CHECK_EQUAL("byte below it", MEMORY8(DATA_LINEAR + 0xfffe), 0);
	EXPECT_END("REP STOSD with 32-bit addresses", stos32);
	CHECK_EQUAL("EDI", real_state.edi, 0x10c);
	EXPECT_END("CX of zero below a set upper half", cx_zero);
	CHECK_EQUAL("REP does nothing", real_state.ebx, 0x10000);
	CHECK_EQUAL("LOOP counts CX", real_state.eax & 0xffff, 1);
	EXPECT_END("REPE CMPSB wraps", cmps);
	CHECK_EQUAL("equal to the end", real_state.eax & 0xff, 1);
	CHECK_EQUAL("SI", real_state.esi & 0xffff, 4);
	unsigned vector = run(rep_fault);
	check(vector == GP && (real_state.edi & 0xffff) == 0xffff && (real_state.ecx & 0xffff) == 3,
	      "REP STOSW faults in the middle", "%u, DI %x, CX %x", vector, real_state.edi,
	      real_state.ecx);
}

/* -- Loads of far pointers, odd encodings */

PROGRAM(pointers, "	movl $0x20001234, %es:0\n	ldsw %es:0, %bx\n	movw %ds, %ax\n	"
		  "lssw %es:0, %sp\n	movw %ss, %cx\n"
		  "	movw $0x1000, %dx\n	movw %dx, %ss\n	movw $0x2000, %sp\n	movw "
		  "$0x99aa, %es:4\n	lesl %es:0, %esi\n"
		  "	movw %es, %di");
PROGRAM(bounds, "	movl $0x00050003, 0\n	movw $3, %ax\n	.byte 0x62, 6, 0, 0\n	movw $5, "
		"%ax\n	.byte 0x62, 6, 0, 0\n"
		"	movw $6, %ax\n	.byte 0x62, 6, 0, 0\n	int3");
PROGRAM(aliases,
	"	stc\n	.byte 0xd6\n	movb %al, %bl\n	.byte 0x82, 0xc3, 2\n" /* SALC; ADD BL, 2 */
	"	movb $0x81, %cl\n	.byte 0xc0, 0xf1, 1\n"                 /* SHL /6 */
	"	.byte 0xf6, 0xc9, 2\n	setz %dl");                            /* TEST /1 */
PROGRAM(bcd, "	movw $0x0105, %ax\n	addb $9, %al\n	aaa\n	movw %ax, %bx\n	movb $0x79, "
	     "%al\n	addb $0x35, %al\n	daa\n"
	     "	movw %ax, %cx\n	movw $0x0203, %ax\n	aad\n	movw %ax, %dx\n	movw $0x4f, "
	     "%ax\n	aam\n	movw %ax, %si\n"
	     "	movw $0x0201, %ax\n	subb $3, %al\n	aas\n	movw %ax, %di");

static void odds(void)
{
	EXPECT_END("LDS, LSS, LES", pointers);
	CHECK_EQUAL("LDS: offset", real_state.ebx & 0xffff, 0x1234);
	CHECK_EQUAL("LDS: segment", real_state.eax & 0xffff, 0x2000);
	CHECK_EQUAL("LSS: segment", real_state.ecx & 0xffff, 0x2000);
	CHECK_EQUAL("LES of 6 bytes: segment", real_state.edi & 0xffff, 0x99aa);
	CHECK_EQUAL("BOUND beyond is #BR", run(bounds), BR);
	CHECK_EQUAL("with the third", real_state.eax & 0xffff, 6);
	CHECK_EQUAL("as a fault", stacked.ip, ((uint32_t)bounds_end & 0xffff) - 5);
	EXPECT_END("SALC, 82h, SHL /6, TEST /1", aliases);
	CHECK_EQUAL("SALC", real_state.eax & 0xff, 0xff);
	CHECK_EQUAL("82h /0", real_state.ebx & 0xff, 1);
	CHECK_EQUAL("C0h /6", real_state.ecx & 0xff, 2);
	CHECK_EQUAL("F6h /1", real_state.edx & 0xff, 0);
	EXPECT_END("AAA, DAA, AAD, AAM, AAS", bcd);
	CHECK_EQUAL("AAA", real_state.ebx & 0xffff, 0x0204);
	CHECK_EQUAL("DAA", real_state.ecx & 0xff, 0x14);
	CHECK_EQUAL("AAD", real_state.edx & 0xffff, 23);
	CHECK_EQUAL("AAM", real_state.esi & 0xffff, 0x0709);
	CHECK_EQUAL("AAS", real_state.edi & 0xffff, 0x0108);
}

/* -- Big real mode: limits of protected mode stay until they are loaded there again. */

PROGRAM(big_real,
	"	cli\n	movl %cr0, %eax\n	incw %ax\n	movl %eax, %cr0\n	jmp 1f\n"
	"1:	movw $0x10, %bx\n	movw %bx, %ds\n	decw %ax\n	movl %eax, %cr0\n"
	"	movl $0x00300000, %esi\n	movl $0xfeedf00d, (%esi)\n"
	"	movw $0x2000, %bx\n	movw %bx, %ds\n" /* a real-mode load changes the base, not
							    the limit */
	"	movl $0x2e0000, %esi\n	movl (%esi), %ecx\n"
	"	movw %cs:0xfffe, %dx\n");

static void big_real_mode(void)
{
	EXPECT_END("big real mode", big_real);
	CHECK_EQUAL("write beyond 1 MiB", MEMORY32(0x300000), 0xfeedf00d);
	CHECK_EQUAL("the limit outlives a load", real_state.ecx, 0xfeedf00d);
}

PROGRAM(jump_beyond, "	jmpl *%edx");

static void jump_beyond_limit(void)
{
	CHECK_EQUAL("32-bit jump beyond 64 KiB is #GP", run(jump_beyond), GP);
}

/* -- A20 */

PROGRAM(a20, "	movw $0xffff, %ax\n	movw %ax, %ds\n	xorw %ax, %ax\n	movw %ax, %es\n"
	     "	inb $0x92, %al\n	andb $0xfc, %al\n	outb %al, $0x92\n"
	     "	movw %es:0x1000, %bx\n	movw 0x1010, %cx\n	movw $0xa20a, 0x1012\n"
	     "	movw %es:0x1002, %si\n"
	     "	orb $2, %al\n	outb %al, $0x92\n"
	     "	movw 0x1010, %dx\n	movw %es:0x1002, %di");

static void a20_gate(void)
{
	MEMORY16(0x1000) = 0x1111;
	MEMORY16(0x1002) = 0x3333;
	MEMORY16(0x101000) = 0x2222;
	MEMORY16(0x101002) = 0x4444;
	EXPECT_END("the A20 gate", a20);
	if ((real_state.ecx & 0xffff) == 0x2222) {
		print("# no A20 gate here\n");
		return;
	}
	CHECK_EQUAL("off: FFFF:1010 is 0:1000", real_state.ecx & 0xffff, 0x1111);
	CHECK_EQUAL("off: a write wraps", real_state.esi & 0xffff, 0xa20a);
	CHECK_EQUAL("on again", real_state.edx & 0xffff, 0x2222);
	CHECK_EQUAL("what was written stays", real_state.edi & 0xffff, 0xa20a);
	CHECK_EQUAL("beyond 1 MiB nothing was", MEMORY16(0x101002), 0x4444);
}

void guest_main(void)
{
	real_start_sp = STACK_POINTER;
	gdt[9] = descriptor(0, 0xffff, ACCESS_CODE, 0);
	gdt[10] = descriptor(0, 0xffff, ACCESS_DATA, 0);
	faults();
	transfers();
	software_interrupt();
	table_limit();
	flags();
	stack();
	strings();
	odds();
	big_real_mode();
	a20_gate();
	jump_beyond_limit();
}
