/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What older systems do all day, as a bare-metal program like micro.c: 16-bit code in real mode,
 * code that changes itself, accesses to ports and to device memory, drawing in the VGA's planes,
 * port input from user level with IOPL 3. It does BATCHES times BATCH operations of row ROW, or
 * with RUN=0 only what surrounds them; what they leave is checked, and a failed check is printed.
 *
 * Sources: SDM volume 3, 9.9 (mode switching); IBM VGA/XGA Technical Reference Manual; PCI Local
 * Bus Specification 2.1, 3.7.4.1 (configuration mechanism 1).
 */
#include "../guest/ata.h"

#define BATCH 1000
#define STRINGIFY(x) #x
#define TEXT(x) STRINGIFY(x)

static uint32_t random_state = 1;

static uint32_t next_random(void)
{
	return random_state = random_state * 1664525 + 1013904223;
}

static void expect_value(const char *name, uint32_t value, uint32_t wanted)
{
	if (value != wanted)
		check(false, name, "is %x, should be %x", value, wanted);
}

static void nothing(void)
{
}

/* -- Real mode: an operation sums and copies WORDS words, with a call for each */

#define WORDS 32
#define SEL_CODE16 0x48
#define SEL_DATA16 0x50

static uint16_t *const real_source = (uint16_t *)0x20000;
static uint16_t *const real_copy = (uint16_t *)0x21000;
uint32_t real_sum, real_esp;

void real_enter(void);
__asm__("	.data\n" /* below 64 KiB: CS is 0 */
	"real_enter:\n"
	"	pushal\n	movl %esp, real_esp\n"
	"	ljmpl $0x48, $1f\n"
	"	.code16\n"
	"1:	movw $0x50, %ax\n	movw %ax, %ds\n	movw %ax, %es\n	movw %ax, %ss\n"
	"	movl %cr0, %eax\n	andb $0xfe, %al\n	movl %eax, %cr0\n"
	"	ljmpw $0, $2f\n"
	"2:	xorw %ax, %ax\n	movw %ax, %ss\n	movl $0x7000, %esp\n"
	"	movw $0x2000, %ax\n	movw %ax, %ds\n	movw %ax, %es\n"
	"	xorw %dx, %dx\n	movw $" TEXT(
		BATCH) ", %bp\n"
		       "3:	xorw %si, %si\n	movw $0x1000, %di\n	movw $" TEXT(
			       WORDS) ", %cx\n"
				      "4:	lodsw\n	call 6f\n	stosw\n	loop 4b\n"
				      "	decw %bp\n	jnz 3b\n"
				      "	xorw %ax, %ax\n	movw %ax, %ds\n	movw %dx, real_sum\n"
				      "	movl %cr0, %eax\n	orb $1, %al\n	movl %eax, %cr0\n"
				      "	ljmpl $0x08, $5f\n"
				      "6:	pushw %bx\n	movw %ax, %bx\n	addw %bx, %dx\n	"
				      "rolw $1, %dx\n	popw %bx\n	ret\n"
				      "	.code32\n"
				      "5:	movw $0x10, %ax\n	movw %ax, %ds\n	movw %ax, "
				      "%es\n	movw %ax, %ss\n"
				      "	movl real_esp, %esp\n	popal\n	ret\n"
				      "	.text\n");

static uint32_t expected_sum(void)
{
	uint16_t sum = 0;

	for (unsigned i = 0; i < BATCH * WORDS; i++) {
		sum = (uint16_t)(sum + real_source[i % WORDS]);
		sum = (uint16_t)(sum << 1 | sum >> 15);
	}
	return sum;
}

static void run_real(void)
{
	static uint32_t expected;

	if (!expected) {
		gdt[SEL_CODE16 / 8] = descriptor(0, 0xffff, ACCESS_CODE | 1, 0);
		gdt[SEL_DATA16 / 8] = descriptor(0, 0xffff, ACCESS_DATA | 1, 0);
		for (unsigned i = 0; i < WORDS; i++)
			real_source[i] = (uint16_t)next_random();
		expected = expected_sum();
	}
	real_enter();
	expect_value("sum in real mode", real_sum, expected);
	expect_value("copy in real mode", real_copy[WORDS - 1], real_source[WORDS - 1]);
}

/* -- Code that changes itself */

