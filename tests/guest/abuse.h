/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the abuse-*.c programs share: wide ports, PCI, random numbers, and steps that go on after a
 * reset. */
#ifndef ABUSE_H
#define ABUSE_H

#include "guest.h"

static inline void outw(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}
static inline void outl(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}
static inline uint16_t inw(uint16_t port)
{
	uint16_t value;
	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}
static inline uint32_t inl(uint16_t port)
{
	uint32_t value;
	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}
static inline uint32_t pci_read(unsigned devfn, unsigned reg)
{
	outl(0xcf8, 0x80000000 | devfn << 8 | (reg & 0xfc));
	return inl(0xcfc);
}
static inline void pci_write(unsigned devfn, unsigned reg, uint32_t value)
{
	outl(0xcf8, 0x80000000 | devfn << 8 | (reg & 0xfc));
	outl(0xcfc, value);
}

/* Where the devices are put. */
enum {
	LFB = 0xe0000000, /* memory BARs from here on, 16 MiB each */
	IO_BARS = 0xc000, /* port BARs from here on, 100h each */
	PM_BASE = 0xb000,
	MEMORY = 32 << 20, /* as run-abuse says */
};
struct bar {
	uint32_t base, size;
	uint16_t devfn;
	uint8_t index, io;
};
extern struct bar bars[32];
extern unsigned bar_count;
void assign_bars(void);
/* A BAR of the device of that vendor and device id; NULL: there is none. */
struct bar *find_bar(uint32_t id, unsigned index);

uint32_t random32(void);

/* Runs step(0) to step(count - 1), once each, across resets. A step that traps has ended; the timer
 * interrupt ends a step that has interrupts on after about a tenth of a second. The BIOS area is
 * copied to its shadow RAM first. */
void run_steps(void (*step)(unsigned n), unsigned count);

#endif
