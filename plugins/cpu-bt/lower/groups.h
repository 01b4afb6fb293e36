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
/* An operand whose address moves by the same amount from round to round of a loop. */
struct steady {
	struct bt_ea ea; /* at the loop's start */
	unsigned size, access;
	int32_t step; /* of the address: 0 if each round uses the same */
};
unsigned tsr_bt_operands(const struct bt_tx *tx, unsigned n); /* of instruction n; at most 2 */
/* Operand k of instruction n; false: it is not steady. */
bool tsr_bt_operand_steady(const struct bt_tx *tx, unsigned n, unsigned k, struct steady *out);
/* By how much a round moves a register whose moves are all known: those of a steady operand. */
int32_t tsr_bt_register_step(const struct bt_tx *tx, uint8_t reg);
void tsr_bt_groups_begin(struct bt_tx *tx); /* of an instruction */
void tsr_bt_groups_end(struct bt_tx *tx);

#endif
