/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Control and table registers that change again and again in the middle of code that runs often:
 * CR0.TS and the FPU, CR3 and INVLPG with what they make of data and of the code around them, GDTR,
 * IDTR and LDTR, SYSENTER and SYSEXIT (SDM volume 2; volume 3, 2.3, 2.4, 4.10). Each check is the
 * count of rounds in which something was wrong, so that it holds for the first round and for the
 * last.
 */
#include "guest.h"

#define ROUNDS 3000
#define PAGE 4096u
#define P 1u
#define RW 2u
#define CR0_MP 2u
#define CR0_EM 4u
#define CR0_TS 8u
#define CR0_ET 0x10u
#define CR0_PG 0x80000000u

/* -- CR0: the FPU between rounds with TS set and clear */

static const uint32_t steps[] = { 1, 2, 4 };

static uint32_t stored;

static void store_top(void)
{
	__asm__ volatile("fsts %0" : "=m"(stored));
}

static uint32_t new_cr0;

static void load_cr0(void)
{
	WRITE_CR(0, new_cr0);
}

/* #NM within the same stretch of code. */
static void load_and_store(void)
{
	__asm__ volatile("movl %1, %%cr0\n fsts %0" : "=m"(stored) : "r"(new_cr0));
}

/* Sets TS, EM and MP as `bits` say, with MOV or LMSW. */
static void set_bits(uint32_t cr0, uint32_t bits, bool lmsw)
{
	if (lmsw)
		__asm__ volatile("lmsw %w0" ::"r"(cr0 | bits));
	else
		WRITE_CR(0, cr0 | bits);
}

static void switches(void)
{
	uint32_t cr0 = READ_CR(0) & ~(CR0_MP | CR0_EM | CR0_TS), value = 0;
	uint32_t wrong_cr0 = 0, wrong_trap = 0, wrong_value = 0;

	set_bits(cr0, 0, false);
	__asm__ volatile("fninit\n fldz");
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t bits = i % 3 == 0 ? CR0_TS : i % 3 == 1 ? CR0_EM : CR0_TS | CR0_MP;

		__asm__ volatile("fiaddl %0" ::"m"(steps[i % 3])); /* the FPU is in use here */
		value += steps[i % 3];
		set_bits(cr0, bits, i & 4);
		wrong_cr0 += READ_CR(0) != (cr0 | bits);
		wrong_trap += catch_call(store_top) != NM + 1;
		set_bits(cr0, 0, false);
		__asm__ volatile("fistl %0" : "=m"(stored));
		new_cr0 = cr0 | bits;
		wrong_trap += catch_call(load_and_store) != NM + 1;
		if (bits & CR0_EM)
			set_bits(cr0, 0, i & 8);
		__asm__ volatile("clts");
		wrong_cr0 += READ_CR(0) != (cr0 | (bits & CR0_MP));
		__asm__ volatile("fistl %0" : "=m"(stored));
		wrong_value += stored != value;
	}
	set_bits(cr0, 0, false);
	CHECK_EQUAL("CR0 after MOV, LMSW and CLTS", wrong_cr0, 0);
	CHECK_EQUAL("an x87 instruction with TS or EM is #NM", wrong_trap, 0);
	CHECK_EQUAL("the FPU's registers stay", wrong_value, 0);
}

/* Unmasked, and with an exception pending: the next x87 instruction raises #MF whatever became of
 * TS meanwhile. */
static void wait_for_it(void)
{
	__asm__ volatile("fwait");
}

static void pending(void)
{
	uint32_t cr0 = READ_CR(0), wrong = 0;
	uint16_t divide = 0x037b;

	WRITE_CR(0, cr0 | 0x20); /* NE */
	for (unsigned i = 0; i < ROUNDS / 10; i++) {
		__asm__ volatile("fninit\n fldcw %0\n fld1\n fldz\n fdivrp" ::"m"(divide));
		WRITE_CR(0, cr0 | 0x20 | CR0_TS);
		__asm__ volatile("clts");
		wrong += catch_call(wait_for_it) != MF + 1;
		/* the same, where it comes only then; a device has run meanwhile */
		__asm__ volatile("fninit\n fldcw %0\n fld1\n fldz" ::"m"(divide));
		WRITE_CR(0, cr0 | 0x20 | CR0_TS);
		inb(0x80);
		__asm__ volatile("clts\n fdivrp");
		wrong += catch_call(wait_for_it) != MF + 1;
		__asm__ volatile("fninit");
	}
	WRITE_CR(0, cr0);
	CHECK_EQUAL("#MF is still pending after TS was set and cleared", wrong, 0);
}