uint32_t modify(uint32_t from, uint32_t count);
__asm__("	.data\n"
	"	.balign 64\n"
	"modify:\n" /* the sum of from, from + 1, ... */
	"	movl 4(%esp), %edx\n	movl 8(%esp), %ecx\n	xorl %eax, %eax\n"
	"	pushl %ebx\n"
	"1:	movl %edx, 2f + 1\n"
	"2:	movl $0, %ebx\n"
	"	addl %ebx, %eax\n	incl %edx\n	decl %ecx\n	jnz 1b\n"
	"	popl %ebx\n	ret\n"
	"	.balign 64\n"
	"	.text\n");

static void run_modify(void)
{
	uint32_t from = next_random();

	expect_value("sum of a loop that changes itself", modify(from, BATCH),
		     BATCH * from + BATCH * (BATCH - 1) / 2);
}

/* An operation writes MOV EAX, imm32; ADD EAX, EDX; RET and calls it. */
static void run_generate(void)
{
	static uint8_t code[4096] __attribute__((aligned(4096)));
	uint32_t sum = 0, wanted = 0;

	for (unsigned i = 0; i < BATCH; i++) {
		uint32_t constant = next_random();
		uint8_t *at = code + i % 64 * 16;

		at[0] = 0xb8;
		*(volatile uint32_t *)(at + 1) = constant;
		*(volatile uint16_t *)(at + 5) = 0xd001;
		((volatile uint8_t *)at)[7] = 0xc3;
		__asm__ volatile("call *%2" : "=a"(sum) : "d"(sum), "r"(at) : "memory");
		wanted += constant;
	}
	expect_value("sum of generated code", sum, wanted);
}

/* -- Ports and device memory */

#define PIC_MASK 0x21

static void run_out(void)
{
	for (unsigned i = 0; i < BATCH; i++)
		outb(PIC_MASK, (uint8_t)i);
	expect_value("the mask", inb(PIC_MASK), (uint8_t)(BATCH - 1));
}

#define VGA_MEMORY 0xe0000000u
#define VGA_REGISTERS 0xe1000000u
#define VBE_REGISTERS (VGA_REGISTERS + 0x500)

static void write_pci(uint32_t device, uint32_t offset, uint32_t value)
{
	__asm__ volatile("outl %0, %1" ::"a"(0x80000000 | device << 11 | offset), "d"(0xcf8));
	__asm__ volatile("outl %0, %1" ::"a"(value), "d"(0xcfc));
}

static uint32_t read_pci(uint32_t device, uint32_t offset)
{
	uint32_t value;

	__asm__ volatile("outl %0, %1" ::"a"(0x80000000 | device << 11 | offset), "d"(0xcf8));
	__asm__ volatile("inl %1, %0" : "=a"(value) : "d"(0xcfc));
	return value;
}

static void enable_vga(void)
{
	for (uint32_t device = 0; device < 32; device++)
		if (read_pci(device, 0) == 0x11111234) {
			write_pci(device, 0x10, VGA_MEMORY);
			write_pci(device, 0x18, VGA_REGISTERS);
			write_pci(device, 0x04, 3); /* memory and ports */
			return;
		}
	check(false, "VGA", "there is none");
}

static void run_memory(void)
{
	uint32_t differ = 0;

	for (unsigned i = 0; i < BATCH; i++)
		differ |= *(volatile uint16_t *)VBE_REGISTERS ^ 0xb0c5;
	expect_value("the VBE version", differ & 0xfff0, 0);
}

/* -- The VGA's planes, as in mode 12h */

static volatile uint8_t *const window = (volatile uint8_t *)0xa0000;

static void set_register(uint16_t port, uint8_t index, uint8_t value)
{
	outb(port, index);
	outb(port + 1, value);
}
#define SEQUENCER(index, value) set_register(0x3c4, index, value)
#define GRAPHICS(index, value) set_register(0x3ce, index, value)

static void planar(uint8_t mode, uint8_t bit_mask)
{
	enable_vga();
	outb(0x3c2, 0xe3); /* the CPU reaches video memory */
	SEQUENCER(0x00, 0x03);
	SEQUENCER(0x02, 0x0f); /* all planes */
	SEQUENCER(0x04, 0x06); /* neither odd/even nor chain 4 */
	GRAPHICS(0x01, 0x00);
	GRAPHICS(0x03, 0x00);
	GRAPHICS(0x04, 0x02); /* reads see plane 2 */
	GRAPHICS(0x05, mode);
	GRAPHICS(0x06, 0x05); /* graphics, 64 KiB at A0000 */
	GRAPHICS(0x08, bit_mask);
}

