/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Code that changes itself (SDM volume 3, 8.1.3 and 11.6): the next instruction, the own block,
 * across a page's end, through another linear address, by REP MOVS, as a JIT does it many times.
 */
#include "guest.h"

#define PAGE 4096u
#define CODE 0x200000u
#define ALIAS 0x40000000u /* of CODE, with paging */

#define P 1u
#define RW 2u

static uint8_t *const code = (uint8_t *)CODE;

static void put(unsigned at, const uint8_t *bytes, unsigned length)
{
	for (unsigned i = 0; i < length; i++)
		((volatile uint8_t *)code)[at + i] = bytes[i];
}
#define PUT(at, ...) \
	put(at, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static uint32_t call(uint32_t address)
{
	uint32_t value;

	__asm__ volatile("call *%1" : "=a"(value) : "r"(address), "a"(0) : "ecx", "edx", "memory");
	return value;
}

/* mov eax, imm32; ret */
static void put_constant(unsigned at, uint32_t value)
{
	PUT(at, 0xb8, (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
	    (uint8_t)(value >> 24), 0xc3);
}

/* -- Within a block */

static void next_instruction(void)
{
	/* movb 2, [the immediate of the next]; mov al, 1; ret */
	PUT(0, 0xc6, 0x05, 8, 0, 0x20, 0, 2, 0xb0, 1, 0xc3);
	CHECK_EQUAL("the next instruction's immediate", call(CODE), 2);
	PUT(8, 1);
	CHECK_EQUAL("once more", call(CODE), 2);
	/* movb inc eax, [next]; nop; ret */
	PUT(0x40, 0xc6, 0x05, 0x47, 0, 0x20, 0, 0x40, 0x90, 0xc3);
	CHECK_EQUAL("the next instruction's opcode", call(CODE + 0x40), 1);
	/* mov ecx, 1; cmp ecx, 2; movb adc, [next]; add eax, ecx; ret: the carry that no
	 * instruction was going to read */
	for (unsigned i = 0; i < 3; i++) {
		PUT(0x60, 0xb9, 1, 0, 0, 0, 0x83, 0xf9, 2, 0xc6, 0x05, 0x6f, 0, 0x20, 0, 0x11, 0x01,
		    0xc8, 0xc3);
		CHECK_EQUAL("ADD becomes ADC after a comparison", call(CODE + 0x60), 2);
	}
	/* mov ecx, 1; cmp ecx, 2; incb [next]; xadd bl, al that becomes adc al, al; ret */
	for (unsigned i = 0; i < 6; i++) {
		PUT(0x180, 0xb9, 1, 0, 0, 0, 0x83, 0xf9, (uint8_t)(2 - i % 2), 0xfe, 0x05, 0x8e, 1,
		    0x20, 0, 0x0f, 0xc0, 0xc3, 0xc3);
		CHECK_EQUAL("XADD becomes ADC after INC", call(CODE + 0x180), !(i % 2));
	}
	/* mov ecx, 1; cmp ecx, 1; rolb 1, [next]; cmp cl, al that becomes jz to mov al, 1; ret */
	PUT(0x1a0, 0xb0, 1, 0xc3);
	for (unsigned i = 0; i < 6; i++) {
		PUT(0x1c0, 0xb9, 1, 0, 0, 0, 0x83, 0xf9, (uint8_t)(1 + i % 2), 0xd0, 0x05, 0xce, 1,
		    0x20, 0, 0x3a, 0xd0, 0xc3);
		CHECK_EQUAL("CMP becomes JZ after ROL", call(CODE + 0x1c0), !(i % 2));
	}
	/* A store of 4 bytes that makes four INC EAX of four NOPs ahead in the block. */
	PUT(0x80, 0x90, 0xc7, 0x05, 0x8d, 0, 0x20, 0, 0x40, 0x40, 0x40, 0x40, 0x90, 0x90, 0x90,
	    0x90, 0x90, 0x90, 0xc3);
	CHECK_EQUAL("four of the own block", call(CODE + 0x80), 4);
	/* A store backwards: an earlier instruction of the loop changes for the next round. */
	PUT(0xc0, 0xb9, 3, 0, 0, 0,       /* mov ecx, 3 */
	    0x83, 0xc0, 1,                /* add eax, 1 (the immediate at C7h) */
	    0xfe, 0x05, 0xc7, 0, 0x20, 0, /* incb [200C7] */
	    0xe2, 0xf5, 0xc3);
	((volatile uint8_t *)code)[0xca] = 0xc7;
	CHECK_EQUAL("an earlier instruction, in a loop", call(CODE + 0xc0), 1 + 2 + 3);
	/* The instruction writes over itself: it is done as it was read. */
	PUT(0x100, 0xc6, 0x05, 0, 1, 0x20, 0, 0xc3, 0xc3);
	CHECK_EQUAL("an instruction that overwrites itself", call(CODE + 0x100), 0);
	CHECK_EQUAL("is another the next time", code[0x100], 0xc3);
}

static void across_a_page(void)
{
	/* mov eax, imm32 whose immediate lies in the next page */
	put_constant(PAGE - 1, 0x11223344);
	CHECK_EQUAL("an instruction on two pages", call(CODE + PAGE - 1), 0x11223344);
	((volatile uint8_t *)code)[PAGE + 3] = 0x55;
	CHECK_EQUAL("its second half changed", call(CODE + PAGE - 1), 0x55223344);
	*(volatile uint32_t *)(code + PAGE - 2) = 0x3347b890;
	CHECK_EQUAL("a store across the page's end", call(CODE + PAGE - 1), 0x55223347);
	/* A store in the first page changes the second, which the block goes on in. */
	PUT(2 * PAGE - 9, 0xb0, 7, 0xc6, 0x05, 1, 0x20, 0x20, 0, 9);
	PUT(2 * PAGE, 0xb4, 1, 0xc3);
	CHECK_EQUAL("the block's other page", call(CODE + 2 * PAGE - 9), 0x0907);
}

static void by_strings(void)
{
	static const uint8_t one[6] = { 0xb8, 1, 0, 0, 0, 0xc3 },
			     two[6] = { 0xb8, 2, 0, 0, 0, 0xc3 };
	const void *from = one;
	void *to = code;
	uint32_t n = sizeof(one), good = 0;

	for (unsigned i = 0; i < 40; i++) {
		from = i & 1 ? one : two;
		to = code;
		n = sizeof(one);
		__asm__ volatile("cld\n rep movsb" : "+S"(from), "+D"(to), "+c"(n)::"memory");
		good += call(CODE) == (i & 1 ? 1u : 2u);
	}
	CHECK_EQUAL("REP MOVSB into code", good, 40);
	/* rep stosb over the instructions that follow it: NOPs of INCs */
	PUT(0x200, 0xf3, 0xaa, 0x40, 0x40, 0x40, 0x40, 0xc3);
	to = code + 0x202;
	n = 4;
	uint32_t value = 0x90;
	__asm__ volatile("cld\n call *%3"
			 : "+D"(to), "+c"(n), "+a"(value)
			 : "r"(CODE + 0x200)
			 : "memory");
	CHECK_EQUAL("REP STOSB over what follows it", value, 0x90);
	/* PUSH into code: the stack lies in it */
	put_constant(0x300, 5);
	call(CODE + 0x300);
	__asm__ volatile("mov %%esp, %%ecx\n mov %0, %%esp\n pushl $0xc3000000\n pushl "
			 "$0x07b89090\n mov %%ecx, %%esp" ::"r"(CODE + 0x306)
			 : "ecx", "memory");
	CHECK_EQUAL("PUSH into code", call(CODE + 0x300), 7);
}

/* -- As a JIT does it */

static void just_in_time(void)
{
	uint32_t good = 0;

	for (uint32_t i = 0; i < 20000; i++) {
		put_constant((i % 64) * 16, i);
		good += call(CODE + (i % 64) * 16) == i;
	}
	CHECK_EQUAL("20,000 functions in one page", good, 20000);
	good = 0;
	for (uint32_t i = 0; i < 20000; i++) {
		*(volatile uint32_t *)(code + 1) = i;
		good += call(CODE) == i;
	}
	CHECK_EQUAL("one immediate, 20,000 times", good, 20000);
	/* Data next to code: a counter in the page of the loop that counts. */
	PUT(0x400, 0xb9, 0xa0, 0x86, 1, 0, /* mov ecx, 100000 */
	    0xff, 0x05, 0, 8, 0x20, 0,     /* inc [200800] */
	    0xe2, 0xf8, 0xa1, 0, 8, 0x20, 0, 0xc3);
	*(volatile uint32_t *)(code + 0x800) = 0;
	CHECK_EQUAL("data in the code's page", call(CODE + 0x400), 100000);
	/* A call whose target changes under the caller. */
	PUT(0x500, 0xe8, 0xfb, 0, 0, 0, 0x40, 0xc3); /* call 600; inc eax; ret */
	good = 0;
	for (uint32_t i = 0; i < 2000; i++) {
		put_constant(0x600, i);
		good += call(CODE + 0x500) == i + 1;
	}
	CHECK_EQUAL("a callee that changes", good, 2000);
	/* The caller's displacement changes between two callees. */
	put_constant(0x700, 70);
	put_constant(0x780, 78);
	good = 0;
	for (uint32_t i = 0; i < 2000; i++) {
		*(volatile uint32_t *)(code + 0x501) = (i & 1 ? 0x700u : 0x780u) - 0x505;
		good += call(CODE + 0x500) == (i & 1 ? 71u : 79u);
	}
	CHECK_EQUAL("a caller that changes", good, 2000);
}

/* -- Through another address */

static uint32_t *const directory = (uint32_t *)0x100000;
static uint32_t *const low_table = (uint32_t *)0x101000;
static uint32_t *const alias_table = (uint32_t *)0x102000;

static void build_tables(void)
{
	for (unsigned i = 0; i < 1024; i++) {
		directory[i] = alias_table[i] = 0;
		low_table[i] = i * PAGE | P | RW;
	}
	for (unsigned i = 0; i < 16; i++)
		alias_table[i] = (CODE + i * PAGE) | P | RW;
	directory[0] = (uint32_t)low_table | P | RW;
	directory[ALIAS >> 22] = (uint32_t)alias_table | P | RW;
	WRITE_CR(3, (uint32_t)directory);
	WRITE_CR(0, READ_CR(0) | 0x80000000);
}

static void aliases(void)
{
	uint32_t good = 0;

	build_tables();
	put_constant(0, 1);
	CHECK_EQUAL("run by its first address", call(CODE), 1);
	CHECK_EQUAL("by its second", call(ALIAS), 1);
	((volatile uint8_t *)ALIAS)[1] = 2;
	CHECK_EQUAL("written by the second, run by the first", call(CODE), 2);
	((volatile uint8_t *)CODE)[1] = 3;
	CHECK_EQUAL("written by the first, run by the second", call(ALIAS), 3);
	for (uint32_t i = 0; i < 2000; i++) {
		*(volatile uint32_t *)(ALIAS + 1) = i;
		good += call(CODE) == i;
	}
	CHECK_EQUAL("2,000 times", good, 2000);
	/* Own block, by the other address: movb 2, [ALIAS + 8]; mov al, 1; ret */
	PUT(0, 0xc6, 0x05, 8, 0, 0, 0x40, 2, 0xb0, 1, 0xc3);
	CHECK_EQUAL("the next instruction by the other address", call(CODE), 2);
}

/* Another page takes the place of the code's: by INVLPG, and by CR3. */
static void remapping(void)
{
	uint32_t good = 0;

	put_constant(2 * PAGE, 22);
	put_constant(3 * PAGE, 33);
	for (unsigned i = 0; i < 200; i++) {
		alias_table[8] = (CODE + (i & 1 ? 2 : 3) * PAGE) | P | RW;
		__asm__ volatile("invlpg (%0)" ::"r"(ALIAS + 8 * PAGE) : "memory");
		good += call(ALIAS + 8 * PAGE) == (i & 1 ? 22u : 33u);
	}
	CHECK_EQUAL("another page by INVLPG", good, 200);
	good = 0;
	for (unsigned i = 0; i < 200; i++) {
		alias_table[8] = (CODE + (i & 1 ? 2 : 3) * PAGE) | P | RW;
		WRITE_CR(3, (uint32_t)directory);
		good += call(ALIAS + 8 * PAGE) == (i & 1 ? 22u : 33u);
	}
	CHECK_EQUAL("another page by CR3", good, 200);
	/* An instruction on two pages whose second is another one. */
	PUT(4 * PAGE - 1, 0xb8);
	PUT(4 * PAGE, 4, 0, 0, 0, 0xc3);
	PUT(5 * PAGE, 5, 0, 0, 0, 0xc3);
	good = 0;
	alias_table[9] = (CODE + 3 * PAGE) | P | RW;
	for (unsigned i = 0; i < 100; i++) {
		alias_table[10] = (CODE + (i & 1 ? 4 : 5) * PAGE) | P | RW;
		__asm__ volatile("invlpg (%0)" ::"r"(ALIAS + 10 * PAGE) : "memory");
		good += call(ALIAS + 10 * PAGE - 1) == (i & 1 ? 4u : 5u);
	}
	CHECK_EQUAL("the second page of an instruction", good, 100);
	/* A jump to the other page of a block that is chained. */
	PUT(6 * PAGE, 0xe9, 0xfb, 0x0f, 0, 0); /* jmp to the next page's start */
	put_constant(4 * PAGE, 44);
	put_constant(5 * PAGE, 55);
	alias_table[11] = (CODE + 6 * PAGE) | P | RW;
	good = 0;
	for (unsigned i = 0; i < 400; i++) {
		if (i % 50 == 0) {
			alias_table[12] = (CODE + (i / 50 & 1 ? 4 : 5) * PAGE) | P | RW;
			__asm__ volatile("invlpg (%0)" ::"r"(ALIAS + 12 * PAGE) : "memory");
		}
		good += call(ALIAS + 11 * PAGE) == (i / 50 & 1 ? 44u : 55u);
	}
	CHECK_EQUAL("a chained jump to a page that changes", good, 400);
	WRITE_CR(0, READ_CR(0) & ~0x80000000u);
	CHECK_EQUAL("the same address without paging", call(CODE + 4 * PAGE), 44);
}

/* -- The same bytes in another mode */

static void modes(void)
{
	/* 66h B8h imm: 16- or 32-bit immediate by the segment's D bit */
	PUT(0, 0xb8, 1, 0, 2, 0,
	    0xcb); /* 32-bit: mov eax, 20001; retf. 16-bit: mov ax, 1; add al, [bx+si]... */
	uint32_t value = 0;

	gdt[SEL_FREE / 8] = descriptor(CODE, 0xffff, ACCESS_CODE, 4);
	__asm__ volatile("lcall %1, $0" : "=a"(value) : "i"(SEL_FREE));
	CHECK_EQUAL("32-bit code", value, 0x20001);
	PUT(0, 0xb8, 1, 0, 0x90, 0x66, 0xcb);
	gdt[SEL_FREE / 8] = descriptor(CODE, 0xffff, ACCESS_CODE, 0);
	__asm__ volatile("mov $-1, %%eax\n lcall %1, $0" : "=a"(value) : "i"(SEL_FREE));
	CHECK_EQUAL("the same page as 16-bit code", value, 0xffff0001);
	gdt[SEL_FREE / 8] = descriptor(CODE, 0xffff, ACCESS_CODE, 4);
	PUT(0, 0xb8, 1, 0, 0x90, 0x66, 0xcb, 0x90);
	PUT(6, 0xcb);
	PUT(5, 0x90);
	PUT(4, 0x00);
	__asm__ volatile("lcall %1, $0" : "=a"(value) : "i"(SEL_FREE));
	CHECK_EQUAL("and as 32-bit code again", value, 0x00900001);
}

void guest_main(void)
{
	next_instruction();
	across_a_page();
	by_strings();
	just_in_time();
	modes();
	aliases();
	remapping();
}
