/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operands in tables, by an index that is known to be small. */
#ifndef TSR_BT_BOUNDED_H
#define TSR_BT_BOUNDED_H

#include "lower/tx.h"

/* Does the operand of instruction n lie in a page that is known, whatever its register holds? Then
 * *table is a constant address, and the operand one of *size bytes from there on. */
bool tsr_bt_bounded(const struct bt_tx *tx, unsigned n, const struct bt_ea *ea, struct bt_ea *table,
		    unsigned *size);

#endif
