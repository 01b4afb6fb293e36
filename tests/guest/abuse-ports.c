/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Anything to any port, in every width, with every device decoding; string instructions too. */
#include "abuse.h"

#define ROUNDS 400
#define ACCESSES 512

/* Not the debug ports; not the one that switches the machine off. */
static bool is_spared(unsigned port)
{
	return (port > 0xe5 && port < 0xea) || (port > 0xf0 && port < 0xf5) ||
	       (port > PM_BASE && port < PM_BASE + 6);
}

static uint16_t random_port(void)
{
	uint32_t r = random32();

	switch (r >> 29) {
	case 0:
	case 1:
		return (uint16_t)r;
	case 2:
		return (uint16_t)(IO_BARS + r % (bar_count * 0x100));
	case 3:
		return (uint16_t)(PM_BASE + r % 0x40);
	case 4:
		return (uint16_t)(0x1f0 + (r & 15) - (r & 0x80));
	default:
		return r & 0x3ff;
	}
}

static void string(uint16_t port, uint32_t r)
{
	uint32_t count = r >> 24, where = 0x20000 + (r & 0xffff);

	if (r & 0x10000)
		__asm__ volatile("rep outsw" : "+S"(where), "+c"(count) : "d"(port) : "memory");
	else
		__asm__ volatile("rep insl" : "+D"(where), "+c"(count) : "d"(port) : "memory");
}

static void access(uint16_t port, unsigned how)
{
	uint32_t value = random32();

	if (value & 0x10)
		value &= 0xff; /* small values are right more often */
	switch (how & 7) {
	case 0:
		(void)inb(port);
		break;
	case 1:
		(void)inw(port);
		break;
	case 2:
		(void)inl(port);
		break;
	case 3:
		outw(port, (uint16_t)value);
		break;
	case 4:
		outl(port, value);
		break;
	case 5:
		if (!(how & 0x38)) {
			string(port, value);
			break;
		}
		/* fallthrough */
	default:
		outb(port, (uint8_t)value);
	}
}

static void step(unsigned n)
{
	if (n % 16 == 0)
		assign_bars();
	for (unsigned i = 0; i < ACCESSES; i++) {
		/* The first steps pass over all of them, the others jump. */
		uint16_t port = n < 128 ? (uint16_t)(n * ACCESSES + i) : random_port();

		if (!is_spared(port))
			access(port, random32() >> 8);
		if (i % 256 == 255)
			__asm__ volatile("sti; nop; nop; cli");
	}
}

void guest_main(void)
{
	assign_bars();
	run_steps(step, ROUNDS);
}