/* The FPU is not in use when TS is set, and what clears TS again finds another control word than
 * the last time. */
static void masks(void)
{
	static const uint16_t words[2] = { 0x037f, 0x037b }; /* the second: divisions raise #MF */
	uint32_t cr0 = READ_CR(0) | 0x20, wrong = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned unmasked = i % 5 == 4;

		WRITE_CR(0, cr0);
		__asm__ volatile("fninit\n fldcw %0\n fld1\n fldz" ::"m"(words[unmasked]));
		inb(0x80);
		WRITE_CR(0, cr0 | CR0_TS);
		__asm__ volatile("clts\n fdivrp");
		wrong += catch_call(wait_for_it) != (unmasked ? MF + 1 : 0);
		__asm__ volatile("fninit");
	}
	WRITE_CR(0, cr0 & ~0x20u);
	CHECK_EQUAL("the control word of the FPU after TS was set and cleared", wrong, 0);
}

static uint32_t left[4] = { 1, 2, 3, 4 }, right[4] = { 0x10, 0x20, 0x30, 0x40 };

static void read_gs_base(void)
{
	__asm__ volatile("movl %%gs:(%0), %%eax" ::"r"(left) : "eax");
}

/* With a GS that is null, or is not. */
static void segments(void)
{
	uint32_t cr0 = READ_CR(0), wrong = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint16_t gs = i % 5 == 4 ? 0 : SEL_DATA;

		__asm__ volatile("movw %0, %%gs" ::"r"(gs));
		WRITE_CR(0, cr0 | CR0_TS);
		wrong += i % 7 == 0 && catch_call(read_gs_base) != (gs ? 0 : GP + 1);
		__asm__ volatile("clts");
		wrong += i % 7 != 0 && catch_call(read_gs_base) != (gs ? 0 : GP + 1);
	}
	__asm__ volatile("movw %w0, %%gs" ::"r"(SEL_DATA));
	CHECK_EQUAL("GS after TS was set and cleared", wrong, 0);
}

static void wrong_values(void)
{
	uint32_t cr0 = READ_CR(0), wrong = 0;

	for (unsigned i = 0; i < ROUNDS / 10; i++) {
		/* NW without CD; else nothing but TS changes */
		new_cr0 = i % 3 ? cr0 ^ CR0_TS : (cr0 & ~0x60000000u) | 0x20000000 | CR0_TS;
		wrong += catch_call(load_cr0) != (i % 3 ? 0 : GP + 1);
		wrong += READ_CR(0) != (i % 3 ? cr0 ^ CR0_TS : cr0);
		WRITE_CR(0, cr0);
	}
	CHECK_EQUAL("a CR0 that is not allowed faults, and nothing else does", wrong, 0);
}

/* Operands around two registers on both sides of an instruction. */

#define AROUND(instruction, operand) \
	({ \
		uint32_t sum_; \
		__asm__ volatile("movl (%1), %0\n addl 4(%1), %0\n addl (%2), %0\n addl 4(%2), " \
				 "%0\n" instruction "\n addl 8(%1), %0\n addl 12(%1), %0\n" \
				 "addl 8(%2), %0\n addl 12(%2), %0" \
				 : "=&r"(sum_) \
				 : "r"(left), "r"(right), operand \
				 : "memory", "cc"); \
		sum_ != 0xaa; \
	})

static void operands_around(void)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint32_t base;
	} table;
	uint32_t cr0 = READ_CR(0), wrong = 0;
	uint16_t ldt = 0;

	__asm__ volatile("sgdt %0" : "=m"(table));
	for (unsigned i = 0; i < ROUNDS; i++) {
		wrong += AROUND("movl %3, %%cr0", "r"(cr0));
		wrong += AROUND("lmsw %w3", "r"(cr0));
		wrong += AROUND("lmsw %3", "m"(cr0));
		wrong += AROUND("movl %3, %%cr2", "r"(i));
		wrong += AROUND("lgdt %3", "m"(table));
		wrong += AROUND("lldt %3", "m"(ldt));
		wrong += AROUND("clts", "m"(ldt));
	}
	CHECK_EQUAL("operands before and after an instruction of the system", wrong, 0);
}

