/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ADD OR ADC SBB AND SUB XOR CMP TEST INC DEC NOT NEG: by the host's own instruction (flags.h), a
 * function for each form. */
#include "flags.h"
#include "instructions.h"
#include "memory.h"

/* Forms: the destination is the ModRM operand (rm) or a register (r); `keep`: CMP and TEST write
 * nothing. */
#define BINARY_SIZE(name, bits, bytes, keep) \
	static void name##_rm_reg##bits(cpu *c, const struct op *op) \
	{ \
		struct place place; \
		uint##bits##_t d, s = (uint##bits##_t)reg_get(c, op->reg, bytes); \
		if (keep) { \
			d = (uint##bits##_t)operand_read(c, op, bytes); \
			host_##name##bits(&c->s->eflags, d, s); \
			return; \
		} \
		d = (uint##bits##_t)place_read(c, op, bytes, &place); \
		uint32_t f = c->s->eflags; \
		d = host_##name##bits(&f, d, s); \
		place_write(c, &place, bytes, d); \
		c->s->eflags = f; \
	} \
	static void name##_rm_imm##bits(cpu *c, const struct op *op) \
	{ \
		struct place place; \
		uint##bits##_t d, s = (uint##bits##_t)op->imm; \
		if (keep) { \
			d = (uint##bits##_t)operand_read(c, op, bytes); \
			host_##name##bits(&c->s->eflags, d, s); \
			return; \
		} \
		d = (uint##bits##_t)place_read(c, op, bytes, &place); \
		uint32_t f = c->s->eflags; \
		d = host_##name##bits(&f, d, s); \
		place_write(c, &place, bytes, d); \
		c->s->eflags = f; \
	} \
	static void name##_reg_rm##bits(cpu *c, const struct op *op) \
	{ \
		uint##bits##_t s = (uint##bits##_t)operand_read(c, op, bytes); \
		uint##bits##_t d = (uint##bits##_t)reg_get(c, op->reg, bytes); \
		d = host_##name##bits(&c->s->eflags, d, s); \
		if (!keep) \
			reg_set(c, op->reg, bytes, d); \
	}

/* `flags`: FLAGS_BINARY where the old carry matters, else FLAGS_BINARY_ALL (AF after a logical
 * operation is always the same). */
#define BINARY(name, insn, keep, flags) \
	flags(host_##name##8, uint8_t, insn "b %2, %0") flags(host_##name##16, uint16_t, \
							      insn "w %2, %0") \
		flags(host_##name##32, uint32_t, insn "l %2, %0") BINARY_SIZE(name, 8, 1, keep) \
			BINARY_SIZE(name, 16, 2, keep) BINARY_SIZE( \
				name, 32, 4, keep) const struct alu_forms alu_##name = { \
				.rm_reg = { name##_rm_reg8, name##_rm_reg16, name##_rm_reg32 }, \
				.rm_imm = { name##_rm_imm8, name##_rm_imm16, name##_rm_imm32 }, \
				.reg_rm = { name##_reg_rm8, name##_reg_rm16, name##_reg_rm32 }, \
			};

BINARY(add, "add", false, FLAGS_BINARY_ALL)
BINARY(or, "or", false, FLAGS_BINARY_ALL)
BINARY(adc, "adc", false, FLAGS_BINARY)
BINARY(sbb, "sbb", false, FLAGS_BINARY)
BINARY(and, "and", false, FLAGS_BINARY_ALL)
BINARY(sub, "sub", false, FLAGS_BINARY_ALL)
BINARY(xor, "xor", false, FLAGS_BINARY_ALL)
BINARY(cmp, "cmp", true, FLAGS_BINARY_ALL)
BINARY(test, "test", true, FLAGS_BINARY_ALL)

#define UNARY_SIZE(name, bits, bytes) \
	static void name##_rm##bits(cpu *c, const struct op *op) \
	{ \
		struct place place; \
		uint##bits##_t d = (uint##bits##_t)place_read(c, op, bytes, &place); \
		uint32_t f = c->s->eflags; \
		d = host_##name##bits(&f, d); \
		place_write(c, &place, bytes, d); \
		c->s->eflags = f; \
	}

#define UNARY(name, insn) \
	FLAGS_UNARY(host_##name##8, uint8_t, insn "b %0") \
	FLAGS_UNARY(host_##name##16, uint16_t, insn "w %0") \
	FLAGS_UNARY(host_##name##32, uint32_t, insn "l %0") \
	UNARY_SIZE(name, 8, 1) \
	UNARY_SIZE(name, 16, 2) \
	UNARY_SIZE(name, 32, 4) \
	op_fn *const alu_##name[3] = { name##_rm8, name##_rm16, name##_rm32 };

UNARY(inc, "inc")
UNARY(dec, "dec")
UNARY(not, "not")
UNARY(neg, "neg")
