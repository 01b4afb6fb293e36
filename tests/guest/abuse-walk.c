/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Code, stack, page tables and descriptor tables where none belong. A step may end in anything but
 * the host's notice. */
#include "abuse.h"

static uint32_t places[16];
static unsigned place_count;

static void find_places(void)
{
	static const uint32_t fixed[] = { 0xa0000,    0xb8000, 0xbfffd,    0xc0000,
					  0xe0000,    0xf0000, 0xfffe0000, 0xfffffffc,
					  MEMORY - 4, MEMORY,  0x80000000, 0xfec00000 };

	place_count = 0;
	for (unsigned i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		places[place_count++] = fixed[i];
	for (unsigned i = 0; i < bar_count && place_count < 16; i++)
		if (!bars[i].io)
			places[place_count++] = bars[i].base;
}

static void jump(uint32_t to)
{
	__asm__ volatile("sti; call *%0; cli" ::"r"(to) : "eax", "ecx", "edx", "memory");
}

static void jump_there(uint32_t to)
{
	jump(to);
}

/* With something there that can be run, if it can be written: INC EAX, RET. */
static void jump_to_written(uint32_t to)
{
	volatile uint8_t *at = (volatile uint8_t *)to;

	for (unsigned i = 0; i < 100; i++) {
		at[0] = (uint8_t)(0x40 + (i & 7));
		if ((i & 7) == 4)
			at[0] = 0x90; /* not INC ESP */
		at[1] = 0xc3;
		if (at[1] != 0xc3)
			break;
		jump(to);
	}
}

static void stack_there(uint32_t to)
{
	__asm__ volatile(
		"movl %%esp, %%ebx; leal 64(%0), %%esp; pushl $1; pushl $2; popl %%eax; pushal; "
		"popal; pushfl; popfl;"
		"call 1f; 1: addl $4, %%esp; sti; nop; nop; int $0x80; cli; movl %%ebx, %%esp" ::
			"r"(to)
		: "eax", "ebx", "memory");
}

static void enter_there(uint32_t to)
{
	__asm__ volatile("movl %0, %%esp; enter $8, $31; leave; enterw $8, $31; iretl" ::"r"(to)
			 : "memory");
}

static void tables_there(uint32_t to)
{
	WRITE_CR(4, 0x10);
	WRITE_CR(3, to);
	WRITE_CR(0, 0x80010031);
	(*(volatile uint32_t *)0x40000000)++;
	__asm__ volatile("sti; nop; nop; cli");
}

/* Page directory in RAM, everything flat by 4 MiB pages; page tables for 40000000h on at the place.
 */
static void page_directory(uint32_t table)
{
	uint32_t *directory = (uint32_t *)0x10000;

	for (unsigned i = 0; i < 1024; i++)
		directory[i] = i << 22 | 0x87;
	for (unsigned i = 0x100; i < 0x110; i++)
		directory[i] = (table & ~0xfffu) | 7;
	WRITE_CR(4, 0x10);
	WRITE_CR(3, directory);
	WRITE_CR(0, 0x80010031);
}

static void page_table_there(uint32_t to)
{
	page_directory(to);
	for (unsigned i = 0; i < 64; i++) {
		volatile uint32_t *at = (volatile uint32_t *)(0x40000000 + i * 0x11000 + (i << 2));

		*(volatile uint32_t *)((to & ~0xfffu) + ((uint32_t)at >> 10 & 0xffc)) = to | 7;
		__asm__ volatile("invlpg %0" ::"m"(*at));
		(void)*at;
		*at = i;
	}
	jump(0x40000000);
}

/* A table that maps itself, and pages that hold tables. */
static void page_table_is_code(uint32_t to)
{
	uint32_t *table = (uint32_t *)0x11000;

	for (unsigned i = 0; i < 1024; i++)
		table[i] = i & 1 ? to | 7 : 0x11007;
	page_directory(0x11000);
	for (unsigned i = 0; i < 64; i++) {
		*(volatile uint32_t *)(0x40000000 + 4 * i) = 0x11027 + (i << 12);
		__asm__ volatile("invlpg %0" ::"m"(*(volatile uint32_t *)(0x40000000 + (i << 12))));
	}
	jump(0x40000000);
}

static void pae_there(uint32_t to)
{
	WRITE_CR(4, 0x20);
	WRITE_CR(3, to & ~31u);
	WRITE_CR(0, 0x80010031);
	*(volatile uint32_t *)0x40000000 = 1;
}

struct pseudo {
	uint16_t limit;
	uint32_t base;
} __attribute__((packed));

static void gdt_there(uint32_t to)
{
	__asm__ volatile(
		"lgdt %0; movw $0x10, %%ax; movw %%ax, %%fs; movw $0x30, %%ax; movw %%ax, %%gs;"
		"sti; nop; nop; ljmp $0x08, $1f; 1: cli" ::"m"((struct pseudo){ 0xffff, to })
		: "eax", "memory");
	gdt[0] = 0;
	__asm__ volatile("lgdt %0" ::"m"((struct pseudo){ GDT_ENTRIES * 8 - 1, (uint32_t)gdt }));
}

static void idt_there(uint32_t to)
{
	__asm__ volatile("lidt %0; sti; int $0x80; ud2" ::"m"((struct pseudo){ 0x7ff, to })
			 : "memory");
}

/* A task whose state is there, and an LDT. */
static void task_there(uint32_t to)
{
	gdt[SEL_FREE / 8] = descriptor(to, 0x67, ACCESS_TSS32, 0);
	gdt[SEL_FREE / 8 + 1] = descriptor(to, 0xffff, ACCESS_LDT, 0);
	__asm__ volatile("lldt %0; movl $4, %%eax; movw %%ax, %%fs" ::"r"((uint16_t)(SEL_FREE + 8))
			 : "eax");
}

static void switch_there(uint32_t to)
{
	gdt[SEL_FREE / 8] = descriptor(to, 0x67, ACCESS_TSS32, 0);
	__asm__ volatile("ljmp %0, $0" ::"i"(SEL_FREE));
}

static void iopl_there(uint32_t to)
{
	gdt[5] = descriptor(to, 0xffff, ACCESS_TSS32, 0);
	__asm__ volatile("ltr %0" ::"r"((uint16_t)SEL_TSS));
	(void)in_user((void (*)(void))to);
}

static void string_there(uint32_t to)
{
	uint32_t count = 0x1000, from = to, at = to + 2;

	__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(count)::"memory");
	count = 0x400;
	at = to - 0x800;
	if (to > MEMORY)
		__asm__ volatile("std; rep stosl; cld"
				 : "+D"(at), "+c"(count)
				 : "a"(0xcccccccc)
				 : "memory");
	__asm__ volatile("fxsave (%0); fnsave (%0); frstor (%0); fnstenv (%0)" ::"r"(to & ~15u)
			 : "memory");
	__asm__ volatile("sgdt (%0); sidt (%0); cmpxchg8b (%0); lock btsl $31, (%0)" ::"r"(to)
			 : "eax", "edx", "memory");
	__asm__ volatile("fxrstor (%0)" ::"r"(to & ~15u) : "memory");
}