/* -- CR3 and INVLPG */

#define TEST_GLA 0x40000000u /* directory entry 256 */
#define FRAMES 0x200000u     /* physical pages: code of both spaces, then data of both */

static uint32_t *const directories[2] = { (uint32_t *)0x100000, (uint32_t *)0x101000 };
static uint32_t *const tables[2] = { (uint32_t *)0x102000, (uint32_t *)0x103000 };
static uint32_t *const low_table = (uint32_t *)0x104000;

static uint8_t *frame_at(unsigned number)
{
	return (uint8_t *)(FRAMES + number * PAGE);
}

/* At the same address in both spaces, in different pages:
 *   movl %eax, %cr3; movl $1 or 2, %edx; addl data, %edx; ret
 * What follows MOV to CR3 is the new space's. */
static void put_switch(unsigned space)
{
	static const uint8_t code[] = { 0x0f, 0x22, 0xd8, 0xba, 0, 0, 0,   0,
					0x03, 0x15, 0,    0,    0, 0, 0xc3 };
	uint8_t *at = frame_at(space);

	for (unsigned i = 0; i < sizeof(code); i++)
		at[i] = code[i];
	*(uint32_t *)(at + 4) = space + 1;
	*(uint32_t *)(at + 10) = TEST_GLA + PAGE;
}

static void build_spaces(void)
{
	for (unsigned i = 0; i < 1024; i++) {
		low_table[i] = i * PAGE | P | RW;
		directories[0][i] = directories[1][i] = tables[0][i] = tables[1][i] = 0;
	}
	for (unsigned space = 0; space < 2; space++) {
		directories[space][0] = (uint32_t)low_table | P | RW;
		directories[space][256] = (uint32_t)tables[space] | P | RW;
		put_switch(space);
		*(uint32_t *)frame_at(2 + space) = 0x100 * (space + 1);
		tables[space][0] = (uint32_t)frame_at(space) | P | RW;
		tables[space][1] = (uint32_t)frame_at(2 + space) | P | RW;
	}
	WRITE_CR(3, (uint32_t)directories[0]);
	WRITE_CR(0, READ_CR(0) | CR0_PG);
}

static uint32_t switch_to(unsigned space)
{
	uint32_t edx;

	__asm__ volatile("call *%2"
			 : "=d"(edx)
			 : "a"(directories[space]), "r"(TEST_GLA)
			 : "memory", "cc");
	return edx;
}

static void spaces(void)
{
	uint32_t wrong = 0, wrong_cr3 = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned space = i % 7 & 1; /* the same one again, too */

		wrong += switch_to(space) != 0x101 * (space + 1);
		wrong_cr3 += READ_CR(3) != (uint32_t)directories[space];
	}
	CHECK_EQUAL("code and data behind MOV to CR3 are the new space's", wrong, 0);
	CHECK_EQUAL("CR3", wrong_cr3, 0);
}

/* Operands around one register before and after INVLPG, whose page is another one then. */
static void invalidations(void)
{
	static volatile uint32_t *const data = (volatile uint32_t *)(TEST_GLA + 2 * PAGE);
	uint32_t wrong = 0, *entry;

	switch_to(0);
	entry = &tables[0][2];
	for (unsigned n = 0; n < 2; n++)
		for (unsigned i = 0; i < 4; i++)
			((uint32_t *)frame_at(4 + n))[i] = 16 * n + i;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t was = (uint32_t)frame_at(4 + (i & 1)) | P | RW,
			 is = (uint32_t)frame_at(5 - (i & 1)) | P | RW, first, second;

		*entry = was;
		__asm__ volatile("invlpg (%0)" ::"r"(data) : "memory");
		__asm__ volatile("movl (%2), %0\n addl 4(%2), %0\n movl %3, (%4)\n"
				 "invlpg (%2)\n movl 8(%2), %1\n addl 12(%2), %1"
				 : "=&r"(first), "=&r"(second)
				 : "r"(data), "r"(is), "r"(entry)
				 : "memory", "cc");
		wrong += first != 32 * (i & 1) + 1 || second != 32 * (~i & 1) + 5;
	}
	CHECK_EQUAL("operands before and after INVLPG", wrong, 0);
}

