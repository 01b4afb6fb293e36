/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of memory accesses. */
#ifndef TSR_BT_MEMORY_H
#define TSR_BT_MEMORY_H

#include "lower/tx.h"

uint32_t tsr_bt_site_row(struct bt_tx *tx, unsigned size, unsigned access);
uint32_t tsr_bt_site(struct bt_tx *tx, unsigned size, unsigned access);
struct bt_site_more *tsr_bt_site_more(struct bt_tx *tx, struct bt_site *s);
void tsr_bt_linear(struct bt_tx *tx, const struct bt_ea *ea, unsigned size, unsigned access);
struct host_mem tsr_bt_memory_check(struct bt_tx *tx, unsigned size, unsigned access, bool aligned);
struct bt_site *tsr_bt_group_check(struct bt_tx *tx, unsigned size, unsigned access);
/* The access that was checked last is done: a store of that, and nothing before it in the
 * instruction has changed a register. */
void tsr_bt_memory_stored(struct bt_tx *tx, enum bt_store store, uint32_t value);
bool tsr_bt_memory_possible(const struct bt_tx *tx, const struct bt_ea *ea, unsigned access);
bool tsr_bt_flags_live(const struct bt_tx *tx);

#endif