static void planar_bytes(void)
{
	planar(0, 0xff);
}

static void run_bytes(void)
{
	uint8_t value = (uint8_t)next_random();

	for (unsigned i = 0; i < BATCH; i++)
		window[i] = (uint8_t)(value + i);
	expect_value("a byte of plane 2", window[BATCH - 1], (uint8_t)(value + BATCH - 1));
}

#define PIXEL 0x10

static void planar_pixels(void)
{
	planar(2, PIXEL);
}

/* An operation sets a pixel: the read loads the latches, which keep the other seven. */
static void run_pixels(void)
{
	uint8_t colour = next_random() >> 24 & 15;

	for (unsigned i = 0; i < BATCH; i++) {
		(void)window[i];
		window[i] = colour;
	}
	expect_value("a pixel of plane 2", window[BATCH - 1] & PIXEL, colour & 4 ? PIXEL : 0);
}

/* -- Port input from user level */

#define FLAGS_IOPL3 0x3002

static void run_user_post(void)
{
	for (unsigned i = 0; i < BATCH; i++)
		inb(0x80);
	__asm__ volatile("int $0x80");
}

static void run_user_pit(void)
{
	for (unsigned i = 0; i < BATCH; i++)
		inb(0x40);
	__asm__ volatile("int $0x80");
}

static void start_pit(void)
{
	outb(0x43, 0x34); /* channel 0, mode 2, the longest period */
	outb(0x40, 0);
	outb(0x40, 0);
}

static void (*user_function)(void);

static void enter_user(void)
{
	user_call((uint32_t)user_function, SEL_USER_CODE, (uint32_t)user_stack + sizeof(user_stack),
		  SEL_USER_DATA, FLAGS_IOPL3);
}

static void user_post(void)
{
	user_function = run_user_post;
	expect_value("the end of input from port 80h", catch_call(enter_user), 0x81);
}

static void user_pit(void)
{
	user_function = run_user_pit;
	expect_value("the end of input from the PIT", catch_call(enter_user), 0x81);
}

/* -- The disk by programmed I/O */

#define PIO_BATCH 20        /* BATCH_OF in micro.py */
#define DISK_SECTORS 32768u /* of DISK in micro.py */

#define FUNCTION_1 0x100
#define IDETIM 0x40 /* PIIX3, 2.5.10: timing, and whether the ports are decoded */

/* As firmware does. */
static void enable_ide(void)
{
	for (uint32_t device = 0; device < 32; device++)
		if (read_pci(device, FUNCTION_1) == 0x70108086) {
			write_pci(device, FUNCTION_1 | IDETIM, 0x80008000);
			write_pci(device, FUNCTION_1 | 0x04, 5); /* ports, bus master */
			return;
		}
	check(false, "IDE", "there is none");
}

/* An operation reads a sector of random bytes from a random place. */
static void run_pio(void)
{
	static uint16_t sector[SECTOR_WORDS];
	uint32_t bytes = 0;

	for (unsigned i = 0; i < PIO_BATCH; i++) {
		void *to = sector;
		uint32_t words = SECTOR_WORDS;
		uint8_t status = ata_command(READ_SECTORS, next_random() % DISK_SECTORS);

		if (!(status & STATUS_DRQ))
			break;
		__asm__ volatile("rep insw"
				 : "+D"(to), "+c"(words)
				 : "d"((uint16_t)DATA)
				 : "memory");
		bytes += (uint32_t)to - (uint32_t)sector;
	}
	expect_value("bytes from the disk", bytes, PIO_BATCH * 2 * SECTOR_WORDS);
}

/* In the order of micro.py. `prepare` is done once. */
static const struct {
	void (*prepare)(void);
	void (*run)(void);
} rows[] = {
	{ nothing, run_real },         { nothing, run_modify },    { nothing, run_generate },
	{ nothing, run_out },          { enable_vga, run_memory }, { planar_bytes, run_bytes },
	{ planar_pixels, run_pixels }, { nothing, user_post },     { start_pit, user_pit },
	{ enable_ide, run_pio },
};

void guest_main(void)
{
	rows[ROW].prepare();
	for (unsigned i = 0; RUN && i < BATCHES; i++)
		rows[ROW].run();
}
