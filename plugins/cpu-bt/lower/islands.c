/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Islands: JRCXZ reaches 127 bytes and stubs lie farther away, so it jumps to a `jmp stub` that
 * stands between. */
#include "lower/islands.h"

#define ISLAND_REACH \
	75 /* bytes that may be emitted between two checks; the longest run is jump_cache with its \
	      EIP */

void tsr_bt_island(struct bt_tx *tx)
{
	enum bt_code_part before = tx->part;

	if (!tx->short_count)
		return;
	tx_part(tx, BT_PART_ISLAND);
	for (unsigned i = 0; i < tx->short_count; i++) {
		emit_patch8(&tx->e, tx->shorts[i].at, emit_here(&tx->e));
		tx_stub_jump(tx, &tx->stubs[tx->shorts[i].stub], emit_jmp(&tx->e, 0));
	}
	tx->short_count = 0;
	tx_part(tx, before);
}

static void island_inline(struct bt_tx *tx)
{
	enum bt_code_part before = tx->part;
	uint32_t over;

	tx_part(tx, BT_PART_ISLAND);
	over = emit_jmp8(&tx->e);
	tsr_bt_island(tx);
	emit_land8(&tx->e, over);
	tx_part(tx, before);
}

void tsr_bt_island_wait(struct bt_tx *tx, uint32_t at, struct stub *stub)
{
	if (tx->short_count >= TX_MAX_SHORTS) {
		tx->full = true;
		return;
	}
	tx->shorts[tx->short_count++] =
		(struct short_jump){ .at = at, .stub = (uint16_t)(stub - tx->stubs) };
	if (tx->short_count == 4 || tx->near_islands)
		island_inline(tx);
}

void tsr_bt_island_check(struct bt_tx *tx)
{
	if (tx->short_count &&
	    emit_here(&tx->e) + 5 * tx->short_count - tx->shorts[0].at > 127 - ISLAND_REACH)
		island_inline(tx);
}
