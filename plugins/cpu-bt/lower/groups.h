/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several operands, one check. */
#ifndef TSR_BT_GROUPS_H
#define TSR_BT_GROUPS_H

#include "lower/tx.h"

bool tsr_bt_group_operand(struct bt_tx *tx, const struct bt_ea *ea, unsigned size, unsigned access,
			  struct host_mem *out);
/* The group that covers the operand; NULL: none. */
struct group *tsr_bt_group_covering(struct bt_tx *tx, const struct bt_ea *ea, unsigned size,
				    unsigned access);
/* A new group in the window for the operand and those after it: [low, high) is to be checked. */
struct group *tsr_bt_group_ahead(struct bt_tx *tx, const struct bt_ea *ea, unsigned size,
				 unsigned access);
bool tsr_bt_groups_full(const struct bt_tx *tx);
/* Operand k of instruction n among those whose address no instruction of the block changes. */
bool tsr_bt_group_fixed(const struct bt_tx *tx, unsigned n, unsigned k, struct bt_ea *ea,
			unsigned *size, unsigned *access);
void tsr_bt_groups_begin(struct bt_tx *tx); /* of an instruction */
void tsr_bt_groups_end(struct bt_tx *tx);

#endif
