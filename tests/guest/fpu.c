/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x87, MMX and SSE, but not their arithmetic: images, tags, stack faults, unmasked exceptions by
 * #MF and by IRQ 13, device not available, #XM (SDM volume 1, chapters 8-11; volume 3, 2.5, 8.7 and
 * 13).
 */
#include "guest.h"

#define CR0_MP 2u
#define CR0_EM 4u
#define CR0_TS 8u
#define CR0_NE 0x20u
#define CR4_OSFXSR 0x200u
#define CR4_OSXMMEXCPT 0x400u
#define XM 19

#define FSW_IE 1u
#define FSW_ZE 4u
#define FSW_SF 0x40u
#define FSW_ES 0x80u
#define FSW_C1 0x200u

static const double numbers[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const double zero;
static double out[8];

static uint16_t status(void)
{
	uint16_t sw;

	__asm__ volatile("fnstsw %0" : "=m"(sw));
	return sw;
}

static void load(unsigned count)
{
	__asm__ volatile("fninit");
	for (unsigned i = 0; i < count; i++)
		__asm__ volatile("fldl %0" ::"m"(numbers[i]));
}

/* Eight registers' worth; what the registers hold, ST(0) first. */
static void check_registers(const char *name, unsigned count)
{
	bool good = true;

	for (unsigned i = 0; i < count; i++) {
		__asm__ volatile("fstpl %0" : "=m"(out[i]));
		good &= *(uint64_t *)&out[i] == *(const uint64_t *)&numbers[count - 1 - i];
	}
	check(good, name, "ST(0) is %x %x", ((uint32_t *)out)[1], ((uint32_t *)out)[0]);
}

/* -- Images */

static union {
	uint8_t bytes[128];
	uint16_t words[64];
	uint32_t dwords[32];
} image;

static void clear_image(void)
{
	for (unsigned i = 0; i < 32; i++)
		image.dwords[i] = 0xcccccccc;
}

static void environments(void)
{
	clear_image();
	__asm__ volatile("fninit\n fnstenv %0" : "=m"(image));
	CHECK_EQUAL("FNINIT: control word", image.words[0], 0x37f);
	CHECK_EQUAL("FNINIT: status word", image.words[2], 0);
	CHECK_EQUAL("FNINIT: tag word", image.words[4], 0xffff);
	CHECK_EQUAL("32-bit image: 28 bytes", image.dwords[7], 0xcccccccc);
	clear_image();
	load(3);
	__asm__ volatile("fldz\n data16 fnstenv %0" : "=m"(image));
	CHECK_EQUAL("16-bit image: control word", image.words[0], 0x37f);
	CHECK_EQUAL("16-bit image: status word", image.words[1], 0x2000);
	CHECK_EQUAL("16-bit image: tag word, a zero on top", image.words[2], 0x01ff);
	CHECK_EQUAL("16-bit image: 14 bytes", image.words[7], 0xcccc);
	load(3);
	__asm__ volatile("fnstenv %0\n fninit\n fldenv %0" : "+m"(image));
	check_registers("FLDENV brings tags and TOP back, registers stay", 0);
	CHECK_EQUAL("FLDENV: TOP", status() & 0x3800, 0x2800);
	load(0);
	image.words[0] = 0x37e; /* invalid unmasked, and pending in the status word */
	image.words[2] = FSW_IE;
	__asm__ volatile("fldenv %0" ::"m"(image));
	CHECK_EQUAL("FLDENV computes ES", status() & (FSW_ES | 0x8000u), FSW_ES | 0x8000);
	__asm__ volatile("fninit");
}

static void saved_images(void)
{
	static const uint8_t five[10] = { 0, 0, 0, 0, 0, 0, 0, 0xa0, 1, 0x40 };
	bool same = true;

	load(5);
	clear_image();
	__asm__ volatile("fnsave %0" : "=m"(image));
	CHECK_EQUAL("FNSAVE initializes", status(), 0);
	for (unsigned i = 0; i < 10; i++)
		same &= image.bytes[28 + i] == five[i];
	check(same, "FNSAVE: ST(0) is first", "%x %x", image.words[17], image.words[18]);
	CHECK_EQUAL("FNSAVE: 108 bytes", image.dwords[27], 0xcccccccc);
	__asm__ volatile("frstor %0" ::"m"(image));
	check_registers("FRSTOR", 5);
	load(5);
	clear_image();
	__asm__ volatile("data16 fnsave %0" : "=m"(image));
	CHECK_EQUAL("16-bit FNSAVE: 94 bytes", image.words[47], 0xcccc);
	__asm__ volatile("data16 frstor %0" ::"m"(image));
	check_registers("16-bit FRSTOR", 5);
}

static void control_word(void)
{
	uint16_t cw = 0, ax;

	__asm__ volatile("fninit\n fldcw %1\n fnstcw %0" : "=m"(image) : "m"(cw));
	CHECK_EQUAL("FLDCW 0: bit 6 is one", image.words[0], 0x40);
	__asm__ volatile("fninit\n mov $0x12345678, %%eax\n fnstsw %%ax" : "=a"(ax));
	CHECK_EQUAL("FNSTSW AX", ax, 0);
}

/* -- The stack */

static void stack_faults(void)
{
	load(8);
	__asm__ volatile("fld1\n fnstsw %1\n fstl %0" : "=m"(out[0]), "=m"(image));
	CHECK_EQUAL("overflow: IE, SF, C1", image.words[0] & (FSW_IE | FSW_SF | FSW_C1),
		    FSW_IE | FSW_SF | FSW_C1);
	CHECK_EQUAL("overflow: indefinite", ((uint32_t *)out)[1], 0xfff80000);
	load(0);
	__asm__ volatile("fstpl %0" : "=m"(out[0]));
	CHECK_EQUAL("underflow: IE, SF, no C1", status() & (FSW_IE | FSW_SF | FSW_C1),
		    FSW_IE | FSW_SF);
	CHECK_EQUAL("underflow: TOP goes on", status() & 0x3800, 0x0800);
	CHECK_EQUAL("underflow: indefinite", ((uint32_t *)out)[1], 0xfff80000);
	load(3);
	__asm__ volatile("ffree %%st(1)\n fnstenv %0" : "=m"(image));
	CHECK_EQUAL("FFREE", image.words[4], 0x33ff);
	load(3);
	__asm__ volatile(".byte 0xdf, 0xc0\n fnstenv %0" : "=m"(image));
	CHECK_EQUAL("FFREEP", image.words[4], 0x0fff);
	CHECK_EQUAL("FFREEP pops", image.words[2] & 0x3800, 0x3000);
	load(1);
	__asm__ volatile("fxam");
	CHECK_EQUAL("FXAM of a number", status() & 0x4500, 0x400);
	load(0);
	__asm__ volatile("fxam");
	CHECK_EQUAL("FXAM of an empty register", status() & 0x4500, 0x4100);
}

/* -- Unmasked exceptions */

static const uint16_t zero_unmasked = 0x37b, invalid_unmasked = 0x37e;

static void divide_by_zero(void)
{
	__asm__ volatile("fninit\n fldcw %0\n fld1\n fdivl %1" ::"m"(zero_unmasked), "m"(zero));
}
static void wait_for_it(void)
{
	divide_by_zero();
	__asm__ volatile("fwait");
}
static void next_x87(void)
{
	divide_by_zero();
	__asm__ volatile("fld1");
}
static void next_mmx(void)
{
	divide_by_zero();
	__asm__ volatile("emms");
}
static void next_fldcw(void)
{
	divide_by_zero();
	__asm__ volatile("fldcw %0" ::"m"(zero_unmasked));
}
static void next_no_wait(void)
{
	divide_by_zero();
	__asm__ volatile("fnstsw %0\n fnstcw %0\n fnclex\n fwait" : "=m"(image));
	divide_by_zero();
	__asm__ volatile("fnstenv %0\n fwait" : "=m"(image)); /* masks them all */
	divide_by_zero();
	__asm__ volatile("fnsave %0\n fwait" : "=m"(image));
	divide_by_zero();
	__asm__ volatile("fninit\n fwait");
}
static void invalid_store(void)
{
	__asm__ volatile("fninit\n fldl %1\n fldcw %0\n fistps %2" ::"m"(invalid_unmasked),
			 "m"(*(const double *)(const uint64_t[]){ 0x7ff0000000000000 }), "m"(image)
			 : "memory");
}
extern const uint8_t pending_at[];
static void pending_eip(void)
{
	divide_by_zero();
	__asm__ volatile("nop\n pending_at: fabs");
}

static void unmasked(void)
{
	WRITE_CR(0, READ_CR(0) | CR0_NE);
	expect_no_trap("an unmasked exception waits", divide_by_zero);
	CHECK_EQUAL("ES and ZE", status() & (FSW_ES | FSW_ZE), FSW_ES | FSW_ZE);
	expect("FWAIT takes it", MF, 0, wait_for_it);
	expect("the next x87 instruction takes it", MF, 0, next_x87);
	expect("an MMX instruction takes it", MF, 0, next_mmx);
	expect("FLDCW takes it", MF, 0, next_fldcw);
	expect_no_trap("FNSTSW, FNSTCW, FNCLEX, FNSTENV, FNSAVE, FNINIT do not", next_no_wait);
	expect("#MF is a fault of the next instruction", MF, 0, pending_eip);
	CHECK_EQUAL("with its address", trap.eip, (uint32_t)pending_at);
	image.dwords[0] = 0x5a5a5a5a;
	expect_no_trap("an invalid store", invalid_store);
	CHECK_EQUAL("unmasked, nothing is stored", image.dwords[0], 0x5a5a5a5a);
	CHECK_EQUAL("unmasked, nothing is popped", status() & 0x3800, 0x3800);
	__asm__ volatile("fninit");
}

/* -- The same in code that has run often */

extern const uint8_t warm_zero_at[], warm_store_at[];
static uint32_t count;
static float quotient;
static int16_t stored;

/* 1 / 60, 1 / 59, ... 1 / 0 */
static void warm_zero(void)
{
	__asm__ volatile(
		"fninit\n fldcw %2\n mov $60, %%ecx\n 1: mov %%ecx, %0\n fld1\n fidivl %0\n"
		"warm_zero_at: fstps %1\n dec %%ecx\n jns 1b"
		: "+m"(count), "=m"(quotient)
		: "m"(zero_unmasked)
		: "ecx", "memory");
}

/* -58500 does not fit into 16 bits. */
static void warm_store(void)
{
	__asm__ volatile("fninit\n fldcw %3\n mov $-60000, %%ecx\n 1: add $1500, %%ecx\n mov "
			 "%%ecx, %0\n fildl %0\n"
			 " fistps %2\n warm_store_at: fwait\n jmp 1b"
			 : "+m"(count), "=m"(quotient), "=m"(stored)
			 : "m"(invalid_unmasked)
			 : "ecx", "memory");
}

static void warm_store_late(void)
{
	__asm__ volatile("fninit\n fldcw %2\n mov $-1500, %%ecx\n 1: add $1500, %%ecx\n mov %%ecx, "
			 "%0\n fildl %0\n"
			 " fistps %1\n fwait\n jmp 1b"
			 : "+m"(count), "=m"(stored)
			 : "m"(invalid_unmasked)
			 : "ecx", "memory");
}

static void warm(void)
{
	uint16_t cw;

	for (unsigned i = 0; i < 3; i++) {
		expect("warm: 1 / 0", MF, 0, warm_zero);
		CHECK_EQUAL("warm: the first instruction that waits", trap.eip,
			    (uint32_t)warm_zero_at);
		CHECK_EQUAL("warm: the divisor", count, 0);
		CHECK_EQUAL("warm: the last quotient", *(uint32_t *)&quotient, 0x3f800000);
		CHECK_EQUAL("warm: ES and ZE", status() & (FSW_ES | FSW_ZE), FSW_ES | FSW_ZE);
		__asm__ volatile("fnclex\n fnstcw %0" : "=m"(cw));
		CHECK_EQUAL("warm: control word", cw, zero_unmasked);
		expect("warm: a store that does not fit at once", MF, 0, warm_store);
		CHECK_EQUAL("warm: the next instruction", trap.eip, (uint32_t)warm_store_at);
		stored = 0x5a5a;
		expect("warm: one that does not fit after a while", MF, 0, warm_store_late);
		CHECK_EQUAL("warm: its number", count, 33000);
		CHECK_EQUAL("warm: memory is the number's before", stored, 31500);
		CHECK_EQUAL("warm: nothing is popped", status() & 0x3800, 0x3800);
		__asm__ volatile("fninit");
	}
}

/* -- IRQ 13 */

static volatile unsigned irq13;
static volatile uint32_t irq13_eip;

static bool on_irq13(struct frame *f)
{
	if (f->vector != 0x2d)
		return false;
	irq13++;
	irq13_eip = f->eip;
	outb(0xf0, 0);
	__asm__ volatile("fnclex");
	outb(0xa0, 0x20);
	outb(0x20, 0x20);
	return true;
}

static void init_pics(void)
{
	static const struct {
		uint8_t port, value;
	} words[] = {
		{ 0x20, 0x11 }, { 0x21, 0x20 }, { 0x21, 4 }, { 0x21, 1 },    { 0xa0, 0x11 },
		{ 0xa1, 0x28 }, { 0xa1, 2 },    { 0xa1, 1 }, { 0x21, 0xfb }, { 0xa1, 0xdf },
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		outb(words[i].port, words[i].value);
}

static void external(void)
{
	uint32_t at;

	init_pics();
	WRITE_CR(0, READ_CR(0) & ~CR0_NE);
	trap_hook = on_irq13;
	irq13 = 0;
	divide_by_zero();
	__asm__ volatile("sti\n nop\n nop\n cli");
	CHECK_EQUAL("CR0.NE = 0: no interrupt before the next x87 instruction", irq13, 0);
	__asm__ volatile("sti\n nop\n 1: fabs\n cli\n movl $1b, %0" : "=r"(at));
	CHECK_EQUAL("CR0.NE = 0: IRQ 13", irq13, 1);
	CHECK_EQUAL("before the instruction that waits", irq13_eip, at);
	CHECK_EQUAL("which goes on once it is cleared", status() & FSW_ES, 0);
	divide_by_zero();
	__asm__ volatile("sti\n nop\n 1: fwait\n cli\n movl $1b, %0" : "=r"(at));
	CHECK_EQUAL("FWAIT waits for IRQ 13 too", irq13, 2);
	CHECK_EQUAL("FWAIT's address", irq13_eip, at);
	trap_hook = NULL;
	WRITE_CR(0, READ_CR(0) | CR0_NE);
	__asm__ volatile("fninit");
}

/* -- Device not available */

static void do_fld(void)
{
	__asm__ volatile("fninit\n fld1");
}
static void do_fwait(void)
{
	__asm__ volatile("fwait");
}
static void do_mmx(void)
{
	__asm__ volatile("movd %%eax, %%mm0\n emms" ::: "memory");
}
static void do_sse(void)
{
	__asm__ volatile("xorps %xmm0, %xmm0");
}
static void do_sse2(void)
{
	__asm__ volatile("paddd %xmm0, %xmm0");
}
static void do_ldmxcsr(void)
{
	__asm__ volatile("stmxcsr %0\n ldmxcsr %0" : "+m"(image));
}
static uint8_t fx[512] __attribute__((aligned(16)));
static void do_fxsave(void)
{
	__asm__ volatile("fxsave %0" : "=m"(fx));
}
static void do_free(void)
{
	__asm__ volatile("prefetchnta (%0)\n sfence\n pause\n movnti %%eax, (%0)" ::"r"(&image)
			 : "memory");
}

static void not_available(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
		uint32_t cr0, cr4;
		unsigned vector;
	} rows[] = {
		{ "x87, EM", do_fld, CR0_EM, CR4_OSFXSR, NM },
		{ "x87, TS", do_fld, CR0_TS, CR4_OSFXSR, NM },
		{ "FWAIT, TS", do_fwait, CR0_TS, CR4_OSFXSR, NO_TRAP },
		{ "FWAIT, MP", do_fwait, CR0_MP, CR4_OSFXSR, NO_TRAP },
		{ "FWAIT, EM", do_fwait, CR0_EM, CR4_OSFXSR, NO_TRAP },
		{ "FWAIT, MP and TS", do_fwait, CR0_MP | CR0_TS, CR4_OSFXSR, NM },
		{ "MMX", do_mmx, 0, 0, NO_TRAP },
		{ "MMX, EM", do_mmx, CR0_EM, CR4_OSFXSR, UD },
		{ "MMX, EM and TS", do_mmx, CR0_EM | CR0_TS, CR4_OSFXSR, UD },
		{ "MMX, TS", do_mmx, CR0_TS, CR4_OSFXSR, NM },
		{ "SSE", do_sse, 0, CR4_OSFXSR, NO_TRAP },
		{ "SSE, EM", do_sse, CR0_EM, CR4_OSFXSR, UD },
		{ "SSE, TS", do_sse, CR0_TS, CR4_OSFXSR, NM },
		{ "SSE without OSFXSR", do_sse, 0, 0, UD },
		{ "SSE without OSFXSR, TS", do_sse, CR0_TS, 0, UD },
		{ "SSE2 without OSFXSR", do_sse2, 0, 0, UD },
		{ "LDMXCSR, EM", do_ldmxcsr, CR0_EM, CR4_OSFXSR, UD },
		{ "LDMXCSR, TS", do_ldmxcsr, CR0_TS, CR4_OSFXSR, NM },
		{ "FXSAVE, EM", do_fxsave, CR0_EM, CR4_OSFXSR, NM },
		{ "FXSAVE, TS", do_fxsave, CR0_TS, CR4_OSFXSR, NM },
		{ "FXSAVE without OSFXSR", do_fxsave, 0, 0, NO_TRAP },
		{ "PREFETCH, SFENCE, PAUSE, MOVNTI", do_free, CR0_EM | CR0_TS, 0, NO_TRAP },
	};
	uint32_t cr0 = READ_CR(0), cr4 = READ_CR(4);

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		WRITE_CR(0, (cr0 & ~(CR0_MP | CR0_EM | CR0_TS)) | rows[i].cr0);
		WRITE_CR(4, (cr4 & ~CR4_OSFXSR) | rows[i].cr4);
		unsigned got = catch_call(rows[i].run) - 1;
		check(rows[i].vector == NO_TRAP ? got == -1u : got == rows[i].vector, rows[i].name,
		      "vector %u", got);
	}
	WRITE_CR(0, cr0);
	WRITE_CR(4, cr4);
	WRITE_CR(0, READ_CR(0) | CR0_TS);
	__asm__ volatile("clts");
	CHECK_EQUAL("CLTS", READ_CR(0) & CR0_TS, 0);
}