/* Writes through one register on both sides of MOV to CR3. */
static void writes(void)
{
	volatile uint32_t *data = (volatile uint32_t *)(TEST_GLA + PAGE);
	uint32_t wrong = 0;

	switch_to(0);
	for (unsigned i = 1; i <= ROUNDS; i++) {
		__asm__ volatile("movl %0, 16(%1)\n movl %0, 20(%1)\n movl %2, %%cr3\n"
				 "movl %0, 24(%1)\n movl %0, 28(%1)\n movl %3, %%cr3" ::"r"(i),
				 "r"(data), "r"(directories[1]), "r"(directories[0])
				 : "memory");
		for (unsigned space = 0; space < 2; space++)
			for (unsigned word = 0; word < 4; word++)
				wrong += ((uint32_t *)frame_at(2 + space))[4 + word] !=
					 (word / 2 == space ? i : 0);
	}
	CHECK_EQUAL("writes before and after MOV to CR3", wrong, 0);
}

/* The code that calls INVLPG is what the new page has: the flush is seen at once. */
static void own_page(void)
{
	uint32_t wrong = 0;
	uint8_t *at;

	for (unsigned n = 0; n < 2; n++) {
		at = frame_at(6 + n);
		/* movl %edx, (%ecx); invlpg (%eax); movl $n, %eax; ret */
		for (unsigned i = 0; i < 11; i++)
			at[i] = (uint8_t[]){
				0x89, 0x11, 0x0f, 0x01, 0x38, 0xb8, 0, 0, 0, 0, 0xc3
			}[i];
		at[6] = (uint8_t)n;
	}
	tables[0][3] = (uint32_t)frame_at(6) | P | RW;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t got = TEST_GLA + 3 * PAGE;

		__asm__ volatile("call *%0"
				 : "+a"(got)
				 : "c"(&tables[0][3]), "d"((uint32_t)frame_at(6 + (i & 1)) | P | RW)
				 : "memory", "cc");
		wrong += got != (i & 1);
	}
	CHECK_EQUAL("code behind an INVLPG of its own page", wrong, 0);
}

/* -- GDTR, IDTR, LDTR */

struct __attribute__((packed)) table {
	uint16_t limit;
	uint32_t base;
};

static uint64_t other_gdt[GDT_ENTRIES], other_idt[256], local[2][2];
static uint32_t words[4] = { 0x11111111, 0x22222222, 0x33333333, 0x44444444 };

extern const uint8_t count_entry[];
__asm__(".globl count_entry\ncount_entry:\n\tincl %esi\n\tiretl\n");

static uint32_t read_gs(uint16_t selector)
{
	uint32_t value;

	__asm__ volatile("movw %w1, %%gs\n movl %%gs:0, %0\n movw %w2, %%gs"
			 : "=&r"(value)
			 : "r"(selector), "r"(SEL_DATA));
	return value;
}

/* One operand crosses a page. */
static uint8_t operands[2 * PAGE] __attribute__((aligned(PAGE)));

static void descriptor_tables(void)
{
	struct table old_gdt, old_idt, *new_gdt = (struct table *)(operands + PAGE - 3);
	struct table new_idt = { sizeof(other_idt) - 1, (uint32_t)other_idt };
	uint32_t wrong = 0, wrong_idt = 0, counted;

	__asm__ volatile("sgdt %0\n sidt %1" : "=m"(old_gdt), "=m"(old_idt));
	*new_gdt = (struct table){ sizeof(other_gdt) - 1, (uint32_t)other_gdt };
	for (unsigned i = 0; i < GDT_ENTRIES; i++)
		other_gdt[i] = gdt[i];
	for (unsigned i = 0; i < 256; i++)
		other_idt[i] = idt[i];
	gdt[SEL_FREE / 8] = descriptor((uint32_t)&words[0], 3, ACCESS_DATA, 4);
	other_gdt[SEL_FREE / 8] = descriptor((uint32_t)&words[1], 3, ACCESS_DATA, 4);
	other_idt[0x90] = gate(SEL_CODE, (uint32_t)count_entry, ACCESS_INT32, 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		__asm__ volatile("lgdt %0" ::"m"(*new_gdt));
		wrong += read_gs(SEL_FREE) != words[1];
		counted = 0;
		__asm__ volatile("lidt %1\n int $0x90\n lidt %2"
				 : "+S"(counted)
				 : "m"(new_idt), "m"(old_idt)
				 : "memory", "cc");
		wrong_idt += counted != 1;
		__asm__ volatile("lgdt %0" ::"m"(old_gdt));
		wrong += read_gs(SEL_FREE) != words[0];
	}
	CHECK_EQUAL("segments of two GDTs", wrong, 0);
	CHECK_EQUAL("a gate of the other IDT", wrong_idt, 0);
}

