/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The look-up in the jump cache. It is emitted once, for all blocks, and again at the end of each
 * hot block: the host predicts an indirect jump by its address, and one that all blocks share leads
 * everywhere.
 *
 * An entry's index is made of both halves of EIP, since functions begin at multiples of 16 or more:
 * the low half alone would use few of the entries. Without BMI2 no sum of halves leaves the flags
 * alone, and the low half has to do (bt_jump_slot).
 *
 * With maps of targets (targets.c), a hot block has a look-up there instead: five instructions, not
 * fourteen.
 *
 * The entry's key and EIP and the tag word add up to zero on a hit. A request to leave changes the
 * tag word, so that the next look-up misses.
 */
#include "code/jump.h"

uint32_t tsr_bt_jump_begin(const struct tsr_bt *bt, struct emitter *e)
{
	struct host_mem entry = BT_AT(offsetof(struct tsr_bt, hot.jumps));
	_Static_assert(BT_JUMP_BITS == 16, "the index is made by MOVZX");
	uint32_t hit;

	entry.index = R9;
	entry.scale = 3;
	emit_load(e, R9, BT_AT(offsetof(struct tsr_bt, hot.jump_offset)));
	if (bt->host_cpu.bmi2) {
		emit_rorx(e, R10, R8, 16);
		emit_lea(e, R9, HOST_SIB(R9, R10, 0, 0));
	}
	emit_lea(e, R9, HOST_SIB(R9, R8, 0, 0));
	emit_movzx16(e, R9, R9);
	emit_lea(e, R9, HOST_SIB(R9, R9, 0, 0));
	emit_mov64(e, R10, RCX);
	emit_load64(e, RCX, entry);
	emit_load64(e, R11, BT_AT(offsetof(struct tsr_bt, hot.tag_word)));
	emit_lea64(e, RCX, HOST_SIB(RCX, R8, 0, 0));
	emit_lea64(e, RCX, HOST_SIB(RCX, R11, 0, 0));
	hit = emit_jrcxz(e);
	emit_mov64(e, RCX, R10);
	emit_jmp(e, bt->rt.lookup);
	return hit;
}

void tsr_bt_jump_end(struct emitter *e, uint32_t hit)
{
	struct host_mem host =
		BT_AT(offsetof(struct tsr_bt, hot.jumps) + offsetof(struct bt_jump, host));
	struct host_mem shift =
		BT_AT(offsetof(struct tsr_bt, hot.jumps) + offsetof(struct bt_jump, shift));

	host.index = shift.index = R9;
	host.scale = shift.scale = 3;
	emit_land8(e, hit);
	emit_load(e, R11, shift);
	emit_load(e, R9, host);
	emit_store(e, BT_AT(offsetof(struct tsr_bt, hot.shift)), R11);
	emit_lea_here(e, RCX, 0);
	emit_lea64(e, R9, HOST_SIB(R9, RCX, 0, 0));
	emit_mov64(e, RCX, R10);
	emit_jmp_reg(e, R9);
}

static void target_to_r9(struct emitter *e)
{
	emit_load64(e, R9, BT_AT(offsetof(struct tsr_bt, hot.targets)));
	emit_load(e, R9, HOST_SIB(R9, R8, 2, 0));
	emit_lea_here(e, R10, 0);
	emit_lea64(e, R9, HOST_SIB(R9, R10, 0, 0));
}

void tsr_bt_jump_mapped(struct emitter *e)
{
	target_to_r9(e);
	emit_jmp_reg(e, R9);
}

void tsr_bt_call_mapped(struct emitter *e)
{
	target_to_r9(e);
	emit_call_reg(e, R9);
}