/* -- MMX on the x87's registers */

static void aliasing(void)
{
	uint32_t low, high;

	load(3);
	__asm__ volatile("mov $0x12345678, %%eax\n movd %%eax, %%mm2\n fnstenv %0\n fnsave %1"
			 : "=m"(fx), "=m"(image)::"eax");
	uint16_t tags = *(uint16_t *)(fx + 8);
	CHECK_EQUAL("MMX: no tag says empty", tags & tags >> 1 & 0x5555, 0);
	CHECK_EQUAL("MMX: TOP is 0", *(uint16_t *)(fx + 4) & 0x3800, 0);
	CHECK_EQUAL("MMX register 2 is ST(2): mantissa", *(uint32_t *)(image.bytes + 28 + 20),
		    0x12345678);
	CHECK_EQUAL("MMX register 2 is ST(2): exponent of ones",
		    *(uint16_t *)(image.bytes + 28 + 28), 0xffff);
	load(2);
	__asm__ volatile("emms\n fnstenv %0" : "=m"(image));
	CHECK_EQUAL("EMMS empties", image.words[4], 0xffff);
	load(1);
	__asm__ volatile("movd %%mm7, %0\n psrlq $32, %%mm7\n movd %%mm7, %1\n emms"
			 : "=r"(low), "=r"(high));
	CHECK_EQUAL("an x87 number is seen as MMX: low", low, 0);
	CHECK_EQUAL("an x87 number is seen as MMX: high", high, 0x80000000);
}

