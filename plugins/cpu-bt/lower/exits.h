/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ways out of a block. */
#ifndef TSR_BT_EXITS_H
#define TSR_BT_EXITS_H

#include "lower/tx.h"

bool tsr_bt_same_page(const struct bt_tx *tx, uint32_t eip); /* as the block's */
void tsr_bt_goto(struct bt_tx *tx, uint32_t eip);
void tsr_bt_goto_if(struct bt_tx *tx, uint32_t at,
		    uint32_t eip); /* the rel32 at `at` belongs to a conditional jump to eip */
void tsr_bt_goto_indirect(struct bt_tx *tx);         /* r8d = EIP */
void tsr_bt_call_indirect(struct bt_tx *tx);         /* the same by a CALL of the host's */
void tsr_bt_arrival(struct bt_tx *tx, uint32_t eip); /* where that comes back */
void tsr_bt_look_up(struct bt_tx *tx, uint32_t eip); /* by the jump cache, in any page */
void tsr_bt_plain_exit(struct bt_tx *tx, uint32_t eip);
void tsr_bt_exit(struct bt_tx *tx, uint32_t eip); /* the block runs out to eip */
/* The same by that instruction, which is done. */
void tsr_bt_exit_from(struct bt_tx *tx, unsigned index, uint32_t eip);
void tsr_bt_bail_out(struct bt_tx *tx); /* the instruction goes to the interpreter: always possible;
					   ends the block */

#endif
