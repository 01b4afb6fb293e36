/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A triple fault in the very first step: the machine manifest says whether the program sees its
 * second step. */
#include "abuse.h"

static void step(unsigned n)
{
	struct {
		uint16_t limit;
		uint32_t base;
	} __attribute__((packed)) none = { 0, 0 };

	if (n == 0)
		__asm__ volatile("lidt %0; int3" ::"m"(none));
}

void guest_main(void)
{
	run_steps(step, 2);
}
