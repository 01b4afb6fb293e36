/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A library's code that is hot in one process need not be in the next, which has it at another
 * address: hot code is made for its address, and most processes do not live long enough to earn
 * it. So a block that was hot elsewhere stays one that addresses share until it is sampled at this
 * address, or until the address space has had many samples and will hardly end soon.
 */
#include "code/samples.h"

/* Samples after which all that was hot elsewhere is hot here too: about a millisecond in code that
 * is not. */
#define MANY 100

static uint32_t slot_of(uint32_t eip)
{
	return (eip ^ eip >> TSR_PAGE_SHIFT) & (BT_SAMPLED - 1);
}

/* A sample of a shared block in the current address space. */
void tsr_bt_samples_note(struct tsr_bt *bt)
{
	struct bt_samples *s = &bt->samples;
	uint64_t space = bt->hot.exact.space;
	uint32_t i = space & (BT_SAMPLED_SPACES - 1);

	if (s->space[i] != space) {
		s->space[i] = space;
		s->count[i] = 0;
	}
	s->count[i]++;
}

/* From its next entry on, the code at EIP is hot code of its own. Code of another process at the
 * same EIP may be so too early, which costs no more than its translation. */
void tsr_bt_samples_want(struct tsr_bt *bt, uint32_t eip)
{
	bt->samples.wanted[slot_of(eip)] = eip;
}

/* Is hot code to be made for the code at EIP, which was hot elsewhere? */
bool tsr_bt_samples_wanted(const struct tsr_bt *bt, uint32_t eip)
{
	const struct bt_samples *s = &bt->samples;
	uint32_t i = bt->hot.exact.space & (BT_SAMPLED_SPACES - 1);

	return s->wanted[slot_of(eip)] == eip ||
	       (s->space[i] == bt->hot.exact.space && s->count[i] >= MANY);
}