/* -- FXSAVE */

static void do_fxrstor(void)
{
	__asm__ volatile("fxrstor %0" ::"m"(fx));
}
static void fxsave_misaligned(void)
{
	__asm__ volatile("fxsave %0" : "=m"(*(uint8_t(*)[504])(fx + 8)));
}

static void extended_images(void)
{
	bool kept = true;

	for (unsigned i = 0; i < 512; i++)
		fx[i] = 0xcc;
	load(3);
	__asm__ volatile("mov $0x76543210, %%eax\n movd %%eax, %%xmm5\n fxsave %0"
			 : "=m"(fx)::"eax");
	CHECK_EQUAL("FXSAVE: control word", *(uint16_t *)fx, 0x37f);
	CHECK_EQUAL("FXSAVE: status word", *(uint16_t *)(fx + 2) & 0x3800, 0x2800);
	CHECK_EQUAL("FXSAVE: one bit per tag", fx[4], 0xe0);
	CHECK_EQUAL("FXSAVE: MXCSR", *(uint32_t *)(fx + 24), 0x1f80);
	CHECK_EQUAL("FXSAVE: ST(0)", *(uint16_t *)(fx + 40), 0x4000);
	CHECK_EQUAL("FXSAVE: XMM5", *(uint32_t *)(fx + 160 + 5 * 16), 0x76543210);
	for (unsigned i = 464; i < 512; i++)
		kept &= fx[i] == 0xcc;
	check(kept, "FXSAVE leaves the last 48 bytes", "");
	__asm__ volatile("fninit\n xorps %xmm5, %xmm5");
	__asm__ volatile("fxrstor %1\n movd %%xmm5, %0" : "=r"(*(uint32_t *)out) : "m"(fx));
	CHECK_EQUAL("FXRSTOR: XMM5", *(uint32_t *)out, 0x76543210);
	check_registers("FXRSTOR: stack", 3);
	expect("FXSAVE off a 16-byte boundary", GP, 0, fxsave_misaligned);
	*(uint32_t *)(fx + 24) = 0x11f80;
	expect("FXRSTOR with a reserved MXCSR bit", GP, 0, do_fxrstor);
	*(uint32_t *)(fx + 24) = 0x1f80;
	expect_no_trap("FXRSTOR", do_fxrstor);
	__asm__ volatile("fninit");
}

