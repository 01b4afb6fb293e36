/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* XLAT. */
#include "lower/lower.h"
#include "lower/memory.h"
#include "lower/operand.h"

bool tsr_bt_lower_xlat(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;
	const struct bt_insn *i = tx->insn;
	struct bt_ea ea = {
		.base = R8, .index = NOREG, .segment = i->ea.segment, .addr16 = i->addr16
	};
	struct host_mem m;

	if (!tsr_bt_memory_possible(tx, &ea, BT_READ))
		return false;
	emit_movzx8(e, R8, RAX);
	emit_lea(e, R8, HOST_SIB(R8, RBX, 0, 0));
	m = tsr_bt_memory(tx, &ea, 1, BT_READ, false);
	emit_rm(e, false, OP_MOV_GB_EB, RAX, m);
	return true;
}
