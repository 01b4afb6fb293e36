/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What translated code notes of the x87's last instruction. */
#ifndef TSR_BT_FP_SITES_H
#define TSR_BT_FP_SITES_H

#include "lower/tx.h"

bool tsr_bt_fp_keeps_pointers(const struct bt_insn *i);
void tsr_bt_fp_begin(struct bt_tx *tx); /* of an instruction */
void tsr_bt_fp_end(struct bt_tx *tx);
void tsr_bt_fp_flush(struct bt_tx *tx); /* before code that leaves the block and has no stub */
void tsr_bt_fp_store(struct bt_tx *tx, uint32_t code, uint32_t data);

#endif
