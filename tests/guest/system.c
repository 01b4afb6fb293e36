/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Table registers, the machine status word, CR0's rules and EFLAGS' filters (SDM volume 2; volume
 * 3, 2.3-2.5; volume 1, 3.4.3). */
#include "guest.h"

#define PE 1u
#define MP 2u
#define EM 4u
#define TS_ 8u
#define ET 0x10u
#define NE 0x20u

/* -- LGDT, LIDT, SGDT, SIDT */

struct __attribute__((packed)) table {
	uint16_t limit;
	uint32_t base;
	uint16_t after;
};

static void tables(void)
{
	struct table old, in = { 0xeeff, 0xccddeeff, 0 }, out = { 0, 0, 0x5a5a },
			  out16 = { 0, 0, 0x5a5a };

	__asm__ volatile("sidt %0" : "=m"(old));
	__asm__ volatile("lidt %3\n sidt %0\n data16 sidt %1\n lidt %2"
			 : "=m"(out), "=m"(out16)
			 : "m"(old), "m"(in));
	CHECK_EQUAL("LIDT, SIDT: limit", out.limit, 0xeeff);
	CHECK_EQUAL("LIDT, SIDT: base", out.base, 0xccddeeff);
	CHECK_EQUAL("SIDT of 16 bits stores the base's upper byte", out16.base, 0xccddeeff);
	__asm__ volatile("data16 lidt %3\n sidt %0\n data16 sidt %1\n lidt %2"
			 : "=m"(out), "=m"(out16)
			 : "m"(old), "m"(in));
	CHECK_EQUAL("LIDT of 16 bits loads 24 bits of the base", out.base, 0xddeeff);
	CHECK_EQUAL("and SIDT of 16 bits shows them", out16.base, 0xddeeff);
	out.after = 0x5a5a;
	__asm__ volatile("sgdt %0" : "=m"(old));
	__asm__ volatile("lgdt %3\n sgdt %0\n data16 sgdt %1\n lgdt %2"
			 : "+m"(out), "=m"(out16)
			 : "m"(old), "m"(in));
	CHECK_EQUAL("LGDT, SGDT: limit", out.limit, 0xeeff);
	CHECK_EQUAL("LGDT, SGDT: base", out.base, 0xccddeeff);
	CHECK_EQUAL("SGDT stores six bytes", out.after, 0x5a5a);
	CHECK_EQUAL("SGDT of 16 bits stores the base's upper byte", out16.base, 0xccddeeff);
	__asm__ volatile("data16 lgdt %2\n sgdt %0\n lgdt %1" : "=m"(out) : "m"(old), "m"(in));
	CHECK_EQUAL("LGDT of 16 bits loads 24 bits of the base", out.base, 0xddeeff);
}

/* -- The machine status word and CR0 */

static uint32_t new_cr0;

static void load_cr0(void)
{
	WRITE_CR(0, new_cr0);
}

static void status_word(void)
{
	uint32_t cr0 = READ_CR(0), r = 0xaaaaaaaa, memory = 0xaaaaaaaa;

	__asm__ volatile("smsw %0" : "+r"(r));
	CHECK_EQUAL("SMSW of a 32-bit register is CR0", r, cr0);
	r = 0xaaaaaaaa;
	__asm__ volatile("smsww %w0" : "+r"(r));
	CHECK_EQUAL("SMSW of a 16-bit register leaves the upper half", r,
		    0xaaaa0000 | (cr0 & 0xffff));
	__asm__ volatile("smsw %0" : "+m"(memory));
	CHECK_EQUAL("SMSW of memory writes two bytes", memory, 0xaaaa0000 | (cr0 & 0xffff));
	__asm__ volatile("lmsw %w0" ::"r"(0));
	CHECK_EQUAL("LMSW cannot clear PE", READ_CR(0), cr0 & ~(MP | EM | TS_));
	__asm__ volatile("lmsw %w0" ::"r"(0xffff));
	CHECK_EQUAL("LMSW sets four bits and no other", READ_CR(0), cr0 | PE | MP | EM | TS_);
	__asm__ volatile("clts");
	CHECK_EQUAL("CLTS", READ_CR(0), (cr0 | PE | MP | EM) & ~TS_);
	WRITE_CR(0, (cr0 | 0x10000) & ~ET);
	CHECK_EQUAL("ET is fixed", READ_CR(0), cr0 | 0x10000 | ET);
	WRITE_CR(0, cr0);
	new_cr0 = (cr0 & ~0x60000000u) | 0x20000000;
	expect("NW without CD is #GP", GP, 0, load_cr0);
	new_cr0 = (cr0 | 0x80000000) & ~PE;
	expect("PG without PE is #GP", GP, 0, load_cr0);
	CHECK_EQUAL("and changes nothing", READ_CR(0), cr0);
}

/* -- EFLAGS */

static uint32_t flags_after(uint32_t flags)
{
	uint32_t got;

	__asm__ volatile("pushl %1\n popfl\n pushfl\n popl %0\n pushl $2\n popfl"
			 : "=r"(got)
			 : "r"(flags));
	return got;
}

static uint32_t user_flags_in, user_flags_out;

static void pop_in_user(void)
{
	user_flags_out = flags_after(user_flags_in);
	__asm__ volatile("int $0x80");
}

