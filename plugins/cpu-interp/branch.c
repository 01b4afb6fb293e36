/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Near transfers: Jcc JMP CALL RET LOOP JCXZ. A 16-bit operand size cuts EIP to 16 bits. Intel SDM
 * volume 2. */
#include "flags.h"
#include "memory.h"
#include "instructions.h"

static inline void jump_near(cpu *c, uint32_t target, unsigned size)
{
	if (size == 2)
		target &= 0xffff;
	if (unlikely(target > c->s->segment[TSR_CS].limit))
		fault_gp0(c);
	c->next_eip = target;
}

void op_jcc(cpu *c, const struct op *op)
{
	if (flags_condition(c->s->eflags, op->opcode & 15))
		jump_near(c, c->next_eip + op->imm, op->size);
}

static uint32_t counter(const cpu *c, const struct op *op)
{
	return op->flags & OP_ADDR16 ? c->s->gpr[TSR_ECX] & 0xffff : c->s->gpr[TSR_ECX];
}

void op_jcxz(cpu *c, const struct op *op)
{
	if (!counter(c, op))
		jump_near(c, c->next_eip + op->imm, op->size);
}

static void loop_if(cpu *c, const struct op *op, bool condition)
{
	unsigned size = op->flags & OP_ADDR16 ? 2 : 4;
	uint32_t left = (counter(c, op) - 1) & size_mask(size);

	if (left && condition)
		jump_near(c, c->next_eip + op->imm, op->size);
	reg_set(c, TSR_ECX * 4, size, left);
}

void op_loop(cpu *c, const struct op *op)
{
	loop_if(c, op, true);
}

void op_loope(cpu *c, const struct op *op)
{
	loop_if(c, op, c->s->eflags & TSR_FLAG_ZF);
}

void op_loopne(cpu *c, const struct op *op)
{
	loop_if(c, op, !(c->s->eflags & TSR_FLAG_ZF));
}

void op_jmp_rel(cpu *c, const struct op *op)
{
	jump_near(c, c->next_eip + op->imm, op->size);
}

void op_jmp_rm(cpu *c, const struct op *op)
{
	jump_near(c, operand_read(c, op, op->size), op->size);
}

/* The target is checked before the push, so that a fault leaves the stack alone. */
static void call_near(cpu *c, const struct op *op, uint32_t target)
{
	uint32_t back = c->next_eip;

	jump_near(c, target, op->size);
	stack_push(c, back, op->size);
}

void op_call_rel(cpu *c, const struct op *op)
{
	call_near(c, op, c->next_eip + op->imm);
}

void op_call_rm(cpu *c, const struct op *op)
{
	call_near(c, op, operand_read(c, op, op->size));
}

void op_ret_near(cpu *c, const struct op *op)
{
	jump_near(c, stack_peek(c, 0, op->size), op->size);
	stack_set_pointer(c, c->s->gpr[TSR_ESP] + op->size + (op->imm & 0xffff));
}