/* -- SSE exceptions */

static const uint32_t divide_unmasked = 0x1f80 & ~0x200u, denormal_unmasked = 0x1f80 & ~0x100u,
		      reserved_mxcsr = 0x80001f80;
static const float ones[4] __attribute__((aligned(16))) = { 1, 1, 1, 1 };
static const uint32_t denormals[4] __attribute__((aligned(16))) = { 1, 1, 1, 1 };

static void sse_divide(void)
{
	__asm__ volatile(
		"ldmxcsr %0\n movaps %1, %%xmm0\n xorps %%xmm1, %%xmm1\n divps %%xmm1, %%xmm0" ::
			"m"(divide_unmasked),
		"m"(ones));
}
static void sse_denormal(void)
{
	__asm__ volatile(
		"ldmxcsr %0\n movaps %1, %%xmm0\n mulps %2, %%xmm0" ::"m"(denormal_unmasked),
		"m"(ones), "m"(denormals));
}
static const uint32_t underflow_unmasked[] = { 0x1f80 & ~0x800u,
					       0x9f80 & ~0x800u }; /* without and with FTZ */
static const uint32_t smallest = 0x00800000, half = 0x3f000000;
static unsigned which;
static void sse_exact_tiny(void)
{
	__asm__ volatile(
		"ldmxcsr %0\n movss %1, %%xmm0\n mulss %2, %%xmm0" ::"m"(underflow_unmasked[which]),
		"m"(smallest), "m"(half));
}
static void sse_reserved(void)
{
	__asm__ volatile("ldmxcsr %0" ::"m"(reserved_mxcsr));
}
static void sse_misaligned(void)
{
	__asm__ volatile("movaps %0, %%xmm0" ::"m"(*(const float(*)[3])(ones + 1)));
}
static void sse_unaligned(void)
{
	__asm__ volatile("movups %0, %%xmm0" ::"m"(*(const float(*)[3])(ones + 1)));
}

