/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MUL IMUL DIV IDIV and the decimal adjusts. Products and quotients by the host's instructions, so
 * flags that are undefined are the host's. 64-bit mode has no decimal adjusts: SDM volume 2's
 * operation sections; undefined flags are as processors since the P6 have them (see each function).
 */
#include "flags.h"
#include "memory.h"
#include "instructions.h"

/* RAX is an operand: the flags are kept in another register, and XCHG does not change RFLAGS. */
#define FLAGS_SWAP_IN "xchgq %%rax, %2\n\t" FLAGS_LOAD "xchgq %%rax, %2\n\t"
#define FLAGS_SWAP_OUT "\n\txchgq %%rax, %2" FLAGS_SAVE "\n\txchgq %%rax, %2"

/* -- multiplication */
#define MUL_WIDE(name, bits, insn) \
	static void host_##name##bits(uint32_t *eflags, uint##bits##_t *low, uint##bits##_t *high, \
				      uint##bits##_t s) \
	{ \
		uint64_t rax = *low, rdx = 0; \
		uint64_t flags = flags_pack(*eflags); \
		__asm__(FLAGS_SWAP_IN insn FLAGS_SWAP_OUT \
			: "+a"(rax), "+d"(rdx), "+r"(flags) \
			: "r"(s) \
			: "cc"); \
		*low = (uint##bits##_t)rax; \
		*high = (uint##bits##_t)(bits == 8 ? rax >> 8 : rdx); \
		*eflags = flags_unpack(*eflags, (uint32_t)flags); \
	}
MUL_WIDE(mul, 8, "mulb %3")
MUL_WIDE(mul, 16, "mulw %3")
MUL_WIDE(mul, 32, "mull %3")
MUL_WIDE(imul, 8, "imulb %3")
MUL_WIDE(imul, 16, "imulw %3")
MUL_WIDE(imul, 32, "imull %3")

#define MUL_ONE(name) \
	void op_##name##_one(cpu *c, const struct op *op) \
	{ \
		uint32_t s = operand_read(c, op, op->size), *gpr = c->s->gpr; \
		uint32_t *f = &c->s->eflags; \
		if (op->size == 4) { \
			host_##name##32(f, &gpr[TSR_EAX], &gpr[TSR_EDX], s); \
		} else if (op->size == 2) { \
			host_##name##16(f, (uint16_t *)&gpr[TSR_EAX], (uint16_t *)&gpr[TSR_EDX], \
					(uint16_t)s); \
		} else { \
			host_##name##8(f, (uint8_t *)&gpr[TSR_EAX], (uint8_t *)&gpr[TSR_EAX] + 1, \
				       (uint8_t)s); \
		} \
	}
MUL_ONE(mul)
MUL_ONE(imul)

FLAGS_BINARY(host_imul_two16, uint16_t, "imulw %2, %0")
FLAGS_BINARY(host_imul_two32, uint32_t, "imull %2, %0")

static void imul_store(cpu *c, const struct op *op, uint32_t d, uint32_t s)
{
	uint32_t *f = &c->s->eflags;

	if (op->size == 4)
		reg_set(c, op->reg, 4, host_imul_two32(f, d, s));
	else
		reg_set(c, op->reg, 2, host_imul_two16(f, (uint16_t)d, (uint16_t)s));
}

void op_imul_two(cpu *c, const struct op *op)
{
	uint32_t s = operand_read(c, op, op->size);

	imul_store(c, op, reg_get(c, op->reg, op->size), s);
}

void op_imul_three(cpu *c, const struct op *op)
{
	imul_store(c, op, operand_read(c, op, op->size), op->imm);
}

/* -- division: the checks first, so that the host's instruction cannot fault */
#define DIV_HOST(name, bits, insn) \
	static void host_##name##bits(uint32_t *eflags, uint32_t *ax, uint32_t *dx, \
				      uint##bits##_t s) \
	{ \
		uint64_t rax = *ax, rdx = *dx; \
		uint64_t flags = flags_pack(*eflags); \
		__asm__(FLAGS_SWAP_IN insn FLAGS_SWAP_OUT \
			: "+a"(rax), "+d"(rdx), "+r"(flags) \
			: "r"(s) \
			: "cc"); \
		*ax = (uint32_t)rax; \
		*dx = (uint32_t)rdx; \
		*eflags = flags_unpack(*eflags, (uint32_t)flags); \
	}
DIV_HOST(div, 8, "divb %3")
DIV_HOST(div, 16, "divw %3")
DIV_HOST(div, 32, "divl %3")
DIV_HOST(idiv, 8, "idivb %3")
DIV_HOST(idiv, 16, "idivw %3")
DIV_HOST(idiv, 32, "idivl %3")

static uint64_t dividend(const cpu *c, unsigned size)
{
	uint32_t eax = c->s->gpr[TSR_EAX], edx = c->s->gpr[TSR_EDX];

	if (size == 4)
		return (uint64_t)edx << 32 | eax;
	if (size == 2)
		return edx << 16 | (eax & 0xffff);
	return eax & 0xffff;
}