#define SEL_LDT_A (SEL_FREE + 8)
#define SEL_LDT_B (SEL_FREE + 16)
#define SEL_LOCAL 12 /* entry 1 of the LDT */

static void load_local(void)
{
	__asm__ volatile("movw %w0, %%fs" ::"r"(SEL_LOCAL));
}

static uint16_t new_ldt;

static void load_ldt(void)
{
	__asm__ volatile("lldt %0" ::"m"(new_ldt));
}

static void local_tables(void)
{
	uint32_t wrong = 0, wrong_fault = 0;

	for (unsigned n = 0; n < 2; n++) {
		local[n][1] = descriptor((uint32_t)&words[2 + n], 3, ACCESS_DATA, 4);
		gdt[(n ? SEL_LDT_B : SEL_LDT_A) / 8] =
			descriptor((uint32_t)local[n], sizeof(local[n]) - 1, ACCESS_LDT, 0);
	}
	gdt[SEL_LDT_B / 8 + 1] = descriptor(0, 0xffff, ACCESS_LDT & 0x7f, 0); /* not present */
	for (unsigned i = 0; i < ROUNDS; i++) {
		__asm__ volatile("lldt %w0" ::"r"(i & 1 ? SEL_LDT_B : SEL_LDT_A));
		wrong += read_gs(SEL_LOCAL) != words[2 + (i & 1)];
		if (i % 16)
			continue;
		new_ldt = SEL_LDT_B + 8;
		wrong_fault += catch_call(load_ldt) != NP + 1 || trap.error != new_ldt;
		new_ldt = SEL_DATA;
		wrong_fault += catch_call(load_ldt) != GP + 1 || trap.error != new_ldt;
		wrong += read_gs(SEL_LOCAL) != words[2 + (i & 1)];
		new_ldt = 0;
		load_ldt();
		wrong_fault += catch_call(load_local) != GP + 1 || trap.error != SEL_LOCAL;
	}
	CHECK_EQUAL("segments of two LDTs", wrong, 0);
	CHECK_EQUAL("LLDT's faults, and a null LDTR", wrong_fault, 0);
}

/* -- SYSENTER and SYSEXIT: flags, selectors, ESP */

enum { MSR_SYSENTER_CS = 0x174, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP };

static uint8_t call_stack[256] __attribute__((aligned(16)));
static uint32_t calls_wrong, wrong_selectors;

extern const uint8_t call_entry[];
__asm__(".globl call_entry\ncall_entry:\n"
	"	movl %esp, %edi\n	pushfl\n	popl %ebx\n"
	"	movl %ss, %esi\n	movl %cs, %eax\n	sysexit\n");

static void call_often(void)
{
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t in = (i * 0x9e3779b1u >> 16 & 0x8d5) | 2, inside, after = in, esp, code,
			 stack;
		uint16_t cs, ss;

		__asm__ volatile("pushl %0\n popfl\n movl %%esp, %%ecx\n movl $1f, %%edx\n"
				 "sysenter\n1: pushfl\n popl %0"
				 : "+r"(after), "=b"(inside), "=D"(esp), "=a"(code), "=S"(stack)
				 :
				 : "ecx", "edx", "memory", "cc");
		__asm__ volatile("movw %%cs, %0\n movw %%ss, %1" : "=r"(cs), "=r"(ss));
		calls_wrong += inside != in || after != in ||
			       esp != (uint32_t)call_stack + sizeof(call_stack);
		wrong_selectors += code != SEL_CODE || stack != SEL_DATA || cs != SEL_USER_CODE ||
				   ss != SEL_USER_DATA;
	}
	__asm__ volatile("int $0x80");
}

