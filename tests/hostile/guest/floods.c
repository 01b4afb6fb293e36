/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Floods of port accesses: serial lines, debug ports, the display, the keyboard controller, moving
 * BARs, fw_cfg's DMA and the fastest timers. Sources: PC16550D; IBM VGA (Ferraro); Bochs VBE's
 * ports; IBM AT (8042); PCI 2.1, 6.2.5; QEMU's docs/specs/fw_cfg (DMA interface); Intel 8254;
 * MC146818A.
 */
#include "hostile.h"

void storm_serial(void)
{
	outb(0x3fb, 0x80); /* DLAB: divisor 1 */
	outb(0x3f8, 1);
	outb(0x3f9, 0);
	outb(0x3fb, 3);
	for (unsigned i = 0;; i++) {
		outb(0x3f8, (uint8_t)i);
		outb(0x2f8, (uint8_t)i);
		round_done(20000);
	}
}

void storm_debug_ports(void)
{
	for (unsigned i = 0;; i++) {
		outb(0xea, (uint8_t)i); /* the second debug console */
		outb(0x80, (uint8_t)i);
		round_done(20000);
	}
}

/* -- Display */

static void vbe(uint16_t index, uint16_t value)
{
	outw(0x1ce, index);
	outw(0x1cf, value);
}

static void switch_mode(unsigned n)
{
	static const uint16_t sizes[][3] = {
		{ 640, 480, 8 }, { 1024, 768, 32 }, { 320, 200, 8 }, { 1280, 1024, 16 }
	};
	const uint16_t *size = sizes[n % 4];

	vbe(4, 0);
	if (n % 5 == 0) { /* a text mode between */
		outw(0x3c4, (uint16_t)(random32() & 0x0f00) | 1);
		outw(0x3d4, (uint16_t)(random32() & 0xff00) | (uint16_t)(n % 0x19));
		return;
	}
	vbe(1, size[0]);
	vbe(2, size[1]);
	vbe(3, size[2]);
	vbe(4, 0x41);
}

static void write_palette(unsigned n)
{
	outb(0x3c8, 0);
	for (unsigned i = 0; i < 768; i++)
		outb(0x3c9, (uint8_t)(n + i));
	(void)inb(0x3da);
	outb(0x3c0, (uint8_t)(n & 0x1f));
	outb(0x3c0, (uint8_t)n);
	(void)inb(0x3da);
	outb(0x3c0, 0x20);
}

void storm_vga(void)
{
	volatile uint32_t *window = (volatile uint32_t *)0xa0000;

	assign_bars();
	for (unsigned n = 0;; n++) {
		switch_mode(n);
		write_palette(n);
		for (unsigned i = 0; i < 0x4000; i += 64)
			window[i] = n;
		round_done(1000);
	}
}

/* -- Keyboard controller */

void storm_keyboard(void)
{
	static const uint8_t commands[] = { 0xaa, 0xab, 0xad, 0xae, 0xa7,
					    0xa8, 0xa9, 0x20, 0xc0, 0xd0 };
	static const uint8_t to_keyboard[] = { 0xee, 0xf2, 0xed, 7, 0xf4, 0xf0, 2, 0xff };

	for (unsigned n = 0;; n++) {
		outb(0x64, commands[n % sizeof(commands)]);
		outb(0x60, to_keyboard[n % sizeof(to_keyboard)]);
		outb(0x64, 0xd4); /* the next is for the mouse */
		outb(0x60, n & 1 ? 0xff : 0xf4);
		if (n % 3)
			(void)inb(0x60);
		round_done(10000);
	}
}

/* -- PCI */

static void move_bar(struct bar *bar, unsigned n)
{
	unsigned reg = 0x10 + 4 * bar->index;

	if (n % 7 == 0)
		pci_write(bar->devfn, 4, n & 8 ? 7 : 0);
	if (bar->io)
		bar->base = IO_BARS + n % 0x20 * 0x100;
	else
		bar->base = LFB + n % 8 * 0x1000000;
	pci_write(bar->devfn, reg, bar->base);
}

void storm_bars(void)
{
	assign_bars();
	for (unsigned n = 0;; n++) {
		for (unsigned i = 0; i < bar_count; i++)
			move_bar(&bars[i], n + i);
		*(volatile uint32_t *)(LFB + (n & 0xfff) * 4) = n;
		round_done(1000);
	}
}

/* -- fw_cfg: read, skip and write of 4 GiB - 1 in one register write */

static uint32_t big_endian(uint32_t value)
{
	return __builtin_bswap32(value);
}

void storm_fw_cfg(void)
{
	static const uint32_t controls[] = { 0x0a, 0x0c,
					     0x18 }; /* select and read, select and skip, write */
	volatile uint32_t *access = (volatile uint32_t *)SCRATCH;

	print("ready\n");
	for (unsigned n = 0;; n++) {
		access[0] = big_endian(controls[n % 3] | (n % 0x30) << 16);
		access[1] = 0xffffffff;
		access[2] = 0;
		access[3] = big_endian(SCRATCH + 0x1000);
		outl(0x514, 0);
		outl(0x518, big_endian(SCRATCH));
		round_done(1);
	}
}

/* -- Timers */

static void on_timer(unsigned line)
{
	if (line == 8) { /* register C is read, or the clock interrupts no more */
		outb(0x70, 0x0c);
		(void)inb(0x71);
	}
}

void storm_timers(void)
{
	outb(0x70, 0x0a); /* 8,192 Hz */
	outb(0x71, 0x23);
	outb(0x70, 0x0b); /* periodic, alarm and update interrupts */
	outb(0x71, 0x72);
	outb(0x43, 0x34); /* counter 0, mode 2, a count of 2: 596,591 Hz */
	outb(0x40, 2);
	outb(0x40, 0);
	start_interrupts(0xfefa, on_timer);
	for (unsigned n = 0;; n++) {
		outb(0x43, 0x36); /* and programmed anew all the time, mode 3 and mode 2 */
		outb(0x40, 2);
		outb(0x40, 0);
		for (unsigned i = 0; i < 100; i++)
			(void)inb(0x61);
		outb(0x43, 0x34);
		outb(0x40, 2);
		outb(0x40, 0);
		round_done(20); /* few: most of the processor's time goes to ticks */
	}
}
