/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Anything to the configuration space of every function, and then anything to wherever the BARs
 * are. */
#include "abuse.h"

#define ROUNDS 300
#define ACCESSES 256

static void configure(void)
{
	uint32_t r = random32(), value = random32();
	unsigned devfn = r >> 8 & 0xff, bus = r % 16 ? 0 : r >> 16 & 0xff;
	uint16_t data = (uint16_t)(0xcfc + (r >> 4 & 3));

	if (r & 0x80000000) /* one that exists */
		devfn = bars[(r >> 8) % bar_count].devfn;
	outl(0xcf8, 0x80000000 | bus << 16 | devfn << 8 | (r >> 20 & 0xfc));
	if (r & 0x40000000)
		outl(0xcfc, value);
	else if (r & 0x20000000)
		outb(data, (uint8_t)value);
	else
		outw(data & 0xcfe, (uint16_t)value);
	(void)inl(0xcfc);
}

static void touch(const struct bar *bar)
{
	uint32_t r = random32(), value = random32(), offset = r % bar->size;
	volatile uint8_t *at = (volatile uint8_t *)(bar->base + offset);

	switch (r >> 28 & 7) {
	case 0:
		(void)*at;
		break;
	case 1:
		(void)*(volatile uint32_t *)at;
		break;
	case 2:
		*at = (uint8_t)value;
		break;
	case 3:
		*(volatile uint16_t *)at = (uint16_t)value;
		break;
	case 4: {
		uint32_t count = value & 0xff;
		__asm__ volatile("rep movsl" : "+D"(at), "+c"(count) : "S"(0x20000) : "memory");
		break;
	}
	case 5:
		__asm__ volatile("lock xaddl %0, %1" : "+r"(value), "+m"(*at)::"memory");
		break;
	case 6:
		__asm__ volatile("fldpi; fstpt %0; fldt %0; fstp %%st" : "+m"(*at)::"memory");
		break;
	default:
		*(volatile uint32_t *)at = value;
	}
}

/* Where they are now, not where they were put; and the VGA's window. */
static void touch_all(void)
{
	for (unsigned i = 0; i < bar_count; i++) {
		struct bar bar = bars[i];

		if (bar.io) {
			uint16_t port = (uint16_t)(bar.base + random32() % bar.size);

			outl(port, random32());
			outb(port, (uint8_t)random32());
			continue;
		}
		for (unsigned j = 0; j < 16; j++)
			touch(&bar);
		bar.base = pci_read(bar.devfn, 0x10 + 4 * bar.index) & ~15u;
		if (bar.base >= MEMORY)
			for (unsigned j = 0; j < 4; j++)
				touch(&bar);
	}
	for (unsigned j = 0; j < 32; j++)
		touch(&(struct bar){ 0xa0000, 0x20000, 0, 0, 0 });
	for (unsigned j = 0; j < 32; j++) {
		outw(0x3c4 + (j & 1) * 10, (uint16_t)random32());
		outw(0x1ce, j & 15);
		outw(0x1d0 - (random32() & 1), (uint16_t)random32());
	}
}

static void step(unsigned n)
{
	if (n % 4 == 0)
		assign_bars();
	if (n & 1)
		for (unsigned i = 0; i < ACCESSES; i++)
			configure();
	touch_all();
	__asm__ volatile("sti; nop; nop; cli");
}

void guest_main(void)
{
	assign_bars();
	run_steps(step, ROUNDS);
}
