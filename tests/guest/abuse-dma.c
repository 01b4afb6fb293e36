/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bus masters: PRD tables, descriptor rings and buffers at themselves, at nowhere, at ROM, at MMIO,
 * at page tables, at code. */
#include "abuse.h"

#define IDE_ID 0x70108086
#define PCNET_ID 0x20001022
#define TABLE 0x20000  /* a PRD table, a ring */
#define BUFFER 0x30000 /* where PRD tables and rings point too */
#define CODE 0x40000   /* is run between the transfers */
#define PAGES 0x50000  /* page tables in use */
#define WAIT 3000

static const uint32_t fixed[] = { TABLE,      BUFFER,  CODE,       PAGES,      PAGES + 0x1000,
				  0xa0000,    0xc0000, 0xf0000,    0xfffff000, 0xfffffffc,
				  MEMORY - 4, MEMORY,  0x7ffffffc, 0x5000 };
static uint32_t places[16];
static unsigned place_count;
static struct bar ide, net_io, net_memory;

static void paging(void)
{
	uint32_t *directory = (uint32_t *)PAGES, *table = (uint32_t *)(PAGES + 0x1000);

	for (unsigned i = 0; i < 1024; i++) {
		directory[i] = i << 22 | 0x87;
		table[i] = BUFFER | 7;
	}
	directory[0x100] = (uint32_t)table | 7;
	WRITE_CR(4, 0x10);
	WRITE_CR(3, directory);
	WRITE_CR(0, 0x80010031);
}

/* What the transfers may change while it is in use. */
static void use(void)
{
	volatile uint32_t *page = (volatile uint32_t *)0x40000000;

	for (unsigned i = 0; i < 16; i++) {
		(void)page[i << 10];
		page[i << 10] = i;
		__asm__ volatile("call *%0" ::"r"(CODE) : "eax", "ecx", "edx", "memory");
	}
}

static void write_code(void)
{
	uint8_t *code = (uint8_t *)CODE;

	for (unsigned i = 0; i < 4096; i++)
		code[i] = i % 64 == 63 ? 0xc3 : 0x90;
}

/* -- IDE */

static void ide_command(uint8_t command, uint32_t lba, uint8_t count)
{
	outb(0x1f6, (uint8_t)(0xe0 | (lba >> 24 & 15)));
	outb(0x1f2, count);
	outb(0x1f3, (uint8_t)lba);
	outb(0x1f4, (uint8_t)(lba >> 8));
	outb(0x1f5, (uint8_t)(lba >> 16));
	outb(0x1f7, command);
}

static void ide_transfer(uint32_t table, uint32_t buffer, unsigned n)
{
	uint16_t port = (uint16_t)ide.base;
	volatile uint32_t *prd = (volatile uint32_t *)table;
	static const uint32_t flags[] = { 0x80000000, 0,          0x10,  0x80000002,
					  0xfffe,     0xffffffff, 0x200, 0x80000201 };

	for (unsigned i = 0; i < 16; i += 2) {
		prd[i] = buffer + (n & 3);
		prd[i + 1] = flags[(i / 2 + n) & 7];
	}
	outl(port + 4, table);
	outb(port + 2, 6);
	ide_command(n & 1 ? 0xca : 0xc8, n * 8, (uint8_t)(n & 2 ? 128 : 8));
	outb(port, n & 1 ? 1 : 9);
	if (n & 4)
		outl(port + 4, buffer); /* another table while it runs */
	for (unsigned i = 0; i < WAIT && (inb(port + 2) & 5) == 1; i++)
		if (i % 64 == 0)
			use();
	if (n & 8)
		outb(0x3f6, 4);
	outb(port, 0);
	outb(0x3f6, 0);
	use();
}

/* -- PCnet */

static void csr(unsigned index, uint16_t value)
{
	outw((uint16_t)net_io.base + 0x12, (uint16_t)index);
	outw((uint16_t)net_io.base + 0x10, value);
}

static void bcr(unsigned index, uint16_t value)
{
	outw((uint16_t)net_io.base + 0x12, (uint16_t)index);
	outw((uint16_t)net_io.base + 0x16, value);
}

static void fill_ring(uint32_t ring, uint32_t buffer, unsigned n)
{
	volatile uint32_t *word = (volatile uint32_t *)ring;
	uint32_t mask = n & 1 ? 0x83000000 : 0x82000000;

	for (unsigned i = 0; i < 64; i++)
		word[i] = i & 1 ? mask | 0xf000 | (0x1000 - (n * 61 & 0xfff)) : buffer;
}

static void net_transfer(uint32_t ring, uint32_t buffer, unsigned n)
{
	static const uint8_t styles[] = { 2, 0, 3, 2 };
	uint8_t style = styles[n & 3];
	uint32_t block = n & 8 ? ring : 0x21000;
	volatile uint32_t *init = (volatile uint32_t *)block;

	(void)inw((uint16_t)net_io.base + 0x14);
	bcr(20, style);
	fill_ring(ring, buffer, n);
	if (!(n & 8)) {
		/* Mode: internal loopback, promiscuous. Rings of 512 and of one. */
		init[0] = 0x8004 | (n & 4 ? 0x90900000 : 0);
		for (unsigned i = 1; i < 5; i++)
			init[i] = 0xffffffff;
		init[style ? 5 : 4] = style ? ring : (ring & 0xffffff) | 0xe0000000;
		init[style ? 6 : 5] = n & 4 ? ring : (ring + 8) | (style ? 0 : 0xe0000000);
	}
	csr(1, (uint16_t)block);
	csr(2, (uint16_t)(block >> 16));
	csr(0, 0x41);
	csr(15, (uint16_t)(0x8004 | (n & 1 ? 0x40 : 0)));
	csr(0, 0x4a);
	for (unsigned i = 0; i < 40; i++) {
		csr(0, 0x48);
		if (i == 20)
			fill_ring(ring, buffer, n + 1);
		use();
	}
	*(volatile uint32_t *)(net_memory.base + 0x10) = 4;
	csr(0, 4);
}

static void step(unsigned n)
{
	uint32_t table = places[n / 2 / 16 % 16], buffer = places[n / 2 % 16];

	write_code();
	paging();
	if (n & 1)
		net_transfer(table, buffer, n / 2);
	else
		ide_transfer(table & ~3u, buffer, n / 2 * 5);
}

void guest_main(void)
{
	assign_bars();
	for (unsigned i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		places[place_count++] = fixed[i];
	ide = *find_bar(IDE_ID, 4);
	net_io = *find_bar(PCNET_ID, 0);
	net_memory = *find_bar(PCNET_ID, 1);
	places[place_count++] = net_memory.base;
	places[place_count++] = LFB;
	run_steps(step, 512);
}
