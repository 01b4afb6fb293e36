/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Control registers, INVLPG, and the registers of descriptor tables and of the task, at CPL 0:
 * loads and calls into C. Other privilege levels fault in the interpreter. */
#include <Zydis/Zydis.h>

#include "lower/call.h"
#include "lower/exits.h"
#include "lower/lower.h"
#include "lower/memory.h"

/* In virtual-8086 mode CPL is 3. Lockstep compares none of these registers: there the interpreter
 * does what changes them. */
static bool privileged(const struct bt_tx *tx)
{
	return tx->mode & BT_MODE_CPL0 && !tx->bt->options.lockstep;
}

/* C may change any mapping. */
static void forget_groups(struct bt_tx *tx)
{
	tx->groups[0].used = tx->groups[1].used = false;
}

static bool control_field(unsigned number, struct host_mem *out)
{
	static const size_t at[] = { [0] = offsetof(struct tsr_bt, state.cr0),
				     [2] = offsetof(struct tsr_bt, state.cr2),
				     [3] = offsetof(struct tsr_bt, state.cr3),
				     [4] = offsetof(struct tsr_bt, state.cr4) };

	if (number >= sizeof(at) / sizeof(*at) || !at[number])
		return false;
	*out = BT_AT(at[number]);
	return true;
}

bool tsr_bt_lower_control_load(struct bt_tx *tx)
{
	struct host_mem from;

	if (!(tx->mode & BT_MODE_CPL0) || !control_field(tx->insn->special, &from))
		return false;
	emit_load(&tx->e, tx_gpr(bt_modrm_rm(tx->insn)), from);
	return true;
}

/* CR4's bits depend on the processor's model, which the interpreter knows. */
bool tsr_bt_lower_control_store(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct host_mem to;

	if (!privileged(tx) || i->special == 4 || !control_field(i->special, &to))
		return false;
	if (i->special == 2) {
		emit_store(&tx->e, to, tx_gpr(bt_modrm_rm(i)));
		return true;
	}
	forget_groups(tx);
	emit_mov(&tx->e, R11, tx_gpr(bt_modrm_rm(i)));
	tsr_bt_call_or_leave(tx, BT_CALL_CR0, 0, tsr_bt_site(tx, 0, BT_READ), 0);
	return true;
}

/* r11 = the operand. The code behind may be another, even under the same tag: a page table that was
 * written in this very block takes effect now. */
static void call_mmu(struct bt_tx *tx, enum bt_call row)
{
	tsr_bt_call(tx, row, 0, tsr_bt_site(tx, 0, BT_READ));
	tsr_bt_look_up(tx, tx->insn->eip + tx->insn->length);
	tx->ended = true;
}

bool tsr_bt_lower_cr3(struct bt_tx *tx)
{
	if (!privileged(tx))
		return false;
	forget_groups(tx);
	emit_mov(&tx->e, R11, tx_gpr(bt_modrm_rm(tx->insn)));
	call_mmu(tx, BT_CALL_CR3);
	return true;
}

bool tsr_bt_lower_clts(struct bt_tx *tx)
{
	if (!privileged(tx))
		return false;
	forget_groups(tx);
	emit_load(&tx->e, R11, BT_FIELD(state.cr0)); /* of use if TS is set */
	emit_lea(&tx->e, R11, HOST_MEM(R11, -(int)TSR_CR0_TS));
	tsr_bt_call_or_leave(tx, BT_CALL_CLTS, 0, tsr_bt_site(tx, 0, BT_READ), 0);
	return true;
}

/* r11 = the word that is the instruction's operand. False: not possible, nothing was emitted. */
static bool load_word(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	struct emitter *e = &tx->e;

	if (i->memory && !tsr_bt_memory_possible(tx, &i->ea, BT_READ))
		return false;
	forget_groups(tx);
	if (i->memory) {
		tsr_bt_linear(tx, &i->ea, 2, BT_READ);
		emit_load16(e, R11, tsr_bt_memory_check(tx, 2, BT_READ, false));
	} else {
		emit_movzx16(e, R11, tx_gpr(bt_modrm_rm(i)));
	}
	return true;
}

bool tsr_bt_lower_lmsw(struct bt_tx *tx)
{
	if (!privileged(tx) || !load_word(tx))
		return false;
	tsr_bt_call_or_leave(tx, BT_CALL_LMSW, 0, tsr_bt_site(tx, 2, BT_READ), 0);
	return true;
}

/* No limit is checked: with one, the interpreter does it. */
bool tsr_bt_lower_invlpg(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	enum bt_segment_kind kind = bt_segment_kind(tx->mode, i->ea.segment);

	if (!privileged(tx) || !i->memory || (kind != BT_SEGMENT_FLAT && kind != BT_SEGMENT_BASED))
		return false;
	forget_groups(tx);
	tsr_bt_linear(tx, &i->ea, 1, BT_READ);
	emit_mov(&tx->e, R11, R8);
	call_mmu(tx, BT_CALL_INVLPG);
	return true;
}

#define TABLE_SIZE 6 /* bytes of LGDT's and LIDT's operand */

bool tsr_bt_lower_table_load(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;
	uint32_t how = (i->mnemonic == ZYDIS_MNEMONIC_LIDT ? BT_TABLE_IDT : 0) |
		       (i->operand_size == 2 ? BT_TABLE_SHORT : 0);

	if (!privileged(tx) || !i->memory || !tsr_bt_memory_possible(tx, &i->ea, BT_READ))
		return false;
	forget_groups(tx);
	tsr_bt_linear(tx, &i->ea, TABLE_SIZE, BT_READ);
	emit_lea64(&tx->e, R11, tsr_bt_memory_check(tx, TABLE_SIZE, BT_READ, false));
	tsr_bt_call(tx, BT_CALL_TABLE_LOAD, how, tsr_bt_site(tx, TABLE_SIZE, BT_READ));
	return true;
}

/* Real mode has no LLDT. */
bool tsr_bt_lower_lldt(struct bt_tx *tx)
{
	if (!privileged(tx) || tx->mode & BT_MODE_CS_WRITE || !load_word(tx))
		return false;
	tsr_bt_call(tx, BT_CALL_LLDT, 0, tsr_bt_site(tx, 2, BT_READ));
	return true;
}
