/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The look-up in the jump cache, as host code. */
#ifndef TSR_BT_JUMP_H
#define TSR_BT_JUMP_H

#include "code/bt.h"
#include "code/emit.h"

/* Emits a jump to the code of the block at EIP, which is in r8d; r9, r10 and r11 are lost, flags
 * and the guest's registers are not. It has two halves: control does not reach the place between
 * them, where other code may stand, of less than 100 bytes. */
uint32_t tsr_bt_jump_begin(const struct tsr_bt *bt, struct emitter *e);
void tsr_bt_jump_end(struct emitter *e, uint32_t hit); /* hit: what tsr_bt_jump_begin returned */

/* The same by the map of targets. */
void tsr_bt_jump_mapped(struct emitter *e);
void tsr_bt_call_mapped(struct emitter *e);

#endif
