/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MOV MOVZX MOVSX LEA XCHG XADD CMPXCHG CMPXCHG8B BSWAP XLAT, conversions, PUSH POP PUSHA POPA
 * ENTER LEAVE, BOUND. PUSH of a segment register with a 32-bit operand writes the lower half of the
 * slot only.
 */
#include "flags.h"
#include "memory.h"
#include "instructions.h"

#define MOV_SIZE(bits, bytes) \
	static void mov_rm_reg##bits(cpu *c, const struct op *op) \
	{ \
		operand_write(c, op, bytes, reg_get(c, op->reg, bytes)); \
	} \
	static void mov_rm_imm##bits(cpu *c, const struct op *op) \
	{ \
		operand_write(c, op, bytes, op->imm); \
	} \
	static void mov_reg_rm##bits(cpu *c, const struct op *op) \
	{ \
		reg_set(c, op->reg, bytes, operand_read(c, op, bytes)); \
	}
MOV_SIZE(8, 1)
MOV_SIZE(16, 2)
MOV_SIZE(32, 4)
const struct alu_forms move_mov = {
	.rm_reg = { mov_rm_reg8, mov_rm_reg16, mov_rm_reg32 },
	.rm_imm = { mov_rm_imm8, mov_rm_imm16, mov_rm_imm32 },
	.reg_rm = { mov_reg_rm8, mov_reg_rm16, mov_reg_rm32 },
};

/* The source of 0F B6/BE is a byte, of 0F B7/BF a word. */
void op_movzx(cpu *c, const struct op *op)
{
	reg_set(c, op->reg, op->size, operand_read(c, op, op->opcode & 1 ? 2 : 1));
}

void op_movsx(cpu *c, const struct op *op)
{
	uint32_t value = op->opcode & 1 ? (uint32_t)(int16_t)operand_read(c, op, 2)
					: (uint32_t)(int8_t)operand_read(c, op, 1);

	reg_set(c, op->reg, op->size, value);
}

void op_lea(cpu *c, const struct op *op)
{
	reg_set(c, op->reg, op->size, memory_offset(c, op));
}

void op_xchg(cpu *c, const struct op *op)
{
	struct place place;
	uint32_t old = place_read(c, op, op->size, &place);

	place_write(c, &place, op->size, reg_get(c, op->reg, op->size));
	reg_set(c, op->reg, op->size, old);
}

FLAGS_BINARY(host_add8, uint8_t, "addb %2, %0")
FLAGS_BINARY(host_add16, uint16_t, "addw %2, %0")
FLAGS_BINARY(host_add32, uint32_t, "addl %2, %0")
FLAGS_BINARY(host_cmp8, uint8_t, "cmpb %2, %0")
FLAGS_BINARY(host_cmp16, uint16_t, "cmpw %2, %0")
FLAGS_BINARY(host_cmp32, uint32_t, "cmpl %2, %0")

static uint32_t add_sized(uint32_t *f, uint32_t d, uint32_t s, unsigned size)
{
	if (size == 4)
		return host_add32(f, d, s);
	return size == 2 ? host_add16(f, (uint16_t)d, (uint16_t)s)
			 : host_add8(f, (uint8_t)d, (uint8_t)s);
}

static void compare_sized(uint32_t *f, uint32_t d, uint32_t s, unsigned size)
{
	if (size == 4)
		host_cmp32(f, d, s);
	else if (size == 2)
		host_cmp16(f, (uint16_t)d, (uint16_t)s);
	else
		host_cmp8(f, (uint8_t)d, (uint8_t)s);
}

void op_xadd(cpu *c, const struct op *op)
{
	struct place place;
	uint32_t f = c->s->eflags, old = place_read(c, op, op->size, &place);
	uint32_t sum = add_sized(&f, old, reg_get(c, op->reg, op->size), op->size);

	if (op->flags & OP_MEM) {
		place_write(c, &place, op->size, sum);
		reg_set(c, op->reg, op->size, old);
	} else {
		reg_set(c, op->reg, op->size, old);
		place_write(c, &place, op->size, sum);
	}
	c->s->eflags = f;
}

