/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Resets of the processor alone, in each way that a PC has, with shutdown code 0Ah: the guest
 * resumes in real mode at the far pointer of 40:67 (start.S with RESUME does what a BIOS does);
 * memory, interrupt masks and devices are as they were. Then a reset of the board, after which the
 * devices start anew. Runs on the machines `pc` and `isapc`. Sources: IBM PC AT Technical
 * Reference, BIOS listing, "shutdown"; Intel 290550 (PIIX3), 2.5.3 (port 92h), 2.5.5 (CF9h); Intel
 * SDM volume 3, table 9-1.
 */
#include "guest.h"

/* clang-format off */
enum {
	PIC_MASTER = 0x20, PIC_MASTER_MASK, PIC_SLAVE = 0xa0, PIC_SLAVE_MASK, I8042_DATA = 0x60, PORT_B, I8042_COMMAND = 0x64,
	CMOS_INDEX = 0x70, CMOS_DATA, PORT_92 = 0x92, UART_LCR = 0x3fb, PCI_ADDRESS = 0xcf8, RESET_CONTROL = 0xcf9, PCI_DATA = 0xcfc,
};
/* clang-format on */
enum { CMOS_SHUTDOWN = 0x0f, SHUTDOWN_JUMP = 0x0a };
enum { I8042_WRITE_OUTPUT = 0xd1, I8042_A20_OFF = 0xdd, I8042_PULSE_RESET = 0xfe };
#define I440FX_PAM6 0x5f /* E8000h-EFFFFh */
#define JUMP ((volatile uint16_t *)0x467)
#define LOW_MEMORY ((volatile uint32_t *)0x600)
#define HIGH_MEMORY ((volatile uint32_t *)0x200000)
#define SHADOW_MEMORY ((volatile uint32_t *)0xe8000)
#define MARK 0x600df00du

/* What the handler found in real mode, and the tables to come back with. */
uint32_t resumed_esp, resumed_cr0, resumed_eflags;
uint16_t resumed_gdtr[3], resumed_idtr[3];

/* Calls f, which resets the processor; returns from the handler, whose offset in segment F000h is
 * reset_handler. */
void reset_call(void (*f)(void));
extern const uint8_t reset_handler[];
__asm__("	.text\n"
	"reset_call:\n"
	"	movl 4(%esp), %eax\n"
	"	pushal\n"
	"	movl %esp, resumed_esp\n"
	"	sgdtl resumed_gdtr\n	sidtl resumed_idtr\n"
	"	call *%eax\n"
	"1:	hlt\n	jmp 1b\n"
	"	.section .text16, \"ax\"\n"
	"	.code16\n"
	"reset_handler:\n"
	"	xorw %ax, %ax\n	movw %ax, %ds\n	movw %ax, %ss\n	movl resumed_esp, %esp\n"
	"	movl %cr0, %eax\n	movl %eax, resumed_cr0\n"
	"	pushfl\n	popl resumed_eflags\n"
	"	lgdtl resumed_gdtr\n	lidtl resumed_idtr\n"
	"	orb $1, %al\n	movl %eax, %cr0\n"
	"	ljmpl $8, $1f\n"
	"	.code32\n"
	"1:	movw $0x10, %ax\n	movw %ax, %ds\n	movw %ax, %es\n	movw %ax, %ss\n	movw %ax, "
	"%fs\n	movw %ax, %gs\n"
	"	cld\n	popal\n	ret\n"
	"	.text\n");

static void pci_select(uint8_t reg)
{
	__asm__ volatile("outl %0, %1" ::"a"(0x80000000u | (reg & 0xfcu)),
			 "Nd"((uint16_t)PCI_ADDRESS));
}

static bool has_pci(void)
{
	pci_select(0);
	return inb(PCI_DATA) == 0x86;
}

static uint8_t cmos(uint8_t index)
{
	outb(CMOS_INDEX, index);
	return inb(CMOS_DATA);
}

/* -- Ways to reset the processor */

static void pulse(void)
{
	outb(I8042_COMMAND, I8042_PULSE_RESET);
}

static void output_port(void)
{
	outb(I8042_COMMAND, I8042_WRITE_OUTPUT);
	outb(I8042_DATA, 0xde);
}

