/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Segments: loading, types, limits, expand-down, LAR/LSL/VERR/VERW/ARPL (SDM volume 3, chapters 3.4
 * and 5; volume 2). */
#include "guest.h"

#define SLOT (SEL_FREE / 8)
enum { SEL_T = SEL_FREE };

static uint16_t load_selector;
static uint32_t access_offset;

static void load_ds(void)
{
	__asm__ volatile("mov %%ds, %%ecx\n mov %0, %%ds\n mov %%ecx, %%ds" ::"r"(load_selector)
			 : "ecx", "memory");
}
static void load_fs(void)
{
	__asm__ volatile("mov %0, %%fs" ::"r"(load_selector) : "memory");
}
static void load_ss(void)
{
	__asm__ volatile(
		"mov %%ss, %%ecx\n mov %0, %%ss\n nop\n mov %%ecx, %%ss" ::"r"(load_selector)
		: "ecx", "memory");
}
static void load_cs(void)
{
	__asm__ volatile("mov %0, %%eax\n .byte 0x8e, 0xc8" ::"r"((uint32_t)load_selector) : "eax");
}

static uint64_t code_or_data(uint8_t access)
{
	return descriptor(0, 0xfffff, access, 12);
}

static void loading(void)
{
	static const struct {
		const char *name;
		uint64_t entry;
		uint8_t rpl;
		void (*load)(void);
		unsigned vector;
	} rows[] = {
		{ "FS with data", 0x00cf93000000ffff, 0, load_fs, NO_TRAP },
		{ "FS with readable code", 0x00cf9a000000ffff, 0, load_fs, NO_TRAP },
		{ "FS with execute-only code", 0x00cf98000000ffff, 0, load_fs, GP },
		{ "FS with a TSS", 0x0000890000000067, 0, load_fs, GP },
		{ "FS not present", 0x00cf13000000ffff, 0, load_fs, NP },
		{ "FS with DPL 0 data, RPL 3", 0x00cf93000000ffff, 3, load_fs, GP },
		{ "FS with conforming code, RPL 3", 0x00cf9e000000ffff, 3, load_fs, NO_TRAP },
		{ "SS with data", 0x00cf93000000ffff, 0, load_ss, NO_TRAP },
		{ "SS with read-only data", 0x00cf91000000ffff, 0, load_ss, GP },
		{ "SS with code", 0x00cf9b000000ffff, 0, load_ss, GP },
		{ "SS not present", 0x00cf13000000ffff, 0, load_ss, SS },
		{ "SS with RPL 3", 0x00cf93000000ffff, 3, load_ss, GP },
		{ "SS with DPL 3", 0x00cff3000000ffff, 0, load_ss, GP },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		gdt[SLOT] = rows[i].entry;
		load_selector = SEL_T | rows[i].rpl;
		expect(rows[i].name, rows[i].vector, SEL_T, rows[i].load);
	}
	load_selector = 0;
	expect_no_trap("DS with null", load_ds);
	expect("SS with null", GP, 0, load_ss);
	load_selector = 0x1000;
	expect("FS beyond the GDT", GP, 0x1000, load_fs);
	load_selector = 0x14;
	expect("FS from a null LDT", GP, 0x14, load_fs);
	load_selector = SEL_DATA;
	expect("MOV to CS is #UD", UD, 0, load_cs);
	gdt[SLOT] = 0x00cf92000000ffff;
	load_selector = SEL_T;
	load_fs();
	CHECK_EQUAL("loading sets the accessed bit",
		    (uint32_t)(*(volatile uint64_t *)&gdt[SLOT] >> 40) & 1, 1);
	gdt[SLOT] = 0x00cf9a000000ffff;
	load_fs();
	CHECK_EQUAL("and of code", (uint32_t)(*(volatile uint64_t *)&gdt[SLOT] >> 40) & 1, 1);
}

static void read_fs8(void)
{
	__asm__ volatile("mov %0, %%fs\n movb %%fs:(%1), %%al" ::"r"((uint32_t)SEL_T),
			 "r"(access_offset)
			 : "eax");
}
static void read_fs32(void)
{
	__asm__ volatile("mov %0, %%fs\n movl %%fs:(%1), %%eax" ::"r"((uint32_t)SEL_T),
			 "r"(access_offset)
			 : "eax");
}
static void write_fs8(void)
{
	__asm__ volatile("mov %0, %%fs\n movb $0, %%fs:(%1)" ::"r"((uint32_t)SEL_T),
			 "r"(access_offset));
}

