/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Short loops whose body comes several times. */
#ifndef TSR_BT_UNROLL_H
#define TSR_BT_UNROLL_H

#include "lower/tx.h"

void tsr_bt_unroll(struct bt_tx *tx); /* if that helps */
bool tsr_bt_copy_ends(
	const struct bt_tx *tx); /* with the current instruction, and another one follows */

#endif
