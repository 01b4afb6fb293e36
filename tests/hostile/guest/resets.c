/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resets as fast as they come: each boot says that it is there, and resets. Sources: Intel 290562
 * (PIIX3): CF9h; IBM AT: 8042 command FEh; SDM volume 3, 6.15 (triple fault). */
#include "hostile.h"

static void __attribute__((noreturn)) wait_for_it(void)
{
	for (;;)
		__asm__ volatile("hlt");
}

void storm_board_resets(void)
{
	round_done(1);
	outb(0xcf9, 2);
	outb(0xcf9, 6);
	wait_for_it();
}

void storm_processor_resets(void)
{
	round_done(1);
	outb(0x64, 0xfe);
	wait_for_it();
}

void storm_triple_faults(void)
{
	struct {
		uint16_t limit;
		uint32_t base;
	} __attribute__((packed)) none = { 0, 0 };

	round_done(1);
	__asm__ volatile("lidt %0; int3" ::"m"(none));
	wait_for_it();
}
