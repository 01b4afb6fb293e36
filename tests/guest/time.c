/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The clocks of the machine `pc`: the TSC never goes back, and TSC, 8254, ACPI PM timer and RTC run
 * at rates that agree. Sources: Intel SDM volume 3, 17.17; 8254 data sheet; ACPI 4.8.2.1 (3.579545
 * MHz); PIIX4 data sheet, 7.1.5 and 7.1.23; MC146818A data sheet, update cycle.
 *
 * What is read on the way from one clock to the other costs time too, and a busy host may take some
 * in between: a measurement counts if one of several is near.
 */
#include "guest.h"

#define PIT_HZ 1193182u
#define PM_HZ 3579545u
#define TRIES 8

static uint16_t pm_timer;

static uint64_t tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

static void outl(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}

static uint32_t inl(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

/* Power management is function 3 of the ISA bridge. */
static void find_pm_timer(void)
{
	const uint32_t function = 0x80000000u | 1 << 11 | 3 << 8;

	outl(0xcf8, function | 0x40);
	outl(0xcfc, 0xb001); /* PMBA */
	outl(0xcf8, function | 0x80);
	outl(0xcfc, inl(0xcfc) | 1); /* PMIOSE */
	pm_timer = 0xb008;
}

static uint32_t pm(void)
{
	return inl(pm_timer) & 0xffffff;
}

/* Channel 2 in mode 0: its output, bit 5 of port 61h, rises after `count` clocks. */
static void pit_wait(uint16_t count)
{
	outb(0x61, 0);
	outb(0x43, 0xb0);
	outb(0x42, (uint8_t)count);
	outb(0x42, (uint8_t)(count >> 8));
	outb(0x61, 1);
	while (!(inb(0x61) & 0x20))
		;
}

static uint8_t rtc(uint8_t index)
{
	outb(0x70, index);
	return inb(0x71);
}

/* The second begins with the end of the update cycle: UIP falls. */
static void rtc_second(void)
{
	while (!(rtc(10) & 0x80))
		;
	while (rtc(10) & 0x80)
		;
}

/* a / b for small quotients: libgcc's 64-bit division is not here. */
static uint32_t divide(uint64_t a, uint32_t b)
{
	uint32_t high = (uint32_t)(a >> 32), low = (uint32_t)a;

	if (high >= b)
		return UINT32_MAX;
	__asm__("divl %2" : "+a"(low), "+d"(high) : "r"(b) : "cc");
	return low;
}

static bool near(uint32_t is, uint32_t wanted, uint32_t percent)
{
	uint32_t off = is > wanted ? is - wanted : wanted - is;

	return off / percent <= wanted / 100;
}

/* -- checks */

static void tsc_is_monotonic(void)
{
	uint64_t last = tsc();
	unsigned back = 0;

	for (unsigned i = 0; i < 200000; i++) {
		uint64_t now = tsc();

		back += now < last;
		last = now;
	}
	CHECK_EQUAL("TSC never goes back", back, 0);
}

/* TSC ticks a second by the 8254. Its end can only be seen late: the shortest of some is the best.
 */
static uint32_t tsc_rate(uint32_t best)
{
	for (unsigned i = 0; i < 4; i++) {
		uint64_t from = tsc();
		uint32_t rate;

		pit_wait(PIT_HZ / 20);
		rate = divide(tsc() - from, 1) * 20;
		best = rate < best ? rate : best;
	}
	return best;
}

static void rates_agree(void)
{
	uint32_t pm_hz = 0, tsc_hz = UINT32_MAX, second = 0;
	bool pm_good = false, tsc_good = false;

	for (unsigned i = 0; i < TRIES && !pm_good; i++) {
		uint32_t ticks = pm();

		pit_wait(PIT_HZ / 20);
		ticks = (pm() - ticks) & 0xffffff;
		pm_hz = ticks * 20;
		pm_good = near(pm_hz, PM_HZ, 1);
	}
	check(pm_good, "PM timer against 8254", "%u Hz", pm_hz);
	for (unsigned i = 0; i < TRIES && !tsc_good; i++) {
		uint64_t from;

		tsc_hz = tsc_rate(tsc_hz);
		rtc_second();
		from = tsc();
		rtc_second();
		second = divide(tsc() - from, 1);
		tsc_good = near(second, tsc_hz, 2);
	}
	check(tsc_good, "RTC's second against 8254, by the TSC", "%u and %u Hz", second, tsc_hz);
}

static void tsc_runs_on(void)
{
	uint64_t from = tsc();
	uint32_t ticks = pm(), passed;

	pit_wait(PIT_HZ / 20);
	passed = (pm() - ticks) & 0xffffff;
	check(tsc() - from > 1000000, "TSC counts while the 8254 does", "%u",
	      (uint32_t)(tsc() - from));
	check(passed >= PM_HZ / 20 - PM_HZ / 1000, "no clock overtakes another", "PM timer %u",
	      passed);
}

void guest_main(void)
{
	find_pm_timer();
	tsc_is_monotonic();
	tsc_runs_on();
	rates_agree();
}
