/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The x87's last-instruction pointers (SDM volume 1, 8.1.8 to 8.1.10): which instructions set, keep
 * and clear them, in the protected and real-mode images of 16 and 32 bits. Each piece of code runs
 * often enough to be translated and chained.
 */
#include "guest.h"

#define ROUNDS 40
#define SEL_ALIAS_CODE 0x40 /* the flat code segment under another name */
#define SEL_SMALL 0x48      /* base `numbers`, 16 bytes */
#define SEL_CODE16 0x50
#define SEL_DATA16 0x58
#define CR0_EM 4u
#define CR0_TS 8u
#define CR4_OSFXSR 0x200u

static float numbers[8] __attribute__((aligned(16))) = { 1, 2, 3, 4, 5, 6, 7, 8 };
static union image {
	uint16_t words[64];
	uint32_t dwords[32];
} image, image16;
static uint8_t fx[512] __attribute__((aligned(16)));

struct pointers {
	uint32_t fip, fcs, fop, fdp, fds;
};

static struct pointers of_image(void)
{
	return (struct pointers){ image.dwords[3], image.dwords[4] & 0xffff,
				  image.dwords[4] >> 16 & 0x7ff, image.dwords[5],
				  image.dwords[6] & 0xffff };
}

static bool equal(const struct pointers *a, const struct pointers *b)
{
	return a->fip == b->fip && a->fcs == b->fcs && a->fop == b->fop && a->fdp == b->fdp &&
	       a->fds == b->fds;
}

static void check_pointers(const char *name, struct pointers is, struct pointers should)
{
	check(equal(&is, &should), name, "%x:%x %x, %x:%x; should be %x:%x %x, %x:%x", is.fcs,
	      is.fip, is.fop, is.fds, is.fdp, should.fcs, should.fip, should.fop, should.fds,
	      should.fdp);
}

/* Runs f some times; the pointers must be the same each time. */
static void repeat(const char *name, void (*f)(void), struct pointers should)
{
	struct pointers is = { 0 };

	for (unsigned i = 0; i < ROUNDS; i++) {
		for (unsigned k = 0; k < 28; k++)
			((volatile uint8_t *)&image)[k] = 0xcc;
		f();
		is = of_image();
		if (!equal(&is, &should))
			break;
	}
	check_pointers(name, is, should);
}

#define ADDRESS(label) \
	({ \
		extern const uint8_t label[]; \
		(uint32_t) label; \
	})

/* -- set */
static void memory_operand(void)
{
	__asm__ volatile(
		"fninit\n mov %1, %%esi\n flds (%%esi)\n at_memory: fadds 8(%%esi)\n fnstenv %0"
		: "=m"(image)
		: "r"(numbers)
		: "esi");
}
static void operand_moves(void)
{
	__asm__ volatile("fninit\n mov %1, %%esi\n mov $2, %%ecx\n flds 4(%%esi,%%ecx,4)\n add "
			 "$16, %%esi\n dec %%ecx\n"
			 "at_moves: fld1\n xor %%esi, %%esi\n fnstenv %0"
			 : "=m"(image)
			 : "r"(numbers)
			 : "esi", "ecx");
}
static uint32_t stack_at;
static void stack_operand(void)
{
	__asm__ volatile("fninit\n push %%eax\n mov %%esp, %1\n at_stack: fildl (%%esp)\n pop "
			 "%%eax\n fnstenv %0"
			 : "=m"(image), "=m"(stack_at));
	image.dwords[5] -= stack_at;
}
static void other_segment(void)
{
	__asm__ volatile(
		"fninit\n mov %1, %%fs\n at_segment: flds %%fs:4\n mov %2, %%fs\n fnstenv %0"
		: "=m"(image)
		: "r"(SEL_SMALL), "r"(0));
}
static void address16(void)
{
	__asm__ volatile("fninit\n mov %1, %%ebx\n mov $0x12348ffc, %%esi\n sub %%bx, %%si\n"
			 "at_address16: addr16 flds 4(%%bx,%%si)\n xor %%ebx, %%ebx\n fnstenv %0"
			 : "=m"(image)
			 : "r"(numbers)
			 : "ebx", "esi");
}
static void other_code_segment(void)
{
	__asm__ volatile("fninit\n ljmp %2, $1f\n 1: at_cs: flds %1\n ljmp %3, $2f\n 2: fnstenv %0"
			 : "=m"(image)
			 : "m"(numbers[3]), "i"(SEL_ALIAS_CODE), "i"(SEL_CODE));
}
static void store_operand(void)
{
	__asm__ volatile("fninit\n fld1\n at_store: fstps %1\n fnstenv %0"
			 : "=m"(image), "=m"(image16));
}

