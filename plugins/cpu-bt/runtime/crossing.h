/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of the mode without a call of C. */
#ifndef TSR_BT_CROSSING_H
#define TSR_BT_CROSSING_H

#include "code/emit.h"
#include "code/bt.h"

void tsr_bt_crossings_emit(struct tsr_bt *bt, struct emitter *e);
void tsr_bt_crossing_note(struct tsr_bt *bt, enum bt_crossing_kind kind,
			  const struct bt_mode *from);
void tsr_bt_crossing_note_segment(struct tsr_bt *bt, const struct bt_mode *from, unsigned segment,
				  bool pop);
void tsr_bt_crossing_note_ts(struct tsr_bt *bt, const struct bt_mode *from, uint32_t cr0,
			     uint32_t operand);

#endif