static void user_entry_io(void)
{
	user_call((uint32_t)pop_in_user, SEL_USER_CODE, (uint32_t)user_stack + sizeof(user_stack),
		  SEL_USER_DATA, 0x3002);
}

static void flags(void)
{
	uint32_t id_ac = 0x240000;

	CHECK_EQUAL("EFLAGS: bit 1 is one, others are zero", flags_after(0) & ~0x3000u, 2);
	CHECK_EQUAL("bits 3, 5, 15 and 22-31 stay zero", flags_after(0xffc08028 | 0x8d5), 0x8d7);
	CHECK_EQUAL("AC and ID can be set", flags_after(id_ac), id_ac | 2);
	CHECK_EQUAL("RF and VM cannot", flags_after(0x30000), 2);
	CHECK_EQUAL("VIF and VIP are cleared", flags_after(0x180000), 2);
	CHECK_EQUAL("NT, IOPL, DF", flags_after(0x7400), 0x7402);
	user_flags_in = 0x7e02 | 0x200;
	in_user(pop_in_user);
	CHECK_EQUAL("ring 3, IOPL 0: neither IF nor IOPL", user_flags_out, 0x4c02);
	user_flags_in = 0x0202;
	catch_call(user_entry_io);
	CHECK_EQUAL("ring 3, IOPL 3: IF, not IOPL", user_flags_out, 0x3202);
	uint32_t upper;
	__asm__ volatile("pushl $0x40002\n popfl\n pushw $0x0cd7\n popfw\n pushfl\n popl %0\n "
			 "pushl $2\n popfl"
			 : "=r"(upper));
	CHECK_EQUAL("POPF of 16 bits leaves the upper half", upper, 0x40cd7);
}

/* -- Selectors in 32-bit registers, ENTER's deepest nesting */

static void selectors(void)
{
	uint32_t r = 0xaaaaaaaa, memory = 0xaaaaaaaa;

	__asm__ volatile("str %0" : "+r"(r));
	CHECK_EQUAL("STR zero-extends", r, SEL_TSS);
	__asm__ volatile("str %0" : "+m"(memory));
	CHECK_EQUAL("STR to memory writes two bytes", memory, 0xaaaa0000 | SEL_TSS);
	r = 0xaaaaaaaa;
	__asm__ volatile("sldt %0" : "+r"(r));
	CHECK_EQUAL("SLDT zero-extends", r, 0);
	r = 0xaaaaaaaa;
	__asm__ volatile("mov %%ss, %0" : "+r"(r));
	CHECK_EQUAL("MOV r32, SS zero-extends", r, SEL_DATA);
	__asm__ volatile("mov %0, %%es\n mov %%es, %0\n push %1\n pop %%es"
			 : "+r"(r)
			 : "r"(SEL_DATA));
	CHECK_EQUAL("MOV ES, r32 ignores the upper half", r, SEL_DATA);
	r = 0xabcd0000 | SEL_DATA;
	__asm__ volatile("mov %0, %%fs\n mov %%fs, %0" : "+r"(r));
	CHECK_EQUAL("of another value too", r, SEL_DATA);
}

#define ENTER(level) \
	({ \
		uint32_t before_, after_; \
		__asm__ volatile("movl %%esp, %0\n enter $8, $" #level "\n movl %%esp, %1\n leave" \
				 : "=&r"(before_), "=&r"(after_)::"memory"); \
		before_ - after_; \
	})

static void nesting(void)
{
	CHECK_EQUAL("ENTER 8, 1", ENTER(1), 4 + 4 + 8);
	CHECK_EQUAL("ENTER 8, 31", ENTER(31), 4 + 4 * 31 + 8);
	CHECK_EQUAL("ENTER 8, 33 is level 1", ENTER(33), 4 + 4 + 8);
}

/* -- Alignment checks: SIDT stores a word, then a doubleword (SDM volume 3, 3.5.1) */
static uint32_t aligned[3];
static uint32_t user_code;

static void user_stores_idtr(void)
{
	__asm__ volatile("sidt aligned + 2\n int $0x80");
}
static void user_stores_idtr_misaligned(void)
{
	__asm__ volatile("sidt aligned\n int $0x80");
}
static void enter_with_ac(void)
{
	user_call(user_code, SEL_USER_CODE, (uint32_t)user_stack + sizeof(user_stack),
		  SEL_USER_DATA, 0x40002);
}

static void alignment(void)
{
	uint32_t cr0 = READ_CR(0);

	WRITE_CR(0, cr0 | 0x40000);
	user_code = (uint32_t)user_stores_idtr;
	CHECK_EQUAL("SIDT at an odd word", catch_call(enter_with_ac) - 1, 0x80);
	user_code = (uint32_t)user_stores_idtr_misaligned;
	aligned[0] = 0x5a5a5a5a;
	CHECK_EQUAL("SIDT at a doubleword is #AC", catch_call(enter_with_ac) - 1, AC);
	CHECK_EQUAL("nothing is written", aligned[0], 0x5a5a5a5a);
	WRITE_CR(0, cr0);
}

void guest_main(void)
{
	tables();
	status_word();
	flags();
	selectors();
	nesting();
	alignment();
}