static void set_mxcsr(uint32_t value)
{
	__asm__ volatile("ldmxcsr %0" ::"m"(value));
}
static uint32_t get_mxcsr(void)
{
	uint32_t value;

	__asm__ volatile("stmxcsr %0" : "=m"(value));
	return value;
}

static void sse_exceptions(void)
{
	WRITE_CR(4, READ_CR(4) | CR4_OSXMMEXCPT);
	expect("DIVPS by zero is #XM", XM, 0, sse_divide);
	CHECK_EQUAL("MXCSR.ZE", get_mxcsr() & 0x3f, 4);
	set_mxcsr(0x1f80);
	expect("a denormal operand is #XM", XM, 0, sse_denormal);
	set_mxcsr(0x1f80);
	for (which = 0; which < 2; which++) {
		expect("an exact tiny result is #XM", XM, 0, sse_exact_tiny);
		CHECK_EQUAL("MXCSR.UE alone", get_mxcsr() & 0x3f, 0x10);
		set_mxcsr(0x1f80);
	}
	WRITE_CR(4, READ_CR(4) & ~CR4_OSXMMEXCPT);
	expect("without OSXMMEXCPT it is #UD", UD, 0, sse_divide);
	set_mxcsr(0x1f80);
	WRITE_CR(4, READ_CR(4) | CR4_OSXMMEXCPT);
	set_mxcsr(0x1f84);
	expect_no_trap("flags that are set already do not trap", sse_unaligned);
	expect("LDMXCSR with a reserved bit is #GP(0)", GP, 0, sse_reserved);
	expect("MOVAPS off a 16-byte boundary is #GP(0)", GP, 0, sse_misaligned);
	set_mxcsr(0x1f80);
}