static void triple_fault(void)
{
	struct {
		uint16_t limit;
		uint32_t base;
	} __attribute__((packed)) none = { 0, 0 };

	__asm__ volatile("lidt %0; int3" ::"m"(none));
}

static void port_92(void)
{
	outb(PORT_92, 0x02);
	outb(PORT_92, 0x03);
}

static void reset_control_soft(void)
{
	outb(RESET_CONTROL, 0x00);
	outb(RESET_CONTROL, 0x04);
}

static void pulse_with_a20_off(void)
{
	outb(I8042_COMMAND, I8042_A20_OFF);
	pulse();
}

static void reset_control_hard(void)
{
	outb(RESET_CONTROL, 0x02);
	outb(RESET_CONTROL, 0x06);
}

/* -- The checks */

/* ICW1 to ICW4: edges, a cascade at input 2, vectors from `base` on. */
static void init_pic(uint16_t port, uint8_t base, uint8_t cascade)
{
	outb(port, 0x11);
	outb(port + 1, base);
	outb(port + 1, cascade);
	outb(port + 1, 0x01);
}

static void set_up(bool pci)
{
	outb(PIC_MASTER_MASK, 0xa5);
	outb(PIC_SLAVE_MASK, 0x5a);
	outb(PORT_B, 0x03);
	outb(UART_LCR, 0x1b);
	if (pci) {
		pci_select(I440FX_PAM6);
		outb(PCI_DATA + (I440FX_PAM6 & 3), 0x33);
		*SHADOW_MEMORY = MARK;
	}
	*LOW_MEMORY = *HIGH_MEMORY = MARK;
	JUMP[0] = (uint16_t)(uint32_t)reset_handler;
	JUMP[1] = 0xf000;
	outb(CMOS_INDEX, CMOS_SHUTDOWN);
	outb(CMOS_DATA, SHUTDOWN_JUMP);
	resumed_cr0 = resumed_eflags = 0xffffffff;
}

static void check_processor(const char *way)
{
	print("# %s\n", way);
	CHECK_EQUAL("shutdown code taken", cmos(CMOS_SHUTDOWN), 0);
	CHECK_EQUAL("CR0: real mode", resumed_cr0 & 0x80000001u, 0);
	CHECK_EQUAL("EFLAGS but for ZF and PF of the handler's XOR", resumed_eflags & ~0x44u, 2);
	CHECK_EQUAL("low memory", *LOW_MEMORY, MARK);
	CHECK_EQUAL("high memory, A20", *HIGH_MEMORY, MARK);
	*(volatile uint32_t *)0x100600 = 0;
	CHECK_EQUAL("A20 is on", *LOW_MEMORY, MARK);
}

static void check_devices(bool pci)
{
	CHECK_EQUAL("master's mask", inb(PIC_MASTER_MASK), 0xa5);
	CHECK_EQUAL("slave's mask", inb(PIC_SLAVE_MASK), 0x5a);
	CHECK_EQUAL("port B", inb(PORT_B) & 3, 3);
	CHECK_EQUAL("UART's line control", inb(UART_LCR), 0x1b);
	if (pci)
		CHECK_EQUAL("shadow RAM", *SHADOW_MEMORY, MARK);
}

void guest_main(void)
{
	static const struct {
		const char *name;
		void (*way)(void);
		bool pci;
	} ways[] = {
		{ "keyboard controller command FEh", pulse, false },
		{ "output port bit 0", output_port, false },
		{ "triple fault", triple_fault, false },
		{ "keyboard controller with A20 off", pulse_with_a20_off, false },
		{ "port 92h", port_92, true },
		{ "CF9h = 04h", reset_control_soft, true },
	};
	bool pci = has_pci();

	init_pic(PIC_MASTER, 0x20, 1 << 2);
	init_pic(PIC_SLAVE, 0x28, 2);
	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (ways[i].pci && !pci)
			continue;
		set_up(pci);
		reset_call(ways[i].way);
		check_processor(ways[i].name);
		check_devices(pci);
	}
	if (!pci)
		return;
	set_up(pci);
	reset_call(reset_control_hard);
	check_processor("CF9h = 06h");
	CHECK_EQUAL("master's mask", inb(PIC_MASTER_MASK), 0);
	CHECK_EQUAL("UART's line control", inb(UART_LCR), 0);
	CHECK_EQUAL("shadow RAM off", *SHADOW_MEMORY, 0xffffffff);
}
