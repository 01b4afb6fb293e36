/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From guest bytes to a block. */
#ifndef TSR_BT_BLOCK_H
#define TSR_BT_BLOCK_H

#include "code/bt.h"

bool tsr_bt_translate_init(struct tsr_bt *bt);
void tsr_bt_translate_finish(struct tsr_bt *bt);
/* shared_eip: what the block may have for EIP in its code, if that is not `eip`; code that is
 * shared needs another than its own. gpa2 and bytes2: the next linear page, if an instruction
 * straddles; else 0 and NULL. NULL: the instruction at EIP does not fit. `mode`: the processor's,
 * with or without BT_MODE_PLAIN. */
struct bt_block *tsr_bt_translate(struct tsr_bt *bt, tsr_gpa gpa, const uint8_t *bytes,
				  tsr_gpa gpa2, const uint8_t *bytes2, uint32_t eip,
				  uint32_t shared_eip, uint32_t mode);
/* Does the instruction at EIP, with `room` bytes left in its page, run into the next one? */
bool tsr_bt_straddles(uint32_t mode, const uint8_t *bytes, uint32_t room, uint32_t eip);

#endif
