/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The arithmetic flags in the two forms that they have: AX of lahf/seto, and EFLAGS. */
#ifndef TSR_BT_FLAGS_H
#define TSR_BT_FLAGS_H

#include <tessera/draft/x86-facts.h>

#include "code/bt.h"

static inline uint32_t flags_from_ax(uint16_t ax)
{
	return (ax >> 8 & TSR_FLAGS_AH) | (ax & 1u) << TSR_FLAG_OF_SHIFT;
}

static inline uint16_t flags_to_ax(uint32_t eflags)
{
	return (uint16_t)((eflags & 0xff) << 8 | (eflags >> TSR_FLAG_OF_SHIFT & 1));
}

/* A check had clobbered flags that were dead but for a fault: computes them again from what made
 * them. */
void tsr_bt_flags_recover(struct tsr_bt *bt, const struct bt_site *s);

/* Between state.eflags and flags_ax */
static inline void tsr_bt_flags_in(struct tsr_bt *bt)
{
	bt->hot.flags_ax = flags_to_ax(bt->state.eflags);
}

static inline void tsr_bt_flags_out(struct tsr_bt *bt)
{
	bt->state.eflags = (bt->state.eflags & ~(uint32_t)TSR_FLAGS_ARITHMETIC) |
			   flags_from_ax(bt->hot.flags_ax);
}

#endif