static void limits(void)
{
	static const struct {
		const char *name;
		uint32_t limit;
		uint8_t access, flags;
		uint32_t offset;
		void (*access_it)(void);
		unsigned vector;
	} rows[] = {
		{ "byte at the limit", 0xfff, 0x92, 4, 0xfff, read_fs8, NO_TRAP },
		{ "byte beyond the limit", 0xfff, 0x92, 4, 0x1000, read_fs8, GP },
		{ "dword that ends at the limit", 0xfff, 0x92, 4, 0xffc, read_fs32, NO_TRAP },
		{ "dword across the limit", 0xfff, 0x92, 4, 0xffd, read_fs32, GP },
		{ "dword that wraps at 4 GiB in a limited segment", 0xfff, 0x92, 4, 0xfffffffe,
		  read_fs32, GP },
		{ "page-granular limit", 0, 0x92, 12, 0xfff, read_fs8, NO_TRAP },
		{ "beyond a page-granular limit", 0, 0x92, 12, 0x1000, read_fs8, GP },
		{ "expand-down: below", 0xfff, 0x96, 4, 0xfff, read_fs8, GP },
		{ "expand-down: above", 0xfff, 0x96, 4, 0x1000, read_fs8, NO_TRAP },
		{ "expand-down 16-bit: above FFFFh", 0xfff, 0x96, 0, 0x10000, read_fs8, GP },
		{ "expand-down 16-bit: at FFFFh", 0xfff, 0x96, 0, 0xffff, read_fs8, NO_TRAP },
		{ "write to read-only data", 0xfff, 0x90, 4, 0, write_fs8, GP },
		{ "write to code", 0xfff, 0x9a, 4, 0, write_fs8, GP },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		gdt[SLOT] = descriptor(0x10000, rows[i].limit, rows[i].access, rows[i].flags);
		access_offset = rows[i].offset;
		expect(rows[i].name, rows[i].vector, 0, rows[i].access_it);
	}
}

static void read_null(void)
{
	__asm__ volatile("mov %0, %%fs\n movb %%fs:0, %%al" ::"r"(0) : "eax");
}
static void push_beyond(void)
{
	__asm__ volatile("mov %%esp, %%ecx\n mov %%ss, %%edx\n mov %0, %%ss\n mov $0x2000, %%esp\n "
			 "pushl $1\n"
			 "mov %%edx, %%ss\n mov %%ecx, %%esp" ::"r"((uint32_t)SEL_T)
			 : "ecx", "edx");
}

/* The fault's own frame cannot be pushed on a stack that is too small: through ring 3, whose fault
 * switches stacks. */
static void user_push_beyond(void)
{
	__asm__ volatile("mov %0, %%ss\n mov $0x2000, %%esp\n pushl $1\n int $0x80" ::"r"(
		(uint32_t)SEL_T | 3));
}

static void null_and_stack(void)
{
	expect("access through null is #GP(0)", GP, 0, read_null);
	gdt[SLOT] = descriptor(0x10000, 0xfff, ACCESS_DATA | ACCESS_DPL3, 4);
	unsigned vector = in_user(user_push_beyond) - 1;
	check(vector == SS && trap.error == 0, "push beyond SS is #SS(0)", "%u %x", vector,
	      trap.error);
	(void)push_beyond;
}

/* -- LAR, LSL, VERR, VERW, ARPL */

struct look {
	bool lar_ok, lsl_ok, verr, verw;
	uint32_t lar, lsl;
};

static struct look look_at(uint32_t selector)
{
	struct look l = { 0 };
	uint8_t zf;

	__asm__ volatile("lar %2, %1\n setz %0"
			 : "=q"(zf), "=r"(l.lar)
			 : "r"(selector), "1"(0xdead0000));
	l.lar_ok = zf;
	__asm__ volatile("lsl %2, %1\n setz %0"
			 : "=q"(zf), "=r"(l.lsl)
			 : "r"(selector), "1"(0xdead0000));
	l.lsl_ok = zf;
	__asm__ volatile("verr %w1\n setz %0" : "=q"(zf) : "r"(selector));
	l.verr = zf;
	__asm__ volatile("verw %w1\n setz %0" : "=q"(zf) : "r"(selector));
	l.verw = zf;
	return l;
}