/* The destination is written in both cases: its own value where the comparison fails. */
void op_cmpxchg(cpu *c, const struct op *op)
{
	struct place place;
	uint32_t f = c->s->eflags, old = place_read(c, op, op->size, &place);
	uint32_t accumulator = reg_get(c, TSR_EAX, op->size);

	compare_sized(&f, accumulator, old, op->size);
	if (f & TSR_FLAG_ZF) {
		place_write(c, &place, op->size, reg_get(c, op->reg, op->size));
	} else {
		place_write(c, &place, op->size, old);
		reg_set(c, TSR_EAX, op->size, old);
	}
	c->s->eflags = f;
}

void op_cmpxchg8b(cpu *c, const struct op *op)
{
	tsr_gla gla = memory_operand(c, op, 8, true);
	uint32_t *gpr = c->s->gpr;
	uint64_t old, expected = (uint64_t)gpr[TSR_EDX] << 32 | gpr[TSR_EAX];

	memory_check_write(c, gla, 8, c->view);
	old = memory_read64(c, gla, c->view);
	if (old == expected) {
		memory_write64(c, gla, (uint64_t)gpr[TSR_ECX] << 32 | gpr[TSR_EBX], c->view);
		c->s->eflags |= TSR_FLAG_ZF;
	} else {
		memory_write64(c, gla, old, c->view);
		gpr[TSR_EAX] = (uint32_t)old;
		gpr[TSR_EDX] = (uint32_t)(old >> 32);
		c->s->eflags &= ~TSR_FLAG_ZF;
	}
}

/* A 16-bit operand is undefined: processors clear the low word. */
void op_bswap(cpu *c, const struct op *op)
{
	if (op->size == 2)
		reg_set(c, op->rm, 2, 0);
	else
		reg_set(c, op->rm, 4, __builtin_bswap32(reg_get(c, op->rm, 4)));
}

void op_xlat(cpu *c, const struct op *op)
{
	uint32_t offset = c->s->gpr[TSR_EBX] + (c->s->gpr[TSR_EAX] & 0xff);

	if (op->flags & OP_ADDR16)
		offset &= 0xffff;
	reg_set(c, TSR_EAX, 1,
		memory_read8(c, memory_linear(c, op->segment, offset, 1, false), c->view));
}

/* CBW, CWDE */
void op_cbw(cpu *c, const struct op *op)
{
	uint32_t eax = c->s->gpr[TSR_EAX];

	reg_set(c, TSR_EAX, op->size,
		op->size == 4 ? (uint32_t)(int16_t)eax : (uint32_t)(int8_t)eax);
}

/* CWD, CDQ */
void op_cwd(cpu *c, const struct op *op)
{
	uint32_t sign = reg_get(c, TSR_EAX, op->size) >> (8 * op->size - 1);

	reg_set(c, TSR_EDX * 4, op->size, sign ? 0xffffffff : 0);
}

void op_salc(cpu *c, const struct op *op)
{
	reg_set(c, TSR_EAX, 1, c->s->eflags & TSR_FLAG_CF ? 0xff : 0);
}

void op_nop(cpu *c, const struct op *op)
{
}

void op_bound(cpu *c, const struct op *op)
{
	uint32_t n = op->size;
	tsr_gla gla = memory_operand(c, op, 2 * n, false);
	int32_t low = (int32_t)memory_read(c, gla, n, c->view),
		high = (int32_t)memory_read(c, gla + n, n, c->view);
	int32_t index = (int32_t)reg_get(c, op->reg, n);

	if (n == 2) {
		low = (int16_t)low;
		high = (int16_t)high;
		index = (int16_t)index;
	}
	if (index < low || index > high)
		fault_raise(c, TSR_VECTOR_BR);
}

/* -- stack */
void op_push_rm(cpu *c, const struct op *op)
{
	stack_push(c, operand_read(c, op, op->size), op->size);
}

void op_push_imm(cpu *c, const struct op *op)
{
	stack_push(c, op->imm, op->size);
}

