/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SHL SHR SAR ROL ROR RCL RCR SHLD SHRD. The count is CL or the immediate; the host masks it.
 * OF is undefined after more than one step, and on some processors a register's rotation by an
 * immediate count keeps it where other forms compute it. So ROL and ROR have the guest's form:
 * count in CL or immediate, register or memory.
 */
#include "flags.h"
#include "memory.h"
#include "instructions.h"

#define SHIFT(name, insn) \
	FLAGS_SHIFT(host_##name##8, uint8_t, insn "b %%cl, %0") \
	FLAGS_SHIFT(host_##name##16, uint16_t, insn "w %%cl, %0") \
	FLAGS_SHIFT(host_##name##32, uint32_t, insn "l %%cl, %0") \
	static inline void name##_count(cpu *c, const struct op *op, uint8_t count) \
	{ \
		struct place place; \
		uint32_t f = c->s->eflags, d = place_read(c, op, op->size, &place); \
		if (op->size == 4) \
			d = host_##name##32(&f, d, count); \
		else if (op->size == 2) \
			d = host_##name##16(&f, (uint16_t)d, count); \
		else \
			d = host_##name##8(&f, (uint8_t)d, count); \
		place_write(c, &place, op->size, d); \
		c->s->eflags = f; \
	} \
	static void name##_cl(cpu *c, const struct op *op) \
	{ \
		name##_count(c, op, (uint8_t)c->s->gpr[TSR_ECX]); \
	}

#define SHIFT_FORMS(name, insn) \
	SHIFT(name, insn) \
	static void name##_imm(cpu *c, const struct op *op) \
	{ \
		name##_count(c, op, (uint8_t)op->imm); \
	} \
	op_fn *const shift_##name[2] = { name##_imm, name##_cl };

/* name(eflags, d, count): a rotation by each of the 32 counts that there are, of a register ("r")
 * or of memory ("m"). */
#define ROTATE(name, T, text, place) \
	static T name(uint32_t *eflags, T d, uint8_t count) \
	{ \
		uint32_t ax = flags_pack(*eflags); \
		switch (count & 31) { \
			EACH_COUNT(ROTATE_BY, text, place) \
		} \
		*eflags = flags_unpack(*eflags, ax); \
		return d; \
	}
#define ROTATE_BY(n, text, place) \
	case n: \
		__asm__(FLAGS_LOAD text " $" #n ", %0" FLAGS_SAVE \
			: "+" place(d), "+a"(ax) \
			: \
			: "cc"); \
		break;
/* clang-format off */
#define EACH_COUNT(X, ...) \
	X(0, __VA_ARGS__) X(1, __VA_ARGS__) X(2, __VA_ARGS__) X(3, __VA_ARGS__) \
	X(4, __VA_ARGS__) X(5, __VA_ARGS__) X(6, __VA_ARGS__) X(7, __VA_ARGS__) \
	X(8, __VA_ARGS__) X(9, __VA_ARGS__) X(10, __VA_ARGS__) X(11, __VA_ARGS__) \
	X(12, __VA_ARGS__) X(13, __VA_ARGS__) X(14, __VA_ARGS__) X(15, __VA_ARGS__) \
	X(16, __VA_ARGS__) X(17, __VA_ARGS__) X(18, __VA_ARGS__) X(19, __VA_ARGS__) \
	X(20, __VA_ARGS__) X(21, __VA_ARGS__) X(22, __VA_ARGS__) X(23, __VA_ARGS__) \
	X(24, __VA_ARGS__) X(25, __VA_ARGS__) X(26, __VA_ARGS__) X(27, __VA_ARGS__) \
	X(28, __VA_ARGS__) X(29, __VA_ARGS__) X(30, __VA_ARGS__) X(31, __VA_ARGS__)
/* clang-format on */

#define ROTATE_IMM(name, bits, insn) \
	ROTATE(name##_register##bits, uint##bits##_t, insn, "r") \
	ROTATE(name##_memory##bits, uint##bits##_t, insn, "m") \
	static uint##bits##_t name##_imm##bits(uint32_t *f, uint32_t d, const struct op *op) \
	{ \
		return (op->flags & OP_MEM ? name##_memory##bits : name##_register##bits)( \
			f, (uint##bits##_t)d, (uint8_t)op->imm); \
	}

#define ROTATE_FORMS(name, insn) \
	SHIFT(name, insn) \
	ROTATE_IMM(name, 8, insn "b") \
	ROTATE_IMM(name, 16, insn "w") \
	ROTATE_IMM(name, 32, insn "l") \
	static void name##_imm(cpu *c, const struct op *op) \
	{ \
		struct place place; \
		uint32_t f = c->s->eflags, d = place_read(c, op, op->size, &place); \
		d = op->size == 4   ? name##_imm32(&f, d, op) \
		    : op->size == 2 ? name##_imm16(&f, d, op) \
				    : name##_imm8(&f, d, op); \
		place_write(c, &place, op->size, d); \
		c->s->eflags = f; \
	} \
	op_fn *const shift_##name[2] = { name##_imm, name##_cl };

SHIFT_FORMS(shl, "shl")
SHIFT_FORMS(shr, "shr")
SHIFT_FORMS(sar, "sar")
ROTATE_FORMS(rol, "rol")
ROTATE_FORMS(ror, "ror")
SHIFT_FORMS(rcl, "rcl")
SHIFT_FORMS(rcr, "rcr")

#define SHIFT_DOUBLE(name, insn) \
	FLAGS_SHIFT_DOUBLE(host_##name##16, uint16_t, insn "w %%cl, %2, %0") \
	FLAGS_SHIFT_DOUBLE(host_##name##32, uint32_t, insn "l %%cl, %2, %0") \
	static inline void name##_count(cpu *c, const struct op *op, uint8_t count) \
	{ \
		struct place place; \
		uint32_t s = reg_get(c, op->reg, op->size); \
		uint32_t f = c->s->eflags, d = place_read(c, op, op->size, &place); \
		if (op->size == 4) \
			d = host_##name##32(&f, d, s, count); \
		else \
			d = host_##name##16(&f, (uint16_t)d, (uint16_t)s, count); \
		place_write(c, &place, op->size, d); \
		c->s->eflags = f; \
	} \
	static void name##_cl(cpu *c, const struct op *op) \
	{ \
		name##_count(c, op, (uint8_t)c->s->gpr[TSR_ECX]); \
	} \
	static void name##_imm(cpu *c, const struct op *op) \
	{ \
		name##_count(c, op, (uint8_t)op->imm); \
	} \
	op_fn *const shift_##name[2] = { name##_imm, name##_cl };

SHIFT_DOUBLE(shld, "shld")
SHIFT_DOUBLE(shrd, "shrd")