extern const uint8_t warm_sse_at[];
static uint32_t quotients[4] __attribute__((aligned(16)));

/* 1 / 60, 1 / 59, ... 1 / 0 */
static void warm_sse_zero(void)
{
	__asm__ volatile(
		"ldmxcsr %2\n mov $60, %%ecx\n 1: mov %%ecx, %0\n mov $1, %%eax\n cvtsi2ss %%eax, "
		"%%xmm0\n cvtsi2ss %%ecx, %%xmm1\n"
		"warm_sse_at: divss %%xmm1, %%xmm0\n movups %%xmm0, %1\n dec %%ecx\n jns 1b"
		: "+m"(count), "=m"(quotients)
		: "m"(divide_unmasked)
		: "eax", "ecx", "memory");
}

/* MXCSR loaded again and again: rounding changes, masks stay; then one is cleared. */
static void warm_mxcsr(void)
{
	static const uint32_t nearest = 0x1f80, up = 0x5f80, truncating = 0x7f80;
	static const double number = 2.25;
	int32_t a, b, c;
	bool good = true;

	for (unsigned i = 0; i < 60; i++) {
		set_mxcsr(0x1f80);
		__asm__ volatile("ldmxcsr %3\n cvtsd2si %6, %0\n ldmxcsr %4\n cvtsd2si %6, %1\n "
				 "ldmxcsr %5\n cvtsd2si %6, %2"
				 : "=&r"(a), "=&r"(b), "=r"(c)
				 : "m"(nearest), "m"(up), "m"(truncating), "m"(number));
		good &= a == 2 && b == 3 && c == 2 && get_mxcsr() == (truncating | 0x20);
	}
	check(good, "warm: LDMXCSR", "%x %x %x %x", a, b, c, get_mxcsr());
	for (unsigned i = 0; i < 3; i++) {
		set_mxcsr(0x1f80);
		expect("warm: DIVSS by zero is #XM", XM, 0, warm_sse_zero);
		CHECK_EQUAL("warm: its address", trap.eip, (uint32_t)warm_sse_at);
		CHECK_EQUAL("warm: its divisor", count, 0);
		CHECK_EQUAL("warm: the last quotient", quotients[0], 0x3f800000);
		__asm__ volatile("movups %%xmm0, %0" : "=m"(quotients));
		CHECK_EQUAL("warm: the destination is as it was", quotients[0], 0x3f800000);
		CHECK_EQUAL("warm: PE of the quotients before, and ZE", get_mxcsr(),
			    divide_unmasked | 0x24);
		expect("warm: DIVPS by zero is #XM", XM, 0, sse_divide);
		expect("warm: LDMXCSR with a reserved bit is #GP(0)", GP, 0, sse_reserved);
		CHECK_EQUAL("warm: MXCSR", get_mxcsr(), divide_unmasked | 4);
	}
	set_mxcsr(0x1f80);
}