static void set(void)
{
	repeat("memory operand", memory_operand,
	       (struct pointers){ ADDRESS(at_memory), SEL_CODE, 0x046, (uint32_t)&numbers[2],
				  SEL_DATA });
	repeat("the operand stays, its registers change", operand_moves,
	       (struct pointers){ ADDRESS(at_moves), SEL_CODE, 0x1e8, (uint32_t)&numbers[3],
				  SEL_DATA });
	repeat("stack operand", stack_operand,
	       (struct pointers){ ADDRESS(at_stack), SEL_CODE, 0x304, 0, SEL_DATA });
	repeat("another segment, loaded anew afterwards", other_segment,
	       (struct pointers){ ADDRESS(at_segment), SEL_CODE, 0x105, 4, SEL_SMALL });
	repeat("16-bit address", address16,
	       (struct pointers){ ADDRESS(at_address16), SEL_CODE, 0x140, 0x9000, SEL_DATA });
	repeat("another code segment", other_code_segment,
	       (struct pointers){ ADDRESS(at_cs), SEL_ALIAS_CODE, 0x105, (uint32_t)&numbers[3],
				  SEL_DATA });
	repeat("store", store_operand,
	       (struct pointers){ ADDRESS(at_store), SEL_CODE, 0x11d, (uint32_t)&image16,
				  SEL_DATA });
}

/* -- kept and cleared */
static void control(void)
{
	__asm__ volatile("fninit\n at_control: flds %1\n fnclex\n fldcw %2\n fnstcw %3\n fnstsw "
			 "%3\n fnstsw %%ax\n fwait\n fnstenv %0"
			 : "=m"(image)
			 : "m"(numbers[1]), "m"(*(const uint16_t *)(const uint16_t[]){ 0x37f }),
			   "m"(image16)
			 : "eax");
}
static void mmx(void)
{
	__asm__ volatile(
		"fninit\n at_mmx: flds %1\n movd %2, %%mm1\n paddb %%mm1, %%mm2\n emms\n fnstenv %0"
		: "=m"(image)
		: "m"(numbers[1]), "m"(numbers[2]));
}
static void initialize(void)
{
	__asm__ volatile("flds %1\n fninit\n fnstenv %0" : "=m"(image) : "m"(numbers[1]));
}
static void save(void)
{
	__asm__ volatile("fninit\n flds %2\n fnsave %1\n fnstenv %0"
			 : "=m"(image), "=m"(fx)
			 : "m"(numbers[1]));
}
static void load_environment(void)
{
	__asm__ volatile("fninit\n at_load: flds %1\n fnstenv %2\n fninit\n fldenv %2\n fnstenv %0"
			 : "=m"(image)
			 : "m"(numbers[1]), "m"(fx));
}
static void save_and_restore(void)
{
	__asm__ volatile(
		"fninit\n at_fxsave: flds %1\n fxsave %2\n fninit\n fxrstor %2\n fnstenv %0"
		: "=m"(image)
		: "m"(numbers[1]), "m"(fx));
}

static void kept_and_cleared(void)
{
	repeat("control instructions keep them", control,
	       (struct pointers){ ADDRESS(at_control), SEL_CODE, 0x105, (uint32_t)&numbers[1],
				  SEL_DATA });
	repeat("MMX instructions keep them", mmx,
	       (struct pointers){ ADDRESS(at_mmx), SEL_CODE, 0x105, (uint32_t)&numbers[1],
				  SEL_DATA });
	repeat("FNINIT clears them", initialize, (struct pointers){ 0 });
	repeat("FNSAVE clears them", save, (struct pointers){ 0 });
	repeat("FLDENV loads them", load_environment,
	       (struct pointers){ ADDRESS(at_load), SEL_CODE, 0x105, (uint32_t)&numbers[1],
				  SEL_DATA });
	repeat("FXSAVE and FXRSTOR", save_and_restore,
	       (struct pointers){ ADDRESS(at_fxsave), SEL_CODE, 0x105, (uint32_t)&numbers[1],
				  SEL_DATA });
	CHECK_EQUAL("FXSAVE: FIP", *(uint32_t *)(fx + 8), ADDRESS(at_fxsave));
	CHECK_EQUAL("FXSAVE: FDP", *(uint32_t *)(fx + 16), &numbers[1]);
}

/* -- a block that is left in the middle */
static void faulting_load(void)
{
	__asm__ volatile("fninit\n mov %0, %%fs\n at_fault: flds %1\n add $1, %%eax\n mov %%fs:16, "
			 "%%eax\n fld1\n fstps %2" ::"r"(SEL_SMALL),
			 "m"(numbers[2]), "m"(image16)
			 : "eax");
}
static void faulting_x87(void)
{
	__asm__ volatile(
		"fninit\n mov %0, %%fs\n at_fault2: flds %1\n flds %%fs:14\n fstps %2" ::"r"(
			SEL_SMALL),
		"m"(numbers[2]), "m"(image16));
}
static unsigned vector;
static void catch_load(void)
{
	vector = catch_call(faulting_load);
	__asm__ volatile("fnstenv %0" : "=m"(image));
}
static void catch_x87(void)
{
	vector = catch_call(faulting_x87);
	__asm__ volatile("fnstenv %0" : "=m"(image));
}

