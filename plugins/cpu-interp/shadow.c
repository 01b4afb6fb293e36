/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shadow runs: the same instructions on a copy of the state and a copy-on-write view of memory
 * (overlay.h), for lockstep. Nothing outside changes: translations are probed, and an instruction
 * that needs more than memory (ports, MMIO, time, the MMU's context) ends the run before it.
 */
#include "decode.h"
#include "derived.h"
#include "overlay.h"
#include "shadow.h"

#define HEAD offsetof(struct tsr_x86_state, fx)

/*
 * May the instruction change the FXSAVE image? Of the one-byte opcodes D8-DF (x87) and 9B (FWAIT);
 * of the map 0F all but 40-4F (CMOVcc) and 80-C1 (Jcc to XADD), of which AE (FXRSTOR, LDMXCSR) may.
 */
static bool changes_fx(const struct op *op)
{
	if (op->map == 0)
		return (op->opcode & 0xf8) == 0xd8 || op->opcode == 0x9b;
	return op->opcode < 0x40 || (op->opcode >= 0x50 && op->opcode < 0x80) ||
	       op->opcode == 0xae || op->opcode >= 0xc2;
}

/* before->size says how much of it was kept. */
static void give_back(cpu *c, const struct tsr_x86_state *before)
{
	const uint32_t size = c->s->size; /* the caller's, whose state it is */

	memcpy(c->s, before, HEAD);
	c->s->size = size;
	/* The loop keeps the state before its first instruction. */
	/* NOLINTNEXTLINE(clang-analyzer-core.*) */
	if (before->size != HEAD)
		memcpy(c->s->fx, before->fx, sizeof(before->fx));
}

/* The instruction at CS:EIP; `before` gets what give_back needs. */
static void shadow_one(cpu *c, struct tsr_x86_state *before)
{
	const struct op *op;

	memcpy(before, c->s, HEAD);
	before->size = HEAD;
	c->s->shadow = 0;
	op = decode_fetch(c);
	if (changes_fx(op)) {
		memcpy(before->fx, c->s->fx, sizeof(before->fx));
		before->size = sizeof(*before);
	}
	c->next_eip = c->s->eip + op->length;
	op->exec(c, op);
	c->s->eip = c->next_eip;
	c->s->instructions++;
	c->left--;
	c->partial = false;
}

/* Runs on c->s = the copy; a stop before an instruction's end gives its registers back from
 * `before`. */
static enum tsr_x86_stop shadow_loop(cpu *c, struct tsr_x86_state *before,
				     void (*after)(void *user, size_t written), void *user)
{
	switch (setjmp(c->jump)) {
	case JUMP_FAULT:
		give_back(c, before);
		return TSR_X86_FAULT;
	case JUMP_STOP:
		give_back(c, before);
		return c->stop;
	}
	while (c->left) {
		shadow_one(c, before);
		if (after)
			after(user, overlay_written(c));
	}
	return TSR_X86_DONE;
}

enum tsr_x86_stop shadow_steps(cpu *c, struct tsr_x86_state *state, uint64_t count,
			       void (*after)(void *user, size_t written), void *user,
			       uint64_t *executed, struct tsr_x86_fault *fault)
{
	struct tsr_x86_state *own = c->s, before;
	enum tsr_x86_stop stop;

	if (!overlay_start(c))
		return TSR_X86_IO;
	c->s = state;
	c->slow |= SLOW_SHADOW;
	c->delivering = -1;
	c->ext = false;
	cpu_refresh(c);
	atomic_store(&c->attention, 0);
	c->left = count;
	stop = shadow_loop(c, &before, after, user);
	if (executed)
		*executed = count - c->left;
	if (fault)
		*fault = stop == TSR_X86_FAULT ? c->fault : (struct tsr_x86_fault){ .vector = -1 };
	c->s = own;
	c->slow = 0;
	cpu_refresh(c);
	return stop;
}
