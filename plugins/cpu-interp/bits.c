/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BT BTS BTR BTC BSF BSR SETcc CMOVcc, and the instructions that work on EFLAGS alone. */
#include "cpuid.h"
#include "derived.h"
#include "flags.h"
#include "memory.h"
#include "instructions.h"

#define BIT_TEST(name, insn) \
	FLAGS_BINARY(host_##name##16, uint16_t, insn "w %2, %0") \
	FLAGS_BINARY(host_##name##32, uint32_t, insn "l %2, %0")
BIT_TEST(bt, "bt")
BIT_TEST(bts, "bts")
BIT_TEST(btr, "btr")
BIT_TEST(btc, "btc")

/* A bit offset in a register reaches beyond a memory operand, in steps of the operand's size. */
static tsr_gla bit_address(cpu *c, const struct op *op, uint32_t bit, bool write)
{
	uint32_t offset = memory_offset(c, op);

	if (op->reg != OP_NONE) {
		int32_t index = op->size == 4 ? (int32_t)bit : (int16_t)bit;

		offset += (uint32_t)(index >> (op->size == 4 ? 5 : 4)) * op->size;
		if (op->flags & OP_ADDR16)
			offset &= 0xffff;
	}
	return memory_linear(c, op->segment, offset, op->size, write);
}

static uint32_t bit_offset(const cpu *c, const struct op *op)
{
	return op->reg == OP_NONE ? op->imm & (8 * op->size - 1) : reg_get(c, op->reg, op->size);
}

void op_bt(cpu *c, const struct op *op)
{
	uint32_t bit = bit_offset(c, op), value;

	if (op->flags & OP_MEM)
		value = memory_read(c, bit_address(c, op, bit, false), op->size, c->view);
	else
		value = reg_get(c, op->rm, op->size);
	if (op->size == 4)
		host_bt32(&c->s->eflags, value, bit & 31);
	else
		host_bt16(&c->s->eflags, (uint16_t)value, bit & 15);
}

#define BIT_CHANGE(name) \
	void op_##name(cpu *c, const struct op *op) \
	{ \
		struct place place; \
		uint32_t bit = bit_offset(c, op), f = c->s->eflags, value; \
		if (op->flags & OP_MEM) \
			value = place_read_at(c, bit_address(c, op, bit, true), op->size, &place); \
		else \
			value = place_read(c, op, op->size, &place); \
		if (op->size == 4) \
			value = host_##name##32(&f, value, bit & 31); \
		else \
			value = host_##name##16(&f, (uint16_t)value, bit & 15); \
		place_write(c, &place, op->size, value); \
		c->s->eflags = f; \
	}
BIT_CHANGE(bts)
BIT_CHANGE(btr)
BIT_CHANGE(btc)

#define BIT_SCAN(name, insn) \
	FLAGS_BINARY(host_##name##16, uint16_t, insn "w %2, %0") \
	FLAGS_BINARY(host_##name##32, uint32_t, insn "l %2, %0") \
	void op_##name(cpu *c, const struct op *op) \
	{ \
		uint32_t s = operand_read(c, op, op->size), d = reg_get(c, op->reg, op->size); \
		if (op->size == 4) \
			d = host_##name##32(&c->s->eflags, d, s); \
		else \
			d = host_##name##16(&c->s->eflags, (uint16_t)d, (uint16_t)s); \
		reg_set(c, op->reg, op->size, d); \
	}
BIT_SCAN(bsf, "bsf")
BIT_SCAN(bsr, "bsr")

void op_setcc(cpu *c, const struct op *op)
{
	operand_write(c, op, 1, flags_condition(c->s->eflags, op->opcode & 15));
}

void op_cmovcc(cpu *c, const struct op *op)
{
	uint32_t value = operand_read(c, op, op->size);

	if (flags_condition(c->s->eflags, op->opcode & 15))
		reg_set(c, op->reg, op->size, value);
}

/* -- EFLAGS */
void op_clc(cpu *c, const struct op *op)
{
	c->s->eflags &= ~TSR_FLAG_CF;
}

void op_stc(cpu *c, const struct op *op)
{
	c->s->eflags |= TSR_FLAG_CF;
}

void op_cmc(cpu *c, const struct op *op)
{
	c->s->eflags ^= TSR_FLAG_CF;
}

void op_cld(cpu *c, const struct op *op)
{
	c->s->eflags &= ~TSR_FLAG_DF;
}

void op_std(cpu *c, const struct op *op)
{
	c->s->eflags |= TSR_FLAG_DF;
}

void op_lahf(cpu *c, const struct op *op)
{
	((uint8_t *)&c->s->gpr[TSR_EAX])[1] =
		(uint8_t)((c->s->eflags & TSR_FLAGS_AH) | TSR_FLAG_FIXED);
}

void op_sahf(cpu *c, const struct op *op)
{
	c->s->eflags = (c->s->eflags & ~(uint32_t)TSR_FLAGS_AH) |
		       (((uint8_t *)&c->s->gpr[TSR_EAX])[1] & TSR_FLAGS_AH);
}

/* CLI and STI: in virtual-8086 mode IOPL 3, or VME's virtual interrupt flag; elsewhere CPL <= IOPL.
 */
static bool uses_virtual_interrupts(const cpu *c)
{
	if (!protected_mode(c) || iopl(c) == 3)
		return false;
	if (v86_mode(c))
		return c->s->cr4 & TSR_CR4_VME;
	return c->s->cpl == 3 && (c->s->cr4 & TSR_CR4_PVI);
}

static bool may_change_if(const cpu *c)
{
	return !protected_mode(c) || (v86_mode(c) ? iopl(c) == 3 : c->s->cpl <= iopl(c));
}

void op_cli(cpu *c, const struct op *op)
{
	if (may_change_if(c))
		cpu_set_eflags(c, c->s->eflags & ~TSR_FLAG_IF);
	else if (uses_virtual_interrupts(c))
		c->s->eflags &= ~TSR_FLAG_VIF;
	else
		fault_gp0(c);
}

void op_sti(cpu *c, const struct op *op)
{
	if (may_change_if(c)) {
		if (!(c->s->eflags & TSR_FLAG_IF))
			c->s->shadow |= TSR_SHADOW_STI;
		cpu_set_eflags(c, c->s->eflags | TSR_FLAG_IF);
	} else if (uses_virtual_interrupts(c) && !(c->s->eflags & TSR_FLAG_VIP)) {
		c->s->eflags |= TSR_FLAG_VIF;
	} else {
		fault_gp0(c);
	}
}

/* PUSHF in virtual-8086 mode with VME and IOPL < 3, 16-bit: VIF in IF's place, IOPL 3. */
void op_pushf(cpu *c, const struct op *op)
{
	uint32_t image = c->s->eflags & ~(TSR_FLAG_RF | TSR_FLAG_VM);

	if (v86_mode(c) && iopl(c) < 3) {
		if (op->size != 2 || !(c->s->cr4 & TSR_CR4_VME))
			fault_gp0(c);
		image = (image & ~TSR_FLAG_IF) | TSR_FLAG_IOPL |
			(image & TSR_FLAG_VIF ? TSR_FLAG_IF : 0);
	}
	stack_push(c, image, op->size);
}

static void popf_vme(cpu *c)
{
	uint32_t image = stack_peek(c, 0, 2),
		 keep = ~(uint32_t)(TSR_FLAGS_ARITHMETIC | TSR_FLAG_TF | TSR_FLAG_DF | TSR_FLAG_NT);
	uint32_t eflags = (c->s->eflags & keep) | (image & ~keep);

	if ((image & TSR_FLAG_TF) || ((image & TSR_FLAG_IF) && (c->s->eflags & TSR_FLAG_VIP)))
		fault_gp0(c);
	eflags = image & TSR_FLAG_IF ? eflags | TSR_FLAG_VIF : eflags & ~TSR_FLAG_VIF;
	stack_set_pointer(c, c->s->gpr[TSR_ESP] + 2);
	cpu_set_eflags(c, eflags);
}

void op_popf(cpu *c, const struct op *op)
{
	uint32_t change = TSR_FLAGS_ARITHMETIC | TSR_FLAG_TF | TSR_FLAG_DF | TSR_FLAG_NT;
	uint32_t image;

	if (v86_mode(c) && iopl(c) < 3) {
		if (op->size != 2 || !(c->s->cr4 & TSR_CR4_VME))
			fault_gp0(c);
		popf_vme(c);
		return;
	}
	image = stack_pop(c, op->size);
	if (op->size == 4)
		change |= cpuid_eflags_mask(c);
	if (c->s->cpl == 0)
		change |= TSR_FLAG_IOPL;
	if (may_change_if(c))
		change |= TSR_FLAG_IF;
	if (op->size == 4)
		change |= TSR_FLAG_RF, image &= ~TSR_FLAG_RF;
	cpu_set_eflags(c, (c->s->eflags & ~change) | (image & change));
}