static void read_far_fs(void)
{
	__asm__ volatile("movl %%fs:0x10, %%eax" ::: "eax");
}

/* A segment register that is loaded with the same selector again and again has what the descriptor
 * in memory says now. By MOV and by POP. */
static void descriptors_that_change(void)
{
	uint32_t wrong[2] = { 0 };

	words[0] = 1;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t base = (uint32_t)&words[i % 7 == 6], limit = i % 11 == 10 ? 3 : 0xfffff,
			 value;
		bool null = i % 5 == 4;

		gdt[SEL_FREE / 8] = descriptor(base, limit, ACCESS_DATA | 1, limit > 3 ? 0xc : 4);
		__asm__ volatile("movl %1, %%gs\n pushl %2\n popl %%fs\n movl %%gs:0, %0"
				 : "=r"(value)
				 : "r"(null ? SEL_DATA : SEL_FREE), "r"(null ? 0 : SEL_FREE)
				 : "memory");
		if (!null)
			wrong[0] += value != *(uint32_t *)base;
		wrong[1] += catch_call(read_far_fs) != (null || limit == 3 ? GP + 1 : 0);
	}
	__asm__ volatile("movl %0, %%fs\n movl %0, %%gs" ::"r"(SEL_DATA));
	CHECK_EQUAL("GS after changes of its descriptor", wrong[0], 0);
	CHECK_EQUAL("the limit of FS after changes of its descriptor", wrong[1], 0);
}

/* FS is null and flat in turns, GS seldom null; and the table is another one at times. */
static void segments_that_change(void)
{
	struct table tables_[2] = { { sizeof(gdt) - 1, (uint32_t)gdt },
				    { sizeof(other_gdt) - 1, (uint32_t)other_gdt } };
	uint32_t wrong[2] = { 0 };

	for (unsigned i = 0; i < GDT_ENTRIES; i++)
		other_gdt[i] = gdt[i];
	gdt[SEL_FREE / 8] = descriptor((uint32_t)&words[0], 0xfffff, ACCESS_DATA | 1, 0xc);
	other_gdt[SEL_FREE / 8] = descriptor((uint32_t)&words[1], 0xfffff, ACCESS_DATA | 1, 0xc);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t gs = i % 5 == 4 ? 0 : SEL_DATA, other = i % 7 == 6, value;

		__asm__ volatile("movl %0, %%gs\n movl %1, %%fs\n pushl %2\n popl %%fs" ::"r"(gs),
				 "r"(0), "r"(SEL_DATA)
				 : "memory");
		wrong[0] += catch_call(read_gs_base) != (gs ? 0 : GP + 1);
		__asm__ volatile("lgdt %1\n movl %2, %%es\n movl %%es:0, %0\n pushl %3\n popl %%es"
				 : "=&r"(value)
				 : "m"(tables_[other]), "r"(SEL_FREE), "r"(SEL_DATA)
				 : "memory");
		wrong[1] += value != words[other];
	}
	__asm__ volatile("lgdt %0\n movl %1, %%fs\n movl %1, %%gs" ::"m"(tables_[0]),
			 "r"(SEL_DATA));
	CHECK_EQUAL("GS after loads of FS", wrong[0], 0);
	CHECK_EQUAL("ES after changes of GDTR", wrong[1], 0);
}

static void write_msr(uint32_t msr, uint32_t value)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"(value), "d"(0));
}

static void fast_calls(void)
{
	write_msr(MSR_SYSENTER_CS, SEL_CODE);
	write_msr(MSR_SYSENTER_ESP, (uint32_t)call_stack + sizeof(call_stack));
	write_msr(MSR_SYSENTER_EIP, (uint32_t)call_entry);
	CHECK_EQUAL("the end of SYSENTER and SYSEXIT", in_user(call_often) - 1, 0x80);
	CHECK_EQUAL("flags and ESP of SYSENTER and SYSEXIT", calls_wrong, 0);
	CHECK_EQUAL("their selectors", wrong_selectors, 0);
}

