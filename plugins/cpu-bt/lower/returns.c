/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls and returns of hot code by the host's (code/returns.c):
 *
 *	CALL:	test sp, sp; jz stub	   is the stack full? where flags are live by JRCXZ
 *		call on
 *		mov  r10, rcx		   the guest returns to r8d
 *		mov  ecx, poll		   0, or all ones if an exit is requested
 *		lea  rcx, [rcx + r8 - EIP behind the CALL]
 *		jrcxz 1f
 *		mov  rcx, r10
 *		jmp  jump cache
 *	1:	mov  rcx, r10
 *		to the block behind the CALL
 *	on:	to the block that is called
 *
 *	RET:	pop to r8d; ret
 *
 * A block in the window goes on behind its CALLs, as long as it is short: `call on` is `call` of
 * the block that is called, by a link as a conditional jump has one, or through the map of targets,
 * and what stands behind 1: is the code of the instruction behind the CALL. Each round of a loop
 * over such a block comes by the look at `poll`, so that its jump back needs none of its own. A
 * block can become invalid while what it has called runs: then a RET finds a jump to the jump cache
 * in its way (tsr_bt_arrival).
 *
 * Not all code does so: the interpreter does not, nor do blocks that are not hot, and a guest may
 * leave a function by other ways. Then the address differs, here or at other returns, and the jump
 * cache finds the block.
 */
#include "lower/exits.h"
#include "lower/flag-restore.h"
#include "lower/islands.h"
#include "lower/returns.h"

bool tsr_bt_returns_possible(const struct bt_tx *tx)
{
	return tx->hot && tx->bt->options.chain && !tx->bt->options.lockstep &&
	       tx->insn->operand_size == 4;
}

/* Need a direct CALL in the window, which can make a loop, not look whether an exit is requested?
 * If it is one of endlessly many, the stack becomes full, or a RET looks. */
bool tsr_bt_returns_poll(const struct bt_tx *tx)
{
	return tx->windowed && !tx->bt->budget.counted && tx->insn->opcode == OP_CALL &&
	       tsr_bt_returns_possible(tx);
}

static void check_room(struct bt_tx *tx)
{
	struct stub *s = tx_stub(tx, STUB_RETURNS);
	struct emitter *e = &tx->e;

	s->polls = tsr_bt_returns_poll(tx);
	s->eip = tx->insn->target;
	s->live = !tx->clobbered;
	s->clobbered = tx->clobbered;
	s->source = tx->sources[tx->index];
	if (tx->clobbered) {
		emit_u8(e, PREFIX_OPERAND_SIZE);
		emit_rr(e, false, OP_TEST_EV_GV, RSP, RSP);
		tx_stub_jump(tx, s, emit_jcc(e, CC_E, 0));
		s->back = emit_here(e);
		return;
	}
	emit_mov64(e, R10, RCX);
	emit_movzx16(e, RCX, RSP);
	tsr_bt_island_wait(tx, emit_jrcxz(e), s);
	s->back = emit_here(e);
	emit_mov64(e, RCX, R10);
}

/* r8d = where the guest returns to. RCX = 0 if that is `eip` and no exit is requested; r9 is lost.
 * An address in the upper half is no displacement that is subtracted. */
static void compare(struct bt_tx *tx, uint32_t eip)
{
	struct emitter *e = &tx->e;

	if (eip <= INT32_MAX) {
		emit_load(e, RCX, BT_FIELD(hot.poll));
		emit_lea64(e, RCX, HOST_SIB(RCX, R8, 0, -(int64_t)eip));
	} else {
		emit_lea(e, RCX, HOST_MEM(R8, 0u - eip));
		emit_load(e, R9, BT_FIELD(hot.poll));
		emit_lea64(e, RCX, HOST_SIB(RCX, R9, 0, 0));
	}
}

/* A RET comes here: on with what follows, if r8d is that address and no exit is requested. */
static void land(struct bt_tx *tx, uint32_t eip)
{
	struct emitter *e = &tx->e;
	uint32_t same;

	emit_mov64(e, R10, RCX);
	compare(tx, eip);
	same = emit_jrcxz(e);
	emit_mov64(e, RCX, R10);
	emit_jmp(e, tx->bt->rt.jump);
	tsr_bt_island(tx);
	emit_land8(e, same);
	emit_mov64(e, RCX, R10);
}

/* What stands before the host's CALL. */
static void begin_call(struct bt_tx *tx)
{
	tsr_bt_island_check(tx);
	tx_part(tx, BT_PART_RETURN);
	check_room(tx);
	tsr_bt_flags_restore_here(tx);
	tx_part(tx, BT_PART_RETURN);
}

/* The return address is pushed; an indirect CALL's target is r11d. What the block has found out
 * about memory, flags and the FP unit does not hold behind it. */
void tsr_bt_returns_call_on(struct bt_tx *tx)
{
	uint32_t eip = tx->insn->eip + tx->insn->length;
	struct emitter *e = &tx->e;

	begin_call(tx);
	if (tx->insn->opcode == OP_CALL) {
		emit_call(e, 0);
		tsr_bt_goto_if(tx, emit_here(e) - 4, tx->insn->target);
	} else {
		emit_mov(e, R8, R11);
		tsr_bt_call_indirect(tx);
	}
	tx_part(tx, BT_PART_RETURN);
	tsr_bt_arrival(tx, eip);
	land(tx, eip);
	tx_window_forget(tx);
	tx->fp_checked = false;
	tx->landed = true;
}

/* The return address is pushed. Behind this comes the way to the block that is called. */
void tsr_bt_returns_call(struct bt_tx *tx)
{
	uint32_t eip = tx->insn->eip + tx->insn->length, call;
	struct emitter *e = &tx->e;

	begin_call(tx);
	emit_call(e, 0);
	call = emit_here(e) - 4;
	land(tx, eip);
	tsr_bt_goto(tx, eip);
	emit_patch32(e, call, emit_here(e));
}

/* r8d = where the guest returns to. */
void tsr_bt_returns_ret(struct bt_tx *tx)
{
	tsr_bt_flags_restore_end(tx);
	tx_part(tx, BT_PART_RETURN);
	emit_ret(&tx->e);
	tsr_bt_island(tx);
}

/* The stack is full: what lies on it is forgotten. The guest's return address is pushed, so if an
 * exit is requested, EIP is the CALL's target. */
void tsr_bt_returns_stub(struct bt_tx *tx, const struct stub *s)
{
	struct emitter *e = &tx->e;
	uint32_t none;

	emit_load64(e, RSP, BT_FIELD(hot.code_stack));
	if (s->polls) {
		if (!s->live)
			emit_mov64(e, R10, RCX);
		emit_load(e, RCX, BT_FIELD(hot.poll));
		none = emit_jrcxz(e);
		emit_mov64(e, RCX, R10);
		if (s->clobbered)
			tsr_bt_flags_remake(tx, &s->source);
		emit_mov_imm(e, R8, s->eip);
		emit_jmp(e, tx->bt->rt.lookup);
		emit_land8(e, none);
		if (!s->live)
			emit_mov64(e, RCX, R10);
	}
	emit_jmp(e, s->back);
}
