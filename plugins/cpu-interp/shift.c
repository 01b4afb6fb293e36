/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHL SHR SAR ROL ROR RCL RCR SHLD SHRD. The count is CL where op->reg names it, else the immediate; the host masks it. */
#include "flags.h"
#include "memory.h"
#include "table.h"

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
	} \
	static void name##_imm(cpu *c, const struct op *op) \
	{ \
		name##_count(c, op, (uint8_t)op->imm); \
	} \
	op_fn *const shift_##name[2] = { name##_imm, name##_cl };

SHIFT(shl, "shl")
SHIFT(shr, "shr")
SHIFT(sar, "sar")
SHIFT(rol, "rol")
SHIFT(ror, "ror")
SHIFT(rcl, "rcl")
SHIFT(rcr, "rcr")

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