void op_div(cpu *c, const struct op *op)
{
	uint32_t s = operand_read(c, op, op->size), *gpr = c->s->gpr, *f = &c->s->eflags;

	if (!s || dividend(c, op->size) / s > size_mask(op->size))
		fault_raise(c, TSR_VECTOR_DE);
	if (op->size == 4)
		host_div32(f, &gpr[TSR_EAX], &gpr[TSR_EDX], s);
	else if (op->size == 2)
		host_div16(f, &gpr[TSR_EAX], &gpr[TSR_EDX], (uint16_t)s);
	else
		host_div8(f, &gpr[TSR_EAX], &gpr[TSR_EDX], (uint8_t)s);
}

static bool idiv_overflows(uint64_t raw, uint32_t divisor, unsigned size)
{
	unsigned shift = 64 - 16 * size;
	int64_t n = (int64_t)(raw << shift) >> shift;
	int64_t d = (int64_t)((uint64_t)divisor << (64 - 8 * size)) >> (64 - 8 * size);
	int64_t half = (int64_t)1 << (8 * size - 1), q;

	if (d == 0 || (d == -1 && n == INT64_MIN))
		return true;
	q = n / d;
	return q < -half || q >= half;
}

void op_idiv(cpu *c, const struct op *op)
{
	uint32_t s = operand_read(c, op, op->size), *gpr = c->s->gpr, *f = &c->s->eflags;

	if (idiv_overflows(dividend(c, op->size), s, op->size))
		fault_raise(c, TSR_VECTOR_DE);
	if (op->size == 4)
		host_idiv32(f, &gpr[TSR_EAX], &gpr[TSR_EDX], s);
	else if (op->size == 2)
		host_idiv16(f, &gpr[TSR_EAX], &gpr[TSR_EDX], (uint16_t)s);
	else
		host_idiv8(f, &gpr[TSR_EAX], &gpr[TSR_EDX], (uint8_t)s);
}

/* -- decimal adjusts */
FLAGS_BINARY(host_or8, uint8_t, "orb %2, %0")

static uint8_t *reg_al(cpu *c)
{
	return (uint8_t *)&c->s->gpr[TSR_EAX];
}

static void set_flags(cpu *c, uint32_t mask, uint32_t value)
{
	c->s->eflags = (c->s->eflags & ~mask) | (value & mask);
}

/* DAA, DAS: SF ZF PF of the result; OF (undefined): cleared, as the P6 and later do. */
static void decimal_adjust(cpu *c, bool subtract)
{
	uint8_t *al = reg_al(c), old = *al;
	uint32_t f = c->s->eflags, adjusted = 0;
	bool carry = f & TSR_FLAG_CF, half = (old & 15) > 9 || (f & TSR_FLAG_AF);
	uint8_t value = old;

	if (half) {
		value = (uint8_t)(subtract ? old - 6 : old + 6);
		adjusted |= TSR_FLAG_AF;
		if (carry || (subtract ? old < 6 : old > 0xf9))
			adjusted |= TSR_FLAG_CF;
	}
	if (old > 0x99 || carry) {
		value = (uint8_t)(subtract ? value - 0x60 : value + 0x60);
		adjusted |= TSR_FLAG_CF;
	}
	*al = value;
	host_or8(&c->s->eflags, value, value);
	set_flags(c, TSR_FLAG_AF | TSR_FLAG_CF | TSR_FLAG_OF, adjusted);
}

void op_daa(cpu *c, const struct op *op)
{
	decimal_adjust(c, false);
}

void op_das(cpu *c, const struct op *op)
{
	decimal_adjust(c, true);
}

/* AAA, AAS: AX as a whole is adjusted (286 and later); undefined SF ZF PF are the new AL's, OF is
 * cleared. */
static void ascii_adjust(cpu *c, int step)
{
	uint16_t *ax = (uint16_t *)&c->s->gpr[TSR_EAX];
	bool adjust = (*ax & 15) > 9 || (c->s->eflags & TSR_FLAG_AF);

	if (adjust)
		*ax = (uint16_t)(*ax + step);
	*ax &= 0xff0f;
	host_or8(&c->s->eflags, (uint8_t)*ax, (uint8_t)*ax);
	set_flags(c, TSR_FLAG_AF | TSR_FLAG_CF | TSR_FLAG_OF,
		  adjust ? TSR_FLAG_AF | TSR_FLAG_CF : 0);
}

void op_aaa(cpu *c, const struct op *op)
{
	ascii_adjust(c, 0x106);
}

void op_aas(cpu *c, const struct op *op)
{
	ascii_adjust(c, -0x106);
}

/* AAM: OF AF CF (undefined) cleared. */
void op_aam(cpu *c, const struct op *op)
{
	uint8_t *al = reg_al(c), base = (uint8_t)op->imm;

	if (!base)
		fault_raise(c, TSR_VECTOR_DE);
	al[1] = *al / base;
	*al = *al % base;
	host_or8(&c->s->eflags, *al, *al);
	set_flags(c, TSR_FLAG_AF | TSR_FLAG_CF | TSR_FLAG_OF, 0);
}

/* AAD: OF AF CF (undefined) cleared, as AMD and the later Intel processors do. */
void op_aad(cpu *c, const struct op *op)
{
	uint8_t *al = reg_al(c);

	*al = (uint8_t)(*al + al[1] * (uint8_t)op->imm);
	al[1] = 0;
	host_or8(&c->s->eflags, *al, *al);
	set_flags(c, TSR_FLAG_AF | TSR_FLAG_CF | TSR_FLAG_OF, 0);
}
