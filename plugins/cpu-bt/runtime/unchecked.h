/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Code that uses the MMU's exact window without checks. */
#ifndef TSR_BT_UNCHECKED_H
#define TSR_BT_UNCHECKED_H

#include "code/bt.h"

/* Before the MMU's vCPU is made: may there be such code at all? */
void tsr_bt_unchecked_choose(struct tsr_bt *bt);
/* Once there is a code cache. */
void tsr_bt_unchecked_init(struct tsr_bt *bt);
void tsr_bt_unchecked_finish(struct tsr_bt *bt);
/* Code of user level is about to run, with an exact window that is not true, or after an interrupt.
 */
void tsr_bt_unchecked_enter(struct tsr_bt *bt);
/* The page that such code asked for last has an entry now, if it is that one. */
void tsr_bt_unchecked_filled(struct tsr_bt *bt, uint32_t gla);

#endif
