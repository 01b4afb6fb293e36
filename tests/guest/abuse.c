/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "abuse.h"

#define MAGIC 0x41425553
#define PIC_BASE 0x70

struct bar bars[32];
unsigned bar_count;

/* Behind a reset this is still here: the programs' data begin at 8000h. */
struct kept {
	uint32_t magic, step, seed, resets, sum;
};
static volatile struct kept *const kept = (volatile struct kept *)0x6000;
static void (*the_step)(unsigned n);

static uint32_t sum_kept(void)
{
	return ~(kept->magic + kept->step * 3 + kept->seed * 5 + kept->resets * 7);
}

uint32_t random32(void)
{
	uint32_t x = kept->seed;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	kept->seed = x;
	kept->sum = sum_kept();
	return x;
}

static void assign_bar(unsigned devfn, unsigned index)
{
	unsigned reg = 0x10 + 4 * index;
	uint32_t mask, base, io;

	pci_write(devfn, reg, 0xffffffff);
	mask = pci_read(devfn, reg);
	io = mask & 1;
	mask &= io ? ~3u : ~15u;
	if (!mask || bar_count == 32)
		return;
	base = io ? IO_BARS + bar_count * 0x100 : LFB + bar_count * 0x1000000u;
	pci_write(devfn, reg, base);
	bars[bar_count++] = (struct bar){ base, (io ? -(mask | 0xffff0000u) : -mask),
					  (uint16_t)devfn, (uint8_t)index, (uint8_t)io };
}

void assign_bars(void)
{
	bar_count = 0;
	for (unsigned devfn = 0; devfn < 256; devfn++) {
		uint32_t id = pci_read(devfn, 0);

		if (id == 0xffffffff)
			continue;
		for (unsigned i = 0; i < 6; i++)
			assign_bar(devfn, i);
		pci_write(devfn, 4, 7);
		if (id == 0x71138086) {
			pci_write(devfn, 0x40, PM_BASE);
			pci_write(devfn, 0x80, 1);
		}
	}
}

struct bar *find_bar(uint32_t id, unsigned index)
{
	for (unsigned i = 0; i < bar_count; i++)
		if (bars[i].index == index && pci_read(bars[i].devfn, 0) == id)
			return &bars[i];
	return NULL;
}

/* Writes go to RAM, reads still to the ROM: whatever the step does to the PAM registers, the
 * program stays. */
static void shadow_rom(void)
{
	volatile uint32_t *rom = (volatile uint32_t *)0xf0000;

	pci_write(0, 0x58, 0x2000);
	for (unsigned i = 0; i < 0x4000; i++)
		rom[i] = rom[i];
	pci_write(0, 0x58, 0);
}

static void start_timer(void)
{
	static const uint8_t pic[][2] = {
		{ 0x20, 0x11 }, { 0x21, PIC_BASE },     { 0x21, 4 }, { 0x21, 1 }, { 0x21, 0xfe },
		{ 0xa0, 0x11 }, { 0xa1, PIC_BASE + 8 }, { 0xa1, 2 }, { 0xa1, 1 }, { 0xa1, 0xff }
	};

	for (unsigned i = 0; i < sizeof(pic) / sizeof(*pic); i++)
		outb(pic[i][0], pic[i][1]);
	outb(0x43, 0x34);
	outb(0x40, 0xff);
	outb(0x40, 0xff);
}

static void one_step(void)
{
	the_step(kept->step - 1);
}

/* Before anything else that needs them: the descriptor tables. */
static bool own_tables(struct frame *frame)
{
	struct {
		uint16_t limit;
		uint32_t base;
	} __attribute__((packed)) gdtr = { sizeof(gdt) - 1, (uint32_t)gdt },
				  idtr = { sizeof(idt) - 1, (uint32_t)idt };

	(void)frame;
	__asm__ volatile("lgdt %0; lidt %1" ::"m"(gdtr), "m"(idtr));
	return false;
}

static void calm_down(void)
{
	own_tables(NULL);
	gdt[SEL_TSS / 8] = descriptor((uint32_t)&main_tss, sizeof(main_tss) - 1, ACCESS_TSS32, 0);
	__asm__ volatile("ltr %0" ::"r"((uint16_t)SEL_TSS));
	WRITE_CR(0, 0x31);
	WRITE_CR(3, 0);
	WRITE_CR(4, 0);
	__asm__ volatile("fninit");
}

void run_steps(void (*step)(unsigned n), unsigned count)
{
	the_step = step;
	trap_hook = own_tables;
	if (kept->magic != MAGIC || kept->sum != sum_kept()) {
		kept->magic = MAGIC;
		kept->step = kept->resets = 0;
		kept->seed = 0x2545f491;
	} else
		kept->resets++;
	shadow_rom();
	while (kept->step < count) {
		unsigned vector;

		kept->step++;
		kept->sum = sum_kept();
		calm_down();
		start_timer();
		print("step %u\n", kept->step - 1);
		vector = catch_call(one_step);
		if (vector)
			print("vector %x at %x, error code %x\n", vector - 1, trap.eip, trap.error);
	}
	calm_down();
	print("%u steps, %u resets\n", kept->step, kept->resets);
	kept->magic = 0;
	check(true, "all steps", "");
}
