/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Flags that a check has clobbered, made again. */
#ifndef TSR_BT_FLAG_RESTORE_H
#define TSR_BT_FLAG_RESTORE_H

#include "lower/tx.h"

void tsr_bt_flags_save(struct bt_tx *tx); /* at the block's start, if that helps */
void tsr_bt_flags_restore_needed(
	struct bt_tx *tx); /* before the instruction that is lowered next */
bool tsr_bt_flags_of_round(const struct bt_tx *tx);
void tsr_bt_flags_save_round(struct bt_tx *tx);
void tsr_bt_flags_remake(struct bt_tx *tx, const struct flag_source *s); /* r9 is lost */
void tsr_bt_flags_restore_here(struct bt_tx *tx); /* before a CALL or RET goes; r9 is lost */
void tsr_bt_flags_restore_end(struct bt_tx *tx);  /* before the block is left; r9 is lost */

#endif
