/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A bare-metal program (tests/guest) whose profile is known: spin_long does three times the work of
 * spin_short, in turns with it so that both see the same host, and read_counter reads a port of the
 * interval timer.
 */
#include "guest.h"

#define TURNS 50
#define READS 20000
#define PIT_CHANNEL_0 0x40

#define SPIN(rounds) __asm__ volatile("1: dec %0\n jnz 1b" : "+r"(rounds) : : "cc")

__attribute__((noinline)) static void spin_short(uint32_t rounds)
{
	SPIN(rounds);
}

__attribute__((noinline)) static void spin_long(uint32_t rounds)
{
	rounds *= 3;
	SPIN(rounds);
}

__attribute__((noinline)) static void read_counter(void)
{
	for (unsigned i = 0; i < READS; i++)
		inb(PIT_CHANNEL_0);
}

void guest_main(void)
{
	for (unsigned i = 0; i < TURNS; i++) {
		spin_short(ROUNDS);
		spin_long(ROUNDS);
		read_counter();
	}
	CHECK(true);
}
