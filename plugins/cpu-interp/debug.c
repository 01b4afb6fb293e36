/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Breakpoints. Intel SDM volume 3, 17.2: RW 0 execute (a fault before the instruction), 1 write, 2
 * I/O (CR4.DE), 3 read or write (traps after it). A breakpoint that matches without being enabled
 * sets its B bit in DR6 too when an enabled one traps.
 */
#include "debug.h"
#include "derived.h"

static uint32_t dr7_enabled(const cpu *c)
{
	return c->s->dr[7] & TSR_DR7_ENABLES;
}

static unsigned rw_of(const cpu *c, unsigned n)
{
	return TSR_DR7_RW(c->s->dr[7], n);
}

static uint32_t length_of(const cpu *c, unsigned n)
{
	static const uint8_t bytes[4] = { 1, 2, 8, 4 };

	return bytes[TSR_DR7_LEN(c->s->dr[7], n)];
}

bool debug_watching(const cpu *c)
{
	return dr7_enabled(c) != 0;
}

/* B bits of the breakpoints that the access hits; `kinds`: a bit for each RW value that counts. 0
 * if none of them is enabled. */
static uint32_t matches(const cpu *c, uint32_t at, uint32_t size, unsigned kinds)
{
	uint32_t hit = 0;
	bool enabled = false;

	for (unsigned n = 0; n < 4; n++) {
		uint32_t length = length_of(c, n), first = c->s->dr[n] & ~(length - 1);

		if (!(kinds >> rw_of(c, n) & 1))
			continue;
		if (at - first < length || first - at < size) {
			hit |= 1u << n;
			enabled |= TSR_DR7_ENABLED(c->s->dr[7], n);
		}
	}
	return enabled ? hit : 0;
}

static void trap(cpu *c, uint32_t hit)
{
	if (hit) {
		c->s->debug_pending |= hit;
		cpu_refresh_attention(c);
	}
}

void debug_data_access(cpu *c, tsr_gla gla, uint32_t size, bool write)
{
	trap(c,
	     matches(c, gla, size,
		     write ? 1 << TSR_BREAK_WRITE | 1 << TSR_BREAK_ACCESS : 1 << TSR_BREAK_ACCESS));
}

void debug_port_access(cpu *c, uint16_t port, uint32_t size)
{
	if (c->s->cr4 & TSR_CR4_DE)
		trap(c, matches(c, port, size, 1 << TSR_BREAK_IO));
}

/* DR6 of a #DB: the B bits are those of this exception (17.2.3 allows clearing the old ones, and
 * processors do); the guest clears the other bits. */
void debug_report(cpu *c, uint32_t conditions)
{
	c->s->dr[6] = (c->s->dr[6] & ~TSR_DR6_B) | conditions;
}

bool debug_code_match(cpu *c, tsr_gla gla)
{
	uint32_t hit = 0;

	if (!debug_watching(c))
		return false;
	for (unsigned n = 0; n < 4; n++) {
		if (rw_of(c, n) == TSR_BREAK_EXECUTE && c->s->dr[n] == gla &&
		    TSR_DR7_ENABLED(c->s->dr[7], n))
			hit |= 1u << n;
	}
	if (hit)
		debug_report(c, hit);
	return hit;
}
