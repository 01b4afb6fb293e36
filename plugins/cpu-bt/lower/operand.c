/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A memory operand: in the window, by the pointer of a group that covers it, or by a check of its
 * own. */
#include "lower/groups.h"
#include "lower/memory.h"
#include "lower/operand.h"
#include "lower/window.h"

struct host_mem tsr_bt_memory(struct bt_tx *tx, const struct bt_ea *ea, unsigned size,
			      unsigned access, bool aligned)
{
	struct host_mem m;

	tx->open = -1;
	if (!aligned && !(access & BT_EXACT) && tsr_bt_window_operand(tx, ea, size, access, &m))
		return m;
	if (!aligned && !(access & BT_EXACT) && tsr_bt_group_operand(tx, ea, size, access, &m))
		return m;
	tsr_bt_linear(tx, ea, size, access);
	return tsr_bt_memory_check(tx, size, access, aligned);
}
