/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of FP instructions whose exceptions are unmasked. */
#ifndef TSR_BT_FP_CHECKS_H
#define TSR_BT_FP_CHECKS_H

#include "lower/tx.h"

void tsr_bt_bail_unless_zero(struct bt_tx *tx, struct stub *s); /* rcx */
bool tsr_bt_fp_checks(const struct bt_tx *tx, const struct bt_insn *i);
void tsr_bt_fp_check(
	struct bt_tx *tx); /* after an instruction that may have raised an unmasked exception */
bool tsr_bt_sse_checks(const struct bt_tx *tx, const struct bt_insn *i);
bool tsr_bt_sse_can_undo(const struct bt_tx *tx, const struct bt_insn *i);
void tsr_bt_sse_before(struct bt_tx *tx); /* the operands are in place */
void tsr_bt_sse_check(struct bt_tx *tx);
void tsr_bt_sse_undo(struct bt_tx *tx, unsigned xmm);

#endif
