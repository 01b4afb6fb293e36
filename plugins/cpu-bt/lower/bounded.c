/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables that a byte leads into, as those of byte-code interpreters, checksums and ciphers:
 *
 *	movzx ecx, byte [edx]
 *	mov   ecx, [ecx*4 + table]
 *
 * The register cannot be more than 255, so the operand lies within 1 KiB. If that is in one page,
 * the page is known when the code is translated. It is the operand's page too: no page is asked for
 * that the instruction does not use.
 *
 * What bounds a register is looked for in the block alone, from the operand backwards, over
 * instructions of which gpr_written says all that they write.
 */
#include "lower/bounded.h"

#define SHIFT_COUNT 31 /* counts are modulo 32 */

/* Is what it writes to the register no more than *bound? */
static bool bounds(const struct bt_insn *i, uint8_t reg, uint32_t *bound)
{
	bool own = i->has_modrm && !i->memory && bt_modrm_rm(i) == reg;

	if (i->operand_size != 4)
		return false;
	if (i->map == 1 && i->opcode == OP_0F_MOVZX_EB && bt_modrm_reg(i) == reg)
		*bound = UINT8_MAX;
	else if (i->map == 0 && i->opcode == OP_AND_EAX_IZ && reg == TSR_EAX)
		*bound = i->imm;
	else if (i->map == 0 && own && (i->opcode == OP_ALU_EV_IB || i->opcode == OP_ALU_EV_IZ) &&
		 bt_modrm_reg(i) == ALU_AND)
		*bound = i->imm;
	else if (i->map == 0 && own && i->opcode == OP_SHIFT_EV_IB && bt_modrm_reg(i) == SHIFT_SHR)
		*bound = UINT32_MAX >> (i->imm & SHIFT_COUNT);
	else
		return false;
	return true;
}

/* The register before instruction n is at most *bound. */
static bool bound_before(const struct bt_tx *tx, unsigned n, uint8_t reg, uint32_t *bound)
{
	while (n-- > 0) {
		const struct bt_insn *i = &tx->insns[n];

		if (i->kind != BT_COPY && i->kind != BT_LEA && i->kind != BT_NOP &&
		    i->kind != BT_JCC)
			return false;
		if (i->gpr_written >> reg & 1)
			return i->kind == BT_COPY && bounds(i, reg, bound);
	}
	return false;
}

bool tsr_bt_bounded(const struct bt_tx *tx, unsigned n, const struct bt_ea *ea, struct bt_ea *table,
		    unsigned *size)
{
	uint8_t reg = ea->index == NOREG ? ea->base : ea->index;
	uint32_t from = (uint32_t)ea->disp, bound;
	uint64_t last;

	if (!tx->windowed || ea->addr16 || reg > TSR_EDI ||
	    (ea->index != NOREG && ea->base != NOREG) || !bound_before(tx, n, reg, &bound))
		return false;
	last = from + ((uint64_t)bound << (ea->index == NOREG ? 0 : ea->scale)) + *size - 1;
	if (last >> TSR_PAGE_SHIFT != from >> TSR_PAGE_SHIFT)
		return false;
	*size = (unsigned)(last - from) + 1;
	*table = *ea;
	table->base = table->index = NOREG;
	return true;
}