static void triple_fault(uint32_t to)
{
	(void)to;
	__asm__ volatile("lidt %0; ud2" ::"m"((struct pseudo){ 0, 0 }));
}

static void (*const walks[])(uint32_t) = { jump_there,         jump_to_written, stack_there,
					   enter_there,        tables_there,    page_table_there,
					   page_table_is_code, pae_there,       gdt_there,
					   idt_there,          task_there,      switch_there,
					   iopl_there,         string_there,    triple_fault };
#define WALKS (sizeof(walks) / sizeof(*walks))

/* 256-colour mode: the window at A0000h is like RAM. */
static void chain_vga(void)
{
	static const uint16_t registers[][2] = { { 0x3c4, 0x0302 }, { 0x3c4, 0x0f02 },
						 { 0x3c4, 0x0e04 }, { 0x3ce, 0x0001 },
						 { 0x3ce, 0x0003 }, { 0x3ce, 0x4005 },
						 { 0x3ce, 0x0106 }, { 0x3ce, 0xff08 } };

	outb(0x3c2, 0x63);
	for (unsigned i = 0; i < sizeof(registers) / sizeof(*registers); i++)
		outw(registers[i][0], registers[i][1]);
}

static void step(unsigned n)
{
	chain_vga();
	if (n / WALKS < place_count)
		walks[n % WALKS](places[n / WALKS]);
}

void guest_main(void)
{
	assign_bars();
	find_places();
	run_steps(step, WALKS * 16);
}