/* The flags that the caller wants are those of ring 3, from ring 0. */
extern const uint8_t flags_entry[];
__asm__(".globl flags_entry\nflags_entry:\n\tpushl %eax\n\tpopfl\n\tsysexit\n");

static uint32_t usual_flags, last_flags;
static uint16_t usual_gs, last_gs, user_code;

/* Many calls with the usual flags and GS, one with the last ones. */
static void call_often_then_once(void)
{
	for (uint32_t i = 0; i <= ROUNDS; i++)
		__asm__ volatile(
			"movw %w1, %%gs\n movl %%esp, %%ecx\n movl $1f, %%edx\n sysenter\n1:" ::"a"(
				i < ROUNDS ? usual_flags : last_flags),
			"r"(i < ROUNDS ? usual_gs : last_gs)
			: "ecx", "edx", "memory", "cc");
	__asm__ volatile("movw %%cs, %0" : "=m"(user_code));
}

/* What IOPL and AC forbid or allow. */
static void call_with_flags(void)
{
	call_often_then_once();
	__asm__ volatile("pushl $0\n movl 1(%%esp), %%eax\n popl %%eax\n cli\n int $0x80" ::
				 : "eax");
}

static void call_with_gs(void)
{
	call_often_then_once();
	__asm__ volatile("movl %%gs:(%0), %%eax\n int $0x80" ::"r"(user_stack) : "eax");
}

#define FLAG_IOPL 0x3000u
#define FLAG_AC 0x40000u
#define CR0_AM 0x40000u

static void calls_and_flags(void)
{
	static const struct {
		uint32_t usual, last;
		unsigned vector;
	} rows[] = {
		{ 2, 2, GP },
		{ 2, FLAG_IOPL | 2, 0x80 },
		{ FLAG_IOPL | 2, FLAG_IOPL | 2, 0x80 },
		{ FLAG_IOPL | 2, 2, GP },
		{ 2, FLAG_AC | 2, AC },
		{ FLAG_AC | 2, 2, GP },
	};
	uint32_t cr0 = READ_CR(0), wrong = 0;

	usual_gs = last_gs = SEL_USER_DATA;
	write_msr(MSR_SYSENTER_EIP, (uint32_t)flags_entry);
	WRITE_CR(0, cr0 | CR0_AM);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		usual_flags = rows[i].usual;
		last_flags = rows[i].last;
		/* a call with AC set traps at once, if it is the usual one */
		if (usual_flags & FLAG_AC)
			WRITE_CR(0, cr0 & ~CR0_AM);
		wrong += in_user(call_with_flags) != rows[i].vector + 1;
	}
	WRITE_CR(0, cr0);
	CHECK_EQUAL("IOPL and AC after SYSEXIT", wrong, 0);
}

/* The same calls with other selectors, and with a GS that is null or is not. */
static void calls_and_selectors(void)
{
	uint32_t wrong = 0;

	usual_flags = last_flags = 2;
	for (unsigned i = 0; i < 4; i++)
		gdt[SEL_FREE / 8 + i] = gdt[SEL_CODE / 8 + i];
	for (unsigned i = 0; i < 4; i++) {
		uint32_t cs = i & 1 ? SEL_FREE : SEL_CODE;

		write_msr(MSR_SYSENTER_CS, cs);
		wrong += in_user(call_with_gs) != 0x81;
		wrong += user_code != ((cs + 16) | 3);
	}
	CHECK_EQUAL("CS after SYSEXIT follows IA32_SYSENTER_CS", wrong, 0);
	for (unsigned i = 0; i < 4; i++) {
		usual_gs = i & 1 ? 0 : SEL_USER_DATA;
		last_gs = i & 2 ? 0 : SEL_USER_DATA;
		wrong += in_user(call_with_gs) != (last_gs ? 0x81 : GP + 1);
	}
	CHECK_EQUAL("GS after SYSENTER and SYSEXIT", wrong, 0);
}

void guest_main(void)
{
	switches();
	pending();
	masks();
	segments();
	wrong_values();
	operands_around();
	descriptor_tables();
	local_tables();
	descriptors_that_change();
	segments_that_change();
	fast_calls();
	calls_and_flags();
	calls_and_selectors();
	build_spaces();
	spaces();
	invalidations();
	writes();
	own_page();
}