/* Two contexts in turn, as a kernel switches them: all masked; and one with an exception that
 * waits. */
static uint8_t plain[512] __attribute__((aligned(16))), waiting[512] __attribute__((aligned(16)));
static uint16_t words[4];
static void switch_and_wait(void)
{
	__asm__ volatile("fxrstor %0\n fwait" ::"m"(waiting));
}
static void switch_without_unit(void)
{
	WRITE_CR(0, READ_CR(0) | CR0_TS);
	__asm__ volatile("fxrstor %0" ::"m"(plain));
}
static void switch_back(void)
{
	__asm__ volatile("clts\n fxrstor %4\n fnstsw %0\n fnstcw %1\n fxrstor %5\n fnstsw %2\n "
			 "fnstcw %3\n fnclex\n"
			 "fadd %%st(0), %%st(0)\n fstpl %6\n fxsave %7"
			 : "=m"(words[0]), "=m"(words[1]), "=m"(words[2]), "=m"(words[3])
			 : "m"(plain), "m"(waiting), "m"(out[0]), "m"(fx)
			 : "memory");
}

static void contexts(void)
{
	bool good = true;

	load(1);
	__asm__ volatile("fxsave %0" : "=m"(plain));
	divide_by_zero();
	__asm__ volatile("fxsave %0\n fninit" : "=m"(waiting));
	for (unsigned i = 0; i < 60; i++) {
		expect_no_trap("contexts", switch_back);
		good &= words[0] == 0x3800 && words[1] == 0x37f &&
			words[2] == (0x3800 | 0x8000 | FSW_ES | FSW_ZE) &&
			words[3] == zero_unmasked;
		good &= out[0] == 2 && *(uint16_t *)(fx + 2) == 0 &&
			*(uint16_t *)fx == zero_unmasked;
	}
	check(good, "contexts in turn", "%x %x %x %x", words[0], words[1], words[2], words[3]);
	for (unsigned i = 0; i < 3; i++) {
		expect("the exception of a context still waits", MF, 0, switch_and_wait);
		expect("FXRSTOR with CR0.TS", NM, 0, switch_without_unit);
		__asm__ volatile("clts\n fninit");
	}
}

void guest_main(void)
{
	WRITE_CR(4, READ_CR(4) | CR4_OSFXSR);
	WRITE_CR(0, (READ_CR(0) & ~(CR0_EM | CR0_TS)) | CR0_NE);
	environments();
	saved_images();
	control_word();
	stack_faults();
	unmasked();
	not_available();
	aliasing();
	extended_images();
	sse_exceptions();
	warm_mxcsr();
	warm();
	contexts();
	external();
}