/* The upper half of a 32-bit slot stays as it was, as on the 386, the 486 and Core (SDM volume 2,
 * PUSH). */
void op_push_sreg(cpu *c, const struct op *op)
{
	uint32_t at = (c->s->gpr[TSR_ESP] - op->size) & c->stack_mask;

	memory_write(c, memory_linear(c, TSR_SS, at, 2, true), c->s->segment[op->reg].selector, 2,
		     c->view);
	stack_set_pointer(c, at);
}

void op_pop_reg(cpu *c, const struct op *op)
{
	uint32_t value = stack_pop(c, op->size);

	reg_set(c, op->rm, op->size, value);
}

/* The destination's address is formed with ESP already incremented. */
void op_pop_mem(cpu *c, const struct op *op)
{
	uint32_t value = stack_peek(c, 0, op->size), esp = c->s->gpr[TSR_ESP], offset;
	tsr_gla gla;

	stack_set_pointer(c, esp + op->size);
	offset = memory_offset(c, op);
	c->s->gpr[TSR_ESP] = esp;
	gla = memory_linear(c, op->segment, offset, op->size, true);
	memory_write(c, gla, value, op->size, c->view);
	stack_set_pointer(c, esp + op->size);
}

void op_pusha(cpu *c, const struct op *op)
{
	uint32_t esp = c->s->gpr[TSR_ESP];
	unsigned n = op->size;

	for (unsigned i = 0; i < 8; i++) {
		uint32_t at = (esp - n * (i + 1)) & c->stack_mask;

		memory_write(c, memory_linear(c, TSR_SS, at, n, true), c->s->gpr[i], n, c->view);
	}
	stack_set_pointer(c, esp - 8 * n);
}

/* SP's slot is read too: it may be the one that crosses the end of the segment. */
void op_popa(cpu *c, const struct op *op)
{
	uint32_t value[8];
	unsigned n = op->size;

	for (unsigned i = 0; i < 8; i++)
		value[i] = stack_peek(c, n * i, n);
	for (unsigned i = 0; i < 8; i++) {
		if (i != 3)
			reg_set(c, (7 - i) * 4, n, value[i]);
	}
	stack_set_pointer(c, c->s->gpr[TSR_ESP] + 8 * n);
}

static void enter_store(cpu *c, uint32_t *at, uint32_t value, unsigned n)
{
	*at = (*at - n) & c->stack_mask;
	memory_write(c, memory_linear(c, TSR_SS, *at, n, true), value, n, c->view);
}

/* imm: bytes to allocate; imm2: nesting level. */
void op_enter(cpu *c, const struct op *op)
{
	unsigned n = op->size, level = op->imm2 & 31;
	uint32_t at = stack_pointer(c), frame, ebp = c->s->gpr[TSR_EBP];

	enter_store(c, &at, ebp, n);
	frame = at;
	for (unsigned i = 1; i < level; i++) {
		ebp = (ebp - n) & c->stack_mask;
		enter_store(c, &at,
			    memory_read(c, memory_linear(c, TSR_SS, ebp, n, false), n, c->view), n);
	}
	if (level)
		enter_store(c, &at, (c->s->gpr[TSR_ESP] & ~c->stack_mask) | frame, n);
	at = (at - (op->imm & 0xffff)) & c->stack_mask;
	memory_check_write(c, memory_linear(c, TSR_SS, at, n, true), n,
			   c->view); /* the new top must be writable */
	frame |= c->s->gpr[TSR_ESP] & ~c->stack_mask;
	stack_set_pointer(c, at);
	reg_set(c, TSR_EBP * 4, n, frame);
}

void op_leave(cpu *c, const struct op *op)
{
	uint32_t at = c->s->gpr[TSR_EBP] & c->stack_mask;
	uint32_t value =
		memory_read(c, memory_linear(c, TSR_SS, at, op->size, false), op->size, c->view);

	stack_set_pointer(c, at + op->size);
	reg_set(c, TSR_EBP * 4, op->size, value);
}