static void left_in_the_middle(void)
{
	repeat("a fault afterwards", catch_load,
	       (struct pointers){ ADDRESS(at_fault), SEL_CODE, 0x105, (uint32_t)&numbers[2],
				  SEL_DATA });
	CHECK_EQUAL("  which is #GP", vector, GP + 1);
	repeat("an x87 instruction that faults sets nothing", catch_x87,
	       (struct pointers){ ADDRESS(at_fault2), SEL_CODE, 0x105, (uint32_t)&numbers[2],
				  SEL_DATA });
	CHECK_EQUAL("  which is #GP too", vector, GP + 1);
}

/* -- the other images */
static void image_of_16_bits(void)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		__asm__ volatile("fninit\n at_16: flds %1\n data16 fnstenv %0"
				 : "=m"(image16)
				 : "m"(numbers[1]));
	CHECK_EQUAL("16-bit protected image: IP", image16.words[3], ADDRESS(at_16) & 0xffff);
	CHECK_EQUAL("16-bit protected image: CS", image16.words[4], SEL_CODE);
	CHECK_EQUAL("16-bit protected image: operand", image16.words[5],
		    (uint32_t)&numbers[1] & 0xffff);
	CHECK_EQUAL("16-bit protected image: its selector", image16.words[6], SEL_DATA);
}

/* In .data, below 64 KiB. Real mode with CS = 10h, DS = 20h, ES = 0; 40 rounds, then back. */
uint32_t real_esp;
void real_images(void *wide, void *narrow, uint32_t operand);
__asm__("	.data\n"
	"real_images:\n"
	"	pushal\n"
	"	movl 36(%esp), %edi\n	movl 40(%esp), %esi\n	movl 44(%esp), %ebx\n"
	"	movl %esp, real_esp\n"
	"	ljmpl $0x50, $1f\n"
	"	.code16\n"
	"1:	movw $0x58, %ax\n	movw %ax, %ds\n	movw %ax, %es\n	movw %ax, %ss\n"
	"	movl %cr0, %eax\n	andb $0xfe, %al\n	movl %eax, %cr0\n"
	"	ljmpw $0x10, $(2f - 0x100)\n"
	"2:	xorw %ax, %ax\n	movw %ax, %es\n	movw %ax, %ss\n	movw $0x20, %ax\n	movw %ax, "
	"%ds\n"
	"	movw $40, %cx\n"
	"3:	fninit\n"
	"at_real: flds (%bx)\n"
	"	movw $0x30, %ax\n	movw %ax, %ds\n"
	"	data32 fnstenv %es:(%di)\n"
	"	fnstenv %es:(%si)\n"
	"	movw $0x20, %ax\n	movw %ax, %ds\n"
	"	loop 3b\n"
	"	movl %cr0, %eax\n	orb $1, %al\n	movl %eax, %cr0\n"
	"	ljmpl $8, $4f\n"
	"	.code32\n"
	"4:	movw $0x10, %ax\n	movw %ax, %ds\n	movw %ax, %es\n	movw %ax, %ss\n"
	"	movl real_esp, %esp\n"
	"	popal\n	ret\n"
	"	.text\n");

static void images_of_real_mode(void)
{
	uint32_t ip = ADDRESS(at_real), dp = (uint32_t)&numbers[1];

	real_images(&image, &image16, dp - 0x200);
	CHECK_EQUAL("32-bit real image: IP, low", image.dwords[3] & 0xffff, ip & 0xffff);
	CHECK_EQUAL("32-bit real image: IP, high, and FOP", image.dwords[4] & 0x0ffff7ff,
		    (ip >> 16) << 12 | 0x107);
	CHECK_EQUAL("32-bit real image: operand, low", image.dwords[5] & 0xffff, dp & 0xffff);
	CHECK_EQUAL("32-bit real image: operand, high", image.dwords[6] & 0x0ffff000,
		    (dp >> 16) << 12);
	CHECK_EQUAL("16-bit real image: IP", image16.words[3], ip & 0xffff);
	CHECK_EQUAL("16-bit real image: IP, high, and FOP", image16.words[4] & 0xf7ff,
		    ((ip >> 16) << 12 | 0x107));
	CHECK_EQUAL("16-bit real image: operand", image16.words[5], dp & 0xffff);
	CHECK_EQUAL("16-bit real image: operand, high", image16.words[6] & 0xf000,
		    (dp >> 16) << 12);
}

void guest_main(void)
{
	WRITE_CR(4, READ_CR(4) | CR4_OSFXSR);
	WRITE_CR(0, READ_CR(0) & ~(CR0_EM | CR0_TS));
	gdt[SEL_ALIAS_CODE / 8] = descriptor(0, 0xfffff, ACCESS_CODE, 0xc);
	gdt[SEL_SMALL / 8] = descriptor((uint32_t)numbers, 15, ACCESS_DATA, 4);
	gdt[SEL_CODE16 / 8] = descriptor(0, 0xffff, ACCESS_CODE, 0);
	gdt[SEL_DATA16 / 8] = descriptor(0, 0xffff, ACCESS_DATA, 0);
	set();
	kept_and_cleared();
	left_in_the_middle();
	image_of_16_bits();
	images_of_real_mode();
}