static void looking(void)
{
	/* clang-format off */
	static const struct {
		const char *name;
		uint64_t entry;
		uint8_t rpl;
		struct look want;
	} rows[] = {
		{ "data", 0x00cf93000000ffff, 0, { true, true, true, true, 0x00cf9300, 0xffffffff } },
		{ "read-only data", 0x004091000000ffff, 0, { true, true, true, false, 0x00409100, 0xffff } },
		{ "execute-only code", 0x004098000000ffff, 0, { true, true, false, false, 0x00409800, 0xffff } },
		{ "DPL 0 data, RPL 3", 0x00cf93000000ffff, 3, { false, false, false, false, 0xdead0000, 0xdead0000 } },
		{ "conforming code, RPL 3", 0x00cf9f000000ffff, 3, { true, true, true, false, 0x00cf9f00, 0xffffffff } },
		{ "TSS", 0x0000890000000067, 0, { true, true, false, false, 0x00008900, 0x67 } },
		{ "16-bit TSS", 0x0000810000000067, 0, { true, true, false, false, 0x00008100, 0x67 } },
		{ "call gate", 0x00008c0000080000, 0, { true, false, false, false, 0x00008c00, 0xdead0000 } },
		{ "task gate", 0x0000850000280000, 0, { true, false, false, false, 0x00008500, 0xdead0000 } },
		{ "interrupt gate", 0x00008e0000080000, 0, { false, false, false, false, 0xdead0000, 0xdead0000 } },
		{ "LDT", 0x0000820000000017, 0, { true, true, false, false, 0x00008200, 0x17 } },
		{ "reserved type 0", 0x0000800000000017, 0, { false, false, false, false, 0xdead0000, 0xdead0000 } },
	};
	/* clang-format on */

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		gdt[SLOT] = rows[i].entry;
		struct look l = look_at(SEL_T | rows[i].rpl), w = rows[i].want;
		check(l.lar_ok == w.lar_ok &&
			      ((l.lar ^ w.lar) & ~0xf0000u) == 0 /* bits 16-19 are undefined */,
		      rows[i].name, "LAR %u %x", l.lar_ok, l.lar);
		check(l.lsl_ok == w.lsl_ok && l.lsl == w.lsl, rows[i].name, "LSL %u %x", l.lsl_ok,
		      l.lsl);
		check(l.verr == w.verr && l.verw == w.verw, rows[i].name, "VERR %u VERW %u", l.verr,
		      l.verw);
	}
	struct look null = look_at(0);
	CHECK(!null.lar_ok && !null.lsl_ok && !null.verr && !null.verw);
}

static void arpl_nothing(void)
{
	load_fs();
	__asm__ volatile("arpl %0, %%fs:0" ::"r"((uint16_t)0) : "memory");
}
static void arpl_raise(void)
{
	load_fs();
	__asm__ volatile("arpl %0, %%fs:0" ::"r"((uint16_t)3) : "memory");
}

static void adjusting_rpl(void)
{
	uint16_t d = 0x10;
	uint8_t zf;

	__asm__ volatile("arpl %2, %0\n setz %1" : "+r"(d), "=q"(zf) : "r"((uint16_t)3));
	CHECK_EQUAL("ARPL raises the RPL", d | zf << 16, 0x13 | 1 << 16);
	__asm__ volatile("arpl %2, %0\n setz %1" : "+r"(d), "=q"(zf) : "r"((uint16_t)1));
	CHECK_EQUAL("ARPL never lowers it", d | zf << 16, 0x13);
	*(volatile uint16_t *)0x10000 = 0x10;
	gdt[SLOT] = descriptor(0x10000, 0xfff, 0x90, 4);
	load_selector = SEL_T;
	expect_no_trap("ARPL of read-only data that it need not write", arpl_nothing);
	expect("ARPL of read-only data", GP, 0, arpl_raise);
}

static void ldt(void)
{
	static uint64_t table[2];
	uint16_t selector = SEL_T;

	table[1] = code_or_data(ACCESS_DATA);
	gdt[SLOT] = descriptor((uint32_t)table, sizeof(table) - 1, ACCESS_LDT, 0);
	__asm__ volatile("lldt %0" ::"r"(selector));
	load_selector = 8 | 4;
	expect_no_trap("FS from the LDT", load_fs);
	load_selector = 16 | 4;
	expect("FS beyond the LDT", GP, 16 | 4, load_fs);
	__asm__ volatile("sldt %0" : "=r"(selector));
	CHECK_EQUAL("SLDT", selector, SEL_T);
	__asm__ volatile("mov %0, %%fs\n lldt %w0" ::"r"(0));
}

void guest_main(void)
{
	loading();
	limits();
	null_and_stack();
	looking();
	adjusting_rpl();
	ldt();
}
